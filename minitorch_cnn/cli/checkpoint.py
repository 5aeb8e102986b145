"""The net of a checkpoint: of a run folder, or of a file that says which net it is.

Imports files, nets and run folders.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minitorch_cnn.cli.errors import CommandError
from minitorch_cnn.io import load, read_json, read_metadata
from minitorch_cnn.models import MODELS
from minitorch_cnn.train import MODEL, RECORD, RunFolder


def load_model(path: Path, model: str | None) -> Any:
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
