"""``minitorch-cnn summary``: what a net is made of, layer by layer."""

from __future__ import annotations

import argparse
from pathlib import Path

import minitorch_cnn as mt
from minitorch_cnn.cli.checkpoint import load_model
from minitorch_cnn.models import MODELS

PICTURE = (1, 28, 28)


def summary(arguments: argparse.Namespace) -> None:
    """Print links, weights, work and memory of a net by name, or of a checkpoint's."""
    if arguments.net in MODELS:
        model = MODELS[arguments.net]()
    else:
        model = load_model(Path(arguments.net), arguments.model)
    print(mt.summary(model, PICTURE))
