"""Optimisers: groups, settings, state, ties, and what is refused.

That their steps are PyTorch's is shown with stored values elsewhere.
"""

import copy

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.backend import namespace
from minitorch_cnn.nn import functional as F

OPTIMIZERS = {
    "SGD": lambda p, **o: optim.SGD(p, lr=0.1, **o),
    "SGD momentum": lambda p, **o: optim.SGD(
        p, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.01, **o
    ),
    "SGD nesterov": lambda p, **o: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, **o),
    "Adam": lambda p, **o: optim.Adam(p, lr=0.1, **o),
    "Adam amsgrad": lambda p, **o: optim.Adam(p, lr=0.1, amsgrad=True, weight_decay=0.01, **o),
    "AdamW": lambda p, **o: optim.AdamW(p, lr=0.1, **o),
    "RMSprop": lambda p, **o: optim.RMSprop(p, lr=0.01, **o),
    "RMSprop centered": lambda p, **o: optim.RMSprop(
        p, lr=0.01, momentum=0.9, centered=True, weight_decay=0.01, **o
    ),
}
every = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
ALL_FOUR = [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop]


def parameter(values=(1.0, -2.0, 3.0), **options):
    return nn.Parameter(list(values), **options)


def host(tensor):
    return tensor.detach().numpy()


