"""``save_tree`` and ``load_tree``: nested dicts, lists and tuples of tensors and plain values.

For optimisers and other state that is more than a flat dict of tensors. The tensors become a
safetensors file; the nesting and the plain values become JSON in that file's metadata.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from minitorch_cnn.io.tensor_file import load, read_metadata, save
from minitorch_cnn.tensor import Tensor

_NOTE = "minitorch_cnn.tree"


def save_tree(tree: Any, path: str | os.PathLike[str]) -> None:
    """Write nested dicts, lists and tuples whose leaves are tensors or plain values.

    Parameters
    ----------
    tree : dict, list, tuple, Tensor, bool, int, float, str or None
        Keys of dicts are strings or integers.
    path : str or path-like
        The ``*.safetensors`` file to write, atomically.

    Raises
    ------
    TypeError
        If a leaf or a key is of another type; the message names the place.
    OSError
        As :func:`minitorch_cnn.save`.

    Examples
    --------
    >>> import tempfile
    >>> import minitorch_cnn as mt
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = folder.name + "/optimizer.safetensors"
    >>> save_tree({"state": {0: {"step": 3, "average": mt.tensor([0.5])}}, "lr": 0.1}, path)
    >>> tree = load_tree(path)
    >>> tree["lr"], tree["state"][0]["step"], tree["state"][0]["average"].numpy().tolist()
    (0.1, 3, [0.5])
    >>> folder.cleanup()
    """
    tensors: dict[str, Tensor] = {}
    structure = _encode(tree, "", tensors)
    save(tensors, path, metadata={_NOTE: json.dumps(structure)})


def load_tree(path: str | os.PathLike[str], *, backend: str | None = None) -> Any:
    """Read what :func:`save_tree` wrote.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`minitorch_cnn.load`; also for a safetensors file without a tree in it.
    """
    tensors = load(path, backend=backend)
    note = read_metadata(path).get(_NOTE)
    if note is None:
        raise ValueError(f"{os.fspath(path)} holds plain tensors, not a saved tree; use load")
    try:
        return _decode(json.loads(note), tensors)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{os.fspath(path)}: the note that says how its tensors are nested is damaged "
            f"({type(error).__name__}: {error})"
        ) from None


def _encode(node: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    """Turn ``node`` into JSON values: containers and tensors become one-entry objects."""
    if node is None or isinstance(node, (bool, int, float, str)):
        return node
    if isinstance(node, Tensor):
        name = place or "tensor"
        while name in tensors:  # {"a.b": t} and {"a": {"b": t}} have the same place
            name += "_"
        tensors[name] = node
        return {"tensor": name}
    if isinstance(node, Mapping):
        for key in node:
            if type(key) not in (str, int):
                raise TypeError(
                    f"save_tree: key {key!r} at {place or 'the top'!r} is a "
                    f"{type(key).__name__}, expected a string or an integer"
                )
        return {"dict": [[key, _encode(node[key], _join(place, key), tensors)] for key in node]}
    if isinstance(node, (list, tuple)):
        kind = "list" if isinstance(node, list) else "tuple"
        return {kind: [_encode(item, _join(place, i), tensors) for i, item in enumerate(node)]}
    raise TypeError(
        f"save_tree: {place or 'the top'!r} is a {type(node).__name__}, expected tensors, "
        "numbers, strings, None, and dicts, lists and tuples of them"
    )


def _join(place: str, key: str | int) -> str:
    return f"{place}.{key}" if place else str(key)


def _decode(node: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(node, dict):
        return node
    ((kind, content),) = node.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _decode(value, tensors) for key, value in content}
    if kind in ("list", "tuple"):
        items = [_decode(item, tensors) for item in content]
        return items if kind == "list" else tuple(items)
    raise ValueError(f"unknown kind of node {kind!r}")
