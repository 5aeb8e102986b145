"""The table: each work by all peers in turns, and the peak memory of one; how it is printed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks import compare
from benchmarks.compare import LEADERS, OURS, REFERENCE
from benchmarks.works import MEMORY, MEMORY_TARGET, WORKS, Work

CLASS_WORK = "lenet"
"""In this work the frameworks made of NumPy are compared as well; most can do no other."""
CLASS_TARGET = 4
"""So many times as fast as the fastest of them this project is to be."""
FRESH_PROCESSES = 3
"""Peak memory is measured so many times, in a new process each."""


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Time every work, and the memory of one; print rows as they come."""
    peers = compare.start(options.peers, options.threads, dict(options.python))
    rows: dict[str, Any] = {}
    for name in options.works:
        work = WORKS[name]
        some = {t: p for t, p in peers.items() if name == CLASS_WORK or t in LEADERS}
        (times,) = compare.take_turns(some, [work], options.rounds, options.seconds)
        rows[name] = {"title": work.title, "targets": work.targets, "seconds": times}
        _print_row(work, times)
    result = {"machine": compare.machine(options.threads, peers), "works": rows}
    for peer in peers.values():
        peer.close()
    if MEMORY in options.works:
        result["memory"] = _memory(options)
    return result


def _print_row(work: Work, times: Mapping[str, Sequence[float]]) -> None:
    aims = f"{work.targets[0]} with NumPy's kernels, {work.targets[1]} with Numba's"
    print(f"\n{work.title} (aims: {aims})")
    reference = times.get(REFERENCE)
    for title, seconds in times.items():
        line = f"  {title:14} {median(seconds) * 1e3:9.3f} ms"
        if reference and title != REFERENCE:
            line += "   ratio {:.2f} ({:.2f} to {:.2f})".format(*compare.ratio(seconds, reference))
        print(line)
    fastest = compare.fastest_other(times)
    for ours in OURS:
        if fastest and ours in times:
            lead, low, high = compare.ratio(times[fastest], times[ours])
            print(
                f"  {ours}: {lead:.1f} ({low:.1f} to {high:.1f}) times as fast as {fastest}, "
                f"the fastest of its class here (aim: {CLASS_TARGET})"
            )
    print(end="", flush=True)


def _memory(options: argparse.Namespace) -> dict[str, list[int]]:
    """Peak memory of steps, each time in a fresh process."""
    found: dict[str, list[int]] = {}
    names = [name for name in options.peers if name in ("minitorch", REFERENCE)]
    for _ in range(FRESH_PROCESSES):
        for title, peer in compare.start(names, options.threads, dict(options.python)).items():
            found.setdefault(title, []).append(peer.ask("memory", work=asdict(WORKS[MEMORY])))
            peer.close()
    print(f"\npeak memory of the {WORKS[MEMORY].title} step above the net (aim: {MEMORY_TARGET})")
    for title, sizes in found.items():
        line = f"  {title:14} {median(sizes) / 2**20:9.1f} MiB"
        if REFERENCE in found and title != REFERENCE:
            line += f"   ratio {median(sizes) / median(found[REFERENCE]):.2f}"
        print(line)
    return found
