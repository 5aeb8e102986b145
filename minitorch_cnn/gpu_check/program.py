"""The program: its options, the sections of checks in order, and the exit code.

May import the files beside it.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minitorch_backends.protocol import BackendUnavailable, OutOfDeviceMemory
from minitorch_cnn.backend import get_backend
from minitorch_cnn.gpu_check import children, environment, speed
from minitorch_cnn.gpu_check.kernels import check_adjoints, check_kernels
from minitorch_cnn.gpu_check.reductions import check_reductions
from minitorch_cnn.gpu_check.report import Outcome, Report
from minitorch_cnn.gpu_check.steps import check_steps
from minitorch_cnn.gpu_check.training import check_training

EXIT_WRONG, EXIT_NO_GPU, EXIT_INTERRUPTED = 1, 2, 130

_END = """\
exit codes: 0 all is well, 1 something is wrong, 2 no GPU can be used (or an unknown option).
Environment variables are written into the report: look at it before you publish it.
"""


@dataclass(frozen=True)
class Settings:
    """What the sections are told: the backend, and how large they may be."""

    home: Any
    device: dict[str, Any]
    quick: bool
    emulated: bool

    @property
    def batch(self) -> int:
        return 8 if self.quick else 64


def _table(settings: Settings) -> Iterable[Outcome]:
    numpy = get_backend("numpy")
    return speed.check_table(settings.home, numpy, quick=settings.quick, emulated=settings.emulated)


Section = Callable[[Settings], Iterable[Outcome]]

SECTIONS: dict[str, Section] = {
    "kernels": lambda s: check_kernels(s.home),
    "adjoints": lambda s: check_adjoints(s.home),
    "reductions": lambda s: check_reductions(s.home),
    "training": lambda s: check_training(s.home, get_backend("numpy"), size=s.batch),
    "steps": lambda s: check_steps(s.home, s.batch, emulated=s.emulated),
    "bandwidth": lambda s: speed.check_bandwidth(s.home, emulated=s.emulated),
    "products": lambda s: speed.check_products(s.home, emulated=s.emulated),
    "tf32": lambda s: children.check_tf32(s.device["compute_capability"], emulated=s.emulated),
    "speed": lambda s: _table(s),
    "accelerators": lambda s: children.check_accelerators(emulated=s.emulated),
    "sanitizer": lambda s: children.check_sanitizer(),
}
"""In the order in which they run; ``sanitizer`` only when it is asked for."""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m minitorch_cnn.gpu_check",
        description="Check that this GPU computes what the CPU computes, and how fast.",
        epilog=_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("gpu_report.json"),
        metavar="FILE",
        help="where the report goes, to be attached to a bug report (gpu_report.json)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="small batches in training and in the table of speeds"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=SECTIONS,
        metavar="SECTION",
        help=f"run this section (may be repeated): {', '.join(SECTIONS)}",
    )
    parser.add_argument(
        "--sanitizer",
        action="store_true",
        help="also run every kernel under NVIDIA's compute-sanitizer (minutes)",
    )
    parser.add_argument(
        "--fresh-memory",
        action="store_true",
        help="give every array memory of its own, so that the sanitizer sees where it ends",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the checks; returns the exit code."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
        report = Report(arguments.out, quick=arguments.quick)
    except OSError as error:
        parser.error(f"--out {arguments.out}: {error.strerror or error}")
    try:
        return report.finish(_run(arguments, report))
    except KeyboardInterrupt:
        print(f"stopped; {arguments.out} holds what was found", file=sys.stderr)
        return report.finish(EXIT_INTERRUPTED)


def _run(arguments: argparse.Namespace, report: Report) -> int:
    report.environment = environment.facts()
    for outcome in environment.check_packages(report.environment):
        report.add(outcome)
    try:
        home = _home(fresh_memory=arguments.fresh_memory)
    except (BackendUnavailable, OutOfDeviceMemory) as error:
        report.add(Outcome("fail", "a GPU can be used", str(error)))
        print(f"\nNothing more can be checked. The reason is in {arguments.out}, too.")
        return EXIT_NO_GPU
    report.emulated = environment.is_emulated(home)
    device = report.environment["device"] = environment.device_facts(home)
    for outcome in environment.check_device(device):
        report.add(outcome)
    report.quick = arguments.quick or report.emulated
    settings = Settings(home, device, report.quick, report.emulated)
    chosen = arguments.only or [name for name in SECTIONS if name != "sanitizer"]
    for name in [*chosen, *(["sanitizer"] if arguments.sanitizer else [])]:
        _run_section(name, settings, report)
    print(f"\n{report.summary()}. Attach {arguments.out} to a bug report.")
    if report.emulated:
        print("This was emulated CUDA on the CPU: it says nothing about a GPU's speed.")
    return EXIT_WRONG if report.count("fail") else 0


def _home(*, fresh_memory: bool) -> Any:
    """The CuPy backend, on which all is checked."""
    home: Any = get_backend("cupy")
    if fresh_memory:
        import cupy

        cupy.cuda.set_allocator(None)
    return home


def _run_section(name: str, settings: Settings, report: Report) -> None:
    """Report what a section finds; if it breaks off, that is a finding, too."""
    try:
        for outcome in SECTIONS[name](settings):
            report.add(outcome)
    except Exception as error:
        lines = traceback.format_exception(error)
        detail = f"{type(error).__name__}: {error}"
        report.add(Outcome("fail", name, detail, {"traceback": "".join(lines)}))
