"""Batches on their way up: through two pinned buffers in turn, on a stream of their own.

The copy of the next batch runs beside the computation on this one. Nobody has to wait but streams
for streams:

* the copying stream waits for what was queued before the upload, since the pool may have taken the
  memory of the new arrays from there;
* the computing stream waits for the copies when a batch arrives (:meth:`Upload.arrive`), and from
  then on the arrays are like all others;
* arrays that never arrive (an epoch given up) are held until their copy is known to have ended, so
  that the pool gives their memory to nobody else before;
* the host writes into a buffer once the copy from it has ended; with two, that is long ago.

May import nothing of the house but ``protocol``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from threading import Lock
from typing import Any

import numpy as np

from minitorch_backends.protocol import Array

BUFFERS = 2
ALIGNMENT = 64
"""Of arrays in a buffer, in bytes; a cache line."""


class Upload:
    """Arrays on their way; see :class:`minitorch_backends.protocol.Upload`."""

    def __init__(self, buffer: _Buffer, arrays: list[Array]) -> None:
        self._buffer = buffer
        self._arrays = arrays

    def arrive(self) -> list[Array]:
        self._buffer.await_copies(self._arrays)
        return self._arrays


class Uploader:
    """The buffers and the stream of one device, to be used while that device is current."""

    def __init__(self) -> None:
        import cupy

        self._stream: Any = cupy.cuda.Stream(non_blocking=True)
        self._buffers = [_Buffer() for _ in range(BUFFERS)]
        self._lock = Lock()

    def send(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Upload:
        """Begin to copy host arrays to new arrays of the current device."""
        with self._lock:
            buffer = self._buffers.pop(0)
            self._buffers.append(buffer)
            return Upload(buffer, buffer.send(arrays, self._stream))


class _Buffer:
    """Pinned memory that grows as needed, and the arrays that are being filled from it."""

    def __init__(self) -> None:
        import cupy

        self._memory: Any = None
        self._filling: list[Array] = []
        self._queued_before = cupy.cuda.Event(disable_timing=True)
        self._copied = cupy.cuda.Event(disable_timing=True)

    def send(self, arrays: Sequence[np.ndarray[Any, Any]], stream: Any) -> list[Array]:
        import cupy

        if not self._copied.done:
            self._copied.synchronize()
        self._filling = [cupy.empty(array.shape, array.dtype) for array in arrays]
        self._queued_before.record()
        stream.wait_event(self._queued_before)
        for array, host in zip(self._filling, self._places(arrays), strict=True):
            if array.size:
                array.set(host, stream)
        self._copied.record(stream)
        return self._filling

    def _places(self, arrays: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        """The arrays again, in this buffer one behind the other."""
        import cupy

        sizes = [-(-array.nbytes // ALIGNMENT) * ALIGNMENT for array in arrays]
        *starts, total = accumulate(sizes, initial=0)
        if self._memory is None or self._memory.mem.size < total:
            self._memory = cupy.cuda.alloc_pinned_memory(max(total, ALIGNMENT))
        bytes_of_buffer = np.frombuffer(self._memory, np.uint8)
        places = []
        for array, start in zip(arrays, starts, strict=True):
            place = bytes_of_buffer[start : start + array.nbytes].view(array.dtype)
            places.append(place.reshape(array.shape))
            places[-1][...] = array
        return places

    def await_copies(self, arrays: list[Array]) -> None:
        """Let the current stream wait until ``arrays`` are filled (or later ones, behind them)."""
        import cupy

        cupy.cuda.get_current_stream().wait_event(self._copied)
        if self._filling is arrays:
            self._filling = []
