"""Functions of two vectors: properties and errors; values stand in the stored references."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F

A, B = mt.ones((3, 4)), mt.ones((3, 5))


def test_cosines_know_no_length(backend):
    x = mt.randn(5, 3, rng=np.random.default_rng(0), dtype="float64")
    y = mt.randn(5, 3, rng=np.random.default_rng(1), dtype="float64")
    plain = F.cosine_similarity(x, y).numpy()
    np.testing.assert_allclose(F.cosine_similarity(x * 1e3, y * 1e-3).numpy(), plain, rtol=1e-12)
    np.testing.assert_allclose(F.cosine_similarity(x, -x).numpy(), -np.ones(5), rtol=1e-12)


def test_vectors_of_zeros_have_a_finite_gradient(backend):
    for function in (F.cosine_similarity, F.pairwise_distance):
        x = mt.zeros((2, 3), requires_grad=True)
        function(x, mt.zeros((2, 3))).sum().backward()
        assert np.isfinite(x.grad.numpy()).all()


def test_a_limited_length_is_a_constant():
    """The gradient of what is computed, also below eps."""
    x = mt.tensor([[0.1, 0.2]], dtype="float64", requires_grad=True)
    y = mt.tensor([[3.0, 4.0]], dtype="float64")
    F.cosine_similarity(x, y, eps=1.0).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0.6, 0.8]])


def test_bilinear_starts_within_its_bound():
    layer = nn.Bilinear(4, 5, 3, rng=np.random.default_rng(0))
    for parameter in layer.parameters():
        assert np.abs(parameter.detach().numpy()).max() <= 0.5
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert repr(layer) == "Bilinear(in1_features=4, in2_features=5, out_features=3, bias=True)"
    assert repr(nn.PairwiseDistance()) == "PairwiseDistance(p=2.0, eps=1e-06, keepdim=False)"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.cosine_similarity(A, B), ValueError, r"\(3, 4\) and x2 of shape \(3, 5\)"),
        (lambda: F.cosine_similarity(A, A, dim=2), ValueError, "axis 2 does not exist"),
        (lambda: F.cosine_similarity(A, A.to("float64")), TypeError, "dtypes differ"),
        (lambda: F.pairwise_distance(A, A.to("strict")), TypeError, "different backends"),
        (lambda: F.pairwise_distance(A.to("int64"), A), TypeError, "floating"),
        (lambda: F.pairwise_distance(mt.ones(()), mt.ones(())), ValueError, "two numbers"),
        (lambda: F.bilinear(A, B, mt.ones((4, 5))), ValueError, r"weight of shape \(4, 5\)"),
        (lambda: F.bilinear(A, A, mt.ones((2, 4, 5))), ValueError, r"\(\*, 4\) and \(\*, 5\)"),
        (lambda: F.bilinear(A, B[:2], mt.ones((2, 4, 5))), ValueError, "equal leading axes"),
        (
            lambda: F.bilinear(A, B, mt.ones((2, 4, 5)), mt.ones(3)),
            ValueError,
            r"bias of shape \(3,\); expected \(2,\)",
        ),
        (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features"),
    ],
)
def test_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()
