"""Tensor: Python's operators and protocols, dtypes, methods, text, moving and copying."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn


def host(tensor):
    return tensor.detach().numpy()


# --- operators ----------------------------------------------------------------------------------

ARITHMETIC = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
BITS = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]

LEFT = np.array([0.5, 1.5, 2.5], np.float32)
RIGHT = np.array([2.0, 1.5, 0.25], np.float32)


@pytest.mark.parametrize("function", ARITHMETIC + COMPARISONS)
def test_two_tensors_as_in_numpy(function, backend):
    out = function(mt.tensor(LEFT, backend=backend), mt.tensor(RIGHT, backend=backend))
    expected = function(LEFT, RIGHT)
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(host(out), expected, rtol=1e-6)


@pytest.mark.parametrize("function", ARITHMETIC + COMPARISONS)
@pytest.mark.parametrize(
    "scalar", [2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.int8(2)], ids=repr
)
def test_scalars_never_change_float32(function, scalar, backend):
    x = mt.tensor(LEFT, backend=backend)
    for out, expected in (
        (function(x, scalar), function(LEFT, np.float32(2))),
        (function(scalar, x), function(np.float32(2), LEFT)),
    ):
        assert isinstance(out, mt.Tensor)
        assert out.dtype == expected.dtype
        np.testing.assert_allclose(host(out), expected, rtol=1e-6)


@pytest.mark.parametrize("function", ARITHMETIC + COMPARISONS)
def test_arrays_beside_tensors(function):
    # NumPy gives way: an ndarray on the left must not swallow the tensor entry by entry.
    x = mt.tensor(LEFT)
    for out, expected in (
        (function(x, RIGHT), function(LEFT, RIGHT)),
        (function(RIGHT, x), function(RIGHT, LEFT)),
    ):
        assert isinstance(out, mt.Tensor)
        np.testing.assert_allclose(host(out), expected, rtol=1e-6)


def test_arrays_beside_tensors_that_need_gradients():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    a = np.array([3.0, 4.0], np.float32)
    (a * x + x * a - a / x).sum().backward()
    np.testing.assert_allclose(host(x.grad), 2 * a + a / np.array([1.0, 4.0]))
    a += 1.0  # still writeable
    with pytest.raises(TypeError):
        a += x  # an ndarray cannot hold the history


def test_matmul_operator():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    for x, y in ((mt.tensor(a), mt.tensor(b)), (a, mt.tensor(b)), (mt.tensor(a), b)):
        out = x @ y
        assert isinstance(out, mt.Tensor)
        assert out.tolist() == (a @ b).tolist()


@pytest.mark.parametrize("function", BITS)
@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_bits_of_integers(function, dtype, backend):
    a, b = np.array([12, 5, 200], dtype), np.array([10, 3, 1], dtype)
    x, y = mt.tensor(a, backend=backend), mt.tensor(b, backend=backend)
    assert function(x, y).tolist() == function(a, b).tolist()
    assert function(x, 3).tolist() == function(a, 3).tolist()
    assert function(3, y).tolist() == function(3, b).tolist()
    assert function(x, y).dtype == dtype


def test_bits_of_booleans():
    a, b = mt.tensor([True, True, False]), mt.tensor([True, False, False])
    assert (a & b).tolist() == [True, False, False]
    assert (a | b).tolist() == [True, True, False]
    assert (a ^ b).tolist() == [False, True, False]
    assert (~a).tolist() == [False, False, True]
    assert (a & True).dtype == mt.bool_
    assert (~mt.tensor([0, 5])).tolist() == [-1, -6]


@pytest.mark.parametrize("function", [operator.and_, operator.or_, operator.lshift])
def test_bits_of_real_numbers_are_refused(function):
    with pytest.raises(TypeError, match="bitwise_"):
        function(mt.ones(2), mt.ones(2))


def test_unary_operators():
    x = mt.tensor([-1.5, 2.0])
    assert (-x).tolist() == [1.5, -2.0]
    assert (+x).tolist() == [-1.5, 2.0]
    assert abs(x).tolist() == [1.5, 2.0]


@pytest.mark.parametrize("a", [7, -7, 7.5, -7.5])
@pytest.mark.parametrize("b", [3, -3, 2.5, -2.5])
def test_floor_division_and_remainder_have_pythons_signs(a, b, backend):
    x = mt.tensor([a], dtype=mt.float64 if isinstance(a, float) else None, backend=backend)
    y = mt.tensor([b], dtype=mt.float64 if isinstance(b, float) else None, backend=backend)
    for q, r in ((x // y, x % y), (x // b, x % b), (a // y, a % y), divmod(x, y)):
        assert q.item() == a // b
        assert r.item() == pytest.approx(a % b)


@pytest.mark.parametrize(
    ("left", "right", "function", "dtype"),
    [
        ("float32", 2.5, operator.mul, "float32"),
        ("float16", 2.5, operator.mul, "float16"),
        ("float64", 2, operator.mul, "float64"),
        ("int64", 2, operator.mul, "int64"),
        ("int64", 2.5, operator.mul, "float32"),
        ("int64", True, operator.add, "int64"),
        ("uint8", 3, operator.add, "uint8"),
        ("int64", 2, operator.truediv, "float32"),
        ("int64", "int64", operator.truediv, "float32"),
        ("bool", "bool", operator.truediv, "float32"),
        ("bool", 2, operator.mul, "int64"),
        ("bool", 2.5, operator.mul, "float32"),
        ("int64", "float32", operator.add, "float32"),
        ("int64", "float16", operator.mul, "float16"),
        ("bool", "float32", operator.mul, "float32"),
        ("bool", "int32", operator.mul, "int32"),
        ("int32", "int64", operator.add, "int64"),
        ("uint8", "int8", operator.add, "int16"),
        ("float32", "float64", operator.mul, "float64"),
        ("int64", 2.0, operator.pow, "float32"),
        ("int64", 2, operator.pow, "int64"),
        ("int64", 2.5, operator.gt, "bool"),
        ("float32", "int64", operator.eq, "bool"),
    ],
)
def test_dtype_of_results(left, right, function, dtype):
    x = mt.ones(2, dtype=left)
    y = mt.ones(2, dtype=right) if isinstance(right, str) else right
    assert function(x, y).dtype == dtype
    assert function(y, x).dtype == dtype


def test_integers_and_real_numbers_meet_in_the_real_dtype_with_gradient():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = x * mt.tensor([3, 4]) + mt.tensor([True, False])
    y.sum().backward()
    assert y.dtype == mt.float32
    assert x.grad.tolist() == [3.0, 4.0]


def test_in_place_operators_bind_a_new_tensor():
    x = before = mt.tensor([1.0, 2.0])
    x += 1
    assert x.tolist() == [2.0, 3.0]
    assert before.tolist() == [1.0, 2.0]
    x *= 2
    x -= mt.ones(2)
    x /= 2
    assert x.tolist() == [1.5, 2.5]
    p = q = mt.tensor([1.0], requires_grad=True)
    q += 1
    q.sum().backward()
    assert p.grad.tolist() == [1.0]


def test_integer_powers():
    x = mt.tensor([2, 3])
    assert (x**3).tolist() == [8, 27]
    assert (2**x).tolist() == [4, 8]
    assert (x**-1.0).tolist() == [0.5, pytest.approx(1 / 3)]
    with pytest.raises(ValueError, match=r"negative power -1.*\.to\(mt\.float32\)"):
        x**-1


def test_power_gradients_at_zero_are_finite():
    x = mt.tensor([0.0, 2.0], requires_grad=True)
    (x**0 + x**1 + x**2).sum().backward()
    assert x.grad.tolist() == [1.0, 5.0]
    e = mt.tensor([2.0, 2.0], requires_grad=True)
    (mt.tensor([0.0, 1.0]) ** e).sum().backward()
    assert e.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("other", ["abc", None, [1.0, 2.0], (1, 2), {}, object(), 1j])
def test_operators_leave_strangers_to_python(other):
    x = mt.tensor([1.0, 2.0])
    for function in (*ARITHMETIC, operator.lt):
        with pytest.raises(TypeError):
            function(x, other)
        if not isinstance(other, str):  # "abc" % x formats
            with pytest.raises(TypeError):
                function(other, x)
    assert (x == other) is False
    assert (x != other) is True


def test_a_stranger_may_define_the_operator():
    class Stranger:
        def __radd__(self, tensor):
            return "mine"

        def __add__(self, tensor):
            return "mine too"

    assert mt.ones(2) + Stranger() == "mine"
    assert Stranger() + mt.ones(2) == "mine too"


# --- protocols ----------------------------------------------------------------------------------


def test_truth():
    assert mt.tensor(1.0)
    assert not mt.tensor([[0]])
    with pytest.raises(ValueError, match=r"\(2,\).*\.any\(\) or \.all\(\)"):
        bool(mt.ones(2))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(mt.zeros(0))


def test_numbers():
    assert float(mt.tensor(2.5)) == 2.5
    assert int(mt.tensor([2.9])) == 2
    assert math.sqrt(mt.tensor(4.0)) == 2.0
    assert list(range(4))[mt.tensor(2)] == 2
    assert "abcd"[mt.tensor(1) : mt.tensor(3)] == "bc"
    for wrong in (mt.tensor(2.0), mt.tensor([2]), mt.tensor(True)):
        with pytest.raises(TypeError, match="index"):
            operator.index(wrong)
    with pytest.raises(ValueError, match=r"item.*\(2,\)"):
        float(mt.ones(2))


def test_length_and_iteration():
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(x) == 2
    first, second = x
    (first * 3 + second).sum().backward()
    assert x.grad.tolist() == [[3.0, 3.0], [1.0, 1.0]]
    assert [v.item() for v in mt.tensor([1, 2, 3])] == [1, 2, 3]
    for call in (len, list, iter):
        with pytest.raises(TypeError, match="0-d"):
            call(mt.tensor(1.0))
    assert list(mt.zeros((0, 2))) == []
    assert 2.0 in mt.tensor([1.0, 2.0])
    assert 5.0 not in mt.tensor([1.0, 2.0])


def test_format():
    assert f"{mt.tensor(2.5):.2f}|{mt.tensor([3]):d}|{mt.tensor(2.5):>6}" == "2.50|3|   2.5"
    assert f"{mt.tensor([1.0, 2.0])}" == "tensor([1., 2.])"
    assert str(mt.tensor(2.5)) == "tensor(2.5)"


def test_hash_is_by_identity():
    a, b = mt.ones(2), mt.ones(2)
    table = {a: "a", b: "b"}
    assert table[a] == "a"
    assert table[b] == "b"
    assert len({a, b, a}) == 2
    assert hash(nn.Parameter([1.0])) != hash(nn.Parameter([1.0]))


def test_entries_cannot_be_set():
    x = mt.zeros(3)
    with pytest.raises(TypeError, match=r"mt\.where.*index_add.*assign_"):
        x[0] = 1.0
    with pytest.raises((TypeError, AttributeError)):
        del x[0]
    assert x.tolist() == [0.0, 0.0, 0.0]


def test_unknown_attributes_are_refused():
    with pytest.raises(AttributeError):
        mt.ones(2).nonsense = 1
    with pytest.raises(AttributeError):
        mt.ones(2).nonsense  # noqa: B018


# --- indexing -----------------------------------------------------------------------------------

CUBE = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        (1, 2),
        (1, 2, 3),
        slice(None),
        slice(None, None, -1),
        (slice(0, 2), slice(None, None, 2)),
        Ellipsis,
        (..., 0),
        (0, ..., 1),
        ([0, 0, 1],),
        ([0, 1], [2, 0]),
        (slice(None), [2, 0, 2]),
        (slice(None), [[0, 1], [2, 2]], slice(1, 3)),
        ([1, 0], slice(None), [3, 3]),
        np.array([1, 0, 1]),
        np.int64(1),
        range(2),
        (CUBE > 7).tolist(),
        CUBE % 2 == 0,
        np.array([True, False]),
        (slice(None), np.array([True, False, True])),
        slice(5, 5),
        [],
    ],
    ids=lambda key: str(key).replace("\n", "")[:40],
)
def test_indexing_and_its_gradient_as_in_numpy(key):
    x = mt.tensor(CUBE, requires_grad=True)
    y = x[key]
    expected = CUBE[np.array(key, int) if isinstance(key, list) and not key else key]
    np.testing.assert_array_equal(host(y), expected)
    weights = np.arange(1.0, 1.0 + expected.size).reshape(expected.shape)
    (y * mt.tensor(weights)).sum().backward()
    gradient = np.zeros_like(CUBE)
    np.add.at(gradient, np.array(key, int) if isinstance(key, list) and not key else key, weights)
    np.testing.assert_array_equal(host(x.grad), gradient)


def test_indexing_by_tensors():
    x = mt.tensor([10.0, 20.0, 30.0], requires_grad=True)
    assert x[mt.tensor([2, 0])].tolist() == [30.0, 10.0]
    assert x[x > 15].tolist() == [20.0, 30.0]
    assert x[mt.tensor(1)].item() == 20.0
    assert x[mt.tensor(1) :].tolist() == [20.0, 30.0]
    assert x[None].shape == (1, 3)
    assert x[:, None].shape == (3, 1)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (3, IndexError),
        (-4, IndexError),
        ((0, 0), IndexError),
        ([0, 5], IndexError),
        (1.0, IndexError),
        ("a", IndexError),
        (mt.tensor([0.5]), IndexError),
        ([True, False], IndexError),
        ((..., ...), IndexError),
        (slice(0, 1.5), TypeError),
        (slice(None, None, 0), ValueError),
    ],
    ids=str,
)
def test_wrong_indices(key, error):
    with pytest.raises(error):
        mt.ones(3)[key]


# --- facts and methods --------------------------------------------------------------------------


def test_facts(backend):
    x = mt.zeros((2, 3), dtype=mt.float64, backend=backend)
    assert (x.shape, x.ndim, x.size, x.nbytes) == ((2, 3), 2, 6, 48)
    assert type(x.shape) is tuple
    assert x.dtype is mt.float64
    assert x.backend == backend
    assert not x.requires_grad
    assert x.is_leaf
    assert x.grad is None
    scalar = mt.tensor(1.0, backend=backend)
    assert (scalar.shape, scalar.ndim, scalar.size) == ((), 0, 1)


def test_results_are_proper_0d_tensors(backend):
    x = mt.ones(3, backend=backend)
    for y in (x.sum(), x[0], x.max(), x.sum() * 2, -x.sum(), x.sum() > 1, x.argmax()):
        assert isinstance(y, mt.Tensor)
        assert y.shape == ()
        assert y.backend == backend
        assert not isinstance(y.data, np.generic)


def test_transposes():
    x = mt.tensor(CUBE[0], requires_grad=True)
    assert x.T.tolist() == CUBE[0].T.tolist()
    (x.T @ x).sum().backward()
    assert x.grad.shape == x.shape
    assert mt.tensor(CUBE).mT.shape == (2, 4, 3)
    for wrong in (mt.ones(3), mt.tensor(CUBE)):
        with pytest.raises(ValueError, match=r"T is for 2 dimensions.*\.mT"):
            wrong.T  # noqa: B018
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        mt.ones(3).mT  # noqa: B018


def test_item_and_tolist(backend):
    assert mt.tensor([[2.5]], backend=backend).item() == 2.5
    assert type(mt.tensor(3, backend=backend).item()) is int
    assert type(mt.tensor(True, backend=backend).item()) is bool
    assert mt.tensor([[1, 2], [3, 4]], backend=backend).tolist() == [[1, 2], [3, 4]]
    assert mt.tensor(1.5, backend=backend, requires_grad=True).tolist() == 1.5
    for wrong in (mt.ones(2, backend=backend), mt.zeros(0, backend=backend)):
        with pytest.raises(ValueError, match=r"item: .*shape \((2|0),\)"):
            wrong.item()


METHODS = [
    "sum",
    "mean",
    "max",
    "min",
    "prod",
    "var",
    "std",
    "any",
    "all",
    "argmax",
    "argmin",
    "logsumexp",
    "cumulative_sum",
    "abs",
    "exp",
    "log",
    "sqrt",
    "square",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
    "floor",
    "ceil",
    "round",
    "sign",
    "isnan",
    "isfinite",
    "clip",
    "pow",
    "squeeze",
    "expand_dims",
    "flatten",
    "broadcast_to",
    "moveaxis",
    "split",
    "unstack",
    "flip",
    "roll",
    "tile",
    "repeat",
    "sort",
    "argsort",
    "take",
    "matmul",
    "vecdot",
    "reshape",
    "permute_dims",
    "astype",
]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_the_function_of_its_name(name):
    x = mt.tensor([[0.5, 0.25], [0.125, 1.0]])
    arguments = {
        "cumulative_sum": (0,),
        "clip": (0.2, 0.7),
        "pow": (3,),
        "broadcast_to": ((3, 2, 2),),
        "moveaxis": (0, 1),
        "split": (1,),
        "roll": (1,),
        "tile": ((2, 1),),
        "repeat": (2,),
        "take": (mt.tensor([1, 0]), 1),
        "matmul": (x,),
        "vecdot": (x,),
        "reshape": ((4, 1),),
        "permute_dims": ((1, 0),),
        "expand_dims": (1,),
        "astype": (mt.float64,),
    }.get(name, ())
    got, expected = getattr(x, name)(*arguments), getattr(mt, name)(x, *arguments)
    for a, b in zip(*((t if isinstance(t, tuple) else (t,)) for t in (got, expected)), strict=True):
        assert (a.dtype, a.tolist()) == (b.dtype, b.tolist())


def test_shapes_as_several_integers():
    x = mt.tensor(CUBE)
    assert x.reshape(4, -1).shape == x.reshape((4, -1)).shape == x.view(4, 6).shape == (4, 6)
    assert x.permute_dims(2, 0, 1).shape == x.permute(2, 0, 1).shape == (4, 2, 3)
    assert x.transpose(0, -1).shape == (4, 3, 2)
    assert x.unsqueeze(0).shape == (1, 2, 3, 4)


def test_casting_methods():
    x = mt.tensor([0.0, 1.75])
    names = {m: getattr(x, m)().dtype.name for m in ("float", "double", "half", "long", "int")}
    assert names == {
        "float": "float32",
        "double": "float64",
        "half": "float16",
        "long": "int64",
        "int": "int32",
    }
    assert x.bool().tolist() == [False, True]


def test_clone_is_a_copy_with_gradient():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = x.clone()
    assert not np.shares_memory(x.data, y.data)
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_numpy_functions_take_tensors_by_copying():
    x = mt.tensor([1.0, 2.0])
    assert np.asarray(x).tolist() == [1.0, 2.0]
    assert np.array(x, dtype=np.float64).dtype == np.float64
    copied = np.array(x)
    copied[0] = 5.0
    assert x.tolist() == [1.0, 2.0]
    with pytest.raises(TypeError, match=r"\.detach\(\)\.numpy\(\)"):
        np.asarray(mt.tensor([1.0], requires_grad=True))
    with pytest.raises(TypeError):
        np.sin(x)


def test_arrays_on_other_backends_do_not_come_to_numpy_unasked():
    x = mt.ones(2, backend="strict")
    with pytest.raises(TypeError, match=r"'strict'.*\.numpy\(\)"):
        np.asarray(x)
    assert x.numpy().tolist() == [1.0, 1.0]


# --- moving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["float64", mt.float64, np.float64, np.dtype("float64")])
def test_to_dtype(target):
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(target)
    assert y.dtype is mt.float64
    (y * y).sum().backward()
    assert x.grad.dtype is mt.float32
    assert x.grad.tolist() == [2.0, 4.0]


def test_to_the_same_gives_the_tensor_itself():
    x = mt.ones(2)
    assert x.to("float32") is x
    assert x.to("numpy") is x
    assert x.to(float) is x


def test_to_integers_ends_the_graph():
    y = mt.tensor([1.9], requires_grad=True).to(mt.int64)
    assert y.tolist() == [1]
    assert not y.requires_grad


def test_to_another_backend_and_back_with_gradient():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = x.to("strict")
    assert y.backend == "strict"
    z = (y * y).to("numpy")
    assert z.backend == "numpy"
    (z * 3).sum().backward()
    assert x.grad.backend == "numpy"
    assert x.grad.tolist() == [6.0, 12.0]


def test_gradients_live_where_their_tensor_lives():
    x = mt.tensor([1.0, 2.0], backend="strict", requires_grad=True)
    (x.to("numpy") * 2).sum().backward()
    assert x.grad.backend == "strict"


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        ("floot64", ValueError, "floot64.*numpy"),
        ("complex64", ValueError, "complex64"),
        (np.complex64, TypeError, "complex64.*float32"),
        (str, TypeError, "not supported"),
    ],
)
def test_to_nonsense(target, error, words):
    with pytest.raises(error, match=words):
        mt.ones(2).to(target)


def test_setting_grad():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    x.grad = mt.tensor([3.0, 4.0])
    (x * 1.0).sum().backward()
    assert x.grad.tolist() == [4.0, 5.0]
    x.grad = None
    assert x.grad is None
    for wrong, error in (
        (np.ones(2, np.float32), TypeError),
        (1.0, TypeError),
        (mt.ones(3), ValueError),
        (mt.ones(2, dtype=mt.float64), ValueError),
    ):
        with pytest.raises(error, match="grad:"):
            x.grad = wrong
    assert x.grad is None


# --- copies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "twin_of",
    [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))],
    ids=["copy", "deepcopy", "pickle"],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda: mt.tensor([1.0, 2.0], requires_grad=True),
        lambda: mt.tensor([1.0, 2.0]),
        lambda: nn.Parameter([1.0, 2.0]),
        lambda: nn.Parameter([1.0, 2.0], requires_grad=False),
        lambda: nn.Buffer([1.0, 2.0], persistent=False),
        lambda: mt.tensor([1.0, 2.0], backend="strict", requires_grad=True),
    ],
    ids=["leaf", "constant", "parameter", "frozen", "buffer", "strict"],
)
def test_copies_are_leaves_of_their_own(make, twin_of):
    x = make()
    y = twin_of(x)
    assert type(y) is type(x)
    assert y.requires_grad == x.requires_grad
    assert (y.dtype, y.backend, y.tolist()) == (x.dtype, x.backend, x.tolist())
    assert getattr(y, "persistent", None) == getattr(x, "persistent", None)
    if x.requires_grad:
        (y * y).sum().backward()
        assert y.grad.tolist() == [2.0, 4.0]
        assert x.grad is None
    y.assign_([7.0, 7.0])
    assert x.tolist() == [1.0, 2.0]
    if y.backend == "numpy":
        assert not y.data.flags.writeable


def test_deepcopy_takes_the_gradient_along():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    y = copy.deepcopy(x)
    assert y.grad.tolist() == [3.0, 3.0]
    y.grad = None
    assert x.grad.tolist() == [3.0, 3.0]


def test_deepcopy_of_a_module_keeps_ties_and_learns_alone():
    net = nn.Sequential(nn.Dense(2, 2), nn.BatchNorm1d(2), nn.Dense(2, 2))
    net[2].weight = net[0].weight
    twin = copy.deepcopy(net)
    assert twin[2].weight is twin[0].weight
    assert twin[0].weight is not net[0].weight
    before = {name: value.tolist() for name, value in net.state_dict().items()}
    twin(mt.tensor([[1.0, 2.0], [3.0, 5.0]])).sum().backward()
    assert all(p.grad is not None for p in twin.parameters())
    assert all(p.grad is None for p in net.parameters())
    for p in twin.parameters():
        p.assign_(np.zeros(p.shape))
    assert {name: value.tolist() for name, value in net.state_dict().items()} == before


def test_computed_tensors_are_not_copied():
    with pytest.raises(ValueError, match=r"deepcopy.*detach\(\)"):
        copy.deepcopy(mt.tensor([1.0], requires_grad=True) * 2)


# --- text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: mt.tensor([1.0, 2.5]), "tensor([1. , 2.5])"),
        (lambda: mt.tensor(3.0), "tensor(3.)"),
        (lambda: mt.tensor([1, 2]), "tensor([1, 2], dtype=int64)"),
        (lambda: mt.tensor([True, False]), "tensor([ True, False])"),
        (lambda: mt.tensor([1.0], dtype=mt.float64), "tensor([1.], dtype=float64)"),
        (lambda: mt.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (lambda: mt.tensor([1.0], requires_grad=True) * 2, "tensor([2.], made_by=multiply)"),
        (lambda: mt.tensor([1.0], backend="strict"), "tensor([1.], backend='strict')"),
        (lambda: mt.zeros((0, 3)), "tensor([], shape=(0, 3))"),
        (lambda: mt.tensor([[1.0, 2.0], [3.0, 4.0]]), "tensor([[1., 2.],\n        [3., 4.]])"),
        (lambda: mt.tensor([float("nan"), float("inf")]), "tensor([nan, inf])"),
        (lambda: nn.Parameter([1.0]), "Parameter containing:\ntensor([1.], requires_grad=True)"),
    ],
)
def test_repr(make, text):
    assert repr(make()) == text


def test_long_tensors_are_abbreviated():
    text = repr(mt.arange(1000))
    assert text == "tensor([  0,   1,   2, ..., 997, 998, 999], dtype=int64)"
    assert len(repr(mt.ones((100, 100)))) < 400


@pytest.mark.parametrize(
    ("make", "html"),
    [
        (
            lambda: mt.tensor([[1.0, 0.3333333]]),
            "<table><tr><td>1</td><td>0.3333</td></tr></table>"
            "<small>Tensor, shape (1, 2), float32</small>",
        ),
        (
            lambda: mt.tensor([123456, -7]),
            "<table><tr><td>123456</td><td>-7</td></tr></table>"
            "<small>Tensor, shape (2,), int64</small>",
        ),
        (
            lambda: mt.tensor([True, False]),
            "<table><tr><td>True</td><td>False</td></tr></table>"
            "<small>Tensor, shape (2,), bool</small>",
        ),
        (
            lambda: mt.tensor([1.0], requires_grad=True),
            "<table><tr><td>1</td></tr></table>"
            "<small>Tensor, shape (1,), float32, requires_grad=True</small>",
        ),
        (
            lambda: mt.tensor([1.0], backend="strict", requires_grad=True) * 2,
            "<table><tr><td>2</td></tr></table><small>Tensor, shape (1,), float32, "
            "backend=&#x27;strict&#x27;, made_by=multiply</small>",
        ),
        (lambda: mt.tensor(2.0), "<pre>tensor(2.)</pre>"),
        (lambda: mt.zeros((0, 2)), "<pre>tensor([], shape=(0, 2))</pre>"),
        (lambda: mt.ones((1, 1, 1)), "<pre>tensor([[[1.]]])</pre>"),
    ],
)
def test_html_for_notebooks(make, html):
    assert make()._repr_html_() == html


def test_large_tensors_in_notebooks_are_abbreviated_text():
    assert mt.arange(1000)._repr_html_().startswith("<pre>tensor([  0,   1,")
