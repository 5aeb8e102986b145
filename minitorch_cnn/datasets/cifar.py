"""CIFAR-10 and CIFAR-100, from the binary version of their archives.

A record is the label (CIFAR-100: of the coarse class, then of the fine one) and 3,072 bytes: a red,
a green and a blue picture of 32 x 32. Imports ``digits`` and ``published``.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minitorch_cnn.data import TensorDataset
from minitorch_cnn.datasets.digits import from_arrays
from minitorch_cnn.datasets.published import Published

MIRRORS = ("https://www.cs.toronto.edu/~kriz/",)
# Hashes and lengths: TensorFlow Datasets' list of checksums.
TEN = Published(
    title="CIFAR-10",
    folder="cifar10",
    mirrors=MIRRORS,
    files={
        "cifar-10-binary.tar.gz": (
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            170_052_171,
        )
    },
    kept_as="",
)
HUNDRED = Published(
    title="CIFAR-100",
    folder="cifar100",
    mirrors=MIRRORS,
    files={
        "cifar-100-binary.tar.gz": (
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            168_513_733,
        )
    },
    kept_as="",
)
PICTURE = (3, 32, 32)
PICTURE_BYTES = 3 * 32 * 32


def cifar10(root: str | PathLike[str] | None = None) -> tuple[TensorDataset, TensorDataset]:
    """CIFAR-10: 50,000 training and 10,000 test pictures in colour, in ten classes.

    Found, or downloaded once (170 MB), as the published ``cifar-10-binary.tar.gz``, in the places
    where :func:`mnist` is looked for, with the subfolder ``cifar10``. The archive is read where it
    is; nothing is unpacked.

    Parameters
    ----------
    root : str or path, optional
        Folder of the archive. If given, no other place is looked into.

    Returns
    -------
    train, test : TensorDataset
        Of (picture, class): float32 of shape (3, 32, 32), from 0 to 1, and int64; with ``classes``.

    Raises
    ------
    ValueError
        For an archive that is damaged or of another kind.
    DownloadError
        As :func:`mnist`.

    Notes
    -----
    A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
    """
    batches = [f"data_batch_{number}.bin" for number in range(1, 6)]
    (path,) = TEN.paths(root)
    found = _members(
        path,
        "cifar-10-batches-bin/",
        {**dict.fromkeys([*batches, "test_batch.bin"], 1 + PICTURE_BYTES), "batches.meta.txt": 0},
    )
    names = _words(found["batches.meta.txt"])
    train = [_records(path, found[name], len(names)) for name in batches]
    test = _records(path, found["test_batch.bin"], len(names))
    return _dataset(train, names), _dataset([test], names)


def cifar100(
    root: str | PathLike[str] | None = None, *, coarse: bool = False
) -> tuple[TensorDataset, TensorDataset]:
    """CIFAR-100: 50,000 training and 10,000 test pictures in colour, in 100 classes.

    Found or downloaded as :func:`cifar10` is, from ``cifar-100-binary.tar.gz``, with the subfolder
    ``cifar100``.

    Parameters
    ----------
    root : str or path, optional
        Folder of the archive. If given, no other place is looked into.
    coarse : bool
        Give the 20 superclasses.

    Returns
    -------
    train, test : TensorDataset
        As of :func:`cifar10`.

    Raises
    ------
    ValueError, DownloadError
        As :func:`cifar10`.
    """
    (path,) = HUNDRED.paths(root)
    kind = "coarse" if coarse else "fine"
    sizes = {"train.bin": 2 + PICTURE_BYTES, "test.bin": 2 + PICTURE_BYTES}
    found = _members(path, "cifar-100-binary/", {**sizes, f"{kind}_label_names.txt": 0})
    names = _words(found[f"{kind}_label_names.txt"])
    train, test = (
        _records(path, found[name], len(names), labels=2, use=0 if coarse else 1) for name in sizes
    )
    return _dataset([train], names), _dataset([test], names)


MOST_RECORDS = 50_000
MOST_TEXT = 1 << 16


def _members(path: Path, folder: str, wanted: dict[str, int]) -> dict[str, bytes]:
    """Files of the archive by name: texts, and records of so many bytes each.

    They are read, never unpacked, so that no name in the archive is ever a place on the disk.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = member.name.removeprefix("./").removeprefix(folder)
                if name not in wanted or not member.isreg() or name in found:
                    continue
                record = wanted[name]
                most = MOST_RECORDS * record if record else MOST_TEXT
                if member.size > most or (record and member.size % record):
                    raise ValueError(
                        f"{path}: {name} has {member.size:,} bytes, expected records of {record}, "
                        f"{most:,} bytes at most"
                    )
                content = archive.extractfile(member)
                found[name] = b"" if content is None else content.read()
                if len(found) == len(wanted):
                    break
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ValueError(
            f"{path} is not the binary version of CIFAR, or damaged: {error}. Replace it with an "
            "intact copy"
        ) from None
    lacking = [name for name in wanted if not found.get(name)]
    if lacking:
        raise ValueError(
            f"{path} lacks {', '.join(lacking)} in {folder}; it is not the binary version of CIFAR"
        )
    return found


def _words(text: bytes) -> list[str]:
    return text.decode("ascii", "replace").split()


def _records(
    path: Path, content: bytes, classes: int, labels: int = 1, use: int = 0
) -> tuple[Any, Any]:
    """Pictures and labels; each record has so many ``labels``, of which one is used."""
    records = np.frombuffer(content, np.uint8).reshape(-1, labels + PICTURE_BYTES)
    chosen = records[:, use]
    if chosen.max() >= classes:
        raise ValueError(f"{path}: a label is {chosen.max()}, expected 0 to {classes - 1}")
    return records[:, labels:].reshape(-1, *PICTURE), chosen


def _dataset(parts: Sequence[tuple[Any, Any]], names: list[str]) -> TensorDataset:
    images, labels = zip(*parts, strict=True)
    return from_arrays(np.concatenate(images), np.concatenate(labels), names)
