"""What all tests share: the choice of backends, a watch on leaking modes, hypothesis' settings.

``pytest --backend numpy --backend strict`` (or ``--backend numpy,strict``, which is the default)
runs every test that asks for the ``backend`` fixture once on each of them. With ``--backend cupy``
the header names the device; where there is none these tests are skipped and say why. On emulated
CUDA (``make test-cupy``) the header and the name of each test say "emulated".
"""

import os
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import HealthCheck, settings

import minitorch_cnn as mt
from cuda_emulator import emulator
from minitorch_backends.protocol import BackendUnavailable, Queued
from minitorch_cnn.backend import backend_names, get_backend
from modes import no_leaks

DEFAULT_BACKENDS = ["numpy", "strict"]

settings.register_profile(
    "minitorch_cnn",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50,
    # The fixtures here set a mode for all examples of a test; none needs renewing in between.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
settings.load_profile("minitorch_cnn")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backend",
        action="append",
        metavar="NAME",
        help="run backend tests on NAME; repeat it or separate names by commas "
        f"(default: {','.join(DEFAULT_BACKENDS)})",
    )


def chosen_backends(config: pytest.Config) -> list[str]:
    given = config.getoption("--backend")
    return [name for part in given for name in part.split(",")] if given else DEFAULT_BACKENDS


def is_cupy(name: str) -> bool:
    return name.partition(":")[0] == "cupy"


@cache
def why_not(name: str) -> str | None:
    """Why tests on a GPU cannot run here; on emulated CUDA they can, and fail if they do not."""
    if not is_cupy(name) or emulator.available():
        return None
    if "cupy" not in backend_names():
        return "no backend named cupy is announced"
    try:
        get_backend(name)
    except BackendUnavailable as unavailable:
        return str(unavailable)
    return None


def pytest_configure() -> None:
    if emulator.available():  # pytest keeps stderr in a file, which is lost when the process ends
        emulator.say_faults_to(os.dup(sys.stderr.fileno()))


def pytest_report_header(config: pytest.Config) -> str | None:
    if not any(map(is_cupy, chosen_backends(config))):
        return None
    try:
        from cupy.cuda import runtime

        device = runtime.getDeviceProperties(0)["name"].decode()
    except Exception as error:  # CuPy is missing, or there is no driver or no device
        reason = (str(error) or type(error).__name__).splitlines()[0]
        return f"device: none, so tests on cupy are skipped ({reason})"
    return f"device: {device}" + (f", {emulator.describe()}" if emulator.available() else "")


def backend_parameter(name: str) -> object:
    reason = why_not(name)
    if reason is not None:
        return pytest.param(name, marks=pytest.mark.skip(reason=reason))
    emulated = is_cupy(name) and emulator.available()
    return pytest.param(name, id=f"{name}-emulated" if emulated else name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        parameters = [backend_parameter(name) for name in chosen_backends(metafunc.config)]
        metafunc.parametrize("backend", parameters, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of the backend in which this test makes its tensors."""
    with mt.use_backend(request.param) as used:
        if isinstance(used, Queued):
            used.checks_at_once = True  # tests of errors expect them where they are made
        yield request.param


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    with no_leaks():
        yield
