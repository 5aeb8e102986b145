"""Element-wise functions: shape, promotion and values beside NumPy, in every category of dtype."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from draws import arrays, drawn, entries, quietly, same, shapes
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from standard import (
    BINARY,
    BITS,
    BOOL,
    EVERY,
    FLOATS,
    GIVE_BOOLEANS,
    INTEGERS,
    NUMBERS,
    PROMOTION,
    UNARY,
    common,
)

import minitorch_cnn as mt

OPERATORS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "pow": "**",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "bitwise_xor": "^",
    "bitwise_left_shift": "<<",
    "bitwise_right_shift": ">>",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}


def result(name: str, dtype: Any) -> Any:
    return np.dtype("bool") if name in GIVE_BOOLEANS else dtype


def limits(name: str, position: int, dtype: Any) -> dict[str, int]:
    """Where the standard leaves the result open, nothing is drawn."""
    if "shift" in name and position:
        return {"low": 0, "high": 7}
    if name == "pow" and dtype.kind in "iu":
        return {"low": 0, "high": 9}
    return {}


def test_every_function_is_in_one_category() -> None:
    assert not set(UNARY) & set(BINARY)
    assert all(getattr(np, name, None) for name in (*UNARY, *BINARY))


@pytest.mark.parametrize("name", UNARY)
@drawn
def test_unary(name: str, backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(UNARY[name]))
    x = data.draw(arrays(dtype, shapes()))
    expected = quietly(getattr(np, name), x)
    same(quietly(getattr(mt, name), mt.tensor(x)), expected, result(name, dtype))


@pytest.mark.parametrize("name", BINARY)
@drawn
def test_binary(name: str, backend: str, data: Any) -> None:
    pairs = [p for p in product(BINARY[name], repeat=2) if PROMOTION.get(p)]
    dtypes = data.draw(st.sampled_from(pairs))
    both = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
    a, b = (
        data.draw(arrays(dtype, shape, **limits(name, i, common(*dtypes))))
        for i, (dtype, shape) in enumerate(zip(dtypes, both.input_shapes, strict=True))
    )
    met = common(*dtypes)
    expected = quietly(getattr(np, name), a.astype(met), b.astype(met))
    x, y = mt.tensor(a), mt.tensor(b)
    same(quietly(getattr(mt, name), x, y), expected, result(name, met))
    if name in OPERATORS:
        found = quietly(eval, f"x {OPERATORS[name]} y", {"x": x, "y": y})
        same(found, expected, result(name, met))


@pytest.mark.parametrize("name", BINARY)
@drawn
def test_binary_with_a_python_number(name: str, backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(BINARY[name]))
    low = 0 if dtype.kind == "u" else -3
    number = {"b": st.booleans(), "f": entries(dtype) | st.integers(-3, 3)}.get(
        dtype.kind, st.integers(max(low, limits(name, 1, dtype).get("low", low)), 3)
    )
    scalar = data.draw(number)
    x = data.draw(arrays(dtype, shapes(), **limits(name, 0, dtype)))
    other = np.asarray(scalar, dtype)
    same(
        quietly(getattr(mt, name), mt.tensor(x), scalar),
        quietly(getattr(np, name), x, other),
        result(name, dtype),
    )
    if not ("shift" in name and x.size and (x.min() < 0 or x.max() > 7)):
        same(
            quietly(getattr(mt, name), scalar, mt.tensor(x)),
            quietly(getattr(np, name), other, x),
            result(name, dtype),
        )


@drawn
def test_clip(backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(NUMBERS))
    kind = FLOATS if dtype.kind == "f" else [d for d in INTEGERS if d.kind == dtype.kind]
    x = data.draw(arrays(dtype, shapes()))
    low, high = sorted(data.draw(st.lists(st.integers(0, 9), min_size=2, max_size=2)))
    bounds: list[Any] = [
        data.draw(st.sampled_from([None, n, np.asarray(n, data.draw(st.sampled_from(kind)))]))
        for n in (low, high)
    ]
    found = mt.clip(mt.tensor(x), *(mt.tensor(b) if hasattr(b, "dtype") else b for b in bounds))
    expected = x
    if bounds[0] is not None:
        expected = np.maximum(expected, np.asarray(bounds[0], dtype))
    if bounds[1] is not None:
        expected = np.minimum(expected, np.asarray(bounds[1], dtype))
    same(found + 0, expected + 0, dtype)  # which of 0 and -0 is the larger is left open


def test_clip_of_integers_by_fractions_gives_floats(backend: str) -> None:
    found = mt.clip(mt.tensor([0, 1, 5]), 0.5, mt.tensor(2.0))
    assert (found.dtype, found.tolist()) == (mt.float32, [0.5, 1.0, 2.0])
    assert mt.clip(mt.tensor([0, 5]), 1.0, 2.0).dtype == mt.float32


@pytest.mark.parametrize("pair", list(PROMOTION), ids=lambda p: f"{p[0]}-{p[1]}")
def test_promotion(pair: Any, backend: str) -> None:
    x, y = (mt.ones(2, dtype=dtype) for dtype in pair)
    met = PROMOTION[pair]
    if met is None:
        for call in (lambda: mt.equal(x, y), lambda: x * y, lambda: mt.concat([x, y])):
            with pytest.raises(TypeError, match="uint64 and signed integers have no common"):
                call()
        with pytest.raises(TypeError, match="no common"):
            mt.result_type(x, pair[1])
        assert not mt.can_cast(*pair)
        return
    assert mt.result_type(*pair) == mt.result_type(x, y) == mt.result_type(pair[0], y) == met
    assert mt.can_cast(*pair) == mt.can_cast(x, pair[1]) == (met == pair[1])
    assert mt.concat([x, y]).dtype == mt.where(x == x, x, y).dtype == met
    assert mt.stack([x, y]).dtype == met
    if met != np.dtype("bool"):
        assert (x + y).dtype == mt.vecdot(x, y).dtype == mt.tensordot(x, y, axes=1).dtype == met
        assert (x @ y).dtype == met
        x *= y  # binds x anew, to the dtype in which the two meet
        assert x.dtype == met


@pytest.mark.parametrize(
    "pair", [p for p in product(EVERY, repeat=2) if p not in PROMOTION], ids=str
)
def test_mixed_kinds_meet_as_documented(pair: Any, backend: str) -> None:
    x, y = (mt.ones(2, dtype=dtype) for dtype in pair)
    assert (x + y).dtype == mt.result_type(*pair) == common(*pair)
    assert mt.where(x == x, x, y).dtype == mt.concat([x, y]).dtype == common(*pair)


@pytest.mark.parametrize(
    "name", [name for name, dtypes in BINARY.items() if BOOL[0] not in dtypes and dtypes != FLOATS]
)
def test_booleans_are_no_numbers(name: str, backend: str) -> None:
    x = mt.tensor([True, False])
    if name in ("greater", "greater_equal", "less", "less_equal"):
        return  # NumPy orders them, the standard does not say
    with pytest.raises(TypeError, match=f"{'power' if name == 'pow' else name}.*bool"):
        getattr(mt, name)(x, x)
    with pytest.raises(TypeError, match="bool"):
        getattr(mt, name)(x, True)


@pytest.mark.parametrize("name", [n for n, dtypes in (UNARY | BINARY).items() if dtypes is BITS])
def test_bits_of_floats_are_refused(name: str, backend: str) -> None:
    x = mt.ones(2)
    with pytest.raises(TypeError, match=name):
        getattr(mt, name)(*[x] * (1 if name in UNARY else 2))


@pytest.mark.parametrize("name", BINARY)
def test_shapes_that_do_not_meet_are_refused(name: str, backend: str) -> None:
    x, y = (mt.ones(n, dtype=BINARY[name][0]) for n in (2, 3))
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        getattr(mt, name)(x, y)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_divided_by_zero_give_zero(dtype: Any, backend: str) -> None:
    x, zero = mt.tensor([0, 1, 7], dtype=dtype), mt.tensor([0, 0, 2], dtype=dtype)
    assert (x // zero).tolist() == [0, 0, 3]
    assert (x % zero).tolist() == [0, 0, 1]
    assert (x // 0).tolist() == (x % 0).tolist() == [0, 0, 0]
    assert (7 // zero).tolist() == [0, 0, 3]
    assert (x // 0).dtype == (7 % zero).dtype == dtype
