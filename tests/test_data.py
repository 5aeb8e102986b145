"""Datasets, collation, the loader's orders and lengths, and batch transforms."""

from collections import namedtuple

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn.data import DataLoader, Dataset, Subset, TensorDataset, default_collate
from minitorch_cnn.data.transforms import Compose, RandomShift


class Items(Dataset):
    """A dataset without a batch of its own."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def numbers(count):
    """Pairs (row of floats, integer) that tell their index."""
    return TensorDataset(
        np.arange(2.0 * count, dtype=np.float32).reshape(count, 2), np.arange(count)
    )


def labels(loader):
    """One epoch's labels, batch by batch."""
    return [y.numpy().tolist() for _, y in loader]


def flat(batches):
    return [label for batch in batches for label in batch]


# Datasets


def test_tensor_dataset_hands_out_entries_of_all_arrays():
    images, targets = np.arange(12.0).reshape(4, 3), np.array([3, 2, 1, 0])
    dataset = TensorDataset(images, targets)
    assert len(dataset) == 4
    image, target = dataset[2]
    np.testing.assert_array_equal(image, [6, 7, 8])
    assert target == 1
    assert dataset[-1][1] == 0
    np.testing.assert_array_equal(dataset[1:3][1], [2, 1])
    np.testing.assert_array_equal(dataset[[3, 0]][0], images[[3, 0]])
    np.testing.assert_array_equal(dataset[targets > 1][1], [3, 2])
    assert dataset.arrays[0] is images


def test_tensor_dataset_takes_tensors():
    dataset = TensorDataset(mt.asarray(np.arange(6.0).reshape(3, 2)), np.arange(3))
    picture, _ = dataset[1]
    assert isinstance(picture, mt.Tensor)
    np.testing.assert_array_equal(picture.numpy(), [2, 3])
    x, y = next(iter(DataLoader(dataset, batch_size=2)))
    np.testing.assert_array_equal(x.numpy(), [[0, 1], [2, 3]])
    np.testing.assert_array_equal(y.numpy(), [0, 1])


def test_one_array_gives_batches_of_one_tensor():
    (x,) = next(iter(DataLoader(TensorDataset(np.arange(3)), batch_size=3)))
    np.testing.assert_array_equal(x.numpy(), [0, 1, 2])


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ((), ValueError, "at least one array"),
        (([1, 2],), TypeError, "argument 0 is a list"),
        ((np.zeros(3), np.array(1)), ValueError, "argument 1 has no dimensions"),
        ((np.zeros((3, 2)), np.zeros(4)), ValueError, r"\[3, 4\] items"),
    ],
)
def test_tensor_dataset_refuses(arrays, error, message):
    with pytest.raises(error, match=message):
        TensorDataset(*arrays)


@pytest.mark.parametrize("index", [4, -5, [0, 4], np.array([-5])])
def test_index_outside_the_dataset(index):
    with pytest.raises(IndexError, match=r"out of range for a TensorDataset of 4 items"):
        numbers(4)[index]


def test_index_that_is_no_integer():
    with pytest.raises(TypeError, match="indexed by integers, got float64"):
        numbers(4)[1.0]


def test_subset():
    subset = Subset(numbers(10), [7, 3, 3])
    assert [int(label) for _, label in subset] == [7, 3, 3]
    assert labels(DataLoader(subset, batch_size=2)) == [[7, 3], [3]]
    assert labels(DataLoader(Subset(subset, [2, 0]), batch_size=2)) == [[3, 7]]
    with pytest.raises(IndexError, match="index 3 is out of range for a Subset of 3 items"):
        subset[3]
    with pytest.raises(IndexError, match="index 10 is out of range for a TensorDataset of 10"):
        Subset(numbers(10), [0, 10])
    with pytest.raises(ValueError, match="sequence of integers"):
        Subset(numbers(10), 3)


