"""Making tensors: dtypes, shapes, what is copied, and what is refused."""

import array as array_module

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn

F32, F64, I64 = mt.float32, mt.float64, mt.int64


# --- from data ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, F32),
        ([1.0, 2], F32),
        (3, I64),
        ([[1, 2], [3, 4]], I64),
        ((1, 2), I64),
        (range(3), I64),
        (True, mt.bool_),
        ([True, False], mt.bool_),
        ([True, 2], I64),
        ([], F32),
        ([[], []], F32),
        (np.float64(1.5), F64),
        (np.ones(2, np.float64), F64),
        (np.ones(2, np.float16), mt.float16),
        (np.ones(2, np.uint8), mt.uint8),
        (np.ones(2, np.int32), mt.int32),
        (np.ones(2, ">f4"), F32),
        (np.ones(2, np.bool_), mt.bool_),
        ([np.float64(1.5), 2.0], F32),
        ([np.ones(2), np.zeros(2)], F64),
        ([np.ones(2, np.float32), [1.0, 2.0]], F32),
        ([np.ones(2, np.int32), [1, 2]], mt.int32),
        ([np.ones(2, np.int32), [1.5, 2.0]], F32),
        (np.ma.array([1.0]).data, F64),
    ],
    ids=repr,
)
def test_dtype_of_data(data, dtype, backend):
    if backend == "strict" and dtype == mt.float16:
        pytest.skip("array-api-strict has no float16: the standard names float32 and float64 only")
    x = mt.tensor(data, backend=backend)
    assert x.dtype is dtype
    np.testing.assert_array_equal(x.numpy(), np.asarray(data, dtype))


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (float, "float32"),
        (int, "int64"),
        (bool, "bool"),
        ("float64", "float64"),
        (np.float64, "float64"),
        (np.dtype("int8"), "int8"),
        (mt.uint8, "uint8"),
        (mt.bool_, "bool"),
    ],
)
def test_dtypes_as_users_write_them(dtype, name):
    assert mt.tensor([1, 0], dtype=dtype).dtype.name == name
    assert mt.zeros(2, dtype=dtype).dtype.name == name
    assert mt.ones(2).to(dtype).dtype.name == name


def test_tensors_in_lists():
    one = mt.tensor(1.0, requires_grad=True)
    x = mt.tensor([one, mt.tensor(2.0), 3.0])
    assert x.dtype is F32
    assert x.tolist() == [1.0, 2.0, 3.0]
    assert not x.requires_grad
    assert mt.tensor([[mt.tensor(1.0, dtype=F64)]]).dtype is F64
    assert mt.tensor([mt.ones(2), mt.zeros(2)]).tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert mt.tensor([mt.tensor(1.0, backend="strict")]).backend == "numpy"


def test_a_tensor_from_a_tensor_is_a_copy_without_history():
    x = mt.tensor([1.0, 2.0], dtype=F64, requires_grad=True)
    y = mt.tensor(x)
    assert y.dtype is F64
    assert not y.requires_grad
    assert not np.shares_memory(x.data, y.data)
    z = mt.Tensor(x, dtype=F32, requires_grad=True)
    assert z.dtype is F32
    assert z.is_leaf
    assert z.requires_grad
    strict = mt.tensor(x, backend="strict")
    assert strict.backend == "strict"
    assert mt.tensor(strict).backend == "strict"


def test_copying_keeps_the_callers_array_out():
    array = np.array([1.0, 2.0])
    x = mt.tensor(array)
    array[:] = 0
    assert x.tolist() == [1.0, 2.0]
    masked = np.ma.array([1.0, 2.0])
    y = mt.tensor(masked)
    masked[0] = 9.0
    assert y.tolist() == [1.0, 2.0]
    buffer = array_module.array("d", [1.0, 2.0])
    y = mt.tensor(buffer)
    buffer[0] = 9.0
    assert y.tolist() == [1.0, 2.0]
    rows = [[1.0, 2.0], [3.0, 4.0]]
    y = mt.tensor(rows)
    rows[0][0] = 9.0
    assert y.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_asarray_shares_where_it_can():
    array = np.array([1.0, 2.0])
    x = mt.asarray(array)
    assert np.shares_memory(x.data, array)
    assert not np.shares_memory(mt.asarray(array, copy=True).data, array)
    assert not np.shares_memory(mt.asarray(array, dtype=F32).data, array)
    assert array.flags.writeable
    assert mt.asarray(x) is x
    y = mt.tensor([1.0], requires_grad=True)
    assert mt.asarray(y) is y
    moved = mt.asarray(y, dtype=F64, backend="strict")
    assert (moved.dtype, moved.backend, moved.requires_grad) == (F64, "strict", True)


