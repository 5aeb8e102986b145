"""Reductions, running sums and products, and differences, beside NumPy."""

import math
from typing import Any

import numpy as np
import pytest
from draws import arrays, drawn, quietly, same, shapes
from hypothesis import strategies as st
from standard import BOOL, EVERY, FLOATS, INTEGERS, NUMBERS, accumulator

import minitorch_cnn as mt

REDUCTIONS: dict[str, list[Any]] = {
    "sum": NUMBERS,
    "prod": NUMBERS,
    "max": NUMBERS,
    "min": NUMBERS,
    "mean": FLOATS,
    "std": FLOATS,
    "var": FLOATS,
    "all": EVERY,
    "any": EVERY,
    "count_nonzero": EVERY,
}
ACCUMULATE = ("sum", "prod", "cumulative_sum", "cumulative_prod")
# Of few entries, and with no infinities or huge numbers: how NumPy rounds and overflows on the way
# is its own affair, and the special cases below have the rest.
MILD = {"low": -4, "high": 4}


def axes_of(ndim: int) -> Any:
    """None, an axis, or a tuple of some."""
    if not ndim:
        return st.just(None)
    one = st.integers(-ndim, ndim - 1)
    several = st.lists(one, unique_by=lambda axis: axis % ndim, max_size=ndim).map(tuple)
    return st.none() | one | several


@pytest.mark.parametrize("name", REDUCTIONS)
@drawn
def test_reduction(name: str, backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(REDUCTIONS[name]))
    least = 1 if name in ("max", "min", "mean", "std", "var") else 0
    limits = MILD if dtype.kind == "f" and name not in ("max", "min") else {}
    x = data.draw(arrays(dtype, shapes(min_side=least), **limits))
    options = {"axis": data.draw(axes_of(x.ndim)), "keepdims": data.draw(st.booleans())}
    found = quietly(getattr(mt, name), mt.tensor(x), **options)
    expected = quietly(getattr(np, name), x, **options)
    wanted = accumulator(dtype) if name in ("sum", "prod") else None
    same(found, expected, wanted, tolerance=2000 if limits else 4)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@drawn
def test_index_of_extreme(name: str, backend: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(NUMBERS)), shapes(min_side=1)))
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1) if x.ndim else st.none())
    options = {"axis": axis, "keepdims": data.draw(st.booleans())}
    same(getattr(mt, name)(mt.tensor(x), **options), getattr(np, name)(x, **options), mt.int64)


