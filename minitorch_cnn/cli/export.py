"""``minitorch-cnn export``: the net of a checkpoint as ONNX, for programs without this library."""

from __future__ import annotations

import argparse
from pathlib import Path

import minitorch_cnn as mt
from minitorch_cnn.cli.checkpoint import load_model
from minitorch_cnn.cli.errors import UsageError
from minitorch_cnn.cli.summary import PICTURE


def export(arguments: argparse.Namespace) -> None:
    """Write the file; batches of any size go into it."""
    path = Path(arguments.file)
    if path.suffix != ".onnx":
        raise UsageError(f"the file to write should be called {path.with_suffix('.onnx')}")
    model = load_model(Path(arguments.checkpoint), arguments.model)
    mt.export_onnx(
        model,
        mt.zeros((1, *PICTURE)),
        path,
        input_names=["pictures"],
        output_names=["scores"],
    )
    print(f"{path}: pictures (batch, {', '.join(map(str, PICTURE))}) to scores (batch, 10)")
