"""All checks of a backend: as one function, and as a class of tests for pytest.

May import everything beside it. pytest reads the class; nothing here needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import SkipTest

from minitorch_backends.protocol import Backend
from minitorch_backends.testing import contract
from minitorch_backends.testing.adjoints import ADJOINTS, check_adjoint
from minitorch_backends.testing.cases import CASES
from minitorch_backends.testing.kernels import check_kernel
from minitorch_backends.testing.number_cases import NO_FLOAT16


def _check_kernel(backend: Backend, *, name: str) -> None:
    check_kernel(backend, name)
    if hasattr(backend.xp, "float16") and name not in NO_FLOAT16:
        check_kernel(backend, name, count=20, dtype="float16")


CHECKS: dict[str, Callable[[Backend], object]] = {
    "protocol": contract.check_protocol,
    "namespace": contract.check_namespace,
    **{
        f"round_trip_{dtype}": partial(contract.check_round_trip, dtype=dtype)
        for dtype in contract.DTYPES
    },
    "copies": contract.check_copies,
    "operators": contract.check_operators,
    "writing": contract.check_writing,
    "index_errors": contract.check_index_errors,
    "devices": contract.check_devices,
    **{f"kernel_{name}": partial(_check_kernel, name=name) for name in CASES},
    **{f"adjoint_{name}": partial(check_adjoint, name=name) for name in ADJOINTS},
}
"""Name -> a check of a backend. It raises AssertionError; ``unittest.SkipTest`` where it does not
apply."""


def check_backend(backend: Backend) -> None:
    """Run every check on a backend, without a test framework.

    Raises
    ------
    AssertionError
        With a paragraph for each check that failed.

    Examples
    --------
    >>> from minitorch_backends.numpy import NumpyBackend
    >>> from minitorch_backends.testing import check_backend
    >>> class Reversed(NumpyBackend):
    ...     def to_numpy(self, array):
    ...         return super().to_numpy(array)[..., ::-1]
    >>> check_backend(Reversed())
    Traceback (most recent call last):
        ...
    AssertionError: backend 'numpy' fails ... of ... checks
    ...
    """
    failures = []
    for name, check in CHECKS.items():
        try:
            check(backend)
        except SkipTest:
            continue
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {error}")
    if failures:
        head = f"backend {getattr(backend, 'name', backend)!r} fails {len(failures)}"
        raise AssertionError("\n\n".join([f"{head} of {len(CHECKS)} checks", *failures]))


class BackendConformance:
    """Tests for pytest: make a subclass in a test file and name the backend.

    Each check is a test of its own, such as ``test_backend[kernel_conv]``; what does not apply (a
    float16 that the library lacks) is skipped and says why.

    Attributes
    ----------
    backend : Backend
        What is tested.

    Examples
    --------
    A whole test file, for pytest to run:

    >>> from minitorch_backends.numpy import backend
    >>> from minitorch_backends.testing import BackendConformance
    >>> class TestMyBackend(BackendConformance):
    ...     backend = backend()
    """

    backend: Backend

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Make a test of each check; pytest calls this."""
        if "check" in metafunc.fixturenames:
            metafunc.parametrize("check", CHECKS.values(), ids=CHECKS.keys())

    def test_backend(self, check: Callable[[Backend], object]) -> None:
        """One check."""
        if not hasattr(self, "backend"):
            raise TypeError(
                f"{type(self).__name__}: no backend to test; write `backend = ...` in the class, "
                "with an object that follows minitorch_backends.protocol.Backend"
            )
        check(self.backend)
