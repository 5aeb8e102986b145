"""Indices of every kind, drawn by hypothesis: entries as NumPy picks them, gradients added back."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import testing
from op_samples_drawn import keys


@st.composite
def arrays_and_keys(draw: Any) -> tuple[np.ndarray, Any]:
    shape = tuple(draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)))
    key = draw(st.one_of(keys(shape), plain_keys(shape)))
    return np.arange(float(np.prod(shape))).reshape(shape), key


@st.composite
def plain_keys(draw: Any, shape: tuple[int, ...]) -> Any:
    """Slices, numbers, new axes and an ellipsis; also fewer than axes, or one that is no tuple."""
    parts: list[Any] = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        numbers = [st.integers(-size, size - 1)] if size else []
        wide = st.builds(
            slice, *[st.none() | st.integers(-9, 9)] * 2, st.sampled_from([None, 2, -1])
        )
        parts.append(draw(st.one_of(st.slices(size), wide, *numbers)))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    if draw(st.booleans()):
        parts.append(Ellipsis)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


@given(case=arrays_and_keys())
def test_entries_and_gradients_are_numpys(backend: str, case: tuple[np.ndarray, Any]) -> None:
    array, key = case
    x = mt.tensor(array, requires_grad=True)
    y = x[key]
    expected = array[key]
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    upstream = np.arange(1.0, expected.size + 1).reshape(expected.shape)
    y.backward(mt.tensor(upstream))
    gradient = np.zeros_like(array)
    np.add.at(gradient, key, upstream)
    np.testing.assert_array_equal(x.grad.numpy(), gradient)


@given(case=arrays_and_keys())
def test_second_order_and_adjoint(case: tuple[np.ndarray, Any]) -> None:
    array, key = case
    x = mt.tensor(array, requires_grad=True)
    testing.check_grads(lambda x: x[key] * x[key], x)


@given(case=arrays_and_keys(), layout=st.sampled_from(["row-major", "transposed", "backwards"]))
def test_layout_does_not_matter(backend: str, case: tuple[np.ndarray, Any], layout: str) -> None:
    array, key = case
    x = mt.tensor(array)
    if layout == "transposed":
        back = tuple(reversed(range(array.ndim)))
        x = mt.permute_dims(mt.tensor(np.ascontiguousarray(array.T)), back)
    elif layout == "backwards":
        x = mt.flip(mt.tensor(np.flip(array)))
    np.testing.assert_array_equal(x[key].numpy(), array[key])


def test_repeated_entries_get_the_sum(backend: str) -> None:
    x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[[2, 0, 2, 2]].backward(mt.tensor([1.0, 10.0, 100.0, 1000.0]))
    assert x.grad.tolist() == [10.0, 0.0, 1101.0]


def test_repeated_pairs_get_the_sum(backend: str) -> None:
    x = mt.zeros((2, 2), requires_grad=True)
    x[[0, 0, 1], [1, 1, 0]].backward(mt.tensor([1.0, 2.0, 4.0]))
    assert x.grad.tolist() == [[0.0, 3.0], [4.0, 0.0]]


def test_many_repeats_add_up_as_one_sum(backend: str) -> None:
    rng = np.random.default_rng(0)
    index, values = rng.integers(0, 5, 300), rng.integers(-9, 10, (300, 2)).astype(np.float64)
    found = mt.index_add(mt.zeros((5, 2), dtype=mt.float64), mt.tensor(index), mt.tensor(values))
    expected = np.zeros((5, 2))
    np.add.at(expected, index, values)
    np.testing.assert_array_equal(found.numpy(), expected)