def descend(p, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((p - 0.3) ** 2).sum().backward()
        optimizer.step()


# --- stepping -----------------------------------------------------------------------------------


@every
def test_minima_are_found(make):
    p = parameter()
    descend(p, make([p]), 400)
    np.testing.assert_allclose(host(p), [0.3] * 3, atol=0.05)
    assert p.is_leaf
    assert p.requires_grad


@every
def test_first_steps_by_hand(make, backend):
    # One step from p = 2 with gradient 3.
    p = parameter([2.0], dtype=mt.float64, backend=backend)
    p.grad = mt.tensor([3.0], dtype=mt.float64, backend=backend)
    optimizer = make([p])
    name = next(n for n, m in OPTIMIZERS.items() if m is make)
    optimizer.step()
    decayed = 3.0 + 0.01 * 2.0
    expected = {
        "SGD": 2 - 0.1 * 3,
        "SGD momentum": 2 - 0.1 * decayed,  # the first gradient enters undampened
        "SGD nesterov": 2 - 0.1 * (3 + 0.9 * 3),
        "Adam": 2 - 0.1 * 3 / (3 + 1e-8),
        "Adam amsgrad": 2 - 0.1 * decayed / (decayed + 1e-8),
        "AdamW": 2 * (1 - 0.1 * 0.01) - 0.1 * 3 / (3 + 1e-8),
        "RMSprop": 2 - 0.01 * 3 / (np.sqrt(0.01 * 9) + 1e-8),
        "RMSprop centered": 2
        - 0.01 * decayed / (np.sqrt(0.01 * decayed**2 - (0.01 * decayed) ** 2) + 1e-8),
    }[name]
    assert p.item() == pytest.approx(expected, rel=1e-12)
    assert p.backend == backend


@every
@pytest.mark.parametrize("dtype", [mt.float32, mt.float64])
def test_dtypes_stay(make, dtype):
    p = parameter(dtype=dtype)
    optimizer = make([p])
    for group in optimizer.param_groups:
        group["lr"] = np.float64(group["lr"])  # as schedules compute them
    descend(p, optimizer, 2)
    assert p.dtype is dtype
    for entries in optimizer.state_dict()["state"].values():
        assert {t.dtype for name, t in entries.items() if name != "step"} <= {dtype}


@every
def test_parameters_without_gradient_are_passed_over(make):
    used, unused, frozen = parameter(), parameter(), parameter(requires_grad=False)
    optimizer = make([used, unused, frozen])
    (used * 2).sum().backward()
    optimizer.step()
    assert used.tolist() != [1.0, -2.0, 3.0]
    assert unused.tolist() == frozen.tolist() == [1.0, -2.0, 3.0]
    assert set(optimizer.state_dict()["state"]) <= {0}


@every
def test_a_zero_gradient_is_a_gradient(make):
    p = parameter()
    optimizer = make([p])
    descend(p, optimizer, 1)
    before = p.tolist()
    p.grad = mt.zeros_like(p)
    optimizer.step()
    moves_on = type(optimizer).__name__ != "SGD" or optimizer.param_groups[0]["momentum"] > 0
    if type(optimizer).__name__ == "RMSprop":
        moves_on = optimizer.param_groups[0]["momentum"] > 0
    assert (p.tolist() != before) == moves_on


@every
def test_a_tied_parameter_is_stepped_once(make):
    # Two names, one parameter: the gradient is the sum, the step is one.
    net = nn.Sequential(nn.Dense(2, 2, bias=False), nn.Dense(2, 2, bias=False))
    net[1].weight = net[0].weight
    alone = parameter(net[0].weight.tolist())
    tied_optimizer, optimizer = make(net.parameters()), make([alone])
    x = mt.tensor([[1.0, 2.0]])
    for _ in range(3):
        tied_optimizer.zero_grad()
        optimizer.zero_grad()
        (net(x) ** 2).sum().backward()
        ((x @ alone.T @ alone.T) ** 2).sum().backward()
        tied_optimizer.step()
        optimizer.step()
    assert net[0].weight.tolist() == alone.tolist()
    assert net[1].weight is net[0].weight


@every
def test_climbing_is_descending_the_negative(make):
    up, down = parameter(), parameter()
    climber, walker = make([up], maximize=True), make([down])
    for _ in range(3):
        climber.zero_grad()
        walker.zero_grad()
        (-((up - 0.3) ** 2)).sum().backward()
        ((down - 0.3) ** 2).sum().backward()
        climber.step()
        walker.step()
    np.testing.assert_allclose(host(up), host(down), rtol=1e-6)


@every
def test_a_step_leaves_gradient_and_older_arrays_alone(make):
    p = parameter()
    optimizer = make([p])
    for _ in range(2):
        before, values = p.data, p.tolist()
        p.grad = mt.tensor([1.0, 2.0, 3.0])
        optimizer.step()
        assert p.grad.tolist() == [1.0, 2.0, 3.0]
        assert before.tolist() == values
        assert not p.data.flags.writeable


def test_closures_run_first_and_with_gradient():
    p = parameter([1.0])
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mt.no_grad():
        loss = optimizer.step(closure)
    assert (loss.item(), p.item()) == (1.0, 0.0)
    assert optimizer.step() is None


def test_zero_grad_forgets_or_zeroes():
    p, untouched = parameter([1.0]), parameter([1.0])
    optimizer = optim.SGD([p, untouched])
    p.grad = mt.tensor([float("nan")])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0]
    assert untouched.grad is None
    optimizer.zero_grad()
    assert p.grad is None


def test_gradients_with_history_are_used_without_it():
    p = parameter([2.0])
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad()
        (p**3).sum().backward(create_graph=True)
        optimizer.step()
    assert p.is_leaf
    assert p.item() == pytest.approx(0.8 - 0.1 * (0.9 * 12 + 3 * 0.8**2))
    optimizer.zero_grad(set_to_none=False)
    assert not p.grad.requires_grad


@every
def test_parameters_that_come_later_have_their_own_number_of_steps(make, backend):
    """... and dtype: each moves as if it were alone."""
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) for shape in [(3,), (), (2, 2)]]
    dtypes = [mt.float32, mt.float64, mt.float32]

    def made():
        return [
            nn.Parameter(mt.tensor(v, dtype=d, backend=backend))
            for v, d in zip(values, dtypes, strict=True)
        ]

    together, alone = made(), made()
    optimizers = [make(together), *(make([p]) for p in alone)]
    for step in range(3):
        for number, (a, b) in enumerate(zip(together, alone, strict=True)):
            a.grad = b.grad = mt.sin(step + a.detach()) if step >= number else None
        for optimizer in optimizers:
            optimizer.step()
    for a, b in zip(together, alone, strict=True):
        assert a.dtype is b.dtype
        np.testing.assert_array_equal(host(a), host(b))


