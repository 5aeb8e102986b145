"""Steps of optimisers over many parameters at once, in plain array-API code.

Each takes lists: parameters, their gradients, and what the optimiser keeps for them. It gives new
arrays for the parameters (the old ones stay as they are) and what is to be kept next. Arrays that
are kept are the kernel's to write into; whoever calls uses those that come back. All parameters of
a call are of one dtype, and none is sealed against writing among what is kept. May import
array-api-compat; used by ``portable.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from array_api_compat import array_namespace

from minitorch_backends.protocol import Array

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
    """New parameters and velocities of gradient descent; no velocities without momentum.

    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep
    learning", 2013, in PyTorch's form.
    """
    new, kept = [], []
    for number, (data, g) in enumerate(zip(parameters, gradients, strict=True)):
        step = _gradient(data, g, weight_decay, maximize)
        if velocities:
            velocity = _blend(velocities[number], momentum, (1 - dampening) * step)
            kept.append(velocity)
            step = step + momentum * velocity if nesterov else velocity
        new.append(data - lr * step)
    return new, kept


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
    """New parameters, means, mean squares and largest mean squares after step ``step``, from 1.

    ``largest`` is empty without amsgrad. ``decoupled`` decay shrinks the parameter itself instead
    of adding to its gradient.

    Source: D. Kingma, J. Ba, "Adam", 2015; S. Reddi et al., 2018; I. Loshchilov, F. Hutter, 2019.
    """
    xp = array_namespace(*parameters)
    first, second = betas
    size, correction = lr / (1 - first**step), math.sqrt(1 - second**step)
    new: list[Array] = []
    kept: list[list[Array]] = [[], [], []]
    for number, (data, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = _gradient(data, g, 0.0 if decoupled else weight_decay, maximize)
        if decoupled:
            data = data * (1 - lr * weight_decay)
        mean = _blend(means[number], first, (1 - first) * g)
        square = _blend(squares[number], second, (1 - second) * (g * g))
        kept[0].append(mean)
        kept[1].append(square)
        if largest:
            square = xp.maximum(largest[number], square)
            kept[2].append(square)
        new.append(data - size * (mean / (xp.sqrt(square) / correction + eps)))
    return new, kept[0], kept[1], kept[2]


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
    """New parameters, mean squares, means and velocities.

    There are ``means`` if steps are divided by the spread about them, ``velocities`` with momentum.

    Source: T. Tieleman, G. Hinton, "Lecture 6.5, RMSprop", 2012, in PyTorch's form.
    """
    xp = array_namespace(*parameters)
    new: list[Array] = []
    kept: list[list[Array]] = [[], [], []]
    for number, (data, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = _gradient(data, g, weight_decay, maximize)
        spread = _blend(squares[number], alpha, (1 - alpha) * (g * g))
        kept[0].append(spread)
        if means:
            mean = _blend(means[number], alpha, (1 - alpha) * g)
            kept[1].append(mean)
            spread = spread - mean * mean
        step = g / (xp.sqrt(spread) + eps)
        if velocities:
            step = _blend(velocities[number], momentum, step)
            kept[2].append(step)
        new.append(data - lr * step)
    return new, kept[0], kept[1], kept[2]


def _gradient(data: Array, g: Array, weight_decay: float, maximize: bool) -> Array:
    """The gradient that is descended: of the objective's negative, with decay where wanted."""
    g = -g if maximize else g
    return g + weight_decay * data if weight_decay else g


def _blend(kept: Array, keep: float, part: Array) -> Array:
    """``keep * kept + part``, in place where the array library can."""
    kept *= keep
    kept += part
    return kept
