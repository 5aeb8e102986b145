"""Whether a GPU can be used: every cause why not, each with its fix, before anything is computed.

``import cupy`` succeeds on machines without a driver, and arrays can be made on machines without
CUDA's compiler, so each thing that a run will need is tried: memory, a kernel, a matrix product.
May import ``memory`` and ``protocol``.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from minitorch_backends.cupy.memory import out_of_memory
from minitorch_backends.protocol import BackendUnavailable

OLDEST = (13, 6)
"""The first version of CuPy that is supported."""

INSTALL = (
    'pip install "minitorch-cnn[cuda13]" (driver 580 or newer, Turing or newer GPUs) or '
    'pip install "minitorch-cnn[cuda12]" (driver 525 or newer)'
)


def require_usable(number: int) -> None:
    """Return if device ``number`` computes; takes about as long as compiling one small kernel.

    Raises
    ------
    BackendUnavailable
        With the cause and its fix.
    OutOfDeviceMemory
        If the device works, but has no room left.
    """
    cupy = _imported()
    _require_version(cupy)
    driver, runtime = _versions(cupy)
    _require_driver(driver, runtime)
    _require_device(cupy, number)
    _try_out(cupy, number, runtime)


def unavailable(cause: str, fix: str) -> BackendUnavailable:
    return BackendUnavailable(f"backend 'cupy' cannot be used: {cause}. To mend it: {fix}")


def _imported() -> Any:
    try:
        import cupy
    except ModuleNotFoundError as error:
        if error.name != "cupy":
            raise _broken(error) from error
        raise unavailable("CuPy is not installed", INSTALL) from None
    except Exception as error:
        raise _broken(error) from error
    if not hasattr(cupy, "__version__") or not hasattr(cupy, "ndarray"):
        raise unavailable(
            f"import cupy finds {_whereabouts(cupy)}, which is not CuPy",
            f"rename or remove it (or start Python elsewhere); if CuPy is missing, {INSTALL}",
        )
    return cupy


def _broken(error: Exception) -> BackendUnavailable:
    return unavailable(
        f"CuPy is installed, but importing it fails ({type(error).__name__}: {_first_line(error)})",
        "uninstall every package that pip list shows as cupy..., for only one may be there, then "
        + INSTALL,
    )


def _whereabouts(module: ModuleType) -> str:
    """The file of a module, or the folders of a package without one."""
    found = getattr(module, "__file__", None)
    return repr(found) if found else ", ".join(map(repr, getattr(module, "__path__", ["nothing"])))


def _require_version(cupy: Any) -> None:
    numbers = tuple(int(part) for part in cupy.__version__.split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        raise unavailable(
            f"CuPy {cupy.__version__} is too old; {'.'.join(map(str, OLDEST))} or newer is needed",
            f"pip uninstall the installed package, then {INSTALL}",
        )


def _versions(cupy: Any) -> tuple[int, int]:
    """What the driver supports and what this CuPy was built for, such as 13020 for CUDA 13.2."""
    try:
        runtime = cupy.cuda.runtime
        return int(runtime.driverGetVersion()), int(runtime.runtimeGetVersion())
    except Exception as error:
        raise unavailable(
            f"the CUDA libraries do not answer ({type(error).__name__}: {_first_line(error)})",
            "check that nvidia-smi runs in this environment, then reinstall CuPy: " + INSTALL,
        ) from error


def _require_driver(driver: int, runtime: int) -> None:
    if driver == 0:
        raise unavailable(
            "this machine has no NVIDIA driver (or this container does not see it)",
            "install the driver for the GPU (then nvidia-smi shows it); start containers with "
            "--gpus all. Without an NVIDIA GPU, use backend 'numpy'",
        )
    if driver // 1000 < runtime // 1000:
        raise unavailable(
            f"the NVIDIA driver is too old: it supports CUDA {_dotted(driver)}, this CuPy needs "
            f"CUDA {runtime // 1000}",
            f"update the driver, or take the CuPy of CUDA {driver // 1000}: pip uninstall "
            f'cupy-cuda{runtime // 1000}x, then pip install "cupy-cuda{driver // 1000}x[ctk]"',
        )


def _dotted(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


def _require_device(cupy: Any, number: int) -> None:
    try:
        count = int(cupy.cuda.runtime.getDeviceCount()) if cupy.is_available() else 0
    except Exception as error:
        raise unavailable(
            f"the driver does not answer ({type(error).__name__}: {_first_line(error)})",
            "check that nvidia-smi runs in this environment; after an update of the driver, "
            "restart the machine",
        ) from error
    if count == 0:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        hidden = "" if visible is None else f" (CUDA_VISIBLE_DEVICES is {visible!r})"
        raise unavailable(
            f"there is a driver, but no GPU to be seen{hidden}",
            "check what nvidia-smi lists; CUDA_VISIBLE_DEVICES must be unset or name a GPU; start "
            "containers with --gpus all",
        )
    if number >= count:
        raise unavailable(
            f"there is no device {number}; this machine has {count}, numbered from 0",
            f"use 'cupy' or 'cupy:{count - 1}'" if count > 1 else "use 'cupy'",
        )


def _try_out(cupy: Any, number: int, runtime: int) -> None:
    """Use memory, the compiler and cuBLAS once, and look at the numbers."""
    libraries = f'pip install "cupy-cuda{runtime // 1000}x[ctk]"'
    with cupy.cuda.Device(number):
        try:
            pair = cupy.asarray([[1.0, 2.0], [3.0, 4.0]], dtype="float32")
        except cupy.cuda.memory.OutOfMemoryError as error:
            raise out_of_memory(error) from error
        except Exception as error:
            raise unavailable(
                f"no memory can be had from device {number} "
                f"({type(error).__name__}: {_first_line(error)})",
                "check with nvidia-smi whether another program uses the GPU alone; restart the "
                "machine if the GPU hangs",
            ) from error
        try:
            found = cupy.asnumpy(pair + pair)
        except Exception as error:
            raise _no_kernels(error, libraries) from error
        _require_equal("a kernel", found.tolist(), [[2.0, 4.0], [6.0, 8.0]])
        try:
            found = cupy.asnumpy(pair @ pair)
        except Exception as error:
            raise unavailable(
                "cuBLAS, CUDA's library of matrix products, cannot be used "
                f"({type(error).__name__}: {_first_line(error)})",
                libraries,
            ) from error
        _require_equal("cuBLAS", found.tolist(), [[7.0, 10.0], [15.0, 22.0]])


def _no_kernels(error: Exception, libraries: str) -> BackendUnavailable:
    """Why a kernel could not be compiled or run."""
    text = str(error)
    shown = f"({type(error).__name__}: {_first_line(error)})"
    if "gpu-architecture" in text:
        return unavailable(
            f"CUDA's compiler does not know this GPU {shown}",
            "CUDA 13 needs a GPU of the Turing generation or newer; for older ones pip install "
            '"minitorch-cnn[cuda12]", for newer ones update CuPy: ' + libraries,
        )
    if "nvrtc" in text:
        return unavailable(f"CUDA's compiler NVRTC is missing {shown}", libraries)
    if "headers" in text:
        return unavailable(f"the CUDA headers are missing {shown}", libraries)
    return unavailable(f"a kernel cannot be compiled and run {shown}", libraries)


def _require_equal(what: str, found: list[list[float]], expected: list[list[float]]) -> None:
    if found != expected:
        raise unavailable(
            f"{what} computes wrong numbers: {found} instead of {expected}",
            "the GPU or its driver is faulty: restart the machine and run nvidia-smi; if it stays, "
            "update the driver",
        )


def _first_line(error: Exception) -> str:
    """What an error says, without the lists that some CUDA libraries append."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else ""
