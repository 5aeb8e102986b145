"""``minitorch-cnn evaluate``: how well a net does on the test pictures of a set."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from minitorch_cnn import data
from minitorch_cnn.cli.backends import select_backend
from minitorch_cnn.cli.checkpoint import load_model
from minitorch_cnn.cli.console import confusion_table
from minitorch_cnn.cli.digits import load_digits
from minitorch_cnn.train import evaluate as score


def evaluate(arguments: argparse.Namespace) -> None:
    """Print loss, accuracy and confusion table over the test pictures."""
    if arguments.backend:
        select_backend(arguments.backend)
    model = load_model(Path(arguments.checkpoint), arguments.model)
    _, test = load_digits(arguments.data)
    found, confusion = score(model, data.DataLoader(test, batch_size=arguments.batch_size))
    if arguments.json:
        figures = {"loss": found.loss, "accuracy": found.accuracy, "pictures": len(test)}
        print(json.dumps({**figures, "confusion": confusion}, indent=2))
        return
    print(f"{confusion_table(confusion)}\n")
    print(f"{len(test):,} pictures: loss {found.loss:.4f}, accuracy {found.accuracy:.2%}")
