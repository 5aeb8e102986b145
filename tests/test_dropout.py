"""The dropout family: what is dropped together, mean and variance, the edges, and errors."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F

LAYERS = {
    nn.Dropout: (6, 4),
    nn.Dropout1d: (6, 4, 3),
    nn.Dropout2d: (6, 4, 3, 2),
    nn.Dropout3d: (6, 4, 3, 2, 2),
    nn.AlphaDropout: (6, 4),
    nn.FeatureAlphaDropout: (6, 4, 3),
}


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(("kind", "shape"), LAYERS.items())
def test_evaluation_and_p_of_0_change_nothing(kind, shape):
    x = mt.randn(shape, rng=rng())
    assert kind(0.5).eval()(x) is x
    assert kind(0.0)(x) is x


@pytest.mark.parametrize(("kind", "shape"), LAYERS.items())
def test_p_of_1_leaves_zeros_and_no_gradient(backend, kind, shape):
    x = mt.randn(shape, rng=rng(), requires_grad=True)
    out = kind(1.0)(x)
    assert not out.detach().numpy().any()
    out.sum().backward()
    assert not x.grad.numpy().any()


@pytest.mark.parametrize(("kind", "shape"), LAYERS.items())
def test_one_generator_one_mask_on_every_backend(kind, shape):
    x = mt.ones(shape)
    first = kind(0.5, rng=rng())(x).numpy()
    np.testing.assert_array_equal(kind(0.5, True, rng=rng())(x.to("strict")).numpy(), first)
    assert first.dtype == np.float32
    assert len(np.unique(first)) == 2


@pytest.mark.parametrize(
    ("function", "dims"), [(F.dropout1d, 1), (F.dropout2d, 2), (F.dropout3d, 3)]
)
def test_channels_are_dropped_whole(function, dims):
    for leading in ((50, 8), (200,)):
        out = function(mt.ones((*leading, *(3, 2, 2)[:dims])), 0.25, rng=rng()).numpy()
        flat = out.reshape(*leading, -1)
        assert (flat == flat[..., :1]).all()
        assert set(np.unique(flat)) == {0.0, np.float32(1 / 0.75)}
        assert abs((flat[..., 0] == 0).mean() - 0.25) < 0.06


def test_dropout_keeps_the_mean():
    x = mt.randn(200_000, rng=rng(), dtype="float64") + 3.0
    for p in (0.1, 0.5, 0.9):
        out = F.dropout(x, p, rng=rng()).numpy()
        assert abs((out == 0).mean() - p) < 0.005
        assert abs(out.mean() - 3.0) < 0.05
        kept = out != 0
        np.testing.assert_allclose(out[kept], x.numpy()[kept] / (1 - p))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(p):
    x = mt.randn(400_000, rng=rng(), dtype="float64")
    out = F.alpha_dropout(x, p, training=True, rng=rng()).numpy()
    assert abs(out.mean()) < 0.01
    assert abs(out.var() - 1) < 0.01
    channels = mt.randn(4000, 100, 1, rng=rng(), dtype="float64")
    out = F.feature_alpha_dropout(channels, p, training=True, rng=rng()).numpy()
    assert abs(out.mean()) < 0.01
    assert abs(out.var() - 1) < 0.01


def test_alpha_dropout_does_nothing_by_default_as_pytorchs():
    x = mt.ones(3)
    assert F.alpha_dropout(x) is x
    assert F.feature_alpha_dropout(mt.ones((1, 2, 3))).tolist() == [[[1.0] * 3] * 2]


def test_the_gradient_is_the_mask():
    x = mt.ones((4, 3), requires_grad=True)
    out = F.dropout(x, 0.5, rng=rng())
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), out.detach().numpy())


@pytest.mark.parametrize("kind", LAYERS)
def test_text(kind):
    assert repr(kind(0.25)) == f"{kind.__name__}(p=0.25, inplace=False)"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.dropout(mt.ones(2), 1.5), ValueError, r"dropout: probability p=1\.5"),
        (lambda: F.alpha_dropout(mt.ones(2), -1), ValueError, "alpha_dropout: probability p=-1"),
        (lambda: F.dropout(mt.ones(2, dtype="int64")), TypeError, "dropout: .*floating"),
        (lambda: F.dropout1d(mt.ones(2)), ValueError, r"dropout1d: expected \(N, C, L\) or"),
        (lambda: F.dropout2d(mt.ones((2, 2))), ValueError, r"\(N, C, H, W\) or \(C, H, W\)"),
        (lambda: F.dropout3d(mt.ones((2, 2, 2))), ValueError, r"dropout3d: .*\(2, 2, 2\)"),
        (lambda: F.feature_alpha_dropout(mt.ones(2)), ValueError, r"\(N, C, \*spatial\)"),
        (lambda: nn.Dropout1d(2), ValueError, "Dropout1d p: 2 is not between"),
        (lambda: nn.AlphaDropout("x"), TypeError, "AlphaDropout p"),
        (lambda: nn.Dropout(rng=0)(mt.ones(1)), TypeError, "rng is a int"),
    ],
)
def test_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()
