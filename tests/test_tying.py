"""Tied parameters: one parameter everywhere, however it was tied, and several again afterwards.

How they are stepped and clipped, saved and copied is tested in the two files beside.
"""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F
from minitorch_cnn.nn.utils import parametrizations, parametrize
from tied_nets import (
    NAMES,
    TIES,
    apart,
    assign,
    close,
    equal,
    host,
    inputs,
    loss_of,
    tied_in_every_way,
    tied_net,
)

# --- found once, with every name ------------------------------------------------------------------


@tied_in_every_way
def test_a_tied_parameter_is_one_with_two_names(tie, backend):
    net = tied_net(tie)
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    everything = dict(net.named_parameters(remove_duplicate=False))
    assert list(everything) == NAMES
    assert everything["0.weight"] is everything["2.weight"]
    assert net.get_parameter("0.weight") is net.get_parameter("2.weight")
    assert sum(p.size for p in net.parameters()) == 9 + 3 + 3
    state = net.state_dict("net.")
    assert list(state) == [f"net.{name}" for name in NAMES]
    assert state["net.0.weight"] is state["net.2.weight"]
    equal(net[0].weight, net[2].weight)
    assert all(isinstance(p, nn.Parameter) for p in (net[0].weight, net[2].weight))
    assert repr(net[0].weight) == repr(net[2].weight)


def test_the_first_argument_keeps_its_value_and_settings():
    a, b = nn.Parameter([1.0, 2.0], requires_grad=False), nn.Parameter([3.0, 4.0])
    b.grad = mt.tensor([5.0, 5.0])
    assert nn.tie(a, b) is None
    assert b.tolist() == a.tolist() == [1.0, 2.0]
    assert (b.requires_grad, b.grad, b.is_leaf) == (False, None, True)
    assert type(b).__name__ == "Parameter"


def test_ties_in_a_row_or_a_ring_are_one_tie():
    a, b, c, d = (nn.Parameter([float(i)]) for i in range(4))
    nn.tie(a, a)
    assert type(a) is nn.Parameter
    nn.tie(b, c)
    nn.tie(a, b)
    nn.tie(c, d)
    nn.tie(d, a)
    nn.tie(b, a)
    assert [p.item() for p in (a, b, c, d)] == [0.0] * 4
    d.assign_([7.0])
    assert [p.item() for p in (a, b, c, d)] == [7.0] * 4
    module = nn.ParameterList([c, d, b, a])
    assert [p is a for p in module.parameters()] == [True]


@pytest.mark.parametrize("order", [0, 1])
def test_modules_are_tied_by_name_without_their_buffers(order):
    a, b = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    a.weight.assign_([2.0, 3.0])
    a.running_mean.assign_([1.0, 1.0])
    nn.tie(a, b)
    nn.tie(*((a, b) if order else (b, a)))  # again, either way round: nothing more happens
    assert b.weight.tolist() == [2.0, 3.0]
    assert b.running_mean.tolist() == [0.0, 0.0]
    both = nn.ModuleList([a, b])
    assert [name for name, _ in both.named_parameters()] == ["0.weight", "0.bias"]
    assert len(list(both.buffers())) == 6


def test_parameters_in_lists_dicts_and_tuples():
    net = nn.Module()
    net.parts = [nn.Parameter([1.0]), {"deep": (nn.Parameter([2.0]),)}]
    nn.tie(net.parts[0], net.parts[1]["deep"][0])
    assert list(net.state_dict()) == ["parts.0", "parts.1.deep.0"]
    assert len(list(net.parameters())) == 1


class Scaled(nn.Parameter):
    """A parameter with attributes of its own."""

    def __init__(self, data, scale):
        super().__init__(data)
        self.scale = scale

    def scaled(self):
        return self * self.scale


