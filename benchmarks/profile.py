"""Where the time of a step goes: operations, forward and back, and what is left for Python.

Primitives are timed from outside, so that the engine itself knows nothing of being watched.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.peers.minitorch import build
from benchmarks.works import Work
from minitorch_cnn.primitive import PRIMITIVES

RUNS = 30


def profile(work: Work) -> None:
    """Print the share of every operation in a step."""
    step = build(work)
    for _ in range(5):
        step()
    start = time.perf_counter()
    for _ in range(RUNS):
        step()
    unwatched = (time.perf_counter() - start) / RUNS
    spent: dict[tuple[str, str], list[float]] = defaultdict(list)
    for name, primitive in PRIMITIVES.items():
        primitive.compute = _timed(primitive.compute, spent[name, "forward"])
        # A rule may call other primitives on raw arrays; what these take is theirs.
        object.__setattr__(primitive, "pull", _timed(primitive.pull, spent[name, "back"]))
    start = time.perf_counter()
    for _ in range(RUNS):
        step()
    watched = (time.perf_counter() - start) / RUNS
    print(f"{work.title}: {unwatched * 1e3:.3f} ms a step, {watched * 1e3:.3f} ms when watched")
    print("operation              direction   calls        ms   share")
    rows = sorted(spent.items(), key=lambda row: -sum(row[1]))
    for (name, direction), times in rows:
        if times:
            seconds = sum(times) / RUNS
            print(
                f"{name:22} {direction:9} {len(times) / RUNS:7.1f} {seconds * 1e3:9.3f}"
                f" {seconds / watched:7.1%}"
            )
    rest = watched - sum(map(sum, spent.values())) / RUNS
    print(f"{'everything else':22} {'':9} {'':7} {rest * 1e3:9.3f} {rest / watched:7.1%}")


_inside = [0.0]
"""Time that inner operations took, which is not their caller's."""


def _timed(function: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def timed(*args: Any, **params: Any) -> Any:
        outer, _inside[0] = _inside[0], 0.0
        start = time.perf_counter()
        try:
            return function(*args, **params)
        finally:
            whole = time.perf_counter() - start
            times.append(whole - _inside[0])
            _inside[0] = outer + whole

    return timed