def test_asarray_without_a_copy_or_not_at_all(backend):
    x = mt.tensor([1.0, 2.0])
    assert mt.asarray(x, copy=False) is x
    assert mt.asarray(x, dtype=F32, copy=False) is x
    own = mt.asarray(x.data, backend=backend, copy=False)
    assert own.tolist() == [1.0, 2.0]
    other = "numpy" if backend == "strict" else "strict"
    for data, options in (
        (x, {"dtype": F64}),
        (x, {"backend": other}),
        (x.data, {"backend": backend, "dtype": F64}),
        (x.data, {"backend": other}),
        ([1.0, 2.0], {}),
        (1.0, {}),
    ):
        with pytest.raises(ValueError, match=r"copy=False.*leave copy out"):
            mt.asarray(data, copy=False, **options)


def test_asarray_of_views_and_read_only_arrays():
    array = np.arange(6.0).reshape(2, 3)
    assert mt.asarray(array.T).tolist() == array.T.tolist()
    assert mt.asarray(array[::-1, 1:]).tolist() == array[::-1, 1:].tolist()
    array.setflags(write=False)
    assert (mt.asarray(array) + 1).tolist() == (array + 1).tolist()


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ([[1, 2], [3]], ValueError, "tensor: .*equal lengths"),
        ([1, [2]], ValueError, "tensor: .*equal lengths"),
        ("abc", TypeError, "tensor: .*a str.*numbers"),
        (["a", "b"], TypeError, "tensor: .*str.*numbers"),
        (None, TypeError, "tensor: .*NoneType.*numbers"),
        ([None, 1.0], TypeError, "tensor: .*numbers"),
        ({"a": 1}, TypeError, "tensor: .*dict.*numbers"),
        ({1, 2}, TypeError, "tensor: .*set.*numbers"),
        ((n for n in [1]), TypeError, "tensor: .*generator.*numbers"),
        (object(), TypeError, "tensor: .*object.*numbers"),
        (b"ab", TypeError, "tensor: .*bytes.*numbers"),
        (1j, TypeError, "tensor: .*complex128.*float32"),
        (np.ones(2, np.complex64), TypeError, "tensor: .*complex64.*float32"),
        (np.array(["2020-01-01"], "datetime64[D]"), TypeError, "tensor: .*not supported"),
        (np.zeros(2, [("a", "f4")]), TypeError, "tensor: .*not supported"),
        (np.array([1, None]), TypeError, "tensor: .*not supported"),
        (2**70, ValueError, "tensor: .*fit"),
    ],
)
def test_what_is_no_tensor(data, error, words):
    with pytest.raises(error, match=words):
        mt.tensor(data)


@pytest.mark.parametrize(("value", "dtype"), [(300, "uint8"), (-1, "uint8"), (2**31, "int32")])
def test_integers_that_do_not_fit_are_not_wrapped(value, dtype):
    with pytest.raises(ValueError, match=rf"tensor: .*{value}.*{dtype}"):
        mt.tensor([value], dtype=dtype)
    with pytest.raises(ValueError, match=rf"{value}.*{dtype}"):
        mt.full(2, value, dtype=dtype)


def test_requires_grad_needs_real_numbers():
    with pytest.raises(TypeError, match=r"int64.*\.to\(mt\.float32\)"):
        mt.tensor([1, 2], requires_grad=True)
    with pytest.raises(TypeError, match="int64"):
        mt.zeros(2, dtype=int, requires_grad=True)
    assert mt.tensor([1, 2], dtype=F32, requires_grad=True).requires_grad


# --- from shapes --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
def test_shapes_as_tuple_or_integers(name, backend):
    make = getattr(mt, name)
    for arguments, shape in [
        ((2, 3), (2, 3)),
        (((2, 3),), (2, 3)),
        (([2, 3],), (2, 3)),
        ((4,), (4,)),
        ((np.int64(4),), (4,)),
        ((mt.tensor(4),), (4,)),
        (((),), ()),
        ((0, 3), (0, 3)),
    ]:
        x = make(*arguments, backend=backend)
        assert x.shape == shape
        assert x.dtype is F32
        assert x.backend == backend
        assert not x.requires_grad
    assert make(2, dtype="float64", requires_grad=True).requires_grad
    assert make(2, dtype="float64").dtype is F64


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
@pytest.mark.parametrize(
    ("shape", "error"),
    [
        ((-1,), ValueError),
        ((2.5,), TypeError),
        (("a",), TypeError),
        ((None,), TypeError),
        (((2, "a"),), TypeError),
        (((2, -3),), ValueError),
    ],
)
def test_wrong_shapes_name_the_function(name, shape, error):
    with pytest.raises(error, match=f"{name}: shape"):
        getattr(mt, name)(*shape)


