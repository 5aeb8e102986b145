"""The frameworks side by side.

    python -m benchmarks                      the table, against all peers that are installed
    python -m benchmarks sweep                how cost grows with batch, channels, size and depth
    python -m benchmarks profile [WORK]       where a step's time goes, by operation
    python -m benchmarks page                 the table and the sweep, into the documentation

``--output FILE`` writes the figures as JSON and ``--plot FILE`` draws them. A peer may live in
another environment, which needs NumPy besides: ``--python pytorch=/path/to/python``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import sweep, table
from benchmarks.works import WORKS

PEERS = ("minitorch", "pytorch", "dezero", "mygrad", "autograd", "pydynet")
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "data"
"""Where the documentation looks for figures."""


def _place(text: str) -> tuple[str, str]:
    name, equals, python = text.partition("=")
    if not equals or name not in PEERS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form PEER=PYTHON with a peer of {', '.join(PEERS)}"
        )
    return name, python


def parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("mode", nargs="?", default="table", choices=["table", "sweep", "profile", "page"])
    add("work", nargs="?", default="lenet", choices=list(WORKS), help="what to profile")
    add("--threads", type=int, default=2, help="threads of each peer (default: 2)")
    add("--rounds", type=int, help="turns of each peer (default: 15; in the sweep 5)")
    add("--seconds", type=float, help="length of a turn (default: 0.4; in the sweep 0.1)")
    add("--peers", nargs="+", default=PEERS, choices=PEERS, help="only these frameworks")
    add("--works", nargs="+", default=list(WORKS), choices=list(WORKS), help="only these rows")
    add("--python", type=_place, action="append", default=[], metavar="PEER=PYTHON")
    add("--output", type=Path, metavar="FILE", help="write the figures as JSON")
    add("--plot", type=Path, metavar="FILE", help="draw the figures")
    return parser


def _measured(mode: str, options: argparse.Namespace) -> dict[str, Any]:
    if mode == "profile":
        from benchmarks.profile import profile

        return profile(WORKS[options.work])
    measure, rounds, seconds = (
        (table.measure, 15, 0.4) if mode == "table" else (sweep.measure, 5, 0.1)
    )
    given = {
        "rounds": options.rounds or rounds,
        "seconds": seconds if options.seconds is None else options.seconds,
    }
    return measure(argparse.Namespace(**{**vars(options), **given}))


def _write(result: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for, print it, and write it where it is wanted."""
    options = parser().parse_args(arguments)
    if options.mode == "page":
        _write(_measured("table", options), PAGE / "performance.json")
        _write(_measured("sweep", options), PAGE / "growth.json")
        return
    result = _measured(options.mode, options)
    if options.output:
        _write(result, options.output)
    if options.plot:
        from benchmarks.plot import draw

        draw(result).savefig(options.plot, dpi=150)


if __name__ == "__main__":
    main()
