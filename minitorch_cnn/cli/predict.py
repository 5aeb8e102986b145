"""``minitorch-cnn predict``: a checkpoint, some pictures, and what the net takes them for."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import minitorch_cnn as mt
from minitorch_cnn.cli.checkpoint import load_model
from minitorch_cnn.cli.errors import CommandError
from minitorch_cnn.cli.picture import read_digits
from minitorch_cnn.nn import functional

_BAR = 40


def predict(arguments: argparse.Namespace) -> None:
    """Print the digit and the probabilities of every picture, or nothing if one is not readable."""
    model = load_model(Path(arguments.checkpoint), arguments.model)
    results = []
    for image in map(Path, arguments.images):
        pictures = read_digits(image)
        several = len(pictures) > 1
        for number, row in enumerate(_probabilities(model, pictures)):
            name = f"{image}[{number}]" if several else str(image)
            results.append({"image": name, "digit": row.index(max(row)), "probabilities": row})
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        print("\n\n".join(_table(result) for result in results))


def _probabilities(model: Any, pictures: Any) -> list[list[float]]:
    with mt.no_grad():
        rows: list[list[float]] = functional.softmax(model(mt.tensor(pictures)), 1).numpy().tolist()
    if any(probability != probability for row in rows for probability in row):
        raise CommandError("the net answers NaN: its weights are damaged")
    return rows


def _table(result: dict[str, Any]) -> str:
    """The answer, and a bar per digit.

    Examples
    --------
    >>> print(_table({"image": "a.png", "digit": 1, "probabilities": [0.25, 0.75]}))
    a.png: 1 (75.0 %)
      0   25.0 %  ##########
      1   75.0 %  ##############################
    """
    probabilities = result["probabilities"]
    lines = [f"{result['image']}: {result['digit']} ({100 * max(probabilities):.1f} %)"]
    for digit, probability in enumerate(probabilities):
        bar = "#" * round(_BAR * probability)
        lines.append(f"  {digit}  {100 * probability:5.1f} %  {bar}".rstrip())
    return "\n".join(lines)