def test_subset_of_a_plain_list_goes_item_by_item():
    subset = Subset([(0.5, 1), (1.5, 2), (2.5, 3)], [2, 1])
    x, y = next(iter(DataLoader(subset, batch_size=2)))
    np.testing.assert_array_equal(x.numpy(), np.array([2.5, 1.5], np.float32))
    np.testing.assert_array_equal(y.numpy(), [3, 2])


def test_subset_keeps_its_indices_when_the_given_ones_change():
    chosen = np.array([1, 2])
    subset = Subset(numbers(5), chosen)
    chosen[:] = 0
    assert [int(label) for _, label in subset] == [1, 2]


def test_an_incomplete_dataset_says_what_it_lacks():
    class Lengthless(Dataset):
        def __getitem__(self, index):
            return index

    with pytest.raises(TypeError, match="__len__"):
        Lengthless()


# Collation


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([1, 2], np.array([1, 2], np.int64)),
        ([1.5, 2], np.array([1.5, 2], np.float32)),
        ([True, False], np.array([True, False])),
        ([np.float64(1), np.float64(2)], np.array([1.0, 2.0])),
        ([np.uint8(1), np.uint8(2)], np.array([1, 2], np.uint8)),
        ([np.ones(2, np.float32), np.zeros(2, np.float32)], np.array([[1, 1], [0, 0]], np.float32)),
    ],
)
def test_collate_stacks_and_types(items, expected):
    result = default_collate(items)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


