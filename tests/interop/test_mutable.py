"""Copies whose entries can be set: values as in NumPy, gradients in the tensor and the value."""

import copy
import pickle
import weakref

import array_api_compat
import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import array_api

RNG = np.random.default_rng(0)
CUBE = RNG.normal(size=(3, 4, 2))
KEYS = [
    0,
    (1, -2),
    (1, 2, 1),
    slice(1, None),
    (slice(None, None, -2), ..., 0),
    ...,
    None,
    (None, 1),
    (slice(None), slice(3, 0, -1)),
    slice(5, 9),
    True,
    False,
    np.array(1),
    np.array([2, 0]),
    [],
    [2, 0],
    ([0, 1], slice(1, 3)),
    (slice(None), [3, -4]),
    ([0, 2], [1, 1], 0),
    CUBE > 0.3,
    (CUBE > 0.3)[:, :, 0],
    np.array([True, False, True]),
    (CUBE[:, 0, 0] > 0, 1),
    np.zeros(3, bool),
]


def values_for(shape):
    """What NumPy can put at entries of ``shape``: numbers and arrays that broadcast."""
    yield from (2.5, 3, True, np.float32(0.5), np.int64(4))
    yield from (RNG.normal(size=s) for s in (shape, shape[1:], (), (1, *shape[1:]), (1, 1)))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: str(key).replace("\n", "")[:40])
def test_entries_are_set_as_in_numpy_with_gradients(key, backend):
    key = np.array(key, int) if isinstance(key, list) and not key else key
    weights = RNG.normal(size=CUBE.shape)
    tried = 0
    for value in values_for(CUBE[key].shape):
        expected, untouched = CUBE.copy(), np.ones_like(CUBE)
        try:
            expected[key] = value
        except (ValueError, TypeError):
            continue
        tried += 1
        untouched[key] = 0.0
        x = mt.tensor(CUBE, requires_grad=True)
        is_array = isinstance(value, np.ndarray)
        new = mt.tensor(value, requires_grad=True) if is_array else value
        y = mt.asarray(x, copy=True)
        y[key] = new
        np.testing.assert_array_equal(y.detach().numpy(), expected)
        assert (y.dtype, y.backend) == (mt.float64, backend)
        (y * mt.tensor(weights)).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), untouched * weights)
        if is_array:
            np.testing.assert_allclose(new.grad.numpy(), gradient_in_value(key, value, weights))
    assert tried >= 5


def gradient_in_value(key, value, weights):
    """Of ``sum(weights * y)`` after ``y[key] = value``: the weights of the places it went to."""
    gradient = np.zeros(value.shape)
    for entry in np.ndindex(*value.shape):
        one, places = np.zeros(value.shape), np.zeros(weights.shape)
        one[entry] = 1.0
        places[key] = one
        gradient[entry] = (places * weights).sum()
    return gradient


def test_second_derivatives():
    x = mt.tensor([1.0, 2.0, 3.0], dtype=mt.float64, requires_grad=True)

    def f(x):
        y = mt.asarray(x, copy=True)
        y[0] = x[1] ** 3
        y[x > 2.5] = x[2:] ** 2
        return (y * y).sum()

    mt.testing.check_grads(f, (x,), order=2)


def test_what_was_taken_before_stays_as_it_was():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = mt.asarray(x, copy=True)
    squares, picked, shallow, deep = y * y, y[[0]], copy.copy(y), copy.deepcopy(y.detach())
    y[0] = 10.0
    assert squares.tolist() == [1.0, 4.0]
    assert picked.tolist() == [1.0]
    assert shallow.tolist() == [1.0, 2.0]
    assert deep.tolist() == [1.0, 2.0]
    assert x.tolist() == [1.0, 2.0]
    squares.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_setting_again_and_from_itself():
    y = mt.asarray([1.0, 2.0, 3.0], copy=True)
    y[0] = y[2]
    y[1:] = y[:2]
    y[y > 2] += 10
    assert y.tolist() == [13.0, 13.0, 2.0]


def test_the_dtype_stays():
    y = mt.asarray([1.0, 2.0], copy=True)
    y[0] = mt.tensor(5, dtype=mt.int8)
    y[1] = mt.tensor(2.5, dtype=mt.float64)
    assert (y.dtype, y.tolist()) == (mt.float32, [5.0, 2.5])
    y = mt.asarray(mt.tensor([True, False]), copy=True)
    y[1] = True
    assert (y.dtype, y.tolist()) == (mt.bool, [True, True])


