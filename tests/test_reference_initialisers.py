"""Initial values: PyTorch's distributions, by default uniform within 1/sqrt(fan in).

`kaiming_uniform_(a=sqrt(5))`, PyTorch's default for weights, has the bound
sqrt(6 / ((1 + 5) fan_in)) = 1 / sqrt(fan_in), and biases share it. Fan in counts the links into one
output: inputs / groups x kernel area.
"""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn

LAYERS = [
    pytest.param(lambda: nn.Linear(7, 3000), 7, id="Linear"),
    pytest.param(lambda: nn.Conv2d(3, 3000, 3), 27, id="Conv2d"),
    pytest.param(lambda: nn.Conv2d(6, 3000, (3, 2), groups=2), 18, id="Conv2d-groups"),
    pytest.param(lambda: nn.Conv2d(1000, 3000, 2, groups=1000), 4, id="Conv2d-depthwise"),
    # Of a transposed one, fan in counts as for the convolution that it is the transpose of.
    pytest.param(lambda: nn.ConvTranspose2d(3, 3000, 2), 12000, id="ConvTranspose2d"),
    pytest.param(
        lambda: nn.ConvTranspose1d(1500, 3000, 2, groups=1500), 4, id="ConvTranspose1d-depthwise"
    ),
]


# A weight of 60 x 50 kernels of 3 x 2: fan in 300, fan out 360. The arguments, and the standard
# deviation that PyTorch's documentation gives for them: gain / sqrt(fan) for Kaiming, and
# gain sqrt(2 / (fan in + fan out)) for Xavier.
INITIALISERS: list[tuple[str, dict[str, Any], float]] = [
    ("xavier_uniform_", {}, math.sqrt(2 / 660)),
    ("xavier_uniform_", {"gain": 0.5}, 0.5 * math.sqrt(2 / 660)),
    ("xavier_normal_", {}, math.sqrt(2 / 660)),
    ("kaiming_uniform_", {}, math.sqrt(2 / 300)),
    ("kaiming_uniform_", {"a": math.sqrt(5)}, math.sqrt(1 / 3 / 300)),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2 / 360)),
    ("kaiming_uniform_", {"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(300)),
    ("kaiming_normal_", {}, math.sqrt(2 / 300)),
    ("kaiming_normal_", {"a": 0.2, "mode": "fan_out"}, math.sqrt(2 / 1.04 / 360)),
    ("kaiming_normal_", {"nonlinearity": "linear"}, math.sqrt(1 / 300)),
]


def distance(positions: Any) -> float:
    """The Kolmogorov-Smirnov distance of numbers in [0, 1] from the uniform distribution."""
    steps = np.arange(positions.size + 1) / positions.size
    ranked = np.sort(positions, axis=None)
    return float(max(np.max(steps[1:] - ranked), np.max(ranked - steps[:-1])))


def distance_from_uniform(values: Any, bound: float) -> float:
    return distance((values / bound + 1.0) / 2.0)


def distance_from_normal(values: Any, deviation: float) -> float:
    return distance(np.vectorize(NormalDist(0.0, deviation).cdf)(values))


@pytest.mark.parametrize(("build", "fan_in"), LAYERS)
def test_weights_and_biases_are_uniform(build: Callable[[], Any], fan_in: int) -> None:
    mt.seed(0)
    bound = 1.0 / np.sqrt(fan_in)
    for key, parameter in build().named_parameters():
        values = parameter.detach().numpy()
        assert values.dtype == np.float32, key
        assert values.size >= 3000
        assert np.abs(values).max() <= np.float32(bound), key
        # 1.95 / sqrt(n) is exceeded by one uniform sample in a thousand.
        assert distance_from_uniform(values, bound) < 1.95 / np.sqrt(values.size), key


@pytest.mark.parametrize(("name", "options", "deviation"), INITIALISERS)
def test_initialisers_follow_their_distribution(
    name: str, options: dict[str, Any], deviation: float
) -> None:
    mt.seed(0)
    weight = mt.tensor(np.zeros((60, 50, 3, 2)))
    values = getattr(nn.init, name)(weight, **options).numpy()
    if "uniform" in name:
        found = distance_from_uniform(values, math.sqrt(3) * deviation)
    else:
        found = distance_from_normal(values, deviation)
    assert found < 1.95 / np.sqrt(values.size)


def test_the_distances_tell_distributions_apart() -> None:
    rng = np.random.default_rng(0)
    limit = 1.95 / np.sqrt(18_000)
    uniform, normal = rng.uniform(-1, 1, 18_000), rng.normal(0, math.sqrt(1 / 3), 18_000)
    assert distance_from_uniform(uniform, 1.0) < limit
    assert distance_from_uniform(uniform, 1.1) > limit
    assert distance_from_uniform(normal, 1.0) > limit
    assert distance_from_normal(normal, math.sqrt(1 / 3)) < limit
    assert distance_from_normal(normal, 1.1 * math.sqrt(1 / 3)) > limit
    assert distance_from_normal(uniform, math.sqrt(1 / 3)) > limit


def test_layers_draw_different_values() -> None:
    mt.seed(0)
    first, second = nn.Linear(20, 20), nn.Linear(20, 20)
    assert not np.any(first.weight.detach().numpy() == second.weight.detach().numpy())
    assert not np.any(first.weight.detach().numpy()[0] == first.bias.detach().numpy())


@pytest.mark.parametrize("layer", ["BatchNorm1d", "BatchNorm2d"])
def test_batch_norm_starts_as_the_identity(layer: str) -> None:
    state = {key: value.numpy() for key, value in getattr(nn, layer)(3).state_dict().items()}
    expected = {
        "weight": np.ones(3, np.float32),
        "bias": np.zeros(3, np.float32),
        "running_mean": np.zeros(3, np.float32),
        "running_var": np.ones(3, np.float32),
        "num_batches_tracked": np.array(0, np.int64),
    }
    assert list(state) == list(expected)
    for key, values in expected.items():
        np.testing.assert_array_equal(state[key], values, strict=True)


@pytest.mark.parametrize("size", [0, 1, 65536, 200_000])
def test_default_numbers_are_those_of_the_generator(size: int) -> None:
    """... also where they are drawn piece by piece, and so is what is drawn after them."""
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    found = nn.init.default_uniform((size,), 7, rng)
    bound = 1 / math.sqrt(7)
    np.testing.assert_array_equal(found, other.uniform(-bound, bound, size).astype(np.float32))
    assert rng.random() == other.random()
