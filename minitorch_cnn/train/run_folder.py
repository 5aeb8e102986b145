"""The folder of a run: its settings, its history, and one whole checkpoint at any moment.

``run.json`` names the files of the good checkpoint and their hashes. A new checkpoint is written
beside the old one, then ``run.json`` is switched in one step, then the old one is deleted; so a
process killed anywhere leaves a folder to resume from. Imports ``io`` only.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minitorch_cnn.io import load, load_tree, read_json, save, save_tree, write_json
from minitorch_cnn.io.atomic import make_folder, remove_leftovers

RECORD = "run.json"
MODEL = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """Everything a training needs to go on as if it had never stopped."""

    epoch: int
    """Number of finished epochs."""
    model: dict[str, Any]
    """State dict of the model, running statistics included."""
    optimizer: dict[str, Any]
    """State dict of the optimiser."""
    loader: dict[str, Any]
    """State of the data loader: plain values."""
    random: dict[str, Any]
    """State of the random generator: plain values."""


class RunFolder:
    """A folder with ``run.json`` and the files it names.

    Attributes
    ----------
    path : pathlib.Path
    record : dict
        What ``run.json`` holds: ``"options"``, ``"history"``, ``"status"`` and what callers add.
    """

    def __init__(self, path: Path, record: dict[str, Any]) -> None:
        self.path = path
        self.record = record

    @classmethod
    def create(cls, path: Path, record: dict[str, Any]) -> RunFolder:
        """Start a run in a new or empty folder.

        Raises
        ------
        FileExistsError
            If the folder holds a run already, or anything else.
        OSError
            If the folder cannot be made or written to.
        """
        if (path / RECORD).exists():
            raise FileExistsError(f"{path} holds a run already")
        if path.is_file():
            raise FileExistsError(f"{path} is a file")
        make_folder(path)
        remove_leftovers(path)
        if any(path.iterdir()):
            raise FileExistsError(f"{path} is not empty and holds no run")
        folder = cls(path, {"format": _FORMAT, "status": "unfinished", **record})
        folder.write_record()
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open the folder of an earlier run.

        Raises
        ------
        FileNotFoundError
            If there is no run in ``path``.
        ValueError
            If ``run.json`` is damaged.
        """
        if not (path / RECORD).is_file():
            raise FileNotFoundError(f"{path} holds no run: there is no {RECORD} in it")
        record = read_json(path / RECORD)
        if record.get("format") != _FORMAT:
            raise ValueError(
                f"{path / RECORD} has format {record.get('format')!r}, expected {_FORMAT}: "
                "it was written by another program or version"
            )
        expected = {"options": dict, "history": list, "status": str}
        for key, kind in expected.items():
            if not isinstance(record.get(key), kind):
                raise ValueError(f"{path / RECORD} is damaged: it has no {kind.__name__} {key!r}")
        return cls(path, record)

    def write_record(self) -> None:
        """Switch ``run.json`` to ``record``."""
        write_json(self.record, self.path / RECORD)

    def save_checkpoint(
        self, checkpoint: Checkpoint, *, metadata: dict[str, str], final: bool = False
    ) -> None:
        """Write a checkpoint, make it the good one, and delete the one before.

        The final one lies in the run folder itself, the others in a folder per epoch.
        """
        remove_leftovers(self.path)
        name = "." if final else f"epoch-{checkpoint.epoch:04d}"
        folder = self.path / name
        make_folder(folder)
        save(checkpoint.model, folder / MODEL, metadata=metadata)
        save_tree(checkpoint.optimizer, folder / OPTIMIZER)
        self.record["checkpoint"] = {
            "epoch": checkpoint.epoch,
            "folder": name,
            "sha256": {file: _sha256(folder / file) for file in (MODEL, OPTIMIZER)},
            "loader": checkpoint.loader,
            "random": checkpoint.random,
        }
        if final:
            self.record["status"] = "finished"
        self.write_record()
        for old in self.path.glob("epoch-*"):
            if re.fullmatch(r"epoch-\d{4,}", old.name) and old.name != name:
                shutil.rmtree(old, ignore_errors=True)

    def load_checkpoint(self) -> Checkpoint | None:
        """Read the good checkpoint; None if the run was stopped before its first one.

        Raises
        ------
        ValueError
            If a file is missing or is not the one that was written, or ``run.json`` is damaged.
        """
        if "checkpoint" not in self.record:
            return None
        entry = self._entry()
        for file in (MODEL, OPTIMIZER):
            path = self.checkpoint_file(file)
            if not path.is_file():
                raise ValueError(f"{path} is missing, so the run cannot be resumed")
            if _sha256(path) != entry["sha256"].get(file):
                raise ValueError(
                    f"{path} is damaged or was changed: its SHA-256 is not the one in {RECORD}. "
                    "Restore it from a copy, or start a new run"
                )
        return Checkpoint(
            epoch=entry["epoch"],
            model=load(self.checkpoint_file(MODEL)),
            optimizer=load_tree(self.checkpoint_file(OPTIMIZER)),
            loader=entry["loader"],
            random=entry["random"],
        )

    def checkpoint_file(self, file: str) -> Path:
        """Path of ``"model.safetensors"`` or ``"optimizer.safetensors"`` of the good checkpoint.

        Raises
        ------
        ValueError
            If there is no checkpoint yet, or ``run.json`` is damaged.
        """
        folder: str = self._entry()["folder"]
        return self.path / folder / file

    def _entry(self) -> dict[str, Any]:
        """What ``run.json`` says of the checkpoint, after a look at every part of it."""
        if "checkpoint" not in self.record:
            raise ValueError(f"{self.path} has no checkpoint yet: its first epoch never ended")
        entry = self.record["checkpoint"]
        expected = {"epoch": int, "folder": str, "sha256": dict, "loader": dict, "random": dict}
        if not isinstance(entry, dict):
            raise ValueError(f"{self.path / RECORD} is damaged: it names no checkpoint")
        for key, kind in expected.items():
            if not isinstance(entry.get(key), kind):
                raise ValueError(f"{self.path / RECORD} is damaged: its checkpoint has no {key!r}")
        # Only ever a place inside the run folder, whatever somebody wrote into the file.
        if not re.fullmatch(r"\.|epoch-\d{4,}", entry["folder"]):
            raise ValueError(
                f"{self.path / RECORD} is damaged: {entry['folder']!r} is no checkpoint folder"
            )
        return entry


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
