"""NumPy kernels of pooling.

Same names, signatures and meaning as in ``portable.py``; may import the kernel files beside it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from minitorch_backends.numpy.conv import channels_back, channels_second, pad_windows
from minitorch_backends.numpy.memory import empty_like
from minitorch_backends.numpy.select import index_add
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, offsets, output_sizes

Ints = Sequence[int]

BLOCK_BYTES = 1 << 20
"""About as much of the pictures is worked on at a time, to stay in the cache."""


def max_pool_values(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    out = empty_like(x, shape=(*x.shape[:2], *positions))
    for some in _a_few(x):
        padded = pad_windows(x[some], padding, _lowest(x.dtype))
        out[some] = _largest(padded, positions, kernel, stride, dilation)
    return out


def _largest(x: Array, positions: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Array:
    """The largest entries along one axis after the other; NaN wins, as in PyTorch."""
    for axis, (n, k, s, d) in enumerate(zip(positions, kernel, stride, dilation, strict=True)):
        starts = [place * d for place in range(k)]
        along = [slice(start, start + s * (n - 1) + 1, s) for start in starts]
        pieces = [x[(*(slice(None),) * (axis + 2), part)] for part in along]
        x = np.maximum(pieces[0], pieces[min(1, k - 1)])
        for piece in pieces[2:]:
            np.maximum(x, piece, out=x)
    return x


def _lowest(dtype: np.dtype[np.generic]) -> float:
    """No entry is less; in the padding, it never wins."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min  # type: ignore[type-var]


def max_pool(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Array, Array]:
    floats = x.dtype.kind == "f"
    padded = pad_windows(x, padding, _lowest(x.dtype))
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    windows = [where for _, where in offsets(kernel, stride, dilation, positions)]
    window = (tuple(kernel), tuple(stride), tuple(map(tuple, padding)), tuple(dilation))
    first, steps = _cells(x.shape[2:], *window)
    outside = None
    if padded is not x:
        ring = pad_windows(np.zeros((1, 1, *x.shape[2:]), np.bool), padding, True)
        outside = [ring[(slice(None), slice(None), *where)] for where in windows]
    best = np.empty_like(padded, shape=(*x.shape[:2], *positions))
    index = np.empty_like(best, dtype=np.int64)
    for some in _a_few(x):
        largest = best[some] = _largest(padded[some], positions, kernel, stride, dilation)
        pieces = [padded[(some, slice(None), *where)] for where in windows]
        nan = floats and bool(np.isnan(largest).any())
        np.add(first, _first_hit(pieces, largest, steps, outside, nan), out=index[some])
    return best, index


def _first_hit(
    pieces: list[Array], best: Array, steps: Array, outside: list[Array] | None, nan: bool
) -> Array:
    """How many cells lie between the first place of each window and the one that has the best.

    ``steps`` are the cells from each place to the next; every place that was missed, with all those
    before it, adds its step. The last place need not be looked at.
    """
    beyond = np.zeros_like(best, dtype=steps.dtype)
    missed = np.ones_like(best, dtype=np.bool)
    for number, step in enumerate(steps):
        piece = pieces[number]
        miss = piece != best
        if nan:
            miss &= piece == piece
        if outside is not None:
            miss |= outside[number]
        missed &= miss
        beyond += missed.view(np.uint8) * step
    return beyond


@functools.lru_cache(maxsize=64)  # it takes longer than pooling a single picture
def _cells(
    sizes: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Array, Array]:
    """The flat index of each window's first place, and the steps from place to place.

    A window that begins in the padding has an index below its picture's there, which is as good.
    """
    positions = output_sizes(sizes, kernel, stride, padding, dilation)
    across = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    first = np.zeros(positions, np.int64)
    for axis, cells in enumerate(across):
        starts = np.arange(positions[axis], dtype=np.int64) * stride[axis] - padding[axis][0]
        first += (starts * cells).reshape(-1, *(1,) * (len(sizes) - axis - 1))
    places = [
        sum(place * d * cells for place, d, cells in zip(at, dilation, across, strict=True))
        for at in np.ndindex(*kernel)
    ]
    return first, np.diff(places).astype(np.min_scalar_type(places[-1]))


def _a_few(x: Array) -> Iterator[slice]:
    """As many pictures at a time as stay in the cache."""
    step = max(1, BLOCK_BYTES * len(x) // max(1, x.nbytes))
    for start in range(0, len(x), step):
        yield slice(start, min(start + step, len(x)))


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
    disjoint = all(d * (k - 1) < s for d, k, s in zip(dilation, kernel, stride, strict=True))
    if not disjoint:
        return place(g, index=index, shape=shape)
    # No cell is the largest of two windows: there is nothing to add up.
    channels, cells = shape[1], math.prod(shape[2:])
    if index.strides[1] == index.itemsize:  # in memory as what was pooled
        out = np.zeros((shape[0], *shape[2:], channels), g.dtype)
        g, index, step = channels_back(g), channels_back(index), channels
        first = np.arange(channels, dtype=np.int64)
        result = channels_second(out)
    else:
        out, step = np.zeros(shape, g.dtype), 1
        first = np.arange(channels, dtype=np.int64).reshape(-1, *(1,) * len(kernel)) * cells
        result = out
    for some in _a_few(out):
        flat = out[some].reshape(-1)
        where = index[some] * step
        where += first
        pictures = np.arange(len(where), dtype=np.int64) * (channels * cells)
        where += pictures.reshape(-1, *(1,) * (g.ndim - 1))
        flat[where] = g[some]
    return result


def sum_pool(x: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    ones = (1,) * len(kernel)
    padded = pad_windows(x, padding, 0)
    positions = output_sizes(x.shape[2:], kernel, stride, padding, ones)
    out = np.zeros_like(padded, shape=(*x.shape[:2], *positions))
    for _, where in offsets(kernel, stride, ones, positions):
        out += padded[(slice(None), slice(None), *where)]
    return out


def sum_pool_input(g: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    ones = (1,) * len(kernel)
    padded_shape = (n + sum(p) for n, p in zip(shape[2:], padding, strict=True))
    out = np.zeros_like(g, shape=(*shape[:2], *padded_shape))
    for _, where in offsets(kernel, stride, ones, g.shape[2:]):
        out[(slice(None), slice(None), *where)] += g
    inside = (slice(p[0], p[0] + n) for n, p in zip(shape[2:], padding, strict=True))
    return out[(slice(None), slice(None), *inside)]


KERNELS: dict[str, Kernel] = {
    f.__name__: f
    for f in (max_pool_values, max_pool, pick, place, max_pool_input, sum_pool, sum_pool_input)
}
