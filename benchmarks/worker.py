"""One peer in a process of its own: does what it is told, one line of JSON at a time.

``python -m benchmarks.worker PEER``. Orders are ``{"do": "prepare" | "turn" | "memory", ...}``;
answers are one line each. What peers print goes to the error stream.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.works import Work

LOSSES = 3
"""How many first losses are compared."""


class Worker:
    """The works a peer has built."""

    def __init__(self, peer: str) -> None:
        self.peer = importlib.import_module(f"benchmarks.peers.{peer}")
        self.steps: dict[str, Any] = {}

    def version(self) -> str:
        return str(self.peer.version())

    def prepare(self, work: dict[str, Any]) -> list[float | None]:
        """Build a work, and its first losses; they warm the peer up as well."""
        built = _work(work)
        self.steps[built.name] = step = self.peer.build(built)
        return [step() for _ in range(LOSSES)]

    def turn(self, name: str, seconds: float) -> list[float]:
        """Seconds of every run within a turn; the first, which finds cold caches, is left out."""
        step, times = self.steps[name], []
        step()
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        return times

    def memory(self, work: dict[str, Any]) -> int:
        """Bytes of resident memory that steps take beyond what was there when the net was built.

        A step of a batch of two comes first: code that is loaded or compiled then is not the
        step's memory.
        """
        self.peer.build(replace(_work(work), batch=2))()
        step = self.peer.build(_work(work))
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _resident("VmRSS")
        for _ in range(LOSSES):
            step()
        return _resident("VmHWM") - before


def _work(given: dict[str, Any]) -> Work:
    tuples = {key: given[key] for key in ("layers", "shape", "targets")}
    return replace(
        Work(**{**given, **{key: tuple(value) for key, value in tuples.items()}}),
        layers=tuple(map(tuple, given["layers"])),
    )


def _resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        order = json.loads(line)
        answer = getattr(worker, order.pop("do"))(**order)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
