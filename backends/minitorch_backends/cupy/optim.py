"""CuPy kernels of optimisers: one launch for all parameters, each entry read and written once.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_backends.cupy.many import ManyArrays
from minitorch_backends.protocol import Array, Kernel

Arrays = Sequence[Array]

_GRADIENT = """
W p = W(old[i]);
W g = sign * W(gradient[j]);
if (weight_decay != 0) g += weight_decay * p;
"""

sgd = ManyArrays(
    "sgd_step",
    ("old", "fresh", "gradient", "velocity"),
    "gradient",
    ("sign", "weight_decay", "lr", "momentum", "share", "nesterov"),
    _GRADIENT
    + """
if (velocity) {
    W v = momentum * W(velocity[i]) + share * g;
    velocity[i] = T(v);
    g = nesterov != 0 ? g + momentum * v : v;
}
fresh[i] = T(p - lr * g);
""",
)
adam = ManyArrays(
    "adam_step",
    ("old", "fresh", "gradient", "mean", "square", "largest"),
    "gradient",
    ("sign", "weight_decay", "shrunk", "size", "first", "second", "rest1", "rest2", "root", "eps"),
    _GRADIENT
    + """
W m = first * W(mean[i]) + rest1 * g;
W s = second * W(square[i]) + rest2 * (g * g);
mean[i] = T(m);
square[i] = T(s);
if (largest) {
    W most = W(largest[i]);
    if (most > s || most != most) s = most;
    largest[i] = T(s);
}
fresh[i] = T(shrunk * p - size * (m / (sqrt(s) / root + eps)));
""",
)
rmsprop = ManyArrays(
    "rmsprop_step",
    ("old", "fresh", "gradient", "square", "mean", "velocity"),
    "gradient",
    ("sign", "weight_decay", "lr", "alpha", "rest", "eps", "momentum"),
    _GRADIENT
    + """
W s = alpha * W(square[i]) + rest * (g * g);
square[i] = T(s);
if (mean) {
    W m = alpha * W(mean[i]) + rest * g;
    mean[i] = T(m);
    s -= m * m;
}
W step = g / (sqrt(s) + eps);
if (velocity) {
    step += momentum * W(velocity[i]);
    velocity[i] = T(step);
}
fresh[i] = T(p - lr * step);
""",
)


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
    fresh, kept = _empty(parameters), _rows(velocities)
    numbers = (_sign(maximize), weight_decay, lr, momentum, 1 - dampening, nesterov)
    sgd(_rows(parameters), fresh, _as_read(gradients), kept, *numbers)
    return fresh, kept


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
    added, shrunk = (0.0, 1 - lr * weight_decay) if decoupled else (weight_decay, 1.0)
    size, root = lr / (1 - first**step), math.sqrt(1 - second**step)
    fresh, kept = _empty(parameters), [_rows(arrays) for arrays in (means, squares, largest)]
    numbers = (_sign(maximize), added, shrunk, size, first, second, 1 - first, 1 - second)
    adam(_rows(parameters), fresh, _as_read(gradients), *kept, *numbers, root, eps)
    return fresh, kept[0], kept[1], kept[2]


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
    fresh, kept = _empty(parameters), [_rows(arrays) for arrays in (squares, means, velocities)]
    numbers = (_sign(maximize), weight_decay, lr, alpha, 1 - alpha, eps, momentum)
    rmsprop(_rows(parameters), fresh, _as_read(gradients), *kept, *numbers)
    return fresh, kept[0], kept[1], kept[2]


def _sign(maximize: bool) -> int:
    return -1 if maximize else 1


def _empty(arrays: Arrays) -> list[Array]:
    """New arrays like these: apart, so that one that is kept does not keep all the others."""
    import cupy

    return [cupy.empty(array.shape, array.dtype) for array in arrays]


def _rows(arrays: Arrays) -> list[Array]:
    """The arrays, or row-major copies of those that are not."""
    import cupy

    return [a if a.flags.c_contiguous else cupy.ascontiguousarray(a) for a in arrays]


def _as_read(gradients: Arrays) -> list[Array]:
    """The gradients, which may be row-major or transposed matrices, or copies of them."""
    import cupy

    return [
        g
        if g.flags.c_contiguous or (g.ndim == 2 and g.flags.f_contiguous)
        else cupy.ascontiguousarray(g)
        for g in gradients
    ]


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (sgd_step, adam_step, rmsprop_step)}