def test_classes_of_their_own_keep_their_attributes():
    a, b = nn.Parameter([1.0]), Scaled([2.0], 3.0)
    nn.tie(a, b)
    assert isinstance(b, Scaled)
    assert b.scaled().item() == 3.0
    for again in (copy.deepcopy([a, b]), pickle.loads(pickle.dumps([a, b]))):
        again[0].assign_([5.0])
        assert again[1].scaled().item() == 15.0
    nn.untie(b)
    assert type(b) is Scaled
    a, b = Scaled([2.0], 3.0), nn.Parameter([1.0])
    nn.tie(a, b)
    assert not hasattr(b, "scale")
    assert copy.copy(b).item() == 2.0


# --- gradients ------------------------------------------------------------------------------------


@tied_in_every_way
def test_the_gradient_is_the_sum_over_the_uses(tie, backend):
    net = tied_net(tie)
    loss_of(net).backward()
    two = apart()
    two.load_state_dict(net.state_dict())
    nn.untie(two)
    loss_of(two).backward()
    close(host(net[0].weight.grad), host(two[0].weight.grad) + host(two[2].weight.grad))
    assert net[0].weight.grad is net[2].weight.grad
    for name in (0, 2):
        (found,) = mt.grad(loss_of(net), net[name].weight)
        close(host(found), host(net[0].weight.grad))
    first, second = mt.grad(loss_of(net), [net[0].weight, net[2].weight])
    close(host(first), host(second))


@tied_in_every_way
def test_second_derivatives_agree_with_one_tensor(tie, backend):
    net = tied_net(tie)
    weight, biases = net[0].weight, [net[0].bias, net[2].bias]

    def by_hand(w):
        return ((mt.tanh(inputs() @ w.mT + biases[0]) @ w.mT + biases[1]) ** 2).sum()

    (g,) = mt.grad(loss_of(net), net[2].weight, create_graph=True)
    (gg,) = mt.grad((g**2).sum(), weight)
    w = mt.tensor(host(weight), requires_grad=True)
    (h,) = mt.grad(by_hand(w), w, create_graph=True)
    close(host(gg), host(mt.grad((h**2).sum(), w)[0]), 1e-10)


@tied_in_every_way
def test_gradients_add_up_over_passes_and_are_forgotten(tie):
    net = tied_net(tie)
    loss_of(net).backward()
    once = host(net[0].weight.grad).copy()
    loss_of(net).backward()
    close(host(net[2].weight.grad), 2 * once)
    net.zero_grad()
    assert net[0].weight.grad is None
    assert net[2].weight.grad is None
    net[2].weight.grad = mt.ones((3, 3), dtype="float64")
    assert net[0].weight.grad is net[2].weight.grad


@tied_in_every_way
def test_a_gradient_hook_on_either_name_sees_the_sum_once(tie):
    net = tied_net(tie)
    plain = mt.grad(loss_of(net), net[0].weight)[0]
    for name in (0, 2):
        seen = []
        with net[name].weight.register_hook(lambda g, seen=seen: seen.append(g) or g * 2):
            (found,) = mt.grad(loss_of(net), net[0].weight)
        assert len(seen) == 1
        close(host(seen[0]), host(plain))
        close(host(found), 2 * host(plain))


@tied_in_every_way
def test_one_receipt_for_all_uses(tie):
    net = tied_net(tie)
    receipt = mt.explain_grad(net[2].weight, (0, 1), loss_of(net))
    assert len(receipt) == 8  # four examples, two layers
    loss_of(net).backward()
    for name in (0, 2):
        receipt = mt.explain_grad(net[name].weight, (0, 1))
        assert len(receipt) == 8
        close(receipt.total, host(net[0].weight.grad)[0, 1])


def test_a_graph_from_before_the_tie_that_needs_the_old_entries_is_refused():
    a, b = nn.Parameter([2.0]), nn.Parameter([3.0])
    needs_entries, needs_none = a * b, a + 2 * b
    nn.tie(a, b)
    with pytest.raises(mt.GraphError, match="overwritten"):
        needs_entries.sum().backward()
    assert a.grad is None
    needs_none.sum().backward()
    assert a.grad.item() == 3.0


