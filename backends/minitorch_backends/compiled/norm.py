"""Compiled kernels of batch normalisation: the data is read once for all sums, once for results.

Same names, signatures and meaning as in ``portable.py``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.compiled.jit import compiled_sums, parallel, reading
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel


@compiled_sums
def _row_moments(row: Any) -> tuple[Any, Any]:
    """Mean of a row, and the sum of squared distances from it."""
    total = row[0] * 0
    for i in range(row.size):
        total += row[i]
    mean = total / row.size
    squares = row[0] * 0
    for i in range(row.size):
        squares += (row[i] - mean) * (row[i] - mean)
    return mean, squares


@parallel
def _moments(x: Any, means: Any, variances: Any) -> None:
    for channel in prange(x.shape[1]):
        mean, squares = 0.0, 0.0
        for n in range(x.shape[0]):
            # Rows are combined as in T. Chan, G. Golub, R. LeVeque, "Updating formulae and a
            # pairwise algorithm for computing sample variances", 1979.
            row_mean, row_squares = _row_moments(x[n, channel])
            distance = row_mean - mean
            mean += distance / (n + 1)
            squares += row_squares + distance * distance * x.shape[2] * n / (n + 1)
        means[channel] = mean
        variances[channel] = squares / (x.shape[0] * x.shape[2])


@parallel
def _scale_and_shift(x: Any, scale: Any, shift: Any, out: Any) -> None:
    for channel in prange(x.shape[1]):
        a, b = scale[channel], shift[channel]
        for n in range(x.shape[0]):
            cells, result = x[n, channel], out[n, channel]
            for i in range(cells.size):
                result[i] = a * cells[i] + b


@compiled_sums
def _row_sums(g: Any, x: Any, mean: Any) -> tuple[Any, Any]:
    """The sum of a row of ``g``, and of its products with ``x - mean``."""
    total = products = g[0] * 0
    for i in range(g.size):
        total += g[i]
        products += g[i] * (x[i] - mean)
    return total, products


@parallel
def _sums(g: Any, x: Any, mean: Any, totals: Any, products: Any) -> None:
    for channel in prange(x.shape[1]):
        total, product = 0.0, 0.0
        for n in range(x.shape[0]):
            row_total, row_product = _row_sums(g[n, channel], x[n, channel], mean[channel])
            total += row_total
            product += row_product
        totals[channel], products[channel] = total, product


@parallel
def _combine(g: Any, x: Any, of_g: Any, of_x: Any, shift: Any, out: Any) -> None:
    for channel in prange(x.shape[1]):
        a, b, c = of_g[channel], of_x[channel], shift[channel]
        for n in range(x.shape[0]):
            upstream, cells, result = g[n, channel], x[n, channel], out[n, channel]
            for i in range(cells.size):
                result[i] = a * upstream[i] + b * cells[i] + c


def _cells(x: Array) -> tuple[int, int, int]:
    """The shape of ``(N, C, *spatial)`` as ``(N, C, cells)``."""
    return x.shape[0], x.shape[1], math.prod(x.shape[2:])


def moments(x: Array) -> tuple[Array, Array]:
    means, variances = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    _moments(x.size, reading(x, *_cells(x)), means, variances)
    return means, variances


def batch_norm(
    x: Array, weight: Array, bias: Array, *, mean: Array, variance: Array, eps: float
) -> Array:
    scale = weight / np.sqrt(variance + eps)
    shift = bias - mean * scale
    out = empty(x.shape, x.dtype)
    numbers = (reading(values, -1) for values in (scale, shift))
    _scale_and_shift(x.size, reading(x, *_cells(x)), *numbers, out.reshape(_cells(x)))
    return out


def batch_norm_backward(
    g: Array, x: Array, weight: Array, *, mean: Array, variance: Array, eps: float
) -> tuple[Array, Array, Array]:
    inverse = 1 / np.sqrt(variance + eps)
    d_bias, d_weight = np.empty(mean.shape, x.dtype), np.empty(mean.shape, x.dtype)
    upstream, cells = reading(g, *_cells(g)), reading(x, *_cells(x))
    _sums(x.size, upstream, cells, reading(mean, -1), d_bias, d_weight)
    d_weight *= inverse
    count = x.shape[0] * cells.shape[2]
    scale = weight * inverse
    of_x = -scale * inverse * d_weight / count
    shift = -scale * d_bias / count - of_x * mean
    out = empty(x.shape, x.dtype)
    numbers = (reading(values, -1) for values in (scale, of_x, shift))
    _combine(x.size, upstream, cells, *numbers, out.reshape(_cells(x)))
    return out, d_weight, d_bias


KERNELS: dict[str, Kernel] = {
    kernel.__name__: kernel for kernel in (moments, batch_norm, batch_norm_backward)
}
