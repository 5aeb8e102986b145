"""CuPy kernels of batch normalisation: sums by reductions along channels, one pass for the rest.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_backends.cupy.launch import Elementwise, Reduction
from minitorch_backends.protocol import Array, Kernel

normalised = Elementwise(
    "batch_norm",
    "T x, T weight, T bias, T mean, T variance, float64 eps",
    "T y",
    """
typedef typename Wider<T>::type W;
W scale = W(weight) / sqrt(W(variance) + W(eps));
y = (W(x) - W(mean)) * scale + W(bias);
""",
)
squares_from_mean = Reduction(
    "variance",
    "T x, T mean, int64 count",
    "T variance",
    "(typename Wider<T>::type(x) - typename Wider<T>::type(mean))"
    " * (typename Wider<T>::type(x) - typename Wider<T>::type(mean))",
    "a + b",
    "variance = a / count",
    "0",
    "typename Wider<T>::type",
)
weight_gradient = Reduction(
    "batch_norm_weight",
    "T g, T x, T mean, T variance, float64 eps",
    "T total",
    "typename Wider<T>::type(g) * (typename Wider<T>::type(x) - typename Wider<T>::type(mean))"
    " / sqrt(typename Wider<T>::type(variance) + typename Wider<T>::type(eps))",
    "a + b",
    "total = a",
    "0",
    "typename Wider<T>::type",
)
input_gradient = Elementwise(
    "batch_norm_input",
    "T g, T x, T weight, T mean, T variance, T d_weight, T d_bias, int64 count, float64 eps",
    "T d_x",
    """
typedef typename Wider<T>::type W;
W inverse = W(1) / sqrt(W(variance) + W(eps));
W normal = (W(x) - W(mean)) * inverse;
d_x = (W(g) - W(d_bias) / W(count) - normal * W(d_weight) / W(count)) * W(weight) * inverse;
""",
)


def moments(x: Array) -> tuple[Array, Array]:
    axes, count = _axes_and_count(x)
    mean = x.mean(axis=axes)
    return mean, squares_from_mean(x, _per_channel(mean, x.ndim), count, axis=axes)


def batch_norm(
    x: Array, weight: Array, bias: Array, *, mean: Array, variance: Array, eps: float
) -> Array:
    channels = (_per_channel(values, x.ndim) for values in (weight, bias, mean, variance))
    return normalised(x, *channels, eps)


def batch_norm_backward(
    g: Array, x: Array, weight: Array, *, mean: Array, variance: Array, eps: float
) -> tuple[Array, Array, Array]:
    axes, count = _axes_and_count(x)
    scale, middle, spread = (_per_channel(v, x.ndim) for v in (weight, mean, variance))
    d_bias = g.sum(axis=axes)
    d_weight = weight_gradient(g, x, middle, spread, eps, axis=axes)
    sums = (_per_channel(values, x.ndim) for values in (d_weight, d_bias))
    return input_gradient(g, x, scale, middle, spread, *sums, count, eps), d_weight, d_bias


def _axes_and_count(x: Array) -> tuple[tuple[int, ...], int]:
    """All axes but that of channels, and how many entries a channel has."""
    return (0, *range(2, x.ndim)), x.shape[0] * math.prod(x.shape[2:])


def _per_channel(values: Array | float, ndim: int) -> Any:
    """One number for each channel, to go with ``(N, C, *spatial)``; a Python number is for all."""
    if isinstance(values, float):
        return values
    return values.reshape(1, -1, *(1,) * (ndim - 2))


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (moments, batch_norm, batch_norm_backward)}
