"""Tied parameters are stepped, decayed and clipped once, whichever names are given."""

import numpy as np
import pytest

from minitorch_cnn import nn, optim
from tied_nets import TIES, apart, close, equal, host, loss_of, tied_in_every_way, tied_net

# --- optimisers -----------------------------------------------------------------------------------

LR, DECAY, EPS = 0.1, 0.01, 1e-8


def sgd_by_hand(w, g, state):
    g = g + DECAY * w
    state["m"] = g if "m" not in state else 0.9 * state["m"] + g
    return w - LR * state["m"]


def rmsprop_by_hand(w, g, state):
    g = g + DECAY * w
    state["v"] = 0.99 * state.get("v", 0.0) + 0.01 * g * g
    return w - LR * g / (np.sqrt(state["v"]) + EPS)


def moments_by_hand(w, g, state):
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    v = state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * g * g
    return w - LR * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + EPS)


def adam_by_hand(w, g, state):
    return moments_by_hand(w, g + DECAY * w, state)


def adamw_by_hand(w, g, state):
    return moments_by_hand(w * (1 - LR * DECAY), g, state)


OPTIMIZERS = {
    "SGD": (lambda p: optim.SGD(p, lr=LR, momentum=0.9, weight_decay=DECAY), sgd_by_hand),
    "Adam": (lambda p: optim.Adam(p, lr=LR, weight_decay=DECAY), adam_by_hand),
    "AdamW": (lambda p: optim.AdamW(p, lr=LR, weight_decay=DECAY), adamw_by_hand),
    "RMSprop": (lambda p: optim.RMSprop(p, lr=LR, weight_decay=DECAY), rmsprop_by_hand),
}
every_optimizer = pytest.mark.parametrize(
    ("make", "by_hand"), OPTIMIZERS.values(), ids=OPTIMIZERS.keys()
)


def steps_agree(net, optimizer, by_hand):
    """Three steps move the tied weight, and a bias, as computed by hand."""
    w, b, states = host(net[0].weight), host(net[2].bias), ({}, {})
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(net).backward()
        w = by_hand(w, host(net[2].weight.grad), states[0])
        b = by_hand(b, host(net[2].bias.grad), states[1])
        optimizer.step()
        close(host(net[0].weight), w)
        close(host(net[2].bias), b)
        equal(net[0].weight, net[2].weight)


@every_optimizer
@tied_in_every_way
def test_a_tied_parameter_is_stepped_once(tie, make, by_hand, backend):
    net = tied_net(tie)
    steps_agree(net, make(net.parameters()), by_hand)


@every_optimizer
@pytest.mark.parametrize("tie", [t for t in TIES if t != "assigned"])
@pytest.mark.parametrize("before", [True, False])
def test_both_names_given_to_an_optimiser_are_stepped_once(tie, before, make, by_hand):
    net = apart()
    optimizers = []
    if before:
        optimizers.append(
            make([p for layer in (net[0], net[2]) for p in (layer.weight, layer.bias)])
        )
    TIES[tie](net)
    if not before:
        optimizers.append(
            make([p for layer in (net[0], net[2]) for p in (layer.weight, layer.bias)])
        )
    steps_agree(net, optimizers[0], by_hand)
    state = optimizers[0].state_dict()
    assert sorted(state["state"]) == [0, 1, 3]  # kept once
    other = make([p for layer in (net[0], net[2]) for p in (layer.weight, layer.bias)])
    other.load_state_dict(state)
    assert len(other.state) == 3


@every_optimizer
def test_an_optimiser_that_has_moved_them_apart_goes_on_with_one(make, by_hand):
    a, b = nn.Parameter([1.0], dtype="float64"), nn.Parameter([-3.0], dtype="float64")
    optimizer, state, w = make([a, b]), {}, np.array([1.0])
    for step in range(4):
        if step == 2:
            nn.tie(a, b)
        optimizer.zero_grad()
        ((a - 0.5) ** 2 + (b - 0.5) ** 2 if step >= 2 else (a - 0.5) ** 2 + b).backward()
        w = by_hand(w, host(a.grad), state)
        optimizer.step()
        close(host(a), w)


def test_the_settings_of_the_first_group_that_names_it_count():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = optim.SGD([{"params": [b], "lr": 0.5}, {"params": [a], "lr": 10.0}])
    nn.tie(a, b)
    (3 * a).sum().backward()
    optimizer.step()
    assert a.item() == 1.0 - 0.5 * 3
    assert optimizer.zero_grad() is None
    assert b.grad is None


def test_an_optimiser_of_an_alias_alone_moves_the_parameter():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    nn.tie(a, b)
    optimizer = optim.SGD([b], lr=0.5, momentum=0.9)
    (3 * a).sum().backward()
    optimizer.step()
    assert a.item() == -0.5
    assert list(optimizer.state_dict()["state"]) == [0]


def test_optimisers_after_untie():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    nn.tie(a, b)
    knows_both, knows_one = optim.SGD([a, b], lr=0.5), optim.SGD([a], lr=0.5)
    nn.untie(b)
    (a + b).sum().backward()
    knows_one.step()
    assert (a.item(), b.item()) == (0.5, 1.0)
    knows_both.step()
    assert (a.item(), b.item()) == (0.0, 0.5)
    knows_one.add_param_group({"params": [b]})
    knows_one.step()
    assert (a.item(), b.item()) == (-0.5, 0.0)


# --- clipping -------------------------------------------------------------------------------------


@tied_in_every_way
def test_the_total_norm_counts_it_once(tie, backend):
    lists = (
        lambda net: net.parameters(),
        lambda net: [net[0].weight, net[0].bias, net[2].weight, net[2].bias],
    )
    for parameters in lists:
        net = tied_net(tie)
        loss_of(net).backward()
        before = [host(p.grad).copy() for p in (net[0].weight, net[0].bias, net[2].bias)]
        expected = np.sqrt(sum((g**2).sum() for g in before))
        total = nn.utils.clip_grad_norm_(parameters(net), expected / 4)
        close(total.item(), expected)
        close(host(net[2].weight.grad), before[0] / 4, 1e-6)
        nn.utils.clip_grad_value_(parameters(net), 0.01)
        close(host(net[0].weight.grad), np.clip(before[0] / 4, -0.01, 0.01), 1e-6)
