"""What activations and losses do with in-place and older arguments, and what they refuse."""

from inspect import signature
from typing import Any

import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import activation, loss
from minitorch_cnn.nn import functional as F

NAMES = sorted({*F.activation.__all__, *F.loss.__all__, *activation.__all__, *loss.__all__})


def taking(argument: str) -> list[str]:
    """The functions and layers that have an argument of this name."""
    things = {name: getattr(F, name, None) or getattr(nn, name) for name in NAMES}
    return [name for name, thing in things.items() if argument in signature(thing).parameters]


IN_PLACE = taking("inplace")


@pytest.mark.parametrize("name", IN_PLACE)
def test_inplace_is_accepted_and_changes_nothing(name: str) -> None:
    x = mt.tensor([-2.0, -0.5, 0.0, 0.5, 7.0])
    before = x.tolist()
    more = {"threshold": 0.1, "value": 3.0} if name.lower() == "threshold" else {}
    if hasattr(F, name):
        usual, other = (getattr(F, name)(x, **more, inplace=i) for i in (False, True))
    else:
        usual, other = (getattr(nn, name)(**more, inplace=i).eval()(x) for i in (False, True))
        assert "inplace=True" in repr(getattr(nn, name)(**more, inplace=True))
        assert "inplace" not in repr(getattr(nn, name)(**more))
    assert usual.tolist() == other.tolist()
    assert x.tolist() == before


X, Y = mt.tensor([[0.5, -1.0], [2.0, 0.25]]), mt.tensor([[1.0, 0.0], [0.5, 1.0]])
OLD_WORDS = [
    ({"size_average": True}, "mean"),
    ({"size_average": False}, "sum"),
    ({"reduce": True}, "mean"),
    ({"reduce": False}, "none"),
    ({"size_average": False, "reduce": True}, "sum"),
    ({"size_average": True, "reduce": False}, "none"),
]
OLD_LOSSES = taking("size_average")


@pytest.mark.parametrize(("older", "reduction"), OLD_WORDS, ids=str)
def test_older_reduction_arguments_go_first(older: Any, reduction: str) -> None:
    for given in ("mean", "sum", "none"):
        found = F.mse_loss(X, Y, **older, reduction=given)
        assert found.tolist() == F.mse_loss(X, Y, reduction=reduction).tolist()
    assert nn.MSELoss(**older).reduction == reduction


@pytest.mark.parametrize("name", [name for name in OLD_LOSSES if name.endswith("Loss")])
def test_every_layer_settles_its_reduction(name: str) -> None:
    layer = getattr(nn, name)(reduce=False)
    assert layer.reduction == "none"
    assert "reduction='none'" in repr(layer)
    assert not hasattr(layer, "size_average")
    with pytest.raises(ValueError, match=rf"{name}: reduction 'avg' is none of 'mean', 'sum'"):
        getattr(nn, name)(reduction="avg")


def test_a_reduction_in_the_place_of_a_bool_is_pointed_out() -> None:
    with pytest.raises(TypeError, match=r"MSELoss: size_average='sum' .* reduction='sum'"):
        nn.MSELoss("sum")
    with pytest.raises(TypeError, match=r"l1_loss: size_average='none' .* reduction='none'"):
        F.l1_loss(X, Y, "none")


