"""Checks that need a process of their own: another setting of CuPy, or NVIDIA's sanitizer.

The process is this program again with ``--only``, and its report is read. May import ``report``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from minitorch_cnn import io
from minitorch_cnn.gpu_check.report import Outcome

SECONDS, SECONDS_SANITIZED = 600, 3600
TOOLS: dict[str, list[str]] = {"memcheck": ["--report-api-errors", "no"], "racecheck": []}
"""The sanitizer's tools with their options; errors of the API are raised by CuPy anyway."""
ERRORS_FOUND = 86
"""What the sanitizer returns when it found errors; not a code of this program."""


class ChildFailed(RuntimeError):
    """A child ended without a report; the message is the end of what it said."""


def run_only(
    section: str,
    variables: Mapping[str, str] | None = None,
    *options: str,
    before: Sequence[str] = (),
    seconds: int = SECONDS,
) -> tuple[int, dict[str, Any], str]:
    """Exit code, report and output of this program running one section in another process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        program = [sys.executable, "-m", "minitorch_cnn.gpu_check", "--only", section]
        done = subprocess.run(
            [*before, *program, "--out", str(path), *options],
            env={**os.environ, **(variables or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        if not path.exists():
            raise ChildFailed(" / ".join(done.stdout.strip().splitlines()[-3:]) or "no output")
        return done.returncode, io.read_json(path), done.stdout


def check_accelerators(*, emulated: bool) -> Iterator[Outcome]:
    """CuPy's reductions with and without CUB, NVIDIA's library of reductions."""
    for title, value in (("off", ""), ("on", "cub")):
        name = f"CUPY_ACCELERATORS {title}"
        if value and emulated:
            yield Outcome("skip", name, "CUB is not emulated")
            continue
        code, report, output = run_only("reductions", {"CUPY_ACCELERATORS": value})
        checks = [c for c in report["checks"] if c["name"].startswith("reduction ")]
        wrong = [f"{c['name']}: {c['detail']}" for c in checks if c["state"] == "fail"]
        figures = {c["name"]: c["figures"] for c in checks}
        if code or not checks:
            yield Outcome("fail", name, (wrong or [_last_line(output)])[0], figures)
        else:
            yield Outcome("ok", name, f"{len(checks)} reductions are right", figures)


def check_tf32(capability: str, *, emulated: bool) -> Iterator[Outcome]:
    """The rate of products in TensorFloat-32, which CuPy uses where it is told to."""
    name = "matrix product, TF32"
    if emulated or float(capability) < 8.0:
        why = "there is no GPU" if emulated else f"compute capability {capability} has no TF32"
        yield Outcome("skip", name, why)
        return
    _, report, output = run_only("products", {"CUPY_TF32": "1"})
    found = [c for c in report["checks"] if c["name"] == name]
    if not found:
        yield Outcome("fail", name, _last_line(output))
    for check in found:
        yield Outcome(check["state"], name, check["detail"], check["figures"])


def check_sanitizer() -> Iterator[Outcome]:
    """Every kernel under NVIDIA's compute-sanitizer: addresses, then races in shared memory."""
    program = _sanitizer()
    for tool, options in TOOLS.items():
        name = f"compute-sanitizer {tool}"
        if program is None:
            yield Outcome(
                "skip",
                name,
                "compute-sanitizer is not found in PATH or CUDA_PATH; it comes with the CUDA "
                "toolkit",
            )
            continue
        before = [program, "--tool", tool, "--error-exitcode", str(ERRORS_FOUND), *options]
        code, report, output = run_only(
            "kernels", None, "--fresh-memory", before=before, seconds=SECONDS_SANITIZED
        )
        said = [line for line in output.splitlines() if line.startswith("=========")]
        kernels = sum(c["name"].startswith("kernel ") for c in report["checks"])
        figures = {"exit_code": code, "said": said[:200]}
        if code:
            yield Outcome("fail", name, (said or [_last_line(output)])[-1], figures)
        else:
            yield Outcome("ok", name, f"no errors in {kernels} kernels", figures)


def _sanitizer() -> str | None:
    folders = [os.environ.get("PATH", os.defpath)]
    if "CUDA_PATH" in os.environ:
        toolkit = Path(os.environ["CUDA_PATH"])
        folders += [str(toolkit / "bin"), str(toolkit / "compute-sanitizer")]
    return shutil.which("compute-sanitizer", path=os.pathsep.join(folders))


def _last_line(output: str) -> str:
    return (output.strip().splitlines() or ["it said nothing"])[-1]
