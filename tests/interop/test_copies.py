"""Copies, deep copies and pickles of tensors, modules and optimisers."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
DEEP = {
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda x, n=n: pickle.loads(pickle.dumps(x, n)) for n in PROTOCOLS},
}


@pytest.fixture(params=DEEP)
def copied(request):
    return DEEP[request.param]


@pytest.mark.parametrize("data", [[1.5, 2.5], 3, True, [[1, 2]], []], ids=str)
def test_tensors(copied, data, backend):
    x = mt.tensor(data)
    y = copied(x)
    assert (type(y), y.tolist(), y.dtype) == (mt.Tensor, x.tolist(), x.dtype)
    assert (y.backend, y.shape, y.requires_grad) == (backend, x.shape, False)
    if backend == "numpy":
        assert not np.shares_memory(x.data, y.data)
        assert not y.data.flags.writeable


def test_leaves_with_their_gradient(copied, backend):
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    (x**2).sum().backward(create_graph=True)  # the gradient's own history stays behind
    y = copied(x)
    assert y.requires_grad
    assert y.is_leaf
    assert (y.grad.tolist(), y.grad.requires_grad) == ([2.0, 4.0], False)
    (y * 3).sum().backward()
    assert y.grad.tolist() == [5.0, 7.0]
    assert x.grad.tolist() == [2.0, 4.0]


def test_computed_tensors_are_refused(copied, backend):
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"(deepcopy|pickle): .*computed.*\.detach\(\)"):
        copied(x * 2)
    assert copied((x * 2).detach()).tolist() == [2.0, 4.0]


class Named(nn.Parameter):
    """A subclass with attributes of its own."""


class Labelled(nn.Buffer):
    __slots__ = ("label",)


def test_parameters_buffers_and_subclasses(copied, backend):
    frozen = copied(nn.Parameter([1.0], requires_grad=False))
    assert (type(frozen), frozen.requires_grad) == (nn.Parameter, False)
    assert copied(nn.Parameter([1.0])).requires_grad
    assert copied(nn.Buffer([1.0], persistent=False)).persistent is False
    named = Named([1.0])
    named.names = ["a"]
    twin = copied(named)
    assert (type(twin), twin.names) == (Named, ["a"])
    assert twin.names is not named.names
    labelled = Labelled([1.0], persistent=False)
    labelled.label = "b"
    twin = copied(labelled)
    assert (type(twin), twin.label, twin.persistent) == (Labelled, "b", False)


def make_net():
    net = nn.Sequential(
        nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Sequential(nn.Linear(3, 3)), nn.Linear(3, 3)
    )
    net[3].weight = net[2][0].weight
    net[0].bias.requires_grad_(False)
    net(mt.arange(8).reshape(4, 2).float()).sum().backward()
    return net


def test_modules_keep_ties_modes_and_state(copied, backend):
    net = make_net().eval()
    twin = copied(net)
    assert twin[3].weight is twin[2][0].weight
    assert twin[3].weight is not net[3].weight
    assert len(list(twin.parameters())) == len(list(net.parameters()))
    assert [p.requires_grad for p in twin.parameters()] == [
        p.requires_grad for p in net.parameters()
    ]
    assert not any(m.training for m in twin.modules())
    assert twin[3].weight.grad.tolist() == net[3].weight.grad.tolist()
    x = mt.ones((2, 2))
    assert twin(x).tolist() == net(x).tolist()
    for parameter in twin.parameters():
        parameter.assign_(np.zeros(parameter.shape))
    assert any(np.any(p.detach().numpy()) for p in net.parameters())


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: optim.Adam(p, lr=0.1),
        lambda p: optim.RMSprop(p, lr=0.1, centered=True),
    ],
    ids=["SGD", "Adam", "RMSprop"],
)
def test_training_goes_on_in_a_copy(copied, make, backend):
    net = make_net()
    optimizer = make(net.parameters())
    optimizer.step()
    pairs = (net, optimizer), copied((net, optimizer))
    for model, stepper in pairs:
        stepper.zero_grad()
        model(mt.ones((3, 2)) * mt.tensor([[1.0], [2.0], [4.0]])).square().sum().backward()
        stepper.step()
    first, second = (model.state_dict() for model, _ in pairs)
    assert {name: t.tolist() for name, t in first.items()} == {
        name: t.tolist() for name, t in second.items()
    }


def test_shallow_copies_have_the_history(backend):
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = copy.copy(x * 2)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    twin = copy.copy(x)
    assert twin.is_leaf
    assert twin.requires_grad
    assert twin.grad.tolist() == [2.0, 2.0]
    twin.assign_([7.0, 7.0])
    (twin * 5).sum().backward()
    assert (x.tolist(), x.grad.tolist()) == ([1.0, 2.0], [2.0, 2.0])
    assert copy.copy(nn.Buffer([1.0], persistent=False)).persistent is False


def test_another_process_reads_a_pickle(tmp_path, backend):
    """Without importing anything itself, as a worker that was spawned does."""
    path = tmp_path / "net.pickle"
    path.write_bytes(pickle.dumps([make_net().eval(), mt.ones((1, 2))]))
    code = (
        f"import pickle\nnet, x = pickle.load(open({str(path)!r}, 'rb'))\n"
        "print(x.backend, net(x).tolist(), net[3].weight is net[2][0].weight)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    net, x = pickle.loads(path.read_bytes())
    assert done.stdout.strip() == f"{backend} {net(x).tolist()} True", done.stderr
