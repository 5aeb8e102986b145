"""CuPy kernels of indexing by arrays and of scattered addition.

To add up, indices are sorted, and each result adds up its own run. No atomic additions, and nothing
that the host must know: equal inputs give equal bits, and no step waits. Indices out of range have
been refused before: here they wrap.

Same names, signatures and meaning as in ``select.py`` one floor up; may import the files beside it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from minitorch_backends.cupy.launch import Elementwise, empty
from minitorch_backends.protocol import Array, Kernel

run_sums = Elementwise(
    "index_add",
    "raw T values, raw I order, raw J ordered, int64 count, int64 width",
    "T total",
    """
ptrdiff_t row = i / width, column = i % width;
ptrdiff_t low = 0, high = count;
while (low < high) {
    ptrdiff_t middle = low + (high - low) / 2;
    if ((ptrdiff_t)ordered[middle] < row) low = middle + 1; else high = middle;
}
typename Wider<T>::type sum = 0;
for (; low < count && (ptrdiff_t)ordered[low] == row; ++low)
    sum += values[order[low] * width + column];
total = sum;
""",
)


def index_add(values: Array, *, index: Array, size: int) -> Array:
    import cupy

    out = empty((size, *values.shape[1:]), values)
    if values.size == 0:
        out.fill(0)
        return out
    order = cupy.argsort(index, kind="stable")
    width = math.prod(values.shape[1:])
    return run_sums(values, order, cupy.take(index, order), len(index), width, out)


def place(g: Array, *, index: Array, shape: Sequence[int]) -> Array:
    import cupy

    rows, cells = math.prod(shape[:2]), math.prod(shape[2:])
    first = cupy.arange(rows, dtype="int64") * cells
    flat = index.reshape(rows, math.prod(index.shape[2:])) + first[:, None]
    return index_add(g.reshape(-1), index=flat.reshape(-1), size=rows * cells).reshape(tuple(shape))


def select(x: Array, *, key: tuple[Any, ...]) -> Array:
    return x[_clipped(key)]


def select_back(g: Array, *, key: tuple[Any, ...], shape: Sequence[int]) -> Array:
    import cupy

    size = math.prod(shape)
    cells = cupy.arange(size, dtype="int64").reshape(tuple(shape))[_clipped(key)]
    return index_add(g.reshape(-1), index=cells.reshape(-1), size=size).reshape(tuple(shape))


def _clipped(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """``key`` with bounds and steps of slices clipped to what a C integer holds, as NumPy does."""

    def clip(value: int | None) -> int | None:
        return None if value is None else max(-sys.maxsize, min(value, sys.maxsize))

    return tuple(
        slice(clip(part.start), clip(part.stop), clip(part.step)) if type(part) is slice else part
        for part in key
    )


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (index_add, place, select, select_back)}