def test_entries(backend):
    assert mt.zeros(2, backend=backend).tolist() == [0.0, 0.0]
    assert mt.ones((1, 2), backend=backend).tolist() == [[1.0, 1.0]]
    assert mt.full((2,), 2.5, backend=backend).tolist() == [2.5, 2.5]
    assert mt.eye(2, 3, k=1, backend=backend).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert mt.eye(2, backend=backend).tolist() == [[1, 0], [0, 1]]
    assert mt.linspace(0, 1, 3, backend=backend).tolist() == [0.0, 0.5, 1.0]
    assert mt.linspace(0, 1, 2, endpoint=False, backend=backend).tolist() == [0.0, 0.5]
    assert mt.arange(2, 5, backend=backend).tolist() == [2, 3, 4]
    assert mt.arange(3, 0, -1, backend=backend).tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("fill", "dtype"),
    [
        (7, I64),
        (2.5, F32),
        (True, mt.bool_),
        (np.float64(2.5), F32),
        (np.int32(7), I64),
        (np.bool_(True), mt.bool_),
        (mt.tensor(2.5), F32),
    ],
    ids=repr,
)
def test_full_takes_the_dtype_of_a_number(fill, dtype):
    x = mt.full(2, fill)
    assert x.dtype is dtype
    assert x.tolist() == [float(fill)] * 2
    assert mt.full(2, fill, dtype=F64).dtype is F64


@pytest.mark.parametrize("fill", ["a", None, 1j, [1.0, 2.0]])
def test_full_refuses_what_is_no_number(fill):
    with pytest.raises(TypeError, match=r"full: fill_value .* number"):
        mt.full(2, fill)


@pytest.mark.parametrize(
    ("arguments", "values", "dtype"),
    [
        ((3,), [0, 1, 2], I64),
        ((np.int64(3),), [0, 1, 2], I64),
        ((1, np.int32(3)), [1, 2], I64),
        ((mt.tensor(2),), [0, 1], I64),
        ((3.0,), [0, 1, 2], F32),
        ((0, 1, 0.25), [0, 0.25, 0.5, 0.75], F32),
        ((3, 0), [], I64),
        ((0, 5, 2), [0, 2, 4], I64),
    ],
)
def test_arange_counts_in_integers_or_real_numbers(arguments, values, dtype):
    x = mt.arange(*arguments)
    assert x.dtype is dtype
    assert x.tolist() == values


def test_arange_does_not_add_up_rounding_errors():
    # A float32 step taken from rounded neighbours would be 2e-3 off at the end.
    x = mt.arange(1000, 1010, 0.1)
    expected = np.arange(1000, 1010, 0.1).astype(np.float32)
    np.testing.assert_array_equal(x.numpy(), expected)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mt.arange(0, 3, 0), ValueError, "arange: a step of 0"),
        (lambda: mt.arange("a"), TypeError, "arange: .*'a'"),
        (lambda: mt.arange(None), TypeError, "arange: .*None"),
        (lambda: mt.arange(0, float("nan")), ValueError, "arange.*nan"),
        (lambda: mt.arange(0, float("inf")), ValueError, "arange.*inf"),
        (lambda: mt.linspace(0, 1, -1), ValueError, "linspace.*-1"),
        (lambda: mt.linspace(0, 1, 2.5), TypeError, "linspace.*2.5"),
        (lambda: mt.eye(-1), ValueError, "eye.*-1"),
        (lambda: mt.eye(2, -1), ValueError, "eye.*-1"),
        (lambda: mt.eye(2.5), TypeError, "eye.*2.5"),
        (lambda: mt.zeros(2, dtype="nope"), TypeError, "'nope'.*float32"),
        (lambda: mt.zeros(2, dtype=complex), TypeError, "complex.*float32"),
        (lambda: mt.zeros(2, dtype="complex64"), TypeError, "complex64.*float32"),
        (lambda: mt.zeros(2, backend="nope"), ValueError, "unknown backend 'nope'.*numpy"),
        (lambda: mt.zeros_like([1.0]), TypeError, "zeros_like: expected a Tensor.*mt.tensor"),
        (lambda: mt.full_like(3.0, 1), TypeError, "full_like: expected a Tensor"),
    ],
)
def test_mistakes(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like", "full_like"])
def test_like(name, backend):
    x = mt.tensor([[1.0, 2.0]], dtype=F64, backend=backend, requires_grad=True)
    extra = (5,) if name == "full_like" else ()
    y = getattr(mt, name)(x, *extra)
    assert (y.shape, y.dtype, y.backend, y.requires_grad) == ((1, 2), F64, backend, False)
    if name != "empty_like":
        value = {"zeros_like": 0, "ones_like": 1, "full_like": 5}[name]
        assert y.tolist() == [[value, value]]
    z = getattr(mt, name)(x, *extra, dtype=F32, requires_grad=True)
    assert (z.dtype, z.requires_grad) == (F32, True)


def test_parameters_and_buffers_copy_and_keep_the_dtype():
    array = np.array([1.0, 2.0])
    p, b = nn.Parameter(array), nn.Buffer(array, dtype=F32)
    array[:] = 0
    assert (p.dtype, p.tolist(), p.requires_grad) == (F64, [1.0, 2.0], True)
    assert (b.dtype, b.tolist(), b.requires_grad, b.persistent) == (F32, [1.0, 2.0], False, True)
    assert not nn.Parameter([1], requires_grad=False).requires_grad
    with pytest.raises(TypeError, match="int64"):
        nn.Parameter([1])
