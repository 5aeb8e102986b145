"""Published sets other than MNIST, from small files of their formats; folders; drawn sets."""

import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import sklearn.datasets
from PIL import Image

from minitorch_cnn import data, datasets
from minitorch_cnn.datasets import cifar, idx_sets, published

RNG = np.random.default_rng(0)


def idx(array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes())


# --- MNIST's format -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "published", "classes"),
    [
        (datasets.fashion_mnist, idx_sets.FASHION, "ankle boot"),
        (datasets.kmnist, idx_sets.KUZUSHIJI, "wo"),
    ],
)
def test_sets_of_four_files(tmp_path, load, published, classes):
    images = RNG.integers(0, 256, (10, 28, 28))
    for name in published.files:
        (tmp_path / name).write_bytes(idx(images if "images" in name else np.arange(10)))
    train, test = load(tmp_path)
    for found in (train, test):
        assert (len(found), found.classes[9]) == (10, classes)
        np.testing.assert_allclose(found.arrays[0][:, 0] * 255, images, atol=1e-4)
        np.testing.assert_array_equal(found.arrays[1], range(10))


def extended(path, split, labels, images):
    with zipfile.ZipFile(path / "gzip.zip", "w") as archive:
        for part in ("train", "test"):
            stem = f"gzip/emnist-{split}-{part}"
            archive.writestr(f"{stem}-images-idx3-ubyte.gz", idx(images))
            archive.writestr(f"{stem}-labels-idx1-ubyte.gz", idx(labels))


@pytest.mark.parametrize(("split", "classes"), [("letters", 26), ("byclass", 62), ("balanced", 47)])
def test_emnist_is_turned_upright_and_counted_from_0(tmp_path, split, classes):
    first = 1 if split == "letters" else 0
    labels = np.arange(first, first + classes)
    images = RNG.integers(0, 256, (classes, 28, 28))
    extended(tmp_path, split, labels, images)
    train, test = datasets.emnist(split, tmp_path)
    assert len(train.classes) == len(set(train.classes)) == classes
    for found in (train, test):
        np.testing.assert_allclose(
            found.arrays[0][:, 0] * 255, images.transpose(0, 2, 1), atol=1e-4
        )
        np.testing.assert_array_equal(found.arrays[1], range(classes))


def test_what_of_emnist_is_refused(tmp_path):
    with pytest.raises(ValueError, match="split='small' is none of byclass"):
        datasets.emnist("small", tmp_path)
    (tmp_path / "gzip.zip").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"gzip.zip is not EMNIST's archive, or damaged"):
        datasets.emnist("digits", tmp_path)
    extended(tmp_path, "digits", np.array([3, 10]), np.zeros((2, 28, 28)))
    with pytest.raises(ValueError, match="labels from 3 to 10, expected as many, from 0 to 9"):
        datasets.emnist("digits", tmp_path)
    with pytest.raises(ValueError, match="There is no item named"):
        datasets.emnist("letters", tmp_path)


# --- CIFAR --------------------------------------------------------------------------------------


