"""Augmentation: against the obvious way, one sample at a time."""

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from minitorch_cnn import data
from minitorch_cnn.data import SampleGenerator, transforms
from minitorch_cnn.data.sample_random import per_sample

RANDOM = {
    "shift": lambda **o: transforms.RandomShift(2, fill=0.5, **o),
    "crop": lambda **o: transforms.RandomCrop((5, 4), padding=1, fill=0.5, **o),
    "left to right": lambda **o: transforms.RandomHorizontalFlip(**o),
    "upside down": lambda **o: transforms.RandomVerticalFlip(0.3, **o),
    "rotation": lambda **o: transforms.RandomRotation(30, fill=0.5, **o),
}
geometric = pytest.mark.parametrize("make", RANDOM.values(), ids=RANDOM)
every = pytest.mark.parametrize(
    "make", [*RANDOM.values(), lambda: transforms.RandomErasing(0.7)], ids=[*RANDOM, "erasing"]
)


def pictures(count=12, channels=2, height=6, width=5, dtype=np.float32):
    drawn = np.random.default_rng(0).uniform(1, 200, (count, channels, height, width))
    return drawn.astype(dtype)


def generator(indices, epoch=0, batch=0):
    return SampleGenerator(7, epoch, batch, np.asarray(indices))


@every
def test_what_happens_to_a_sample_depends_on_nothing_but_itself(make):
    x, indices = pictures(), np.array([30, 2, 7, 7, 1, 0, 99, 5, 4, 3, 12, 11])
    whole = make()((x, indices), generator(indices))[0]
    order = np.random.default_rng(1).permutation(12)
    for some in (order[:5], order[5:]):
        part = make()((x[some], indices[some]), generator(indices[some], batch=3))[0]
        np.testing.assert_array_equal(part, whole[some])
    other_epoch = make()((x, indices), generator(indices, epoch=1))[0]
    assert (other_epoch != whole).any()


@every
def test_given_arrays_and_labels_stay(make):
    x, labels = pictures(), np.arange(12)
    before = x.copy()
    moved, same = make()((x, labels), generator(labels))
    np.testing.assert_array_equal(x, before)
    assert same is labels
    assert moved.dtype == x.dtype
    assert moved.flags.c_contiguous or moved.flags.writeable
    assert (moved[..., :4] != x[:, :, : moved.shape[2], :4]).any()


@every
def test_any_generator_will_do(make):
    x = pictures()
    one, other = (make()(x, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@geometric
def test_masks_move_with_their_pictures(make):
    """A mask is the picture's own classes: whichever moves, they still belong together."""
    mask = np.random.default_rng(0).integers(0, 2, (12, 9, 8)).repeat(2, axis=1).repeat(2, axis=2)
    x = mask[:, None].astype(np.float32)
    transform = make(moved=(0, 1), **({} if "Flip" in repr(make()) else {"mask_fill": 9}))
    moved, moved_mask = transform((x, mask), generator(range(12)))
    assert moved_mask.dtype == mask.dtype
    assert moved_mask.shape == (12, *moved.shape[2:])
    inside = moved_mask != 9
    certain = inside & ((moved[:, 0] < 0.2) | (moved[:, 0] > 0.8))
    assert certain.mean() > 0.4
    np.testing.assert_array_equal((moved[:, 0] > 0.5)[certain], moved_mask[certain] == 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_rotation_is_that_of_scipy(dtype):
    x = pictures(dtype=dtype)
    rng = generator(range(12))
    angles = -40 + 80 * per_sample(generator(range(12)), 12, 1)[:, 0]
    found = transforms.RandomRotation(40, fill=9.0)(x, rng)
    assert found.dtype == dtype
    for picture, angle, turned in zip(x, angles, found, strict=True):
        for channel, result in zip(picture.astype(np.float64), turned, strict=True):
            expected = scipy.ndimage.rotate(
                np.pad(channel, 9, constant_values=9), angle, order=1, reshape=False, cval=9
            )[9:-9, 9:-9]
            np.testing.assert_allclose(result, expected, atol=0.51 if dtype == np.uint8 else 1e-3)


def test_labels_are_never_interpolated():
    mask = np.random.default_rng(0).choice([0, 10], (5, 8, 8))
    turned = transforms.RandomRotation(45, mask_fill=3)(mask, generator(range(5)))
    assert set(np.unique(turned)) == {0, 3, 10}


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(0, 3), st.data())
def test_crops_are_parts_of_their_pictures(count, height, width, padding, drawn):
    size = tuple(drawn.draw(st.integers(1, n + 2 * padding)) for n in (height, width))
    x = pictures(count, 3, height, width)
    found = transforms.RandomCrop(size, padding=padding, fill=-1)(x, generator(range(count)))
    around = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2), constant_values=-1)
    for picture, part in zip(around, found, strict=True):
        parts = np.lib.stride_tricks.sliding_window_view(picture, size, axis=(1, 2))
        assert (parts == part[:, None, None]).all(axis=(0, 3, 4)).any()


