"""What is special to the CuPy backend: kernels in parts, one bit pattern, no waiting, memory.

That its values are right is tested with every other backend (``pytest --backend cupy``). Runs on a
GPU and on emulated CUDA (see ``cuda_emulator``), and is skipped where neither is there.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from cuda_emulator import emulator
from minitorch_backends import portable
from minitorch_backends.cupy import conv as cupy_conv
from minitorch_backends.cupy import loss as cupy_loss
from minitorch_backends.protocol import Queued, SeveralDevices
from minitorch_backends.testing import kernel_cases, relative_error
from minitorch_cnn import nn, optim
from minitorch_cnn.backend import get_backend
from minitorch_cnn.nn import functional as F

try:
    HOME: Any = get_backend("cupy")
except (ValueError, mt.BackendUnavailable) as unavailable:
    pytest.skip(str(unavailable), allow_module_level=True)

DEVICES = HOME.xp.__array_namespace_info__().devices()
needs_two = pytest.mark.skipif(len(DEVICES) < 2, reason="there is one device only")


def on_device(array: Any) -> Any:
    return HOME.asarray(array, copy=True)


def test_it_follows_the_protocols() -> None:
    assert isinstance(HOME, Queued)
    assert isinstance(HOME, SeveralDevices)
    assert set(HOME.kernels) <= set(portable.KERNELS)
    assert get_backend("cupy:0") is HOME
    assert HOME.device_name


def test_a_negative_zero_stays_one() -> None:
    assert np.signbit(mt.tensor(-0.0, backend="cupy").numpy())


# --- kernels --------------------------------------------------------------------------------------


def check_float64(name: str, kernel: Callable[..., Any]) -> None:
    """``kernel`` on the device is the portable one called ``name``."""
    for case in kernel_cases(name, count=20, dtype=np.float64):
        inputs, parameters = case.on(HOME)
        found, expected = (
            result if isinstance(result, tuple) else (result,)
            for result in (
                kernel(*inputs, **parameters),
                portable.KERNELS[name](*case.inputs, **case.parameters),
            )
        )
        for a, b in zip(map(HOME.to_numpy, found), expected, strict=True):
            assert relative_error(a, b) <= 1e-12, case


@pytest.mark.parametrize("size", [1, 128])
@pytest.mark.parametrize("name", ["conv", "conv_input", "conv_weight"])
def test_a_batch_in_parts(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that do not fit into the budget are made for a few pictures at a time."""
    monkeypatch.setattr(cupy_conv, "COLUMN_BYTES", size)
    check_float64(name, cupy_conv.KERNELS[name])


def test_many_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cupy_loss, "MOST_CLASSES", 0)
    check_float64("softmax_cross_entropy", cupy_loss.softmax_cross_entropy)


def test_sums_in_float16_are_taken_in_float32() -> None:
    """4096 ones, and 4096 windows on one entry: float16 alone would stop at 2048."""
    ones = on_device(np.ones((4096, 1), np.float16))
    index = on_device(np.zeros(4096, np.int64))
    assert HOME.to_numpy(HOME.kernels["index_add"](ones, index=index, size=1)).item() == 4096
    window: dict[str, Any] = {"kernel": (4096,), "stride": (1,), "padding": ((0, 0),)}
    line = on_device(np.ones((1, 1, 4096), np.float16))
    total = HOME.kernels["sum_pool"](line, shape=(1, 1, 4096), **window)
    assert HOME.to_numpy(total).item() == 4096


@pytest.mark.parametrize("name", ["index_add", "conv_input", "max_pool_input"])
def test_equal_inputs_give_equal_bits(name: str) -> None:
    rng = np.random.default_rng(0)
    geometry = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1)}
    g = on_device(rng.standard_normal((2, 4, 6, 6)).astype(np.float32))
    w = on_device(rng.standard_normal((4, 3, 3, 3)).astype(np.float32))
    rows, index = on_device(rng.random((500, 3), np.float32)), on_device(rng.integers(0, 9, 500))
    best = portable.max_pool(HOME.to_numpy(g), kernel=(3, 3), **geometry)[1]
    calls = {
        "index_add": lambda k: k(rows, index=index, size=9),
        "conv_input": lambda k: k(g, w, shape=(2, 3, 6, 6), groups=1, **geometry),
        "max_pool_input": lambda k: k(
            g, index=on_device(best), shape=(2, 4, 6, 6), kernel=(3, 3), **geometry
        ),
    }
    first, second = (HOME.to_numpy(calls[name](HOME.kernels[name])) for _ in range(2))
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)


