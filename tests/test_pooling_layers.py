"""Adaptive pooling, power pooling and un-pooling, as functions and layers; indices; mistakes."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F
from references.case import generator
from test_compositions import primitives_of
from test_errors import expect, table

RNG = generator("pooling layers")
PICTURE = mt.ones((1, 2, 5, 5))
INTEGERS = mt.tensor([[[[1, 2], [3, 4]]]])
PLACES = mt.zeros((1, 2, 5, 5), dtype="int64")


def test_values_are_picked_at_the_indices(backend):
    """... rather than searched for once more."""
    x = mt.tensor(RNG.standard_normal((1, 1, 4, 4)), requires_grad=True)
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    assert primitives_of(values) == {"pick"}
    flat = x.detach().numpy().reshape(-1)
    np.testing.assert_array_equal(flat[indices.numpy()], values.detach().numpy())
    assert not indices.requires_grad


@pytest.mark.parametrize("size", [9, 64])
@pytest.mark.parametrize("padding", [0, 1])
def test_nothing_recorded_changes_no_value(size, padding, backend):
    """Pooling keeps no index then, and may take another way to the values."""
    pictures = RNG.standard_normal((3, 4, size, size)).astype(np.float32)
    pictures[0, 0, :3, :3] = np.nan, -np.inf, np.inf
    pictures[1] = -np.inf
    x = mt.tensor(pictures, requires_grad=True)
    recorded = F.max_pool2d(x, 3, 2, padding)
    with mt.no_grad():
        unrecorded = F.max_pool2d(x, 3, 2, padding)
    assert primitives_of(recorded) == {"max_pool"}
    assert not unrecorded.requires_grad
    np.testing.assert_array_equal(unrecorded.numpy(), recorded.detach().numpy())


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling_reverses_pooling(dims, backend):
    pool = getattr(nn, f"MaxPool{dims}d")(2, return_indices=True)
    unpool = getattr(nn, f"MaxUnpool{dims}d")(2)
    shape = (2, 3, 5, 4, 7)[: dims + 2]
    x = mt.tensor(RNG.uniform(1.0, 2.0, shape))
    pooled, indices = pool(x)
    y = unpool(pooled, indices, output_size=x.shape)
    assert y.shape == x.shape
    kept = y.numpy() != 0
    assert kept.sum() == pooled.size
    np.testing.assert_array_equal(y.numpy()[kept], x.numpy()[kept])
    again, _ = pool(y)
    np.testing.assert_array_equal(again.numpy(), pooled.numpy())


def test_of_repeated_indices_the_last_entry_stays_and_gets_the_gradient(backend):
    x = mt.tensor([[[1.0, np.nan, 3.0, 4.0]]], requires_grad=True)
    y = F.max_unpool1d(x, mt.tensor([[[1, 2, 2, 1]]]), 1)
    np.testing.assert_array_equal(y.detach().numpy(), [[[0.0, 4.0, 3.0, 0.0]]])
    y.backward(mt.tensor([[[10.0, 20.0, 30.0, 40.0]]]))
    np.testing.assert_array_equal(x.grad.numpy(), [[[0.0, 0.0, 30.0, 20.0]]])


def test_unpooling_takes_indices_of_any_integer_dtype():
    x = mt.tensor([[1.0, 2.0]])
    y = F.max_unpool1d(x, mt.tensor([[0, 3]], dtype="int32"), 2)
    np.testing.assert_array_equal(y.numpy(), [[1.0, 0.0, 0.0, 2.0]])


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_bins_that_fit_are_windows(count, backend):
    x = mt.tensor(RNG.standard_normal((2, 3, 6, 6)))
    adaptive, plain = F.adaptive_avg_pool2d(x, count), F.avg_pool2d(x, 6 // count)
    np.testing.assert_allclose(adaptive.numpy(), plain.numpy(), rtol=1e-12, atol=1e-15)
    for a, b in zip(
        F.adaptive_max_pool2d(x, count, return_indices=True),
        F.max_pool2d(x, 6 // count, return_indices=True),
        strict=True,
    ):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_an_infinite_entry_stays_in_its_bins(backend):
    x = mt.tensor([[1.0, 2.0, np.inf, 4.0, 5.0]])
    np.testing.assert_array_equal(F.adaptive_avg_pool1d(x, 3).numpy(), [[1.5, np.inf, 4.5]])


def test_of_equal_entries_of_a_bin_the_first_gets_the_gradient(backend):
    x = mt.ones((1, 3, 3), requires_grad=True)
    F.adaptive_max_pool2d(x, 2).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[[1, 1, 0], [1, 1, 0], [0, 0, 0]]])


def test_not_a_number_wins_a_bin(backend):
    x = mt.tensor([[1.0, np.nan, 3.0, 4.0, 5.0]])
    values, indices = F.adaptive_max_pool1d(x, 3, return_indices=True)
    np.testing.assert_array_equal(values.numpy(), [[np.nan, np.nan, 5.0]])
    np.testing.assert_array_equal(indices.numpy(), [[1, 1, 4]])


def test_no_bins_at_all():
    x = mt.ones((2, 3, 4, 5), requires_grad=True)
    for pool in (F.adaptive_avg_pool2d, F.adaptive_max_pool2d):
        y = pool(x, (0, 2))
        assert y.shape == (2, 3, 0, 2)
        assert not mt.grad(y.sum(), x)[0].numpy().any()


def test_the_power_is_taken_of_the_sum():
    x = mt.tensor([[[[1.0, 2.0], [4.0, 2.0]]]])
    assert F.lp_pool2d(x, 2, 2).item() == 5.0
    assert F.lp_pool2d(x, 1, 2).item() == 9.0
    assert F.lp_pool2d(-x, float("inf"), 2).item() == 4.0
    assert F.lp_pool2d(-x, -float("inf"), 2).item() == 1.0


def test_arguments_stand_where_pytorch_has_them():
    x = mt.tensor(RNG.standard_normal((1, 1, 7, 7)))
    values, indices = nn.MaxPool2d(3, 2, 1, 1, True, True)(x)
    assert values.shape == indices.shape == (1, 1, 4, 4)
    same, _ = F.max_pool2d(x, 3, 2, 1, 1, True, True)
    np.testing.assert_array_equal(same.numpy(), values.numpy())
    assert nn.MaxPool2d(2, 2, 0, 1, False, True)(x).shape == (1, 1, 4, 4)
    assert nn.LPPool2d(2, 3, 2, True)(x).shape == (1, 1, 3, 3)
    assert nn.AdaptiveMaxPool2d(3, True)(x)[1].dtype == mt.int64
    assert nn.MaxUnpool2d(3, 2, 1)(values, indices, (7, 8)).shape == (1, 1, 7, 8)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.LPPool1d(2, 3), "LPPool1d(norm_type=2, kernel_size=3, stride=3, ceil_mode=False)"),
        (nn.AdaptiveAvgPool2d((None, 3)), "AdaptiveAvgPool2d(output_size=(None, 3))"),
        (nn.AdaptiveMaxPool1d(2), "AdaptiveMaxPool1d(output_size=2)"),
        (nn.MaxUnpool2d((2, 3)), "MaxUnpool2d(kernel_size=(2, 3), stride=(2, 3), padding=0)"),
    ],
    ids=str,
)
def test_text_of_a_layer(layer, text):
    assert repr(layer) == text


@table(
    (lambda: F.max_pool2d(INTEGERS, 2), TypeError, ("max_pool2d", "int64", ".to(mt.float32)")),
    (lambda: F.lp_pool2d(INTEGERS, 2, 2), TypeError, ("lp_pool2d", "int64")),
    (lambda: F.lp_pool2d(PICTURE, 0, 2), ValueError, ("lp_pool2d norm_type", "0")),
    (lambda: F.lp_pool2d(PICTURE, "2", 2), TypeError, ("lp_pool2d norm_type", "'2'")),
    (lambda: F.lp_pool2d(PICTURE, 2, 7), ValueError, ("avg_pool2d", "(7, 7)", "(5, 5)")),
    (lambda: F.adaptive_avg_pool2d(INTEGERS, 1), TypeError, ("adaptive_avg_pool2d", "int64")),
    (lambda: F.adaptive_max_pool2d(INTEGERS, 1), TypeError, ("adaptive_max_pool2d", "int64")),
    (
        lambda: F.adaptive_avg_pool2d(PICTURE, (1, 2, 3)),
        ValueError,
        ("adaptive_avg_pool2d output_size", "tuple of 2", "(1, 2, 3)"),
    ),
    (
        lambda: F.adaptive_max_pool1d(PICTURE[0], -1),
        ValueError,
        ("adaptive_max_pool1d output_size", "-1", "too small"),
    ),
    (
        lambda: F.adaptive_avg_pool2d(mt.ones((1, 2, 0, 3)), 1),
        ValueError,
        ("adaptive_avg_pool2d", "(0, 3)", "no entries"),
    ),
    (
        lambda: F.adaptive_avg_pool2d(mt.ones((5, 5)), 1),
        ValueError,
        ("adaptive_avg_pool2d", "4 dimensions", "(5, 5)"),
    ),
    (
        lambda: F.max_unpool2d(PICTURE, PICTURE, 2),
        TypeError,
        ("max_unpool2d", "float32", "return_indices=True"),
    ),
    (
        lambda: F.max_unpool2d(PICTURE, PLACES[:, :1], 2),
        ValueError,
        ("max_unpool2d", "(1, 1, 5, 5)", "(1, 2, 5, 5)", "equal"),
    ),
    (
        lambda: F.max_unpool2d(PICTURE, PLACES + 100, 2),
        ValueError,
        ("max_unpool2d", "from 100 to 100", "10x10", "0 to 99", "output_size"),
    ),
    (lambda: F.max_unpool2d(PICTURE, PLACES - 1, 2), ValueError, ("max_unpool2d", "-1", "0 to 99")),
    (
        lambda: F.max_unpool2d(PICTURE, PLACES, 2, output_size=(12, 12)),
        ValueError,
        ("max_unpool2d", 'output_size "(12, 12)"', "between 8 and 12", "(10, 10)"),
    ),
    (
        lambda: F.max_unpool2d(PICTURE, PLACES, 2, output_size=(1, 10, 10)),
        ValueError,
        ("max_unpool2d", "(1, 10, 10)", "2 sizes", "4"),
    ),
    (
        lambda: F.max_unpool1d(mt.ones((1, 1)), mt.zeros((1, 1), dtype="int64"), 2, padding=1),
        ValueError,
        ("max_unpool1d", "(0,)", "pad less"),
    ),
    (
        lambda: F.max_unpool1d(mt.ones((1, 0)), mt.zeros((1, 0), dtype="int64"), 2),
        ValueError,
        ("max_unpool1d", "(0,)", "no entries"),
    ),
    (
        lambda: F.max_unpool1d(
            mt.ones((1, 1)), mt.zeros((1, 1), dtype="int64", backend="strict"), 2
        ),
        TypeError,
        ("max_unpool1d", "'numpy'", "'strict'", ".to("),
    ),
    (lambda: nn.AdaptiveAvgPool2d((1, 2, 3)), ValueError, ("AdaptiveAvgPool2d output_size",)),
    (lambda: nn.AdaptiveMaxPool1d("a"), TypeError, ("AdaptiveMaxPool1d output_size", "'a'")),
    (lambda: nn.LPPool2d(0, 2), ValueError, ("LPPool2d norm_type", "0")),
    (lambda: nn.LPPool2d(2, 0), ValueError, ("LPPool2d kernel_size", "0")),
    (lambda: nn.MaxUnpool3d(2, padding=-1), ValueError, ("MaxUnpool3d padding", "-1")),
)
def test_mistakes(call, error, words):
    expect(call, error, words)
