"""Every kernel of a backend against its plain definition, and linear ones against their adjoints.

On small shapes by the kit of ``minitorch_backends.testing``, on those of ``cases`` here: the
definitions of ``minitorch_backends.portable`` are computed by NumPy in float64, from the very
numbers that the kernel is given. Works for any backend. May import ``cases`` and ``report``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_backends import portable
from minitorch_backends.protocol import Backend, Kernel
from minitorch_backends.testing import check_kernel
from minitorch_cnn import testing, tree
from minitorch_cnn.gpu_check.cases import CASES, Adjoint, Case, HostArray, adjoints
from minitorch_cnn.gpu_check.report import Outcome

TOLERANCES = {"float32": 2e-5, "float64": 1e-12}
"""Largest difference that rounding explains, relative to the largest entry of a result."""


def check_kernels(home: Backend) -> Iterator[Outcome]:
    """One outcome for each kernel, in both dtypes."""
    for name in portable.KERNELS:
        yield _check_kernel(name, home)


def kernel_of(home: Backend, name: str) -> Kernel:
    return home.kernels.get(name) or portable.KERNELS[name]


def with_arrays(convert: Callable[[HostArray], Any], arguments: Any) -> Any:
    """Arguments with ``convert`` applied to their NumPy arrays, also to those inside containers."""
    entries, structure = tree.flatten(arguments)
    return structure.unflatten([convert(x) if isinstance(x, np.ndarray) else x for x in entries])


def relative_error(found: HostArray, expected: HostArray) -> float:
    """Largest difference over the largest finite entry (or 1); infinite where NaN do not agree.

    Indices and truth values must be equal.
    """
    if found.shape != expected.shape:
        return float("inf")
    if not np.issubdtype(expected.dtype, np.floating):
        return 0.0 if np.array_equal(found, expected) else float("inf")
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
        return float("inf")
    size = np.max(np.abs(expected), initial=0.0, where=finite)
    difference = np.max(np.abs(found[finite].astype(np.float64) - expected[finite]), initial=0.0)
    return float(difference / (size or 1.0)) if np.isfinite(difference) else float("inf")


def _check_kernel(name: str, home: Backend) -> Outcome:
    title, own = f"kernel {name}", name in home.kernels
    figures: dict[str, Any] = {"own": own}
    wrong: list[str] = []
    for dtype, tolerance in TOLERANCES.items():
        figures[dtype] = 0.0
        try:  # on many small shapes, by the kit that every backend has to pass
            figures[dtype] = check_kernel(home, name, dtype=dtype)
        except Exception as problem:
            wrong.append(f"{dtype}: {type(problem).__name__}: {problem}")
        for case in CASES[name](np.random.default_rng(0)) if name in CASES else ():
            place = f"{case.label} in {dtype}"
            try:
                error = _error_of(name, case, np.dtype(dtype), home)
            except Exception as problem:
                wrong.append(f"{place}: {type(problem).__name__}: {problem}")
                continue
            figures[dtype] = max(figures[dtype], error)
            if not error <= tolerance:
                wrong.append(f"{place}: relative error {error:.1e}, at most {tolerance:.0e}")
    if wrong:
        figures["wrong"] = wrong
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return Outcome("fail", title, wrong[0] + more, figures)
    errors = ", ".join(f"{dtype} {figures[dtype]:.1e}" for dtype in TOLERANCES)
    return Outcome("ok", title, f"relative error {errors}{'' if own else ' (portable)'}", figures)


def _error_of(name: str, case: Case, dtype: np.dtype[Any], home: Backend) -> float:
    def rounded(array: HostArray) -> HostArray:
        return array.astype(dtype) if array.dtype.kind == "f" else array

    given = with_arrays(rounded, [case.arrays, case.parameters])
    arrays, parameters = with_arrays(lambda a: home.asarray(a, copy=True), given)
    exact = with_arrays(lambda a: a.astype(float) if a.dtype.kind == "f" else a, given)
    found = kernel_of(home, name)(*arrays, **parameters)
    expected = portable.KERNELS[name](*exact[0], **exact[1])
    if not isinstance(expected, tuple):
        found, expected = (found,), (expected,)
    error = 0.0
    for a, b in zip(map(home.to_numpy, found), expected, strict=True):
        wanted = dtype if b.dtype.kind == "f" else b.dtype
        if a.dtype != wanted:
            raise TypeError(f"the result is {a.dtype}, expected {wanted}")
        error = max(error, relative_error(a, b))
    return error


def check_adjoints(home: Backend) -> Iterator[Outcome]:
    """``<A x, y> = <x, A* y>`` in float64; one outcome for each map and its adjoint."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for pair in adjoints(np.random.default_rng(0)):
        found = wrong.setdefault((pair.name, pair.back_name), [])
        try:
            _check_adjoint(pair, home)
        except Exception as problem:
            found.append(f"{pair.forth.label}: {type(problem).__name__}: {problem}")
    for (name, back), problems in wrong.items():
        title = f"adjoint {name}, {back}"
        if problems:
            yield Outcome("fail", title, problems[0], {"wrong": problems})
        else:
            yield Outcome("ok", title, "<A x, y> is <x, A* y> to rounding")


def _check_adjoint(pair: Adjoint, home: Backend) -> None:
    def as_map(name: str, case: Case) -> Callable[[Any], Any]:
        arrays, parameters = with_arrays(
            lambda a: home.asarray(a, copy=True), [case.arrays, case.parameters]
        )

        def run(x: Any) -> Any:
            filled = [x.data if array is None else array for array in arrays]
            return mt.asarray(kernel_of(home, name)(*filled, **parameters))

        return run

    testing.check_adjoint(
        as_map(pair.name, pair.forth),
        as_map(pair.back_name, pair.back),
        pair.x_shape,
        pair.y_shape,
        backend=home,
    )
