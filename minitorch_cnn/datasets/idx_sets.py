"""Sets in MNIST's format: Fashion-MNIST, Kuzushiji-MNIST, EMNIST.

Knows the files and where they are published. Imports ``digits``, ``idx`` and ``published``.
"""

from __future__ import annotations

import string
import zipfile
import zlib
from os import PathLike
from pathlib import Path
from typing import Any

from minitorch_cnn.data import TensorDataset
from minitorch_cnn.datasets.digits import from_arrays, of_four_files
from minitorch_cnn.datasets.idx import read_stream
from minitorch_cnn.datasets.published import Published

FASHION_CLASSES = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
KUZUSHIJI_CLASSES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

# Hashes and lengths: TensorFlow Datasets' list of checksums.
FASHION = Published(
    title="Fashion-MNIST",
    folder="fashion_mnist",
    mirrors=(
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    files={
        "train-images-idx3-ubyte.gz": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            26_421_880,
        ),
        "train-labels-idx1-ubyte.gz": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            29_515,
        ),
        "t10k-images-idx3-ubyte.gz": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            4_422_102,
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            5_148,
        ),
    },
    kept_as="FashionMNIST/raw",
)
KUZUSHIJI = Published(
    title="Kuzushiji-MNIST",
    folder="kmnist",
    mirrors=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    files={
        "train-images-idx3-ubyte.gz": (
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            18_165_135,
        ),
        "train-labels-idx1-ubyte.gz": (
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            29_497,
        ),
        "t10k-images-idx3-ubyte.gz": (
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            3_041_136,
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            5_120,
        ),
    },
    kept_as="KMNIST/raw",
)
EXTENDED = Published(
    title="EMNIST",
    folder="emnist",
    mirrors=(
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
    ),
    files={
        "gzip.zip": (
            "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
            561_753_746,
        )
    },
    kept_as="EMNIST/raw",
)
_MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
EXTENDED_CLASSES = {
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "bymerge": _MERGED,
    "balanced": _MERGED,
    "letters": string.ascii_lowercase,
    "digits": string.digits,
    "mnist": string.digits,
}
"""Split -> a character for each class; small letters that look like the capital are one with it."""


def fashion_mnist(root: str | PathLike[str] | None = None) -> tuple[TensorDataset, TensorDataset]:
    """Fashion-MNIST: 60,000 training and 10,000 test pictures of clothes, in ten classes.

    Found, or downloaded once, as :func:`mnist` is, with the subfolders ``fashion_mnist`` and
    ``FashionMNIST/raw``.

    Parameters
    ----------
    root : str or path, optional
        Folder of the four files. If given, no other place is looked into.

    Returns
    -------
    train, test : TensorDataset
        Of (picture, class): float32 of shape (1, 28, 28), from 0 to 1, and int64; with ``classes``.

    Raises
    ------
    ValueError, DownloadError
        As :func:`mnist`.

    Notes
    -----
    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", 2017.
    """
    return of_four_files(FASHION.paths(root), len(FASHION_CLASSES), FASHION_CLASSES)


def kmnist(root: str | PathLike[str] | None = None) -> tuple[TensorDataset, TensorDataset]:
    """Kuzushiji-MNIST: 60,000 training and 10,000 test pictures of ten cursive Japanese syllables.

    Found, or downloaded once, as :func:`mnist` is, with the subfolders ``kmnist`` and
    ``KMNIST/raw``.

    Parameters
    ----------
    root : str or path, optional
        Folder of the four files. If given, no other place is looked into.

    Returns
    -------
    train, test : TensorDataset
        Of (picture, class): float32 of shape (1, 28, 28), from 0 to 1, and int64; with ``classes``.

    Raises
    ------
    ValueError, DownloadError
        As :func:`mnist`.

    Notes
    -----
    T. Clanuwat et al., "Deep Learning for Classical Japanese Literature", 2018.
    """
    return of_four_files(KUZUSHIJI.paths(root), len(KUZUSHIJI_CLASSES), KUZUSHIJI_CLASSES)


def emnist(
    split: str = "balanced", root: str | PathLike[str] | None = None
) -> tuple[TensorDataset, TensorDataset]:
    """EMNIST: handwritten letters and digits, in MNIST's format.

    Found, or downloaded once (562 MB), as the published archive ``gzip.zip``, in the places where
    :func:`mnist` is looked for, with the subfolders ``emnist`` and ``EMNIST/raw``.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "letters", "digits", "mnist"}
        All 62 classes; 47 where small letters that look like the capital are one with it, as many
        of each as there are or balanced; letters of either size; digits.
    root : str or path, optional
        Folder of the archive. If given, no other place is looked into.

    Returns
    -------
    train, test : TensorDataset
        Of (picture, class): float32 of shape (1, 28, 28), from 0 to 1, upright (in the files they
        are transposed), and int64 from 0; with ``classes``.

    Raises
    ------
    ValueError
        For another split, or an archive that is damaged or of another kind.
    DownloadError
        As :func:`mnist`.

    Notes
    -----
    G. Cohen et al., "EMNIST: an extension of MNIST to handwritten letters", 2017.
    """
    if split not in EXTENDED_CLASSES:
        raise ValueError(f"emnist: split={split!r} is none of {', '.join(EXTENDED_CLASSES)}")
    (path,) = EXTENDED.paths(root)
    try:
        with zipfile.ZipFile(path) as archive:
            train, test = (_extended_pair(archive, path, split, part) for part in ("train", "test"))
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path} is not EMNIST's archive, or damaged: {error}. Replace it with an intact copy"
        ) from None
    return train, test


def _extended_pair(archive: zipfile.ZipFile, path: Path, split: str, part: str) -> TensorDataset:
    names = EXTENDED_CLASSES[split]

    def read(kind: str, dimensions: int) -> Any:
        name = f"gzip/emnist-{split}-{part}-{kind}-idx{dimensions}-ubyte.gz"
        with archive.open(name) as member:
            return read_stream(f"{path}: {name}", member, dimensions)

    images, labels = read("images", 3), read("labels", 1)
    first = 1 if split == "letters" else 0
    if len(images) != len(labels) or labels.min() < first or labels.max() >= first + len(names):
        raise ValueError(
            f"{path}: {len(images)} pictures and {len(labels)} labels from {labels.min()} to "
            f"{labels.max()}, expected as many, from {first} to {first + len(names) - 1}"
        )
    return from_arrays(images.swapaxes(1, 2), labels - first, names)
