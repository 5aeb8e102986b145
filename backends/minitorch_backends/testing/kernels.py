"""A backend's kernels beside the portable ones, call by call.

The portable kernels compute in float64 with NumPy, whatever the dtype, so the error that is met is
the backend's alone. May import ``cases``, ``placement`` and ``portable``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_backends import portable
from minitorch_backends.protocol import Backend, Kernel
from minitorch_backends.testing.cases import KernelCase, kernel_cases
from minitorch_backends.testing.draw import HostArray
from minitorch_backends.testing.placement import TOLERANCES, leaves, relative_error

WRITES = {"sgd_step": 2, "adam_step": 2, "rmsprop_step": 2}
"""Kernels of optimisers, on lists of arrays: they may write to all inputs but the first so many."""


def find_kernel(backend: Backend, name: str) -> Kernel:
    """The backend's own kernel, or else the portable one."""
    return backend.kernels.get(name) or portable.KERNELS[name]


def check_kernel(backend: Backend, name: str, *, count: int = 40, dtype: Any = None) -> float:
    """Compare a backend's kernel with the portable one; returns the largest relative error.

    Results must be arrays of the backend, have the shapes of the portable kernel's and the dtype of
    the inputs, and differ by no more than rounding; indices must be equal. The inputs must be as
    before. A backend without a kernel of its own is checked with the portable one: that its array
    library can run it.

    Parameters
    ----------
    backend : Backend
        The object; see :class:`minitorch_backends.protocol.Backend`.
    name : str
        Of the kernel.
    count, dtype
        As for :func:`kernel_cases`.

    Raises
    ------
    AssertionError
        With the smallest call that goes wrong, and what was met and expected.
    ValueError
        For a name that no kernel has.

    Examples
    --------
    >>> from minitorch_backends.numpy import NumpyBackend
    >>> from minitorch_backends.testing import check_kernel
    >>> check_kernel(NumpyBackend(), "conv", dtype="float64") < 1e-12
    True
    """
    return max(
        (_check_case(backend, case) for case in kernel_cases(name, count=count, dtype=dtype)),
        default=0.0,
    )


def _check_case(backend: Backend, case: KernelCase) -> float:
    inputs, parameters = case.on(backend)
    try:
        with np.errstate(all="ignore"):  # infinities and divisors of 0 are among the entries
            results = find_kernel(backend, case.name)(*inputs, **parameters)
    except Exception as error:
        raise AssertionError(f"{case} raises {type(error).__name__}: {error}") from error
    exact = _exact(case)
    results = results if isinstance(results, tuple) else (results,)
    if case.name in WRITES:
        results = tuple(leaves(results))
    if len(results) != len(exact):
        raise AssertionError(f"{case} returns {len(results)} arrays; expected {len(exact)}")
    for result in results:
        if type(result) not in backend.array_types:
            raise AssertionError(
                f"{case} returns a {type(result).__name__}; expected an array of the backend, one "
                f"of {[kind.__name__ for kind in backend.array_types]}"
            )
    found = [backend.to_numpy(result) for result in results]
    given = len(inputs) if case.name not in WRITES else WRITES[case.name]
    arrays = zip(leaves(inputs[:given]), leaves(case.inputs[:given]), strict=True)
    for values, before in arrays:
        if not np.array_equal(backend.to_numpy(values), before, equal_nan=True):
            raise AssertionError(f"{case} has written to its inputs; expected them as before")
    return max(map(_compare, [case] * len(exact), found, exact))


def _exact(case: KernelCase) -> list[HostArray]:
    """What the portable kernel gives in float64, in the dtype of the inputs."""
    inputs, parameters = case.in_float64()
    with np.errstate(all="ignore"):
        results = portable.KERNELS[case.name](*inputs, **parameters)
        dtype = next(leaves(case.inputs)).dtype
        return [
            np.asarray(result, dtype if result.dtype.kind == "f" else None)
            for result in leaves((results,))
        ]


def _compare(case: KernelCase, found: HostArray, exact: HostArray) -> float:
    if (found.shape, found.dtype) != (exact.shape, exact.dtype):
        raise AssertionError(
            f"{case} gives shape {found.shape}, {found.dtype}; expected {exact.shape}, "
            f"{exact.dtype}"
        )
    error = relative_error(found, exact)
    tolerance = TOLERANCES.get(exact.dtype.name, 0.0)
    if not error <= tolerance:
        raise AssertionError(
            f"{case} differs from the portable kernel by {error:.2e}, relative to the largest "
            f"entry; allowed is {tolerance:.0e}\nfound:\n{found}\nexpected:\n{exact}"
        )
    return error
