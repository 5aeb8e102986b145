"""Peers take turns, each in a process of its own; ratios of turns that followed each other count.

What a busy or throttled machine does to one turn it does to its neighbours, so the ratio within a
round says more than either figure; a row is the median of the rounds' ratios, with their quartiles.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.works import Work

OURS = {"NumPy kernels": "numpy", "Numba kernels": "numba"}
"""This project runs once with each set of kernels."""
TOLERANCE = 2e-3
"""By so much of themselves the first losses of two peers may differ: rounding, and no more."""


class Peer:
    """A worker process and what it is called."""

    def __init__(self, title: str, module: str, threads: int, python: str, **settings: str) -> None:
        self.title = title
        threaded = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"),
            str(threads),
        )
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, **threaded, **settings},
        )

    def ask(self, do: str, **order: Any) -> Any:
        """The worker's answer.

        Raises
        ------
        RuntimeError
            If the worker has died: the peer is not installed, or cannot do this work.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError(f"{self.title} cannot {do} {order.get('work', {}).get('name', '')}")
        return json.loads(answer)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def start(names: Iterable[str], threads: int, pythons: Mapping[str, str]) -> dict[str, Peer]:
    """A worker for each peer that can be started; the others are named on the error stream."""
    peers = {}
    for name in names:
        variants = OURS if name == "minitorch" else {name: ""}
        for title, kernels in variants.items():
            settings = {"MINITORCH_KERNELS": kernels} if kernels == "numpy" else {}
            peer = Peer(title, name, threads, pythons.get(name, sys.executable), **settings)
            try:
                version = peer.ask("version")
            except RuntimeError:
                print(f"{title} cannot be started and is left out", file=sys.stderr)
                peer.close()
                continue
            print(f"{title}: {name} {version}", file=sys.stderr)
            peers[title] = peer
    return peers


def same_losses(losses: Mapping[str, Sequence[float | None]]) -> None:
    """Check that all peers compute the same net.

    Raises
    ------
    ValueError
        If first losses differ by more than rounding.
    """
    (first, expected), *others = losses.items()
    for title, found in others:
        for a, b in zip(expected, found, strict=True):
            if a is not None and b is not None and not abs(a - b) <= TOLERANCE * abs(a):
                raise ValueError(f"{title} computes other losses than {first}: {found}, {expected}")


def take_turns(
    peers: Mapping[str, Peer], work: Work, rounds: int, seconds: float
) -> dict[str, list[float]]:
    """Median seconds of each peer's turn in every round; a peer that cannot is left out."""
    ready, losses = {}, {}
    for title, peer in peers.items():
        try:
            losses[title] = peer.ask("prepare", work=asdict(work))
            ready[title] = peer
        except RuntimeError as error:
            print(error, file=sys.stderr)
    same_losses(losses)
    times: dict[str, list[float]] = {title: [] for title in ready}
    for _ in range(rounds):
        for title, peer in ready.items():
            times[title].append(median(peer.ask("turn", name=work.name, seconds=seconds)))
    return times


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Median and quartiles of the ratios within rounds.

    >>> ratio([2.0, 3.0, 4.0], [1.0, 1.0, 1.0])
    (3.0, 2.0, 4.0)
    """
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    if len(ratios) < 2:
        return ratios[0], ratios[0], ratios[0]
    low, middle, high = quantiles(ratios, n=4)
    return middle, low, high


def machine(threads: int) -> dict[str, Any]:
    """What the figures were measured on, in words."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "threads": threads,
        "python": sys.version.split()[0],
    }
