"""The memory of a GPU: how much is used, and what to do when there is no more.

CuPy keeps freed memory in a pool, from which the next arrays are made without asking the driver.
May import ``protocol``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minitorch_backends.protocol import OutOfDeviceMemory

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class MemoryUse:
    """Bytes on a device: in arrays, kept by the pool, its limit, free and total of the device."""

    used: int
    """In arrays that are alive."""
    kept: int
    """Taken from the device: what is used, and what is kept for the next arrays."""
    limit: int | None
    """What this process may take; None without a limit."""
    free: int
    """What the device could still give to any process."""
    total: int
    """What the device has."""


def memory_use() -> MemoryUse:
    """The numbers of the current device."""
    import cupy

    pool = cupy.get_default_memory_pool()
    free, total = cupy.cuda.runtime.memGetInfo()
    limit = pool.get_limit() or None
    return MemoryUse(pool.used_bytes(), pool.total_bytes(), limit, free, total)


def out_of_memory(error: Exception) -> OutOfDeviceMemory:
    """CuPy's error with the state of the device and what helps."""
    try:
        use = memory_use()
    except Exception:  # a device so full that it cannot even be asked
        state = ""
    else:
        limit = "" if use.limit is None else f" (limit {use.limit // MEBIBYTE} MiB)"
        state = (
            f" This process holds {use.used // MEBIBYTE} MiB in arrays and keeps "
            f"{use.kept // MEBIBYTE} MiB{limit}; {use.free // MEBIBYTE} of "
            f"{use.total // MEBIBYTE} MiB of the device are free."
        )
    cause = str(error).rstrip(".")
    return OutOfDeviceMemory(
        f"backend 'cupy': the memory of the GPU is full ({cause}).{state} Use smaller batches or "
        "mt.checkpoint, run what needs no gradient under mt.no_grad(), drop tensors that are no "
        "longer needed (a kept loss keeps its whole graph), or end other programs on this GPU"
    )


def allocator_with_advice() -> None:
    """Let CuPy's allocator, whichever is set, speak our error when memory is out."""
    import cupy

    allocate: Callable[[int], Any] = cupy.cuda.get_allocator()
    out: type[Exception] = cupy.cuda.memory.OutOfMemoryError

    def allocate_or_advise(size: int) -> Any:
        try:
            return allocate(size)
        except out as error:
            raise out_of_memory(error) from error

    cupy.cuda.set_allocator(allocate_or_advise)
