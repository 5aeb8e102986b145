"""How cost grows: works that differ in one number, beside the least time that each can take."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks import compare
from benchmarks.compare import REFERENCE
from benchmarks.roofline import Limits, growth
from benchmarks.works import Work, sweep

SLACK = 1.15
"""A step jumps if even the lower quartile of its growth exceeds so many times that of its work."""

Times = Mapping[str, Sequence[float]]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Time the sweep, and say where a step jumps by more than its work does."""
    names = [name for name in options.peers if name in ("minitorch", REFERENCE)]
    peers = compare.start(names, options.threads, dict(options.python))
    if not peers:
        raise SystemExit("none of the peers can be started")
    first, *_ = peers.values()
    limits = Limits(*first.ask("limits", threads=options.threads))
    print(f"measured: {limits.flops / 1e9:.0f} GFLOP/s, copies {limits.bandwidth / 1e9:.1f} GB/s")
    rows: dict[str, Any] = {}
    for kind, steps in sweep().items():
        values, works = zip(*steps, strict=True)
        times = compare.take_turns(peers, works, options.rounds, options.seconds)
        marks = jumps(works, times)
        rows[kind] = [
            {"value": value, "roofline": limits.seconds(work), "seconds": row, "jumps": marked}
            for value, work, row, marked in zip(values, works, times, marks, strict=True)
        ]
        _print(kind, rows[kind])
    result = {
        "machine": compare.machine(options.threads, peers),
        "limits": {"flops": limits.flops, "bandwidth": limits.bandwidth},
        "sweep": rows,
    }
    for peer in peers.values():
        peer.close()
    return result


def jumps(works: Sequence[Work], times: Sequence[Times]) -> list[list[str]]:
    """For each step of a sweep, the peers whose time grew by more than the work did."""
    found: list[list[str]] = [[]]
    for before, after in zip(range(len(works)), range(1, len(works)), strict=False):
        # Where there is hardly more to do, times may differ by what is done once for each run.
        bound = SLACK * max(growth(works[before], works[after]), 1)
        found.append(
            [
                title
                for title in times[after]
                if title in times[before]
                and compare.ratio(times[after][title], times[before][title])[1] > bound
            ]
        )
    return found


def _print(kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    print(f"\n{kind}; ! marks a step that grows by more than its work")
    for row in rows:
        least = row["roofline"]
        line = f"  {row['value']:>6}  at least {least * 1e3:8.3f} ms"
        for title, seconds in row["seconds"].items():
            mark = "!" if title in row["jumps"] else " "
            middle = median(seconds)
            line += f"   {title} {middle * 1e3:9.3f} ms ({middle / least:5.1f}x){mark}"
        print(line, flush=True)