def test_an_optimiser_of_ones_own(backend):
    class Signs(optim.Optimizer):
        def update(self, data, gradient, state, group):
            state["met"] = state.get("met", 0) + 1
            return data - group["lr"] * namespace(data).sign(gradient)

    p, q = parameter([1.0, -2.0], backend=backend), parameter([5.0], backend=backend)
    settings = {"lr": 0.5, "weight_decay": 0.0, "maximize": False}
    for maximize, expected in ((False, [0.5, -1.5]), (True, [1.0, -2.0])):
        optimizer = Signs([p, q], {**settings, "maximize": maximize})
        p.grad = mt.tensor([3.0, -0.1], backend=backend)
        optimizer.step()
        assert p.tolist() == expected
        assert optimizer.state_dict()["state"].keys() == {0}
    assert q.tolist() == [5.0]


@every
@pytest.mark.parametrize("maximize", [False, True])
def test_an_optimiser_that_changes_the_step_of_another(make, maximize):
    """``update`` of a subclass is called for each parameter, and may call the one above."""
    p, q, alike = parameter(), parameter([4.0]), parameter()
    plain = make([alike], maximize=maximize)

    class Halved(type(plain)):
        def update(self, data, gradient, state, group):
            return (data + super().update(data, gradient, state, group)) / 2

    settings = {k: v for k, v in plain.param_groups[0].items() if k != "params"}
    halved = Halved([p, q], **settings)
    for step in range(2):
        before = p.tolist()
        alike.assign_(p.detach())
        for t in (p, q, alike):
            t.grad = mt.ones_like(t) + step
        plain.step()
        halved.step()
        np.testing.assert_allclose(host(p), (host(alike) + before) / 2, rtol=1e-6)
    assert q.item() != 4.0


# --- groups -------------------------------------------------------------------------------------


def test_groups_have_settings_of_their_own():
    a, b = parameter([1.0]), parameter([1.0])
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.25)
    for p in (a, b):
        p.grad = mt.ones(1)
    optimizer.step()
    assert (a.item(), b.item()) == (0.75, 0.5)
    optimizer.param_groups[1]["lr"] = 0.0
    optimizer.step()
    assert (a.item(), b.item()) == (0.5, 0.5)
    c = parameter([1.0])
    optimizer.add_param_group({"params": (p for p in [c]), "momentum": 0.9})
    assert optimizer.param_groups[2] == {
        "params": [c],
        "lr": 0.25,
        "momentum": 0.9,
        "dampening": 0.0,
        "weight_decay": 0.0,
        "nesterov": False,
        "maximize": False,
    }


def test_repr():
    p = parameter()
    assert repr(optim.SGD([p], lr=0.1, momentum=0.9)) == (
        "SGD(lr=0.1, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False)"
    )
    two = optim.AdamW([{"params": [p]}, {"params": [parameter()], "lr": 0.5}])
    assert repr(two).startswith("AdamW(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01")
    assert "; lr=0.5, " in repr(two)


P = parameter()


