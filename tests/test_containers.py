"""Containers: the protocols of lists and dicts, names as PyTorch's, text, and what is refused."""

import copy
import pickle
from collections import OrderedDict

import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn


def kinds(modules):
    return [type(module).__name__ for module in modules]


def named(container):
    return [(name, type(child).__name__) for name, child in container.named_children()]


LISTS = [nn.ModuleList, lambda modules: nn.Sequential(*modules)]


@pytest.fixture(params=LISTS, ids=["ModuleList", "Sequential"])
def make(request):
    return request.param


# --- lists of modules ---------------------------------------------------------------------------


def test_a_list_of_modules_is_read_like_a_list(make):
    a, b, c = nn.ReLU(), nn.Dense(2, 3), nn.Tanh()
    layers = make([a, b, c])
    assert len(layers) == 3
    assert list(layers) == [a, b, c]
    assert layers[0] is a
    assert layers[-1] is c
    assert b in layers
    assert nn.Tanh() not in layers
    assert list(reversed(layers)) == [c, b, a]
    assert list(layers[::2]) == [a, c]
    assert type(layers[1:]) is type(layers)
    assert [name for name, _ in layers.named_parameters()] == ["1.weight", "1.bias"]
    for index in (3, -4):
        with pytest.raises(IndexError, match=rf"index {index} for 3 entries"):
            layers[index]
    with pytest.raises(TypeError, match="'a' is no index"):
        layers["a"]


def test_a_list_of_modules_is_changed_like_a_list(make):
    layers = make([nn.ReLU()])
    assert layers.append(nn.Tanh()) is layers
    assert layers.extend([nn.Sigmoid(), nn.ELU()]) is layers
    assert named(layers) == [("0", "ReLU"), ("1", "Tanh"), ("2", "Sigmoid"), ("3", "ELU")]
    layers.insert(1, nn.GELU())
    assert kinds(layers) == ["ReLU", "GELU", "Tanh", "Sigmoid", "ELU"]
    layers.insert(-1, nn.SiLU())
    assert kinds(layers) == ["ReLU", "GELU", "Tanh", "Sigmoid", "SiLU", "ELU"]
    assert type(layers.pop(1)) is nn.GELU
    assert type(layers.pop()) is nn.ELU
    assert named(layers) == [("0", "ReLU"), ("1", "Tanh"), ("2", "Sigmoid"), ("3", "SiLU")]
    layers[1] = nn.Mish()
    layers[-1] = nn.Softsign()
    assert named(layers) == [("0", "ReLU"), ("1", "Mish"), ("2", "Sigmoid"), ("3", "Softsign")]
    del layers[0]
    assert named(layers) == [("0", "Mish"), ("1", "Sigmoid"), ("2", "Softsign")]
    del layers[1:]
    assert named(layers) == [("0", "Mish")]
    layers += [nn.ReLU()]
    assert kinds(layers + [nn.Tanh()]) == ["Mish", "ReLU", "Tanh"]  # noqa: RUF005
    assert kinds(layers) == ["Mish", "ReLU"]
    assert kinds(layers.pop(slice(0, 2))) == ["Mish", "ReLU"]
    assert len(layers) == 0


def test_state_of_a_list_in_a_module_is_named_as_pytorchs():
    class Net(nn.Module):
        def __init__(self):
            self.layers = nn.ModuleList([nn.Dense(2, 2), nn.Dense(2, 1)])
            self.scale = nn.Parameter([1.0])

    # What torch.nn gives for the same class.
    assert list(Net().state_dict()) == [
        "scale",
        "layers.0.weight",
        "layers.0.bias",
        "layers.1.weight",
        "layers.1.bias",
    ]
    net = Net()
    net.layers.append(nn.Dense(1, 1))
    assert list(net.state_dict())[-2:] == ["layers.2.weight", "layers.2.bias"]
    assert not net.eval().layers[2].training


def test_the_same_module_twice():
    shared = nn.Dense(2, 2)
    layers = nn.ModuleList([shared, shared])
    assert len(layers) == 2
    assert len(list(layers.parameters())) == 2
    assert len(list(layers.children())) == 1
    assert len(layers.state_dict()) == 4


def test_sequential_times():
    net = nn.Sequential(nn.Dense(2, 2), nn.ReLU())
    for longer in (net * 2, 2 * net):
        assert kinds(longer) == ["Dense", "ReLU"] * 2
        assert longer[2] is net[0]
    net *= 3
    assert len(net) == 6
    assert net(mt.ones((1, 2))).shape == (1, 2)
    with pytest.raises(ValueError, match="0 times"):
        net * 0