def test_a_graph_that_needs_the_entries_of_the_source_stays_good():
    a, b = nn.Parameter([2.0]), nn.Parameter([3.0])
    y = (a * a).sum()
    nn.tie(a, b)
    y.backward()
    assert b.grad.item() == 4.0


@tied_in_every_way
def test_overwriting_either_name_is_seen_by_graphs(tie):
    for name in (0, 2):
        net = tied_net(tie)
        loss = loss_of(net)
        net[name].weight.assign_(np.ones((3, 3)))
        with pytest.raises(mt.GraphError, match="overwritten"):
            loss.backward()


@tied_in_every_way
def test_checkpoints_give_the_same_gradients(tie):
    net = tied_net(tie)
    loss_of(net).backward()
    plain = host(net[0].weight.grad).copy()
    net.zero_grad()
    (mt.checkpoint(net, inputs()) ** 2).sum().backward()
    np.testing.assert_array_equal(host(net[0].weight.grad), plain)


def test_a_checkpointed_function_that_writes_to_both_names_runs_again_from_the_start():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    nn.tie(a, b)
    x = mt.tensor([2.0], requires_grad=True)

    def write(x):
        y = x * a.detach()
        a.assign_(a.detach() + 1)
        b.assign_(b.detach() + 1)
        return (y * b.detach()) ** 2

    y = mt.checkpoint(write, x)
    y.sum().backward()
    assert x.grad.item() == 2 * 2.0 * 9.0
    assert a.item() == b.item() == 3.0


# --- what is done to modules ----------------------------------------------------------------------


@tied_in_every_way
def test_moving_freezing_and_overwriting(tie):
    net = tied_net(tie, dtype="float32")
    loss_of_32 = (net(inputs().to("float32")) ** 2).sum()
    loss_of_32.backward()
    net.to("float64")
    assert net[0].weight.dtype == net[2].weight.dtype == net[0].weight.grad.dtype == mt.float64
    assert len(list(net.parameters())) == 3
    net.to("strict")
    assert net[0].weight.backend == net[2].weight.backend == "strict"
    net.to("numpy")
    net.requires_grad_(False)
    assert not net[0].weight.requires_grad
    assert not net[2].weight.requires_grad
    for name in (0, 2):
        assert net[name].weight.requires_grad_() is net[name].weight
        assert net[0].weight.requires_grad
        assert net[2].weight.requires_grad
        net[name].weight.requires_grad = False
        assert not net[2 - name].weight.requires_grad
        nn.init.constant_(net[name].weight, float(name + 1))
        assert host(net[2 - name].weight).tolist() == [[name + 1.0] * 3] * 3
    net.requires_grad_()
    net.zero_grad()
    loss_of(net).backward()
    assert net[2].weight.grad is not None


def test_moving_one_of_two_modules_moves_what_they_share():
    a, b = nn.Dense(2, 2), nn.Dense(2, 2)
    nn.tie(a.weight, b.weight)
    b.to("float64")
    assert (a.weight.dtype, a.bias.dtype) == (mt.float64, mt.float32)


def test_a_gradient_reaches_the_source_when_only_the_alias_is_left():
    b = nn.Parameter([2.0])
    nn.tie(nn.Parameter([5.0]), b)
    b.requires_grad_(False).requires_grad_()
    (b * b).sum().backward()
    assert b.grad.item() == 10.0


def test_apply_and_module_hooks_meet_every_layer():
    net, met = tied_net(TIES["tied"]), []
    net.apply(lambda module: met.append(module))
    assert len(met) == 4
    with net[2].register_forward_hook(lambda module, args, output: output * 0):
        assert not host(net(inputs())).any()
    net.apply(lambda m: m.weight.assign_(np.eye(3)) if isinstance(m, nn.Dense) else None)
    equal(net[0].weight, net[2].weight)