@pytest.mark.parametrize("kind", ALL_FOUR)
@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ([], ValueError, r"no parameters; was model\.parameters\(\) used up"),
        (P, TypeError, r"one Tensor; pass \[parameter\]"),
        ([P, P], ValueError, "parameter 1 is there already"),
        ([{"params": [P]}, {"params": P}], ValueError, "parameter 0 is there already"),
        ([P * 2], ValueError, "parameter 0 was computed"),
        ([np.ones(2)], TypeError, "parameter 0 is a ndarray"),
        ([1.0], TypeError, "parameter 0 is a float"),
        ([("weight", P)], TypeError, "parameter 0 is a tuple"),
        ([P, {"params": [P]}], TypeError, "parameter 1 is a dict"),
        ([{"params": [parameter()]}, P], TypeError, "group 1 is a Parameter"),
        ([{"lr": 0.1}], ValueError, "group 0 .*'params'"),
        ([{"params": [P], "lrr": 0.1}], ValueError, "unknown settings lrr; known: lr"),
        ([{"params": [P], "lr": -1.0}], ValueError, "lr=-1.0"),
        ([{"params": [P * 2]}], ValueError, "computed"),
        ({P}, TypeError, "fixed order, got a set"),
        ({"params": [P]}, TypeError, "got a dict"),
        (nn.Dense(1, 1), TypeError, r"got a Dense.*\.parameters\(\)"),
        (None, TypeError, r"a NoneType.*\.parameters\(\)"),
        (3, TypeError, r"a int.*\.parameters\(\)"),
        ([mt.tensor([1, 2])], TypeError, "parameter 0 .*int64"),
    ],
)
def test_what_cannot_be_optimised(kind, params, error, words):
    with pytest.raises(error, match=rf"{kind.__name__}: .*{words}"):
        kind(params)


def test_a_used_up_generator_is_noticed():
    parameters = nn.Dense(1, 1).parameters()
    optim.SGD(parameters)
    with pytest.raises(ValueError, match="used up"):
        optim.SGD(parameters)


def test_a_refused_group_changes_nothing():
    p = parameter()
    optimizer = optim.SGD([p])
    for wrong in ({"params": [p]}, {"params": [parameter()], "lr": -1}, {"lr": 1}, {"params": [3]}):
        with pytest.raises((ValueError, TypeError)):
            optimizer.add_param_group(wrong)
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        *[(kind, {"lr": -0.1}, "lr=-0.1") for kind in ALL_FOUR],
        *[(kind, {"lr": float("nan")}, "lr=nan") for kind in ALL_FOUR],
        *[(kind, {"lr": float("inf")}, "lr=inf") for kind in ALL_FOUR],
        *[(kind, {"lr": "0.1"}, "lr='0.1'.*number") for kind in ALL_FOUR],
        *[(kind, {"lr": None}, "lr=None.*number") for kind in ALL_FOUR],
        *[(kind, {"weight_decay": -1}, "weight_decay=-1") for kind in ALL_FOUR],
        (optim.SGD, {"momentum": -0.5}, "momentum=-0.5"),
        (optim.SGD, {"nesterov": True}, "nesterov needs a momentum"),
        (optim.SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov needs"),
        (optim.Adam, {"eps": -1e-8}, "eps=-1e-08"),
        (optim.Adam, {"betas": (1.0, 0.9)}, r"betas=\(1.0, 0.9\)"),
        (optim.AdamW, {"betas": (0.9, -0.1)}, r"betas=\(0.9, -0.1\)"),
        (optim.Adam, {"betas": (0.9,)}, r"betas=\(0.9,\)"),
        (optim.Adam, {"betas": 0.9}, "betas=0.9"),
        (optim.Adam, {"betas": ("a", "b")}, "betas="),
        (optim.RMSprop, {"alpha": -0.1}, "alpha=-0.1"),
        (optim.RMSprop, {"eps": -1}, "eps=-1"),
        (optim.RMSprop, {"momentum": -1}, "momentum=-1"),
    ],
)
def test_settings_out_of_range(kind, settings, words):
    with pytest.raises((ValueError, TypeError), match=rf"{kind.__name__}: .*{words}"):
        kind([parameter()], **settings)


def test_unknown_settings_are_refused_by_python():
    with pytest.raises(TypeError, match="momentun"):
        optim.SGD([parameter()], momentun=0.9)


# --- state --------------------------------------------------------------------------------------


def small_net():
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Dense(3, 4, rng=rng), nn.Tanh(), nn.Dense(4, 2, rng=rng))


