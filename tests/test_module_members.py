"""Module: registering and finding by name, plain tensors in the place of state, hooks, dtypes."""

import copy

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn

# --- registering --------------------------------------------------------------------------------


def test_registering_is_assigning():
    module = nn.Module()
    module.register_parameter("weight", nn.Parameter([1.0]))
    module.register_parameter("bias", None)
    module.register_buffer("count", mt.tensor([3]))
    module.register_buffer("scratch", mt.ones(2), persistent=False)
    module.register_buffer("later", None)
    module.add_module("0", nn.Dense(1, 1, bias=False))
    module.register_module("act", nn.ReLU())
    assert list(module.state_dict()) == ["weight", "count", "0.weight"]
    assert [name for name, _ in module.named_buffers()] == ["count", "scratch"]
    assert [name for name, _ in module.named_children()] == ["0", "act"]
    assert module.bias is None
    module.register_parameter("bias", nn.Parameter([2.0]))
    module.register_buffer("count", mt.tensor([4]))
    assert (module.bias.item(), module.count.item()) == (2.0, 4)


@pytest.mark.parametrize(
    ("register", "error", "words"),
    [
        (lambda m: m.register_buffer("a.b", mt.ones(1)), ValueError, r"'a\.b' is no name"),
        (lambda m: m.register_buffer("", mt.ones(1)), ValueError, "'' is no name"),
        (lambda m: m.register_buffer(3, mt.ones(1)), TypeError, "3 of a buffer is no str"),
        (lambda m: m.register_buffer("train", mt.ones(1)), ValueError, "'train' is taken"),
        (lambda m: m.register_buffer("weight", mt.ones(1)), ValueError, "'weight' is taken"),
        (lambda m: m.register_buffer("x", [1.0]), TypeError, r"'x' is a list.*mt\.tensor"),
        (lambda m: m.register_parameter("x", mt.ones(1)), TypeError, r"'x' is a Tensor.*nn\.P"),
        (lambda m: m.register_parameter("child", nn.Parameter([1.0])), ValueError, "taken"),
        (lambda m: m.add_module("x", nn.ReLU), TypeError, "'x' is the class ReLU"),
        (lambda m: m.add_module("weight", nn.ReLU()), ValueError, "'weight' is taken"),
    ],
)
def test_registering_refuses(register, error, words):
    module = nn.Module()
    module.weight = nn.Parameter([1.0])
    module.child = nn.ReLU()
    with pytest.raises(error, match=words):
        register(module)
    assert list(module.state_dict()) == ["weight"]


def test_a_plain_tensor_does_not_replace_a_parameter_unseen():
    layer = nn.Dense(2, 1)
    weight = layer.weight
    with pytest.raises(TypeError, match=r"Dense\.weight is a Parameter.*assign_"):
        layer.weight = mt.ones((1, 2))
    with pytest.raises(TypeError, match=r"Dense\.weight is a Parameter"):
        layer.weight = layer.weight * 2
    assert layer.weight is weight
    layer.weight = nn.Parameter(mt.ones((1, 2)))
    layer.bias = None
    assert list(layer.state_dict()) == ["weight"]


def test_a_plain_tensor_in_the_place_of_a_buffer_is_a_buffer():
    module = nn.Module()
    module.count = nn.Buffer([0.0])
    module.scratch = nn.Buffer([0.0], persistent=False)
    module.count = module.count + 1
    module.scratch = mt.ones(3)
    assert isinstance(module.count, nn.Buffer)
    assert {n: t.tolist() for n, t in module.state_dict().items()} == {"count": [1.0]}
    assert module.scratch.shape == (3,)
    with pytest.raises(TypeError, match=r"Module\.count is a Buffer.*detach"):
        module.count = mt.ones(1, requires_grad=True)


def test_a_buffer_may_be_none_for_a_while():
    module = nn.Module()
    module.register_buffer("cache", None)
    module.register_buffer("scratch", None, persistent=False)
    module.mean = nn.Buffer([1.0])
    module.mean = None
    assert list(module.state_dict()) == []
    module.scratch = module.mean = module.cache = mt.ones(1)
    assert [name for name, _ in module.named_buffers()] == ["cache", "scratch", "mean"]
    assert list(module.state_dict()) == ["cache", "mean"]


def test_a_missing_attribute_is_named():
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'wieght'"):
        _ = nn.Dense(1, 1).wieght


# --- finding ------------------------------------------------------------------------------------


