"""NumPy kernels of the convolution triad: im2col by strided view, one batched matrix product.

Same names, signatures and meaning as in ``portable.py``; may import that file's neighbours only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, offsets, output_sizes

Ints = Sequence[int]

SUM_OF_PRODUCTS_BYTES = 1 << 22
"""Above this many bytes, per-sample weight gradients are added up one by one, not stacked."""


def pad(x: Array, *, widths: Pairs, value: float) -> Array:
    shape = [n + sum(w) for n, w in zip(x.shape, widths, strict=True)]
    out = np.zeros(shape, x.dtype) if value == 0 else np.full(shape, value, x.dtype)
    out[tuple(slice(w[0], w[0] + n) for n, w in zip(x.shape, widths, strict=True))] = x
    return out


def pad_windows(x: Array, padding: Pairs, value: float) -> Array:
    """:func:`pad` for the spatial axes only; gives ``x`` itself where nothing is padded."""
    if not any(map(any, padding)):
        return x
    return pad(x, widths=[(0, 0)] * (x.ndim - len(padding)) + list(padding), value=value)


def window_view(x: Array, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Array:
    """All windows as a view ``(N, C, *kernel, *positions)`` of the padded ``x``."""
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    padded = pad_windows(x, padding, 0)
    outer, spatial = padded.strides[:2], padded.strides[2:]
    inside = tuple(step * d for step, d in zip(spatial, dilation, strict=True))
    across = tuple(step * s for step, s in zip(spatial, stride, strict=True))
    return np.lib.stride_tricks.as_strided(
        padded,
        (*x.shape[:2], *kernel, *positions),
        (*outer, *inside, *across),
        writeable=False,
    )


def unfold(x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Array:
    return np.ascontiguousarray(window_view(x, kernel, stride, padding, dilation))


def fold(
    columns: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    positions = columns.shape[2 + len(kernel) :]
    padded_shape = [n + sum(p) for n, p in zip(shape[2:], padding, strict=True)]
    out = np.zeros((*shape[:2], *padded_shape), columns.dtype)
    everything = (slice(None), slice(None))
    for place, where in offsets(kernel, stride, dilation, positions):
        out[(*everything, *where)] += columns[(*everything, *place)]
    inside = (slice(p[0], p[0] + n) for n, p in zip(shape[2:], padding, strict=True))
    return out[(*everything, *inside)]


def _columns(
    x: Array, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    """Windows as matrices ``(N, groups, C/groups * kernel, positions)``."""
    if math.prod(kernel) == 1 and math.prod(stride) == 1 and not any(map(any, padding)):
        return x.reshape(x.shape[0], groups, x.shape[1] // groups, math.prod(x.shape[2:]))
    view = window_view(x, kernel, stride, padding, dilation)
    places = x.shape[1] // groups * math.prod(kernel)
    return view.reshape(x.shape[0], groups, places, math.prod(view.shape[2 + len(kernel) :]))


def conv(x: Array, w: Array, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int) -> Array:
    kernel = w.shape[2:]
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    rows = w.reshape(groups, w.shape[0] // groups, math.prod(w.shape[1:]))
    return np.matmul(rows, columns).reshape(x.shape[0], w.shape[0], *positions)


def conv_input(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    kernel, positions = w.shape[2:], g.shape[2:]
    rows = w.reshape(groups, w.shape[0] // groups, math.prod(w.shape[1:]))
    upstream = g.reshape(g.shape[0], groups, g.shape[1] // groups, math.prod(positions))
    columns = np.matmul(rows.swapaxes(1, 2), upstream)
    columns = columns.reshape(*shape[:2], *kernel, *positions)
    return fold(
        columns, shape=shape, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    )


def conv_weight(
    x: Array, g: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    upstream = g.reshape(g.shape[0], groups, g.shape[1] // groups, math.prod(g.shape[2:]))
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    if x.shape[0] * math.prod(shape) * x.itemsize <= SUM_OF_PRODUCTS_BYTES:
        return np.matmul(upstream, columns.swapaxes(2, 3)).sum(axis=0).reshape(shape)
    total = np.matmul(upstream[0], columns[0].swapaxes(1, 2))
    product = np.empty_like(total)
    for up, column in zip(upstream[1:], columns[1:], strict=True):
        total += np.matmul(up, column.swapaxes(1, 2), out=product)
    return total.reshape(shape)


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (pad, unfold, fold, conv, conv_input, conv_weight)
}
