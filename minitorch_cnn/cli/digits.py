"""The digits of ``--data``: which set a word or a folder means, and what tells sets apart."""

from __future__ import annotations

import hashlib
from pathlib import Path

from minitorch_cnn import datasets
from minitorch_cnn.cli.arguments import MINI
from minitorch_cnn.cli.errors import UsageError
from minitorch_cnn.data import TensorDataset


def load_digits(data: str) -> tuple[TensorDataset, TensorDataset]:
    """Training and test set of ``mnist-mini``, ``mnist`` or a folder of IDX files.

    Raises
    ------
    UsageError
        If ``data`` is none of these.
    ValueError
        If a file is missing, damaged, or does not fit the others.
    """
    if data == MINI:
        return datasets.mnist_mini()
    if data == "mnist":
        return datasets.mnist()
    folder = Path(data)
    if not folder.is_dir():
        raise UsageError(f"--data {data} is neither {MINI} nor mnist nor a folder")
    train, test = datasets.read_mnist_folder(folder)
    return datasets.from_arrays(*train), datasets.from_arrays(*test)


def fingerprint(*sets: TensorDataset) -> str:
    """SHA-256 of every picture and label, so that a run is never resumed on other data."""
    digest = hashlib.sha256()
    for dataset in sets:
        for array in dataset.arrays:
            digest.update(f"{array.shape} {array.dtype} ".encode())
            digest.update(array)
    return digest.hexdigest()
