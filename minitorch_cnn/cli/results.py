"""What a finished training leaves beside its weights: a table, pictures, a summary in words."""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Callable
from typing import Any

import numpy

from minitorch_cnn.io import atomic_write
from minitorch_cnn.models import PICTURE_SHAPE
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
        KERNELS: lambda: viz.kernels(**_first_kernels(model)),
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


def _first_kernels(model: Any) -> dict[str, Any]:
    """The kernels of the first layer with weights, as arguments of ``viz.kernels``."""
    weight = next(iter(model.parameters())).detach().numpy()
    if weight.ndim == 2:  # dense: a neuron's weights lie like the pixels they are linked to
        return {
            "weight": weight[:32].reshape(-1, *PICTURE_SHAPE[1:]),
            "title": f"Weights of the first layer: 32 of its {len(weight)} neurons",
        }
    if weight.ndim == 4:  # convolution: one kernel per channel for all positions
        return {"weight": weight[:, 0]}
    # Locally connected: one kernel per channel and position; a few of both.
    rows, columns, channels = weight.shape[:3]
    places = [(rows * n // 8, columns * n // 8) for n in range(8)]
    chosen = [(channel, *place) for channel in range(min(4, channels)) for place in places]
    return {
        "weight": numpy.stack([weight[row, column, c, 0] for c, row, column in chosen]),
        "labels": [f"{c} at {row}, {column}" for c, row, column in chosen],
        "title": "Kernels of the first layer: four channels, each at eight positions",
    }
