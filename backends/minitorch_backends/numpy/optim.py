"""NumPy kernels of optimisers: the arithmetic of the portable ones, in place, without temporaries.

A step works in what becomes the new parameter. Same names, signatures and meaning as in
``portable.py``; may import ``memory``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minitorch_backends.numpy.memory import empty_like
from minitorch_backends.protocol import Array, Kernel

Arrays = Sequence[Array]


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
    new = []
    for number, (data, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = _gradient(data, g, weight_decay, maximize)
        out = empty_like(data)
        if velocities:
            velocity = velocities[number]
            velocity *= momentum
            velocity += np.multiply(g, 1 - dampening, out=out) if dampening else g
            if nesterov:
                np.multiply(velocity, momentum, out=out)
                g = np.add(out, g, out=out)
            else:
                g = velocity
        np.multiply(g, -lr, out=out)
        out += data
        new.append(out)
    return new, list(velocities)


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
    # mean / (root / correction + eps), with one division of an array: both sides times correction.
    correction = math.sqrt(1 - second**step)
    size, eps = lr / (1 - first**step) * correction, eps * correction
    new = []
    for number, (data, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = _gradient(data, g, 0.0 if decoupled else weight_decay, maximize)
        out = empty_like(data)
        mean, square = means[number], squares[number]
        _blend(mean, first, np.multiply(g, 1 - first, out=out))
        np.multiply(g, g, out=out)
        _blend(square, second, np.multiply(out, 1 - second, out=out))
        if largest:
            square = np.maximum(largest[number], square, out=largest[number])
        np.sqrt(square, out=out)
        out += eps
        np.divide(mean, out, out=out)
        out *= -size
        out += data * (1 - lr * weight_decay) if decoupled and weight_decay else data
        new.append(out)
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
    new = []
    for number, (data, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = _gradient(data, g, weight_decay, maximize)
        out = empty_like(data)
        square = squares[number]
        np.multiply(g, g, out=out)
        _blend(square, alpha, np.multiply(out, 1 - alpha, out=out))
        if means:
            mean = means[number]
            _blend(mean, alpha, np.multiply(g, 1 - alpha, out=out))
            np.multiply(mean, mean, out=out)
            square = np.subtract(square, out, out=out)
        np.sqrt(square, out=out)
        out += eps
        np.divide(g, out, out=out)
        if velocities:
            _blend(velocities[number], momentum, out)
            np.multiply(velocities[number], -lr, out=out)
        else:
            out *= -lr
        out += data
        new.append(out)
    return new, list(squares), list(means), list(velocities)


def _gradient(data: Array, g: Array, weight_decay: float, maximize: bool) -> Array:
    """The gradient that is descended: of the objective's negative, with decay where wanted."""
    if not weight_decay:
        return -g if maximize else g
    decayed = np.multiply(data, weight_decay, out=empty_like(data))
    return np.subtract(decayed, g, out=decayed) if maximize else np.add(decayed, g, out=decayed)


def _blend(kept: Array, keep: float, part: Array) -> None:
    kept *= keep
    kept += part


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (sgd_step, adam_step, rmsprop_step)}
