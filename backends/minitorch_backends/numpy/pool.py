"""NumPy kernels of pooling.

Same names, signatures and meaning as in ``portable.py``; may import the kernel files beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minitorch_backends.numpy.conv import pad_windows
from minitorch_backends.numpy.select import index_add
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, offsets, output_sizes

Ints = Sequence[int]


def max_pool(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Array, Array]:
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    floats = x.dtype.kind == "f"
    padded = pad_windows(x, padding, -np.inf if floats else np.iinfo(x.dtype).min)
    cells = np.arange(math.prod(x.shape[2:]), dtype=np.int64).reshape(x.shape[2:])
    is_padded = padded is not x
    cells = pad_windows(cells[None, None], padding, -1)[0, 0]
    windows = [where for _, where in offsets(kernel, stride, dilation, positions)]
    pieces = [padded[(slice(None), slice(None), *where)] for where in windows]
    best = pieces[0].copy()
    for piece in pieces[1:]:
        np.maximum(best, piece, out=best)  # NaN wins, as in PyTorch
    index = np.empty(best.shape, np.int64)
    # From the last place to the first, so that the first of equal entries stays.
    for piece, where in zip(reversed(pieces), reversed(windows), strict=True):
        wins = piece == best
        if floats:
            wins |= piece != piece
        if is_padded:
            wins &= cells[where] >= 0
        np.copyto(index, cells[where], where=wins)
    return best, index


def pick(x: Array, *, index: Array, shape: Ints) -> Array:
    flat = x.reshape(*shape[:2], math.prod(shape[2:]))
    where = index.reshape(*index.shape[:2], math.prod(index.shape[2:]))
    return np.take_along_axis(flat, where, axis=2).reshape(index.shape)


def place(g: Array, *, index: Array, shape: Ints) -> Array:
    rows, cells = math.prod(shape[:2]), math.prod(shape[2:])
    first = np.arange(0, rows * cells, cells, dtype=np.int64) if cells else np.empty(0, np.int64)
    flat = index.reshape(rows, math.prod(index.shape[2:])) + first[:, None]
    return index_add(g.reshape(-1), index=flat.reshape(-1), size=rows * cells).reshape(shape)


def max_pool_input(
    g: Array,
    *,
    index: Array,
    shape: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Pairs,
    dilation: Ints,
) -> Array:
    return place(g, index=index, shape=shape)


def sum_pool(x: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    ones = (1,) * len(kernel)
    padded = pad_windows(x, padding, 0)
    positions = output_sizes(x.shape[2:], kernel, stride, padding, ones)
    out = np.zeros((*x.shape[:2], *positions), x.dtype)
    for _, where in offsets(kernel, stride, ones, positions):
        out += padded[(slice(None), slice(None), *where)]
    return out


def sum_pool_input(g: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    ones = (1,) * len(kernel)
    padded_shape = (n + sum(p) for n, p in zip(shape[2:], padding, strict=True))
    out = np.zeros((*shape[:2], *padded_shape), g.dtype)
    for _, where in offsets(kernel, stride, ones, g.shape[2:]):
        out[(slice(None), slice(None), *where)] += g
    inside = (slice(p[0], p[0] + n) for n, p in zip(shape[2:], padding, strict=True))
    return out[(slice(None), slice(None), *inside)]


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (max_pool, pick, place, max_pool_input, sum_pool, sum_pool_input)
}
