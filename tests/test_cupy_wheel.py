"""The CuPy wheel itself where it cannot compute: no driver, or a library of CUDA's is missing.

Runs in the environment of ``make test-cupy``, which keeps the wheel's own modules beside those that
emulation replaces. Without emulation, that wheel on a machine without a GPU is just what a user
meets; libraries are withheld from emulated CUDA. Elsewhere these tests are skipped.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cuda_emulator import emulator

ROOT = Path(__file__).parents[1]
WHEEL = Path(sys.prefix, "wheel")
TRY = """
import minitorch_cnn as mt
try:
    mt.use_backend({name!r})
    print(mt.zeros(1).backend)
except mt.BackendUnavailable as error:
    print(error)
"""
DRIVER = "from cupy.cuda import runtime; print(runtime.driverGetVersion())"

pytestmark = pytest.mark.skipif(
    not WHEEL.is_dir() or not emulator.available(),
    reason="the unchanged CuPy wheel lies in the environment of `make test-cupy` alone",
)


def run(*words, **environment):
    """Run Python in this environment; a variable that is None is unset."""
    return start(sys.executable, *words, **environment)


def start(*words, **environment):
    """Run a program, as :func:`run` runs Python."""
    settings = {**os.environ, **environment}
    return subprocess.run(
        list(map(str, words)),
        env={name: str(value) for name, value in settings.items() if value is not None},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def unemulated():
    """The environment variables of a process that finds CuPy's wheel and no emulated CUDA."""
    emulation = ("CUDA_EMULATED", "CUDA_PATH", "LD_LIBRARY_PATH")
    without = [name for name in os.environ if name in emulation or name.startswith("CUDA_EMULATOR")]
    path = os.pathsep.join(map(str, [WHEEL, ROOT, ROOT / "backends"]))
    settings = {**dict.fromkeys(without), "PYTHONPATH": path}
    done = run("-c", DRIVER, **settings)
    assert done.returncode == 0, done.stderr
    if done.stdout.strip() != "0":
        pytest.skip(f"this machine has an NVIDIA driver (CUDA {done.stdout.strip()})")
    return settings


def test_the_missing_driver_is_named_at_once(unemulated):
    done = run("-c", TRY.format(name="cupy"), **unemulated)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "backend 'cupy' cannot be used: this machine has no NVIDIA driver"
    )
    assert "To mend it: install the driver" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_auto_computes_on_numpy_and_says_why(unemulated):
    done = run("-c", TRY.format(name="auto"), **unemulated)
    assert (done.returncode, done.stdout) == (0, "numpy\n")
    assert done.stderr.startswith("minitorch_cnn: backend 'auto' is 'numpy': ")
    assert "no NVIDIA driver" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_environment_variable_is_named_too(unemulated):
    code = "import minitorch_cnn as mt; mt.zeros(1)"
    done = run("-c", code, **unemulated, MINITORCH_BACKEND="cupy")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "BackendUnavailable: MINITORCH_BACKEND: backend 'cupy' cannot be used: " in last


def test_a_training_ends_with_one_paragraph(unemulated, tmp_path):
    words = ["train", "--backend", "cupy", "--out", tmp_path / "run"]
    done = run("-m", "minitorch_cnn", *words, **unemulated)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("minitorch-cnn train: backend 'cupy' cannot be used: ")
    assert "no NVIDIA driver" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_train_ends_likewise(unemulated, tmp_path):
    venv = tmp_path / "venv"  # with the programs of this environment, and nothing to install
    venv.mkdir()
    (venv / "bin").symlink_to(Path(sys.prefix, "bin"))
    for stamp in ("created", "installed-viz"):
        (venv / stamp).touch()
    options = ["BACKEND=cupy", f"OUT={tmp_path / 'run'}", f"VENV={venv}"]
    done = start("make", "--no-print-directory", "train", *options, **unemulated)
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(told) == 1
    assert told[0].startswith("minitorch-cnn train: backend 'cupy' cannot be used: ")
    assert "no NVIDIA driver" in told[0]


def test_the_list_of_backends_shows_it(unemulated):
    done = run("-m", "minitorch_cnn", "backends", "--json", **unemulated)
    states = {state["name"]: state for state in json.loads(done.stdout)}
    assert "no NVIDIA driver" in states["cupy"]["why_not"]
    assert states["numpy"]["why_not"] == ""


def test_the_doctor_warns_of_it_and_finds_nothing_broken(unemulated):
    done = run("-m", "minitorch_cnn", "doctor", **unemulated)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nwarn  backend cupy: cannot be used: this machine has no NVIDIA driver" in done.stdout
    assert "\n      mend it: install the driver for the GPU" in done.stdout
    assert "\nok    backend numpy: trains" in done.stdout


@pytest.mark.parametrize(
    ("library", "cause"),
    [
        ("libnvrtc.so.13", "CUDA's compiler NVRTC is missing (DynamicLibNotFoundError"),
        ("libcublas.so.13", "cuBLAS, CUDA's library of matrix products, cannot be used (Import"),
        ("libcublasLt.so.13", "cuBLAS, CUDA's library of matrix products, cannot be used (Import"),
    ],
)
def test_a_library_that_is_withheld_is_named(tmp_path, library, cause):
    """Emulated: all of CUDA but this one file."""
    for file in Path(os.environ["LD_LIBRARY_PATH"]).iterdir():
        if file.name != library:
            (tmp_path / file.name).symlink_to(file)
    cache = tmp_path / "fresh-cache"
    code = TRY.format(name="cupy")
    done = run("-c", code, LD_LIBRARY_PATH=tmp_path, CUPY_CACHE_DIR=cache)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"backend 'cupy' cannot be used: {cause}")
    assert 'To mend it: pip install "cupy-cuda13x[ctk]"' in done.stdout


def test_other_libraries_of_cuda_are_not_needed(tmp_path):
    """Emulated: a training without random numbers, solvers, sparse matrices and transforms."""
    for file in Path(os.environ["LD_LIBRARY_PATH"]).iterdir():
        if not file.name.startswith(("libcurand", "libcusolver", "libcusparse", "libcufft")):
            (tmp_path / file.name).symlink_to(file)
    words = ["-m", "minitorch_cnn", "doctor", "--json"]
    done = run(*words, LD_LIBRARY_PATH=tmp_path, CUPY_CACHE_DIR=tmp_path / "fresh-cache")
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert found["backend cupy"]["status"] == "ok", found["backend cupy"]