@pytest.mark.parametrize(
    ("key", "value", "error", "words"),
    [
        (0, 1.5, TypeError, r"float64 does not fit a tensor of int64"),
        (0, np.ones(1), TypeError, r"float64 does not fit"),
        (([0, 0],), 1, IndexError, "name an entry twice.*index_add"),
        ([0, -3], 1, IndexError, "name an entry twice"),
        (slice(None), [1, 2], ValueError, r"\(2,\) does not broadcast.*\(3,\)"),
        (np.array([True, True, False]), [1, 2, 3], ValueError, r"\(3,\).*\(2,\)"),
        (0, [[1], [2]], ValueError, "does not broadcast"),
        (np.array([True]), 1, IndexError, "size of axis is 3"),
        (3, 1, IndexError, "index 3 is out of bounds"),
        ((0, 0), 1, IndexError, "2 indices"),
        ("a", 1, IndexError, "str is no index"),
        (0, "a", TypeError, "str"),
        (0, None, TypeError, "NoneType"),
    ],
)
def test_what_cannot_be_set(key, value, error, words):
    y = mt.asarray([1, 2, 3], copy=True)
    with pytest.raises(error, match=words):
        y[key] = value
    assert y.tolist() == [1, 2, 3]


def test_values_of_another_backend_are_refused():
    y = mt.asarray([1.0, 2.0], copy=True)
    with pytest.raises(TypeError, match=r"x on 'numpy', value on 'strict'.*\.to\('numpy'\)"):
        y[0] = mt.ones((), backend="strict")


def test_a_view_that_became_a_leaf_stays_what_it_is():
    y = mt.asarray([1.0, 2.0], copy=True)
    leaf = y[:1].requires_grad_()
    loss = (leaf * 3).sum()
    y[0] = 5.0
    loss.backward()
    assert (leaf.tolist(), leaf.grad.tolist()) == ([1.0], [3.0])


def test_leaves_and_kept_gradients_are_refused():
    y = mt.asarray([1.0, 2.0], copy=True)
    y.requires_grad_()
    with pytest.raises(ValueError, match=r"leaf.*mt\.asarray\(x, copy=True\)"):
        y[0] = 1.0
    z = mt.asarray(y, copy=True)
    z.retain_grad()
    with pytest.raises(ValueError, match=r"retain_grad\(\)"):
        z[0] = 1.0


# --- who can be set, and who cannot -------------------------------------------------------------


def test_only_the_copy_can_be_set():
    x = mt.tensor([1.0, 2.0])
    for tensor in (x, mt.asarray(x), x * 2, mt.zeros(2), mt.nn.Parameter([1.0])):
        with pytest.raises(TypeError, match=r"values.*mt\.asarray\(x, copy=True\)"):
            tensor[0] = 1.0


def test_other_views_are_refused_and_not_lost():
    y = mt.asarray([[1.0, 2.0], [3.0, 4.0]], copy=True)
    for view in (y.mT, mt.reshape(y, (4,)), y.detach()):
        with pytest.raises(TypeError, match="values"):
            view[0] = 5.0
    rows = y[mt.tensor([1])]  # a copy in NumPy too
    rows[0, 0] = 9.0
    assert y.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert rows.tolist() == [[9.0, 4.0]]


BASIC_KEYS = [0, -1, slice(1, None), slice(None, None, -1), ..., None, slice(0, 0), (..., 0)]


@pytest.mark.parametrize("seed", range(5))
def test_views_are_as_in_numpy(seed, backend):
    """Views of views, overlapping, some dropped: set one, and all show what NumPy's show."""
    rng = np.random.default_rng(seed)
    array = np.arange(60.0).reshape(3, 4, 5)
    pairs = [(mt.asarray(mt.tensor(array), copy=True), array)]
    for _ in range(60):
        view, expected = pairs[rng.integers(len(pairs))]
        key = BASIC_KEYS[rng.integers(len(BASIC_KEYS))]
        try:
            picked = expected[key] if expected.ndim else expected[...]
        except IndexError:
            continue
        key = key if expected.ndim else ...
        if rng.random() < 0.4 and isinstance(picked, np.ndarray):
            pairs.append((view[key], picked))
        else:
            view[key] = expected[key] = float(rng.normal())
        if len(pairs) > 8:
            del pairs[rng.integers(1, len(pairs))]
        for t, a in pairs:
            np.testing.assert_array_equal(t.numpy(), a)


