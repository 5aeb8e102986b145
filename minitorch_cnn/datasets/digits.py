"""Handwritten digits: MNIST as published, and the small subset that ships with the package.

Knows the files, where a user keeps them and where they are published; reading them is ``idx``, and
fetching them is ``download``. Imports these two and ``data``; no layer, no training.
"""

from __future__ import annotations

import hashlib
import io
import os
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minitorch_cnn.data import TensorDataset
from minitorch_cnn.datasets.download import DownloadError, fetch
from minitorch_cnn.datasets.idx import read_images, read_labels

__all__ = ["from_arrays", "mnist", "mnist_mini", "read_mnist_folder"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# SHA-256 and length of the .gz files as published.
PUBLISHED = {
    "train-images-idx3-ubyte": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        9_912_422,
    ),
    "train-labels-idx1-ubyte": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        28_881,
    ),
    "t10k-images-idx3-ubyte": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        1_648_877,
    ),
    "t10k-labels-idx1-ubyte": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        4_542,
    ),
}
CLASSES = 10
SIDE = 28
MINI_SHA256 = "a318546352cc516345542ee5b877d06bba4ef9b4d9df90ce643edd910722f59d"


def mnist_mini() -> tuple[TensorDataset, TensorDataset]:
    """A class-balanced subset of MNIST that ships with the package: nothing is downloaded.

    6,000 pictures of MNIST's training set (600 of each digit) and 1,000 of its test set (100 of
    each), drawn at random, in MNIST's order. Its licence, CC BY-SA 3.0, and what was changed stand
    beside the file, in ``mnist_mini.LICENSE.txt``.

    Returns
    -------
    train, test : TensorDataset
        Of (picture, digit): float32 of shape (1, 28, 28), from 0 (background) to 1 (ink), and
        int64.

    Raises
    ------
    ValueError
        If the file of this installation is missing or damaged.

    Notes
    -----
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11), 1998.

    Examples
    --------
    >>> from minitorch_cnn import datasets
    >>> train, test = datasets.mnist_mini()
    >>> len(train), len(test)
    (6000, 1000)
    >>> picture, digit = train[0]
    >>> picture.shape, picture.dtype, digit.dtype
    ((1, 28, 28), dtype('float32'), dtype('int64'))
    """
    try:
        packed = resources.files("minitorch_cnn.datasets").joinpath("mnist_mini.npz").read_bytes()
    except OSError as error:
        raise _damaged_installation(str(error)) from None
    found = hashlib.sha256(packed).hexdigest()
    if found != MINI_SHA256:
        raise _damaged_installation(f"its SHA-256 is {found}, expected {MINI_SHA256}")
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return (
            from_arrays(arrays["train_images"], arrays["train_labels"]),
            from_arrays(arrays["test_images"], arrays["test_labels"]),
        )


def mnist(root: str | PathLike[str] | None = None) -> tuple[TensorDataset, TensorDataset]:
    """The full MNIST: 60,000 training and 10,000 test pictures of handwritten digits.

    It is read from local IDX files, gzipped or not, with nothing asked of the network, if all four
    are in one folder: ``root``, if given; else the folder that the environment variable
    ``MINITORCH_DATA`` names, else the user's cache folder. In each, the subfolders ``mnist`` and
    ``MNIST/raw`` (where torchvision keeps them) are looked into as well. Otherwise they are
    downloaded, once, to the first of these places. Any set of 28 x 28 pictures in ten classes that
    is published as the same four files (Fashion-MNIST, Kuzushiji-MNIST) is read alike.

    Parameters
    ----------
    root : str or path, optional
        Folder of the four files. If given, no other place is looked into.

    Returns
    -------
    train, test : TensorDataset
        Of (picture, digit): float32 of shape (1, 28, 28), from 0 (background) to 1 (ink), and
        int64.

    Raises
    ------
    ValueError
        If a file is damaged, of another kind, or does not fit the others.
    DownloadError
        If no mirror could be reached or trusted, or the folder cannot be written. The message says
        which files to place where.
    """
    folders = _places(root)
    folder = next((folder for folder in folders if len(_files(folder)) == len(PUBLISHED)), None)
    if folder is None:
        folder = folders[0]
        _download(folder)
    (train_images, train_labels), (test_images, test_labels) = read_mnist_folder(folder)
    return from_arrays(train_images, train_labels), from_arrays(test_images, test_labels)