def train(net, optimizer, steps, start=0):
    losses = []
    for step in range(start, start + steps):
        rng = np.random.default_rng(step)
        x, y = mt.tensor(rng.random((5, 3), np.float32)), mt.tensor(rng.integers(0, 2, 5))
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@every
def test_going_on_from_a_saved_state_is_as_if_never_stopped(make):
    net = small_net()
    optimizer = make(net.parameters())
    train(net, optimizer, 4)
    weights = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    saved = copy.deepcopy(optimizer.state_dict())
    losses = train(net, optimizer, 4, start=4)

    again = small_net()
    again.load_state_dict(weights)
    other = make(again.parameters())
    other.load_state_dict(saved)
    assert train(again, other, 4, start=4) == losses
    for name, value in again.state_dict().items():
        assert value.tolist() == net.state_dict()[name].tolist()


@every
def test_the_state_is_a_snapshot_of_pytorchs_form(make):
    p, q = parameter(), parameter([1.0])
    optimizer = make([{"params": [p]}, {"params": [q], "lr": 0.5}])
    for t in (p, q):
        t.grad = mt.ones_like(t)
    optimizer.step()
    state = optimizer.state_dict()
    assert set(state) == {"state", "param_groups"}
    assert [g["params"] for g in state["param_groups"]] == [[0], [1]]
    assert state["param_groups"][1]["lr"] == 0.5
    before = {
        (number, name): value.tolist()
        for number, entries in state["state"].items()
        for name, value in entries.items()
    }
    assert all(isinstance(v, mt.Tensor) for e in state["state"].values() for v in e.values())
    for t in (p, q):
        t.grad = mt.ones_like(t)
    optimizer.step()
    assert before == {
        (number, name): value.tolist()
        for number, entries in state["state"].items()
        for name, value in entries.items()
    }


def test_names_in_the_state_are_pytorchs():
    expected = {
        "SGD": set(),
        "SGD momentum": {"momentum_buffer"},
        "SGD nesterov": {"momentum_buffer"},
        "Adam": {"step", "exp_avg", "exp_avg_sq"},
        "Adam amsgrad": {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
        "AdamW": {"step", "exp_avg", "exp_avg_sq"},
        "RMSprop": {"step", "square_avg"},
        "RMSprop centered": {"step", "square_avg", "momentum_buffer", "grad_avg"},
    }
    for name, make in OPTIMIZERS.items():
        p = parameter()
        optimizer = make([p])
        assert optimizer.state_dict()["state"] == {}
        descend(p, optimizer, 1)
        entries = optimizer.state_dict()["state"].get(0, {})
        assert set(entries) == expected[name]
        if "step" in entries:
            assert entries["step"].item() == 1


def test_loading_takes_settings_and_copies_arrays():
    p = parameter()
    source = optim.SGD([p], lr=0.3, momentum=0.5)
    descend(p, source, 1)
    state = source.state_dict()
    state["state"][0]["momentum_buffer"] = array = np.array([1.0, 2.0, 3.0])  # float64
    target = optim.SGD([parameter()], lr=0.1, momentum=0.9)
    target.load_state_dict(state)
    assert (target.param_groups[0]["lr"], target.param_groups[0]["momentum"]) == (0.3, 0.5)
    array[:] = 0
    loaded = target.state_dict()["state"][0]["momentum_buffer"]
    assert (loaded.dtype, loaded.tolist()) == (mt.float32, [1.0, 2.0, 3.0])


def test_loading_passes_over_settings_that_only_pytorch_has():
    p = parameter()
    source = optim.Adam([p])
    descend(p, source, 2)
    state = source.state_dict()
    state["param_groups"][0] |= {"foreach": None, "capturable": False, "fused": None}
    state["param_groups"][0]["betas"] = [0.9, 0.999]
    state["state"] = {str(number): entries for number, entries in state["state"].items()}
    target = optim.Adam([parameter()])
    target.load_state_dict(state)
    assert target.param_groups[0]["betas"] == (0.9, 0.999)
    assert "foreach" not in target.param_groups[0]
    assert target.state_dict()["state"][0]["step"].item() == 2


def adam_state():
    p = parameter()
    optimizer = optim.Adam([p])
    descend(p, optimizer, 2)
    return optimizer.state_dict()


def changed(**entries):
    def change(state):
        state["state"][0] |= entries
        return state

    return change


def without(name):
    def change(state):
        del state["state"][0][name]
        return state

    return change


def grouped(**settings):
    def change(state):
        state["param_groups"][0] |= settings
        return state

    return change


def of_another(kind):
    def change(_):
        p = parameter()
        optimizer = kind([p], **({"momentum": 0.9} if kind is optim.SGD else {}))
        descend(p, optimizer, 1)
        return optimizer.state_dict()

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: None, "NoneType"),
        (lambda state: "adam.json", "str"),
        (lambda state: {}, "param_groups"),
        (lambda state: {"param_groups": state["param_groups"]}, "'state'"),
        (lambda state: {**state, "param_groups": []}, r"groups of \[\] .*\[1\]"),
        (grouped(params=[0, 1]), r"groups of \[2\] .*\[1\]"),
        (grouped(lr=-1.0), "lr=-1.0"),
        (grouped(betas=[0.9]), "betas"),
        (lambda state: {**state, "state": {5: {}}}, "parameter 5"),
        (lambda state: {**state, "state": {"x": {}}}, "parameter x"),
        (changed(exp_avg=np.zeros(2)), r"exp_avg of parameter 0 .*\(2,\).*\(3,\)"),
        (changed(exp_avg=3.0), r"exp_avg of parameter 0"),
        (changed(exp_avg="abc"), r"exp_avg of parameter 0"),
        (changed(step="two"), "step of parameter 0"),
        (without("exp_avg"), "exp_avg of parameter 0 is missing"),
        (without("step"), "step of parameter 0 is missing"),
        (of_another(optim.SGD), "betas, .*another optimiser"),
        (of_another(optim.RMSprop), "betas, .*another optimiser"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, words):
    p = parameter()
    optimizer = optim.Adam([p], lr=0.5)
    descend(p, optimizer, 1)
    before = str(optimizer.state_dict())
    with pytest.raises((ValueError, TypeError), match=rf"Adam: .*{words}"):
        optimizer.load_state_dict(change(adam_state()))
    assert str(optimizer.state_dict()) == before
    descend(p, optimizer, 1)