@tied_in_every_way
def test_functional_call_replaces_every_name(tie, backend):
    net, x = tied_net(tie), inputs()
    w = mt.tensor(np.eye(3) * 0.5, requires_grad=True)
    expected = mt.tanh(x @ w.mT + net[0].bias) @ w.mT + net[2].bias
    for name in ("0.weight", "2.weight"):
        found = mt.func.functional_call(net, {name: w}, (x,))
        close(host(found), host(expected))
        close(
            host(mt.grad(found.sum(), w)[0]), host(mt.grad(expected.sum(), w, retain_graph=True)[0])
        )
    found = mt.func.functional_call(net, {"2.weight": w}, (x,), tie_weights=False)
    close(host(found), host(net[1](net[0](x)) @ w.mT + net[2].bias))
    found = mt.func.functional_call(net, {"0.weight": w}, (x,), tie_weights=False)
    close(host(found), host(F.linear(mt.tanh(x @ w.mT + net[0].bias), net[2].weight, net[2].bias)))
    own = {"0.weight": net[0].weight, "2.weight": net[2].weight}
    equal(mt.func.functional_call(net, own, (x,)), net(x))
    with pytest.raises(ValueError, match="one tied tensor"):
        mt.func.functional_call(net, {"0.weight": w, "2.weight": w + 0}, (x,))
    equal(net[0].weight, net[2].weight)
    gradients = mt.func.grad(lambda p: (mt.func.functional_call(net, p, (x,)) ** 2).sum())(
        dict(net.named_parameters())
    )
    loss_of(net).backward()
    close(host(gradients["0.weight"]), host(net[2].weight.grad))


class Doubled(nn.Module):
    def forward(self, x):
        return x * 2

    def right_inverse(self, x):
        return x / 2


@tied_in_every_way
@pytest.mark.parametrize("number", [0, 2])
def test_a_parametrised_side_shares_its_original(tie, number):
    net = tied_net(tie)
    layer = net[number]
    parametrize.register_parametrization(layer, "weight", Doubled())
    original = layer.parametrizations["weight"].original
    assert len(list(net.parameters())) == 3
    equal(original, net[2 - number].weight)
    equal(layer.weight, net[2 - number].weight * 2)
    loss_of(net).backward()
    two = nn.untie(copy.deepcopy(net))
    assert len(list(two.parameters())) == 4
    loss_of(two).backward()
    together = host(two[number].parametrizations["weight"].original.grad)
    close(host(original.grad), together + host(two[2 - number].weight.grad))
    other = nn.Sequential(*(copy.deepcopy(layer) for layer in two))
    other.load_state_dict(net.state_dict())
    assert len(list(other.parameters())) == 3
    parametrize.remove_parametrizations(layer, "weight")
    equal(net[0].weight, net[2].weight)
    assert len(list(net.parameters())) == 3


@pytest.mark.parametrize(
    "norm",
    [parametrizations.weight_norm, parametrizations.spectral_norm],
    ids=["weight", "spectral"],
)
def test_parametrised_layers_are_tied_by_their_originals(norm):
    a, b = norm(nn.Dense(3, 3)), norm(nn.Dense(3, 3))
    nn.tie(a, b)
    both = nn.ModuleList([a, b])
    assert len(list(both.parameters())) == len(list(a.parameters()))
    if norm is parametrizations.weight_norm:
        equal(a.weight, b.weight)
    with pytest.raises(ValueError, match="names of the parameters differ"):
        nn.tie(nn.Dense(3, 3), a)
    with pytest.raises(TypeError, match="computed from others"):
        nn.tie(nn.Dense(3, 3).weight, a.weight)


def test_a_weight_normed_side_leaves_the_tie():
    net = tied_net(TIES["tied"])
    parametrizations.weight_norm(net[2])
    assert len(list(net.parameters())) == 5
    net[0].weight.assign_(np.zeros((3, 3)))
    assert host(net[2].weight).any()


