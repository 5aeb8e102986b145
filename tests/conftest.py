"""What all tests share: the choice of backends, a watch on leaking modes, hypothesis' settings.

``pytest --backend numpy --backend strict`` (or ``--backend numpy,strict``, which is the default)
runs every test that asks for the ``backend`` fixture once on each of them.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import minitorch_cnn as mt
from minitorch_backends.protocol import Queued
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        given = metafunc.config.getoption("--backend")
        names = [name for part in given for name in part.split(",")] if given else DEFAULT_BACKENDS
        metafunc.parametrize("backend", names, indirect=True)


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
