"""Backends: which one is used, how they are found, and that they are never mixed."""

import asyncio
import inspect
import os
import subprocess
import sys
import threading

import array_api_strict
import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_backends import portable
from minitorch_backends.numpy import NumpyBackend
from minitorch_backends.protocol import Backend
from minitorch_cnn import backend as backends
from minitorch_cnn import nn, optim
from minitorch_cnn.nn import functional as F


def python(code, **environment):
    """Run ``code`` in an interpreter of its own; its output, or its error's last line."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


# --- the default --------------------------------------------------------------------------------


def test_numpy_is_the_default():
    assert mt.zeros(1).backend == "numpy"
    assert mt.tensor([1.0]).backend == "numpy"
    assert mt.tensor(np.ones(1)).backend == "numpy"
    assert mt.rand(1).backend == "numpy"
    assert nn.Dense(1, 1).weight.backend == "numpy"


def test_use_backend_in_a_with_statement():
    with mt.use_backend("strict") as used:
        assert used.name == "strict"
        assert mt.zeros(1).backend == "strict"
        assert mt.tensor(np.ones(1)).backend == "strict"
        assert mt.arange(3).backend == "strict"
        assert mt.randn(2).backend == "strict"
        assert nn.Conv2d(1, 1, 2).weight.backend == "strict"
        with mt.use_backend("numpy"):
            assert mt.zeros(1).backend == "numpy"
        assert mt.zeros(1).backend == "strict"
        assert mt.zeros(1, backend="numpy").backend == "numpy"
    assert mt.zeros(1).backend == "numpy"


def test_use_backend_comes_back_after_an_exception():
    with pytest.raises(KeyError), mt.use_backend("strict"):
        raise KeyError
    assert mt.zeros(1).backend == "numpy"


def test_use_backend_called_holds_from_then_on():
    try:
        called = mt.use_backend("strict")
        assert repr(called) == "use_backend('strict')"
        assert mt.zeros(1).backend == "strict"
        seen = []
        thread = threading.Thread(target=lambda: seen.append(mt.zeros(1).backend))
        thread.start()
        thread.join()
        assert seen == ["strict"]
    finally:
        mt.use_backend("numpy")
    assert mt.zeros(1).backend == "numpy"


def test_an_unknown_backend_changes_nothing():
    with pytest.raises(ValueError, match=r"unknown backend 'nope'.*numpy, strict"):
        mt.use_backend("nope")
    assert mt.zeros(1).backend == "numpy"


def test_existing_tensors_stay_where_they_are():
    x = mt.ones(2)
    with mt.use_backend("strict"):
        assert (x + 1).backend == "numpy"
        assert mt.zeros_like(x).backend == "numpy"
        assert mt.tensor(x).backend == "numpy"


def test_the_block_holds_for_its_thread_and_task_only():
    seen = []
    with mt.use_backend("strict"):
        thread = threading.Thread(target=lambda: seen.append(mt.zeros(1).backend))
        thread.start()
        thread.join()
    assert seen == ["numpy"]

    async def strict():
        with mt.use_backend("strict"):
            await asyncio.sleep(0)
            seen.append(mt.zeros(1).backend)

    async def plain():
        await asyncio.sleep(0)
        seen.append(mt.zeros(1).backend)

    async def both():
        await asyncio.gather(strict(), plain())

    asyncio.run(both())
    assert sorted(seen) == ["numpy", "numpy", "strict"]


MAKE = "import minitorch_cnn as mt; print(mt.zeros(1).backend)"


def test_the_environment_sets_the_first_default():
    assert python(MAKE, MINITORCH_BACKEND="strict") == "strict"
    called = "import minitorch_cnn as mt; mt.use_backend('numpy'); print(mt.zeros(1).backend)"
    assert python(called, MINITORCH_BACKEND="strict") == "numpy"


def test_a_wrong_name_in_the_environment_is_an_error_every_time():
    twice = "\n".join(
        [
            "import minitorch_cnn as mt",
            "for _ in range(2):",
            "    try:",
            "        print(mt.zeros(1).backend)",
            "    except ValueError as error:",
            "        print(error)",
        ]
    )
    lines = python(twice, MINITORCH_BACKEND="nope").splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[0].startswith("MINITORCH_BACKEND: unknown backend 'nope'")


# --- finding backends ---------------------------------------------------------------------------


def test_names():
    assert {"numpy", "strict"} <= set(mt.backend_names())
    assert mt.backend_names() == sorted(mt.backend_names())


@pytest.mark.parametrize("wrong", [5, 1.5, mt.float64, np, object(), b"numpy", ["numpy"]])
def test_what_is_no_backend(wrong):
    before = mt.backend_names()
    for call in (
        lambda: mt.use_backend(wrong),
        lambda: mt.zeros(2, backend=wrong),
        lambda: mt.tensor([1.0], backend=wrong),
        lambda: nn.Dense(1, 1, backend=wrong),
    ):
        with pytest.raises(TypeError, match=r"no backend.*numpy"):
            call()
    assert mt.backend_names() == before


def test_a_backend_object_is_as_good_as_its_name():
    home = backends.get_backend("numpy")
    assert mt.zeros(1, backend=home).backend == "numpy"
    assert isinstance(home, Backend)
    assert isinstance(backends.get_backend("strict"), Backend)
    assert backends.get_backend(NumpyBackend()) is home


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "array_api_strict", None)
    from minitorch_backends.strict import StrictBackend

    with pytest.raises(mt.BackendUnavailable, match=r"array-api-strict.*pip install"):
        StrictBackend()


def test_entry_points_are_read_only_for_names_not_known(monkeypatch):
    def never():
        raise AssertionError("metadata was scanned")

    monkeypatch.setattr(backends, "_entry_points", never)
    mt.zeros(2, backend="numpy")
    with mt.use_backend("numpy"):
        mt.zeros(2)


# --- a backend of somebody else -----------------------------------------------------------------


class ForeignArray:
    """An array of a library that nobody here knows; inside, one of array-api-strict."""

    def __init__(self, array):
        self.array = array

    def __getattr__(self, name):
        return getattr(self.array, name)

    def __array_namespace__(self, api_version=None):
        return ForeignBackend.xp

    def size(self):
        """A method, as in PyTorch."""
        raise AssertionError("ask for the shape")

    def __setitem__(self, key, value):
        self.array[unwrapped(key)] = unwrapped(value)


def _delegated(name):
    def method(self, *others):
        return wrapped(getattr(self.array, name)(*unwrapped(others)))

    return method


BINARY = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
]
for stem in [
    *BINARY,
    *(f"r{stem}" for stem in BINARY),
    *[
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "ne",
        "neg",
        "pos",
        "abs",
        "invert",
        "bool",
        "int",
        "float",
        "index",
        "getitem",
    ],
]:
    setattr(ForeignArray, f"__{stem}__", _delegated(f"__{stem}__"))


def wrapped(value):
    if isinstance(value, (tuple, list)):
        return type(value)(wrapped(v) for v in value)
    return ForeignArray(value) if isinstance(value, type(array_api_strict.empty(0))) else value


def unwrapped(value):
    if isinstance(value, (tuple, list)):
        return type(value)(unwrapped(v) for v in value)
    return value.array if isinstance(value, ForeignArray) else value


class ForeignNamespace:
    def __init__(self, of=array_api_strict):
        self.of = of

    def __getattr__(self, name):
        found = getattr(self.of, name)
        if inspect.ismodule(found):  # linalg
            return ForeignNamespace(found)
        if not inspect.isfunction(found):
            return found

        def function(*args, **kwargs):
            kwargs = {key: unwrapped(value) for key, value in kwargs.items()}
            return wrapped(found(*unwrapped(args), **kwargs))

        return function


class ForeignBackend:
    """Follows the protocol and imports nothing of ours."""

    name = "foreign"
    array_types = (ForeignArray,)
    xp = ForeignNamespace()
    kernels = {}  # noqa: RUF012

    def asarray(self, array, *, copy):
        host = self.to_numpy(array) if isinstance(array, ForeignArray) else np.asarray(array)
        return ForeignArray(array_api_strict.asarray(host, copy=True))

    def to_numpy(self, array):
        return np.asarray(array.array)

    def seal(self, array):
        return array

    def synchronize(self):
        pass


@pytest.fixture
def registries():
    """Puts the registries of backends back at the end."""
    names = ("_loaded", "_by_type", "_by_device", "SWITCHES", "NAMESPACES", "SEALS", "_kernels")
    tables = [getattr(backends, name) for name in names]
    before = [dict(table) for table in tables]
    yield
    for table, content in zip(tables, before, strict=True):
        table.clear()
        table.update(content)


def trained(backend, make_optimizer):
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(8, 3, rng=rng),
    ).to("float64")
    net.to(backend)
    x = mt.tensor(np.random.default_rng(1).random((4, 1, 6, 6)), backend=backend)
    labels = mt.tensor([0, 1, 2, 1], backend=backend)
    optimizer = make_optimizer(net.parameters())
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(p.size for p in net.parameters()) == 51
    assert {p.backend for p in net.parameters()} == {getattr(backend, "name", backend)}
    return losses


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
        lambda p: optim.AdamW(p, lr=0.01),
        lambda p: optim.RMSprop(p, lr=0.01, momentum=0.9, centered=True),
    ],
    ids=["SGD", "Adam", "AdamW", "RMSprop"],
)
def test_a_whole_net_trains_alike_on_all_backends(registries, make_optimizer):
    # Foreign arrays know no writing in place: what an optimiser keeps must be put back.
    expected = trained("numpy", make_optimizer)
    np.testing.assert_allclose(trained("strict", make_optimizer), expected, rtol=1e-12)
    np.testing.assert_allclose(trained(ForeignBackend(), make_optimizer), expected, rtol=1e-12)
    assert "foreign" in mt.backend_names()
    assert mt.zeros(1, backend="foreign").backend == "foreign"


def test_backends_are_loaded_when_first_named(registries, monkeypatch):
    loaded = []

    class Point:
        def load(self):
            loaded.append("foreign")
            return ForeignBackend

    monkeypatch.setattr(backends, "_entry_points", lambda: {"foreign": Point()})
    assert "foreign" in mt.backend_names()
    assert loaded == []
    x = mt.ones(2, backend="foreign")
    assert (x * 2).sum().item() == 4.0
    mt.ones(2, backend="foreign")
    assert loaded == ["foreign"]


def test_array_types_belong_to_one_backend(registries):
    class Thief(ForeignBackend):
        name = "thief"
        array_types = (np.ndarray,)

    with pytest.raises(ValueError, match=r"thief.*ndarray.*numpy"):
        mt.zeros(1, backend=Thief())
    assert mt.zeros(1).backend == "numpy"
    assert "thief" not in mt.backend_names()


def test_kernels_of_a_backend_go_before_the_portable_ones(registries):
    calls = []

    class Fast(ForeignBackend):
        kernels = {"erf": lambda x: calls.append("erf") or portable.KERNELS["erf"](x)}  # noqa: RUF012

    x = mt.tensor([0.5], backend=Fast())
    assert mt.erf(x).item() == pytest.approx(0.5204998778)
    assert mt.logsumexp(x).item() == 0.5
    assert calls == ["erf"]


def test_every_kernel_of_numpy_has_a_portable_twin():
    assert set(backends.get_backend("numpy").kernels) <= set(portable.KERNELS)


# --- never mixed --------------------------------------------------------------------------------


HERE, THERE = mt.ones((2, 2)), mt.ones((2, 2), backend="strict")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("add", lambda: HERE + THERE),
        ("add", lambda: THERE + HERE),
        ("add", lambda: THERE + np.ones(2)),
        ("power", lambda: HERE**THERE),
        ("less", lambda: HERE < THERE),
        ("matmul", lambda: HERE @ THERE),
        ("maximum", lambda: mt.maximum(HERE, THERE)),
        ("where", lambda: mt.where(HERE > 0, HERE, THERE)),
        ("where", lambda: mt.where(THERE > 0, HERE, HERE)),
        ("concat", lambda: mt.concat([HERE, THERE])),
        ("concat", lambda: mt.stack([HERE, THERE])),
    ],
)
def test_mixing_backends_names_operation_places_and_mend(name, call):
    with pytest.raises(TypeError, match=rf"{name}: .*different backends") as caught:
        call()
    message = str(caught.value)
    assert "'numpy'" in message
    assert "'strict'" in message
    assert "argument 0" in message
    assert ".to('" in message


def test_mixing_layers_and_inputs_names_the_layer():
    net = nn.Sequential(nn.Flatten(), nn.Dense(4, 2))
    with pytest.raises(TypeError, match=r"layer '1': .*different backends.*\.to\("):
        net(mt.ones((1, 4), backend="strict"))


# --- dtypes -------------------------------------------------------------------------------------


def test_dtypes_are_the_same_objects_on_every_backend():
    for name in ("float32", "float64", "int8", "int64", "uint8", "bool"):
        dtype = backends.DTYPES[name]
        assert mt.zeros(1, dtype=name, backend="strict").dtype is dtype
        assert mt.zeros(1, dtype=name).dtype is dtype
    assert mt.float32 is backends.DTYPES["float32"]
    assert mt.float32 == np.float32


@pytest.mark.parametrize(
    "wrong", ["complex64", complex, "nope", object, "O", None, 3, "longdouble"]
)
def test_dtypes_that_are_not_supported(wrong):
    with pytest.raises(TypeError, match=r"not supported.*float32"):
        backends.as_dtype(wrong)
