"""What is offered of the linalg extension, beside NumPy, and what it refuses."""

from typing import Any

import numpy as np
import pytest
from draws import arrays, drawn, same, shapes
from hypothesis import strategies as st
from standard import FLOATS, NUMBERS, accumulator

import minitorch_cnn as mt
from minitorch_cnn import linalg

MILD = {"low": -4, "high": 4}


def regular(data: Any) -> Any:
    """A stack of matrices that are far from singular."""
    dtype = data.draw(st.sampled_from(FLOATS))
    n, stack = data.draw(st.integers(0, 3)), data.draw(shapes(max_dims=2))
    x = data.draw(arrays(dtype, (*stack, n, n), low=-1, high=1))
    return x / 4 + 2 * np.eye(n, dtype=dtype)


@pytest.mark.parametrize("name", ["inv", "det", "slogdet"])
@drawn
def test_of_square_matrices(name: str, backend: str, data: Any) -> None:
    x = regular(data)
    found, expected = getattr(linalg, name)(mt.tensor(x)), getattr(np.linalg, name)(x)
    if name == "slogdet":
        assert found._fields == ("sign", "logabsdet")
        same(found.sign, expected.sign, x.dtype)
    pairs = [(found, expected)] if name != "slogdet" else [(found.logabsdet, expected.logabsdet)]
    for y, reference in pairs:
        same(y, reference, x.dtype, tolerance=100)


@drawn
def test_cholesky_solve_and_power(backend: str, data: Any) -> None:
    x = regular(data)
    definite = x @ np.matrix_transpose(x)
    for upper in (False, True):
        found = linalg.cholesky(mt.tensor(definite), upper=upper)
        same(found, np.linalg.cholesky(definite, upper=upper), x.dtype, tolerance=100)
    right = data.draw(arrays(x.dtype, (*x.shape[:-1], 2), **MILD))
    found = linalg.solve(mt.tensor(x), mt.tensor(right))
    same(found, np.linalg.solve(x, right), x.dtype, tolerance=1000)
    n = data.draw(st.integers(-2, 4))
    found = linalg.matrix_power(mt.tensor(x), n)
    same(found, np.linalg.matrix_power(x, n), x.dtype, tolerance=10_000)


@drawn
def test_diagonal_trace_and_matrix_norm(backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(NUMBERS))
    limits = MILD if dtype.kind == "f" else {}
    x = data.draw(arrays(dtype, (*data.draw(shapes(max_dims=1)), 3, 2), **limits))
    offset = data.draw(st.integers(-4, 4))
    same(linalg.diagonal(mt.tensor(x), offset=offset), np.linalg.diagonal(x, offset=offset))
    expected = np.linalg.trace(x, offset=offset, dtype=accumulator(dtype))
    same(linalg.trace(mt.tensor(x), offset=offset), expected, accumulator(dtype), tolerance=100)
    if dtype.kind == "f":
        ord = data.draw(st.sampled_from(["fro", 1, -1, np.inf, -np.inf]))
        options = {"ord": ord, "keepdims": data.draw(st.booleans())}
        found = linalg.matrix_norm(mt.tensor(x), **options)
        same(found, np.linalg.matrix_norm(x, **options), dtype, tolerance=100)


@drawn
def test_cross_and_outer(backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(NUMBERS))
    limits = MILD if dtype.kind == "f" else {"low": 0, "high": 9}
    stack = data.draw(shapes(max_dims=2))
    a, b = (data.draw(arrays(dtype, shape, **limits)) for shape in ((*stack, 3), (3,)))
    same(linalg.cross(mt.tensor(a), mt.tensor(b)), np.linalg.cross(a, b) + 0, dtype, tolerance=100)
    same(linalg.outer(mt.tensor(b), mt.tensor(b)), np.linalg.outer(b, b), dtype)


X, SINGULAR = mt.ones((2, 3)), mt.ones((2, 2), requires_grad=True)
REFUSED: list[tuple[Any, type[Exception], str]] = [
    *(
        (lambda f=f: f(X), ValueError, rf"{f.__name__}: expected square matrices.*\(2, 3\)")
        for f in (linalg.inv, linalg.det, linalg.slogdet, linalg.cholesky)
    ),
    (lambda: linalg.inv(mt.arange(4).reshape(2, 2)), TypeError, "floating-point"),
    (lambda: linalg.inv(SINGULAR), ValueError, r"inv\(.*singular"),
    (lambda: linalg.solve(SINGULAR, mt.ones(2)), ValueError, "singular"),
    (lambda: linalg.det(SINGULAR).backward(), ValueError, "singular.*nor.*gradient"),
    (lambda: linalg.solve(mt.eye(2), mt.ones(3)), ValueError, r"right sides of shape \(3,\)"),
    (lambda: linalg.cholesky(-mt.eye(2)), ValueError, "not positive definite"),
    (lambda: linalg.diagonal(mt.ones(2)), ValueError, "2 dimensions"),
    (lambda: linalg.trace(mt.ones(2)), ValueError, "2 dimensions"),
    (lambda: linalg.outer(X, mt.ones(2)), ValueError, r"vectors.*\(2, 3\)"),
    (lambda: linalg.cross(mt.ones(2), mt.ones(2)), ValueError, "expected 3 entries"),
    (lambda: linalg.matrix_norm(mt.ones(2)), ValueError, "2 dimensions"),
    (lambda: linalg.matrix_norm(X, ord="nuc"), ValueError, "'nuc'"),
    (lambda: linalg.matrix_power(X, 2), ValueError, "square"),
    (lambda: linalg.matrix_power(mt.eye(2), 1.5), TypeError, "n must be an integer, got 1.5"),
    (lambda: linalg.diagonal(X, offset=0.5), TypeError, "offset must be an integer, got 0.5"),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_refused(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
