"""Batches on their way to the device: one ahead, through pinned buffers that are used again.

In the emulator's mode ``lazy`` a copy runs only when something waits for it, so that a buffer that
is written to too early, or a batch that nobody waits for, shows in the values here.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from cuda_emulator import emulator
from minitorch_backends.protocol import Uploading
from minitorch_cnn import data
from minitorch_cnn.backend import get_backend

try:
    HOME: Any = get_backend("cupy")
except (ValueError, mt.BackendUnavailable) as unavailable:
    pytest.skip(str(unavailable), allow_module_level=True)

counted = pytest.mark.skipif(
    not emulator.available()
    or bool({"MEMORY_POOL", "GUARD_PAGES", "LAZY_QUEUE"} & set(emulator.modes())),
    reason="counted on emulated CUDA only, with CuPy's memory pool and a queue that runs",
)


def digits(count: int = 70) -> data.TensorDataset:
    rng = np.random.default_rng(0)
    return data.TensorDataset(rng.random((count, 1, 6, 5), np.float32), rng.integers(0, 10, count))


def loader(backend: str = "cupy", **options: Any) -> data.DataLoader:
    return data.DataLoader(
        digits(), **{"batch_size": 8, "shuffle": True, "seed": 3, "backend": backend, **options}
    )


def equal(found: Any, expected: Any) -> None:
    assert found.backend == "cupy"
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_it_follows_the_protocol() -> None:
    assert isinstance(HOME, Uploading)
    assert not isinstance(get_backend("numpy"), Uploading)


@pytest.mark.parametrize("keep", [False, True])
def test_batches_are_those_of_the_host(keep: bool) -> None:
    """... also the last, smaller one, in epochs after each other, used at once or kept."""
    loaders = loader(), loader("numpy")
    for _ in range(2):
        epoch = iter(loaders[0])
        batches: Any = list(epoch) if keep else epoch
        count = 0
        for found, expected in zip(batches, loaders[1], strict=True):
            for a, b in zip(found, expected, strict=True):
                equal(a, b)
            count += 1
        assert count == len(loaders[0]) == 9
    assert loaders[0].state_dict() == loaders[1].state_dict()


def test_what_is_computed_sees_its_own_batch() -> None:
    """Sums that are asked for when all batches are through."""
    sums = [(x.sum(axis=(1, 2, 3)) * y, 2 * y) for x, y in loader()]
    expected = [(x.sum(axis=(1, 2, 3)) * y, 2 * y) for x, y in loader("numpy")]
    for found, right in zip(sums, expected, strict=True):
        np.testing.assert_allclose(found[0].numpy(), right[0].numpy(), rtol=1e-5)
        equal(found[1], right[1])


def test_epochs_may_be_given_up_and_nested() -> None:
    outer, inner, right = loader(), loader(seed=4), loader("numpy")
    expected = list(right)
    for number, (x, y) in enumerate(outer):
        for number_inside, (z, _) in enumerate(inner):
            assert z.shape == (8, 1, 6, 5)
            if number_inside == 1:
                break
        equal(x, expected[number][0])
        equal(y, expected[number][1])
        if number == 4:
            break
    assert (outer.epoch, inner.epoch) == (1, 5)
    for found, expected_batch in zip(outer, right, strict=True):
        equal(found[0], expected_batch[0])


def test_memory_of_a_batch_that_never_arrived_is_not_given_away_too_early() -> None:
    for size in range(1, 35):
        epoch = iter(loader(batch_size=size))
        next(epoch)
        del epoch  # while the second batch is on its way
        sevens = [mt.full((size, 1, 6, 5), 7.0, backend="cupy") for _ in range(3)]
        HOME.synchronize()
        for x in sevens:
            assert x.tolist() == np.full((size, 1, 6, 5), 7.0).tolist()


def test_a_batch_of_all_kinds() -> None:
    class Kinds:
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            return {
                "numbers": (index, index / 4, index % 2 == 0),
                "arrays": [
                    np.full((2, 3), index, dtype).T
                    for dtype in ("float16", "float64", "uint8", ">i4")
                ],
                "nothing": np.empty((0, 2), np.float32),
                "one": np.float64(-0.0),
                "word": str(index),
                "tensor": mt.tensor([index], backend="numpy"),
                "there": mt.tensor([index], backend="cupy"),
            }

    for found, expected in zip(
        data.DataLoader(Kinds(), 3, backend="cupy"),
        data.DataLoader(Kinds(), 3, backend="numpy"),
        strict=True,
    ):
        assert found["word"] == expected["word"]
        assert np.signbit(found["one"].numpy()).all()
        tensors = ("numbers", "arrays"), ("nothing", "one", "tensor", "there")
        for name in tensors[0]:
            assert type(found[name]) is type(expected[name])
            for a, b in zip(found[name], expected[name], strict=True):
                equal(a, b)
        for name in tensors[1]:
            equal(found[name], expected[name])


def test_without_a_backend_tensors_stay_where_they_are() -> None:
    both = data.TensorDataset(mt.ones((4, 2), backend="numpy"), np.arange(4))
    with mt.use_backend("cupy"):
        ((x, y),) = data.DataLoader(both, 4)
    assert (x.backend, y.backend) == ("numpy", "cupy")


def test_an_array_may_be_written_to_when_its_batch_is_out() -> None:
    buffer = np.zeros((2, 1000), np.float32)

    def collate(items: list[Any]) -> Any:
        buffer[...] = items[0]
        return buffer

    numbers = data.TensorDataset(np.arange(7.0))
    found = list(data.DataLoader(numbers, collate=collate, backend="cupy"))
    for number, batch in enumerate(found):
        np.testing.assert_array_equal(batch.numpy(), np.full((2, 1000), number))


def test_larger_batches_than_before() -> None:
    for size in (3, 70, 5):
        epochs = loader(batch_size=size), loader("numpy", batch_size=size)
        for found, expected in zip(*epochs, strict=True):
            equal(found[0], expected[0])


def test_a_mistake_of_the_dataset_is_told() -> None:
    class Broken(data.Dataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            if index == 2:
                raise ValueError("picture 2 cannot be read")
            return np.zeros(2)

    with pytest.raises(ValueError, match="picture 2"):
        list(data.DataLoader(Broken(), backend="cupy"))


# --- budgets --------------------------------------------------------------------------------------


@counted
def test_a_warm_epoch_copies_its_batches_and_nothing_else() -> None:
    warm = loader(drop_last=True)
    for _ in range(2):
        for x, y in warm:
            assert x.size > y.size
    with emulator.record() as epoch:
        for x, y in warm:
            assert x.size > y.size
    pictures, labels = 8 * 30 * 4, 8 * 8
    assert epoch["host_to_device"] == 2 * len(warm)
    assert epoch["host_to_device_bytes"] == len(warm) * (pictures + labels)
    assert epoch["host_to_device_pageable"] == epoch["device_to_host"] == epoch["launches"] == 0
    assert epoch["allocations"] == epoch["pinned_allocations"] == epoch.synchronisations == 0


@counted
def test_the_next_batch_is_sent_before_this_one_is_used() -> None:
    def steps() -> Iterator[None]:
        for x, _ in loader(batch_size=24):
            (x + 1).detach()
            yield

    list(steps())
    with emulator.record() as epoch:
        list(steps())
    kinds = [event.split()[0] for event in epoch.events if event.startswith(("host", "launch"))]
    assert kinds == ["host"] * 4 + ["launch"] + ["host"] * 2 + ["launch"] * 2
