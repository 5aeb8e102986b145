"""Optimisers on CuPy: one launch for all parameters, and what that launch must get right.

That each step is the portable one is tested with the other kernels (``test_kernels.py``).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from cuda_emulator import emulator
from minitorch_backends import portable
from minitorch_backends.cupy import many
from minitorch_cnn import nn, optim
from minitorch_cnn.backend import get_backend
from minitorch_cnn.nn import functional as F

try:
    HOME: Any = get_backend("cupy")
except (ValueError, mt.BackendUnavailable) as unavailable:
    pytest.skip(str(unavailable), allow_module_level=True)

counted = pytest.mark.skipif(
    not emulator.available() or bool({"MEMORY_POOL", "GUARD_PAGES"} & set(emulator.modes())),
    reason="counted on emulated CUDA only, and with CuPy's memory pool",
)
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "SGD": lambda p, **o: optim.SGD(p, **{"lr": 0.1, **o}),
    "SGD nesterov": lambda p, **o: optim.SGD(
        p, **{"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1, **o}
    ),
    "Adam": optim.Adam,
    "AdamW amsgrad": lambda p, **o: optim.AdamW(p, **{"amsgrad": True, **o}),
    "RMSprop centered": lambda p, **o: optim.RMSprop(
        p, **{"centered": True, "momentum": 0.9, "maximize": True, **o}
    ),
}
every = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


def parameters(shapes: Sequence[Any], backend: str, dtype: Any = mt.float32) -> list[nn.Parameter]:
    rng = np.random.default_rng(0)
    return [
        nn.Parameter(mt.tensor(rng.standard_normal(s), dtype=dtype, backend=backend))
        for s in shapes
    ]


def give_gradients(of: list[nn.Parameter], seed: int = 1, *, turned: bool = False) -> None:
    rng = np.random.default_rng(seed)
    for p in of:
        g = np.asarray(rng.standard_normal(p.shape[::-1] if turned else p.shape))
        gradient = mt.tensor(g, dtype=p.dtype, backend=p.backend)
        p.grad = gradient.T if turned else gradient


def values(of: list[nn.Parameter]) -> list[Any]:
    return [p.detach().numpy() for p in of]


# --- values ---------------------------------------------------------------------------------------


@every
def test_a_net_is_trained_as_on_numpy(make: Callable[..., optim.Optimizer]) -> None:
    def trained(backend: str) -> list[Any]:
        rng = np.random.default_rng(0)
        with mt.use_backend(backend):
            net = nn.Sequential(nn.Dense(5, 4, rng=rng), nn.Tanh(), nn.Dense(4, 3, rng=rng))
            optimizer = make(net.parameters(), lr=0.01)
            for _ in range(5):
                x = mt.tensor(rng.random((6, 5), np.float32))
                optimizer.zero_grad()
                F.cross_entropy(net(x), mt.tensor(rng.integers(0, 3, 6))).backward()
                optimizer.step()
        return values(list(net.parameters()))

    for found, expected in zip(trained("cupy"), trained("numpy"), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@every
@pytest.mark.parametrize("turned", [False, True])
def test_many_arrays_of_many_sizes(make: Callable[..., optim.Optimizer], turned: bool) -> None:
    """More than one launch is told of, empty ones, and more entries than a block takes on."""
    shapes = [(0, 2), (many.ENTRIES // 16, 33), *[(3, n % 4) for n in range(many.MOST_ARRAYS)]]
    results = []
    for backend in ("cupy", "numpy"):
        some = parameters(shapes, backend, mt.float64)
        optimizer = make(some)
        for seed in range(2):
            give_gradients(some, seed, turned=turned)
            optimizer.step()
        results.append(values(some))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["sgd_step", "adam_step", "rmsprop_step"])
def test_float16_is_computed_in_float32(name: str) -> None:
    """Every intermediate here is beyond float16: squares of 300, and what is left of a decay."""
    common = {"lr": 1e-3, "weight_decay": 0.0, "maximize": False}
    settings: dict[str, Any] = {
        "sgd_step": {"momentum": 0.5, "dampening": 0.0, "nesterov": False},
        "adam_step": {"step": 1, "betas": (0.9, 0.9999), "eps": 1e-8, "decoupled": False},
        "rmsprop_step": {"alpha": 0.9999, "eps": 1e-8, "momentum": 0.5},
    }[name]
    lists: Any = [[np.ones(3)], [np.full(3, 300.0)], [np.full(3, 2.0)]]
    lists += {"sgd_step": [], "adam_step": [[np.full(3, 9.0)], []], "rmsprop_step": [[], []]}[name]
    own = [[HOME.asarray(a.astype(np.float16), copy=True) for a in one] for one in lists]
    expected = portable.KERNELS[name](*lists, **common, **settings)
    found = HOME.kernels[name](*own, **common, **settings)
    for some, right in zip(found, expected, strict=True):
        for a, b in zip(some, right, strict=True):
            assert a.dtype == np.float16
            np.testing.assert_allclose(HOME.to_numpy(a), b, rtol=1e-3)


def test_what_a_step_replaces_stays_as_it_was() -> None:
    some = parameters([(3,), (2, 2)], "cupy")
    optimizer = optim.SGD(some, lr=0.1, momentum=0.9)
    before, expected = [p.data for p in some], values(some)
    for seed in range(3):
        give_gradients(some, seed)
        optimizer.step()
    for array, right in zip(before, expected, strict=True):
        np.testing.assert_array_equal(HOME.to_numpy(array), right)


# --- budgets --------------------------------------------------------------------------------------


@counted
@every
@pytest.mark.parametrize("turned", [False, True])
def test_a_step_is_one_launch(make: Callable[..., optim.Optimizer], turned: bool) -> None:
    """Nothing else happens: no copy, no wait, no memory from CUDA, no compilation."""
    some = parameters([(3, n + 1) for n in range(40)], "cupy")
    optimizer = make(some)
    for seed in range(3):
        give_gradients(some, seed, turned=turned)
        optimizer.step()
    optimizer.param_groups[0]["lr"] = 1e-4
    give_gradients(some, 3, turned=turned)
    with emulator.record() as step:
        optimizer.step()
    assert step["launches"] == 1, step.events
    assert len(step.events) == 1, step.events
    assert step["allocations"] == step["compilations"] == step.synchronisations == 0


@counted
def test_parameters_of_another_kind_have_a_launch_of_their_own() -> None:
    some = [*parameters([(2,)] * 3, "cupy"), *parameters([(2,)] * 3, "cupy", mt.float64)]
    late = parameters([(2,)], "cupy")
    optimizer = optim.Adam([*some, *late])
    give_gradients(some)
    with emulator.record() as step:
        optimizer.step()
    assert step["launches"] == 2  # one for each dtype
    give_gradients([*some, *late])
    with emulator.record() as step:
        optimizer.step()
    assert step["launches"] == 3  # and one whose number of steps is another


@counted
def test_steps_of_a_module_that_moved_are_one_launch_again() -> None:
    net = nn.Dense(3, 2)
    optimizer = optim.Adam(net.parameters())
    net(mt.ones((1, 3))).sum().backward()
    optimizer.step()
    net.to("cupy")
    optimizer.to("cupy")
    for _ in range(2):
        optimizer.zero_grad()
        net(mt.ones((1, 3), backend="cupy")).sum().backward()
        with emulator.record() as step:
            optimizer.step()
    assert step["launches"] == 1
