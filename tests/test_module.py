"""Module: the walk over parameters, modes, state, moving, text, and errors that name the layer."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim


def host(tensor):
    return tensor.detach().numpy()


class Block(nn.Module):
    """Something of every kind, in a known order."""

    def __init__(self):
        self.second_letter = nn.Parameter([1.0])
        self.count = nn.Buffer(0, dtype="int64")
        self.layers = [nn.Dense(1, 2), (nn.ReLU(), nn.Dense(2, 1, bias=False))]
        self.heads = {"a": nn.Dense(1, 1), "deep": {1: [nn.Parameter([2.0])]}}
        self.scratch = nn.Buffer([0.0], persistent=False)
        self.first_letter = nn.Parameter([3.0])
        self.nothing = None
        self.number = 5
        self.constant = mt.ones(2)

    def forward(self, x):
        return x * self.second_letter


NAMES = [  # PyTorch's order: a module's own parameters, then those of the modules below
    "second_letter",
    "heads.deep.1.0",
    "first_letter",
    "layers.0.weight",
    "layers.0.bias",
    "layers.1.1.weight",
    "heads.a.weight",
    "heads.a.bias",
]


# --- the walk -----------------------------------------------------------------------------------


def test_parameters_in_order_of_assignment():
    block = Block()
    assert [name for name, _ in block.named_parameters()] == NAMES
    assert [id(p) for p in block.parameters()] == [id(p) for _, p in block.named_parameters()]
    assert all(isinstance(p, nn.Parameter) for p in block.parameters())
    assert [name for name, _ in block.named_parameters("net")] == [f"net.{n}" for n in NAMES]


def test_buffers_and_modules():
    block = Block()
    assert [name for name, _ in block.named_buffers()] == ["count", "scratch"]
    assert [name for name, _ in block.named_modules()] == [
        "",
        "layers.0",
        "layers.1.0",
        "layers.1.1",
        "heads.a",
    ]
    assert [name for name, _ in block.named_children()] == [
        "layers.0",
        "layers.1.0",
        "layers.1.1",
        "heads.a",
    ]
    assert next(block.modules()) is block
    assert len(list(block.children())) == 4
    assert len(list(block.buffers())) == 2


def test_state_has_parameters_and_persistent_buffers_in_order():
    assert list(Block().state_dict()) == [*NAMES[:3], "count", *NAMES[3:]]
    assert next(iter(Block().state_dict("net."))).startswith("net")


def test_what_comes_later_is_seen():
    block = Block()
    block.layers.append(nn.Dense(3, 3))
    block.heads["late"] = nn.Parameter([0.0])
    block.extra = nn.BatchNorm1d(1)
    names = [name for name, _ in block.named_parameters()]
    assert "layers.2.weight" in names
    assert "heads.late" in names
    assert names[-2:] == ["extra.weight", "extra.bias"]
    del block.extra
    block.layers.pop()
    assert "layers.2.weight" not in block.state_dict()


def test_named_tuples_and_ordered_dicts_are_looked_into():
    Pair = namedtuple("Pair", "left right")
    module = nn.Module()
    module.pair = Pair(nn.Parameter([1.0]), nn.Parameter([2.0]))
    module.table = OrderedDict(z=nn.Parameter([3.0]), a=nn.Parameter([4.0]))
    assert list(module.state_dict()) == ["pair.0", "pair.1", "table.z", "table.a"]


def tied():
    net = nn.Sequential(nn.Dense(3, 3), nn.ReLU(), nn.Dense(3, 3))
    net[2].weight = net[0].weight
    return net


def test_a_shared_parameter_is_one_parameter_with_two_names():
    net = tied()
    assert [n for n, _ in net.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    assert [n for n, _ in net.named_parameters(remove_duplicate=False)] == [
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    ]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert sum(p.size for p in net.parameters()) == 9 + 3 + 3


def test_a_shared_parameter_sums_its_gradients_and_is_stepped_once():
    net = tied().to("float64")
    x = mt.tensor([[1.0, 2.0, 3.0]], dtype=mt.float64)
    hidden = net[0](x)
    (mt.grad((hidden * 2).sum(), net[0].weight, retain_graph=True)[0]).tolist()
    w = net[0].weight
    loss = net[2](net[1](net[0](x))).sum()
    (through_both,) = mt.grad(loss, w, retain_graph=True)
    first = mt.tensor(host(w), requires_grad=True)
    second = mt.tensor(host(w), requires_grad=True)
    h = (x @ first.T + net[0].bias).relu()
    apart = mt.grad((h @ second.T + net[2].bias).sum(), [first, second])
    np.testing.assert_allclose(host(through_both), host(apart[0]) + host(apart[1]), rtol=1e-12)
    before = host(w).copy()
    loss.backward()
    optim.SGD(net.parameters(), lr=0.5).step()
    np.testing.assert_allclose(host(w), before - 0.5 * host(through_both), rtol=1e-12)
    assert net[2].weight is net[0].weight


def test_a_shared_module_is_walked_once():
    shared = nn.Dense(2, 2)
    net = nn.Sequential(shared, nn.ReLU(), shared)
    assert len(list(net.modules())) == 3
    assert len(list(net.parameters())) == 2
    assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    calls = []
    net.apply(lambda module: calls.append(type(module).__name__))
    assert calls[-1] == "Sequential"


def test_ties_survive_loading():
    net, other = tied(), tied()
    net.load_state_dict(other.state_dict())
    assert net[2].weight is net[0].weight
    assert net[0].weight.tolist() == other[0].weight.tolist()


def test_a_module_that_contains_itself_is_refused():
    block = nn.Sequential(nn.Sequential(nn.ReLU()))
    block[0].parent = block
    for walk in (block.state_dict, block.train, lambda: list(block.parameters())):
        with pytest.raises(ValueError, match=r"'0\.parent' contains itself"):
            walk()


def test_apply_goes_from_below_to_the_top():
    names = []
    net = nn.Sequential(nn.Dense(1, 1), nn.Sequential(nn.ReLU()))
    assert net.apply(lambda m: names.append(type(m).__name__)) is net
    assert names == ["Dense", "ReLU", "Sequential", "Sequential"]


# --- modes --------------------------------------------------------------------------------------


def test_train_and_eval_reach_every_module():
    block = Block()
    assert block.training
    assert block.eval() is block
    assert not any(m.training for m in block.modules())
    block.layers[0].train()
    assert block.layers[0].training
    assert not block.training
    assert block.train() is block
    assert all(m.training for m in block.modules())
    block.train(False)
    assert not block.layers[1][0].training


def test_freezing():
    block = Block()
    assert block.requires_grad_(False) is block
    assert not any(p.requires_grad for p in block.parameters())
    assert not block(mt.ones(1)).requires_grad
    block.layers[0].requires_grad_()
    assert [p.requires_grad for p in block.parameters()].count(True) == 2


@pytest.mark.parametrize("to_none", [True, False])
def test_zero_grad(to_none):
    net = nn.Dense(2, 1)
    net(mt.ones((1, 2))).sum().backward()
    net.bias.grad = mt.tensor([float("nan")])
    net.zero_grad(set_to_none=to_none)
    grads = [p.grad for p in net.parameters()]
    assert [g if g is None else g.tolist() for g in grads] == (
        [None, None] if to_none else [[[0.0, 0.0]], [0.0]]
    )
    net.zero_grad()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad is None


# --- state --------------------------------------------------------------------------------------


LENET = {
    "0.weight": (6, 1, 5, 5),
    "0.bias": (6,),
    "3.weight": (16, 6, 5, 5),
    "3.bias": (16,),
    "4.weight": (16,),
    "4.bias": (16,),
    "4.running_mean": (16,),
    "4.running_var": (16,),
    "4.num_batches_tracked": (),
    "7.weight": (10, 400),
    "7.bias": (10,),
}


def test_names_shapes_and_order_are_pytorchs():
    # What torch.nn.Sequential of the same layers gives.
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.BatchNorm2d(16),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 10),
    )
    state = net.state_dict()
    assert {name: tensor.shape for name, tensor in state.items()} == LENET
    assert list(state) == list(LENET)
    assert state["4.num_batches_tracked"].dtype == mt.int64
    assert {t.dtype for n, t in state.items() if "num" not in n} == {mt.float32}


def test_nested_names_are_pytorchs():
    net = nn.Sequential(
        OrderedDict(
            body=nn.Sequential(nn.Conv1d(1, 2, 3, groups=1, bias=False)), head=nn.Dense(2, 1)
        )
    )
    assert list(net.state_dict()) == ["body.0.weight", "head.weight", "head.bias"]
    grouped = nn.Conv2d(4, 6, (3, 2), groups=2)
    assert grouped.weight.shape == (6, 2, 3, 2)
    assert list(nn.BatchNorm1d(2, affine=False).state_dict()) == [
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ]
    assert list(nn.BatchNorm1d(2, track_running_stats=False).state_dict()) == ["weight", "bias"]


def test_the_state_is_a_snapshot():
    net = nn.Dense(2, 1)
    state = net.state_dict()
    before = {name: value.tolist() for name, value in state.items()}
    net(mt.ones((1, 2))).sum().backward()
    optim.SGD(net.parameters(), lr=1.0).step()
    assert {name: value.tolist() for name, value in state.items()} == before
    assert not any(value.requires_grad for value in state.values())


def test_loading_gives_back_the_same_net(backend):
    a, b = Block().to(backend), Block().to(backend)
    a.second_letter.assign_([9.0])
    a.count.assign_(7)
    assert b.load_state_dict(a.state_dict()) == ([], [])
    assert {n: t.tolist() for n, t in b.state_dict().items()} == {
        n: t.tolist() for n, t in a.state_dict().items()
    }
    assert b.count.item() == 7
    a.second_letter.assign_([1.0])
    assert b.second_letter.item() == 9.0
    assert b.second_letter.requires_grad


def test_loading_takes_arrays_and_keeps_dtype_and_backend():
    net = nn.Dense(2, 1, backend="strict")
    net.load_state_dict({"weight": np.array([[1.0, 2.0]]), "bias": [3]})
    assert (net.weight.dtype, net.weight.backend) == (mt.float32, "strict")
    assert (net.weight.tolist(), net.bias.tolist()) == ([[1.0, 2.0]], [3.0])


def test_everything_wrong_with_a_state_is_listed_and_nothing_changed():
    net = nn.Sequential(nn.Dense(2, 3), nn.BatchNorm1d(3))
    before = {name: value.tolist() for name, value in net.state_dict().items()}
    state = {name: value.numpy() + 1 for name, value in net.state_dict().items()}
    del state["0.bias"], state["1.running_var"]
    state["2.weight"] = state["0.weight"]
    state["head"] = np.zeros(1)
    state["0.weight"] = np.zeros((3, 5))
    state["1.weight"] = np.zeros(4)
    with pytest.raises(ValueError, match="load_state_dict") as caught:
        net.load_state_dict(state)
    lines = str(caught.value).splitlines()
    assert [line.strip() for line in lines if line.startswith("  ")] == [
        "missing: 0.bias (3,)",
        "missing: 1.running_var (3,)",
        "unexpected: 2.weight",
        "unexpected: head",
        "wrong shape: 0.weight is (3, 5), the module has (3, 2)",
        "wrong shape: 1.weight is (4,), the module has (3,)",
    ]
    assert "Sequential" in lines[0]
    assert "strict=False" in lines[-1]
    assert {name: value.tolist() for name, value in net.state_dict().items()} == before


def test_loading_less_strictly():
    net = nn.Dense(2, 1)
    before = net.weight.tolist()
    net.load_state_dict({"bias": [5.0], "head": [1.0]}, strict=False)
    assert (net.weight.tolist(), net.bias.tolist()) == (before, [5.0])
    with pytest.raises(ValueError, match=r"wrong shape: bias is \(2,\)"):
        net.load_state_dict({"bias": [5.0, 6.0]}, strict=False)


@pytest.mark.parametrize("state", ["model.safetensors", nn.Dense(1, 1), None, 3, [("a", 1)]])
def test_a_state_is_a_mapping(state):
    with pytest.raises(TypeError, match=r"load_state_dict: expected .*state_dict\(\).*mt\.load"):
        nn.Dense(2, 1).load_state_dict(state)


@pytest.mark.parametrize("value", ["abc", None, [[1], [2, 3]], 1j])
def test_a_value_that_is_no_tensor_is_named_and_changes_nothing(value):
    net = nn.Dense(2, 1)
    before = net.weight.tolist()
    with pytest.raises((ValueError, TypeError), match=r"no tensor: bias: "):
        net.load_state_dict({"weight": [[7.0, 7.0]], "bias": value})
    assert net.weight.tolist() == before


# --- moving -------------------------------------------------------------------------------------


def test_to_dtype_keeps_integers_and_gradients():
    dense = nn.Dense(2, 2, rng=np.random.default_rng(0))
    net = nn.Sequential(dense, nn.BatchNorm1d(2))
    net(mt.tensor([[1.0, 2.0], [3.0, 5.0]])).sum().backward()
    weight = net[0].weight
    assert net.to("float64") is net
    assert net[0].weight is weight
    assert weight.is_leaf
    assert weight.requires_grad
    assert {t.dtype.name for t in net.state_dict().values()} == {"float64", "int64"}
    assert net[1].num_batches_tracked.dtype == mt.int64
    assert weight.grad.dtype == mt.float64
    before = weight.grad.tolist()
    net(mt.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=mt.float64)).sum().backward()
    np.testing.assert_allclose(host(weight.grad), 2 * np.array(before), atol=1e-5)


def test_to_backend_and_back():
    net = nn.Sequential(nn.Dense(2, 2), nn.BatchNorm1d(2))
    values = {name: value.tolist() for name, value in net.state_dict().items()}
    assert {t.backend for t in net.to("strict").state_dict().values()} == {"strict"}
    out = net(mt.tensor([[1.0, 2.0], [3.0, 5.0]], backend="strict"))
    out.sum().backward()
    assert all(p.grad.backend == "strict" for p in net.parameters())
    net.eval().to("numpy")
    assert all(p.grad.backend == "numpy" for p in net.parameters())
    assert {
        n: v.tolist() for n, v in net.state_dict().items() if "run" not in n and "num" not in n
    } == {n: v for n, v in values.items() if "run" not in n and "num" not in n}


def test_moving_keeps_ties_frozen_parameters_and_hooks():
    net = tied()
    net[2].bias.requires_grad_(False)
    seen = []
    net[0].bias.register_hook(lambda g: seen.append(g.dtype.name))
    net.to("float64")
    assert net[2].weight is net[0].weight
    assert not net[2].bias.requires_grad
    net(mt.ones((1, 3), dtype=mt.float64)).sum().backward()
    assert seen == ["float64"]


@pytest.mark.parametrize("target", ["float32", "numpy", mt.float32, float])
def test_moving_to_where_it_is_changes_nothing(target):
    net = nn.Dense(2, 1)
    loss = net(mt.ones((1, 2))).sum()
    net.to(target)
    loss.backward()
    assert net.weight.grad.tolist() == [[1.0, 1.0]]


def test_a_graph_from_before_a_move_is_not_silently_lost():
    net = nn.Dense(2, 1)
    loss = net(mt.ones((1, 2))).sum()
    net.to("float64")
    with pytest.raises(mt.GraphError):
        loss.backward()


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        ("nope", ValueError, "'nope'"),
        (5, TypeError, "5"),
        (None, TypeError, "None"),
        (mt.int64, TypeError, r"floating.*int64"),
        (bool, TypeError, r"floating.*bool"),
        ("uint8", TypeError, r"floating.*uint8"),
    ],
)
def test_moving_to_nonsense_changes_nothing(target, error, words):
    for net in (nn.Dense(2, 1), nn.ReLU()):
        with pytest.raises(error, match=words):
            net.to(target)
    assert nn.Dense(2, 1).weight.dtype == mt.float32


# --- calling and errors -------------------------------------------------------------------------


def test_forward_gets_all_arguments():
    class Scale(nn.Module):
        def forward(self, x, factor, *, shift=0.0):
            return x * factor + shift

    assert Scale()(mt.ones(1), 3, shift=2).item() == 5.0
    with pytest.raises(TypeError, match=r"Module defines no forward\(self, \.\.\.\)"):
        nn.Module()(1)


def test_errors_name_the_layer():
    class Net(nn.Module):
        def __init__(self):
            self.blocks = [
                nn.Sequential(nn.ReLU()),
                nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3))),
            ]
            self.head = nn.Dense(4, 2)

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    net = nn.Sequential(nn.Identity(), nn.Identity(), Net())
    with pytest.raises(
        ValueError, match=r"^layer '2\.blocks\.1\.conv': conv2d: .*channels"
    ) as caught:
        net(mt.ones((1, 2, 8, 8)))
    assert str(caught.value).count("layer") == 1
    with pytest.raises(ValueError, match=r"^layer '2\.head': linear: "):
        net(mt.ones((1, 3, 8, 8)))
    with pytest.raises(ValueError, match=r"^conv2d: "):
        net[2].blocks[1][0](mt.ones((1, 2, 8, 8)))


def test_errors_of_ones_own_layers_keep_their_type_and_other_errors_their_text():
    class MyError(ValueError):
        pass

    class Picky(nn.Module):
        def __init__(self, error):
            self.error = error

        def forward(self, x):
            raise self.error

    for error, text in [
        (MyError("too wild"), "layer '0.0': too wild"),
        (KeyError("k"), "'k'"),
        (ValueError(), ""),
        (OSError(2, "gone"), "[Errno 2] gone"),
    ]:
        net = nn.Sequential(nn.Sequential(Picky(error)))
        with pytest.raises(type(error)) as caught:
            net(mt.ones(1))
        assert caught.value is error
        assert str(error) == text or not text


# --- text ---------------------------------------------------------------------------------------


def test_repr_shows_the_tree():
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2, bias=False),
        nn.Sequential(nn.ReLU(), nn.Dropout(0.25)),
        nn.Flatten(),
        nn.Linear(4, 2),
    )
    assert repr(net) == (
        "Sequential(\n"
        "  (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2), bias=False)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.25, inplace=False)\n"
        "  )\n"
        "  (2): Flatten(start_dim=1, end_dim=-1)\n"
        "  (3): Dense(4, 2)\n"
        ")"
    )


def test_repr_of_modules_of_ones_own():
    class Tiny(nn.Module):
        def __init__(self):
            self.parts = {"left": nn.ReLU()}

        def extra_repr(self):
            return "size=3"

    assert repr(Tiny()) == "Tiny(\n  size=3\n  (parts.left): ReLU()\n)"
    assert repr(nn.Module()) == "Module()"


# --- Sequential ---------------------------------------------------------------------------------


def test_sequential_is_a_sequence():
    a, b, c = nn.ReLU(), nn.Dense(2, 3), nn.Tanh()
    net = nn.Sequential(a, b)
    assert net.append(c) is net
    assert len(net) == 3
    assert list(net) == [a, b, c]
    assert net[0] is a
    assert net[-1] is c
    assert [type(m).__name__ for m in net[1:]] == ["Dense", "Tanh"]
    assert net[1:][0] is b
    assert net[1:](mt.ones((1, 2))).shape == (1, 3)
    with pytest.raises(IndexError):
        net[3]
    x = mt.ones(2)
    assert nn.Sequential()(x) is x


def test_sequential_by_names():
    net = nn.Sequential({"first": nn.Dense(1, 2), "second": nn.Dense(2, 1)})
    assert net.first is net[0]
    assert list(net.state_dict()) == ["first.weight", "first.bias", "second.weight", "second.bias"]


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: nn.Sequential(nn.ReLU), TypeError, r"'0' is the class ReLU.*nn\.ReLU\(\)"),
        (lambda: nn.Sequential(nn.functional.relu), TypeError, "'0' is a"),
        (lambda: nn.Sequential([nn.ReLU()]), TypeError, r"'0' is a list.*\*"),
        (lambda: nn.Sequential(nn.ReLU(), None), TypeError, "'1' is a NoneType"),
        (lambda: nn.Sequential().append(3), TypeError, "'0' is a int"),
        (lambda: nn.Sequential({"a.b": nn.ReLU()}), ValueError, r"'a\.b'.*dot"),
        (lambda: nn.Sequential({"": nn.ReLU()}), ValueError, "''"),
        (lambda: nn.Sequential({1: nn.ReLU()}), TypeError, "name 1 .*str"),
        (lambda: nn.Sequential({"forward": nn.ReLU()}), ValueError, "'forward' .*taken"),
        (lambda: nn.Sequential({"training": nn.ReLU()}), ValueError, "'training' .*taken"),
        (lambda: nn.Sequential({"append": nn.ReLU()}), ValueError, "'append' .*taken"),
    ],
)
def test_sequential_refuses(build, error, words):
    with pytest.raises(error, match=rf"Sequential: .*{words}"):
        build()


def test_appending_to_a_slice_loses_no_layer():
    net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    tail = net[1:].append(nn.ReLU())
    assert [type(m).__name__ for m in tail] == ["Tanh", "Sigmoid", "ReLU"]
    named = nn.Sequential({"1": nn.ReLU()}).append(nn.Tanh())
    assert [name for name, _ in named.named_children()] == ["1", "2"]
