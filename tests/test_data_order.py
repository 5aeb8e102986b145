"""Which items make up an epoch, in which order, made by whom, and where it goes on."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import data
from minitorch_cnn.data import DataLoader


def numbers(count):
    return data.TensorDataset(np.arange(count))


def epoch(loader):
    return [x.tolist() for (x,) in loader]


# --- datasets of datasets -----------------------------------------------------------------------


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any), st.data())
def test_concatenated_datasets_are_one(lengths, drawn):
    parts, first = [], 0
    for length in lengths:
        parts.append(data.TensorDataset(np.arange(first, first + length)))
        first += length
    both = data.ConcatDataset(parts)
    assert len(both) == first
    indices = drawn.draw(st.lists(st.integers(0, first - 1), min_size=1, max_size=9))
    np.testing.assert_array_equal(both.get_batch(np.array(indices))[0], indices)
    assert [both[i][0] for i in indices] == indices
    assert [both[i - first][0] for i in indices] == indices


def test_concatenated_datasets_have_ends():
    both = data.ConcatDataset([numbers(2), numbers(3)])
    for index in (5, -6):
        with pytest.raises(IndexError, match=f"index {index} is out of range .* of 5 items"):
            both[index]
    with pytest.raises(ValueError, match="at least one dataset"):
        data.ConcatDataset([])


@given(st.integers(1, 50), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_random_parts_have_every_item_once(total, parts, seed):
    counts = np.random.default_rng(seed).multinomial(total, [1 / parts] * parts).tolist()
    split = data.random_split(numbers(total), counts, seed=seed)
    assert [len(part) for part in split] == counts
    assert sorted(np.concatenate([part.indices for part in split])) == list(range(total))
    again = data.random_split(numbers(total), counts, seed=seed)
    assert all(np.array_equal(a.indices, b.indices) for a, b in zip(split, again, strict=True))


def test_fractions_are_rounded_as_pytorch_does():
    # torch.utils.data.random_split(range(n), fractions)
    assert [len(p) for p in data.random_split(range(10), [0.35, 0.35, 0.3], seed=0)] == [4, 3, 3]
    assert [len(p) for p in data.random_split(range(7), [0.5, 0.5], seed=0)] == [4, 3]
    mt.seed(3)
    first = data.random_split(range(9), [0.5, 0.5])[0].indices
    mt.seed(3)
    np.testing.assert_array_equal(first, data.random_split(range(9), [0.5, 0.5])[0].indices)


@pytest.mark.parametrize(
    ("lengths", "words"),
    [([3, 3], "sum to 6; expected 7"), ([1.5, -0.5], "0 to 1 each"), ([9, -2], "sum to 7")],
)
def test_lengths_that_do_not_fit(lengths, words):
    with pytest.raises(ValueError, match=words):
        data.random_split(range(7), lengths, seed=0)


# --- samplers -----------------------------------------------------------------------------------


def test_a_sampler_decides_the_order_and_the_seed_repeats_it():
    sampler = data.SubsetRandomSampler([5, 1, 7, 3])
    first = DataLoader(numbers(9), 2, sampler=sampler, seed=1)
    epochs = [epoch(first) for _ in range(4)]
    assert len(first) == 2
    assert all(sorted(a + b) == [1, 3, 5, 7] for a, b in epochs)
    again = DataLoader(numbers(9), 2, sampler=sampler, seed=1)
    assert [epoch(again) for _ in range(4)] == epochs
    assert any(one != epochs[0] for one in epochs)


def test_shuffling_is_a_random_sampler():
    sampler = data.RandomSampler(numbers(9))
    shuffled = DataLoader(numbers(9), 4, shuffle=True, seed=2)
    assert epoch(shuffled) == epoch(DataLoader(numbers(9), 4, sampler=sampler, seed=2))


def test_random_samples_with_and_without_replacement():
    rng = np.random.default_rng(0)
    order = data.RandomSampler(numbers(5), num_samples=12).order(rng)
    counts = np.bincount(order, minlength=5)
    assert set(counts) == {2, 3}
    drawn = data.RandomSampler(numbers(5), replacement=True, num_samples=5000).order(rng)
    assert abs(np.bincount(drawn) - 1000).max() < 120


def test_weights_are_probabilities():
    sampler = data.WeightedRandomSampler([0.0, 1.0, 3.0], 4000)
    counts = np.bincount(sampler.order(np.random.default_rng(0)), minlength=3)
    assert counts[0] == 0
    assert abs(counts[2] - 3000) < 100
    once = data.WeightedRandomSampler([1.0, 0.0, 5.0], 2, replacement=False)
    assert sorted(once) == [0, 2]


def test_a_batch_sampler_decides_whole_batches():
    class Pairs:
        def __len__(self):
            return 2

        def __iter__(self):
            return iter([[3, 1], [0]])

    assert epoch(DataLoader(numbers(4), batch_sampler=Pairs())) == [[3, 1], [0]]
    batches = data.BatchSampler(data.RandomSampler(numbers(7)), 3, drop_last=True)
    loader = DataLoader(numbers(7), batch_sampler=batches, seed=0)
    assert [len(batch) for batch in epoch(loader)] == [3, 3]
    assert len(loader) == len(list(batches)) == 2


def test_any_iterable_of_indices_is_a_sampler():
    assert epoch(DataLoader(numbers(9), 2, sampler=[4, 0, 8])) == [[4, 0], [8]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: DataLoader(numbers(3), sampler=[0], shuffle=True), "leave shuffle out"),
        (
            lambda: DataLoader(numbers(3), 2, batch_sampler=[[0]]),
            "batch_sampler decides",
        ),
        (lambda: DataLoader(numbers(3), num_workers=-1), "num_workers must be 0 or more"),
        (lambda: DataLoader(numbers(3), prefetch_factor=0), "prefetch_factor must be 1 or more"),
        (lambda: data.RandomSampler(numbers(3), num_samples=0), "num_samples=0; expected 1"),
        (lambda: data.BatchSampler([0], 0, False), "batch_size=0"),
        (lambda: data.WeightedRandomSampler([1.0, -1.0], 3), "finite weights of 0 or more"),
        (lambda: data.WeightedRandomSampler([0.0], 3), "one is above 0"),
        (lambda: data.WeightedRandomSampler([1.0, 0.0], 2, False), "of 1 items with a weight"),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# --- workers ------------------------------------------------------------------------------------


def noisy(arrays, rng):
    return (arrays[0] + rng.random(arrays[0].shape), rng.per_sample(2), *arrays[1:])


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_do_not_depend_on_workers(workers, backend):
    def loaded(number):
        loader = DataLoader(
            numbers(23), 4, shuffle=True, seed=5, transform=noisy, num_workers=number,
            backend=backend,
        )  # fmt: skip
        return [[part.tolist() for part in batch] for _ in range(2) for batch in loader]

    assert loaded(workers) == loaded(0)


class Watched(data.Dataset):
    """Counts how many batches were made, and by which threads."""

    def __init__(self, count):
        self.count, self.made, self.threads = count, 0, set()

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.made += 1
        self.threads.add(threading.current_thread().name)
        if index == 13:
            raise OSError("picture 13 cannot be read")
        return index


def workers_alive():
    return [t for t in threading.enumerate() if t.name.startswith("minitorch-data")]


def test_no_more_batches_are_made_ahead_than_were_asked_for():
    dataset = Watched(12)
    batches = iter(DataLoader(dataset, num_workers=2, prefetch_factor=2))
    next(batches)
    time.sleep(0.2)
    assert 1 <= dataset.made <= 1 + 4
    assert all(name.startswith("minitorch-data") for name in dataset.threads)
    del batches
    assert not workers_alive()


def test_an_error_comes_in_its_place_and_threads_end():
    met = []
    loader = DataLoader(Watched(20), num_workers=3)
    with pytest.raises(OSError, match="picture 13 cannot be read"):
        met.extend(x.item() for x in loader)
    assert met == list(range(13))
    assert not workers_alive()


def test_threads_end_when_an_epoch_is_given_up():
    for _ in DataLoader(Watched(12), num_workers=2):
        break
    assert not workers_alive()


def test_workers_know_the_backend_of_who_asked():
    class Zeros(data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return mt.zeros(2)

    with mt.use_backend("strict"):
        assert {x.backend for x in DataLoader(Zeros(), num_workers=1)} == {"strict"}


# --- in the middle of an epoch ------------------------------------------------------------------


@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 60), st.integers(0, 2))
def test_a_state_taken_at_any_batch_goes_on_with_the_next(count, size, stop, workers):
    def loader():
        return DataLoader(
            numbers(count), size, shuffle=True, seed=3, transform=noisy, num_workers=workers
        )

    def stream(loader, batches):
        while True:
            for batch in loader:
                batches.append([part.tolist() for part in batch])
                yield

    straight, met = [], []
    whole, first = stream(loader(), straight), loader()
    for _ in range(stop + 7):
        next(whole)
    running = stream(first, met)
    for _ in range(stop):
        next(running)
    second = loader()
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    going_on = stream(second, met)
    for _ in range(7):
        next(going_on)
    assert met == straight


def test_an_epoch_that_was_given_up_is_over():
    loader = DataLoader(numbers(6), 2, shuffle=True, seed=1)
    for _ in loader:
        assert loader.state_dict() == {"seed": 1, "epoch": 0, "batch": 1}
        break
    assert loader.state_dict() == {"seed": 1, "epoch": 1}


def test_after_the_last_batch_an_epoch_is_over():
    loader = DataLoader(numbers(6), 2, seed=1)
    batches = iter(loader)
    states = [loader.state_dict() for _ in batches]
    assert states == [
        {"seed": 1, "epoch": 0, "batch": 1},
        {"seed": 1, "epoch": 0, "batch": 2},
        {"seed": 1, "epoch": 1},
    ]
