"""The CuPy backend where no GPU can be used: every cause is named, with its fix, at first use.

A module in the place of CuPy fails as CuPy was seen to fail. No GPU and no CuPy is needed here.
"""

import os
import subprocess
import sys
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_backends import cupy as own
from minitorch_backends.cupy.usable import require_usable
from minitorch_cnn import backend as backends


class OutOfMemoryError(MemoryError):
    """What CuPy raises when a device is full."""


class Failing:
    """An array of which some operations fail as on a machine that lacks a library."""

    def __init__(self, values: Any, failures: dict[str, Exception]) -> None:
        self.values, self.failures = np.asarray(values), failures

    def _do(self, name: str, result: Any) -> "Failing":
        if name in self.failures:
            raise self.failures[name]
        return Failing(result, self.failures)

    def __add__(self, other: "Failing") -> "Failing":
        return self._do("kernel", self.values + other.values)

    def __matmul__(self, other: "Failing") -> "Failing":
        return self._do("product", self.values @ other.values)


def fake_cupy(
    *,
    version: str = "14.2.0",
    driver: int = 13020,
    runtime: int = 13020,
    devices: int = 1,
    **failures: Exception,
) -> Any:
    """A module in the place of CuPy; ``failures`` are by ``alloc``, ``kernel``, ``product``, ..."""

    def counted() -> int:
        if "count" in failures:
            raise failures["count"]
        return devices

    def asarray(values: Any, dtype: str) -> Failing:
        if "alloc" in failures:
            raise failures["alloc"]
        return Failing(np.asarray(values, dtype), failures)

    module: Any = ModuleType("cupy")
    module.__version__, module.ndarray = version, Failing
    module.is_available = lambda: driver > 0 and devices > 0
    module.asarray, module.asnumpy = asarray, lambda array: array.values
    module.cuda = SimpleNamespace(
        Device=lambda number: nullcontext(),
        memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
        runtime=SimpleNamespace(
            driverGetVersion=lambda: driver,
            runtimeGetVersion=lambda: runtime,
            getDeviceCount=counted,
            memGetInfo=lambda: (1 << 20, 1 << 30),
        ),
    )
    pool = SimpleNamespace(
        used_bytes=lambda: 5 << 20, total_bytes=lambda: 6 << 20, get_limit=lambda: 7 << 20
    )
    module.get_default_memory_pool = lambda: pool
    return module


CAUSES = {
    "old CuPy": ({"version": "12.3.0"}, r"CuPy 12\.3\.0 is too old; 13\.6", "uninstall"),
    "no driver": ({"driver": 0}, "no NVIDIA driver", "install the driver"),
    "old driver": (
        {"driver": 12040},
        r"driver is too old: it supports CUDA 12\.4, this CuPy needs CUDA 13",
        r"pip uninstall cupy-cuda13x.*cupy-cuda12x\[ctk\]",
    ),
    "no device": ({"devices": 0}, "no GPU to be seen", "CUDA_VISIBLE_DEVICES must be unset"),
    "no answer": (
        {"driver": RuntimeError("libcuda.so.1")},
        r"do not answer \(RuntimeError: libcuda",
        "nvidia-smi",
    ),
    "a hung driver": (
        {"count": RuntimeError("cudaErrorSystemDriverMismatch")},
        r"driver does not answer.*Mismatch",
        "restart",
    ),
    "no allocation": (
        {"alloc": RuntimeError("cudaErrorDevicesUnavailable: busy")},
        "no memory can be had from device 0.*DevicesUnavailable",
        "another program",
    ),
    "no compiler": (
        {"kernel": RuntimeError('Failure finding "libnvrtc.so.13": no such file\na\nlong\nlist')},
        "compiler NVRTC is missing.*no such file",
        r'pip install "cupy-cuda13x\[ctk\]"',
    ),
    "no headers": (
        {"kernel": RuntimeError("Failed to find CUDA headers. Please install")},
        "headers are missing",
        r'pip install "cupy-cuda13x\[ctk\]"',
    ),
    "a GPU that is too old": (
        {"kernel": RuntimeError("nvrtc: error: invalid value for --gpu-architecture (-arch)")},
        "compiler does not know this GPU",
        "cuda12",
    ),
    "no kernels": (
        {"kernel": RuntimeError("cudaErrorNoKernelImageForDevice")},
        "kernel cannot be compiled and run.*NoKernelImage",
        "cupy-cuda13x",
    ),
    "no cuBLAS": (
        {"product": ImportError("libcublasLt.so.13: cannot open shared object file")},
        "cuBLAS.*libcublasLt",
        r'pip install "cupy-cuda13x\[ctk\]"',
    ),
}


