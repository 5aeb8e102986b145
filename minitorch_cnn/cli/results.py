"""What a finished training leaves beside its weights: a table, pictures, a summary in words."""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Callable
from typing import Any

from minitorch_cnn.io import atomic_write
from minitorch_cnn.train import RunFolder

LEARNING_CURVE = "learning_curve.png"
KERNELS = "kernels.png"
CONFUSION = "confusion.csv"


def write_results(folder: RunFolder, model: Any) -> list[str]:
    """Write the confusion table and the pictures; returns lines to tell the user."""
    _write_confusion(folder)
    if importlib.util.find_spec("matplotlib") is None:
        return [
            f"{LEARNING_CURVE} and {KERNELS} were left out, because matplotlib is not installed. "
            "To have them:",
            "  pip install 'minitorch-cnn[viz]'",
            f"  minitorch-cnn train --resume {folder.path}",
        ]
    from minitorch_cnn import viz

    drawings: dict[str, Callable[[], Any]] = {
        LEARNING_CURVE: lambda: viz.learning_curve(folder.record["history"]),
        KERNELS: lambda: viz.kernels(viz.first_kernels(model)),
    }
    for name, draw in drawings.items():
        viz.save_png(draw(), folder.path / name)
    return []


def _write_confusion(folder: RunFolder) -> None:
    confusion = folder.record["confusion"]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["label", *(f"answered {answer}" for answer in range(len(confusion)))])
    writer.writerows([label, *row] for label, row in enumerate(confusion))
    with atomic_write(folder.path / CONFUSION) as file:
        file.write(text.getvalue().encode())
