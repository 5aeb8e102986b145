"""What the checks run on: versions, packages, variables, the device and its libraries.

Reads, and computes nothing. May import ``report``; CuPy inside functions.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from minitorch_backends.protocol import Backend
from minitorch_cnn.gpu_check.report import Outcome

PACKAGES = ("minitorch-cnn", "numpy", "array-api-compat")
THEIRS = re.compile(r"cupy(-cuda\d+x?|-rocm.*)?$|nvidia-")
"""CuPy under each of its names, of which one may be there, and the libraries of CUDA."""
PREFIXES = ("CUPY_", "CUDA_", "MINITORCH_")
SPOILING = {
    "CUDA_LAUNCH_BLOCKING": "the host waits for every kernel; unset it to learn how fast this is",
    "CUPY_TF32": "products of float32 keep 11 bits, for which checks of float32 may fail; unset it",
}
"""Variables with which the checks mean less, when they are set to anything but 0."""


def facts() -> dict[str, Any]:
    """What can be said without a GPU and without importing CuPy."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "packages": packages(),
        "variables": {k: v for k, v in sorted(os.environ.items()) if k.startswith(PREFIXES)},
    }


def packages() -> dict[str, str]:
    """Versions of the installed distributions that take part."""
    found = {d.metadata["Name"] or "": d.version for d in metadata.distributions()}
    return {name: found[name] for name in sorted(found) if name in PACKAGES or THEIRS.match(name)}


def check_packages(known: dict[str, Any]) -> Iterator[Outcome]:
    """Versions; a second CuPy beside the first; variables that spoil what follows."""
    shown = [name for name in known["packages"] if not name.startswith("nvidia")]
    versions = ", ".join(f"{name} {known['packages'][name]}" for name in shown)
    yield Outcome("ok", "versions", f"Python {known['python']}, {versions}; {known['system']}")
    found = [name for name in shown if name not in PACKAGES]
    if len(found) > 1:
        yield Outcome(
            "fail",
            "one CuPy",
            f"{' and '.join(found)} are installed and overwrite each other's files; uninstall "
            "them all, then install one",
        )
    for name, effect in SPOILING.items():
        value = known["variables"].get(name, "")
        if value not in ("", "0"):
            yield Outcome("warn", f"{name}={value}", effect)


def is_emulated(home: Backend) -> bool:
    """Whether the device of a CuPy backend is no GPU; then no figure says anything of one."""
    return "emulated" in str(getattr(home, "device_name", "")).lower()


def device_facts(home: Any) -> dict[str, Any]:
    """What the driver and the libraries say of themselves, for a CuPy backend that works."""
    import cupy

    runtime = cupy.cuda.runtime
    properties = runtime.getDeviceProperties(home.number)
    return {
        "name": home.device_name,
        "devices": int(runtime.getDeviceCount()),
        "compute_capability": f"{properties['major']}.{properties['minor']}",
        "multiprocessors": int(properties["multiProcessorCount"]),
        "memory_bytes": int(properties["totalGlobalMem"]),
        "free_bytes": int(home.memory().free),
        "driver": int(runtime.driverGetVersion()),
        "runtime": int(runtime.runtimeGetVersion()),
        "nvrtc": ".".join(map(str, cupy.cuda.nvrtc.getVersion())),
        "cublas": int(cupy.cuda.cublas.getVersion(cupy.cuda.device.get_cublas_handle())),
    }


def check_device(device: dict[str, Any]) -> Iterator[Outcome]:
    """Lines on what was tried when the backend was made: memory, a kernel, a matrix product."""
    gibibytes = device["memory_bytes"] / 2**30
    yield Outcome(
        "ok",
        "device",
        f"{device['name']}, compute capability {device['compute_capability']}, "
        f"{gibibytes:.1f} GiB, CUDA {_dotted(device['driver'])} in the driver, "
        f"{_dotted(device['runtime'])} in CuPy",
    )
    yield Outcome("ok", "NVRTC and the CUDA headers", f"a kernel runs; NVRTC {device['nvrtc']}")
    yield Outcome("ok", "cuBLAS", f"a matrix product is right; version {device['cublas']}")


def _dotted(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"
