"""Layer, group and instance normalisation: how they relate, what layers hold, and mistakes."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F
from references.case import generator
from test_errors import expect, table

RNG = generator("sample norm layers")
X = mt.ones((2, 4, 3))
INTEGERS = mt.tensor([[1, 2]])


def close(a, b):
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-13)


def test_one_operation_over_different_parts(backend):
    x = mt.tensor(RNG.standard_normal((3, 4, 2, 5)))
    close(F.group_norm(x, 1), F.layer_norm(x, (4, 2, 5)))
    close(F.group_norm(x, 4), F.instance_norm(x))
    close(F.instance_norm(x), F.layer_norm(x, (2, 5)))
    close(F.instance_norm(x[:1]), F.batch_norm(x[:1], None, None, training=True))


def test_a_sample_does_not_depend_on_the_batch(backend):
    x = mt.tensor(RNG.standard_normal((3, 4, 5)))
    for layer in (nn.LayerNorm(5), nn.GroupNorm(2, 4), nn.InstanceNorm1d(4), nn.RMSNorm((4, 5))):
        layer = layer.to("float64")
        with mt.no_grad():
            close(layer(x)[1:2], layer(x[1:2]))


def test_instance_norm_of_a_single_sample(backend):
    x = mt.tensor(RNG.standard_normal((1, 3, 2, 4)))
    layer = nn.InstanceNorm2d(3, affine=True, track_running_stats=True).to("float64")
    with mt.no_grad():
        close(layer(x[0]), layer(x)[0])
        layer.eval()
        close(layer(x[0]), layer(x)[0])


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (nn.LayerNorm((2, 3)), ["weight", "bias"]),
        (nn.LayerNorm(3, bias=False), ["weight"]),
        (nn.LayerNorm(3, elementwise_affine=False), []),
        (nn.RMSNorm(3), ["weight"]),
        (nn.GroupNorm(1, 2), ["weight", "bias"]),
        (nn.GroupNorm(1, 2, affine=False), []),
        (nn.InstanceNorm1d(2), []),
        (
            nn.InstanceNorm1d(2, affine=True, track_running_stats=True),
            ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"],
        ),
        (nn.BatchNorm1d(2, track_running_stats=False, bias=False), ["weight"]),
        (nn.LocalResponseNorm(2), []),
    ],
    ids=str,
)
def test_states_are_named_as_in_pytorch(layer, names):
    assert list(layer.state_dict()) == names


def test_layers_are_made_where_and_as_asked():
    for make in (
        lambda **place: nn.LayerNorm(3, **place),
        lambda **place: nn.RMSNorm(3, **place),
        lambda **place: nn.GroupNorm(1, 3, **place),
        lambda **place: nn.InstanceNorm1d(3, affine=True, **place),
    ):
        weight = make(dtype="float64", backend="strict").weight
        assert (weight.dtype, weight.backend) == (mt.float64, "strict")


def test_gradients_of_gradients_reach_the_parameters(backend):
    x = mt.tensor(RNG.standard_normal((2, 4, 3)), requires_grad=True)
    weight = mt.tensor(RNG.standard_normal(4), requires_grad=True)
    (slope,) = mt.grad((F.group_norm(x, 2, weight) ** 3).sum(), [x], create_graph=True)
    assert mt.grad((slope**2).sum(), [weight])[0].numpy().any()


def test_an_empty_batch_leaves_statistics_alone(backend):
    layer = nn.BatchNorm1d(3)
    y = layer(mt.ones((0, 3, 2)))
    assert y.shape == (0, 3, 2)
    y.sum().backward()
    assert not layer.weight.grad.numpy().any()
    np.testing.assert_array_equal(layer.running_mean.numpy(), np.zeros(3))
    np.testing.assert_array_equal(layer.running_var.numpy(), np.ones(3))
    assert layer.num_batches_tracked.item() == 1
    tracked = nn.InstanceNorm1d(3, affine=True, track_running_stats=True)
    tracked(mt.ones((0, 3, 2))).sum().backward()
    np.testing.assert_array_equal(tracked.running_var.numpy(), np.ones(3))
    assert not tracked.bias.grad.numpy().any()
    assert F.group_norm(mt.ones((0, 4, 2)), 2).shape == (0, 4, 2)
    assert F.rms_norm(mt.ones((2, 0)), 0).shape == (2, 0)


def test_a_vector_of_zeros_keeps_its_direction_unknown(backend):
    x = mt.zeros((1, 2), requires_grad=True)
    y = F.normalize(x, eps=0.5)
    y.sum().backward()
    np.testing.assert_array_equal(y.detach().numpy(), [[0.0, 0.0]])
    np.testing.assert_array_equal(x.grad.numpy(), [[2.0, 2.0]])


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.LayerNorm(3), "LayerNorm((3,), eps=1e-05, elementwise_affine=True)"),
        (nn.RMSNorm((2, 3)), "RMSNorm((2, 3), eps=None, elementwise_affine=True)"),
        (nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True)"),
        (
            nn.InstanceNorm3d(3),
            "InstanceNorm3d(3, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False)",
        ),
        (nn.LocalResponseNorm(2), "LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)"),
    ],
    ids=str,
)
def test_text_of_a_layer(layer, text):
    assert repr(layer) == text


@table(
    (lambda: F.layer_norm(INTEGERS, 2), TypeError, ("layer_norm", "int64", ".to(mt.float32)")),
    (lambda: F.layer_norm(X, (4,)), ValueError, ("layer_norm", "(4,)", "end", "(2, 4, 3)")),
    (lambda: F.layer_norm(X, ()), ValueError, ("layer_norm", "()", "(2, 4, 3)")),
    (lambda: F.layer_norm(X, "a"), TypeError, ("layer_norm normalized_shape", "'a'")),
    (lambda: F.layer_norm(X, 3, mt.ones(4)), ValueError, ("layer_norm", "weight", "(4,)", "(3,)")),
    (
        lambda: F.layer_norm(X, 3, mt.ones(3, dtype="float64")),
        TypeError,
        ("layer_norm", "float32", "float64"),
    ),
    (
        lambda: F.layer_norm(X, 3, bias=mt.ones(3, backend="strict")),
        TypeError,
        ("layer_norm", "'numpy'", "'strict'", ".to("),
    ),
    (lambda: F.rms_norm(X, (9,)), ValueError, ("rms_norm", "(9,)", "(2, 4, 3)")),
    (lambda: F.group_norm(X, 3), ValueError, ("group_norm", "3", "divide", "4 channels")),
    (lambda: F.group_norm(X, 0), ValueError, ("group_norm num_groups", "0", "at least 1")),
    (lambda: F.group_norm(X, 1.5), TypeError, ("group_norm num_groups", "1.5")),
    (lambda: F.group_norm(mt.ones(4), 2), ValueError, ("group_norm", "(N, C", "(4,)")),
    (lambda: F.group_norm(mt.ones((1, 4)), 4), ValueError, ("group_norm", "one entry", "fewer")),
    (lambda: F.group_norm(X, 2, mt.ones(2)), ValueError, ("group_norm", "weight", "(2,)", "(4,)")),
    (lambda: F.instance_norm(mt.ones((2, 4, 1))), ValueError, ("instance_norm", "(2, 4, 1)")),
    (lambda: F.instance_norm(X, mt.zeros(4)), ValueError, ("instance_norm", "running_var")),
    (
        lambda: F.instance_norm(X, use_input_stats=False),
        ValueError,
        ("instance_norm", "running_mean", "use_input_stats"),
    ),
    (
        lambda: F.instance_norm(X, mt.zeros(3), mt.ones(3)),
        ValueError,
        ("instance_norm", "running_mean", "(3,)", "4 channels"),
    ),
    (lambda: F.local_response_norm(X[0], 2), ValueError, ("local_response_norm", "(4, 3)")),
    (lambda: F.local_response_norm(X, 0), ValueError, ("local_response_norm size", "0")),
    (lambda: F.normalize(INTEGERS), TypeError, ("normalize", "int64")),
    (lambda: F.normalize(mt.ones(3)), ValueError, ("normalize", "axis 1")),
    (lambda: nn.LayerNorm(()), ValueError, ("LayerNorm normalized_shape", "()")),
    (lambda: nn.LayerNorm(2, eps=-1.0), ValueError, ("LayerNorm eps", "-1.0")),
    (lambda: nn.GroupNorm(2, 4, eps="a"), TypeError, ("GroupNorm eps", "'a'")),
    (lambda: nn.GroupNorm(3, 4), ValueError, ("GroupNorm", "3", "divide", "4")),
    (lambda: nn.GroupNorm(0, 4), ValueError, ("GroupNorm num_groups", "0")),
    (lambda: nn.LocalResponseNorm(0), ValueError, ("LocalResponseNorm size", "0")),
    (lambda: nn.InstanceNorm2d(4)(X), ValueError, ("InstanceNorm2d", "4", "channels")),
    (lambda: nn.InstanceNorm1d(3)(X), ValueError, ("InstanceNorm1d", "3", "(2, 4, 3)")),
    (lambda: nn.InstanceNorm3d(4)(X), ValueError, ("InstanceNorm3d", "4 or 5", "(2, 4, 3)")),
)
def test_mistakes(call, error, words):
    expect(call, error, words)
