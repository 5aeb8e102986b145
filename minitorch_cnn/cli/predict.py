"""``minitorch-cnn predict``: a checkpoint, some pictures, and what the net takes them for."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import minitorch_cnn as mt
from minitorch_cnn.cli.errors import CommandError
from minitorch_cnn.cli.picture import read_digits
from minitorch_cnn.io import load, read_json, read_metadata
from minitorch_cnn.models import MODELS
from minitorch_cnn.nn import functional
from minitorch_cnn.train import MODEL, RECORD, RunFolder

_BAR = 40


def predict(arguments: argparse.Namespace) -> None:
    """Print the digit and the probabilities of every picture, or nothing if one is not readable."""
    model = _load_model(Path(arguments.checkpoint), arguments.model)
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


def _load_model(path: Path, model: str | None) -> Any:
    """Rebuild the net of a checkpoint; the file says which one, or the run folder around it."""
    if path.is_dir():
        path = RunFolder.open(path).checkpoint_file(MODEL)
    state = load(path)
    model = model or read_metadata(path).get("minitorch_cnn.model") or _model_of_run(path.parent)
    if model not in MODELS:
        raise CommandError(
            f"{path} does not say which net it belongs to; say it with --model {'|'.join(MODELS)}"
        )
    net = MODELS[model]()
    try:
        net.load_state_dict(state)
    except ValueError as error:
        raise CommandError(
            f"{path} does not hold the weights of the net {model}: {error}"
        ) from None
    return net.eval()


def _model_of_run(folder: Path) -> str | None:
    if not (folder / RECORD).is_file():
        return None
    options = read_json(folder / RECORD).get("options")
    return options.get("model") if isinstance(options, dict) else None


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
