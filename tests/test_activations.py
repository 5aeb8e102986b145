"""Activations: what layers hold and show, what is drawn, gradients at the ends, and mistakes."""

import math

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F
from test_errors import expect

X = mt.ones((2, 3))
INTEGERS = mt.tensor([1, 2])

IN_PLACE = [
    *(nn.CELU, nn.ELU, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU, nn.Mish, nn.ReLU),
    *(nn.ReLU6, nn.RReLU, nn.SELU, nn.SiLU),
]
REPRESENTATIONS = {
    "ReLU()": nn.ReLU(),
    "ReLU(inplace=True)": nn.ReLU(True),
    "LeakyReLU(negative_slope=0.1, inplace=True)": nn.LeakyReLU(0.1, inplace=True),
    "PReLU(num_parameters=3)": nn.PReLU(3),
    "RReLU(lower=0.125, upper=0.3333333333333333)": nn.RReLU(),
    "ELU(alpha=0.5, inplace=True)": nn.ELU(0.5, True),
    "CELU(alpha=1.0)": nn.CELU(),
    "Hardtanh(min_val=-2, max_val=3)": nn.Hardtanh(min_value=-2, max_value=3),
    "Threshold(threshold=0.1, value=20)": nn.Threshold(0.1, 20),
    "Hardshrink(lambd=0.5)": nn.Hardshrink(),
    "Softplus(beta=1.0, threshold=20.0)": nn.Softplus(),
    "GELU(approximate='none')": nn.GELU(),
    "GLU(dim=-1)": nn.GLU(),
    "Softmax(dim=None)": nn.Softmax(),
    "Softmax2d()": nn.Softmax2d(),
    "Softmin(dim=1)": nn.Softmin(1),
    "Tanhshrink()": nn.Tanhshrink(),
}


@pytest.mark.parametrize("shown", REPRESENTATIONS)
def test_layers_show_their_settings(shown):
    assert repr(REPRESENTATIONS[shown]) == shown


@pytest.mark.parametrize("kind", IN_PLACE, ids=lambda kind: kind.__name__)
def test_in_place_is_accepted_and_changes_nothing(kind, backend):
    x = mt.tensor([-7.0, -1.5, 0.0, 0.5, 8.0])
    before = x.tolist()
    layer = kind(inplace=True).eval()
    assert layer.inplace
    assert layer(x).tolist() == kind().eval()(x).tolist()
    assert (
        getattr(F, kind.__name__.lower().replace("leakyrelu", "leaky_relu"))(
            x, inplace=True
        ).tolist()
        == kind().eval()(x).tolist()
    )
    assert x.tolist() == before


AT_INFINITY = {
    "relu": [0, 1],
    "relu6": [0, 0],
    "leaky_relu": [0.01, 1],
    "rrelu": [(1 / 8 + 1 / 3) / 2, 1],
    "elu": [0, 1],
    "celu": [0, 1],
    "selu": [0, 1.0507009873554805],
    "softplus": [0, 1],
    "logsigmoid": [1, 0],
    "sigmoid": [0, 0],
    "tanh": [0, 0],
    "tanhshrink": [1, 1],
    "hardtanh": [0, 0],
    "hardsigmoid": [0, 0],
    "hardshrink": [1, 1],
    "softshrink": [1, 1],
}


@pytest.mark.parametrize("name", AT_INFINITY)
@pytest.mark.parametrize("dtype", [mt.float32, mt.float64], ids=str)
def test_gradients_at_infinity_are_numbers(name, dtype, backend):
    """... of the branch that is chosen; the other one would give 0 times infinity."""
    x = mt.tensor([-math.inf, math.inf], dtype=dtype, requires_grad=True)
    y = getattr(F, name)(x)
    (first,) = mt.grad([y], [x], [mt.ones_like(y)], create_graph=True)
    np.testing.assert_allclose(first.detach().numpy(), AT_INFINITY[name], rtol=1e-6)
    if first.requires_grad:
        (second,) = mt.grad([first], [x], [mt.ones_like(y)], allow_unused=True)
        assert second is None or second.tolist() == [0, 0]


@pytest.mark.parametrize("name", ["elu", "celu", "selu", "softplus"])
def test_branches_that_are_not_chosen_do_not_overflow(name, backend):
    x = mt.tensor([1e4, 1e30], requires_grad=True)
    y = getattr(F, name)(x)
    y.sum().backward()
    scale = 1.050701 if name == "selu" else 1
    np.testing.assert_allclose(x.grad.numpy(), scale, rtol=1e-6)


@pytest.mark.parametrize("name", ["elu", "celu", "selu", "softplus", "logsigmoid", "sigmoid"])
def test_small_slopes_keep_their_digits(name, backend):
    found = []
    for dtype in (mt.float32, mt.float64):
        end = -15.0 if name != "logsigmoid" else 15.0
        x = mt.tensor([end, 2 * end], dtype=dtype, requires_grad=True)
        getattr(F, name)(x).sum().backward()
        found.append(x.grad.numpy())
    assert (found[0] > 0).all()
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_prelu_of_an_infinity_leaves_the_weight_alone(backend):
    x, weight = mt.tensor([[math.inf, -2.0]]), mt.tensor([0.5], requires_grad=True)
    F.prelu(x, weight).sum().backward()
    assert weight.grad.tolist() == [-2]


