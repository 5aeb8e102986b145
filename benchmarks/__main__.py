"""The frameworks side by side.

    python -m benchmarks                      the table, against all peers that are installed
    python -m benchmarks sweep                how cost grows with batch, channels, size and depth
    python -m benchmarks profile [WORK]       where a step's time goes, by operation

``--output FILE`` writes the figures as JSON and ``--plot FILE`` draws them. A peer may live in
another environment: ``--python pytorch=/path/to/python``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import compare, roofline
from benchmarks.profile import profile
from benchmarks.works import MEMORY, MEMORY_TARGET, WORKS, Work, sweep

PEERS = ("minitorch", "pytorch", "dezero", "mygrad", "pydynet")
REFERENCE = "pytorch"
CLASS_WORK = "lenet"
"""In this work the frameworks made of NumPy are compared as well; most can do no other."""


def table(options: argparse.Namespace) -> dict[str, Any]:
    """Time every work, and the memory of one."""
    peers = compare.start(options.peers, options.threads, dict(options.python))
    rows: dict[str, Any] = {}
    for name in options.works:
        work = WORKS[name]
        some = {t: p for t, p in peers.items() if name == CLASS_WORK or _leads(t)}
        times = compare.take_turns(some, work, options.rounds, options.seconds)
        rows[name] = {"title": work.title, "targets": work.targets, "seconds": times}
        _print_row(work.title, work.targets, times)
    result = {"machine": compare.machine(options.threads), "works": rows}
    if MEMORY in options.works:
        result["memory"] = _memory(options)
    return result


def _leads(title: str) -> bool:
    return title in compare.OURS or title == REFERENCE


def _print_row(title: str, targets: Any, times: Mapping[str, list[float]]) -> None:
    print(f"\n{title} (aims: {targets[0]} with NumPy's kernels, {targets[1]} with Numba's)")
    reference = times.get(REFERENCE)
    for peer, seconds in times.items():
        middle = sorted(seconds)[len(seconds) // 2]
        line = f"  {peer:14} {middle * 1e3:9.3f} ms"
        if reference and peer != REFERENCE:
            line += "   ratio {:.2f} ({:.2f} to {:.2f})".format(*compare.ratio(seconds, reference))
        print(line)
    others = {p: s for p, s in times.items() if not _leads(p)}
    if others:
        fastest = min(others, key=lambda p: sorted(others[p])[len(others[p]) // 2])
        for ours in compare.OURS.keys() & times.keys():
            lead = compare.ratio(others[fastest], times[ours])[0]
            print(f"  {ours}: {lead:.1f} times as fast as {fastest}, the fastest of its class here")


def _memory(options: argparse.Namespace) -> dict[str, int]:
    """Peak memory of steps, each peer in a fresh process."""
    found = {}
    names = [name for name in options.peers if name in ("minitorch", REFERENCE)]
    for title, peer in compare.start(names, options.threads, dict(options.python)).items():
        found[title] = peer.ask("memory", work=vars_of(WORKS[MEMORY]))
        peer.close()
    print(f"\npeak memory of the {WORKS[MEMORY].title} step above the net (aim: {MEMORY_TARGET})")
    for title, size in found.items():
        share = f"   ratio {size / found[REFERENCE]:.2f}" if REFERENCE in found else ""
        print(f"  {title:14} {size / 2**20:9.1f} MiB{share if title != REFERENCE else ''}")
    return found


def vars_of(work: Work) -> dict[str, Any]:
    """A work as an order to a worker."""
    return dict(vars(work))


def grow(options: argparse.Namespace) -> dict[str, Any]:
    """Time the sweep, and say where a step jumps by more than its work does."""
    peers = compare.start(
        [p for p in options.peers if p in ("minitorch", REFERENCE)],
        options.threads,
        dict(options.python),
    )
    limits = roofline.measure(options.threads)
    print(f"measured: {limits.flops / 1e9:.0f} GFLOP/s, copies {limits.bandwidth / 1e9:.1f} GB/s")
    result: dict[str, Any] = {}
    for kind, works in sweep().items():
        print(f"\n{kind}")
        result[kind] = []
        before: dict[str, tuple[float, float]] = {}
        for value, work in works:
            times = compare.take_turns(peers, work, max(3, options.rounds // 3), options.seconds)
            least = limits.seconds(work)
            row = {title: sorted(t)[len(t) // 2] for title, t in times.items()}
            result[kind].append({"value": value, "roofline": least, "seconds": row})
            line = f"  {value:>6}  at least {least * 1e3:8.3f} ms"
            for title, seconds in row.items():
                jump = before.get(title)
                # Small works are all overhead, which does not grow: only more than linear counts.
                mark = "!" if jump and seconds / jump[0] > 1.5 * max(least / jump[1], 1) else " "
                line += f"   {title} {seconds * 1e3:9.3f} ms ({seconds / least:5.1f}x){mark}"
                before[title] = seconds, least
            print(line, flush=True)
    return {"machine": compare.machine(options.threads), "sweep": result}


def _place(text: str) -> tuple[str, str]:
    name, equals, python = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form PEER=PYTHON")
    return name, python


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("mode", nargs="?", default="table", choices=["table", "sweep", "profile"])
    parser.add_argument("work", nargs="?", default="lenet", choices=list(WORKS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.4, help="length of one turn")
    parser.add_argument("--peers", nargs="+", default=PEERS, choices=PEERS)
    parser.add_argument("--works", nargs="+", default=list(WORKS), choices=list(WORKS))
    parser.add_argument("--python", type=_place, action="append", default=[], metavar="PEER=PYTHON")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    if options.mode == "profile":
        profile(WORKS[options.work])
        return
    result = table(options) if options.mode == "table" else grow(options)
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")
    if options.plot:
        from benchmarks.plot import draw

        draw(result).savefig(options.plot, dpi=150)


if __name__ == "__main__":
    main()
