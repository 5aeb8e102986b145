"""Handwritten digits: MNIST as published, and the small subset that ships with the package.

Knows the files and where they are published; reading them is ``idx``, and finding or fetching them
is ``published``. Imports these two and ``data``; no layer, no training.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minitorch_cnn.data import TensorDataset
from minitorch_cnn.datasets.idx import read_images, read_labels
from minitorch_cnn.datasets.published import Published

__all__ = ["from_arrays", "mnist", "mnist_mini", "read_mnist_folder"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
MNIST = Published(
    title="The full MNIST",
    folder="mnist",
    mirrors=MIRRORS,
    files={
        "train-images-idx3-ubyte.gz": (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            9_912_422,
        ),
        "train-labels-idx1-ubyte.gz": (
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            28_881,
        ),
        "t10k-images-idx3-ubyte.gz": (
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            1_648_877,
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            4_542,
        ),
    },
    kept_as="MNIST/raw",
    advice="datasets.mnist_mini(), 7,000 of these pictures, needs no download.",
)
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
    return of_four_files(MNIST.paths(root), CLASSES)


def from_arrays(images: Any, labels: Any, classes: Sequence[str] | None = None) -> TensorDataset:
    """A dataset of pictures and their classes, scaled and typed for training.

    Parameters
    ----------
    images : array of uint8, shape (N, height, width) or (N, channels, height, width)
        Pictures, from 0 to 255.
    labels : array of integers, shape (N,)
        Their classes.
    classes : sequence of str, optional
        Names of the classes, the dataset's ``classes``.

    Returns
    -------
    TensorDataset
        Of float32 pictures (N, channels, height, width), divided by 255, and int64 labels (N,).

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
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise ValueError(
            "from_arrays: images must be uint8 of shape (N, height, width) or (N, channels, "
            f"height, width), got {images.dtype} of shape {images.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise ValueError(
            "from_arrays: labels must be integers of shape (N,), "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    pictures = images[:, None] if images.ndim == 3 else images
    scaled = np.divide(pictures, np.float32(255), dtype=np.float32)
    dataset = TensorDataset(scaled, labels.astype(np.int64))
    dataset.classes = None if classes is None else tuple(classes)
    return dataset


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
    files = MNIST.found(Path(folder))
    missing = [name.removesuffix(".gz") for name in MNIST.files if name not in files]
    if missing:
        raise ValueError(
            f"the folder {folder} lacks {', '.join(missing)} (with or without .gz); place "
            "MNIST's four IDX files there"
        )
    train_images, train_labels, test_images, test_labels = files.values()
    return _read_pair(train_images, train_labels), _read_pair(test_images, test_labels)


def of_four_files(
    paths: Sequence[Path], classes: int, names: Sequence[str] | None = None
) -> tuple[TensorDataset, TensorDataset]:
    """Training and test set from files of pictures and labels, in MNIST's order."""
    train_images, train_labels, test_images, test_labels = paths
    train = _read_pair(train_images, train_labels, classes)
    test = _read_pair(test_images, test_labels, classes)
    return from_arrays(*train, names), from_arrays(*test, names)


def _read_pair(images_path: Path, labels_path: Path, classes: int = CLASSES) -> tuple[Any, Any]:
    images = read_images(images_path)
    labels = read_labels(labels_path, classes=classes)
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


def download_folder() -> Path:
    """Where a download of the full MNIST goes, and where it is looked for first."""
    return MNIST.places(None)[0]


def _damaged_installation(problem: str) -> ValueError:
    return ValueError(
        f"mnist_mini.npz of this installation of minitorch_cnn is missing or damaged: {problem}. "
        "Install the package again."
    )
