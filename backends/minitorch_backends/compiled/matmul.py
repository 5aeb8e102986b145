"""The compiled kernel of matrix products.

NumPy's own product has threads of its own, which go on waiting for work where the threads of the
compiled kernels want to run. So products that are worth two threads are computed here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.compiled.jit import compiled, parallel, shares
from minitorch_backends.compiled.tiles import six_outputs, two_outputs
from minitorch_backends.compiled.vector import REGISTER_BYTES, WIDE, copy, lanes
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel

WORTH = 1 << 18
"""From so many products of numbers on, NumPy would call its threads."""
LINKS = 128
"""So many lines of a panel are multiplied in one go, which stay in the nearest cache."""


@compiled
def _pack(b: Any, by_columns: bool, first: int, at: int, width: int, panel: Any) -> None:
    """Columns from ``at`` on, links from ``first`` on, side by side: ``panel (links, width)``."""
    if not by_columns:
        for k in range(panel.shape[0]):
            copy(b[first + k], at, panel[k], 0, width)
        return
    for begin in range(0, panel.shape[0], 16):  # few lines at a time, which stay in the cache
        end = min(begin + 16, panel.shape[0])
        for column in range(width):
            line = b[at + column, first:]
            for k in range(begin, end):
                panel[k, column] = line[k]


@compiled
def _product(a: Any, a_by_columns: bool, b: Any, b_by_columns: bool, part: Any, out: Any) -> None:
    """Some rows and columns of ``a @ b``: ``part`` is (first, last row, first, last panel).

    The last tile of rows may do again what the one before it did.
    """
    width = lanes(b, WIDE)
    links = a.shape[0 if a_by_columns else 1]
    rows = part[1] - part[0]
    step = 6 if rows >= 6 else 2
    panel, shifts = np.zeros((LINKS, width), b.dtype), np.arange(LINKS) * width
    sums = np.empty((rows + step, width), b.dtype)
    for number in range(part[2], part[3]):
        at = number * width
        present = min(width, out.shape[1] - at)
        for first in range(0, links, LINKS):
            count = min(LINKS, links - first)
            _pack(b, b_by_columns, first, at, present, panel[:count])
            for tile in range(0, rows, step):
                row = part[0] + min(tile, rows - step)
                if a_by_columns:
                    weights = a[first : first + count, row : row + step]
                else:
                    weights = a[row : row + step, first : first + count].T
                if step == 6:
                    six_outputs(
                        weights, panel.reshape(-1), shifts[:count], 0, sums[tile:], first > 0
                    )
                else:
                    two_outputs(
                        weights, panel.reshape(-1), shifts[:count], 0, sums[tile:], first > 0
                    )
        for tile in range(0, rows, step):
            row = part[0] + min(tile, rows - step)
            for i in range(step):
                copy(sums[tile + i], 0, out[row + i], at, present)


@parallel
def _product_in_parts(
    a: Any, a_by_columns: bool, b: Any, b_by_columns: bool, parts: Any, out: Any
) -> None:
    for number in prange(len(parts)):
        _product(a, a_by_columns, b, b_by_columns, parts[number], out)


def _by_lines(matrix: Array) -> tuple[Array, bool]:
    """A matrix whose rows are lines of memory, and whether these are the columns of the given."""
    if matrix.flags.f_contiguous and not matrix.flags.c_contiguous:
        return matrix.T, True
    return np.ascontiguousarray(matrix), False


def matmul(a: Array, b: Array) -> Array:
    """``a @ b`` of two matrices; NumPy's for what is small."""
    if a.ndim > 2 or b.ndim > 2:
        return a @ b
    rows, links, columns = *a.shape, b.shape[1]
    if rows < 2 or rows * links * columns < WORTH:
        return a @ b
    out = empty((rows, columns), a.dtype)
    width = WIDE * REGISTER_BYTES // a.itemsize
    parts = shares((rows, 2), (-(-columns // width), 1))
    _product_in_parts(*_by_lines(a), *_by_lines(b), parts, out)
    return out


KERNELS: dict[str, Kernel] = {"matmul": matmul}
