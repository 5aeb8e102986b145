"""Compiled kernels of optimisers: one pass over each parameter and all that is kept for it.

Same names, signatures and meaning as in ``portable.py``. What an optimiser does not keep comes as
an empty list, and as an empty array to the functions that are compiled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.compiled.jit import PIECE, compiled_rounding, parallel, reading
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel

Arrays = Sequence[Array]


@compiled_rounding
def _sgd(data: Any, g: Any, velocity: Any, numbers: Any, nesterov: bool, out: Any) -> None:
    rate, momentum, share, decay, sign = numbers
    for i in range(data.size):
        step = sign * g[i] + decay * data[i] if decay else sign * g[i]
        if velocity.size:
            velocity[i] = momentum * velocity[i] + share * step
            step = step + momentum * velocity[i] if nesterov else velocity[i]
        out[i] = data[i] - rate * step


@compiled_rounding
def _adam(data: Any, g: Any, mean: Any, square: Any, largest: Any, numbers: Any, out: Any) -> None:
    size, correction, eps, first, rest, second, other, decay, shrink, sign = numbers
    for i in range(data.size):
        step = sign * g[i] + decay * data[i] if decay else sign * g[i]
        mean[i] = first * mean[i] + rest * step
        square[i] = second * square[i] + other * (step * step)
        spread = square[i]
        if largest.size:
            spread = largest[i] = max(largest[i], spread)
        out[i] = shrink * data[i] - size * (mean[i] / (math.sqrt(spread) / correction + eps))


@compiled_rounding
def _rmsprop(
    data: Any, g: Any, square: Any, mean: Any, velocity: Any, numbers: Any, out: Any
) -> None:
    rate, alpha, rest, eps, momentum, decay, sign = numbers
    for i in range(data.size):
        step = sign * g[i] + decay * data[i] if decay else sign * g[i]
        spread = square[i] = alpha * square[i] + rest * (step * step)
        if mean.size:
            mean[i] = alpha * mean[i] + rest * step
            spread = spread - mean[i] * mean[i]
        step = step / (math.sqrt(spread) + eps)
        if velocity.size:
            step = velocity[i] = momentum * velocity[i] + step
        out[i] = data[i] - rate * step


@parallel
def _sgd_in_parts(data: Any, g: Any, velocity: Any, numbers: Any, nesterov: bool, out: Any) -> None:
    for part in prange(-(-data.size // PIECE)):
        first = np.int64(part) * PIECE
        a, b = first, first + PIECE
        _sgd(data[a:b], g[a:b], velocity[a:b], numbers, nesterov, out[a:b])


@parallel
def _adam_in_parts(
    data: Any, g: Any, mean: Any, square: Any, largest: Any, numbers: Any, out: Any
) -> None:
    for part in prange(-(-data.size // PIECE)):
        first = np.int64(part) * PIECE
        a, b = first, first + PIECE
        _adam(data[a:b], g[a:b], mean[a:b], square[a:b], largest[a:b], numbers, out[a:b])


@parallel
def _rmsprop_in_parts(
    data: Any, g: Any, square: Any, mean: Any, velocity: Any, numbers: Any, out: Any
) -> None:
    for part in prange(-(-data.size // PIECE)):
        first = np.int64(part) * PIECE
        a, b = first, first + PIECE
        _rmsprop(data[a:b], g[a:b], square[a:b], mean[a:b], velocity[a:b], numbers, out[a:b])


def _each(function: Kernel, lists: Sequence[Arrays], *settings: Any) -> list[Array]:
    """Run a function over each parameter; the new parameters."""
    new = []
    for number, data in enumerate(lists[0]):
        given = [reading(array, -1) for array in (data, lists[1][number])]
        kept = [array[number] if array else np.empty(0, data.dtype) for array in lists[2:]]
        lines = [np.ascontiguousarray(array).reshape(-1) for array in kept]
        out = empty(data.shape, data.dtype)
        # Large parameters are mostly those of dense layers, whose products may have woken the
        # threads of NumPy's library: those are in the way for longer than this takes.
        function(data.size // 8, *given, *lines, *settings, out.reshape(-1))
        for array, line in zip(kept, lines, strict=True):
            if not array.flags.c_contiguous:  # then a copy was written
                array[...] = line.reshape(array.shape)
        new.append(out)
    return new


def _numbers(dtype: Any, *numbers: float) -> tuple[Any, ...]:
    return tuple(map(dtype.type, numbers))


def sgd_step(
    parameters: Arrays,
    gradients: Arrays,
    velocities: Arrays,
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> tuple[list[Array], list[Array]]:
    sign = -1 if maximize else 1
    numbers = _numbers(parameters[0].dtype, lr, momentum, 1 - dampening, weight_decay, sign)
    lists = parameters, gradients, velocities
    return _each(_sgd_in_parts, lists, numbers, nesterov), list(velocities)


def adam_step(
    parameters: Arrays,
    gradients: Arrays,
    means: Arrays,
    squares: Arrays,
    largest: Arrays,
    *,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
) -> tuple[list[Array], list[Array], list[Array], list[Array]]:
    first, second = betas
    numbers = _numbers(
        parameters[0].dtype,
        lr / (1 - first**step),
        math.sqrt(1 - second**step),
        eps,
        first,
        1 - first,
        second,
        1 - second,
        0 if decoupled else weight_decay,
        1 - lr * weight_decay if decoupled else 1,
        -1 if maximize else 1,
    )
    lists = parameters, gradients, means, squares, largest
    new = _each(_adam_in_parts, lists, numbers)
    return new, list(means), list(squares), list(largest)


def rmsprop_step(
    parameters: Arrays,
    gradients: Arrays,
    squares: Arrays,
    means: Arrays,
    velocities: Arrays,
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    maximize: bool,
) -> tuple[list[Array], list[Array], list[Array], list[Array]]:
    sign = -1 if maximize else 1
    dtype = parameters[0].dtype
    numbers = _numbers(dtype, lr, alpha, 1 - alpha, eps, momentum, weight_decay, sign)
    lists = parameters, gradients, squares, means, velocities
    new = _each(_rmsprop_in_parts, lists, numbers)
    return new, list(squares), list(means), list(velocities)


KERNELS: dict[str, Kernel] = {
    kernel.__name__: kernel for kernel in (sgd_step, adam_step, rmsprop_step)
}
