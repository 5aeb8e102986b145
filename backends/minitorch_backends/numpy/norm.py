"""NumPy kernels of batch normalisation: passes over a few pictures at a time, within the cache.

Same names, signatures and meaning as in ``portable.py``. Pictures are taken as they lie in memory,
channels first or last, and so are results. May import the kernel files beside it.
"""

from __future__ import annotations

import math

import numpy as np

from minitorch_backends.numpy.conv import channels_back, channels_second
from minitorch_backends.numpy.memory import empty_like
from minitorch_backends.protocol import Array, Kernel

BLOCK_BYTES = 1 << 18
"""About as much of the pictures is worked on at a time, in each of three arrays."""


class _Layout:
    """How ``x (N, C, *spatial)`` lies in memory, and arrays of its shape in rows of that order.

    Channels first, the rows are ``(N, C, positions)`` and a number per channel goes with each of
    them; channels last, the rows ``(N, *, width * C)`` are those of the pictures, with all their
    channels, and the numbers are repeated along them.
    """

    def __init__(self, x: Array) -> None:
        self.shape = x.shape
        self.last = x.strides[1] == x.itemsize
        self.width = x.shape[-1] if x.ndim > 2 else 1
        step = max(1, BLOCK_BYTES * len(x) // max(1, x.nbytes))
        self.blocks = [slice(start, start + step) for start in range(0, len(x), step)]

    def rows(self, x: Array) -> Array:
        pictures, channels, *spatial = x.shape
        if not self.last:
            return x.reshape(pictures, channels, math.prod(spatial))
        return channels_back(x).reshape(pictures, math.prod(spatial[:-1]), self.width * channels)

    def pictures(self, rows: Array) -> Array:
        if not self.last:
            return rows.reshape(self.shape)
        pictures, channels, *spatial = self.shape
        return channels_second(rows.reshape(pictures, *spatial, channels))

    def spread(self, values: Array) -> Array:
        """A number per channel, so that it broadcasts over rows."""
        return np.tile(values, self.width) if self.last else values[:, None]

    def sums(self, rows: Array) -> Array:
        """The sum of each channel."""
        if not self.last:
            return rows.sum(axis=2).sum(axis=0)
        return rows.sum(axis=(0, 1)).reshape(self.width, self.shape[1]).sum(axis=0)


def moments(x: Array) -> tuple[Array, Array]:
    layout = _Layout(x)
    rows, count = layout.rows(x), x.size // x.shape[1]
    total = np.zeros(x.shape[1], x.dtype)
    for some in layout.blocks:
        total += layout.sums(rows[some])
    mean = total / count
    spread, squares = layout.spread(mean), np.zeros_like(total)
    for some in layout.blocks:
        centred = rows[some] - spread
        squares += layout.sums(np.multiply(centred, centred, out=centred))
    return mean, squares / count


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


def batch_norm(
    x: Array, weight: Array, bias: Array, *, mean: Array, variance: Array, eps: float
) -> Array:
    layout = _Layout(x)
    scale = weight / np.sqrt(variance + eps)
    rows, shift = layout.rows(x), layout.spread(bias - mean * scale)
    out, scale = empty_like(rows), layout.spread(scale)
    for some in layout.blocks:
        np.multiply(rows[some], scale, out=out[some])
        out[some] += shift
    return layout.pictures(out)


def batch_norm_backward(
    g: Array, x: Array, weight: Array, *, mean: Array, variance: Array, eps: float
) -> tuple[Array, Array, Array]:
    layout = _Layout(x)
    rows, upstream, centre = layout.rows(x), layout.rows(g), layout.spread(mean)
    inverse = 1 / np.sqrt(variance + eps)
    d_bias, d_weight = np.zeros_like(mean), np.zeros_like(mean)
    for some in layout.blocks:
        centred = rows[some] - centre
        centred *= upstream[some]
        d_bias += layout.sums(upstream[some])
        d_weight += layout.sums(centred)
    d_weight *= inverse
    # The gradient of x is weight * inverse * (g - mean of g - normalised x * mean of the same * g).
    count = x.size // x.shape[1]
    scale = weight * inverse
    along_x = layout.spread(scale * inverse * d_weight / count)
    along_ones = layout.spread(scale * d_bias / count)
    scale = layout.spread(scale)
    out = empty_like(rows)
    for some in layout.blocks:
        centred = rows[some] - centre
        centred *= along_x
        centred += along_ones
        np.multiply(upstream[some], scale, out=out[some])
        out[some] -= centred
    return layout.pictures(out), d_weight, d_bias


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (moments, running_moments, batch_norm, batch_norm_backward)
}
