"""Creation, data types, devices and what the namespace says about itself."""

import math
from typing import Any

import numpy as np
import pytest
from draws import arrays, drawn, same, shapes
from hypothesis import strategies as st
from standard import EVERY, FLOATS, INTEGERS, NUMBERS

import minitorch_cnn as mt

MADE = {"zeros": np.zeros, "ones": np.ones}


@drawn
def test_from_shapes(backend: str, data: Any) -> None:
    shape, dtype = data.draw(shapes()), data.draw(st.sampled_from(EVERY))
    for name, reference in MADE.items():
        same(getattr(mt, name)(shape, dtype=dtype), reference(shape, dtype))
        same(getattr(mt, name)(shape=shape), reference(shape, np.float32))
        like = getattr(mt, f"{name}_like")(mt.zeros(shape, dtype=dtype))
        same(like, reference(shape, dtype))
    value = data.draw(st.sampled_from([0, 1]))
    same(mt.full(shape, value, dtype=dtype), np.full(shape, value, dtype))
    same(mt.full_like(mt.zeros(shape), value, dtype=dtype), np.full(shape, value, dtype))
    for found in (mt.empty(shape, dtype=dtype), mt.empty_like(mt.zeros(shape), dtype=dtype)):
        assert (found.shape, found.dtype) == (shape, dtype)


@pytest.mark.parametrize(
    ("value", "dtype"), [(True, mt.bool), (2, mt.int64), (2.0, mt.float32)], ids=str
)
def test_default_dtype_of_full_and_asarray(value: Any, dtype: Any, backend: str) -> None:
    assert mt.full((2,), value).dtype == mt.full(2, value, dtype=None).dtype == dtype
    assert mt.asarray(value).dtype == mt.asarray([value]).dtype == dtype


@drawn
def test_arange(backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(NUMBERS))
    low = 0 if dtype.kind == "u" else -9
    start, stop = (data.draw(st.integers(low, 9)) for _ in range(2))
    step = data.draw(st.integers(1, 4)) * (1 if stop >= start or dtype.kind == "u" else -1)
    same(mt.arange(start, stop, step, dtype=dtype), np.arange(start, stop, step, dtype))
    same(mt.arange(start, stop=stop, step=step), np.arange(start, stop, step))
    same(mt.arange(abs(stop)), np.arange(abs(stop)))


def test_arange_of_reals(backend: str) -> None:
    same(mt.arange(0.0, 1.0, 0.25), np.arange(0, 1, 0.25, np.float32))
    same(mt.arange(3.5), np.arange(3.5, dtype=np.float32))
    assert mt.arange(5, 1).shape == (0,)


@drawn
def test_linspace(backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(FLOATS))
    start, stop = (data.draw(st.floats(-10, 10, width=32)) for _ in range(2))
    count, endpoint = data.draw(st.integers(0, 5)), data.draw(st.booleans())
    found = mt.linspace(start, stop, count, dtype=dtype, endpoint=endpoint)
    expected = np.linspace(start, stop, count, dtype=dtype, endpoint=endpoint)
    same(found, expected, tolerance=40)
    assert mt.linspace(start, stop, num=count).dtype == mt.float32
    if count and endpoint:
        assert found.tolist()[0] == np.asarray(start, dtype)


@drawn
def test_eye(backend: str, data: Any) -> None:
    rows, columns = data.draw(st.integers(0, 3)), data.draw(st.none() | st.integers(0, 3))
    k, dtype = data.draw(st.integers(-4, 4)), data.draw(st.sampled_from(EVERY))
    same(mt.eye(rows, columns, k=k, dtype=dtype), np.eye(rows, columns, k, dtype))
    assert mt.eye(rows).dtype == mt.float32


@drawn
def test_astype(backend: str, data: Any) -> None:
    origin, target = (data.draw(st.sampled_from(EVERY)) for _ in range(2))
    high = 1 if "b" in (origin.kind, target.kind) else 9
    x = data.draw(arrays(origin, data.draw(shapes()), low=0, high=high))
    for copy in (True, False):
        same(mt.astype(mt.tensor(x), target, copy=copy), x.astype(target))
    t = mt.tensor(x)
    assert mt.astype(t, origin, copy=False) is t
    assert mt.astype(t, origin, copy=True) is not t
    assert mt.astype(t, target, device=t.device).device == t.device


@pytest.mark.parametrize("name", ["zeros", "ones", "empty"])
def test_devices_are_taken_back(name: str, backend: str) -> None:
    x = mt.ones(2)
    function = getattr(mt, name)
    assert function(2, device=x.device).device == x.device
    assert getattr(mt, f"{name}_like")(x, device=x.device).device == x.device


def test_a_device_means_its_backend(backend: str) -> None:
    other = "strict" if backend == "numpy" else "numpy"
    there = mt.zeros(2, backend=other)
    device = there.device
    for made in (
        mt.zeros((2,), device=device),
        mt.full(2, 1.0, device=device),
        mt.arange(2.0, device=device),
        mt.linspace(0, 1, 2, device=device),
        mt.eye(2, device=device),
        mt.asarray([1.0, 2.0], device=device),
        mt.asarray(mt.ones(2), device=device),
        mt.zeros_like(mt.ones(2), device=device),
        mt.full_like(mt.ones(2), 2.0, device=device),
        mt.empty_like(mt.ones(2), device=device),
        mt.astype(mt.ones(2), mt.float32, device=device),
        mt.ones(2).to_device(device),
    ):
        assert (made.backend, made.device, made.dtype) == (other, device, mt.float32)
    x = mt.ones(2, requires_grad=True)
    (x.to_device(device) * 3).to_device(x.device).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3, 3]