def test_an_adam_state_is_not_for_sgd():
    optimizer = optim.SGD([parameter()])
    with pytest.raises(ValueError, match=r"SGD: .*momentum.*another optimiser"):
        optimizer.load_state_dict(adam_state())
    assert optimizer.state_dict()["state"] == {}


# --- moving -------------------------------------------------------------------------------------


@every
def test_the_module_may_move_after_the_optimiser_was_made(make):
    plain, moving = small_net(), small_net()
    a, b = make(plain.parameters()), make(moving.parameters())
    train(plain, a, 2)
    train(moving, b, 2)
    moving.to("float64")
    moving.to("float32")
    expected, got = train(plain, a, 2, start=2), train(moving, b, 2, start=2)
    assert got == expected
    moving.to("strict")
    b.zero_grad()
    x = mt.ones((2, 3), backend="strict")
    moving(x).sum().backward()
    b.step()
    assert {p.backend for p in moving.parameters()} == {"strict"}
    state = b.state_dict()["state"]
    assert {t.backend for e in state.values() for n, t in e.items() if n != "step"} <= {"strict"}


def test_the_state_can_be_moved_by_hand():
    p = parameter()
    optimizer = optim.Adam([p])
    descend(p, optimizer, 1)
    assert optimizer.to("strict") is optimizer
    assert optimizer.state_dict()["state"][0]["exp_avg"].backend == "strict"
    optimizer.to("numpy")
    descend(p, optimizer, 1)
    with pytest.raises(ValueError, match="'nope'"):
        optimizer.to("nope")


def test_a_base_class_says_what_is_missing():
    class Lazy(optim.Optimizer):
        pass

    p = parameter()
    optimizer = Lazy([p], {"lr": 0.1, "weight_decay": 0.0, "maximize": False})
    p.grad = mt.ones(3)
    with pytest.raises(TypeError, match=r"Lazy defines no update"):
        optimizer.step()