@pytest.mark.parametrize("name", ACCUMULATE)
@pytest.mark.parametrize("dtype", [*BOOL, *NUMBERS], ids=str)
def test_dtype_of_what_is_accumulated(name: str, dtype: Any, backend: str) -> None:
    x = mt.tensor([1, 0, 1], dtype=dtype)
    function = getattr(mt, name)
    default = np.dtype("int64") if dtype.kind == "b" else accumulator(dtype)
    assert function(x).dtype == function(x, dtype=None).dtype == default
    for wanted in (mt.int8, mt.uint16, mt.float64):
        assert function(x, dtype=wanted).dtype == wanted
    if dtype.kind in "iu":
        big = mt.full(3, np.iinfo(dtype).max // 2, dtype=dtype)
        same(function(big), quietly(getattr(np, name), big.numpy(), dtype=default))


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@drawn
def test_running(name: str, backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(NUMBERS))
    limits = MILD if dtype.kind == "f" else {}
    x = data.draw(arrays(dtype, shapes(min_dims=1), **limits))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    options = {"axis": axis, "include_initial": data.draw(st.booleans())}
    found = getattr(mt, name)(mt.tensor(x), **options)
    expected = quietly(getattr(np, name), x, dtype=accumulator(dtype), **options)
    same(found, expected, accumulator(dtype), tolerance=200)


@drawn
def test_diff(backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(NUMBERS))
    limits = MILD if dtype.kind == "f" else {}
    shape = data.draw(shapes(min_dims=1))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = data.draw(arrays(dtype, shape, **limits))
    options: dict[str, Any] = {"axis": axis, "n": data.draw(st.integers(0, 3))}
    host = dict(options)
    for end in ("prepend", "append"):
        if data.draw(st.booleans()):
            wide = list(shape)
            wide[axis] = data.draw(st.integers(0, 2))
            host[end] = data.draw(arrays(dtype, tuple(wide), **limits))
            options[end] = mt.tensor(host[end])
    same(mt.diff(mt.tensor(x), **options), quietly(np.diff, x, **host), dtype, tolerance=100)


@pytest.mark.parametrize("name", ["mean", "std", "var"])
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_of_nothing_is_nan(name: str, dtype: Any, backend: str) -> None:
    function = getattr(mt, name)
    nothing = mt.zeros((0, 2), dtype=dtype, requires_grad=True)
    for options, shape in (({}, ()), ({"axis": 0}, (2,)), ({"axis": 0, "keepdims": True}, (1, 2))):
        found = function(nothing, **options)
        assert (found.shape, found.dtype) == (shape, dtype)
        assert np.isnan(found.detach().numpy()).all()
        assert mt.grad(mt.sum(found), nothing)[0].shape == (0, 2)
    assert function(nothing, axis=1).shape == (0,)


@pytest.mark.parametrize("name", ["std", "var"])
def test_too_few_entries_for_the_correction_give_nan(name: str, backend: str) -> None:
    x = mt.tensor([[1.0, 2.0]])
    for correction in (2, 2.5, 3):
        assert np.isnan(getattr(mt, name)(x, correction=correction).item())
    assert getattr(mt, name)(x, axis=0, correction=1).isnan().tolist() == [True, True]


def test_sums_and_products_of_nothing(backend: str) -> None:
    nothing = mt.zeros((0, 2))
    assert mt.sum(nothing).item() == 0
    assert mt.prod(nothing, axis=0).tolist() == [1, 1]
    assert mt.all(nothing).item() is True
    assert mt.any(nothing).item() is False
    assert mt.cumulative_prod(nothing, axis=0, include_initial=True).tolist() == [[1, 1]]


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_extremes_of_nothing_are_refused(name: str, backend: str) -> None:
    for options in ({}, {"axis": 0}):
        with pytest.raises(ValueError, match=f"{name}: no entries"):
            getattr(mt, name)(mt.zeros((0, 2)), **options)
    assert getattr(mt, name)(mt.zeros((0, 2)), axis=1).shape == (0,)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "std", "var", "max", "min"])
def test_nan_reaches_the_result(name: str, backend: str) -> None:
    x = mt.tensor([[1.0, math.nan], [2.0, 3.0]])
    assert getattr(mt, name)(x, axis=1).isnan().tolist() == [True, False]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("sum", [math.inf, 1.0], math.inf),
        ("sum", [math.inf, -math.inf], math.nan),
        ("mean", [math.inf, 1.0], math.inf),
        ("prod", [math.inf, 0.0], math.nan),
        ("prod", [-math.inf, 2.0], -math.inf),
        ("max", [math.inf, 1.0], math.inf),
        ("min", [-math.inf, 1.0], -math.inf),
    ],
)
def test_infinities(name: str, values: Any, expected: float, backend: str) -> None:
    found = quietly(getattr(mt, name), mt.tensor(values)).item()
    assert found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize("name", [*REDUCTIONS, "argmax", "argmin", "cumulative_sum", "diff"])
def test_axes_out_of_range_are_refused(name: str, backend: str) -> None:
    x = mt.ones((2, 3))
    for axis in (2, -3):
        with pytest.raises(ValueError, match=f"axis {axis}"):
            getattr(mt, name)(x, axis=axis)


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running_needs_its_axis(name: str, backend: str) -> None:
    for x in (mt.ones((2, 2)), mt.tensor(1.0)):
        with pytest.raises(ValueError, match=f"{name}: name the axis"):
            getattr(mt, name)(x)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_count_nonzero_counts_in_int64(dtype: Any, backend: str) -> None:
    assert mt.count_nonzero(mt.tensor([0, 1, 2], dtype=dtype)).dtype == mt.int64
    assert mt.count_nonzero(mt.tensor([math.nan, 0.0, -0.0])).item() == 1
