"""One peer in a process of its own: does what it is told, one line of JSON at a time.

``python -m benchmarks.worker PEER``. Orders are ``{"do": "prepare" | "turn" | "memory", ...}``;
answers are one line each, ``{"answer": ...}`` or ``{"error": ...}``. What peers print goes to the
error stream.
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

import numpy as np

from benchmarks import roofline
from benchmarks.works import Work

RUNS = 3
"""How many first results are compared, and steps are made until memory has peaked."""
PAUSE = 0.02
"""Seconds before a turn, in which threads of the one before stop looking for work."""


class Worker:
    """The works a peer has built."""

    def __init__(self, peer: str) -> None:
        self.name = peer
        self.steps: dict[str, Any] = {}

    @property
    def peer(self) -> Any:
        """Its module, imported when first asked for, so that a failure is an answer."""
        return importlib.import_module(f"benchmarks.peers.{self.name}")

    def version(self) -> str:
        """The peer's version."""
        return str(self.peer.version())

    def prepare(self, work: dict[str, Any]) -> list[float]:
        """Build a work, and the sizes of its first results, which warm the peer up as well."""
        built = _work(work)
        self.steps[built.name] = step = self.peer.build(built)
        return [float(np.abs(np.asarray(step())).sum()) for _ in range(RUNS)]

    def turn(self, name: str, seconds: float) -> list[float]:
        """Seconds of every run within a turn; the first, which finds cold caches, is left out."""
        step, times = self.steps[name], []
        time.sleep(PAUSE)
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
        for _ in range(RUNS):
            step()
        return _resident("VmHWM") - before

    def limits(self, threads: int) -> tuple[float, float]:
        """Floating-point operations and bytes copied, per second, with this process's NumPy."""
        measured = roofline.measure(threads)
        return measured.flops, measured.bandwidth


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
    """Answer until the orders end."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = {"answer": getattr(worker, order.pop("do"))(**order)}
        except Exception as error:  # whatever a framework raises is what it answers
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