def archive(path, members):
    with tarfile.open(path, "w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))


def records(labels, pictures):
    rows = [np.asarray(part).reshape(len(pictures), -1) for part in (labels, pictures)]
    return np.concatenate(rows, axis=1).astype(np.uint8).tobytes()


NAMES = b"airplane\nautomobile\nbird\n\n"


def ten(path, **changed):
    pictures = RNG.integers(0, 256, (6, 3, 32, 32))
    folder = "cifar-10-batches-bin/"
    members = {f"{folder}batches.meta.txt": NAMES}
    for number in range(1, 6):
        members[f"{folder}data_batch_{number}.bin"] = records([number % 3], pictures[[number - 1]])
    members[f"{folder}test_batch.bin"] = records([2], pictures[5:])
    members |= {folder + name: content for name, content in changed.items()}
    archive(path / "cifar-10-binary.tar.gz", {k: v for k, v in members.items() if v is not None})
    return pictures


def test_cifar10(tmp_path):
    pictures = ten(tmp_path)
    train, test = datasets.cifar10(tmp_path)
    assert train.classes == ("airplane", "automobile", "bird")
    assert (train[0][0].shape, train[0][0].dtype) == ((3, 32, 32), np.float32)
    np.testing.assert_allclose(train.arrays[0] * 255, pictures[:5], atol=1e-4)
    np.testing.assert_array_equal(train.arrays[1], [1, 2, 0, 1, 2])
    np.testing.assert_allclose(test.arrays[0] * 255, pictures[5:], atol=1e-4)


def test_the_first_third_of_a_record_is_red(tmp_path):
    red = np.zeros((1, 3, 32, 32))
    red[:, 0] = 255
    ten(tmp_path, **{"test_batch.bin": records([0], red)})
    picture, _ = datasets.cifar10(tmp_path)[1][0]
    assert picture.mean(axis=(1, 2)).tolist() == [1.0, 0.0, 0.0]


def test_cifar100_has_two_labels(tmp_path):
    pictures = RNG.integers(0, 256, (2, 3, 32, 32))
    folder = "cifar-100-binary/"
    archive(
        tmp_path / "cifar-100-binary.tar.gz",
        {
            f"{folder}coarse_label_names.txt": b"fish flowers",
            f"{folder}fine_label_names.txt": b"apple bass cod",
            f"{folder}train.bin": records([[0, 2], [1, 0]], pictures),
            f"{folder}test.bin": records([[0, 1]], pictures[:1]),
        },
    )
    train, test = datasets.cifar100(tmp_path)
    assert (train.classes, train.arrays[1].tolist()) == (("apple", "bass", "cod"), [2, 0])
    np.testing.assert_allclose(train.arrays[0] * 255, pictures, atol=1e-4)
    assert test.arrays[1].tolist() == [1]
    coarse, _ = datasets.cifar100(tmp_path, coarse=True)
    assert (coarse.classes, coarse.arrays[1].tolist()) == (("fish", "flowers"), [0, 1])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"test_batch.bin": None}, "lacks test_batch.bin in cifar-10-batches-bin/"),
        ({"batches.meta.txt": b""}, "lacks batches.meta.txt"),
        ({"test_batch.bin": bytes(3072)}, "has 3,072 bytes, expected records of 3073"),
        ({"test_batch.bin": records([9], np.zeros((1, 3072)))}, "a label is 9, expected 0 to 2"),
        ({"batches.meta.txt": bytes(1 << 17)}, "has 131,072 bytes"),
    ],
)
def test_what_of_cifar_is_refused(tmp_path, changed, words):
    ten(tmp_path, **changed)
    with pytest.raises(ValueError, match=words):
        datasets.cifar10(tmp_path)


def test_archives_that_are_damaged_or_hostile(tmp_path, monkeypatch):
    path = tmp_path / "cifar-10-binary.tar.gz"
    ten(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"tar.gz is not the binary version of CIFAR, or damaged"):
        datasets.cifar10(tmp_path)
    with tarfile.open(path, "w:gz") as file:
        link = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    with pytest.raises(ValueError, match=r"lacks data_batch_1.bin"):
        datasets.cifar10(tmp_path)
    ten(tmp_path)
    monkeypatch.setattr(cifar, "MOST_RECORDS", 0)
    with pytest.raises(ValueError, match="0 bytes at most"):
        datasets.cifar10(tmp_path)


def test_offline_each_says_which_file_to_place(tmp_path, monkeypatch):
    def refuse(*arguments, **keywords):
        raise OSError("this machine is offline")

    monkeypatch.setattr(published, "fetch", refuse)
    for load, name in [
        (datasets.cifar10, "cifar-10-binary.tar.gz"),
        (datasets.cifar100, "cifar-100-binary.tar.gz"),
        (lambda root: datasets.emnist(root=root), "gzip.zip"),
        (datasets.kmnist, "t10k-labels-idx1-ubyte.gz"),
    ]:
        with pytest.raises(datasets.DownloadError, match=rf"(?s)offline.*Place th.*\n  {name}"):
            load(tmp_path / "none")


# --- folders ------------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path):
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / name / "more").mkdir(parents=True)
        for place in ("b.png", "a.JPG", "more/c.png", ".hidden.png", "notes.txt"):
            colour = (100 * number, 50, 200)
            kind = "JPEG" if place.endswith("JPG") else "PNG"
            Image.new("RGB", (6, 4), colour).save(tmp_path / name / place, kind)
    (tmp_path / ".cache").mkdir()
    return tmp_path


def test_a_folder_of_pictures(pictures):
    found = datasets.folder(pictures)
    assert found.classes == ("cat", "dog")
    assert [file.name for file in found.files] == ["a.JPG", "b.png", "c.png"] * 2
    picture, label = found[4]
    assert (picture.shape, picture.dtype, label) == ((3, 4, 6), np.float32, 1)
    np.testing.assert_allclose(picture[:, 0, 0] * 255, [100, 50, 200], atol=1e-3)
    batch, labels = next(iter(data.DataLoader(found, batch_size=6)))
    assert (batch.shape, labels.tolist()) == ((6, 3, 4, 6), [0, 0, 0, 1, 1, 1])
    grey = datasets.folder(pictures, size=(8, 5), mode="L")
    assert grey[0][0].shape == (1, 8, 5)


