"""Small nets with two layers that share their weight, tied in every way there is."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn


def host(tensor):
    return tensor.detach().to("numpy").numpy()


def equal(a, b):
    np.testing.assert_array_equal(host(a), host(b))


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


def assign(net):
    net[2].weight = net[0].weight


TIES = {
    "assigned": assign,
    "tied": lambda net: nn.tie(net[0].weight, net[2].weight),
    "tied to the later": lambda net: nn.tie(net[2].weight, net[0].weight),
    "tied by aliases": lambda net: tie_in_a_row(net[0].weight, net[2].weight),
}
tied_in_every_way = pytest.mark.parametrize("tie", TIES.values(), ids=TIES)


def tie_in_a_row(a, b):
    """Both are aliases of a third parameter in the end."""
    first = nn.Parameter(a.detach(), dtype=a.dtype)
    nn.tie(a, b)
    nn.tie(first, a)


def apart(seed=0, dtype="float64"):
    rng = np.random.default_rng(seed)
    layers = [nn.Dense(3, 3, rng=rng), nn.Tanh(), nn.Dense(3, 3, rng=rng)]
    return nn.Sequential(*layers).to(dtype)


def tied_net(tie, **options):
    net = apart(**options)
    tie(net)
    return net


def inputs(seed=1):
    return mt.tensor(np.random.default_rng(seed).normal(size=(4, 3)))


def loss_of(net):
    return (net(inputs()) ** 2).sum()


NAMES = ["0.weight", "0.bias", "2.weight", "2.bias"]