@pytest.fixture(autouse=True)
def no_backend_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process: nothing loaded, and the entry point of this very package."""
    point = SimpleNamespace(load=lambda: own.backend)
    monkeypatch.setattr(own, "_devices", {})
    monkeypatch.setattr(backends, "_entry_points", lambda: {"cupy": point})
    loaded = {name: b for name, b in backends._loaded.items() if not name.startswith("cupy")}
    monkeypatch.setattr(backends, "_loaded", loaded)
    backends._chosen.cache_clear()


def no_cupy_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing named cupy is imported; what the test imports by that name goes when it ends."""
    monkeypatch.setitem(sys.modules, "cupy", None)
    del sys.modules["cupy"]


def stands_for_cupy(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    monkeypatch.setitem(sys.modules, "cupy", module)


def given(driver: Any = 13020, **how: Any) -> Any:
    """:func:`fake_cupy`, where a driver that is an exception fails when it is asked."""
    if isinstance(driver, Exception):
        module = fake_cupy(**how)

        def fails() -> int:
            raise driver

        module.cuda.runtime.driverGetVersion = fails
        return module
    return fake_cupy(driver=driver, **how)


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_named_with_its_fix(monkeypatch: pytest.MonkeyPatch, cause: str) -> None:
    how, named, fix = CAUSES[cause]
    stands_for_cupy(monkeypatch, given(**how))
    with pytest.raises(mt.BackendUnavailable, match=f"'cupy' cannot be used: .*{named}") as raised:
        mt.use_backend("cupy")
    text = str(raised.value)
    assert "\n" not in text
    assert raised.match(f"To mend it: .*{fix}")
    assert mt.zeros(1).backend == "numpy"
    assert "cupy" not in backends._loaded


def test_a_usable_device_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """... also with a driver that is newer than the wheel, as drivers may be."""
    stands_for_cupy(monkeypatch, fake_cupy(driver=14000, devices=2))
    require_usable(0)
    require_usable(1)


def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_for_cupy(monkeypatch, fake_cupy(devices=2))
    with pytest.raises(mt.BackendUnavailable, match=r"no device 2; .* has 2.*'cupy:1'"):
        require_usable(2)


def test_hidden_devices_are_said_to_be_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    stands_for_cupy(monkeypatch, fake_cupy(devices=0))
    with pytest.raises(mt.BackendUnavailable, match="CUDA_VISIBLE_DEVICES is '-1'"):
        mt.use_backend("cupy")


def test_a_full_device_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_for_cupy(monkeypatch, fake_cupy(alloc=OutOfMemoryError("Out of memory allocating 16.")))
    with pytest.raises(mt.OutOfDeviceMemory, match=r"full \(Out of memory .*16\).*limit 7 MiB"):
        mt.use_backend("cupy")
    assert issubclass(mt.OutOfDeviceMemory, MemoryError)


@pytest.mark.parametrize(
    ("probe", "what"), [("__add__", "a kernel"), ("__matmul__", "cuBLAS")], ids=["kernel", "blas"]
)
def test_wrong_numbers(monkeypatch: pytest.MonkeyPatch, probe: str, what: str) -> None:
    stands_for_cupy(monkeypatch, fake_cupy())
    monkeypatch.setattr(Failing, probe, lambda a, b: Failing(a.values * np.nan, {}))
    with pytest.raises(mt.BackendUnavailable, match=f"{what} computes wrong numbers"):
        mt.use_backend("cupy")


def test_cupy_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    no_cupy_yet(monkeypatch)

    class Hiding:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "cupy":
                raise ModuleNotFoundError("No module named 'cupy'", name="cupy")

    monkeypatch.setattr(sys, "meta_path", [Hiding(), *sys.meta_path])
    with pytest.raises(mt.BackendUnavailable, match=r"not installed.*minitorch-cnn\[cuda13\]"):
        mt.use_backend("cupy")


def test_a_broken_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    no_cupy_yet(monkeypatch)
    (tmp_path / "cupy.py").write_text("import a_module_that_is_missing")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(mt.BackendUnavailable, match=r"importing it fails.*only one may be there"):
        mt.use_backend("cupy")


@pytest.mark.parametrize("kind", ["a folder", "a file", "a package"])
def test_something_else_of_that_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, kind: str
) -> None:
    places = {"a folder": tmp_path / "cupy", "a file": tmp_path / "cupy.py"}
    place = places.get(kind, tmp_path / "cupy" / "__init__.py")
    if kind == "a folder":
        place.mkdir()
    else:
        place.parent.mkdir(exist_ok=True)
        place.write_text("answer = 42")
    no_cupy_yet(monkeypatch)
    # Alone on the path, for a folder without __init__.py yields to an installed package.
    monkeypatch.setattr(sys, "path", [str(tmp_path), *_standard_library()])
    with pytest.raises(mt.BackendUnavailable, match=r"which is not CuPy.*rename") as raised:
        mt.use_backend("cupy")
    assert repr(str(place)) in str(raised.value)
    no_cupy_yet(monkeypatch)


