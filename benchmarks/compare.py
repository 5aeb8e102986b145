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

OURS = {"NumPy kernels": "numpy", "Numba kernels": "auto"}
"""This project runs once with each set of kernels: title -> MINITORCH_KERNELS."""
REFERENCE = "pytorch"
LEADERS = (REFERENCE, *OURS)
"""Those that do all works, and that have to compute the same."""
TOLERANCE = 2e-3
"""By so much of themselves the first results of two peers may differ: rounding, and no more."""


class PeerError(RuntimeError):
    """A peer is not installed, or cannot do what it was asked for."""


class Peer:
    """A worker process and what it is called."""

    def __init__(self, title: str, module: str, threads: int, python: str, **settings: str) -> None:
        self.title, self.version = title, ""
        threaded = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"),
            str(threads),
        )
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, **threaded, **settings},
        )

    def ask(self, do: str, **order: Any) -> Any:
        """The worker's answer.

        Raises
        ------
        PeerError
            If it failed, with its reason, or has died.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": "its process ended"}
        if "error" in answer:
            work = order.get("work", {}).get("name", "")
            raise PeerError(f"{self.title}: {f'{do} {work}'.strip()} failed: {answer['error']}")
        return answer["answer"]

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def start(names: Iterable[str], threads: int, pythons: Mapping[str, str]) -> dict[str, Peer]:
    """A worker for each peer that can be started; the others are named on the error stream."""
    peers = {}
    for name in names:
        variants = OURS if name == "minitorch" else {name: "auto"}
        for title, kernels in variants.items():
            python = pythons.get(name, sys.executable)
            peer = Peer(title, name, threads, python, MINITORCH_KERNELS=kernels)
            try:
                peer.version = peer.ask("version")
            except PeerError as error:
                print(f"left out: {error}", file=sys.stderr)
                peer.close()
                continue
            print(f"{title}: {name} {peer.version}", file=sys.stderr)
            peers[title] = peer
    return peers


def differing(results: Mapping[str, Sequence[float]]) -> list[str]:
    """Who computes something else than the first.

    >>> differing({"a": [2.0, 1.0], "b": [2.0, 1.0001], "c": [2.0, 1.1], "d": [2.0, float("nan")]})
    ['c', 'd']
    """
    expected, *_ = results.values()
    return [
        title
        for title, found in results.items()
        if not all(abs(a - b) <= TOLERANCE * abs(a) for a, b in zip(expected, found, strict=True))
    ]


def prepare(peers: Mapping[str, Peer], work: Work) -> dict[str, Peer]:
    """Let peers build a work; those that cannot, or compute something else, are left out.

    Raises
    ------
    ValueError
        If this project and PyTorch compute different things.
    """
    results: dict[str, list[float]] = {}
    for title in sorted(peers, key=lambda title: title not in LEADERS):  # they say what is right
        try:
            results[title] = peers[title].ask("prepare", work=asdict(work))
        except PeerError as error:
            print(f"left out: {error}", file=sys.stderr)
    wrong = differing(results) if results else []
    if set(wrong) & set(LEADERS):
        raise ValueError(f"{work.name}: the first results of steps are not the same: {results}")
    for title in wrong:
        print(f"left out: {title}: {work.name}: computes something else", file=sys.stderr)
    return {title: peer for title, peer in peers.items() if title in results.keys() - set(wrong)}


def take_turns(
    peers: Mapping[str, Peer], works: Sequence[Work], rounds: int, seconds: float
) -> list[dict[str, list[float]]]:
    """For each work, the median seconds of every peer's turn in each round.

    In a round each peer does each work once; its turn lasts ``seconds``.
    """
    ready = [prepare(peers, work) for work in works]
    times: list[dict[str, list[float]]] = [{title: [] for title in able} for able in ready]
    for _ in range(rounds):
        for work, able, row in zip(works, ready, times, strict=True):
            for title, peer in able.items():
                row[title].append(median(peer.ask("turn", name=work.name, seconds=seconds)))
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


def fastest_other(times: Mapping[str, Sequence[float]]) -> str | None:
    """The fastest of those that are neither this project nor PyTorch.

    >>> fastest_other({"pytorch": [1.0], "dezero": [3.0], "mygrad": [4.0]})
    'dezero'
    """
    others = {title: median(t) for title, t in times.items() if title not in LEADERS}
    return min(others, key=others.__getitem__) if others else None


def machine(threads: int, peers: Mapping[str, Peer]) -> dict[str, Any]:
    """What the figures were measured on and with, in words."""
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
        "versions": {title: peer.version for title, peer in peers.items()},
    }