def from_arrays(images: Any, labels: Any) -> TensorDataset:
    """A dataset of grey pictures and their classes, scaled and typed for training.

    Parameters
    ----------
    images : array of uint8, shape (N, height, width)
        Grey pictures, from 0 to 255.
    labels : array of integers, shape (N,)
        Their classes.

    Returns
    -------
    TensorDataset
        Of float32 pictures (N, 1, height, width), divided by 255, and int64 labels (N,).

    Raises
    ------
    ValueError
        For another shape or type, or unequal lengths.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import datasets
    >>> dataset = datasets.from_arrays(np.full((2, 4, 4), 51, np.uint8), np.array([3, 8]))
    >>> picture, label = dataset[1]
    >>> picture.shape, float(picture[0, 0, 0]), int(label)
    ((1, 4, 4), 0.20000000298023224, 8)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(
            "from_arrays: images must be uint8 of shape (N, height, width), "
            f"got {images.dtype} of shape {images.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise ValueError(
            "from_arrays: labels must be integers of shape (N,), "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    scaled = np.divide(images[:, None], np.float32(255), dtype=np.float32)
    return TensorDataset(scaled, labels.astype(np.int64))


def read_mnist_folder(
    folder: str | PathLike[str],
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """The four IDX files of a folder as they are.

    Parameters
    ----------
    folder : str or path
        Where the files lie, under their published names, with or without ``.gz``.

    Returns
    -------
    train, test : tuple
        Each is (images, labels): uint8 of shape (N, 28, 28) and of shape (N,).

    Raises
    ------
    ValueError
        If a file is missing, damaged, or does not fit the others.
    """
    files = _files(Path(folder))
    missing = [name for name in PUBLISHED if name not in files]
    if missing:
        raise ValueError(
            f"the folder {folder} lacks {', '.join(missing)} (with or without .gz); place "
            "MNIST's four IDX files there"
        )
    train_images, train_labels, test_images, test_labels = (files[name] for name in PUBLISHED)
    return _read_pair(train_images, train_labels), _read_pair(test_images, test_labels)


def _read_pair(images_path: Path, labels_path: Path) -> tuple[Any, Any]:
    images = read_images(images_path)
    labels = read_labels(labels_path, classes=CLASSES)
    if images.shape[1:] != (SIDE, SIDE):
        raise ValueError(
            f"{images_path} holds pictures of {images.shape[1]} x {images.shape[2]} pixels, "
            f"expected {SIDE} x {SIDE}"
        )
    if len(images) != len(labels):
        raise ValueError(
            f"{images_path} holds {len(images)} pictures, but {labels_path} holds {len(labels)} "
            "labels: they are not of one set"
        )
    return images, labels


def _files(folder: Path) -> dict[str, Path]:
    """Which of the four are in this folder, by their published names (of which one is dotted)."""
    found = {}
    for name in PUBLISHED:
        dotted = name.replace("-idx", ".idx")
        candidates = [folder / (stem + end) for stem in (name, dotted) for end in ("", ".gz")]
        path = next((path for path in candidates if path.is_file()), None)
        if path is not None:
            found[name] = path
    return found


def _places(root: str | PathLike[str] | None) -> list[Path]:
    """Folders to look into, in order; the first is also where a download goes."""
    if root is not None:
        given = Path(root).expanduser()
        return [given, given / "mnist", given / "MNIST" / "raw"]
    import platformdirs

    cache = platformdirs.user_cache_path("minitorch_cnn", appauthor=False) / "mnist"
    named = os.environ.get("MINITORCH_DATA")
    if not named:
        return [cache]
    data = Path(named).expanduser()
    return [data / "mnist", data, data / "MNIST" / "raw", cache]


def download_folder() -> Path:
    """Where a download of the full MNIST goes, and where it is looked for first."""
    return _places(None)[0]


def _download(folder: Path) -> None:
    """Complete the four published files in ``folder``."""
    present = _files(folder)
    missing = [name for name in PUBLISHED if name not in present]
    if any(path.name != f"{name}.gz" for name, path in present.items()):
        raise ValueError(
            f"{folder} holds {', '.join(path.name for path in present.values())}, but lacks "
            f"{', '.join(missing)} (with or without .gz). Place these beside the others; nothing "
            "is downloaded, as the parts might not be of one set."
        )
    try:
        for name, (sha256, size) in PUBLISHED.items():
            fetch(f"{name}.gz", MIRRORS, sha256, folder, size=size)
    except OSError as error:
        names = "".join(f"\n  {name}.gz" for name in PUBLISHED)
        raise DownloadError(
            f"The full MNIST is not on this machine, and fetching it failed: {error}\n"
            f"Offline? Place these four files, with or without .gz, in {folder}, or in a folder "
            f"that the environment variable MINITORCH_DATA names:{names}\n"
            "datasets.mnist_mini(), 7,000 of these pictures, needs no download."
        ) from None


def _damaged_installation(problem: str) -> ValueError:
    return ValueError(
        f"mnist_mini.npz of this installation of minitorch_cnn is missing or damaged: {problem}. "
        "Install the package again."
    )
