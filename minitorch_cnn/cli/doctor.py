"""``minitorch-cnn doctor``: is this installation complete, and does every backend compute?

Each check is one function that returns one :class:`Check`; what is installed is looked up in the
metadata of the packages, so that nothing optional is imported.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal, NamedTuple

import numpy

import minitorch_cnn as mt
from minitorch_cnn.backend import backend_names, default_backend
from minitorch_cnn.cli.backends import state_of
from minitorch_cnn.cli.console import paragraph
from minitorch_cnn.cli.errors import CommandError
from minitorch_cnn.cli.trial import small_training
from minitorch_cnn.datasets.digits import download_folder

PROJECT = "minitorch-cnn"
EXTRAS = {
    "viz": "for pictures (learning curves, kernels, PNG and JPEG files)",
    "strict": "for backend 'strict', which finds out whether a script would run on a GPU",
    "cuda12": "for backend 'cupy' on NVIDIA GPUs with driver 525 or newer",
    "cuda13": "for backend 'cupy' on NVIDIA GPUs of the Turing generation or newer with driver "
    "580 or newer",
}
"""What the optional parts of the installation are for."""

_COLUMN = 6
"""Where the text of a check starts, after its status."""


@dataclass(frozen=True)
class Check:
    """What was looked at, and what mends it if it is not as it should be.

    Examples
    --------
    >>> print(Check("fail", "numpy", "2.0.1 is too old", "pip install numpy>=2.1"))
    fail  numpy: 2.0.1 is too old
          mend it: pip install numpy>=2.1
    """

    status: Literal["ok", "warn", "fail"]
    name: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        lines = [f"{self.status:{_COLUMN - 2}}  {self.name}: {self.message}"]
        if self.fix:
            lines.append(f"{'':{_COLUMN}}mend it: {self.fix}")
        return "\n".join(paragraph(line, _COLUMN) for line in lines)


def doctor(arguments: argparse.Namespace) -> None:
    """Run every check and print it; an error at the end if one failed."""
    checks = []
    for check in _checks():
        checks.append(check)
        if not arguments.json:
            print(check, flush=True)
    failed = sum(check.status == "fail" for check in checks)
    if arguments.json:
        report = {"ok": not failed, "checks": [asdict(check) for check in checks]}
        print(json.dumps(report, indent=2))
    if failed:
        raise CommandError(f"{failed} of {len(checks)} checks failed")


def _checks() -> Iterator[Check]:
    yield Check("ok", "python", f"{platform.python_version()} on {platform.platform()}")
    yield from _packages()
    yield _threads()
    yield _downloads()
    default = _default()
    yield default
    with _no_default() if default.status == "fail" else nullcontext():
        for name in backend_names():
            yield _backend(name)


# --- packages -----------------------------------------------------------------------------------


class Requirement(NamedTuple):
    """A package that the project's metadata ask for."""

    package: str
    least: str
    extra: str

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read one line of metadata; of its versions the lower bound alone.

        Examples
        --------
        >>> Requirement.parse("cupy-cuda13x[ctk]>=14.0; extra == 'cuda13'")
        Requirement(package='cupy-cuda13x', least='14.0', extra='cuda13')
        >>> Requirement.parse("sphinx<10,>=8")
        Requirement(package='sphinx', least='8', extra='')
        """
        wanted, _, marker = text.partition(";")
        package = re.match(r"[\w.-]+", wanted.strip())
        least = re.search(r">=\s*([\w.]+)", wanted)
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
        return cls(
            *(found.group(found.re.groups) if found else "" for found in (package, least, extra))
        )

    def problem(self) -> str:
        """Why it does not do; empty if it does."""
        try:
            installed = version(self.package)
        except PackageNotFoundError:
            return f"{self.package} is not installed"
        if _numbers(installed) < _numbers(self.least):
            return f"{self.package} {installed} is too old, {self.least} or newer is needed"
        return ""


def _numbers(version_: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparison.

    Examples
    --------
    >>> _numbers("2.1.0rc1") < _numbers("2.10")
    True
    """
    found = re.match(r"[\d.]*", version_)
    return tuple(int(part) for part in (found.group() if found else "").split(".") if part)