# --- a training step ------------------------------------------------------------------------------


def lenet(rng: np.random.Generator) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(400, 120, rng=rng),
        nn.ReLU(),
        nn.Dense(120, 84, rng=rng),
        nn.ReLU(),
        nn.Dense(84, 10, rng=rng),
    )


def trained(backend: str, steps: int) -> tuple[list[float], list[np.ndarray[Any, Any]]]:
    """Losses and final weights of LeNet on made-up digits, alike on every backend."""
    rng = np.random.default_rng(0)
    with mt.use_backend(backend):
        net = lenet(rng)
        optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
        losses = []
        for _ in range(steps):
            x = mt.tensor(rng.random((8, 1, 28, 28), np.float32))
            loss = F.cross_entropy(net(x), mt.tensor(rng.integers(0, 10, 8)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return [loss.item() for loss in losses], [p.detach().numpy() for p in net.parameters()]


def test_lenet_trains_as_on_numpy() -> None:
    expected, found = trained("numpy", 10), trained("cupy", 10)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    for a, b in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


# --- what is put off ------------------------------------------------------------------------------


@pytest.fixture
def asynchronous() -> Any:
    """As in a program: questions about labels and indices wait."""
    before, HOME.checks_at_once = HOME.checks_at_once, False
    yield
    HOME.checks_at_once = before
    HOME._errors.clear()


@pytest.mark.parametrize("read", ["item", "synchronize"])
def test_a_wrong_label_is_named_at_the_next_way_to_the_host(asynchronous: Any, read: str) -> None:
    scores = mt.zeros((3, 4), backend="cupy")
    F.cross_entropy(scores, mt.tensor([0, 3, 1], backend="cupy"))
    loss = F.cross_entropy(scores, mt.tensor([0, 7, 1], backend="cupy"))
    with pytest.raises(ValueError, match=r"cross_entropy: label 7 at position 1 is no class"):
        loss.item() if read == "item" else HOME.synchronize()
    assert math.isfinite(scores.sum().item())  # said once


WRONG_INDICES: dict[str, tuple[Any, str]] = {
    "take": (lambda x, i: mt.take(x, i), r"take: indices from -1 to 4 for an axis of size 4"),
    "index": (lambda x, i: x[i], r"index: indices from -1 to 4 for an axis of size 4"),
    "embedding": (
        lambda x, i: F.embedding(i, mt.zeros((4, 1), backend="cupy")),
        r"embedding: index -1 at position \(0,\) .* there are 4 rows",
    ),
    "max_unpool1d": (
        lambda x, i: F.max_unpool1d(mt.zeros((1, 1, 2), backend="cupy"), i.reshape(1, 1, 2), 2),
        r"max_unpool1d: indices from -1 to 4; an output of 4 has",
    ),
}


@pytest.mark.parametrize("name", WRONG_INDICES)
def test_a_wrong_index_is_named_at_the_next_way_to_the_host(asynchronous: Any, name: str) -> None:
    call, message = WRONG_INDICES[name]
    x = mt.arange(4, backend="cupy")
    picked = call(x, mt.tensor([-1, 4], backend="cupy"))
    with pytest.raises((IndexError, ValueError), match=message):
        picked.numpy()


UNWAITED: dict[str, Any] = {
    "index": lambda x, i: x[i],
    "index_and_slice": lambda x, i: x[1:, i],
    "take": lambda x, i: mt.take(x, i, axis=0),
    "index_add": lambda x, i: mt.index_add(x, i, x[:3]),
    "embedding": lambda x, i: F.embedding(i, x, padding_idx=1, scale_grad_by_freq=True),
    "embedding_bag": lambda x, i: F.embedding_bag(i.reshape(1, 3), x, mode="mean", padding_idx=1),
    "embedding_bag_max": lambda x, i: F.embedding_bag(i.reshape(1, 3), x, mode="max"),
    "max_unpool1d": lambda x, i: F.max_unpool1d(x[:1, :3], i[None], 2),
    "max_pool2d": lambda x, i: F.max_pool2d(x[None, None], 2),
}


@pytest.mark.skipif(not emulator.available(), reason="what waits is counted on emulated CUDA only")
@pytest.mark.parametrize("name", UNWAITED)
def test_the_host_does_not_wait(asynchronous: Any, name: str) -> None:
    """Forward and backward, with indices that are on the device."""
    with mt.use_backend("cupy"):
        x = mt.tensor(np.arange(16.0).reshape(4, 4), requires_grad=True)
        index = mt.tensor([0, 2, 2])
        HOME.synchronize()
        with emulator.record() as step:
            UNWAITED[name](x, index).sum().backward()
    assert step["device_to_host"] == step.synchronisations == 0
    assert step["launches"] > 0


def test_questions_do_not_pile_up(asynchronous: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minitorch_backends.cupy.MOST_UNCHECKED", 3)
    scores, right = mt.zeros((1, 2), backend="cupy"), mt.tensor([1], backend="cupy")
    F.cross_entropy(scores, mt.tensor([2], backend="cupy"))
    F.cross_entropy(scores, right)
    with pytest.raises(ValueError, match="label 2 at position 0"):
        F.cross_entropy(scores, right)


def test_nothing_is_read_at_a_label_that_is_no_class() -> None:
    """Neither the next row, nor what lies before and behind the scores."""
    logits = HOME.asarray(np.zeros((2, 3), np.float32), copy=False)
    for wrong in (-1, 3, 10**6):
        labels = HOME.asarray(np.array([wrong, 0]), copy=False)
        losses, _ = HOME.kernels["softmax_cross_entropy"](logits, labels=labels)
        first, second = HOME.to_numpy(losses)
        assert math.isnan(first)
        assert second == pytest.approx(math.log(3))


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.skipif(
    {"GUARD_PAGES", "MEMORY_POOL"} & set(emulator.modes()), reason="CuPy's memory pool is off"
)
def test_memory_is_counted_and_limited() -> None:
    before = HOME.memory()
    x = mt.zeros(1 << 18, backend="cupy")
    during = HOME.memory()
    assert during.used - before.used == 1 << 20
    assert during.kept >= during.used
    assert before.limit is None
    try:
        HOME.limit_memory(during.kept + (1 << 20))
        with pytest.raises(mt.OutOfDeviceMemory, match=r"GPU is full.*limit \d+ MiB.*batches"):
            mt.zeros(1 << 24, backend="cupy")
        assert HOME.memory().limit == during.kept + (1 << 20)
    finally:
        HOME.limit_memory(None)
    del x
    HOME.free_memory()
    assert HOME.memory().used == before.used


# --- several devices ------------------------------------------------------------------------------


@pytest.fixture
def first_device_again() -> Any:
    """CuPy computes on the device used last; tests of raw arrays mean the first."""
    with HOME.device:
        yield


@needs_two
@pytest.mark.usefixtures("first_device_again")
def test_a_second_device_is_a_backend_of_its_own() -> None:
    x = mt.ones(3, backend="cupy:1")
    assert x.backend == "cupy:1"
    assert x.to("cupy").backend == "cupy"
    assert x.to("cupy").to("cupy:1").backend == "cupy:1"
    turned = mt.tensor(np.arange(6.0).reshape(2, 3), backend="cupy:1").T
    np.testing.assert_array_equal(turned.to("cupy").numpy(), turned.numpy())
    assert (x + 1).backend == (x * x).sum().backend == mt.zeros_like(x).backend == "cupy:1"
    np.testing.assert_allclose(mt.exp(x).numpy(), [math.e] * 3, rtol=1e-6)
    with mt.use_backend("cupy:1"):
        assert mt.zeros(1).backend == mt.tensor([1.0]).backend == mt.rand(2).backend == "cupy:1"
    assert mt.zeros(1, backend="cupy").backend == "cupy"


@needs_two
@pytest.mark.usefixtures("first_device_again")
def test_devices_are_not_mixed() -> None:
    x, y = mt.ones(2, backend="cupy"), mt.ones(2, backend="cupy:1")
    with pytest.raises(TypeError, match=r"different backends.*'cupy'.*'cupy:1'.*\.to\('cupy'\)"):
        x + y


@needs_two
@pytest.mark.usefixtures("first_device_again")
def test_lenet_trains_on_the_second_device() -> None:
    expected, found = trained("cupy", 2), trained("cupy:1", 2)
    np.testing.assert_array_equal(found[0], expected[0])
