"""A folder of checkpoints, of which one is whole at any moment.

A checkpoint is a folder: a safetensors file for each part of the training, and ``manifest.json``
with their hashes. It is written under another name, flushed, and takes its own in one step; so a
process killed anywhere leaves the ones before. Imports ``io`` and the one random generator only:
parts are anything with a ``state_dict()``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.io import load, load_tree, read_json, save, save_tree, write_json
from minitorch_cnn.io.atomic import flush_folder, make_folder, remove_leftovers
from minitorch_cnn.tensor import Tensor

MANIFEST = "manifest.json"
BEST = "best.json"
_FORMAT = 1
_GENERATOR = "generator"
"""The part that is always there: the state of ``mt.random.default_rng()``."""


class Checkpoints:
    """Checkpoints of a training in a folder, the newest few and the best.

    Parameters
    ----------
    folder : str or path-like
        Made if it is not there. Only one process may save to it.
    keep : int, default 3
        As many of the newest stay; the best one stays besides.

    Raises
    ------
    ValueError
        If ``keep`` is below 1.
    OSError
        If the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> import minitorch_cnn as mt
    >>> folder = tempfile.TemporaryDirectory()
    >>> model = mt.nn.Dense(2, 1)
    >>> optimizer = mt.optim.Adam(model.parameters())
    >>> checkpoints = mt.train.Checkpoints(folder.name, keep=2)
    >>> for step in (10, 20, 30):
    ...     path = checkpoints.save(step, model=model, optimizer=optimizer)
    >>> checkpoints.steps
    [20, 30]
    >>> checkpoints.resume(model=model, optimizer=optimizer)
    30
    >>> sorted(file.name for file in path.iterdir())
    ['generator.safetensors', 'manifest.json', 'model.safetensors', 'optimizer.safetensors']
    >>> folder.cleanup()
    """

    def __init__(self, folder: str | os.PathLike[str], keep: int = 3) -> None:
        if keep < 1:
            raise ValueError(f"Checkpoints: keep={keep}; expected 1 or more")
        self.folder, self.keep = Path(folder), keep
        make_folder(self.folder)

    @property
    def steps(self) -> list[int]:
        """The steps of which there is a checkpoint, the newest last."""
        names = (re.fullmatch(r"step-(\d{8,})", path.name) for path in self.folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    @property
    def best(self) -> int | None:
        """The step that was last saved as the best, if there is one."""
        if not (self.folder / BEST).is_file():
            return None
        step = read_json(self.folder / BEST).get("step")
        if type(step) is not int or step not in self.steps:
            raise ValueError(f"{self.folder / BEST} is damaged: it names no checkpoint; delete it")
        return step

    def path(self, step: int) -> Path:
        """The folder of the checkpoint of a step."""
        return self.folder / f"step-{step:08d}"

    def save(self, step: int, *, best: bool = False, **parts: Any) -> Path:
        """Write a checkpoint of a step; older ones beyond ``keep`` are deleted then.

        Parameters
        ----------
        step : int
            0 or more; a checkpoint of that step is replaced.
        best : bool
            Keep it until another is the best.
        **parts
            What the training depends on, each under a name: models, optimisers, schedules, loaders
            and whatever else has a ``state_dict()``; ``numpy.random.Generator``; nested dicts and
            lists of tensors and plain values. The generator of ``mt.random`` is always saved.

        Returns
        -------
        pathlib.Path
            The folder of the checkpoint.

        Raises
        ------
        TypeError, ValueError
            If a part cannot be saved, or its name is taken. Nothing is written then.
        OSError
            If it cannot be written; the checkpoints before are as they were.
        """
        if type(step) is not int or step < 0:
            raise ValueError(f"Checkpoints: step={step!r}; expected an integer of 0 or more")
        states = {name: _state_of(part) for name, part in parts.items()}
        if _GENERATOR in states:
            raise ValueError(f"Checkpoints: {_GENERATOR!r} is the name of mt.random's generator")
        states[_GENERATOR] = _state_of(random.default_rng())
        self._remove_unfinished()
        new = self.folder / f".step-{step:08d}.new"
        new.mkdir()
        try:
            for name, state in states.items():
                write = save if _is_flat(state) else save_tree
                write(state, new / _file(name))
            write_json(_manifest(new, step, states), new / MANIFEST)
            self._remove(step)
            os.rename(new, self.path(step))
            flush_folder(self.folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        if best:
            write_json({"step": step}, self.folder / BEST)
        for old in self.steps[: -self.keep]:
            if old != self.best:
                self._remove(old)
        return self.path(step)

    def load(self, step: int | None = None, *, backend: Any = None) -> dict[str, Any]:
        """The states of a checkpoint, by the names of its parts; none is changed.

        Parameters
        ----------
        step : int, optional
            The newest if not given.
        backend : str or Backend, optional
            Where tensors are made; the default backend if not given.

        Raises
        ------
        FileNotFoundError
            If there is no such checkpoint.
        ValueError
            If it is damaged; the file is named.
        """
        if step is None and self.steps:
            step = self.steps[-1]
        if step is None or step not in self.steps:
            raise FileNotFoundError(
                f"{self.folder} holds no checkpoint {'' if step is None else step}"
            )
        folder = self.path(step)
        states = {}
        for name, entry in _checked_manifest(folder, step).items():
            path = folder / _file(name)
            if not path.is_file() or _sha256(path) != entry["sha256"]:
                raise ValueError(
                    f"{path} is missing or damaged: its SHA-256 is not the one in {MANIFEST}"
                )
            read = load if entry["flat"] else load_tree
            states[name] = read(path, backend=backend)
        return states

    def resume(self, *, strict: bool = False, **parts: Any) -> int | None:
        """Bring parts to where the newest whole checkpoint has them, and ``mt.random``, too.

        Parameters
        ----------
        strict : bool
            Refuse a damaged checkpoint, instead of warning and going on to the one before it.
        **parts
            As they were named for :meth:`save`; not all need be given.

        Returns
        -------
        int or None
            The step, or None if nothing was saved yet.

        Raises
        ------
        ValueError, TypeError
            If no checkpoint is whole, or a part does not fit. Nothing has been changed then.
        """
        for step in reversed(self.steps):
            try:
                states = self.load(step)
            except ValueError as error:
                if strict:
                    raise
                warnings.warn(f"{error}; going on to an older checkpoint", stacklevel=2)
                continue
            _restore({**parts, _GENERATOR: random.default_rng()}, states, self.path(step))
            return step
        if self.steps:
            raise ValueError(
                f"{self.folder}: none of the checkpoints {self.steps} is whole. Restore one from a "
                "copy, or train anew in another folder"
            )
        return None

    def _remove(self, step: int) -> None:
        """Delete a checkpoint; half of one is never to be seen under its name."""
        if self.path(step).exists():
            old = self.folder / f".step-{step:08d}.old"
            os.rename(self.path(step), old)
            shutil.rmtree(old, ignore_errors=True)

    def _remove_unfinished(self) -> None:
        """Delete what a killed process left."""
        remove_leftovers(self.folder)
        for pattern in (".step-*.new", ".step-*.old"):
            for path in self.folder.glob(pattern):
                shutil.rmtree(path, ignore_errors=True)


def _file(name: str) -> str:
    return f"{name}.safetensors"


def _state_of(part: Any) -> Any:
    if isinstance(part, np.random.Generator):
        return dict(part.bit_generator.state)
    return part.state_dict() if hasattr(part, "state_dict") else part


def _is_flat(state: Any) -> bool:
    """Whether it is a dict of named tensors, as a model's is, and nothing else."""
    return isinstance(state, Mapping) and all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items()
    )