def _standard_library() -> list[str]:
    return [path for path in sys.path if path and "site-packages" not in path]


# --- "auto" -------------------------------------------------------------------------------------


def test_auto_is_numpy_where_there_is_no_gpu_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stands_for_cupy(monkeypatch, fake_cupy(driver=0))
    for _ in range(2):
        assert mt.zeros(1, backend="auto").backend == "numpy"
        with mt.use_backend("auto"):
            assert mt.zeros(1).backend == "numpy"
    said = capsys.readouterr().err
    assert said.count("'auto' is 'numpy'") == 1
    assert "no NVIDIA driver" in said
    assert "auto" not in mt.backend_names()


# --- names of devices ---------------------------------------------------------------------------


def test_a_backend_of_one_device_has_no_numbers() -> None:
    with pytest.raises(ValueError, match=r"'numpy:1': 'numpy' has one device"):
        mt.zeros(1, backend="numpy:1")
    with pytest.raises(ValueError, match="unknown backend 'nope'"):
        mt.zeros(1, backend="nope:1")


# --- the command line ---------------------------------------------------------------------------


def test_training_without_a_gpu_ends_with_one_paragraph(tmp_path: Any) -> None:
    """... and a code that is not 0; nothing is trained on the host instead."""
    (tmp_path / "cupy.py").write_text(
        "from types import SimpleNamespace as Names\n"
        "__version__, ndarray = '14.2.0', int\n"
        "runtime = Names(driverGetVersion=lambda: 0, runtimeGetVersion=lambda: 13020)\n"
        "cuda = Names(runtime=runtime)\n"
    )
    code = (
        "import sys; from types import SimpleNamespace as Names\n"
        "from minitorch_cnn import backend as backends; from minitorch_backends import cupy\n"
        "backends._entry_points = lambda: {'cupy': Names(load=lambda: cupy.backend)}\n"
        "from minitorch_cnn.cli import main\n"
        f"sys.exit(main(['train', '--backend', 'cupy', '--out', {str(tmp_path / 'run')!r}]))"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "no NVIDIA driver" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