SCORES, LABELS = mt.ones((2, 3)), mt.tensor([0, 2])
LOGS = F.log_softmax(mt.ones((4, 2, 3)), 2)
PADDED = mt.tensor([[1, 2], [2, 0]])
REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: F.softmax(X), ValueError, "softmax: pass dim"),
    (lambda: F.log_softmax(X), ValueError, "log_softmax: pass dim"),
    (lambda: nn.Softmin()(X), ValueError, "softmin: pass dim"),
    (lambda: nn.Softmax2d()(X), ValueError, r"Softmax2d: expected .* got \(2, 2\)"),
    (lambda: F.glu(mt.ones((2, 3))), ValueError, r"glu: .* \(2, 3\) has the odd size 3"),
    (lambda: F.celu(X, 0.0), ValueError, "celu: alpha .* must not be 0"),
    (lambda: F.softshrink(X, -1.0), ValueError, "softshrink: lambd must not be negative, got -1"),
    (lambda: F.hardtanh(X, 1.0, -1.0), ValueError, "hardtanh: min_val 1.0 exceeds max_val -1.0"),
    (lambda: F.rrelu(X, 0.5, 0.1), ValueError, "rrelu: lower 0.5 exceeds upper 0.1"),
    (lambda: F.gumbel_softmax(X, tau=0), ValueError, "gumbel_softmax: .* tau must be positive"),
    (lambda: F.gumbel_softmax(X, dim=2), ValueError, "gumbel_softmax: axis 2 does not exist"),
    (lambda: F.prelu(X, mt.ones(3)), ValueError, r"prelu: a weight of shape \(3,\) .* \(2,\)"),
    (lambda: F.prelu(X, mt.ones(2, dtype="float64")), TypeError, "prelu: dtypes differ"),
    (lambda: nn.PReLU(0), ValueError, "PReLU num_parameters: expected at least 1, got 0"),
    *[
        (lambda f=f: f(LABELS), TypeError, f"{f.__name__}: expected floating-point numbers")
        for f in (F.silu, F.mish, F.softsign, F.relu6, F.hardswish, F.hardsigmoid, F.tanhshrink)
    ],
    (lambda: F.mse_loss(X, Y, weight=mt.ones(2)), ValueError, r"mse_loss: .* weight of shape"),
    (lambda: F.l1_loss(X, LABELS), TypeError, r"l1_loss: .* got dtype int64; .*\.to\(mt.float32"),
    (lambda: F.huber_loss(X, Y, "sum", -1.0), ValueError, "huber_loss: delta must be positive"),
    (lambda: F.smooth_l1_loss(X, Y, beta=-1), ValueError, "smooth_l1_loss: beta must not be neg"),
    (lambda: F.smooth_l1_loss(X, SCORES), ValueError, r"smooth_l1_loss: .* \(2, 2\) .* \(2, 3\)"),
    (lambda: F.poisson_nll_loss(X, SCORES), ValueError, "poisson_nll_loss: input of shape"),
    (lambda: F.gaussian_nll_loss(X, Y, -1.0), ValueError, "gaussian_nll_loss: .* negative"),
    (lambda: F.gaussian_nll_loss(X, Y, X), ValueError, "gaussian_nll_loss: .* softplus"),
    (lambda: F.gaussian_nll_loss(X, SCORES, 1.0), ValueError, "gaussian_nll_loss: target of"),
    (lambda: F.gaussian_nll_loss(X, Y, mt.ones(3)), ValueError, "gaussian_nll_loss: var of shape"),
    (lambda: F.gaussian_nll_loss(X, Y, LABELS), TypeError, "gaussian_nll_loss: expected floating"),
    (
        lambda: F.binary_cross_entropy_with_logits(X, Y, weight=mt.ones((2, 2, 2))),
        ValueError,
        r"logits: a weight of shape \(2, 2, 2\) does not broadcast to losses of shape \(2, 2\)",
    ),
    (
        lambda: F.binary_cross_entropy_with_logits(X, Y, pos_weight=mt.ones(3)),
        ValueError,
        r"logits: a weight of shape \(3,\) does not broadcast",
    ),
    (lambda: F.kl_div(X, Y, reduction="batch"), ValueError, "kl_div: .* 'none', 'batchmean'"),
    (lambda: F.mse_loss(X, Y, reduction="batchmean"), ValueError, "mse_loss: .* 'batchmean' is"),
    (lambda: F.margin_ranking_loss(X, Y, LABELS), ValueError, "margin_ranking_loss: input1 of"),
    (lambda: F.hinge_embedding_loss(X, LABELS), ValueError, "hinge_embedding_loss: input of"),
    (lambda: F.cosine_embedding_loss(X, Y, X), ValueError, r"cosine_embedding_loss: .* \(N, D\)"),
    (lambda: F.triplet_margin_loss(X, Y, SCORES), ValueError, "triplet_margin_loss: anchor of"),
    (
        lambda: F.triplet_margin_loss(X, X, X, margin=0),
        ValueError,
        "triplet_margin_loss: margin must be positive, got 0",
    ),
    (lambda: F.multi_margin_loss(SCORES, LABELS, p=3), ValueError, "multi_margin_loss: p must"),
    (
        lambda: F.multi_margin_loss(SCORES, mt.tensor([0, 3])),
        ValueError,
        "multi_margin_loss: label 3 at position 1 is no class; with 3 scores labels go from 0",
    ),
    (lambda: F.multi_margin_loss(SCORES, SCORES), TypeError, "multi_margin_loss: labels must be"),
    (
        lambda: F.multi_margin_loss(SCORES, LABELS, weight=mt.ones(2)),
        ValueError,
        r"multi_margin_loss: a weight of shape \(2,\) for 3 classes",
    ),
    (lambda: F.multilabel_margin_loss(SCORES, LABELS), ValueError, "multilabel_margin_loss: sco"),
    (
        lambda: F.multilabel_margin_loss(SCORES, mt.tensor([[0, 1, 2], [0, -2, 1]])),
        ValueError,
        "multilabel_margin_loss: label -2 at position 4 .* 0 to 2 or -1",
    ),
    (
        lambda: F.multilabel_soft_margin_loss(mt.ones(()), mt.ones(())),
        ValueError,
        "multilabel_soft_margin_loss: expected scores",
    ),
    (lambda: F.cross_entropy(X, Y, ignore_index=1), ValueError, "cross_entropy: ignore_index=1"),
    (
        lambda: F.ctc_loss(LOGS, PADDED, [4], [2, 1]),
        ValueError,
        "has 1 entries for 2",
    ),
    (lambda: F.ctc_loss(LOGS, PADDED, [4, 5], [2, 1]), ValueError, r"\[4, 5\] must be from 0 to 4"),
    (lambda: F.ctc_loss(LOGS, PADDED, [4, 4], [2, -1]), ValueError, "target_lengths .* 0 or more"),
    (lambda: F.ctc_loss(LOGS, PADDED, [4.0, 4.0], [2, 1]), TypeError, "input_lengths must be int"),
    (lambda: F.ctc_loss(LOGS, PADDED, [4, 4], [2, 3]), ValueError, r"expected \(2, 3\)"),
    (lambda: F.ctc_loss(LOGS, LABELS, [4, 4], [2, 1]), ValueError, "target_lengths add up to 3"),
    (lambda: F.ctc_loss(LOGS, PADDED + 2, [4, 4], [2, 1]), ValueError, "from 0 to 4; with 3 class"),
    (lambda: F.ctc_loss(LOGS, SCORES, [4, 4], [2, 1]), TypeError, "targets must be integers"),
    (lambda: F.ctc_loss(LOGS, PADDED, [4, 4], [2, 1], blank=3), ValueError, "blank 3 is no label"),
    (lambda: F.ctc_loss(LOGS[:0], PADDED, [0, 0], [2, 1]), ValueError, "have no steps in time"),
    (lambda: F.ctc_loss(mt.ones(3), PADDED, [4, 4], [2, 1]), ValueError, r"got shape \(3,\)"),
    (lambda: F.ctc_loss([0.0], PADDED, [4], [2]), TypeError, "ctc_loss: expected a Tensor"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


AWAY, LABELS_AWAY = mt.ones((2, 2), backend="strict"), mt.tensor([0, 1], backend="strict")
MIXED: list[tuple[str, Any]] = [
    ("prelu", lambda: F.prelu(X, AWAY[0])),
    ("mse_loss", lambda: F.mse_loss(X, AWAY)),
    ("gaussian_nll_loss", lambda: F.gaussian_nll_loss(X, Y, AWAY)),
    ("margin_ranking_loss", lambda: F.margin_ranking_loss(X, Y, AWAY)),
    ("cosine_embedding_loss", lambda: F.cosine_embedding_loss(X, Y, LABELS_AWAY)),
    ("triplet_margin_loss", lambda: F.triplet_margin_loss(X, Y, AWAY)),
    ("multi_margin_loss", lambda: F.multi_margin_loss(X, LABELS_AWAY)),
    ("soft_margin_loss", lambda: F.soft_margin_loss(AWAY, Y)),
    ("binary_cross_entropy", lambda: F.binary_cross_entropy(Y, Y, weight=AWAY)),
    ("ctc_loss", lambda: F.ctc_loss(LOGS, LABELS_AWAY, [4, 4], [1, 1])),
]


@pytest.mark.parametrize(("name", "call"), MIXED)
def test_backends_are_not_mixed(name: str, call: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{name}: arguments live on different backends .*\.to\("):
        call()