def test_finding_by_dotted_name():
    net = nn.Sequential(nn.Dense(1, 2), nn.Sequential(nn.BatchNorm1d(2)))
    net.extra = [nn.ReLU()]
    assert net.get_submodule("") is net
    assert net.get_submodule("1.0") is net[1][0]
    assert net.get_submodule("extra.0") is net.extra[0]
    assert net.get_parameter("0.weight") is net[0].weight
    assert net.get_buffer("1.0.running_mean") is net[1][0].running_mean
    with pytest.raises(AttributeError, match=r"no module '0\.weight'; there are '', '0', '1'"):
        net.get_submodule("0.weight")
    with pytest.raises(AttributeError, match="no parameter 'x'"):
        net.get_parameter("x")
    with pytest.raises(AttributeError, match=r"no buffer '0\.weight'.*running_var"):
        net.get_buffer("0.weight")


def test_own_members_alone():
    net = nn.Sequential(nn.Dense(1, 1))
    net.scale = nn.Parameter([1.0])
    net.count = nn.Buffer([1.0])
    net.norm = nn.BatchNorm1d(1)
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert [name for name, _ in net.named_buffers(recurse=False)] == ["count"]
    assert len(list(net.parameters(False))) == 1
    assert len(list(net.buffers(False))) == 1
    names = [name for name, _ in net.named_parameters("net")]
    assert names[:3] == ["net.scale", "net.0.weight", "net.0.bias"]


# --- hooks --------------------------------------------------------------------------------------


def test_hooks_see_and_replace():
    layer, seen = nn.Dense(1, 1), []
    x = mt.ones((1, 1))
    plain = layer(x).item()
    handles = [
        layer.register_forward_pre_hook(lambda m, args: seen.append((m, args))),
        layer.register_forward_hook(lambda m, args, output: seen.append((m, args, output))),
        layer.register_forward_hook(lambda m, args, output: output * 10),
        layer.register_forward_hook(lambda m, args, output: output + 1, prepend=True),
    ]
    output = layer(x)
    assert [entry[0] for entry in seen] == [layer, layer]
    assert seen[0][1] == seen[1][1] == (x,)
    np.testing.assert_allclose(output.item(), 10 * (plain + 1), rtol=1e-6)
    for handle in handles:
        handle.remove()
        handle.remove()
    assert layer(x).item() == plain
    assert len(seen) == 2


def test_pre_hooks_change_arguments():
    class Scale(nn.Module):
        def forward(self, x, factor=1.0):
            return x * factor

    layer, x = Scale(), mt.ones(1)
    with layer.register_forward_pre_hook(lambda m, args: args[0] + 1):
        assert layer(x).item() == 2.0
    with layer.register_forward_pre_hook(lambda m, args: (args[0] + 1, 3.0)):
        assert layer(x).item() == 6.0
    double = lambda m, args, kwargs: (args, {"factor": 2 * kwargs["factor"]})  # noqa: E731
    with layer.register_forward_pre_hook(double, with_kwargs=True):
        assert layer(x, factor=4.0).item() == 8.0
    shown = []
    after = lambda m, args, kwargs, output: shown.append((kwargs, output.item()))  # noqa: E731
    with layer.register_forward_hook(after, with_kwargs=True):
        layer(x, factor=4.0)
    assert shown == [({"factor": 4.0}, 4.0)]
    with (
        layer.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True),
        pytest.raises(TypeError, match=r"pre-hook .* expected None or \(args, kwargs\)"),
    ):
        layer(x)
    with pytest.raises(TypeError, match="hook: expected a function, got a Tensor"):
        layer.register_forward_hook(x)


def test_hooks_are_of_one_module_and_no_part_of_the_tree():
    class Spy(nn.Module):
        def forward(self, module, args, output):
            return None

    net, calls = nn.Sequential(nn.ReLU(), nn.ReLU()), []
    net[1].register_forward_hook(Spy())
    net[1].register_forward_pre_hook(lambda m, args: calls.append(m))
    assert len(list(net.modules())) == 3
    assert copy.deepcopy(net)[1](mt.ones(1)) is not None
    assert len(calls) == 1


def test_errors_in_hooks_name_the_layer():
    net = nn.Sequential(nn.ReLU())

    def refuse(module, args):
        raise ValueError("not today")

    net[0].register_forward_pre_hook(refuse)
    with pytest.raises(ValueError, match=r"layer '0': not today"):
        net(mt.ones(1))


def test_gradients_flow_through_hooks():
    layer = nn.Identity()
    layer.register_forward_hook(lambda m, args, output: output**2)
    x = mt.tensor([3.0], requires_grad=True)
    layer(x).backward()
    assert x.grad.tolist() == [6.0]


# --- dtypes -------------------------------------------------------------------------------------


def test_dtypes_by_name():
    net = nn.Sequential(nn.Dense(2, 2), nn.BatchNorm1d(2))
    for method, dtype in (("double", mt.float64), ("half", mt.float16), ("float", mt.float32)):
        assert getattr(net, method)() is net
        assert {t.dtype for t in net.state_dict().values()} == {dtype, mt.int64}