def test_prelu_learns_a_slope_for_each_channel(backend):
    layer = nn.PReLU(3, init=0.5)
    assert {key: value.tolist() for key, value in layer.state_dict().items()} == {
        "weight": [0.5, 0.5, 0.5]
    }
    x = mt.tensor(np.array([[[-1.0, 2.0], [-3.0, -4.0], [5.0, 6.0]]], np.float32))
    y = layer(x)
    assert y.tolist() == [[[-0.5, 2.0], [-1.5, -2.0], [5.0, 6.0]]]
    y.sum().backward()
    assert layer.weight.grad.tolist() == [-1, -7, 0]
    assert nn.PReLU(dtype="float64").weight.dtype == mt.float64
    assert nn.PReLU(backend="strict").weight.backend == "strict"


def test_rrelu_draws_in_training_alone(backend):
    x = mt.full((1000,), -1.0)
    layer = nn.RReLU(0.25, 0.75, rng=np.random.default_rng(0))
    drawn = -layer(x).numpy()
    assert 0.25 <= drawn.min() < 0.3
    assert 0.7 < drawn.max() <= 0.75
    assert abs(drawn.mean() - 0.5) < 0.02
    assert (layer(x).numpy() != -drawn).any()
    assert layer.eval()(x).tolist() == [-0.5] * 1000


def test_rrelu_has_the_gradient_of_the_slopes_it_drew(backend):
    x = mt.tensor([-1.0, -2.0, 3.0], requires_grad=True)
    y = F.rrelu(x, training=True, rng=np.random.default_rng(0))
    y.sum().backward()
    np.testing.assert_allclose((x * x.grad).detach().numpy(), y.detach().numpy())


def test_what_is_drawn_depends_on_the_seed_alone():
    found = []
    for home in ("numpy", "strict"):
        mt.seed(3)
        x = mt.tensor([-1.0, -2.0, 3.0], backend=home)
        found.append((nn.RReLU()(x).tolist(), F.gumbel_softmax(x).tolist()))
        assert F.gumbel_softmax(x).dtype == mt.float32
    assert found[0] == found[1]


def test_gumbel_softmax_draws_classes_with_their_odds(backend):
    odds = np.array([0.1, 0.6, 0.3])
    logits = mt.tensor(np.tile(np.log(odds), (20_000, 1)))
    hard = F.gumbel_softmax(logits, hard=True, rng=np.random.default_rng(0)).numpy()
    assert set(np.unique(hard)) == {0, 1}
    assert (hard.sum(axis=1) == 1).all()
    np.testing.assert_allclose(hard.mean(axis=0), odds, atol=0.01)
    soft = F.gumbel_softmax(logits, rng=np.random.default_rng(0)).numpy()
    np.testing.assert_array_equal(soft.argmax(axis=1), hard.argmax(axis=1))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_hard_samples_have_the_gradient_of_smooth_ones(dim, backend):
    gradients, weights = [], mt.tensor(np.arange(12.0).reshape(2, 3, 2))
    for hard in (True, False):
        x = mt.tensor(np.linspace(-1, 1, 12).reshape(2, 3, 2), requires_grad=True)
        y = F.gumbel_softmax(x, 0.5, hard, dim=dim, rng=np.random.default_rng(1))
        (y * weights).sum().backward()
        gradients.append(x.grad.numpy())
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-12)
    assert (gradients[0] != 0).any()


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax, F.softmin])
def test_softmax_converts_first(function, backend):
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = function(x, 0, dtype=mt.float64)
    assert y.dtype == mt.float64
    y[0].backward()
    assert x.grad.dtype == mt.float32
    assert function(INTEGERS, dim=0, dtype="float32").dtype == mt.float32


def test_softmax2d_adds_up_over_channels(backend):
    x = mt.tensor(np.random.default_rng(0).standard_normal((2, 3, 4, 5)))
    y = nn.Softmax2d()(x)
    np.testing.assert_allclose(y.sum(axis=1).numpy(), 1)
    np.testing.assert_array_equal(nn.Softmax2d()(x[0]).numpy(), y[0].numpy())


FLOATS_ONLY = [
    *(F.celu, F.elu, F.gelu, F.gumbel_softmax, F.hardshrink, F.hardsigmoid, F.hardswish),
    *(F.hardtanh, F.leaky_relu, F.log_softmax, F.logsigmoid, F.mish, F.relu6, F.rrelu, F.selu),
    *(F.silu, F.softmax, F.softmin, F.softplus, F.softshrink, F.softsign, F.tanhshrink, F.glu),
]


@pytest.mark.parametrize("function", FLOATS_ONLY, ids=lambda f: f.__name__)
def test_integers_are_refused_by_name(function):
    options = {"dim": 0} if "softm" in function.__name__ else {}
    expect(lambda: function(INTEGERS, **options), TypeError, (f"{function.__name__}:", "int64"))
    expect(lambda: function([1.0], **options), TypeError, (f"{function.__name__}:", "a list"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.GELU("erf"), "'erf' is neither 'none' nor 'tanh'"),
        (lambda: nn.Hardtanh(1.0, 1.0), "not below"),
        (lambda: nn.Hardtanh(min_value=2.0), "min_val=2.0 is not below max_val=1.0"),
        (lambda: nn.Softshrink(-1), "lambd"),
        (lambda: nn.CELU(0.0), "alpha"),
        (lambda: nn.Softplus(0), "beta"),
        (lambda: nn.RReLU(0.5, 0.2), "lower 0.5 exceeds upper 0.2"),
    ],
)
def test_wrong_settings_are_refused_when_the_layer_is_made(make, words):
    with pytest.raises(ValueError, match=words):
        make()
