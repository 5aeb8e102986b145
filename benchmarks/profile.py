"""Where the time of a step goes: operations, forward and back, and what is left for Python.

Primitives are timed from outside, so that the engine itself knows nothing of being watched.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from benchmarks.peers.minitorch import build
from benchmarks.works import Work
from minitorch_cnn.optim import Optimizer
from minitorch_cnn.primitive import PRIMITIVES

Spent = dict[tuple[str, str], list[float]]
"""Operation and direction -> seconds of each call, without what inner operations took."""


def profile(work: Work, runs: int = 30) -> dict[str, Any]:
    """Time the operations of a step, and print the share of each."""
    step = build(work)
    for _ in range(5):
        step()
    unwatched = _seconds(step, runs)
    with watched() as spent:
        total = _seconds(step, runs)
    rows = [
        {"operation": name, "way": way, "calls": len(times) / runs, "seconds": sum(times) / runs}
        for (name, way), times in spent.items()
    ]
    rows.sort(key=lambda row: -row["seconds"])
    rest = total - sum(row["seconds"] for row in rows)
    rows.append({"operation": "everything else", "way": "", "calls": 0, "seconds": rest})
    print(f"{work.title}: {unwatched * 1e3:.3f} ms a step, {total * 1e3:.3f} ms when watched")
    print(f"{'operation':24} {'way':8} {'calls':>6} {'ms':>9} {'share':>7}")
    for row in rows:
        print(
            f"{row['operation']:24} {row['way']:8} {row['calls'] or '':>6} "
            f"{row['seconds'] * 1e3:9.3f} {row['seconds'] / total:7.1%}"
        )
    return {"title": work.title, "seconds": unwatched, "watched": total, "rows": rows}


def _seconds(step: Callable[[], object], runs: int) -> float:
    start = time.perf_counter()
    for _ in range(runs):
        step()
    return (time.perf_counter() - start) / runs


@contextmanager
def watched() -> Iterator[Spent]:
    """Inside, time every operation forward and back, and the steps of optimisers.

    A gradient rule may call other operations on raw arrays: these count by their own names, as part
    of the way back.
    """
    spent: Spent = defaultdict(list)
    inner = [0.0]
    going_back: list[bool] = []

    def timed(function: Callable[..., Any], name: str, way: str) -> Callable[..., Any]:
        def call(*args: Any, **params: Any) -> Any:
            outer, inner[0] = inner[0], 0.0
            going_back.append(way == "back" or any(going_back[-1:]))
            start = time.perf_counter()
            try:
                return function(*args, **params)
            finally:
                whole = time.perf_counter() - start
                spent[name, "back" if going_back.pop() else way].append(whole - inner[0])
                inner[0] = outer + whole

        return call

    with ExitStack() as stack:
        for name, primitive in PRIMITIVES.items():
            for attribute, way in (("compute", "forward"), ("pull", "back")):
                function = timed(getattr(primitive, attribute), name, way)
                stack.enter_context(mock.patch.object(primitive, attribute, function))
        update = timed(Optimizer.step, "optimiser", "step")
        # As a plain function it is bound to the optimiser it is looked up on.
        stack.enter_context(mock.patch.object(Optimizer, "step", update))
        yield spent
