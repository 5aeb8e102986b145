"""How long something takes: on the device between two events, on any backend by the clock.

Times of an emulated device are those of this CPU; who shows a time must say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from minitorch_backends.protocol import Backend


def milliseconds(work: Callable[[], Any], repeat: int = 10) -> float:
    """The shortest time that the current CuPy device needs for ``work``, after one call unseen."""
    import cupy

    work()
    start, end = cupy.cuda.Event(), cupy.cuda.Event()
    best = float("inf")
    for _ in range(repeat):
        start.record()
        work()
        end.record()
        end.synchronize()
        best = min(best, cupy.cuda.get_elapsed_time(start, end))
    return float(best)


def wall_milliseconds(work: Callable[[], Any], home: Backend, at_least: float = 0.2) -> float:
    """The shortest time by the clock until ``work`` is done, of calls that fill ``at_least`` s."""
    work()
    home.synchronize()
    best, begin = float("inf"), time.perf_counter()
    while True:
        start = time.perf_counter()
        work()
        home.synchronize()
        end = time.perf_counter()
        best = min(best, end - start)
        if end - begin >= at_least:
            return best * 1e3
