"""Activations and losses where formulas end: saturation, drawn slopes, nothing, the impossible."""

import math
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F

INF, NAN = math.inf, math.nan


def slope(function: Any, *values: float, dtype: Any = mt.float64) -> list[float]:
    x = mt.tensor(values, dtype=dtype, requires_grad=True)
    y = function(x)
    y.backward(mt.ones_like(y))
    assert x.grad.dtype == dtype
    return x.grad.tolist()


SATURATING = [
    *(F.relu, F.relu6, F.leaky_relu, F.hardtanh, F.hardsigmoid, F.hardswish, F.rrelu),
    *(F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, F.sigmoid, F.tanh, F.softplus),
    *(F.logsigmoid, F.softsign, F.hardshrink, F.softshrink, F.tanhshrink, F.glu),
]


@pytest.mark.parametrize("function", SATURATING, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [mt.float32, mt.float64], ids=str)
def test_large_entries_give_numbers(function: Any, dtype: Any, backend: str) -> None:
    """... and no warning on the way, neither forward nor backward."""
    found = slope(function, -1e4, -200.0, 200.0, 1e4, dtype=dtype)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        (F.relu, [0, 1]),
        (F.relu6, [0, 0]),
        (F.leaky_relu, [0.01, 1]),
        (F.hardtanh, [0, 0]),
        (F.hardsigmoid, [0, 0]),
        (F.elu, [0, 1]),
        (F.celu, [0, 1]),
        (F.sigmoid, [0, 0]),
        (F.softplus, [0, 1]),
        (F.logsigmoid, [1, 0]),
        (F.hardshrink, [1, 1]),
        (F.softshrink, [1, 1]),
        (F.tanhshrink, [1, 1]),
        (lambda x: F.prelu(x, mt.tensor([0.25], dtype=mt.float64)), [0.25, 1]),
    ],
)
def test_infinite_entries(function: Any, slopes: Any, backend: str) -> None:
    assert slope(function, -INF, INF) == slopes


def test_the_slope_that_is_not_used_gets_no_gradient(backend: str) -> None:
    weight = mt.tensor([0.25], requires_grad=True)
    F.prelu(mt.tensor([INF, -2.0, 0.0]), weight).sum().backward()
    assert weight.grad.tolist() == [-2.0]


@pytest.mark.parametrize("function", [F.hardtanh, F.relu6, F.hardshrink, F.softshrink])
def test_not_a_number_stays_one(function: Any, backend: str) -> None:
    assert math.isnan(function(mt.tensor([NAN])).item())
    assert math.isnan(F.threshold(mt.tensor([NAN]), 0.0, 1.0).item())


def test_softmax_casts_first(backend: str) -> None:
    x = mt.tensor([0, 1, 2])
    for function in (F.softmax, F.log_softmax, F.softmin):
        assert function(x, 0, dtype=mt.float64).dtype == mt.float64
        assert function(x, dim=0, dtype="float32").dtype == mt.float32


# --- what is drawn -------------------------------------------------------------------------------


def test_rrelu_draws_a_slope_for_each_entry(backend: str) -> None:
    layer = nn.RReLU(0.2, 0.6, rng=np.random.default_rng(0))
    x = -mt.ones(4000)
    slopes = -layer(x).numpy()
    assert slopes.min() >= 0.2
    assert slopes.max() <= 0.6
    assert abs(slopes.mean() - 0.4) < 0.01
    np.testing.assert_allclose(layer.eval()(x).numpy(), -0.4, rtol=1e-6)
    assert layer.train()(mt.ones(3)).tolist() == [1.0, 1.0, 1.0]


def test_gumbel_softmax_draws_categories_by_their_probabilities(backend: str) -> None:
    probabilities = np.array([0.1, 0.2, 0.7])
    logits = mt.tensor(np.log(probabilities) * np.ones((5000, 1)))
    drawn = F.gumbel_softmax(logits, hard=True, rng=np.random.default_rng(0)).numpy()
    np.testing.assert_allclose(np.sort(drawn, axis=1), [[0, 0, 1]] * 5000, atol=1e-12)
    np.testing.assert_allclose(drawn.mean(axis=0), probabilities, atol=0.02)


def test_a_hard_draw_has_the_gradient_of_the_soft_one(backend: str) -> None:
    gradients = []
    for hard in (False, True):
        x = mt.tensor([[0.1, -0.4, 0.3], [1.0, 0.0, -1.0]], requires_grad=True)
        y = F.gumbel_softmax(x, 0.7, hard, rng=np.random.default_rng(1))
        (y * mt.tensor([1.0, 2.0, 4.0])).sum().backward()
        gradients.append(x.grad.tolist())
    assert gradients[0] == gradients[1]


# --- losses of nothing, and beyond numbers -------------------------------------------------------


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, reduction: F.mse_loss(x, x * 2, reduction=reduction),
        lambda x, reduction: F.kl_div(x, x, reduction=reduction),
        lambda x, reduction: F.multi_margin_loss(
            x, mt.zeros(0, dtype=mt.int64), reduction=reduction
        ),
        lambda x, reduction: F.multilabel_margin_loss(
            x, mt.zeros((0, 3), dtype=mt.int64), reduction=reduction
        ),
        lambda x, reduction: F.cross_entropy(
            x, mt.zeros(0, dtype=mt.int64), mt.ones(3), reduction=reduction
        ),
    ],
)
def test_the_mean_of_nothing_is_no_number(loss: Any, backend: str) -> None:
    x = mt.zeros((0, 3), requires_grad=True)
    assert loss(x, "none").size == 0
    assert loss(x, "sum").item() == 0.0
    y = loss(x, "mean")
    assert math.isnan(y.item())
    y.backward()
    assert x.grad.shape == (0, 3)


