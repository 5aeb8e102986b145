"""Tied parameters in files, states and copies: written once, and tied again."""

import copy
import pickle

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from tied_nets import (
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

# --- files and states -----------------------------------------------------------------------------


def path_in(folder):
    return folder / "net.safetensors"


@tied_in_every_way
def test_it_is_written_once_with_its_other_name_and_tied_again(tie, tmp_path, backend):
    net = tied_net(tie)
    mt.save(net, path_in(tmp_path))
    with safe_open(path_in(tmp_path), framework="np") as file:
        assert sorted(file.keys()) == ["0.bias", "0.weight", "2.bias"]
        assert file.metadata() == {"2.weight": "0.weight"}
        assert file.get_tensor("0.weight").shape == (3, 3)  # PyTorch's layout: outputs x inputs
    state = mt.load(path_in(tmp_path))
    assert state["0.weight"] is state["2.weight"]
    other = apart(seed=5)
    old = optim.SGD(other.parameters(), lr=0.5)
    other.load_state_dict(state)
    assert [name for name, _ in other.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    equal(other(inputs()), net(inputs()))
    before = host(other[0].weight).copy()
    loss_of(other).backward()
    old.step()
    close(host(other[2].weight), before - 0.5 * host(other[0].weight.grad))


def test_a_file_as_pytorchs_save_model_writes_it(tmp_path):
    net = apart(seed=5)
    arrays = {name: host(x) for name, x in net.state_dict().items() if name != "2.weight"}
    save_file(arrays, path_in(tmp_path), metadata={"format": "pt", "2.weight": "0.weight"})
    net.load_state_dict(mt.load(path_in(tmp_path)))
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    equal(net[2].weight, net[0].weight)


@tied_in_every_way
@pytest.mark.parametrize("there", ["apart", *TIES])
def test_a_tied_state_fits_whatever_is_tied_already(tie, there):
    state = tied_net(tie).state_dict()
    other = apart(seed=5)
    TIES.get(there, lambda net: None)(other)
    assert other.load_state_dict(state) == ([], [])
    assert len(list(other.parameters())) == 3
    equal(other[2].weight, state["0.weight"])
    other[2].weight.assign_(np.zeros((3, 3)))
    assert host(other[0].weight).sum() == 0
    assert host(state["0.weight"]).any()


@tied_in_every_way
def test_a_state_with_two_values_is_refused_whole(tie):
    net, state = tied_net(tie), apart(seed=5).state_dict()
    before = {name: host(tensor).copy() for name, tensor in net.state_dict().items()}
    with pytest.raises(ValueError, match=r"(?s)0\.weight and 2\.weight are tied.*nn\.untie\(modu"):
        net.load_state_dict(state)
    for name, tensor in net.state_dict().items():
        np.testing.assert_array_equal(host(tensor), before[name])
    nn.untie(net).load_state_dict(state)
    for name, tensor in net.state_dict().items():
        equal(tensor, state[name])
    assert len(list(net.parameters())) == 4


@tied_in_every_way
def test_equal_values_under_tied_names_are_fine(tie, backend):
    net = tied_net(tie)
    weight = np.arange(9.0).reshape(3, 3)
    weight[1, 1] = np.nan
    values = {"0.weight": weight, "2.weight": weight.copy()}
    assert net.load_state_dict(values, strict=False)[0] == ["0.bias", "2.bias"]
    np.testing.assert_array_equal(host(net[2].weight), weight)
    net.load_state_dict({"2.weight": np.ones((3, 3))}, strict=False)
    assert host(net[0].weight).sum() == 9
    assert len(list(net.parameters())) == 3


def test_arrays_that_are_one_array_tie_nothing():
    net, array = apart(), np.ones((3, 3))
    net.load_state_dict({"0.weight": array, "2.weight": array}, strict=False)
    assert len(list(net.parameters())) == 4


def test_a_refused_state_ties_nothing():
    net, state = apart(seed=5), tied_net(assign).state_dict()
    state["0.bias"] = mt.ones(4)
    with pytest.raises(ValueError, match="wrong shape"):
        net.load_state_dict(state)
    assert len(list(net.parameters())) == 4


def test_only_parameters_of_one_dtype_are_tied_by_a_state():
    net, state = apart(), tied_net(assign).state_dict()
    net[2].to("float32")
    net.load_state_dict(state)
    assert len(list(net.parameters())) == 4
    np.testing.assert_allclose(host(net[2].weight), host(net[0].weight), rtol=1e-6)
    norms = nn.ModuleList([nn.BatchNorm1d(2), nn.BatchNorm1d(2)])
    shared = copy.deepcopy(norms)
    shared[1].running_mean = shared[0].running_mean
    norms.load_state_dict(shared.state_dict())
    assert len(list(norms.buffers())) == 6


def test_a_state_ties_three_names_where_two_were_tied():
    three, two = (nn.ParameterList([mt.ones(2) * i for i in range(3)]) for _ in "ab")
    nn.tie(three[0], three[1])
    nn.tie(three[0], three[2])
    nn.tie(two[1], two[2])
    two.load_state_dict(three.state_dict())
    assert len(list(two.parameters())) == 1


# --- copies ---------------------------------------------------------------------------------------

COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
}


@tied_in_every_way
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_copies_are_tied_among_themselves(tie, copied):
    net = tied_net(tie)
    loss_of(net).backward()
    twin = copied(net)
    assert [name for name, _ in twin.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    equal(twin[0].weight.grad, net[0].weight.grad)
    optim.SGD(twin.parameters(), lr=0.1).step()
    close(host(twin[2].weight), host(net[2].weight) - 0.1 * host(net[2].weight.grad))
    before = host(twin[0].weight).copy()
    net[2].weight.assign_(np.zeros((3, 3)))
    np.testing.assert_array_equal(host(twin[0].weight), before)
    twin.zero_grad()
    loss_of(twin).backward()
    assert twin[0].weight.grad is twin[2].weight.grad
    assert len(list(nn.untie(twin).parameters())) == 4
    assert len(list(net.parameters())) == 3


def test_a_copy_of_one_name_alone_is_tied_to_no_other():
    a, b = nn.Parameter([1.0]), nn.Parameter([2.0])
    nn.tie(a, b)
    for name in (a, b):
        for copied in (copy.copy, *COPIES.values()):
            twin = copied(name)
            twin.assign_([9.0])
            assert (a.item(), b.item(), twin.item()) == (1.0, 1.0, 9.0)
            assert twin.requires_grad


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copied_optimiser_steps_once(copied):
    a, b = nn.Parameter([1.0]), nn.Parameter([2.0])
    nn.tie(a, b)
    c, d, optimizer = copied([a, b, optim.SGD([a, b], lr=0.5)])
    (c * 3).sum().backward()
    optimizer.step()
    assert (c.item(), d.item(), a.item()) == (-0.5, -0.5, 1.0)