def _packages() -> Iterator[Check]:
    home = Path(mt.__file__).parent
    try:
        wanted = [Requirement.parse(line) for line in requires(PROJECT) or []]
        yield Check("ok", PROJECT, f"{version(PROJECT)} in {home}")
    except PackageNotFoundError:
        yield Check(
            "warn",
            PROJECT,
            f"is imported from {home} without being installed, so backends other than numpy are "
            "unknown",
            f"pip install --editable {home.parent}",
        )
        return
    for requirement in wanted:
        if not requirement.extra:
            yield _needed(requirement)
    for extra, purpose in EXTRAS.items():
        parts = [requirement for requirement in wanted if requirement.extra == extra]
        if parts:
            yield _extra(extra, purpose, parts)


def _needed(requirement: Requirement) -> Check:
    problem = requirement.problem()
    if problem:
        fix = f'pip install "{requirement.package}>={requirement.least}"'
        return Check("fail", requirement.package, problem, fix)
    found = f"{version(requirement.package)} ({requirement.least} or newer is needed)"
    return Check("ok", requirement.package, found)


def _extra(extra: str, purpose: str, parts: list[Requirement]) -> Check:
    """An optional part: all of it, nothing of it, or a mixture that does not work."""
    name, fix = f"{PROJECT}[{extra}]", f'pip install "{PROJECT}[{extra}]"'
    problems = [problem for problem in (part.problem() for part in parts) if problem]
    if not problems:
        versions = ", ".join(f"{part.package} {version(part.package)}" for part in parts)
        return Check("ok", name, f"{purpose}: {versions}")
    if len(problems) == len(parts) and all("not installed" in problem for problem in problems):
        return Check("ok", name, f"not installed; {purpose}: {fix}")
    return Check("warn", name, f"{purpose}: {'; '.join(problems)}", fix)


# --- the machine --------------------------------------------------------------------------------


def _threads() -> Check:
    names = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
    limits = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    blas = numpy.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    library = f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    limit = ", ".join(limits) or "as many as it likes"
    return Check(
        "ok", "threads", f"{cores} cores; NumPy multiplies with {library}, threads: {limit}"
    )


def _downloads() -> Check:
    folder = download_folder()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if place.is_dir() and os.access(place, os.W_OK):
        return Check("ok", "downloads", f"datasets go to {folder}")
    return Check(
        "warn",
        "downloads",
        f"nothing can be written to {place}, so the full MNIST cannot be kept in {folder}",
        "let the environment variable MINITORCH_DATA name a folder that can be written to",
    )


# --- backends -----------------------------------------------------------------------------------


def _default() -> Check:
    named = os.environ.get("MINITORCH_BACKEND")
    source = f"MINITORCH_BACKEND is {named!r}" if named else "MINITORCH_BACKEND is not set"
    try:
        return Check("ok", "default backend", f"{default_backend().name}; {source}")
    except (ValueError, mt.BackendUnavailable, mt.OutOfDeviceMemory) as error:
        fix = f"unset MINITORCH_BACKEND, or set it to one of {', '.join(backend_names())}"
        return Check("fail", "default backend", f"{source}: {error}", fix)


@contextmanager
def _no_default() -> Iterator[None]:
    """Without the MINITORCH_BACKEND that cannot be used, so that others can be tried."""
    named = os.environ.pop("MINITORCH_BACKEND")
    try:
        yield
    finally:
        os.environ["MINITORCH_BACKEND"] = named


def _backend(name: str) -> Check:
    """Whether a small training on a backend ends where it ends on NumPy."""
    title = f"backend {name}"
    state = state_of(name)
    if state.why_not:
        cause, _, fix = state.why_not.partition(". To mend it: ")
        cause = cause.removeprefix(f"backend {name!r} cannot be used: ")
        return Check("warn", title, f"cannot be used: {cause}", fix)
    try:
        expected, found = small_training("numpy"), small_training(name)
    except Exception as error:
        return Check(
            "fail",
            title,
            f"a small training fails with {type(error).__name__}: {error}",
            "update the array library; if that does not help, report it with "
            f"{PROJECT} doctor --json",
        )
    if not all(abs(a - b) <= 1e-4 for a, b in zip(expected, found, strict=True)):
        return Check(
            "fail",
            title,
            f"a small training has the losses {found}, on NumPy {expected}",
            "print(minitorch_cnn.testing.compare_backends(your_function, "
            f"('numpy', {name!r}))) names the first operation that differs; please report it",
        )
    library = f"{state.library} {state.version}".rstrip()
    return Check("ok", title, f"trains like NumPy, on {state.device} with {library}")