def test_sequential_keeps_names_in_slices_and_sets_by_index():
    net = nn.Sequential(OrderedDict(first=nn.ReLU(), second=nn.Tanh(), third=nn.ELU()))
    assert [name for name, _ in net[1:].named_children()] == ["second", "third"]
    net[1] = nn.Dense(2, 2)
    assert type(net.second) is nn.Dense
    del net[0]
    assert [name for name, _ in net.named_children()] == ["0", "1"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda m: m.append(nn.ReLU), TypeError, r"'1' is the class ReLU.*nn\.ReLU\(\)"),
        (lambda m: m.append(mt.ones(1)), TypeError, "'1' is a Tensor"),
        (lambda m: m.insert(0, 3), TypeError, "'0' is a int"),
        (lambda m: m.append(None), TypeError, r"'1' is a NoneType.*nn\.Identity"),
        (lambda m: m.extend(nn.ReLU()), TypeError, "expected several"),
        (lambda m: m.extend(3), TypeError, "expected several"),
        (lambda m: m.pop(4), IndexError, "index 4 for 1"),
        (lambda m: m.__delitem__(4), IndexError, "index 4 for 1"),
        (lambda m: m.__setitem__(4, nn.ReLU()), IndexError, "index 4 for 1"),
        (lambda m: m.__setitem__(0, "relu"), TypeError, "'0' is a str"),
    ],
)
def test_a_refused_change_changes_nothing(make, change, error, words):
    layers = make([nn.Tanh()])
    with pytest.raises(error, match=words):
        change(layers)
    assert named(layers) == [("0", "Tanh")]


def test_repr_of_a_list_puts_equal_neighbours_together():
    layers = nn.ModuleList([nn.Dense(2, 2), nn.Dense(2, 2), nn.Sequential(nn.ReLU()), nn.Tanh()])
    # As PyTorch writes it.
    assert repr(layers) == (
        "ModuleList(\n"
        "  (0-1): 2 x Dense(2, 2)\n"
        "  (2): Sequential(\n"
        "    (0): ReLU()\n"
        "  )\n"
        "  (3): Tanh()\n"
        ")"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"


# --- dicts of modules ---------------------------------------------------------------------------


def test_a_dict_of_modules():
    relu, dense = nn.ReLU(), nn.Dense(2, 1)
    heads = nn.ModuleDict({"act": relu})
    heads["last"] = dense
    assert list(heads) == ["act", "last"]
    assert list(heads.keys()) == ["act", "last"]
    assert list(heads.values()) == [relu, dense]
    assert dict(heads.items()) == {"act": relu, "last": dense}
    assert "act" in heads
    assert "training" not in heads.eval()
    assert heads.act is heads["act"] is relu
    assert list(heads.state_dict()) == ["last.weight", "last.bias"]
    heads.update([["more", nn.Tanh()], ["act", nn.ELU()]])
    assert named(heads) == [("act", "ELU"), ("last", "Dense"), ("more", "Tanh")]
    assert heads.pop("last") is dense
    assert heads.get("last") is None
    del heads["act"]
    assert len(heads) == 1
    heads.clear()
    assert len(heads) == 0
    assert repr(heads) == "ModuleDict()"
    assert isinstance(hash(heads), int)
    assert heads != nn.ModuleDict()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda d: d["x"], KeyError, "has no 'x'; there are 'a'"),
        (lambda d: d.pop("x"), KeyError, "'x'"),
        (lambda d: d.__delitem__("training"), KeyError, "'training'"),
        (lambda d: d.__setitem__("x", nn.ReLU), TypeError, "'x' is the class ReLU"),
        (lambda d: d.__setitem__("x.y", nn.ReLU()), ValueError, r"'x\.y'.*dot"),
        (lambda d: d.__setitem__("keys", nn.ReLU()), ValueError, "'keys' is taken"),
        (lambda d: d.__setitem__("training", nn.ReLU()), ValueError, "'training' is taken"),
        (lambda d: d.__setitem__(1, nn.ReLU()), TypeError, "name 1 .*str"),
    ],
)
def test_a_dict_of_modules_refuses(change, error, words):
    heads = nn.ModuleDict({"a": nn.Tanh()})
    with pytest.raises(error, match=words):
        change(heads)
    assert list(heads) == ["a"]


# --- parameters ---------------------------------------------------------------------------------


