"""How the benchmarks measure: functions take turns, and the fastest call of each counts.

On a busy machine single figures say little; ratios between functions that took turns can be
trusted.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def fastest(*functions: Callable[[], object], runs: int = 9) -> list[float]:
    """Seconds of the fastest of ``runs`` calls of each function."""
    best = [float("inf")] * len(functions)
    for _ in range(runs):
        for number, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[number] = min(best[number], time.perf_counter() - start)
    return best