def test_gradients_through_views():
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = mt.asarray(x, copy=True)
    first, second = y
    first[1] = x[1, 1] * 10
    second *= 2  # binds the name anew, as for every tensor
    y[1][0] = 0.0
    assert y.tolist() == [[1.0, 40.0], [0.0, 4.0]]
    assert first.tolist() == [1.0, 40.0]
    (y.sum() + first.sum()).backward()
    assert x.grad.tolist() == [[2.0, 0.0], [0.0, 21.0]]


def test_views_hold_their_base_and_not_the_other_way():
    y = mt.asarray([[1.0, 2.0], [3.0, 4.0]], copy=True)
    base, row = weakref.ref(y), y[0]
    gone = weakref.ref(y[1])
    assert gone() is None
    del y
    assert base() is not None
    row[0] = 7.0
    assert base().tolist() == [[7.0, 2.0], [3.0, 4.0]]
    twin = copy.copy(row)
    twin[0] = 0.0
    assert row.tolist() == [7.0, 2.0]
    del row
    assert base() is None
    with pytest.raises(TypeError, match="0-d"):
        iter(mt.asarray(1.0, copy=True))


def test_arithmetic_with_it_gives_more_of_its_kind(backend):
    y, x = mt.asarray([4, 2], copy=True), mt.tensor([2, 2])
    for out in (y + 1, 1 - y, x * y, y // x, -y, y & x, y > x, divmod(y, x)[1], x @ y):
        assert type(out) is mt.MutableTensor
    y += 1
    y[0] = 0
    assert y.tolist() == [0, 3]
    assert x.tolist() == [2, 2]


def test_asarray_copy_keeps_the_history_and_the_rest():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = mt.asarray(x, dtype=mt.float64, backend="strict", copy=True)
    assert (type(y), y.dtype, y.backend) == (mt.MutableTensor, mt.float64, "strict")
    (y * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    array = np.ones(2)
    z = mt.asarray(array, copy=True)
    z[0] = 5.0
    assert array.tolist() == [1.0, 1.0]
    assert type(pickle.loads(pickle.dumps(z))) is mt.MutableTensor


# --- the namespace of the standard --------------------------------------------------------------


def test_the_namespace_is_the_package_with_entries_that_can_be_set(backend):
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    xp = array_api_compat.array_namespace(x)
    assert xp is array_api
    made = [xp.asarray(x), xp.exp(x), xp.zeros(3), xp.sum(x), *xp.unstack(x), x.T @ xp.eye(2)]
    assert all(type(t) is mt.MutableTensor for t in made)
    assert [type(t) for t in xp.meshgrid(xp.arange(2), xp.arange(3))] == [mt.MutableTensor] * 2
    counts = xp.unique_counts(mt.tensor([1, 1, 2]))
    assert type(counts.counts) is mt.MutableTensor
    assert type(xp.linalg.inv(x)) is type(xp.linalg.slogdet(x).sign) is mt.MutableTensor
    assert xp.float32 is mt.float32
    assert xp.pi == mt.pi
    assert xp.isdtype(x.dtype, "real floating") is True
    assert set(mt.__all__) <= set(dir(xp))
    assert xp.exp.__doc__ == mt.exp.__doc__
    with pytest.raises(AttributeError, match=r"minitorch_cnn\.array_api.*'nonsense'"):
        xp.nonsense  # noqa: B018
    assert not hasattr(xp, "__path__")


def test_results_of_the_namespace_are_objects_of_their_own():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    xp = x.__array_namespace__()
    y = xp.reshape(xp.asarray(x), (2,))
    z = xp.asarray(y)
    z[0] = 5.0
    assert (x.tolist(), y.tolist(), z.tolist()) == ([1.0, 2.0], [1.0, 2.0], [5.0, 2.0])
    (y * y + z).sum().backward()
    assert x.grad.tolist() == [2.0, 5.0]
