"""The meter of equivariance: zero where theory says so, large where it does not, by its formula."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import models, nn
from minitorch_cnn.nn import functional as F
from references.case import generator

RNG = generator("equivariance")
ZERO = 1e-6


def circular(*args, **settings):
    return nn.Conv2d(*args, padding_mode="circular", rng=RNG, **settings)


@pytest.mark.parametrize(
    ("layer", "shift", "shape"),
    [
        (nn.Conv1d(2, 3, 3, padding=1, padding_mode="circular"), 2, (2, 7)),
        (circular(2, 3, 3, padding=1), (1, -3), (2, 7, 8)),
        (circular(2, 4, 3, padding=2, dilation=2, groups=2), 1, (2, 7, 8)),
        (nn.Conv3d(1, 2, 3, padding=1, padding_mode="circular"), (1, 0, 2), (1, 4, 4, 5)),
        (circular(1, 2, 3, stride=2, padding=1), 2, (1, 8, 8)),
        (circular(1, 2, 3, stride=(2, 3), padding=1), (4, -3), (1, 8, 9)),
        (nn.MaxPool2d(2), (2, 4), (2, 8, 8)),
        (nn.AvgPool2d(2), -2, (2, 8, 8)),
        (nn.ConvTranspose2d(1, 2, 2, 2), 1, (1, 4, 5)),
        (nn.Upsample(scale_factor=2), 3, (1, 4, 5)),
        (nn.ReLU(), 1, (1, 3, 3)),
        (nn.BatchNorm2d(2), 1, (2, 3, 3)),
        (nn.Sequential(circular(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)), 2, (1, 8, 8)),
        (nn.Sequential(circular(1, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1)), 3, (1, 5, 5)),
        (nn.Conv2d(1, 2, 3, padding=1), 0, (1, 5, 5)),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_equivariant_layers(layer, shift, shape, backend):
    layer.to(backend)
    assert mt.equivariance_error(layer, shift, shape) < ZERO


@pytest.mark.parametrize(
    ("layer", "shift", "shape", "least"),
    [
        (nn.Dense(64, 64), 1, (1, 8, 8), 1.0),
        (nn.LocallyConnected2d(1, 2, 8, 3, padding=1), 1, (1, 8, 8), 1.0),
        (nn.Conv2d(1, 2, 3, padding=1, bias=False), 1, (1, 8, 8), 0.1),
        (nn.Conv2d(1, 2, 3, bias=False), 1, (1, 8, 8), 0.1),
        (circular(1, 2, 3, stride=2, padding=1, bias=False), 1, (1, 8, 8), 0.3),
        (nn.MaxPool2d(2), 1, (1, 8, 8), 0.3),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_layers_that_are_not(layer, shift, shape, least):
    settings = {"output_shape": shape} if isinstance(layer, nn.Dense) else {}
    assert least < mt.equivariance_error(layer, shift, shape, **settings) < 2


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 2, 3, padding=1),
        nn.Conv2d(1, 2, 3),
        nn.Conv2d(1, 2, 3, stride=2),
        nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.MaxPool2d(2), nn.ConvTranspose2d(1, 1, 4, 2, 1)),
    ],
)
@pytest.mark.parametrize("shift", [2, (-2, 4)])
def test_inside_the_border_there_is_no_error(layer, shift):
    assert mt.equivariance_error(layer, shift, (1, 17, 16), border="interior") < ZERO


def test_inside_the_border_strides_and_untied_weights_still_show():
    strided = nn.Conv2d(1, 2, 3, stride=2)
    assert mt.equivariance_error(strided, 1, (1, 16, 16), border="interior") > 0.3
    local = nn.LocallyConnected2d(1, 2, 16, 3, padding=1)
    assert mt.equivariance_error(local, 1, (1, 16, 16), border="interior") > 1


def test_the_number_is_the_one_that_is_defined():
    layer = nn.Conv2d(1, 2, 3, padding=1, dtype="float64", rng=RNG)
    x = np.random.default_rng(7).standard_normal((3, 1, 6, 5))
    a = layer(mt.tensor(np.roll(x, (1, -2), (2, 3)))).detach().numpy()
    b = np.roll(layer(mt.tensor(x)).detach().numpy(), (1, -2), (2, 3))
    expected = np.linalg.norm(a - b) / np.sqrt((np.sum(a**2) + np.sum(b**2)) / 2)
    rng = np.random.default_rng(7)
    found = mt.equivariance_error(layer, (1, -2), (1, 6, 5), pictures=3, rng=rng)
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_interior_is_what_no_border_touches():
    """Of 3x3 windows on 6x6 pixels shifted by one, the outputs from (2, 2) to (4, 4)."""
    layer = nn.Conv2d(1, 1, 3, padding=1, dtype="float64", rng=RNG)

    def spoiled(m, args, y):  # outside the interior anything may stand
        keep = np.zeros((6, 6))
        keep[1:5, 1:5] = 1
        return y * mt.tensor(keep) + (1 - mt.tensor(keep)) * mt.randn(6, 6, dtype="float64")

    with layer.register_forward_hook(spoiled):
        assert mt.equivariance_error(layer, 1, (1, 6, 6), border="interior") < 1e-12
        assert mt.equivariance_error(layer, 1, (1, 6, 6)) > 0.5


def test_where_a_half_step_is_asked_for_the_better_neighbour_counts():
    """Subsampling by two: a shift of three moves by one position or by two."""
    layer = nn.Conv1d(1, 1, 1, stride=2, bias=False, dtype="float64", rng=RNG)
    x = np.random.default_rng(0).standard_normal((4, 1, 8))

    def error(steps):
        a, b = np.roll(x, 3, 2)[..., ::2], np.roll(x[..., ::2], steps, 2)
        return np.linalg.norm(a - b) / np.sqrt((np.sum(a**2) + np.sum(b**2)) / 2)

    found = mt.equivariance_error(layer, 3, (1, 8))
    assert found == pytest.approx(min(error(1), error(2)))


def test_whole_models_and_invariance():
    """Scores have no positions: a dense head is not invariant, a mean over positions is."""
    lenet = models.lenet()
    assert mt.equivariance_error(lenet, 3, (1, 28, 28)) > 0.01
    body = nn.Sequential(circular(1, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert mt.equivariance_error(body.append(nn.Dense(4, 3)), 3, (1, 9, 9)) < ZERO


def test_flat_outputs_that_stand_for_pictures():
    """A dense layer with the matrix of a circular convolution is as equivariant as that."""
    conv = circular(1, 2, 3, padding=1)
    dense = conv.as_dense((1, 6, 6))
    assert mt.equivariance_error(dense, (2, 1), (1, 6, 6), output_shape=(2, 6, 6)) < ZERO
    structured = nn.StructuredDense(conv.connectivity((1, 6, 6)), bias=False)
    assert mt.equivariance_error(structured, 1, (1, 6, 6), output_shape=(2, 6, 6)) < ZERO


def test_jumps_that_are_given():
    class Half(nn.Module):
        def forward(self, x):
            return mt.flip(x, axis=2)[:, :, ::2]

    assert mt.equivariance_error(Half(), (-2, 1), (1, 8, 8), jump=(2, 1)) > 0.5
    with pytest.raises(ValueError, match="jump"):
        mt.equivariance_error(Half(), 2, (1, 7, 8))


def test_nothing_is_disturbed():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    before = {name: x.detach().numpy().copy() for name, x in net.state_dict().items()}
    drawn = mt.random.default_rng().bit_generator.state
    first = mt.equivariance_error(net, 1, (1, 8, 8))
    assert mt.equivariance_error(net, 1, (1, 8, 8)) == first
    assert net.training
    assert mt.random.default_rng().bit_generator.state == drawn
    for name, array in before.items():
        np.testing.assert_array_equal(net.state_dict()[name].detach().numpy(), array)
    assert all(p.grad is None for p in net.parameters())


def test_half_precision_does_not_overflow():
    layer = nn.Sequential(nn.ReLU(), nn.PReLU(dtype="float16"))
    assert mt.equivariance_error(layer, 1, (1, 300, 300)) < ZERO


def test_an_output_of_zeros_has_no_error():
    class Nothing(nn.Module):
        def forward(self, x):
            return x * 0

    assert mt.equivariance_error(Nothing(), 1, (1, 3, 3)) == 0.0


CONV = nn.Conv2d(1, 1, 3, padding=1)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mt.equivariance_error(F.relu, 1, (1, 4, 4)), TypeError, "expected a Module"),
        (lambda: mt.equivariance_error(CONV, 1, (4,)), ValueError, "no picture"),
        (lambda: mt.equivariance_error(CONV, (1, 2, 3), (1, 4, 4)), ValueError, "shift"),
        (lambda: mt.equivariance_error(CONV, 0.5, (1, 4, 4)), TypeError, "shift"),
        (lambda: mt.equivariance_error(CONV, 1, (1, 4, 4), border="x"), ValueError, "circular"),
        (lambda: mt.equivariance_error(CONV, 1, (2, 4, 4)), ValueError, "channels"),
        (lambda: mt.equivariance_error(CONV, 1, (1, 4, 4), pictures=0), ValueError, "pictures"),
        (lambda: mt.equivariance_error(CONV, 1, (1, 4, 4), rng=3), TypeError, "Generator"),
        (lambda: mt.equivariance_error(CONV, 1, (1, 4, 4), jump=0), ValueError, "positive"),
        (
            lambda: mt.equivariance_error(CONV, 2, (1, 4, 4), border="interior"),
            ValueError,
            "free of the border",
        ),
        (
            lambda: mt.equivariance_error(
                nn.Dense(16, 16), 1, (1, 4, 4), border="interior", output_shape=(1, 4, 4)
            ),
            ValueError,
            "not known",
        ),
        (
            lambda: mt.equivariance_error(nn.Dense(16, 9), 1, (1, 4, 4), output_shape=(2, 4)),
            ValueError,
            "entries",
        ),
        (
            lambda: mt.equivariance_error(nn.Dense(16, 8), 1, (1, 4, 4), output_shape=(2, 4)),
            ValueError,
            "axes of positions",
        ),
        (
            lambda: mt.equivariance_error(nn.MaxPool2d(2, return_indices=True), 1, (1, 4, 4)),
            TypeError,
            "tuple",
        ),
    ],
)
def test_mistakes(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_jump_is_a_number() -> None:
    with pytest.raises(TypeError, match="jump '2'; expected a positive number"):
        mt.equivariance_error(nn.Conv2d(1, 1, 3), 1, (1, 8, 8), jump="2")
