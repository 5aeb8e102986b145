"""Runs when Python starts in the emulated environment, by a ``.pth`` file there.

It refuses another version of CuPy than the one whose module was replaced, and turns CuPy's memory
pool off where a strict mode needs every array to be an allocation of its own.
"""

import os
from importlib.metadata import version
from pathlib import Path


def check_version() -> None:
    expected = Path(__file__).with_name("cuda_emulator_cupy_version").read_text()
    if version("cupy-cuda13x") != expected:
        raise SystemExit(
            f"the emulated environment is made for CuPy {expected} and holds "
            f"{version('cupy-cuda13x')}; build it again with tests/cuda_emulator/build.py"
        )


def turn_pool_off() -> None:
    guarded = os.environ.get("CUDA_EMULATOR_GUARD_PAGES", "off") != "off"
    if os.environ.get("CUDA_EMULATOR_MEMORY_POOL", "0" if guarded else "1") == "0":
        import cupy

        cupy.cuda.set_allocator(None)


def start() -> None:
    check_version()
    if os.environ.get("CUDA_EMULATED") == "1":
        turn_pool_off()
