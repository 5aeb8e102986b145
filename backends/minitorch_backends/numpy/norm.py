"""NumPy kernels of batch normalisation: one pass over the data for each product and each sum.

Same names, signatures and meaning as in ``portable.py``.
"""

from __future__ import annotations

import math

import numpy as np

from minitorch_backends.protocol import Array, Kernel


def moments(x: Array) -> tuple[Array, Array]:
    axes = (0, *range(2, x.ndim))
    mean = x.mean(axis=axes)
    centred = x - _per_channel(mean, x.ndim)
    np.multiply(centred, centred, out=centred)
    return mean, centred.mean(axis=axes)


def running_moments(
    running_mean: Array,
    running_variance: Array,
    mean: Array,
    variance: Array,
    *,
    momentum: float,
    count: int,
) -> tuple[Array, Array]:
    share = momentum * (count / (count - 1))
    new_mean = (1 - momentum) * running_mean + momentum * mean.astype(running_mean.dtype)
    new_variance = (1 - momentum) * running_variance + share * variance.astype(running_mean.dtype)
    return new_mean, new_variance


def _per_channel(values: Array, ndim: int) -> Array:
    return values.reshape(1, -1, *(1,) * (ndim - 2))


def batch_norm(
    x: Array, weight: Array, bias: Array, *, mean: Array, variance: Array, eps: float
) -> Array:
    scale = weight / np.sqrt(variance + eps)
    out = x * _per_channel(scale, x.ndim)
    out += _per_channel(bias - mean * scale, x.ndim)
    return out


def batch_norm_backward(
    g: Array, x: Array, weight: Array, *, mean: Array, variance: Array, eps: float
) -> tuple[Array, Array, Array]:
    axes = (0, *range(2, x.ndim))
    inverse = 1 / np.sqrt(variance + eps)
    normal = x - _per_channel(mean, x.ndim)
    normal *= _per_channel(inverse, x.ndim)
    d_bias = g.sum(axis=axes)
    d_weight = (g * normal).sum(axis=axes)
    count = x.shape[0] * math.prod(x.shape[2:])
    normal *= _per_channel(d_weight / count, x.ndim)
    normal += _per_channel(d_bias / count, x.ndim)
    np.subtract(g, normal, out=normal)
    normal *= _per_channel(weight * inverse, x.ndim)
    return normal, d_weight, d_bias


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (moments, running_moments, batch_norm, batch_norm_backward)
}
