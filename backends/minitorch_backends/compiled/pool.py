"""Compiled kernels of pooling: each window by a table of its cells.

Same names, signatures and meaning as in ``portable.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.compiled.jit import compiled, compiled_sums, parallel, reading
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, offsets, output_sizes

Ints = Sequence[int]


@lru_cache(maxsize=256)
def _windows(
    sizes: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[tuple[int, ...], Array]:
    """Positions, and the cells of their windows, ``(positions, places)``; -1 in the padding."""
    positions = output_sizes(sizes, kernel, stride, padding, dilation)
    cells = np.arange(math.prod(sizes), dtype=np.int64).reshape(sizes)
    cells = np.pad(cells, padding, constant_values=-1)
    places = [cells[where] for _, where in offsets(kernel, stride, dilation, positions)]
    return positions, np.stack(places, axis=-1).reshape(math.prod(positions), len(places))


def _rows(x: Array) -> tuple[int, int]:
    """The shape of ``(N, C, *spatial)`` as ``(N * C, cells)``."""
    return math.prod(x.shape[:2]), math.prod(x.shape[2:])


@parallel
def _largest(x: Any, windows: Any, padded: bool, best: Any, index: Any) -> None:
    for row in prange(x.shape[0]):
        if padded or _any_nan(x[row]):
            _largest_real(x[row], windows, best[row], index[row])
        else:
            _largest_number(x[row], windows, best[row], index[row])


@parallel
def _largest_values(x: Any, windows: Any, padded: bool, best: Any) -> None:
    for row in prange(x.shape[0]):
        cells, largest = x[row], best[row]
        if padded or _any_nan(cells):
            _largest_real(cells, windows, largest, np.empty(largest.size, np.int64))
            continue
        for position in range(largest.size):
            value = cells[windows[position, 0]]
            for place in range(1, windows.shape[1]):
                value = max(cells[windows[position, place]], value)
            largest[position] = value


@compiled_sums
def _any_nan(cells: Any) -> bool:
    total = cells[0] * 0
    for i in range(cells.size):
        total += cells[i] * 0
    return bool(total != total)


@compiled
def _largest_number(cells: Any, windows: Any, best: Any, index: Any) -> None:
    """Among numbers only. A branch here would be foreseen wrongly every other time."""
    steps = windows[0] - windows[0, 0]
    for position in range(best.size):
        first = windows[position, 0]
        value, step = cells[first], steps[0]
        for place in range(1, steps.size):
            new = cells[first + steps[place]]
            keep = np.int64(new > value) - 1  # all bits set, or none
            step = (step & keep) | (steps[place] & ~keep)
            value = max(new, value)
        best[position], index[position] = value, first + step


@compiled
def _largest_real(cells: Any, windows: Any, best: Any, index: Any) -> None:
    """NaN wins over every number, and both over padding."""
    for position in range(best.size):
        found, value = -1, cells[0]
        for place in range(windows.shape[1]):
            cell = windows[position, place]
            if cell >= 0:
                new = cells[cell]
                if found < 0 or new > value or (new != new and value == value):
                    found, value = cell, new
        best[position], index[position] = value, found


@parallel
def _scatter(g: Any, index: Any, out: Any) -> None:
    for row in prange(g.shape[0]):
        upstream, cells, totals = g[row], index[row], out[row]
        totals[:] = g.dtype.type(0)
        for position in range(upstream.size):
            totals[cells[position]] += upstream[position]


@parallel
def _sums(x: Any, windows: Any, out: Any) -> None:
    for row in prange(x.shape[0]):
        for position in range(windows.shape[0]):
            total = x.dtype.type(0)
            for place in range(windows.shape[1]):
                cell = windows[position, place]
                if cell >= 0:
                    total += x[row, cell]
            out[row, position] = total


@parallel
def _spread(g: Any, windows: Any, out: Any) -> None:
    for row in prange(g.shape[0]):
        out[row, :] = g.dtype.type(0)
        for position in range(windows.shape[0]):
            for place in range(windows.shape[1]):
                cell = windows[position, place]
                if cell >= 0:
                    out[row, cell] += g[row, position]


def max_pool_values(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    positions, windows = _windows(x.shape[2:], kernel, stride, padding, dilation)
    best = empty((*x.shape[:2], *positions), x.dtype)
    padded = any(map(any, padding))
    _largest_values(x.size, reading(x, *_rows(x)), windows, padded, best.reshape(_rows(best)))
    return best


def max_pool(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Array, Array]:
    positions, windows = _windows(x.shape[2:], kernel, stride, padding, dilation)
    best = empty((*x.shape[:2], *positions), x.dtype)
    index = empty(best.shape, np.int64)
    padded = any(map(any, padding))
    rows = _rows(best)
    _largest(
        x.size, reading(x, *_rows(x)), windows, padded, best.reshape(rows), index.reshape(rows)
    )
    return best, index


def place(g: Array, *, index: Array, shape: Ints) -> Array:
    out = empty(shape, g.dtype)
    rows = _rows(g)
    _scatter(out.size, reading(g, *rows), reading(index, *rows), out.reshape(_rows(out)))
    return out


def max_pool_input(g: Array, *, index: Array, shape: Ints, **window: Any) -> Array:
    return place(g, index=index, shape=shape)


def sum_pool(x: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    positions, windows = _windows(x.shape[2:], kernel, stride, padding, (1,) * len(kernel))
    out = empty((*x.shape[:2], *positions), x.dtype)
    _sums(x.size, reading(x, *_rows(x)), windows, out.reshape(_rows(out)))
    return out


def sum_pool_input(g: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    _, windows = _windows(tuple(shape[2:]), kernel, stride, padding, (1,) * len(kernel))
    out = empty(shape, g.dtype)
    _spread(out.size, reading(g, *_rows(g)), windows, out.reshape(_rows(out)))
    return out


KERNELS: dict[str, Kernel] = {
    kernel.__name__: kernel
    for kernel in (max_pool_values, max_pool, place, max_pool_input, sum_pool, sum_pool_input)
}
