"""Arguments that operations refuse although an array library might let them pass."""

from typing import Any

import pytest

import minitorch_cnn as mt
from minitorch_cnn.nn import functional as F

X, SCORES = mt.ones((2, 3)), mt.ones((2, 3))
LABELS = mt.tensor([0, 1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mt.where(X, X, X), TypeError, r"where: a condition of dtype float32"),
        (lambda: mt.where(True, X, X), TypeError, "where: expected a Tensor, got a bool"),
        (lambda: mt.clip(X, "0"), TypeError, "clip: argument 1 is a str"),
        (lambda: mt.clip(X, 0, 1j), TypeError, "clip: argument 2 is a complex"),
        (lambda: mt.clip([1.0], 0), TypeError, "clip: expected a Tensor, got a list"),
        (lambda: mt.vector_norm(X, ord="fro"), TypeError, "vector_norm: ord 'fro' is no number"),
        (lambda: mt.logsumexp(mt.zeros(0)), ValueError, "logsumexp: no entries along axis"),
        (lambda: mt.permute_dims(X, 1), ValueError, "permute_dims: 1 axes for a tensor of 2"),
        (lambda: mt.astype(X, "nonsense"), TypeError, "dtype 'nonsense' is not supported"),
        (lambda: mt.tile(X, -1), ValueError, "tile: repetitions must be 0 or more, got -1"),
        (lambda: mt.repeat(X, [1, 2]), ValueError, "repeat: repeats must be one integer"),
        (lambda: mt.take(X, ["a"], axis=0), TypeError, "take: indices must be integers"),
        (lambda: F.softplus(X, beta=0), ValueError, "softplus: beta"),
        (
            lambda: F.batch_norm(X, mt.ones(3), None, training=True),
            ValueError,
            "batch_norm: only one of running_mean and running_var",
        ),
        (
            lambda: F.nll_loss(SCORES, LABELS, mt.ones(2)),
            ValueError,
            r"nll_loss: a weight of shape \(2,\) for 3 classes",
        ),
        (
            lambda: F.cross_entropy(SCORES, LABELS, mt.ones(7)),
            ValueError,
            r"cross_entropy: a weight of shape \(7,\) for 3 classes",
        ),
        (
            lambda: F.cross_entropy(SCORES, SCORES, mt.ones(1)),
            ValueError,
            r"cross_entropy: a weight of shape \(1,\) for 3 classes",
        ),
    ],
)
def test_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


AWAY = mt.ones((2, 3), backend="strict")
INDEX_AWAY = mt.tensor([0, 1], backend="strict")
CHANNELS_AWAY = mt.ones(3, backend="strict")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("index", lambda: X[INDEX_AWAY]),
        ("index", lambda: X[AWAY > 0]),
        ("take", lambda: mt.take(X, INDEX_AWAY, axis=0)),
        ("take_along_axis", lambda: mt.take_along_axis(X, mt.reshape(INDEX_AWAY, (2, 1)), axis=1)),
        ("index_add", lambda: mt.index_add(X, LABELS, AWAY)),
        ("index_add", lambda: mt.index_add(X, INDEX_AWAY, X)),
        ("where", lambda: mt.where(AWAY > 0, X, X)),
        ("cross_entropy", lambda: F.cross_entropy(SCORES, INDEX_AWAY)),
        ("cross_entropy", lambda: F.cross_entropy(AWAY, LABELS)),
        ("nll_loss", lambda: F.nll_loss(AWAY, LABELS)),
        ("batch_norm", lambda: F.batch_norm(X, CHANNELS_AWAY, CHANNELS_AWAY, training=True)),
        ("batch_norm", lambda: F.batch_norm(X, CHANNELS_AWAY, CHANNELS_AWAY)),
    ],
)
def test_backends_are_not_mixed(name: str, call: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{name}: arguments live on different backends .*\.to\("):
        call()


def test_indices_from_the_host_are_brought_along() -> None:
    assert AWAY[LABELS].shape == (2, 3)
    assert mt.take(AWAY, [1, 1], axis=0).backend == "strict"
    assert mt.take(AWAY, [], axis=0).shape == (0, 3)


def test_python_types_mean_the_default_dtypes() -> None:
    assert mt.astype(LABELS, float).dtype == mt.float32
    assert mt.astype(X, int).dtype == mt.int64
    assert mt.where(X > 0, 1.0, 0).dtype == mt.float32
