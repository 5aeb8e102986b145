"""NumPy kernels of the locally connected triad: at each position, its own matrix times the window.

Same names, signatures and meaning as in ``portable.py``. Pictures are turned to
``(C, *spatial, N)``, so that windows are read in long runs, and cut for a few rows of positions at
a time into one buffer that stays in the cache: what goes through memory is the weights, once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from minitorch_backends.numpy.conv import pad
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, offsets, output_sizes

Ints = Sequence[int]

BUFFER_BYTES = 1 << 20
"""About as much is cut at a time."""


def local(
    x: Array, w: Array, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    dims = len(stride)
    positions, outputs, kernel = w.shape[:dims], w.shape[dims], w.shape[dims + 2 :]
    matrices = _matrices(w, dims, groups)
    out = np.empty((*matrices.shape[:-1], x.shape[0]), x.dtype)
    view = _window_view(x, kernel, stride, padding, dilation)
    for rows, columns in _cut(view, groups):
        np.matmul(matrices[rows], columns, out=out[rows])
    return _pictures_first(out.reshape(*positions, outputs, x.shape[0]))


def local_input(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    dims = len(stride)
    kernel, positions = w.shape[dims + 2 :], g.shape[2:]
    matrices, upstream = _matrices(w, dims, groups), _pictures_last(g)
    padded = [n + sum(p) for n, p in zip(shape[2:], padding, strict=True)]
    out = np.zeros((*padded, groups, shape[0], shape[1] // groups), g.dtype)
    buffer = _buffer((*matrices.shape[:-2], shape[0], matrices.shape[-1]), g.dtype)
    for rows in _few_rows(positions[0], len(buffer)):
        entries = _grouped(upstream[rows], groups).swapaxes(-1, -2)
        products = np.matmul(entries, matrices[rows], out=buffer[: len(entries)])
        columns = products.reshape(len(products), *positions[1:], *out.shape[dims:], *kernel)
        below = out[rows.start * stride[0] :]
        for place, where in offsets(kernel, stride, dilation, columns.shape[:dims]):
            below[where] += columns[(..., *place)]
    inside = (slice(p[0], p[0] + n) for n, p in zip(shape[2:], padding, strict=True))
    pictures = out[tuple(inside)].transpose(dims + 1, dims, dims + 2, *range(dims))
    return pictures.reshape(shape)


def local_weight(
    x: Array, g: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    positions, depth, upstream = g.shape[2:], x.shape[1] // groups, _pictures_last(g)
    out = np.empty((*positions, g.shape[1], depth, *kernel), x.dtype)
    matrices = _matrices(out, len(stride), groups)
    view = _window_view(x, kernel, stride, padding, dilation)
    for rows, columns in _cut(view, groups):
        entries = _grouped(upstream[rows], groups)
        np.matmul(entries, columns.swapaxes(-1, -2), out=matrices[rows])
    return out


def _matrices(w: Array, dims: int, groups: int) -> Array:
    """Weights as ``(rows, other positions, groups, O / groups, places)``, a view if they can be."""
    positions, outputs = w.shape[:dims], w.shape[dims]
    places = math.prod(w.shape[dims + 1 :])
    return w.reshape(positions[0], math.prod(positions[1:]), groups, outputs // groups, places)


def _grouped(entries: Array, groups: int) -> Array:
    """Rows ``(rows, *positions, O, N)`` as ``(rows, other positions, groups, O / groups, N)``."""
    rows, *rest, outputs, pictures = entries.shape
    shape = (rows, math.prod(rest), groups, outputs // groups, pictures)
    return np.ascontiguousarray(entries).reshape(shape)


def _window_view(x: Array, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Array:
    """All windows as a view ``(*positions, C, *kernel, N)``."""
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    last = x.transpose(*range(1, x.ndim), 0)
    if any(map(any, padding)):
        padded = pad(last, widths=[(0, 0), *padding, (0, 0)], value=0)
    else:
        padded = np.ascontiguousarray(last)
    channel, *spatial, picture = padded.strides
    across = (step * s for step, s in zip(spatial, stride, strict=True))
    inside = (step * d for step, d in zip(spatial, dilation, strict=True))
    return np.lib.stride_tricks.as_strided(
        padded,
        (*positions, x.shape[1], *kernel, x.shape[0]),
        (*across, channel, *inside, picture),
        writeable=False,
    )


def _cut(view: Array, groups: int) -> Iterator[tuple[slice, Array]]:
    """Windows of a few rows of positions, as ``(rows, other positions, groups, places, N)``."""
    dims = (view.ndim - 2) // 2
    rest, places = math.prod(view.shape[1:dims]), math.prod(view.shape[dims:-1])
    shape = (view.shape[0], rest, groups, places // groups, view.shape[-1])
    buffer = _buffer(shape, view.dtype)
    for rows in _few_rows(view.shape[0], len(buffer)):
        columns = buffer[: rows.stop - rows.start]
        np.copyto(columns.reshape(len(columns), *view.shape[1:]), view[rows])
        yield rows, columns


def _buffer(shape: Ints, dtype: np.dtype[np.generic]) -> Array:
    """Room for as many rows of an array of ``shape`` as are worked on at a time."""
    row = math.prod(shape[1:]) * dtype.itemsize
    return np.empty((min(shape[0], max(1, BUFFER_BYTES // max(1, row))), *shape[1:]), dtype)


def _few_rows(count: int, step: int) -> Iterator[slice]:
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def _pictures_last(x: Array) -> Array:
    """``(N, C, *spatial)`` seen as ``(*spatial, C, N)``."""
    return x.transpose(*range(2, x.ndim), 1, 0)


def _pictures_first(x: Array) -> Array:
    """``(*spatial, C, N)`` seen as ``(N, C, *spatial)``."""
    return x.transpose(x.ndim - 1, x.ndim - 2, *range(x.ndim - 2))


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (local, local_input, local_weight)}
