"""The test kit of backends: it passes what is right, and names what is wrong."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest

from minitorch_backends import portable
from minitorch_backends.numpy import NumpyBackend
from minitorch_backends.testing import (
    ADJOINTS,
    check_adjoint,
    check_backend,
    check_kernel,
    kernel_cases,
    relative_error,
)
from minitorch_backends.testing.cases import CASES
from minitorch_backends.testing.conformance import CHECKS
from minitorch_backends.testing.placement import leaves
from test_backend import ForeignBackend

NEVER_EMPTY = {
    *("moments", "running_moments", "batch_norm", "batch_norm_backward", "add_bias"),
    *("softmax", "log_softmax", "random_mask", "inv", "solve", "cholesky"),
}


def test_every_kernel_has_cases() -> None:
    assert set(CASES) == set(portable.KERNELS)
    assert set(ADJOINTS) <= set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_cases_are_the_same_each_time_and_hold_empty_batches(name: str) -> None:
    first, second = kernel_cases(name), kernel_cases(name)
    assert list(map(str, first)) == list(map(str, second))
    for a, b in zip(first, second, strict=True):
        for values, again in zip(leaves(a.inputs), leaves(b.inputs), strict=True):
            np.testing.assert_array_equal(values, again)
    inputs = [list(leaves(case.inputs)) for case in first]
    dtypes = {values.dtype.name for arrays in inputs for values in arrays}
    assert dtypes == ({"int64"} if name == "any_wrong_label" else {"float32", "float64"})
    assert any(values.size == 0 for arrays in inputs for values in arrays) or name in NEVER_EMPTY


def test_what_is_no_kernel() -> None:
    with pytest.raises(ValueError, match=r"no kernel is called 'convolve'.*conv"):
        kernel_cases("convolve")


def test_a_backend_that_imports_nothing_of_ours_passes() -> None:
    check_backend(ForeignBackend())


# --- mistakes ------------------------------------------------------------------------------------


def failing(backend: Any) -> set[str]:
    """Names of the checks that a backend fails."""
    found = set()
    for name, check in CHECKS.items():
        try:
            check(backend)
        except SkipTest:
            pass
        except Exception:
            found.add(name)
    return found


class WithKernels(NumpyBackend):
    def __init__(self, **kernels: Any) -> None:
        super().__init__()
        self.kernels.update(kernels)


def changed(name: str, change: Callable[[Any], Any]) -> WithKernels:
    """NumPy with a kernel whose result is changed."""
    return WithKernels(**{name: lambda *a, **k: change(portable.KERNELS[name](*a, **k))})


def written_to(x: Any, **parameters: Any) -> Any:
    result = portable.softmax(x, **parameters)
    x *= 2
    return result


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("softmax", lambda y: y + 1e-4, "differs from the portable kernel by"),
        ("softmax", lambda y: y * np.nan, "differs from the portable kernel by inf"),
        ("softmax", lambda y: y.astype(np.float64), r"gives shape .* float64; expected .* float32"),
        ("softmax", lambda y: y[None], r"gives shape \(1, "),
        ("softmax", lambda y: y.tolist(), "returns a list; expected an array of the backend"),
        ("softmax", lambda y: (y, y), "returns 2 arrays; expected 1"),
        ("max_pool", lambda y: (y[0], y[1] + 1), "differs from the portable kernel"),
        ("argsort", lambda y: y[..., ::-1], "differs from the portable kernel"),
        ("pad", lambda y: y.swapaxes(0, -1) if y.ndim else y, r"pad\(<float"),
    ],
)
def test_wrong_results_of_a_kernel(name: str, change: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_kernel(changed(name, change), name)


def test_a_kernel_that_writes_to_its_input_or_raises() -> None:
    with pytest.raises(AssertionError, match="has written to its inputs"):
        check_kernel(WithKernels(softmax=written_to), "softmax")
    with pytest.raises(AssertionError, match=r"erf\(<float.* raises ZeroDivisionError"):
        check_kernel(WithKernels(erf=lambda x: 1 // 0), "erf")


def test_the_largest_error_comes_back() -> None:
    slightly = changed("softmax", lambda y: y + y.dtype.type(1e-6))
    assert check_kernel(slightly, "softmax", dtype="float32") == pytest.approx(1e-6, rel=0.2)
    assert check_kernel(WithKernels(), "pad", dtype="float32") == 0.0


@pytest.mark.parametrize("name", ADJOINTS)
def test_what_is_no_adjoint(name: str) -> None:
    """... is found also where the portable kernel is wrong in the same way."""
    with pytest.raises(AssertionError, match=rf"{name}\(.* is not the adjoint of its partner"):
        check_adjoint(changed(name, lambda y: y * (1 + 1e-9)), name)


def test_relative_errors() -> None:
    assert relative_error(np.array([1.0, 30.0]), np.array([1.0, 20.0])) == 0.5
    assert relative_error(np.array([0.25]), np.array([0.0])) == 0.25
    assert relative_error(np.array([np.nan, np.inf]), np.array([np.nan, np.inf])) == 0.0
    assert relative_error(np.array([np.inf]), np.array([-np.inf])) == np.inf
    assert relative_error(np.array([np.nan]), np.array([0.0])) == np.inf
    assert relative_error(np.array([0.0]), np.array([np.nan])) == np.inf
    assert relative_error(np.empty(0), np.empty(0)) == 0.0


class Changed(NumpyBackend):
    """NumPy with one member replaced."""

    def __init__(self, **members: Any) -> None:
        super().__init__()
        vars(self).update(members)


def without_signs(array: Any, *, copy: bool) -> Any:
    array = np.array(array) if copy else np.asarray(array).view()
    return array + 0 if array.dtype.kind == "f" else array


NUMPY = NumpyBackend()


@pytest.mark.parametrize(
    ("members", "checks"),
    [
        ({"name": ""}, {"protocol"}),
        ({"name": "numpy:1"}, {"protocol"}),
        ({"array_types": [np.ndarray]}, {"protocol"}),
        ({"kernels": {"convolve": portable.conv}}, {"protocol"}),
        ({"kernels": {"conv": None}}, {"protocol"}),
        ({"asarray": without_signs}, {"round_trip_float32", "round_trip_float64"}),
        ({"asarray": lambda a, *, copy: np.asarray(a).view()}, {"copies"}),
        (
            {"asarray": lambda a, *, copy: np.array(a, np.float64)},
            {"round_trip_int64", "round_trip_float32", "round_trip_bool"},
        ),
        (
            {"asarray": lambda a, *, copy: np.atleast_1d(NUMPY.asarray(a, copy=copy))},
            {"round_trip_int8"},
        ),
        (
            {"asarray": lambda a, *, copy: NUMPY.seal(NUMPY.asarray(a, copy=copy))},
            {"writing"},
        ),
        ({"to_numpy": lambda a: np.asarray(a)[..., ::-1]}, {"round_trip_float16"}),
        ({"to_numpy": list}, {"round_trip_uint8", "operators"}),
        ({"seal": lambda a: a}, {"operators"}),
        (
            {"kernels": {"select": lambda x, *, key: portable.select(x, key=(key[0] * 0,))}},
            {"index_errors", "kernel_select"},
        ),
    ],
)
def test_mistakes_in_the_contract(members: dict[str, Any], checks: set[str]) -> None:
    assert checks <= failing(Changed(**members))


def test_a_missing_member_is_named() -> None:
    class Unfinished:
        name, array_types, xp, kernels = "unfinished", (np.ndarray,), np, {}
        asarray, to_numpy = NumpyBackend.asarray, NumpyBackend.to_numpy

    with pytest.raises(AssertionError, match=r"protocol: .*has no seal, synchronize"):
        check_backend(Unfinished())  # type: ignore[arg-type]


# --- under pytest --------------------------------------------------------------------------------


def run_pytest(folder: Path, text: str, *options: str) -> str:
    file = folder / "test_mine.py"
    file.write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *options, str(file)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    return done.stdout


HEAD = "from minitorch_backends.testing import BackendConformance\n"


def test_a_test_file_of_three_lines(tmp_path: Path) -> None:
    body = "class TestMine(BackendConformance):\n    backend = backend()\n"
    text = f"{HEAD}from minitorch_backends.numpy import backend\n{body}"
    report = run_pytest(tmp_path, text, "-v", "-k", "protocol or devices or pad")
    assert "TestMine::test_backend[kernel_pad] PASSED" in report
    assert "TestMine::test_backend[adjoint_pad] PASSED" in report
    assert "backend 'numpy' has one device" in report
    assert "3 passed, 1 skipped" in report


def test_a_class_without_a_backend_says_so(tmp_path: Path) -> None:
    report = run_pytest(
        tmp_path, f"{HEAD}class TestMine(BackendConformance): pass\n", "-k", "protocol"
    )
    assert "TestMine: no backend to test; write `backend = ...` in the class" in report
