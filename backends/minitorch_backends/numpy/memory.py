"""Memory for results that is kept and used again.

The operating system hands out fresh memory page by page, at the first touch of each, which takes
longer than most kernels need to fill it. So large buffers are kept, and one that no array refers to
any more serves the next result of about its size. May import NumPy only.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

Buffer = np.ndarray[Any, np.dtype[np.uint8]]

SMALL = 1 << 16
"""Below so many bytes memory is had fast enough."""
KEPT = 1 << 30
"""At most so many bytes are kept for each thread; beyond, memory is had and given back as usual."""


def _references_when_free() -> int:
    """How many references to a buffer are counted where only the pool's list holds it."""
    for buffer in [np.empty(0, np.uint8)]:
        count = sys.getrefcount(buffer)
    return count


_FREE = _references_when_free()
_COUNTS = getattr(sys, "_is_gil_enabled", lambda: True)()
"""Without Python's global lock references are not counted at once, and nothing is kept."""


class _Pool(threading.local):
    """The buffers of one thread by their size."""

    def __init__(self) -> None:
        self.buffers: dict[int, list[Buffer]] = {}
        self.kept = 0

    def take(self, size: int) -> Buffer:
        """A buffer of ``size`` bytes that no array uses."""
        same = self.buffers.setdefault(size, [])
        for buffer in same:
            if sys.getrefcount(buffer) == _FREE:
                return buffer
        if self.kept + size > KEPT:
            self.release()
        buffer = np.empty(size, np.uint8)
        if self.kept + size <= KEPT:
            self.buffers.setdefault(size, []).append(buffer)
            self.kept += size
        return buffer

    def release(self) -> None:
        """Give back what no array uses."""
        kept: dict[int, list[Buffer]] = {}
        self.kept = 0
        for size, buffers in self.buffers.items():
            used = [buffer for buffer in buffers if sys.getrefcount(buffer) > _FREE]
            if used:
                kept[size] = used
                self.kept += size * len(used)
        self.buffers = kept


_pool = _Pool()
release = _pool.release


def empty(shape: Sequence[int], dtype: Any) -> Any:
    """As :func:`numpy.empty`, in memory that was used before where there is some.

    Of the calling thread, that is; which thread lets go of the result does not matter.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size < SMALL or not _COUNTS:
        return np.empty(shape, dtype)
    # Sizes are rounded up by an eighth at most, so that batches of about one size share.
    step = 1 << max(size.bit_length() - 4, 12)
    return np.ndarray(shape, dtype, _pool.take(-(-size // step) * step))


def empty_like(array: Any, shape: Sequence[int] | None = None) -> Any:
    """As :func:`numpy.empty_like`, in the same order, in memory that was used before."""
    shape = array.shape if shape is None else shape
    if array.flags.c_contiguous:
        return empty(shape, array.dtype)
    axes = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    outer_first = empty([shape[axis] for axis in axes], array.dtype)
    return outer_first.transpose(sorted(range(array.ndim), key=axes.__getitem__))