def test_a_list_of_parameters():
    own = nn.Parameter([2.0], requires_grad=False)
    weights = nn.ParameterList([mt.ones((2, 3)), own])
    weights.append(mt.zeros(1))
    assert all(isinstance(p, nn.Parameter) for p in weights)
    assert weights[1] is own
    assert own in weights
    assert weights[0].requires_grad
    assert [name for name, _ in weights.named_parameters()] == ["0", "1", "2"]
    assert [p.shape for p in weights[1:]] == [(1,), (1,)]
    weights[0] = nn.Parameter([5.0])
    assert weights[0].item() == 5.0
    assert weights.pop(0).item() == 5.0
    assert repr(weights) == (
        "ParameterList(\n"
        "  (0): Parameter containing: [float32 of size 1]\n"
        "  (1): Parameter containing: [float32 of size 1]\n"
        ")"
    )
    for wrong in (3.0, [1.0], None, nn.ReLU()):
        with pytest.raises(TypeError, match="ParameterList: '2' is a"):
            weights.append(wrong)
    with pytest.raises(TypeError, match="expected several"):
        weights.extend(mt.ones(3))


def test_a_dict_of_parameters():
    weights = nn.ParameterDict({"a": mt.ones(2)})
    weights["b"] = nn.Parameter([3.0])
    assert list(weights.state_dict()) == ["a", "b"]
    assert isinstance(weights.a, nn.Parameter)
    assert weights.setdefault("a") is weights["a"]
    twin = weights.copy()
    assert twin["a"] is weights["a"]
    both = weights | {"c": mt.zeros(1)}
    assert list(both) == ["a", "b", "c"]
    assert list(weights) == ["a", "b"]
    weights |= {"d": mt.zeros(1)}
    assert list(weights) == ["a", "b", "d"]
    assert weights.popitem()[0] == "a"
    with pytest.raises(TypeError, match="ParameterDict: 'x' is a float"):
        weights["x"] = 1.0


def test_parameters_of_lists_are_trained():
    weights = nn.ParameterList([mt.ones(2), mt.ones(2)])
    sum((p * p).sum() for p in weights).backward()
    mt.optim.SGD(weights.parameters(), lr=0.5).step()
    assert [p.tolist() for p in weights] == [[0.0, 0.0], [0.0, 0.0]]


def test_what_only_holds_cannot_be_called():
    for kind in (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict):
        with pytest.raises(TypeError, match=rf"{kind.__name__} holds things.*nn\.Sequential"):
            kind()(mt.ones(1))


# --- copies, and shapes -------------------------------------------------------------------------


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_containers_are_copied_and_pickled(again):
    net = nn.ModuleDict(
        {"layers": nn.ModuleList([nn.Dense(2, 2)]), "w": nn.ParameterDict({"a": mt.ones(1)})}
    )
    twin = again(net)
    assert {n: t.tolist() for n, t in twin.state_dict().items()} == {
        n: t.tolist() for n, t in net.state_dict().items()
    }
    assert twin["layers"][0].weight is not net["layers"][0].weight


@pytest.mark.parametrize(
    ("dim", "sizes", "shape"),
    [
        (1, (2, 3), (4, 2, 3)),
        (-1, (3, -1), (4, 3, 2)),
        (0, [2, 1, -1], (2, 1, 2, 6)),
        (1, (6,), (4, 6)),
    ],
)
def test_unflatten(dim, sizes, shape):
    x = mt.reshape(mt.arange(24), (4, 6))
    layer = nn.Unflatten(dim, sizes)
    assert layer(x).shape == shape
    assert layer(x).reshape(24).tolist() == list(range(24))
    assert repr(layer) == f"Unflatten(dim={dim}, unflattened_size={tuple(sizes)})"


@pytest.mark.parametrize("sizes", [(2, 2), (4, -1), (-1, -1), (0, -1), (-2, -3)])
def test_unflatten_refuses_sizes_that_do_not_fit(sizes):
    with pytest.raises(ValueError, match=r"Unflatten: axis 1 of shape \(4, 6\)"):
        nn.Unflatten(1, sizes)(mt.ones((4, 6)))


def test_unflatten_refuses_at_once_what_is_no_shape():
    with pytest.raises(TypeError, match="unflattened_size=3"):
        nn.Unflatten(1, 3)
    with pytest.raises(ValueError, match="empty"):
        nn.Unflatten(1, ())
    with pytest.raises(ValueError, match="axis 2"):
        nn.Unflatten(2, (1, 1))(mt.ones((4, 6)))
