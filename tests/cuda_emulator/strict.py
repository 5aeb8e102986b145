"""Runs tests once in each strict mode: ``python tests/cuda_emulator/strict.py [ARGUMENTS]``.

``ARGUMENTS`` are those of pytest, besides ``--backend cupy``; without any, the tests of all kernels
and of a training run. Each mode has a process of its own, as many at a time as there are CPUs.
Prints a line for each mode, and everything that a mode printed in which a test failed.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from build import DEFAULT, ROOT, BuildError, ensure
from emulator import MODES, PREFIX

TESTS = [
    "tests/test_kernels.py",
    "tests/test_cupy_backend.py",
    "tests/test_cupy_optim.py",
    "tests/test_cupy_loader.py",
    "tests/test_cupy_training.py",
]


QUICK = ("random", "guard", "protect", "lazy")
"""Modes of ``--quick``; what the others find, these find mostly as well."""


def run_in(mode: str, python: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    settings = {f"{PREFIX}{name}": value for name, value in MODES[mode].items()}
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--backend", "cupy"]
    return subprocess.run(
        [python, *pytest, *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--environment", metavar="DIR", type=Path, default=DEFAULT)
    parser.add_argument("--quick", action="store_true", help=f"only the modes {', '.join(QUICK)}")
    options, arguments = parser.parse_known_args()
    modes = [mode for mode in MODES if mode in QUICK or not options.quick]
    try:
        python = ensure(options.environment)
    except BuildError as error:
        sys.exit(f"emulated CUDA: {error}")
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda mode: run_in(mode, python, arguments or TESTS), modes)
        for mode, done in zip(modes, runs, strict=True):
            if done.returncode:
                failed.append(mode)
                print(done.stdout)
            last = (done.stdout.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            print(f"emulated CUDA, {mode:<11}  {last}", flush=True)
    if failed:
        sys.exit(f"emulated CUDA: tests failed in the strict modes {', '.join(failed)}")


if __name__ == "__main__":
    main()
