"""Make minitorch_cnn/datasets/mnist_mini.npz from the four IDX files of the full MNIST.

    python tests/data/make_mnist_mini.py FOLDER [OUTPUT]

600 training and 100 test pictures of each digit, drawn without replacement by
numpy.random.default_rng(SEED), kept in MNIST's own order. It prints the SHA-256 that
minitorch_cnn/datasets/digits.py must hold. The deflate streams, hence that sum, depend on the
zlib that NumPy finds; the pictures do not.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from minitorch_cnn.datasets.digits import read_mnist_folder
from minitorch_cnn.datasets.download import sha256_of

SEED = 0
TRAIN_PER_DIGIT = 600
TEST_PER_DIGIT = 100


def choose(labels: Any, per_digit: int, rng: np.random.Generator) -> Any:
    """Positions of `per_digit` examples of each digit, in ascending order."""
    chosen = [
        rng.choice(np.flatnonzero(labels == digit), per_digit, replace=False) for digit in range(10)
    ]
    return np.sort(np.concatenate(chosen))


def make(folder: Path, output: Path) -> None:
    """Read the full set from `folder`, write the small one to `output`."""
    rng = np.random.default_rng(SEED)
    arrays = {}
    parts = zip(
        ("train", "test"),
        read_mnist_folder(folder),
        (TRAIN_PER_DIGIT, TEST_PER_DIGIT),
        strict=True,
    )
    for part, (images, labels), per_digit in parts:
        chosen = choose(labels, per_digit, rng)
        arrays[f"{part}_images"] = images[chosen]
        arrays[f"{part}_labels"] = labels[chosen]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    temporary = output.with_name(output.name + ".tmp")
    with open(temporary, "wb") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, output)


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="Make mnist_mini.npz from the full MNIST.")
    parser.add_argument("folder", type=Path, help="folder with the four IDX files")
    parser.add_argument(
        "output",
        type=Path,
        nargs="?",
        default=root / "minitorch_cnn" / "datasets" / "mnist_mini.npz",
    )
    arguments = parser.parse_args()
    make(arguments.folder, arguments.output)
    print(arguments.output, arguments.output.stat().st_size, sha256_of(arguments.output))


if __name__ == "__main__":
    main()
