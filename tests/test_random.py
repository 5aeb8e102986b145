"""Random tensors: one generator, the same numbers on every backend, and what is refused."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F

MAKERS = {
    "rand": lambda **o: mt.rand(3, 4, **o),
    "randn": lambda **o: mt.randn((3, 4), **o),
    "uniform": lambda **o: mt.uniform(-2.0, 3.0, (3, 4), **o),
    "normal": lambda **o: mt.normal(1.0, 2.0, (3, 4), **o),
    "randint": lambda **o: mt.randint(0, 100, (3, 4), **o),
    "randperm": lambda **o: mt.randperm(12, **o),
    "bernoulli": lambda **o: mt.bernoulli(0.5, (3, 4), **o),
}

makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@makers
def test_a_seed_gives_the_same_numbers_again(make, backend):
    mt.seed(7)
    first, second = make(backend=backend), make(backend=backend)
    mt.seed(7)
    again = make(backend=backend)
    assert first.backend == backend
    assert first.tolist() == again.tolist()
    assert first.tolist() != second.tolist()


@makers
def test_the_numbers_do_not_depend_on_the_backend(make):
    values = []
    for backend in ("numpy", "strict"):
        mt.seed(3)
        values.append(make(backend=backend).tolist())
    assert values[0] == values[1]


@makers
def test_a_generator_of_ones_own_leaves_the_common_one_alone(make):
    mt.seed(0)
    expected = mt.rand(2).tolist()
    mt.seed(0)
    a, b = (make(rng=np.random.default_rng(5)) for _ in range(2))
    assert a.tolist() == b.tolist()
    assert mt.rand(2).tolist() == expected


@makers
@pytest.mark.parametrize("rng", [0, 5, np.random.RandomState(0), np.random, "seed"], ids=str)
def test_rng_is_a_generator_and_nothing_else(make, rng):
    # 0 is false: it must not quietly mean the common generator.
    with pytest.raises(TypeError, match=r"rng.*numpy\.random\.default_rng"):
        make(rng=rng)


def test_seed_twice_starts_anew_each_time():
    mt.seed(1)
    first = mt.rand(3).tolist()
    mt.seed(1)
    mt.seed(1)
    assert mt.rand(3).tolist() == first
    mt.seed(2)
    assert mt.rand(3).tolist() != first


def test_seed_returns_the_one_generator_that_all_hold():
    generator = mt.random.default_rng()
    assert mt.seed(0) is generator
    expected = generator.random()
    mt.seed(0)
    assert mt.random.default_rng() is generator
    assert generator.random() == expected
    assert isinstance(generator, np.random.Generator)


def test_the_state_can_be_saved_and_set_back():
    generator = mt.seed(4)
    mt.rand(5)
    state = generator.bit_generator.state
    expected = mt.randn(3).tolist()
    generator.bit_generator.state = state
    assert mt.randn(3).tolist() == expected


@pytest.mark.parametrize("seed", [0, 2**70, np.int64(3)])
def test_seeds(seed):
    mt.seed(seed)
    a = mt.rand(2).tolist()
    mt.seed(int(seed))
    assert mt.rand(2).tolist() == a


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), ("a", TypeError), (1.5, TypeError), (None, TypeError)]
)
def test_wrong_seeds_change_nothing(seed, error):
    mt.seed(0)
    expected = mt.rand(2).tolist()
    mt.seed(0)
    with pytest.raises(error, match=rf"seed: .*{seed}.* integer"):
        mt.seed(seed)
    assert mt.rand(2).tolist() == expected


def test_numpys_own_seed_is_another_matter():
    mt.seed(0)
    a = mt.rand(2).tolist()
    mt.seed(0)
    np.random.seed(123)
    assert mt.rand(2).tolist() == a


@pytest.mark.parametrize("name", ["rand", "randn", "uniform", "normal", "bernoulli"])
def test_default_dtype_is_float32(name):
    assert MAKERS[name]().dtype is mt.float32
    assert MAKERS[name](dtype="float64").dtype is mt.float64


def test_integers_are_int64():
    assert mt.randint(0, 3, 2).dtype is mt.int64
    assert mt.randint(0, 3, 2, dtype="uint8").dtype is mt.uint8
    assert mt.randperm(3).dtype is mt.int64


def test_requires_grad():
    for name in ("rand", "randn", "uniform", "normal"):
        x = MAKERS[name](requires_grad=True)
        assert x.is_leaf
        assert x.requires_grad
        assert not MAKERS[name]().requires_grad


def test_distributions():
    rng = np.random.default_rng(0)
    n = 40_000
    u = mt.uniform(-2.0, 6.0, n, rng=rng, dtype=mt.float64).numpy()
    assert (u >= -2).all()
    assert (u < 6).all()
    assert u.mean() == pytest.approx(2.0, abs=0.05)
    assert u.std() == pytest.approx(8 / np.sqrt(12), rel=0.02)
    r = mt.rand(n, rng=rng).numpy()
    assert r.min() >= 0
    assert r.max() < 1 + 1e-7
    assert r.mean() == pytest.approx(0.5, abs=0.01)
    z = mt.normal(3.0, 2.0, n, rng=rng).numpy()
    assert z.mean() == pytest.approx(3.0, abs=0.05)
    assert z.std() == pytest.approx(2.0, rel=0.02)
    z = mt.randn(n, rng=rng).numpy()
    assert (z.mean(), z.std()) == (pytest.approx(0.0, abs=0.02), pytest.approx(1.0, rel=0.02))
    b = mt.bernoulli(0.3, n, rng=rng).numpy()
    assert set(b.tolist()) == {0.0, 1.0}
    assert b.mean() == pytest.approx(0.3, abs=0.01)
    i = mt.randint(-1, 3, n, rng=rng).numpy()
    assert set(i.tolist()) == {-1, 0, 1, 2}
    assert sorted(mt.randperm(100, rng=rng).tolist()) == list(range(100))
    assert mt.bernoulli(0.0, 50).sum().item() == 0
    assert mt.bernoulli(1.0, 50).sum().item() == 50


def test_equal_bounds_and_empty_shapes():
    assert mt.uniform(2.0, 2.0, 3).tolist() == [2.0, 2.0, 2.0]
    assert mt.normal(2.0, 0.0, 3).tolist() == [2.0, 2.0, 2.0]
    assert mt.randperm(0).shape == (0,)
    assert mt.rand(0, 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mt.bernoulli(2, 3), ValueError, "bernoulli: probability 2"),
        (lambda: mt.bernoulli(float("nan"), 3), ValueError, "bernoulli: probability nan"),
        (lambda: mt.randint(3, 3, 2), ValueError, "randint: no integers from 3 up to"),
        (lambda: mt.randint(0.5, 3, 2), TypeError, "randint: .*0.5"),
        (lambda: mt.randint(0, 300, 5, dtype="uint8"), ValueError, "randint: .*299.*uint8"),
        (lambda: mt.randint(-1, 3, 5, dtype="uint8"), ValueError, "randint: .*-1.*uint8"),
        (lambda: mt.normal(0.0, -1.0, 2), ValueError, "normal: .*-1"),
        (lambda: mt.uniform(3.0, 1.0, 2), ValueError, "uniform: .*3.*1"),
        (lambda: mt.uniform(0.0, float("inf"), 2), ValueError, "uniform: .*inf"),
        (lambda: mt.randperm(-1), ValueError, "randperm: .*-1"),
        (lambda: mt.randperm(2.5), TypeError, "randperm: .*2.5"),
        (lambda: mt.rand(-1), ValueError, r"rand: shape \(-1,\)"),
        (lambda: mt.rand(2, dtype="int64"), TypeError, "rand: .*int64.*floating"),
        (lambda: mt.randn(2, dtype=bool), TypeError, "randn: .*bool.*floating"),
    ],
)
def test_mistakes(call, error, words):
    with pytest.raises(error, match=words):
        call()


# --- everything random in the package draws from it ---------------------------------------------


@pytest.mark.parametrize(
    "build",
    [
        lambda **o: nn.Dense(3, 4, **o),
        lambda **o: nn.Conv1d(1, 2, 3, **o),
        lambda **o: nn.Conv2d(1, 2, 3, **o),
        lambda **o: nn.Conv3d(1, 2, 2, **o),
        lambda **o: nn.LocallyConnected2d(1, 2, 4, 3, **o),
    ],
    ids=["Dense", "Conv1d", "Conv2d", "Conv3d", "LocallyConnected2d"],
)
def test_initial_weights_repeat_with_the_seed_and_with_rng(build):
    def values(**options):
        return {name: value.tolist() for name, value in build(**options).state_dict().items()}

    mt.seed(0)
    first, second = values(), values()
    assert first != second
    mt.seed(0)
    assert values() == first
    assert values(backend="strict") == second
    assert values(rng=np.random.default_rng(1)) == values(rng=np.random.default_rng(1))


@pytest.mark.parametrize("drop", [F.dropout, F.dropout2d])
def test_dropout_masks_repeat(drop):
    x = mt.ones((4, 8, 2, 2))
    mt.seed(0)
    a, b = drop(x).tolist(), drop(x).tolist()
    assert a != b
    mt.seed(0)
    assert drop(x).tolist() == a
    mt.seed(0)
    assert drop(x.to("strict")).tolist() == a
    one, two = (drop(x, rng=np.random.default_rng(3)).tolist() for _ in range(2))
    assert one == two


def test_dropout_layers_take_a_generator():
    rng = np.random.default_rng(0)
    layer = nn.Dropout(0.5, rng=rng)
    a = layer(mt.ones(50)).tolist()
    b = nn.Dropout(0.5, rng=np.random.default_rng(0))(mt.ones(50)).tolist()
    assert a == b
    assert layer(mt.ones(50)).tolist() != a
