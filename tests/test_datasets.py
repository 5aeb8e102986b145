"""The digits: the subset in the package, and the full set from wherever it is."""

import gzip
import hashlib
import importlib.util
import socket
import struct
from importlib import resources
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from minitorch_cnn import datasets
from minitorch_cnn.data import DataLoader
from minitorch_cnn.datasets import DownloadError, digits, published

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
RNG = np.random.default_rng(0)
TRAIN = RNG.integers(0, 256, (30, 28, 28), dtype=np.uint8), np.arange(30, dtype=np.uint8) % 10
TEST = RNG.integers(0, 256, (20, 28, 28), dtype=np.uint8), np.arange(20, dtype=np.uint8) % 10
ARRAYS = dict(zip(NAMES, (*TRAIN, *TEST), strict=True))


def packed(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def place(folder, *, dotted=False, zipped=False, names=NAMES, **replaced):
    """Write the four IDX files; keywords like `train_images` replace an array."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        array = replaced.get(name.split("-idx")[0].replace("-", "_"), ARRAYS[name])
        content = gzip.compress(packed(array)) if zipped else packed(array)
        name = name.replace("-idx", ".idx") if dotted else name
        (folder / (name + ".gz" if zipped else name)).write_bytes(content)


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path):
    """No network, no data of this machine."""

    def refuse(*arguments, **keywords):
        raise OSError("this machine is offline")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.delenv("MINITORCH_DATA", raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *a, **k: tmp_path / "cache")


def check(pair):
    train, test = pair
    for dataset, (images, labels) in ((train, TRAIN), (test, TEST)):
        found, targets = dataset.arrays
        np.testing.assert_array_equal(found, images[:, None].astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(targets, labels)
        assert (found.dtype, targets.dtype) == (np.float32, np.int64)


# The subset in the package


def test_mnist_mini_is_balanced_scaled_and_typed():
    for dataset, per_digit in zip(datasets.mnist_mini(), (600, 100), strict=True):
        images, labels = dataset.arrays
        assert images.shape == (10 * per_digit, 1, 28, 28)
        assert (images.dtype, labels.dtype) == (np.float32, np.int64)
        assert (images.min(), images.max()) == (0.0, 1.0)
        assert np.bincount(labels).tolist() == [per_digit] * 10


def test_mnist_mini_holds_the_pictures_it_always_held():
    sums = [
        hashlib.sha256(np.rint(images * 255).astype(np.uint8).tobytes() + labels.tobytes())
        for images, labels in (dataset.arrays for dataset in datasets.mnist_mini())
    ]
    assert [found.hexdigest()[:16] for found in sums] == ["270e2f0c5aa3abcb", "4b38d29b81e18b64"]


def test_no_picture_of_mnist_mini_is_in_both_parts():
    train, test = ({image.tobytes() for image in part.arrays[0]} for part in datasets.mnist_mini())
    assert not train & test
    assert (len(train), len(test)) == (6000, 1000)


def test_mnist_mini_feeds_a_loader():
    train, _ = datasets.mnist_mini()
    x, y = next(iter(DataLoader(train, batch_size=32, shuffle=True, seed=0)))
    assert (x.shape, y.shape) == ((32, 1, 28, 28), (32,))


def test_the_file_is_small_and_its_licence_beside_it():
    folder = resources.files("minitorch_cnn.datasets")
    assert len(folder.joinpath("mnist_mini.npz").read_bytes()) <= 1_500_000
    licence = folder.joinpath("mnist_mini.LICENSE.txt").read_text(encoding="utf-8")
    for words in ("LeCun", "Cortes", "Burges", "creativecommons.org/licenses/by-sa/3.0", "changed"):
        assert words in licence


@pytest.mark.parametrize("damage", ["changed", "cut", "absent"])
def test_a_damaged_installation_is_told(tmp_path, monkeypatch, damage):
    content = resources.files("minitorch_cnn.datasets").joinpath("mnist_mini.npz").read_bytes()
    copy = {"changed": content[:-100] + b"x" * 100, "cut": content[:1000], "absent": None}[damage]
    if copy is not None:
        (tmp_path / "mnist_mini.npz").write_bytes(copy)
    monkeypatch.setattr(digits.resources, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=r"missing or damaged: .*Install the package again"):
        datasets.mnist_mini()


def test_the_script_draws_a_balanced_subset(tmp_path):
    path = Path(__file__).parent / "data" / "make_mnist_mini.py"
    specification = importlib.util.spec_from_file_location("make_mnist_mini", path)
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    script.TRAIN_PER_DIGIT, script.TEST_PER_DIGIT = 2, 1
    place(tmp_path, zipped=True)
    script.make(tmp_path, tmp_path / "one.npz")
    script.make(tmp_path, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with np.load(tmp_path / "one.npz", allow_pickle=False) as arrays:
        assert np.bincount(arrays["train_labels"]).tolist() == [2] * 10
        assert np.bincount(arrays["test_labels"]).tolist() == [1] * 10
        known = {image.tobytes(): label for image, label in zip(*TRAIN, strict=True)}
        pairs = zip(arrays["train_images"], arrays["train_labels"], strict=True)
        assert all(known[image.tobytes()] == label for image, label in pairs)


# The full set from local files


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_local_files_by_any_of_their_names(tmp_path, dotted, zipped):
    place(tmp_path, dotted=dotted, zipped=zipped)
    check(datasets.mnist(tmp_path))
    check(datasets.mnist(str(tmp_path)))


@pytest.mark.parametrize("subfolder", ["mnist", "MNIST/raw"])
def test_subfolders_are_looked_into(tmp_path, subfolder):
    place(tmp_path / subfolder)
    check(datasets.mnist(tmp_path))


@pytest.mark.parametrize("subfolder", ["", "mnist"])
def test_the_environment_names_a_folder(tmp_path, monkeypatch, subfolder):
    place(tmp_path / "data" / subfolder)
    monkeypatch.setenv("MINITORCH_DATA", str(tmp_path / "data"))
    check(datasets.mnist())


def test_the_cache_is_looked_into_last(tmp_path, monkeypatch):
    place(tmp_path / "cache" / "mnist")
    check(datasets.mnist())
    monkeypatch.setenv("MINITORCH_DATA", str(tmp_path / "absent"))
    check(datasets.mnist())
    place(tmp_path / "data", train_labels=TRAIN[1][::-1])
    monkeypatch.setenv("MINITORCH_DATA", str(tmp_path / "data"))
    train, _ = datasets.mnist()
    np.testing.assert_array_equal(train.arrays[1], TRAIN[1][::-1])


def test_a_given_folder_is_the_only_one(tmp_path):
    place(tmp_path / "cache" / "mnist")
    with pytest.raises(DownloadError):
        datasets.mnist(tmp_path / "empty")


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"train_labels": TRAIN[1][:-1]}, r"holds 30 pictures, but .*train-labels.* holds 29"),
        ({"t10k_images": TEST[0][:5]}, r"t10k-images.*holds 5 pictures, but .* holds 20"),
        ({"train_labels": TRAIN[1] + 1}, r"label 10 at position 9 is outside 0\.\.9"),
        ({"train_images": TRAIN[0][:, :27]}, "27 x 28 pixels, expected 28 x 28"),
        ({"train_images": TRAIN[1]}, "holds labels .* expected pictures"),
        ({"t10k_labels": TEST[0]}, "holds pictures .* expected labels"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, replaced, message):
    place(tmp_path, **replaced)
    with pytest.raises(ValueError, match=message):
        datasets.mnist(tmp_path)


def test_a_folder_as_it_is(tmp_path):
    place(tmp_path, zipped=True)
    for pair, expected in zip(datasets.read_mnist_folder(tmp_path), (TRAIN, TEST), strict=True):
        for found, array in zip(pair, expected, strict=True):
            assert found.dtype == np.uint8
            np.testing.assert_array_equal(found, array)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(ValueError, match=r"lacks t10k-labels-idx1-ubyte \(with or without .gz\)"):
        datasets.read_mnist_folder(tmp_path)


def test_an_incomplete_set_is_not_filled_up_with_files_of_another(tmp_path):
    place(tmp_path, names=NAMES[:3])
    with pytest.raises(ValueError, match=r"lacks t10k-labels-idx1-ubyte .*nothing is downloaded"):
        datasets.mnist(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_offline_the_message_says_what_to_place_where(tmp_path):
    with pytest.raises(DownloadError) as caught:
        datasets.mnist(tmp_path / "here")
    message = str(caught.value)
    for words in (*(f"{name}.gz" for name in NAMES), str(tmp_path / "here"), "MINITORCH_DATA"):
        assert words in message
    for mirror in digits.MIRRORS:
        assert f"{mirror}: this machine is offline" in message
    assert "mnist_mini" in message
    assert list((tmp_path / "here").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=r"Not a directory|File exists|cannot find"):
        datasets.mnist(tmp_path / "file")


def test_all_four_are_fetched_with_their_published_sums(tmp_path, monkeypatch):
    asked = []

    def fetch(name, mirrors, sha256, folder, *, size):
        asked.append((name, mirrors, len(sha256), size))
        place(folder, zipped=True, names=[name.removesuffix(".gz")])

    monkeypatch.setattr(published, "fetch", fetch)
    monkeypatch.setenv("MINITORCH_DATA", str(tmp_path / "data"))
    check(datasets.mnist())
    assert asked == [
        (f"{name}.gz", digits.MIRRORS, 64, size)
        for name, size in zip(NAMES, (9_912_422, 28_881, 1_648_877, 4_542), strict=True)
    ]
    check(datasets.mnist())
    assert len(asked) == 4
    assert (tmp_path / "data" / "mnist").is_dir()


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 4, 4)), np.zeros(2, int), "images must be uint8"),
        (np.zeros((2, 16), np.uint8), np.zeros(2, int), r"got uint8 of shape \(2, 16\)"),
        (np.zeros((2, 4, 4), np.uint8), np.zeros(2), "labels must be integers"),
        (np.zeros((2, 4, 4), np.uint8), np.zeros(3, int), r"\[2, 3\] items"),
    ],
)
def test_from_arrays_refuses(images, labels, message):
    with pytest.raises(ValueError, match=message):
        datasets.from_arrays(images, labels)
