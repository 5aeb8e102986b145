"""Searching, sorting and sets, beside NumPy."""

import math
from typing import Any

import numpy as np
import pytest
from draws import arrays, drawn, same, shapes
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from standard import EVERY, NUMBERS, PROMOTION, common

import minitorch_cnn as mt


@drawn
def test_nonzero(backend: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(EVERY)), data.draw(shapes(min_dims=1))))
    found = mt.nonzero(mt.tensor(x))
    assert isinstance(found, tuple)
    for y, expected in zip(found, np.nonzero(x), strict=True):
        same(y, expected, mt.int64)


@drawn
def test_where(backend: str, data: Any) -> None:
    met = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)
    first, second, third = data.draw(met).input_shapes
    dtypes = data.draw(st.sampled_from([p for p, dtype in PROMOTION.items() if dtype]))
    mask = data.draw(arrays(np.dtype("bool"), first))
    x, y = data.draw(arrays(dtypes[0], second)), data.draw(arrays(dtypes[1], third))
    dtype = common(*dtypes)
    found = mt.where(mt.tensor(mask), mt.tensor(x), mt.tensor(y))
    same(found, np.where(mask, x.astype(dtype), y.astype(dtype)), dtype)


@pytest.mark.parametrize("dtype", EVERY, ids=str)
def test_where_with_python_numbers(dtype: Any, backend: str) -> None:
    mask, x = mt.tensor([True, False]), mt.tensor([0, 1], dtype=dtype)
    number: Any = {"b": True, "f": 2.5}.get(dtype.kind, 2)
    same(mt.where(mask, x, number), np.asarray([0, number], dtype))
    same(mt.where(mask, number, x), np.asarray([number, 1], dtype))
    assert mt.where(mask, 1.5, 0).dtype == mt.float32
    assert mt.where(mask, 1, 0).dtype == mt.int64
    assert mt.where(mask, True, False).dtype == mt.bool


@drawn
def test_searchsorted(backend: str, data: Any) -> None:
    numeric = [p for p, dtype in PROMOTION.items() if dtype and dtype.kind != "b"]
    dtypes = data.draw(st.sampled_from(numeric))
    dtype = common(*dtypes)
    limits = {"low": -4, "high": 4}
    x = data.draw(arrays(dtypes[0], data.draw(st.integers(0, 5)), **limits))
    y = data.draw(arrays(dtypes[1], data.draw(shapes()), **limits))
    side = data.draw(st.sampled_from(["left", "right"]))
    order = np.argsort(x, kind="stable")
    expected = np.searchsorted(x[order].astype(dtype), y.astype(dtype), side=side)
    same(mt.searchsorted(mt.tensor(x[order]), mt.tensor(y), side=side), expected, mt.int64)
    found = mt.searchsorted(mt.tensor(x), mt.tensor(y), side=side, sorter=mt.tensor(order))
    same(found, expected, mt.int64)


@drawn
def test_sort_and_argsort(backend: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(NUMBERS)), data.draw(shapes(min_dims=1))))
    if x.dtype.kind == "f":
        x = np.nan_to_num(x) + 0  # where NaN goes, and -0 beside 0, is left open
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    same(mt.sort(mt.tensor(x), axis=axis), np.sort(x, axis))
    same(mt.argsort(mt.tensor(x), axis=axis), np.argsort(x, axis, stable=True), mt.int64)
    down = mt.sort(mt.tensor(x), axis=axis, descending=True)
    same(down, np.flip(np.sort(x, axis), axis))
    order = mt.argsort(mt.tensor(x), axis=axis, descending=True)
    same(order, descending_order(x, axis), mt.int64)


def descending_order(x: Any, axis: int) -> Any:
    """Stable: of equal entries the earlier comes first."""
    rows = np.moveaxis(x, axis, -1)
    order = np.empty(rows.shape, np.int64)
    for place in np.ndindex(rows.shape[:-1]):
        row = rows[place].tolist()
        order[place] = sorted(range(len(row)), key=row.__getitem__, reverse=True)
    return np.moveaxis(order, -1, axis)


@drawn
def test_unique(backend: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(EVERY)), data.draw(shapes())))
    t = mt.tensor(x)
    found, expected = mt.unique_all(t), np.unique_all(x)
    assert found._fields == ("values", "indices", "inverse_indices", "counts")
    same(found.values, expected.values)
    same(found.counts, expected.counts, mt.int64)
    same(found.inverse_indices, np.reshape(expected.inverse_indices, x.shape), mt.int64)
    same(mt.take(mt.reshape(t, (-1,)), found.indices), found.values.numpy())
    pair = mt.unique_counts(t)
    assert pair._fields == ("values", "counts")
    same(pair.counts, expected.counts, mt.int64)
    inverse = mt.unique_inverse(t)
    assert inverse._fields == ("values", "inverse_indices")
    np.testing.assert_array_equal(inverse.values[inverse.inverse_indices].numpy(), x)
    same(mt.unique_values(t), expected.values)


def test_every_nan_is_unique(backend: str) -> None:
    found = mt.unique_all(mt.tensor([math.nan, 1.0, math.nan]))
    assert found.counts.tolist() == [1, 1, 1]
    assert found.values.isnan().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mt.nonzero(mt.tensor(1.0)), ValueError, "nonzero: a 0-d tensor"),
        (lambda: mt.searchsorted(mt.ones((2, 2)), mt.ones(2)), ValueError, "2 dimensions"),
        (lambda: mt.searchsorted(mt.ones(2), mt.ones(2), side="up"), ValueError, "'up'"),
        (lambda: mt.sort(mt.ones(2), axis=1), ValueError, "axis 1"),
        (lambda: mt.argsort(mt.tensor(1.0)), ValueError, "0-d"),
        (lambda: mt.where(mt.ones(2), 1, 2), TypeError, "booleans"),
        (lambda: mt.where(mt.tensor([True]), mt.ones(2), mt.ones(3)), ValueError, r"\(3,\)"),
        (lambda: mt.unique_all([1.0]), TypeError, "unique_all: expected a Tensor"),
        (lambda: mt.unique_values([1.0]), TypeError, "unique_values: expected a Tensor"),
    ],
)
def test_refused(call: Any, error: Any, words: str, backend: str) -> None:
    with pytest.raises(error, match=words):
        call()