def test_collate_goes_into_trees():
    pair = namedtuple("pair", "picture label")
    items = [
        {"pair": pair(np.full(2, i), i), "names": (f"item {i}", b"x"), "list": [i, [i]]}
        for i in range(3)
    ]
    batch = default_collate(items)
    assert isinstance(batch["pair"], pair)
    np.testing.assert_array_equal(batch["pair"].picture, [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(batch["pair"].label, [0, 1, 2])
    assert batch["names"] == (["item 0", "item 1", "item 2"], [b"x"] * 3)
    assert isinstance(batch["list"], list)
    np.testing.assert_array_equal(batch["list"][1][0], [0, 1, 2])


def test_collate_stacks_tensors():
    batch = default_collate([mt.asarray(np.array([1.0, 2.0])), mt.asarray(np.array([3.0, 4.0]))])
    assert isinstance(batch, mt.Tensor)
    np.testing.assert_array_equal(batch.numpy(), [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("items", "error", "message"),
    [
        ([], ValueError, "no items"),
        ([np.zeros(2), np.zeros(3)], ValueError, r"item 1 has shape \(3,\), but item 0"),
        ([(1, np.zeros(2)), (1, np.zeros(3))], ValueError, r"item 1\[1\] has shape"),
        ([{"a": 1}, {"b": 1}], ValueError, r"item 1 has keys"),
        ([{"a": [1]}, {"a": [1, 2]}], ValueError, r"item 1\['a'\] has length 2"),
        ([1, "one"], TypeError, "item 1 has type str"),
        ([None, None], TypeError, "item 0 is a NoneType"),
    ],
)
def test_collate_refuses(items, error, message):
    with pytest.raises(error, match=message):
        default_collate(items)


def test_the_loader_names_the_item_that_does_not_fit():
    shapes = [np.zeros(2)] * 5 + [np.zeros(3)] + [np.zeros(2)] * 2
    with pytest.raises(ValueError, match=r"item 5 has shape \(3,\), but item 4"):
        list(DataLoader(Items(shapes), batch_size=4))


# The loader


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("count", "batch_size"), [(10, 3), (9, 3), (2, 3), (1, 1), (3, 100)])
def test_lengths(count, batch_size, drop_last):
    loader = DataLoader(numbers(count), batch_size, drop_last=drop_last)
    batches = labels(loader)
    assert len(loader) == len(batches)
    expected = [
        list(range(count))[start : start + batch_size] for start in range(0, count, batch_size)
    ]
    if drop_last:
        expected = [batch for batch in expected if len(batch) == batch_size]
    assert batches == expected


def test_batches_are_tensors_with_the_items_values_and_types():
    loader = DataLoader(numbers(10), batch_size=4, shuffle=True, seed=3)
    for x, y in loader:
        assert isinstance(x, mt.Tensor)
        assert isinstance(y, mt.Tensor)
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        np.testing.assert_array_equal(x.numpy()[:, 0], 2 * y.numpy())
        np.testing.assert_array_equal(x.numpy()[:, 1], 2 * y.numpy() + 1)


def test_a_batch_is_one_index_per_array():
    class Counted(TensorDataset):
        calls = 0

        def get_batch(self, indices):
            Counted.calls += 1
            return super().get_batch(indices)

        def __getitem__(self, index):
            raise AssertionError("item by item")

    loader = DataLoader(Counted(np.arange(10)), batch_size=4, shuffle=True, seed=0)
    assert sorted(flat(x.numpy().tolist() for (x,) in loader)) == list(range(10))
    assert Counted.calls == 3


def test_both_ways_to_a_batch_agree():
    fast = numbers(7)
    slow = Items([(np.array(x), int(y)) for x, y in fast])
    for (a, b), (c, d) in zip(
        DataLoader(fast, 3, True, seed=1), DataLoader(slow, 3, True, seed=1), strict=True
    ):
        np.testing.assert_array_equal(a.numpy(), c.numpy())
        np.testing.assert_array_equal(b.numpy(), d.numpy())
        assert (a.dtype, b.dtype) == (c.dtype, d.dtype)


def test_shuffling_permutes_anew_every_epoch():
    loader = DataLoader(numbers(50), batch_size=8, shuffle=True, seed=0)
    first, second = flat(labels(loader)), flat(labels(loader))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != list(range(50))
    assert first != second


def test_an_order_depends_on_seed_and_epoch_alone():
    one = DataLoader(numbers(50), batch_size=8, shuffle=True, seed=5)
    other = DataLoader(numbers(50), batch_size=3, shuffle=True, seed=5)
    next(iter(other))  # an epoch begun and given up counts all the same
    first, second = flat(labels(one)), flat(labels(one))
    np.random.default_rng(0).random(10)
    assert flat(labels(other)) == second
    assert flat(labels(DataLoader(numbers(50), 1, True, seed=5))) == first
    assert flat(labels(DataLoader(numbers(50), 1, True, seed=6))) != first


def test_epochs_and_seeds_do_not_share_orders():
    orders = set()
    for seed in (0, 1, 2, 2**32, 2**32 + 1, 2**64):
        loader = DataLoader(numbers(30), 30, shuffle=True, seed=seed)
        orders |= {tuple(flat(labels(loader))) for _ in range(4)}
    assert len(orders) == 24


def test_resumed_loader_goes_on_with_the_same_batches():
    loader = DataLoader(numbers(20), 6, True, seed=9, transform=RandomShiftedLabels())
    runs = [labels(loader) for _ in range(4)]
    again = DataLoader(numbers(20), 6, True, seed=0, transform=RandomShiftedLabels())
    again.load_state_dict({"seed": 9, "epoch": 2})
    assert [labels(again) for _ in range(2)] == runs[2:]
    assert again.state_dict() == loader.state_dict() == {"seed": 9, "epoch": 4}


class RandomShiftedLabels:
    """A transform whose draws can be read off the labels."""

    def __call__(self, arrays, rng):
        return arrays[0], arrays[1] + rng.integers(0, 1000)


def test_transform_generators_differ_between_batches_and_epochs():
    zeros = TensorDataset(np.zeros((8, 1)), np.zeros(8, np.int64))
    loader = DataLoader(zeros, 2, seed=1, transform=RandomShiftedLabels())
    shifts = [batch[0] for _ in range(3) for batch in labels(loader)]
    assert len(set(shifts)) == 12


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"seed": 1}, ValueError, "holds 'seed' and 'epoch'"),
        ({"seed": 1, "epoch": 2, "step": 3}, ValueError, "holds 'seed' and 'epoch'"),
        ({"seed": 1, "epoch": 2, "batch": -3}, ValueError, "batch must be 0 or more"),
        ({"seed": 1, "epoch": -1}, ValueError, "epoch must be 0 or more"),
        ({"seed": "1", "epoch": 0}, TypeError, "seed must be an integer"),
    ],
)
def test_a_wrong_state_is_refused_and_changes_nothing(state, error, message):
    loader = DataLoader(numbers(4), seed=3)
    with pytest.raises(error, match=message):
        loader.load_state_dict(state)
    assert loader.state_dict() == {"seed": 3, "epoch": 0}


