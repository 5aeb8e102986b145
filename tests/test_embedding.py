"""Look-ups: initial weights, gradients that are not the value's, limits on length, and errors."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F


def host(tensor):
    return tensor.detach().numpy()


def table(rows=4, columns=2, **options):
    return mt.randn(rows, columns, rng=np.random.default_rng(0), dtype="float64", **options)


# --- gradients ----------------------------------------------------------------------------------


def test_repeated_rows_sum_their_gradients(backend):
    weight = table(requires_grad=True)
    g = mt.tensor([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]], dtype="float64")
    F.embedding(mt.tensor([3, 0, 3]), weight).backward(g)
    assert weight.grad.tolist() == [[10.0, 20.0], [0.0, 0.0], [0.0, 0.0], [101.0, 202.0]]


@pytest.mark.parametrize("padding_idx", [3, -1])
def test_the_padding_row_has_its_value_and_no_gradient(backend, padding_idx):
    weight = table(requires_grad=True)
    rows = F.embedding(mt.tensor([3, 0, 3]), weight, padding_idx)
    np.testing.assert_array_equal(host(rows), host(weight)[[3, 0, 3]])
    rows.sum().backward()
    assert weight.grad.tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_padding_row_that_is_not_finite_harms_nothing():
    weight = mt.tensor([[np.nan, np.inf], [1.0, 2.0]], requires_grad=True)
    (F.embedding(mt.tensor([0, 1]), weight, 0)[1] * 2).sum().backward()
    assert weight.grad.tolist() == [[0.0, 0.0], [2.0, 2.0]]


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_gradients_over_the_frequency_of_their_rows(backend, mode):
    weight = table(requires_grad=True)
    index = mt.tensor([[3, 0], [3, 2], [3, 3]])
    rows = F.embedding(index, weight, scale_grad_by_freq=True)
    np.testing.assert_array_equal(host(rows), host(weight)[index.numpy()])
    rows.sum().backward()
    expected = [[1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]
    np.testing.assert_allclose(host(weight.grad), expected)
    weight.grad = None
    F.embedding_bag(index, weight, mode=mode, scale_grad_by_freq=True).sum().backward()
    scale = 1.0 if mode == "sum" else 0.5
    np.testing.assert_allclose(host(weight.grad), scale * np.array(expected))


def test_scaled_gradients_can_be_differentiated_again():
    weight = table(requires_grad=True)
    rows = F.embedding(mt.tensor([1, 1]), weight, scale_grad_by_freq=True)
    (g,) = mt.grad((rows**3).sum(), weight, create_graph=True)
    np.testing.assert_allclose(host(g)[1], 3 * host(weight)[1] ** 2)
    (gg,) = mt.grad(g.sum(), weight)
    # As the first derivative, the second one is scaled once for each time it passes the look-up.
    np.testing.assert_allclose(host(gg)[1], 3 * host(weight)[1])


# --- limits on length ---------------------------------------------------------------------------


def test_long_rows_are_shortened_in_the_table_itself(backend):
    weight = mt.tensor([[3.0, 4.0], [0.3, 0.4], [30.0, 40.0]], dtype="float64", requires_grad=True)
    rows = F.embedding(mt.tensor([0, 1]), weight, max_norm=1.0)
    np.testing.assert_allclose(host(rows), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(host(weight), [[0.6, 0.8], [0.3, 0.4], [30.0, 40.0]], rtol=1e-6)
    rows.sum().backward()
    assert weight.grad.tolist() == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]
    F.embedding_bag(mt.tensor([[2]]), weight, max_norm=5.0)
    np.testing.assert_allclose(host(weight)[2], [3.0, 4.0], rtol=1e-6)


def test_short_rows_are_not_written_to():
    weight = mt.tensor([[0.3, 0.4]], requires_grad=True)
    loss = (weight * weight).sum()
    F.embedding(mt.tensor([0]), weight, max_norm=1.0)
    loss.backward()  # would raise, had the table been overwritten


# --- bags ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_rows_and_offsets_say_the_same(backend, mode):
    weight = table()
    rows = F.embedding_bag(mt.tensor([[1, 3], [0, 0]]), weight, mode=mode)
    cut = F.embedding_bag(mt.tensor([1, 3, 0, 0]), weight, mt.tensor([0, 2]), mode=mode)
    np.testing.assert_array_equal(host(rows), host(cut))


def test_the_layer_takes_offsets_and_weights():
    layer = nn.EmbeddingBag(4, 2, mode="sum", include_last_offset=True)
    index, offsets = mt.tensor([1, 2, 3]), mt.tensor([0, 1, 3])
    out = layer(index, offsets, mt.tensor([1.0, 2.0, 3.0]))
    w = host(layer.weight)
    np.testing.assert_allclose(host(out), [w[1], 2 * w[2] + 3 * w[3]], rtol=1e-6)


# --- layers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_initial_weights_are_normal_and_padding_is_zero(kind):
    layer = kind(1000, 20, padding_idx=-1, rng=np.random.default_rng(0))
    w = host(layer.weight)
    assert layer.padding_idx == 999
    assert w[-1].tolist() == [0.0] * 20
    assert abs(w[:-1].mean()) < 0.02
    assert abs(w[:-1].std() - 1) < 0.02
    assert layer.weight.dtype == mt.float32
    again = kind(1000, 20, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(host(again.weight)[:-1], w[:-1])


def test_from_pretrained():
    vectors = mt.tensor([[1.0, 2.0], [3.0, 4.0]], dtype="float64")
    for kind in (nn.Embedding, nn.EmbeddingBag):
        layer = kind.from_pretrained(vectors)
        assert not layer.weight.requires_grad
        assert layer.weight.dtype == mt.float64
        assert layer.weight.tolist() == vectors.tolist()
        assert kind.from_pretrained(vectors, freeze=False).weight.requires_grad
        with pytest.raises(ValueError, match=r"from_pretrained: embeddings of shape \(2,\)"):
            kind.from_pretrained(mt.ones(2))


def test_repr():
    assert repr(nn.Embedding(3, 2)) == "Embedding(3, 2)"
    assert repr(nn.Embedding(3, 2, -1, 1.5)) == "Embedding(3, 2, padding_idx=2, max_norm=1.5)"
    assert repr(nn.EmbeddingBag(3, 2)) == "EmbeddingBag(3, 2, mode='mean')"


# --- errors -------------------------------------------------------------------------------------

WEIGHT = mt.ones((3, 2))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: F.embedding(mt.tensor([[0, 2], [1, 7]]), WEIGHT),
            ValueError,
            r"index 7 at position \(1, 1\) .* \(2, 2\) .* 3 rows .* expected 0 to 2",
        ),
        (lambda: F.embedding(mt.tensor([-1]), WEIGHT), ValueError, r"index -1 at position \(0,\)"),
        (lambda: F.embedding(mt.tensor(3), WEIGHT), ValueError, r"index 3 at position \(\)"),
        (lambda: F.embedding(mt.tensor([1.0]), WEIGHT), TypeError, "float32; expected integers"),
        (lambda: F.embedding([1], WEIGHT), TypeError, "expected a Tensor, got a list"),
        (lambda: F.embedding(mt.tensor([1]), mt.ones(3)), ValueError, r"weight has shape \(3,\)"),
        (
            lambda: F.embedding(mt.tensor([1]), mt.ones((3, 2), dtype="int64")),
            TypeError,
            "floating",
        ),
        (lambda: F.embedding(mt.tensor([1]), WEIGHT, 3), ValueError, "padding_idx=3 .*-3 to 2"),
        (lambda: F.embedding(mt.tensor([1]), WEIGHT, sparse=True), ValueError, "dense"),
        (lambda: nn.Embedding(3, 2, sparse=True), ValueError, "dense"),
        (lambda: nn.Embedding(3, 2, 5), ValueError, "padding_idx=5"),
        (lambda: nn.Embedding(3, -1), ValueError, "embedding_dim: expected at least 0"),
        (lambda: nn.Embedding(3, 2, _weight=mt.ones((2, 3))), ValueError, r"expected \(3, 2\)"),
        (lambda: nn.EmbeddingBag(3, 2, mode="min"), ValueError, "mode 'min'"),
        (lambda: F.embedding_bag(mt.tensor([[3]]), WEIGHT), ValueError, "index 3 at"),
        (lambda: F.embedding_bag(mt.tensor([1]), WEIGHT), ValueError, "needs offsets"),
        (lambda: F.embedding_bag(mt.tensor(1), WEIGHT), ValueError, r"input of shape \(\)"),
        (
            lambda: F.embedding_bag(mt.tensor([[1]]), WEIGHT, mt.tensor([0])),
            ValueError,
            "leave offsets out",
        ),
        (
            lambda: F.embedding_bag(mt.tensor([1, 1]), WEIGHT, mt.tensor([1])),
            ValueError,
            r"offsets \[1, 2\] .*expected 0 first",
        ),
        (
            lambda: F.embedding_bag(mt.tensor([1, 1]), WEIGHT, mt.tensor([0, 3])),
            ValueError,
            "do not decrease",
        ),
        (
            lambda: F.embedding_bag(
                mt.tensor([1, 1]), WEIGHT, mt.tensor([0, 1]), include_last_offset=True
            ),
            ValueError,
            "ends at 1, the input has 2",
        ),
        (
            lambda: F.embedding_bag(mt.tensor([[1]]), WEIGHT, per_sample_weights=mt.ones((1, 1))),
            ValueError,
            "for mode 'sum', not 'mean'",
        ),
        (
            lambda: F.embedding_bag(
                mt.tensor([[1]]), WEIGHT, mode="sum", per_sample_weights=mt.ones(1)
            ),
            ValueError,
            r"\(1,\) for an input of shape \(1, 1\)",
        ),
        (
            lambda: F.embedding_bag(mt.tensor([[1]]), WEIGHT, mode="max", scale_grad_by_freq=True),
            ValueError,
            "not 'max'",
        ),
        (lambda: F.one_hot(mt.tensor([0, 3]), 3), ValueError, r"index 3 at position \(1,\)"),
        (lambda: F.one_hot(mt.tensor([-1])), ValueError, "index -1 at position"),
        (lambda: F.one_hot(mt.zeros(0).to("int64")), ValueError, "pass num_classes"),
        (lambda: F.one_hot(mt.tensor([0]), 0), ValueError, "num_classes=0"),
        (lambda: F.one_hot(mt.tensor([0.0])), TypeError, "expected integers"),
    ],
)
def test_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_backends_are_not_mixed():
    with pytest.raises(TypeError, match="different backends"):
        F.embedding(mt.tensor([1], backend="strict"), WEIGHT)
