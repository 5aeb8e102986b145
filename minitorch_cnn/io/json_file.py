"""Small settings files as JSON, written atomically, refused whole when broken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from minitorch_cnn.io.atomic import atomic_write

_MAX_BYTES = 64 << 20
"""Far above any settings file; a larger one is another kind of file."""


def write_json(content: Any, path: str | os.PathLike[str]) -> None:
    """Write ``content`` to ``path`` as indented UTF-8 JSON, atomically.

    Raises
    ------
    ValueError
        If ``content`` holds NaN or infinity, which JSON cannot express.
    TypeError
        If ``content`` holds anything but dicts, lists, strings, numbers, booleans and None.
    """
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    with atomic_write(path) as file:
        file.write(text.encode() + b"\n")


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one whole JSON object.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "run.json"
    >>> write_json({"epochs": 3}, path)
    >>> read_json(path)
    {'epochs': 3}
    >>> folder.cleanup()
    """
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise FileNotFoundError(f"no file {name}") from None
    except IsADirectoryError:
        raise ValueError(f"{name} is a folder, not a JSON file") from None
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{name} is larger than {_MAX_BYTES >> 20} MiB: not a settings file")
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{Path(name)} is damaged or not JSON ({error})") from None
    if not isinstance(parsed, dict):
        raise ValueError(f"{name} holds a JSON {type(parsed).__name__}, expected an object")
    return parsed