def test_without_a_seed_the_global_one_decides():
    mt.seed(11)
    first = DataLoader(numbers(30), 30, shuffle=True)
    second = DataLoader(numbers(30), 30, shuffle=True)
    mt.seed(11)
    again = DataLoader(numbers(30), 30, shuffle=True)
    assert labels(first) == labels(again)
    assert first.seed != second.seed


def test_a_loader_that_draws_nothing_leaves_the_global_generator_alone():
    mt.seed(11)
    expected = mt.random.default_rng().random()
    mt.seed(11)
    list(DataLoader(numbers(4), 2))
    assert mt.random.default_rng().random() == expected


def test_nested_iterations_are_independent():
    loader = DataLoader(numbers(6), 2, shuffle=True, seed=4)
    alone = [labels(loader) for _ in range(4)]
    loader.load_state_dict({"seed": 4, "epoch": 0})
    outer, inner = [], []
    for _, y in loader:
        outer.append(y.numpy().tolist())
        inner.append(labels(loader))
    assert outer == alone[0]
    assert inner == alone[1:]


def test_changing_the_loader_does_not_touch_an_epoch_under_way():
    loader = DataLoader(numbers(9), 3, shuffle=True, seed=2)
    expected = labels(loader)
    loader.epoch = 0
    epoch = iter(loader)
    found = [next(epoch)[1].numpy().tolist()]
    loader.batch_size, loader.shuffle, loader.dataset = 1, False, numbers(2)
    loader.transform = lambda arrays, rng: None
    loader.collate = len
    loader.load_state_dict({"seed": 8, "epoch": 5})
    found += [y.numpy().tolist() for _, y in epoch]
    assert found == expected


def test_a_dataset_that_grows_during_an_epoch():
    items = list(range(5))
    epoch = iter(DataLoader(items, 2))
    items += [5, 6]
    assert [x.numpy().tolist() for x in epoch] == [[0, 1], [2, 3], [4]]


def test_batches_are_no_views_of_the_dataset():
    images = np.zeros((4, 2))
    (x,) = next(iter(DataLoader(TensorDataset(images), 4)))
    images[:] = 1
    np.testing.assert_array_equal(x.numpy(), np.zeros((4, 2)))


def test_own_collate_gets_the_items_and_its_arrays_become_tensors():
    def pad(items):
        longest = max(map(len, items))
        rows = [np.pad(item, (0, longest - len(item))) for item in items]
        return {"rows": np.stack(rows), "lengths": [len(item) for item in items], "note": "padded"}

    items = Items([np.ones(1), np.ones(3), np.ones(2)])
    batches = list(DataLoader(items, 2, collate=pad))
    assert isinstance(batches[0]["rows"], mt.Tensor)
    np.testing.assert_array_equal(batches[0]["rows"].numpy(), [[1, 0, 0], [1, 1, 1]])
    assert batches[1]["lengths"] == [2]
    assert batches[1]["note"] == "padded"