def test_differences_too_large_to_square(backend: str) -> None:
    found = slope(lambda x: F.huber_loss(x, mt.zeros(2), "sum"), -1e30, 1e30, dtype=mt.float32)
    assert found == [-1.0, 1.0]


def test_soft_margin_of_large_scores_is_no_infinity(backend: str) -> None:
    x = mt.tensor([-1e4, 1e4], requires_grad=True)
    y = F.soft_margin_loss(x, mt.tensor([1, 1]), reduction="sum")
    y.backward()
    assert (y.item(), x.grad.tolist()) == (1e4, [-1.0, 0.0])


def test_class_weights_of_margins_move_with_the_loss(backend: str) -> None:
    loss = nn.MultiMarginLoss(weight=mt.tensor([1.0, 3.0, 1.0], backend="numpy")).to(backend)
    assert list(loss.state_dict()) == ["weight"]
    assert loss(mt.ones((2, 3)), mt.tensor([1, 0])).item() == pytest.approx(4 / 3)


def test_losses_take_their_tensors_by_name() -> None:
    x, y, z = mt.tensor([[1.0, 0.0]]), mt.tensor([[0.0, 1.0]]), mt.tensor([[1.0, 1.0]])
    assert nn.MSELoss()(input=x, target=y).item() == 1.0
    assert nn.TripletMarginLoss()(anchor=x, positive=x, negative=y).item() == 0.0
    assert nn.GaussianNLLLoss()(input=x, target=y, var=z).item() == 0.5
    with pytest.raises(TypeError, match="input2"):
        nn.MarginRankingLoss()(x, target=y)


def test_learned_slopes_are_a_parameter() -> None:
    layer = nn.PReLU(2, init=0.5, dtype=mt.float64)
    assert {k: (v.tolist(), v.dtype) for k, v in layer.state_dict().items()} == {
        "weight": ([0.5, 0.5], mt.float64)
    }
    assert repr(layer) == "PReLU(num_parameters=2)"
    assert repr(nn.RReLU()) == "RReLU(lower=0.125, upper=0.3333333333333333)"


# --- sequences -----------------------------------------------------------------------------------


def test_a_sequence_without_alignment_is_infinitely_unlikely(backend: str) -> None:
    """One label twice takes three steps, for the blank between."""
    x = mt.zeros((2, 1, 3), requires_grad=True)
    for zero_infinity, expected in ((False, INF), (True, 0.0)):
        x.grad = None
        y = F.ctc_loss(
            F.log_softmax(x, 2), mt.tensor([[1, 1]]), [2], [2], zero_infinity=zero_infinity
        )
        y.backward()
        assert y.item() == expected
        assert x.grad.tolist() == [[[0.0] * 3]] * 2


def test_labels_that_never_occur(backend: str) -> None:
    """Log-probabilities of minus infinity close some alignments and leave no NaN."""
    logs = np.log([[[0.5, 0.5, 1e-300]], [[0.5, 0.5, 1e-300]]])
    logs[logs < -600] = -INF
    x = mt.tensor(logs, requires_grad=True)
    y = F.ctc_loss(x, mt.tensor([[1]]), [2], [1])
    y.backward()
    assert y.item() == pytest.approx(-math.log(3 / 4))
    np.testing.assert_allclose(x.grad.numpy()[:, 0], [[-1 / 3, -2 / 3, 0]] * 2, rtol=1e-12)


@pytest.mark.parametrize("kind", [list, tuple, mt.tensor])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_lengths_and_labels_of_many_kinds(kind: Any, dtype: str, backend: str) -> None:
    logs = F.log_softmax(mt.arange(24, dtype="float32").reshape((4, 2, 3)) % 5, 2)
    expected = F.ctc_loss(logs, mt.tensor([[1, 2], [2, 0]]), [4, 3], [2, 1]).item()
    padded, joined = ([[1, 2], [2, 0]], [1, 2, 2])
    for targets in (mt.tensor(padded, dtype=dtype), mt.tensor(joined, dtype=dtype)):
        assert F.ctc_loss(logs, targets, kind([4, 3]), kind([2, 1])).item() == expected


def test_no_sequences_at_all(backend: str) -> None:
    logs = mt.zeros((3, 0, 4), requires_grad=True)
    targets = mt.zeros((0, 2), dtype=mt.int64)
    assert F.ctc_loss(logs, targets, [], [], reduction="none").shape == (0,)
    assert math.isnan(F.ctc_loss(logs, targets, [], []).item())


def test_long_sequences_lose_no_precision(backend: str) -> None:
    """All labels equally likely: the number of alignments can be counted."""
    steps, count = 60, 20
    logs = F.log_softmax(mt.zeros((steps, 1, 2), dtype=mt.float64), 2)
    found = F.ctc_loss(logs, mt.ones((1, count), dtype=mt.int64), [steps], [count], reduction="sum")
    # Runs of the label with at least one blank between them: choose where runs and gaps begin.
    ways = math.comb(steps + 1, 2 * count)
    assert found.item() == pytest.approx(steps * math.log(2) - math.log(ways), rel=1e-12)


def test_negative_probabilities_have_no_divergence(backend: str) -> None:
    logs, wrong = mt.tensor([0.0, 0.0]), mt.tensor([-0.5, 0.0])
    found = F.kl_div(logs, wrong, reduction="none")
    np.testing.assert_array_equal(found.numpy(), [np.nan, 0.0])