def test_nothing_is_held_longer_than_needed():
    a, b, c = (nn.Parameter(np.ones(10)) for _ in range(3))
    array = weakref.ref(b.data)
    enabled = gc.isenabled()
    gc.disable()
    try:
        nn.tie(a, b)
        nn.tie(a, c)
        assert array() is None
        (a * b).sum().backward()
        gone = [weakref.ref(p) for p in (a, b, c)]
        del b
        assert gone[1]() is None
        nn.untie(a)
        c.assign_(np.zeros(10))
        assert a.tolist() == [1.0] * 10
        del a, c
        assert [found() for found in gone] == [None] * 3
    finally:
        if enabled:
            gc.enable()


# --- untie ----------------------------------------------------------------------------------------


@tied_in_every_way
def test_a_module_is_untied(tie, backend):
    net = tied_net(tie)
    net[0].weight.requires_grad_(False)
    value = host(net[0].weight).copy()
    assert nn.untie(net) is net
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert not net[0].weight.requires_grad
    assert not net[2].weight.requires_grad
    assert type(net[0].weight) is type(net[2].weight) is nn.Parameter
    for name in (0, 2):
        np.testing.assert_array_equal(host(net[name].weight), value)
    net[0].weight.assign_(np.zeros((3, 3)))
    np.testing.assert_array_equal(host(net[2].weight), value)
    nn.untie(net)
    state = net.state_dict()
    assert state["0.weight"] is not state["2.weight"]


@tied_in_every_way
def test_gradients_of_all_uses_go_with_the_tie(tie):
    net = tied_net(tie)
    loss_of(net).backward()
    nn.untie(net)
    assert net[0].weight.grad is None
    assert net[2].weight.grad is None
    assert net[0].bias.grad is not None


def test_the_first_name_keeps_an_assigned_parameter():
    net = tied_net(assign)
    weight = net[0].weight
    nn.untie(net)
    assert net[0].weight is weight
    assert net[2].weight is not weight


@pytest.mark.parametrize("leaving", range(3))
def test_one_leaves_and_the_others_stay_tied(leaving):
    names = [nn.Parameter([float(i)]) for i in range(3)]
    nn.tie(names[0], names[1])
    nn.tie(names[1], names[2])
    (2 * names[1]).sum().backward()
    one = names.pop(leaving)
    assert nn.untie(one) is one
    assert one.grad is None
    assert type(one) is nn.Parameter
    one.assign_([9.0])
    assert [p.item() for p in names] == [0.0, 0.0]
    names[1].assign_([5.0])
    assert (names[0].item(), one.item()) == (5.0, 9.0)
    assert len(list(nn.ParameterList(names).parameters())) == 1
    nn.tie(names[0], one)
    assert one.item() == 5.0


def test_what_is_not_tied_stays_as_it_is():
    net = apart()
    loss_of(net).backward()
    before = [(p, p.grad) for p in net.parameters()]
    nn.untie(net)
    nn.untie(net[0].weight)
    assert all(p is q and p.grad is g for p, (q, g) in zip(net.parameters(), before, strict=True))


def test_what_is_tied_to_something_outside_gets_its_own():
    a, b = nn.Dense(2, 2), nn.Dense(2, 2)
    for inner, outer in ((a, b), (b, a)):
        nn.tie(a, b)
        nn.untie(inner)
        inner.weight.assign_(np.zeros((2, 2)))
        assert host(outer.weight).any()
        assert len(list(nn.ModuleList([a, b]).parameters())) == 4
        inner.weight.assign_(np.ones((2, 2)))


def test_a_layer_in_two_places_stays_one_layer():
    layer = nn.Dense(2, 2)
    net = nn.Sequential(layer, nn.ReLU(), layer, nn.Dense(2, 2))
    nn.tie(net[0].weight, net[3].weight)
    nn.untie(net)
    assert net[0] is net[2]
    assert len(list(net.parameters())) == 4