def test_transform_works_on_host_arrays_and_the_dataset_stays():
    seen = []

    def negative(arrays, rng):
        seen.append([type(array) for array in arrays])
        return -arrays[0], arrays[1]

    dataset = TensorDataset(mt.asarray(np.ones((3, 2))), np.arange(3))
    for _ in range(2):
        x, _ = next(iter(DataLoader(dataset, 3, transform=negative, seed=0)))
        np.testing.assert_array_equal(x.numpy(), -np.ones((3, 2)))
    assert seen == [[np.ndarray, np.ndarray]] * 2


def test_backend_is_where_the_batches_are_made():
    x, _ = next(iter(DataLoader(numbers(2), backend="numpy")))
    assert isinstance(x.numpy(), np.ndarray)
    with pytest.raises(ValueError, match="abacus"):
        next(iter(DataLoader(numbers(2), backend="abacus")))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dataset": 3}, TypeError, "a int is no dataset"),
        ({"dataset": []}, ValueError, "the dataset is empty"),
        ({"batch_size": 0}, ValueError, "batch_size must be 1 or more, got 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer, got 2.0"),
        ({"batch_size": True}, TypeError, "batch_size must be an integer, got True"),
        ({"batch_size": None}, TypeError, "batch_size must be an integer, got None"),
        ({"seed": -1}, ValueError, "seed must be 0 or more, got -1"),
        ({"seed": "0"}, TypeError, "seed must be an integer, got '0'"),
    ],
)
def test_loader_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        DataLoader(**{"dataset": [1, 2], **arguments})


def test_numpy_integers_are_integers():
    assert len(DataLoader(numbers(4), np.int64(2), seed=np.uint8(3))) == 2


# Transforms


def shifted_by_hand(picture, down, right, fill):
    height, width = picture.shape
    result = np.full_like(picture, fill)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                result[row, column] = picture[row - down, column - right]
    return result


def test_random_shift_moves_whole_pictures_every_way():
    size, edge, fill = 5, 2, -7
    pictures = np.arange(1, 2 * size * size + 1, dtype=np.float32).reshape(1, 2, size, size)
    pictures = np.repeat(pictures, 400, axis=0)
    targets = np.arange(400)
    shifted, same = RandomShift(edge, fill)((pictures, targets), np.random.default_rng(0))
    assert same is targets
    assert shifted.dtype == np.float32
    assert shifted.flags.c_contiguous
    candidates = {
        shift: np.stack([shifted_by_hand(plane, *shift, fill) for plane in pictures[0]])
        for shift in np.ndindex(2 * edge + 1, 2 * edge + 1)
        for shift in [(shift[0] - edge, shift[1] - edge)]
    }
    counts = dict.fromkeys(candidates, 0)
    for picture in shifted:
        (match,) = [s for s, c in candidates.items() if np.array_equal(c, picture)]
        counts[match] += 1
    assert min(counts.values()) > 0, "each of the 25 shifts is drawn (16 times on average)"
    np.testing.assert_array_equal(pictures[0], pictures[-1])


def test_random_shift_by_nothing_is_the_identity():
    pictures = np.random.default_rng(0).random((3, 1, 4, 6))
    np.testing.assert_array_equal(RandomShift(0)(pictures, np.random.default_rng(0)), pictures)


@pytest.mark.parametrize("max_shift", [-1, 1.5, True, "2"])
def test_random_shift_refuses(max_shift):
    with pytest.raises(ValueError, match="max_shift"):
        RandomShift(max_shift)


def test_random_shift_wants_pictures():
    with pytest.raises(ValueError, match=r"\(N, channels, height, width\), got \(3, 4\)"):
        RandomShift(1)((np.zeros((3, 4)), 0), np.random.default_rng(0))


def test_compose_applies_in_order_with_one_generator():
    def draw(arrays, rng):
        return [*arrays, rng.random()]

    rng = np.random.default_rng(0)
    expected = [rng.random(), rng.random()]
    assert Compose(draw, draw)([], np.random.default_rng(0)) == expected
    with pytest.raises(TypeError, match="transform 0 is a list"):
        Compose([draw, draw])
