"""The tensor as an array object: attributes, conversions, operators that bind anew, indexing."""

import operator
from typing import Any

import numpy as np
import pytest
from draws import arrays, drawn, same, shapes
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from standard import EVERY, FLOATS, INTEGERS, NUMBERS

import minitorch_cnn as mt


@drawn
def test_facts(backend: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(EVERY)), data.draw(shapes())))
    t = mt.tensor(x)
    assert (t.shape, t.ndim, t.size, t.dtype) == (x.shape, x.ndim, x.size, x.dtype)
    assert all(type(n) is int for n in (*t.shape, t.ndim, t.size))
    assert t.device == mt.zeros(1).device
    if x.ndim == 2:
        same(t.T, x.T)


@pytest.mark.parametrize("dtype", EVERY, ids=str)
def test_conversions_to_python_numbers(dtype: Any, backend: str) -> None:
    one, nothing = mt.ones((), dtype=dtype), mt.zeros((), dtype=dtype)
    assert bool(one) is True
    assert bool(nothing) is False
    for kind in (int, float, complex):
        assert kind(one) == 1
        assert type(kind(one)) is kind
    if dtype in INTEGERS:
        assert operator.index(one) == 1
        assert [10, 20][one] == 20
    else:
        with pytest.raises(TypeError, match="index"):
            operator.index(one)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_conversions_of_what_is_no_finite_number(dtype: Any, backend: str) -> None:
    nan, inf = mt.full((), mt.nan, dtype=dtype), mt.full((), mt.inf, dtype=dtype)
    assert bool(nan) is bool(inf) is True
    assert float(inf) == mt.inf
    with pytest.raises(ValueError, match="NaN"):
        int(nan)
    with pytest.raises(OverflowError, match="infinity"):
        int(inf)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(mt.ones(2))


IN_PLACE = ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"]
IN_PLACE_BITS = ["iand", "ior", "ixor", "ilshift", "irshift"]


@pytest.mark.parametrize("name", [*IN_PLACE, *IN_PLACE_BITS, "imatmul"])
def test_in_place_operators_bind_anew(name: str, backend: str) -> None:
    dtype = mt.int64 if name in IN_PLACE_BITS else mt.float32
    x, y = mt.full((2, 2), 3, dtype=dtype), mt.full((2, 2), 2, dtype=dtype)
    before = x
    plain = getattr(operator, name[1:] + "_" if name in ("iand", "ior") else name[1:])
    x = getattr(operator, name)(x, y)
    same(x, plain(before, y).numpy())
    assert before.tolist() == [[3, 3], [3, 3]]


REFLECTED = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"]


@pytest.mark.parametrize("name", REFLECTED)
@pytest.mark.parametrize("dtype", NUMBERS, ids=str)
def test_reflected_operators(name: str, dtype: Any, backend: str) -> None:
    x = mt.tensor([1, 2, 3], dtype=dtype)
    function = getattr(operator, name)
    floating = dtype if dtype.kind == "f" else np.dtype("f4")
    wanted = floating if name == "truediv" else dtype
    host = x.numpy().astype(wanted)
    same(function(7, x), function(np.asarray(7, wanted), host), wanted)
    same(getattr(x, f"__r{name}__")(7), function(np.asarray(7, wanted), host), wanted)


def test_unknown_operands_are_left_to_their_type(backend: str) -> None:
    class Other:
        def __radd__(self, other: Any) -> str:
            return "other"

    assert mt.ones(2) + Other() == "other"
    with pytest.raises(TypeError, match="unsupported operand"):
        mt.ones(2) + "a"


@drawn
def test_indexing(backend: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(EVERY)), data.draw(shapes())))
    key = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True))
    same(mt.tensor(x)[key], x[key])
    mask = data.draw(arrays(np.dtype("bool"), x.shape))
    same(mt.tensor(x)[mt.tensor(mask)], x[mask])
    if x.ndim and all(x.shape):
        index = [
            data.draw(arrays(np.dtype("i8"), (2,), low=-size, high=size - 1)) for size in x.shape
        ]
        same(mt.tensor(x)[tuple(mt.tensor(i) for i in index)], x[tuple(index)])


def test_written_for_the_standard_and_differentiable(backend: str) -> None:
    """A function that knows nothing but the standard, with gradients through all of it."""

    def whitened(x: Any) -> Any:
        xp = x.__array_namespace__()
        if not xp.isdtype(x.dtype, "real floating"):
            raise TypeError("floats wanted")
        centred = x - xp.mean(x, axis=0, keepdims=True)
        scale = xp.std(centred, axis=0, correction=1.0) + xp.finfo(x.dtype).eps
        index = xp.arange(x.shape[0], device=x.device)
        mask = xp.expand_dims(index, axis=1) % 2 == 0
        spread = xp.where(mask, centred / scale, xp.asarray(0.0, dtype=x.dtype, device=x.device))
        return xp.concat([spread, xp.cumulative_prod(x, axis=0)], axis=1)

    host = np.linspace(-1.0, 2.0, 6).reshape(3, 2) ** 3
    x = mt.tensor(host, requires_grad=True)
    y = whitened(x)
    expected = (host - host.mean(0)) / (host.std(0, ddof=1) + np.finfo(np.float64).eps)
    expected[1] = 0
    same(y[:, :2].detach(), expected, tolerance=100)
    mt.testing.check_grads(whitened, [x])