def test_shares_and_ranges_are_those_asked_for():
    x = np.zeros((4000, 1, 5, 5), np.float32)
    x[:, :, 2, 1] = 1
    rng = generator(range(4000))
    flipped = transforms.RandomHorizontalFlip(0.3)(x, rng)[:, 0, 2, 3]
    assert abs(flipped.mean() - 0.3) < 0.03
    shifted = transforms.RandomShift(1)(x, rng)[:, 0]
    counts = shifted.sum(axis=0)[1:4, :3]
    assert counts.sum() == 4000
    assert abs(counts - 4000 / 9).max() < 80
    erased = transforms.RandomErasing(1.0, (0.04, 0.04), (1.0, 1.0), value=5)(x, rng) == 5
    assert (erased.sum(axis=(1, 2, 3)) == 1).all()
    assert abs(erased.sum(axis=(0, 1)) - 160).max() < 50


def test_rectangles_have_the_area_and_ratio_asked_for():
    x = np.zeros((300, 1, 40, 60), np.float32)
    erase = transforms.RandomErasing(0.5, scale=(0.1, 0.2), ratio=(0.5, 2.0), value=1)
    erased = erase(x, generator(range(300)))[:, 0]
    touched = erased.any(axis=(1, 2))
    assert abs(touched.mean() - 0.5) < 0.1
    for picture in erased[touched]:
        tall, wide = picture.any(axis=1).sum(), picture.any(axis=0).sum()
        assert picture.sum() == tall * wide
        assert 0.08 * 2400 < tall * wide < 0.22 * 2400
        assert 0.4 < tall / wide < 2.4


def test_numbers_of_samples_are_uniform_and_of_their_own():
    numbers = generator(range(2000)).per_sample(3)
    assert 0 <= numbers.min() < numbers.max() < 1
    assert abs(np.histogram(numbers, 10, (0, 1))[0] - 600).max() < 90
    assert np.abs(np.corrcoef(numbers.T) - np.eye(3)).max() < 0.06
    rng = generator([4])
    np.testing.assert_array_equal(
        np.concatenate([rng.per_sample(1), rng.per_sample(2)], axis=1), generator([4]).per_sample(3)
    )


def test_bytes_become_floats_of_mean_0_and_spread_1():
    x = np.random.default_rng(0).integers(0, 256, (50, 2, 6, 6)).astype(np.uint8)
    floats = x / 255
    mean, std = floats.mean(axis=(0, 2, 3)), floats.std(axis=(0, 2, 3))
    prepare = transforms.Compose(transforms.ToFloat(), transforms.Normalize(mean, std))
    found = prepare((x, 3), generator(range(50)))[0]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(0, 2, 3)), 1, atol=1e-5)


def test_the_loader_hands_its_numbers_to_transforms():
    x = pictures(20)
    dataset = data.TensorDataset(x, np.arange(20))
    transform = transforms.RandomRotation(20)

    def by_index(batch_size, workers):
        loader = data.DataLoader(
            dataset, batch_size, shuffle=True, seed=7, transform=transform, num_workers=workers
        )
        return {
            int(i): picture.numpy() for batch in loader for picture, i in zip(*batch, strict=True)
        }

    expected = transform(x, SampleGenerator(7, 0, 0, np.arange(20)))
    for found in (by_index(3, 0), by_index(8, 2)):
        for index, picture in found.items():
            np.testing.assert_array_equal(picture, expected[index])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: transforms.RandomHorizontalFlip(1.5), "p=1.5; expected a share from 0 to 1"),
        (lambda: transforms.RandomErasing(scale=(0.5, 0.2)), r"scale=\(0.5, 0.2\)"),
        (lambda: transforms.RandomErasing(ratio=(0.0, 0.2)), "ratio above 0"),
        (lambda: transforms.RandomRotation(-3), "degrees=-3"),
        (lambda: transforms.RandomCrop((2, 3, 4)), "a height and a width"),
        (lambda: transforms.RandomCrop(0), "size must be 1 or more"),
        (lambda: transforms.RandomCrop(9)(pictures(), generator(range(12))), "are smaller than"),
        (lambda: transforms.Normalize(0.5, 0.0), "other than 0"),
        (
            lambda: transforms.Normalize(0.5, 1.0)(pictures(dtype=np.uint8), None),
            r"transforms.ToFloat\(\) before it",
        ),
        (
            lambda: transforms.Normalize([1.0, 2.0, 3.0], 1.0)(pictures(), None),
            "3 values of mean for 2 channels",
        ),
        (
            lambda: transforms.RandomErasing()(np.zeros((3, 4)), None),
            r"RandomErasing: expected a batch .* got \(3, 4\)",
        ),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