def _manifest(folder: Path, step: int, states: Mapping[str, Any]) -> dict[str, Any]:
    files = {
        name: {"sha256": _sha256(folder / _file(name)), "flat": _is_flat(state)}
        for name, state in states.items()
    }
    content = {"format": _FORMAT, "step": step, "parts": files}
    return {**content, "sha256": _digest(content)}


def _checked_manifest(folder: Path, step: int) -> dict[str, dict[str, Any]]:
    """The parts that a manifest names, after a look at every entry of it."""
    path = folder / MANIFEST
    try:
        manifest = read_json(path)
    except FileNotFoundError:
        raise ValueError(f"{folder} is damaged: it has no {MANIFEST}") from None
    claimed = manifest.pop("sha256", None)
    if claimed != _digest(manifest) or manifest.get("step") != step:
        raise ValueError(f"{path} is damaged or was changed")
    if manifest.get("format") != _FORMAT:
        raise ValueError(
            f"{path} has format {manifest.get('format')!r}, expected {_FORMAT}: it was written by "
            "another program or version"
        )
    parts = manifest.get("parts")
    right = isinstance(parts, dict) and all(
        name.isidentifier()
        and len(name) <= 100
        and isinstance(entry, dict)
        and isinstance(entry.get("sha256"), str)
        and isinstance(entry.get("flat"), bool)
        for name, entry in parts.items()
    )
    if not right:
        raise ValueError(f"{path} is damaged: it names no parts")
    return parts  # type: ignore[return-value]


def _restore(parts: Mapping[str, Any], states: Mapping[str, Any], folder: Path) -> None:
    """Load all states or none."""
    lacking = sorted(set(parts) - set(states))
    if lacking:
        raise ValueError(
            f"{folder} has no {', '.join(lacking)}; it holds {', '.join(sorted(states))}"
        )
    for name, part in parts.items():
        if not isinstance(part, np.random.Generator) and not hasattr(part, "load_state_dict"):
            raise TypeError(
                f"{name!r}: a {type(part).__name__} cannot be loaded into; read it from "
                "Checkpoints.load()"
            )
    before = {name: _state_of(part) for name, part in parts.items()}
    done: list[str] = []
    try:
        for name, part in parts.items():
            done.append(name)
            _load_into(part, states[name])
    except (ValueError, TypeError, KeyError) as error:
        for name in done:
            _load_into(parts[name], before[name])
        raise ValueError(f"{folder / _file(done[-1])} does not fit: {error}") from error


def _load_into(part: Any, state: Any) -> None:
    if isinstance(part, np.random.Generator):
        part.bit_generator.state = state
    else:
        part.load_state_dict(state)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
