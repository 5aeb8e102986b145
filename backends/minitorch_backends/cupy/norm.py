"""CuPy kernels of batch normalisation: one pass along channels for all sums, one for the rest.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_backends.cupy.launch import PAIR, WIDER, Elementwise, Reduction, empty, in_order_of
from minitorch_backends.protocol import Array, Kernel

MOMENTS = (
    WIDER
    + """
template<typename W> struct Moments {
    W count, mean, squares;  // squares: the sum of squared differences from the mean
    __device__ Moments(int) : count(0), mean(0), squares(0) {}
    __device__ Moments(W entry, bool) : count(1), mean(entry), squares(0) {}
    __device__ Moments(W n, W middle, W spread) : count(n), mean(middle), squares(spread) {}
};
template<typename W> __device__ Moments<W> together(const Moments<W>& a, const Moments<W>& b) {
    W count = a.count + b.count;
    if (count == 0) return a;
    W apart = b.mean - a.mean, share = b.count / count;
    return Moments<W>(count, a.mean + apart * share,
                      a.squares + b.squares + apart * apart * a.count * share);
}
"""
)
"""Mean and spread of a set of entries, and of two sets together.

Source: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing
sample variances", 1979.
"""

moments_of = Reduction(
    "moments",
    "T x",
    "T mean, T variance",
    "Moments<typename Wider<T>::type>(x, true)",
    "together(a, b)",
    "mean = a.mean, variance = a.squares / a.count",
    "0",
    "Moments<typename Wider<T>::type>",
    MOMENTS,
)
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
parameter_gradients = Reduction(
    "batch_norm_parameters",
    "T g, T x, T mean, T variance, float64 eps",
    "T d_weight, T d_bias",
    "Pair<typename Wider<T>::type>("
    "typename Wider<T>::type(g) * (typename Wider<T>::type(x) - typename Wider<T>::type(mean))"
    " / sqrt(typename Wider<T>::type(variance) + typename Wider<T>::type(eps)),"
    " typename Wider<T>::type(g))",
    "together(a, b)",
    "d_weight = a.first, d_bias = a.second",
    "0",
    "Pair<typename Wider<T>::type>",
    PAIR,
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
blended = Elementwise(
    "running_moments",
    "R old_mean, R old_variance, T mean, T variance, float64 momentum, float64 correction",
    "R new_mean, R new_variance",
    """
typedef typename Wider<R>::type W;
new_mean = W(old_mean) * W(1 - momentum) + W(mean) * W(momentum);
new_variance = W(old_variance) * W(1 - momentum) + W(variance) * W(correction * momentum);
""",
)


def moments(x: Array) -> tuple[Array, Array]:
    mean, variance = empty(x.shape[1:2], x), empty(x.shape[1:2], x)
    moments_of(x, mean, variance, axis=_axes_and_count(x)[0])
    return mean, variance


def running_moments(
    running_mean: Array,
    running_variance: Array,
    mean: Array,
    variance: Array,
    *,
    momentum: float,
    count: int,
) -> tuple[Array, Array]:
    old, correction = (running_mean, running_variance), count / (count - 1)
    new_mean, new_variance = (empty(array.shape, array) for array in old)
    blended(*old, mean, variance, momentum, correction, new_mean, new_variance)
    return new_mean, new_variance


def batch_norm(
    x: Array, weight: Array, bias: Array, *, mean: Array, variance: Array, eps: float
) -> Array:
    channels = (_per_channel(values, x.ndim) for values in (weight, bias, mean, variance))
    return in_order_of(x, normalised, x, *channels, eps)


def batch_norm_backward(
    g: Array, x: Array, weight: Array, *, mean: Array, variance: Array, eps: float
) -> tuple[Array, Array, Array]:
    axes, count = _axes_and_count(x)
    scale, middle, spread = (_per_channel(v, x.ndim) for v in (weight, mean, variance))
    d_weight, d_bias = empty(x.shape[1:2], x), empty(x.shape[1:2], x)
    parameter_gradients(g, x, middle, spread, eps, d_weight, d_bias, axis=axes)
    sums = (_per_channel(values, x.ndim) for values in (d_weight, d_bias))
    d_x = in_order_of(x, input_gradient, g, x, scale, middle, spread, *sums, count, eps)
    return d_x, d_weight, d_bias


def _axes_and_count(x: Array) -> tuple[tuple[int, ...], int]:
    """All axes but that of channels, and how many entries a channel has."""
    return (0, *range(2, x.ndim)), x.shape[0] * math.prod(x.shape[2:])


def _per_channel(values: Array | float, ndim: int) -> Any:
    """One number for each channel, to go with ``(N, C, *spatial)``; a Python number is for all."""
    if isinstance(values, float):
        return values
    return values.reshape(1, -1, *(1,) * (ndim - 2))


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (moments, running_moments, batch_norm, batch_norm_backward)
}
