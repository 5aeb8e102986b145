"""Adaptive pooling: pictures of any size divided into a given number of bins along each axis.

Bin ``i`` of ``n`` along an axis of size ``s`` reaches from ``floor(i s / n)`` to
``ceil((i + 1) s / n)``, as in PyTorch: together the bins cover the axis, and neighbours may share
an entry where ``n`` does not divide ``s``. A bin of a picture is a product of one interval for each
axis, so the axes are reduced one after the other. May import ``indexing``, ``reduce`` and what
lies below them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of, namespace
from minitorch_cnn.ops.arguments import constant, raw
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import take, take_along_axis
from minitorch_cnn.ops.reduce import argmax, mean
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import broadcast_to, reshape, squeeze

HostArray = np.ndarray[Any, Any]


def _bins(size: int, count: int) -> tuple[HostArray, HostArray]:
    """The entries of each bin, ``(count, longest)``, and which of them are its own.

    Bins that are shorter than the longest repeat their last entry.
    """
    number = np.arange(count)
    first = number * size // count
    end = -((number + 1) * -size // count)
    entries = first[:, None] + np.arange(np.max(end - first, initial=1))
    return np.minimum(entries, end[:, None] - 1), entries < end[:, None]


def average_bins(x: Any, axis: int, count: int) -> Any:
    """Mean of each of ``count`` bins along ``axis``."""
    shape = raw(x).shape
    before, size, after = shape[:axis], shape[axis], shape[axis + 1 :]
    if count and size % count == 0:
        return mean(reshape(x, (*before, count, size // count, *after)), axis=axis + 1)
    index, own = _bins(size, count)
    home = backend_of(raw(x))
    wide = (1,) * len(after)
    mask = home.asarray(own.reshape(*own.shape, *wide), copy=False)
    lengths = home.asarray(own.sum(axis=1).reshape(count, *wide), copy=False)
    entries = where(constant(mask, x), take(x, index, axis=axis), 0.0)
    return total(entries, axis=axis + 1) / constant(home.xp.astype(lengths, raw(x).dtype), x)


def largest_in_bins(x: Any, counts: tuple[int, ...]) -> Any:
    """Raw flat index ``(N, C, *counts)`` of the largest entry of each bin of ``x``.

    Of equal entries the first in row-major order counts: within a row the first column, then the
    first row. NaN is larger than every number.
    """
    best = raw(x)
    sizes = tuple(best.shape[2:])
    xp = namespace(best)
    cells = xp.arange(math.prod(sizes), dtype=xp.int64, device=best.device)
    cells = xp.reshape(cells, (1, 1, *sizes))
    for axis, count in reversed([*enumerate(counts, start=2)]):
        index, _ = _bins(sizes[axis - 2], count)
        entries = take(best, index, axis=axis)
        places = broadcast_to(take(cells, index, axis=axis), entries.shape)
        first = argmax(entries, axis=axis + 1, keepdims=True)
        best, cells = (
            squeeze(take_along_axis(values, first, axis=axis + 1), axis + 1)
            for values in (entries, places)
        )
    return cells