def test_copies_are_put_into_lists_and_dicts_but_not_into_tuples():
    p, net = nn.Parameter([1.0]), nn.Module()
    net.parts = [p, {"again": p}]
    nn.untie(net)
    assert net.parts[0] is p
    assert net.parts[1]["again"] is not p
    net.pair = (p, p)
    net.parts[1]["again"] = p
    with pytest.raises(ValueError, match=r"untie: pair\.0 stands in a tuple"):
        nn.untie(net)
    assert net.parts[1]["again"] is p


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "error", "message"),
    [
        (nn.Parameter([1.0]), nn.Parameter([1.0, 2.0]), ValueError, r"\(1,\) of float32.*\(2,\)"),
        (nn.Parameter([1.0]), nn.Parameter([[1.0]]), ValueError, r"one shape"),
        (nn.Parameter([1.0]), nn.Parameter([1.0], dtype="float64"), ValueError, r"float64.*to\("),
        (nn.Parameter([1.0]), nn.Parameter([1.0], backend="strict"), ValueError, r"'strict'"),
        (nn.Parameter([1.0]), nn.Buffer([1.0]), TypeError, "b is a Buffer, which is not learned"),
        (mt.ones(2), nn.Parameter([1.0, 2.0]), TypeError, r"a is a Tensor \(make it learned"),
        (nn.Parameter([1.0]), nn.Parameter([1.0]) * 2, TypeError, "computed from others"),
        (nn.Parameter([1.0]), nn.Dense(1, 1), TypeError, "a is a Parameter, b is a Dense"),
        (nn.Parameter([1.0]), None, TypeError, "b is a NoneType"),
        (nn.Dense(2, 2), nn.Dense(2, 2, bias=False), ValueError, "has weight, bias; b, a Dense"),
        (nn.Dense(2, 2), nn.ReLU(), ValueError, "b, a ReLU, has none"),
        (nn.Dense(2, 3), nn.Dense(2, 2), ValueError, r"weight: \(3, 2\).*bias: \(3,\)"),
    ],
)
def test_what_cannot_be_tied(a, b, error, message):
    with pytest.raises(error, match=f"(?s)tie: .*{message}"):
        nn.tie(a, b)
    assert not isinstance(b, nn.Parameter) or type(b) is nn.Parameter


def test_a_module_is_not_tied_to_itself_or_to_a_part_of_it():
    net = nn.Sequential(nn.Sequential(nn.Dense(2, 2)), nn.Dense(2, 2))
    with pytest.raises(ValueError, match="the same Sequential"):
        nn.tie(net, net)
    with pytest.raises(ValueError, match=r"b is in a, as '0\.0'"):
        nn.tie(net, net[0][0])
    with pytest.raises(ValueError, match="a is in b, as '0'"):
        nn.tie(net[0], net)


def test_tying_modules_leaves_apart_what_is_apart_in_the_first():
    a, b = apart(), tied_net(TIES["tied"], seed=5)
    before = host(a[2].weight).copy()
    with pytest.raises(ValueError, match=r"2\.weight of b is tied already.*nn\.untie\(b\)"):
        nn.tie(a, b)
    assert len(list(nn.ModuleList([a, b]).parameters())) == 7
    nn.tie(a, nn.untie(b))
    np.testing.assert_array_equal(host(a[2].weight), before)
    crossed = apart()
    nn.tie(a[0].weight, crossed[2].weight)
    with pytest.raises(ValueError, match=r"2\.weight of b is tied already"):
        nn.tie(a, crossed)
    nn.tie(b, a)  # the other way round is what is there already
    tied = tied_net(TIES["tied"])
    nn.tie(tied, apart())
    assert len(list(tied.parameters())) == 3


@pytest.mark.parametrize("value", [None, mt.ones(2), nn.Buffer([1.0]), [nn.Dense(1, 1)]])
def test_what_cannot_be_untied(value):
    with pytest.raises(TypeError, match="untie: expected a parameter or a module"):
        nn.untie(value)