def test_foreign_devices_are_refused(backend: str) -> None:
    x = mt.ones(2)
    for call in (
        lambda: mt.zeros(2, device="tpu"),
        lambda: mt.ones_like(x, device="tpu"),
        lambda: x.to_device("tpu"),
        lambda: mt.asarray(1.0, device="tpu"),
    ):
        with pytest.raises(ValueError, match=r"device 'tpu' belongs to no loaded backend"):
            call()
    with pytest.raises(ValueError, match="streams are not supported"):
        x.to_device(x.device, stream=1)
    other = "strict" if backend == "numpy" else "numpy"
    with pytest.raises(ValueError, match=f"belongs to backend '{backend}', not to '{other}'"):
        mt.zeros(2, device=x.device, backend=other)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mt.zeros(-1), ValueError, "negative"),
        (lambda: mt.zeros("2"), TypeError, "shape"),
        (lambda: mt.full(2, "a"), TypeError, "no number"),
        (lambda: mt.arange(0, 1, 0), ValueError, "step of 0"),
        (lambda: mt.linspace(0, 1, -1), ValueError, "linspace"),
        (lambda: mt.eye(-1), ValueError, "eye"),
        (lambda: mt.zeros(2, dtype="complex64"), TypeError, "complex64"),
        (lambda: mt.asarray(1j), TypeError, "complex"),
        (lambda: mt.ones_like([1.0]), TypeError, "expected a Tensor"),
    ],
)
def test_refused(call: Any, error: Any, words: str, backend: str) -> None:
    with pytest.raises(error, match=words):
        call()


# --- inspection ----------------------------------------------------------------------------------


def test_namespace_info(backend: str) -> None:
    info = mt.__array_namespace_info__()
    assert info.capabilities() == {
        "boolean indexing": True,
        "data-dependent shapes": True,
        "max dimensions": 64,
    }
    assert info.default_device() == mt.zeros(1).device == info.devices()[0]
    for device in (None, *info.devices()):
        assert mt.ones(2, device=device).tolist() == [1, 1]
        defaults = info.default_dtypes(device=device)
        assert defaults == {
            "real floating": mt.float32,
            "integral": mt.int64,
            "indexing": mt.int64,
        }
        assert list(info.dtypes(device=device)) == [
            *("float32", "float64", "int8", "int16", "int32", "int64"),
            *("uint8", "uint16", "uint32", "uint64", "bool"),
        ]
    assert mt.zeros(1).dtype == defaults["real floating"]
    assert mt.argmax(mt.zeros(1)).dtype == defaults["indexing"]
    assert mt.ones((1,) * 64).ndim == 64
    assert info.dtypes(kind="bool") == {"bool": mt.bool}
    assert info.dtypes(kind=("real floating", "bool")).keys() == {"float32", "float64", "bool"}
    assert info.dtypes(kind="complex floating") == {}
    with pytest.raises(ValueError, match="'tpu'"):
        info.dtypes(device="tpu")
    with pytest.raises(ValueError, match="kind 'real'"):
        info.dtypes(kind="real")


KINDS = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "",
    "numeric": "iuf",
}


@pytest.mark.parametrize("dtype", EVERY, ids=str)
def test_isdtype(dtype: Any) -> None:
    for kind, letters in KINDS.items():
        assert mt.isdtype(dtype, kind) is (dtype.kind in letters)
        assert mt.isdtype(dtype, (kind, dtype)) is True
    assert mt.isdtype(dtype, dtype) is True
    assert mt.isdtype(dtype, mt.float16) is False
    for wrong in ("number", None, 3):
        with pytest.raises(ValueError, match="isdtype: kind"):
            mt.isdtype(dtype, wrong)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_finfo(dtype: Any, backend: str) -> None:
    for found in (mt.finfo(dtype), mt.finfo(mt.zeros(1, dtype=dtype))):
        assert (found.bits, found.dtype) == (dtype.itemsize * 8, dtype)
        expected = np.finfo(dtype)
        for name in ("eps", "max", "min", "smallest_normal"):
            assert getattr(found, name) == getattr(expected, name)
            assert type(getattr(found, name)) is float
    with pytest.raises(TypeError, match="use iinfo"):
        mt.finfo(mt.int8)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_iinfo(dtype: Any, backend: str) -> None:
    for found in (mt.iinfo(dtype), mt.iinfo(mt.zeros(1, dtype=dtype))):
        expected = np.iinfo(dtype)
        limits = (expected.bits, expected.max, expected.min)
        assert (found.bits, found.max, found.min) == limits
        assert (found.dtype, type(found.max)) == (dtype, int)
    with pytest.raises(TypeError, match="use finfo"):
        mt.iinfo(mt.float32)


def test_what_is_no_dtype_is_refused() -> None:
    for call in (
        lambda: mt.can_cast(1.0, mt.float32),
        lambda: mt.can_cast(mt.float32, "float12"),
        lambda: mt.finfo("float12"),
        lambda: mt.iinfo(None),
        lambda: mt.isdtype("float12", "bool"),
        lambda: mt.result_type(mt.float32, "complex64"),
    ):
        with pytest.raises(TypeError, match="is not supported; choose one of"):
            call()


def test_result_type_of_python_numbers(backend: str) -> None:
    x = mt.ones(2, dtype=mt.int8)
    assert mt.result_type(x, 1) == mt.result_type(1, mt.int8) == mt.int8
    assert mt.result_type(x, 1.5) == mt.float32
    assert mt.result_type(mt.float64, 1, 2.5, True) == mt.float64
    assert mt.result_type(mt.bool, True) == mt.bool
    for nothing in ((), (1, 2.0)):
        with pytest.raises(ValueError, match="at least one tensor or dtype"):
            mt.result_type(*nothing)
    assert math.isclose(mt.finfo(mt.result_type(mt.float32)).eps, 2**-23)
