"""NumPy kernels of the convolution triad: windows cut for a few pictures at a time, and multiplied.

Same names, signatures and meaning as in ``portable.py``; may import that file's neighbours only.

All windows of a batch are many times as large as the batch. They are never held as a whole: those
of a few pictures are cut into one buffer that stays in the cache, multiplied, and overwritten by
the next. Nothing large is written to memory but the result.

Windows are cut in one of two orders. *Channels first* copies runs of one row of positions and
suits pictures of few channels; *channels last* copies runs of one row of the kernel with all its
channels, and one product serves several pictures. With channels last the result lies in memory as
the product made it, ``(N, *positions, C)``, seen as ``(N, C, *positions)``: NumPy's elementwise
operations keep such an order, so that a net of many channels turns its pictures round once.
``python -m benchmarks.conv`` shows what each order takes, and which is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, offsets, output_sizes

Ints = Sequence[int]

BUFFER_BYTES = 1 << 21
"""About as much of the windows is cut at a time: what the caches next to two cores hold."""
SHORTEST_RUN = 16
"""Rows of the kernel with fewer entries than this, over all channels, are cut channels first."""


def pad(x: Array, *, widths: Pairs, value: float) -> Array:
    shape = [n + sum(w) for n, w in zip(x.shape, widths, strict=True)]
    out = np.full_like(x, value, shape=shape)  # in memory as x is
    out[tuple(slice(w[0], w[0] + n) for n, w in zip(x.shape, widths, strict=True))] = x
    return out


def pad_windows(x: Array, padding: Pairs, value: float) -> Array:
    """:func:`pad` for the spatial axes only; gives ``x`` itself where nothing is padded."""
    if not any(map(any, padding)):
        return x
    return pad(x, widths=[(0, 0)] * (x.ndim - len(padding)) + list(padding), value=value)


def window_view(padded: Array, kernel: Ints, stride: Ints, dilation: Ints) -> Array:
    """All windows of ``padded (N, C, *spatial)`` as a view ``(N, C, *kernel, *positions)``."""
    positions = output_sizes(padded.shape[2:], kernel, stride, ((0, 0),) * len(kernel), dilation)
    outer, spatial = padded.strides[:2], padded.strides[2:]
    inside = tuple(step * d for step, d in zip(spatial, dilation, strict=True))
    across = tuple(step * s for step, s in zip(spatial, stride, strict=True))
    return np.lib.stride_tricks.as_strided(
        padded,
        (*padded.shape[:2], *kernel, *positions),
        (*outer, *inside, *across),
        writeable=False,
    )


def unfold(x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Array:
    padded = pad_windows(x, padding, 0)
    return np.ascontiguousarray(window_view(padded, kernel, stride, dilation))


def fold(
    columns: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    positions = columns.shape[2 + len(kernel) :]
    padded_shape = [n + sum(p) for n, p in zip(shape[2:], padding, strict=True)]
    out = np.zeros((*shape[:2], *padded_shape), columns.dtype)
    everything = (slice(None), slice(None))
    for place, where in offsets(kernel, stride, dilation, positions):
        out[(*everything, *where)] += columns[(*everything, *place)]
    return out[(*everything, *_inside(shape, padding))]


def _inside(shape: Ints, padding: Pairs) -> tuple[slice, ...]:
    """Where a picture of ``shape (N, C, *spatial)`` lies within its padding."""
    return tuple(slice(p[0], p[0] + n) for n, p in zip(shape[2:], padding, strict=True))


def conv(x: Array, w: Array, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int) -> Array:
    kernel = w.shape[2:]
    last = channels_last(x, w.shape[1], kernel)
    matrices = _matrices(w, groups, last=last)
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    if last:
        out = empty((x.shape[0], *positions, w.shape[0]), x.dtype)
        for some, columns in _cut(x, kernel, stride, padding, dilation, groups, last=True):
            np.matmul(columns, matrices, out=_grouped(out[some], groups))
        return channels_second(out)
    out = empty((x.shape[0], groups, matrices.shape[1], math.prod(positions)), x.dtype)
    for some, columns in _cut(x, kernel, stride, padding, dilation, groups, last=False):
        np.matmul(matrices, columns, out=out[some])
    return out.reshape(x.shape[0], w.shape[0], *positions)


def conv_input(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    kernel = w.shape[2:]
    around = [
        (d * (k - 1) - before, d * (k - 1) - after)
        for d, k, (before, after) in zip(dilation, kernel, padding, strict=True)
    ]
    if folds(w, groups) or math.prod(stride) > 1 or min(map(min, around)) < 0:
        return _folded_products(
            g, w, shape=shape, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
    # Each entry meets the outputs around it, through the kernel turned round.
    turned = _split(w, groups).swapaxes(1, 2).reshape(shape[1], w.shape[0] // groups, *kernel)
    turned = np.flip(turned, tuple(range(2, turned.ndim)))
    return conv(g, turned, stride=stride, padding=around, dilation=dilation, groups=groups)


def _folded_products(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    """The input gradient by its definition: windows of products, added up where they overlap.

    Pictures are turned to ``(C, *spatial, N)``, so that what is added lies in long runs.
    """
    kernel, positions = w.shape[2:], g.shape[2:]
    matrices = _matrices(w, groups, last=False).swapaxes(1, 2)
    out = empty(shape, g.dtype)
    # Products are read once, in order: twice as many may be made at a time as windows are cut.
    entries = shape[1] * math.prod((*kernel, *positions)) // 2
    for some in _a_few(shape[0], entries, g.dtype):
        upstream = np.ascontiguousarray(g[some].transpose(*range(1, g.ndim), 0))
        pictures = upstream.shape[-1]
        columns = np.matmul(matrices, upstream.reshape(groups, matrices.shape[2], -1))
        columns = columns.reshape(shape[1], *kernel, *positions, pictures)
        sizes = (n + sum(p) for n, p in zip(shape[2:], padding, strict=True))
        padded = np.zeros((shape[1], *sizes, pictures), g.dtype)
        for place, where in offsets(kernel, stride, dilation, positions):
            padded[(slice(None), *where)] += columns[(slice(None), *place)]
        inside = padded[(slice(None), *_inside(shape, padding))]
        out[some] = inside.transpose(inside.ndim - 1, *range(inside.ndim - 1))
    return out


def conv_weight(
    x: Array, g: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    depth, outputs = x.shape[1] // groups, g.shape[1] // groups
    last = channels_last(x, depth, kernel)
    total = np.zeros((groups, depth * math.prod(kernel), outputs), x.dtype)
    for some, columns in _cut(x, kernel, stride, padding, dilation, groups, last=last):
        if last:
            upstream = _grouped(np.ascontiguousarray(channels_back(g[some])), groups)
            total += np.matmul(columns.swapaxes(1, 2), upstream)
        else:
            upstream = g[some].reshape(len(columns), groups, outputs, columns.shape[3])
            total += np.matmul(columns, upstream.swapaxes(2, 3)).sum(axis=0)
    if last:
        rows = np.moveaxis(total.reshape(groups, *kernel, depth, outputs), (-1, -2), (1, 2))
    else:
        rows = total.swapaxes(1, 2)
    return rows.reshape(g.shape[1], depth, *kernel)


# --- windows of a few pictures at a time ---------------------------------------------------------


def channels_last(x: Array, depth: int, kernel: Ints) -> bool:
    """Whether windows with ``depth`` channels are cut channels last: by the length of a run.

    Windows of one place need no cutting if they lie in memory as they are multiplied.
    """
    if math.prod(kernel) == 1:
        return bool(x.strides[1] == x.itemsize)
    return bool(depth * kernel[-1] >= SHORTEST_RUN)


def folds(w: Array, groups: int) -> bool:
    """Whether few inputs have many outputs: the windows of inputs are then the smaller ones."""
    return bool(math.prod(w.shape[2:]) > 1 and 2 * w.shape[1] < w.shape[0] // groups)


def _cut(
    x: Array,
    kernel: Ints,
    stride: Ints,
    padding: Pairs,
    dilation: Ints,
    groups: int,
    *,
    last: bool,
) -> Iterator[tuple[slice, Array]]:
    """The windows of a few pictures at a time, as matrices.

    With channels last they are ``(groups, pictures * positions, kernel * C/groups)``, else
    ``(pictures, groups, C/groups * kernel, positions)``.
    """
    pictures, channels = x.shape[:2]
    depth, dims = channels // groups, len(kernel)
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    count, places = math.prod(positions), depth * math.prod(kernel)
    padded = any(map(any, padding))
    in_order = x.strides[1 if last else -1] == x.itemsize
    if math.prod(kernel) == math.prod(stride) == 1 and not padded and in_order:
        whole = _grouped(channels_back(x), groups) if last else x.reshape(-1, groups, depth, count)
        yield slice(None), whole
        return
    parts = list(_a_few(pictures, channels * math.prod(kernel) * count, x.dtype))
    most = parts[0].stop if parts else 0
    buffer = empty((most * groups * count * places,), x.dtype)
    room = _room(x, most, padding, last)
    for some in parts:
        block = x[some]
        if padded or not in_order:
            room[(slice(len(block)), slice(None), *_inside(x.shape, padding))] = block
            block = room[: len(block)]
        windows = window_view(block, kernel, stride, dilation)
        windows = windows.reshape(len(block), groups, depth, *windows.shape[2:])
        shape: Ints = (len(block), groups, places, count)
        if last:
            windows = windows.transpose(
                1, 0, *range(3 + dims, 3 + 2 * dims), *range(3, 3 + dims), 2
            )
            shape = (groups, len(block) * count, places)
        columns = buffer[: windows.size]
        np.copyto(columns.reshape(windows.shape), windows)
        yield some, columns.reshape(shape)


def _room(x: Array, pictures: int, padding: Pairs, last: bool) -> Array:
    """Zeros for some padded pictures of ``x``, with their channels last in memory or not."""
    sizes = [n + sum(p) for n, p in zip(x.shape[2:], padding, strict=True)]
    if last:
        return channels_second(np.zeros((pictures, *sizes, x.shape[1]), x.dtype))
    return np.zeros((pictures, x.shape[1], *sizes), x.dtype)


def _a_few(pictures: int, entries: int, dtype: np.dtype[np.generic]) -> Iterator[slice]:
    """As many pictures at a time as the buffer holds, with so many ``entries`` of windows each."""
    step = max(1, BUFFER_BYTES // max(1, entries * dtype.itemsize))
    for start in range(0, pictures, step):
        yield slice(start, min(start + step, pictures))


def _split(w: Array, groups: int) -> Array:
    """Weights as ``(groups, O/groups, C/groups, *kernel)``."""
    return w.reshape(groups, w.shape[0] // groups, *w.shape[1:])


def _matrices(w: Array, groups: int, *, last: bool) -> Array:
    """Weights as matrices of the groups: ``(places, O/groups)`` if channels are last, or turned."""
    split = _split(w, groups)
    places = math.prod(w.shape[1:])
    if last:
        turned = split.transpose(0, *range(3, split.ndim), 2, 1)
        return turned.reshape(groups, places, w.shape[0] // groups)
    return split.reshape(groups, w.shape[0] // groups, places)


def channels_second(x: Array) -> Array:
    """``(N, *spatial, C)`` seen as ``(N, C, *spatial)``."""
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def channels_back(x: Array) -> Array:
    """``(N, C, *spatial)`` seen as ``(N, *spatial, C)``."""
    return x.transpose(0, *range(2, x.ndim), 1)


def _grouped(entries: Array, groups: int) -> Array:
    """``(N, *positions, C)`` as ``(groups, N * positions, C/groups)``, a view if it can be."""
    channels = entries.shape[-1]
    rows = entries.reshape(math.prod(entries.shape[:-1]), groups, channels // groups)
    return rows.swapaxes(0, 1)


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (pad, unfold, fold, conv, conv_input, conv_weight)
}
