"""Checks of a backend: the contract, every kernel beside the portable one, adjoints, errors.

For whoever writes a backend, in a package of their own. A test file for pytest is

>>> from minitorch_backends.numpy import backend
>>> from minitorch_backends.testing import BackendConformance
>>> class TestMyBackend(BackendConformance):
...     backend = backend()

The functions need no test framework; they raise AssertionError with the numbers met. Needs NumPy
and array-api-compat alone, and is imported by nothing in the house.
"""

from minitorch_backends.testing.adjoints import ADJOINTS, check_adjoint
from minitorch_backends.testing.cases import KernelCase, kernel_cases
from minitorch_backends.testing.conformance import BackendConformance, check_backend
from minitorch_backends.testing.kernels import check_kernel
from minitorch_backends.testing.placement import LAYOUTS, TOLERANCES, relative_error

__all__ = [
    "ADJOINTS",
    "LAYOUTS",
    "TOLERANCES",
    "BackendConformance",
    "KernelCase",
    "check_adjoint",
    "check_backend",
    "check_kernel",
    "kernel_cases",
    "relative_error",
]