def test_folders_that_are_refused(pictures, tmp_path):
    (pictures / "dog" / "b.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"b\.png is no picture, or damaged.*remove it"):
        datasets.folder(pictures)[4]
    (pictures / "empty").mkdir()
    with pytest.raises(ValueError, match="empty has no pictures"):
        datasets.folder(pictures)
    with pytest.raises(ValueError, match="has no subfolders"):
        datasets.folder(pictures / "empty")
    with pytest.raises(ValueError, match="is no folder"):
        datasets.folder(tmp_path / "none")
    with pytest.raises(ValueError, match="mode='CMYK'"):
        datasets.folder(pictures, mode="CMYK")


# --- drawn sets ---------------------------------------------------------------------------------


def test_shapes_have_the_classes_of_their_pixels():
    shapes = datasets.synthetic_shapes(300, 40, noise=0.0, seed=1)
    x, masks = shapes.arrays
    assert (x.shape, x.dtype, masks.shape) == ((300, 1, 40, 40), np.float32, (300, 40, 40))
    share = np.bincount(masks.ravel(), minlength=4) / masks.size
    assert 0.6 < share[0] < 0.9
    assert (share[1:] > 0.03).all()
    assert all(mask.any() for mask in masks)
    # What is on top is brighter than the ground around it by a shade of at least a quarter,
    # less what the ground's own slope changes.
    ground = np.array([x[i, 0][masks[i] == 0].mean() for i in range(300)])
    shape = np.array([x[i, 0][masks[i] > 0].mean() for i in range(300)])
    assert np.mean(shape > ground) > 0.97


def test_discs_are_round_and_squares_are_not():
    _, masks = datasets.synthetic_shapes(400, 64, seed=2).arrays
    roundness = {1: [], 2: [], 3: []}
    for mask in masks:
        (kinds,) = [np.unique(mask[mask > 0])]
        rows, columns = np.nonzero(mask)
        whole = rows.min() > 1 and rows.max() < 62 and columns.min() > 1 and columns.max() < 62
        if len(kinds) == 1 and whole and len(rows) > 150:
            centre = rows.mean(), columns.mean()
            farthest = np.hypot(rows - centre[0], columns - centre[1]).max()
            roundness[kinds[0]].append(len(rows) / (np.pi * (farthest + 0.5) ** 2))
    best = {kind: np.quantile(values, 0.8) for kind, values in roundness.items()}
    assert best[1] > 0.9
    assert 0.5 < best[2] < 0.75
    assert best[3] < 0.5


def test_moons_are_those_of_scikit_learn():
    points, labels = datasets.moons(101, 0.0, seed=0).arrays
    expected, classes = sklearn.datasets.make_moons(101, shuffle=False)
    order = np.lexsort(np.round([*points.T, labels], 5))
    other = np.lexsort(np.round([*expected.T, classes], 5))
    np.testing.assert_allclose(points[order], expected[other], atol=1e-5)
    np.testing.assert_array_equal(labels[order], classes[other])


def test_spirals_wind_apart():
    points, labels = datasets.spirals(600, 3, turns=1.5, noise=0.0, seed=0).arrays
    assert np.bincount(labels).tolist() == [200, 200, 200]
    angle = np.arctan2(points[:, 1], points[:, 0])
    radius = np.hypot(*points.T)
    unwound = (angle / (2 * np.pi) - 1.5 * radius - labels / 3 + 0.5) % 1 - 0.5
    np.testing.assert_allclose(unwound, 0, atol=1e-5)
    assert radius.min() == pytest.approx(0.1, abs=1e-6)
    assert radius.max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: datasets.synthetic_shapes(5, 16, seed=seed),
        lambda seed: datasets.moons(9, seed=seed),
        lambda seed: datasets.spirals(9, seed=seed),
    ],
)
def test_a_seed_repeats_what_is_drawn(make):
    one, same, other = (make(seed).arrays for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.synthetic_shapes(0), "count=0"),
        (lambda: datasets.synthetic_shapes(1, 7), "size=7"),
        (lambda: datasets.moons(1), "1 points in 2 classes"),
        (lambda: datasets.spirals(5, 1), "5 points in 1 classes"),
    ],
)
def test_what_is_not_drawn(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_digits_of_scikit_learn():
    digits = sklearn.datasets.load_digits()
    pictures = (digits.images * 255 / 16).astype(np.uint8)
    dataset = datasets.from_arrays(pictures, digits.target, classes="0123456789")
    assert dataset[0][0].shape == (1, 8, 8)
    assert dataset.classes[3] == "3"
