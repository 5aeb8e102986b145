"""Making one batch of many items: walks through trees of tuples, lists and dicts.

Imports NumPy and Tensor. Which items make up a batch belongs to the loader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minitorch_cnn.ops.arrange import stack
from minitorch_cnn.tensor import Tensor

__all__ = ["default_collate", "map_tree"]

NUMBERS = (bool, int, float, np.number, np.bool_)


def default_collate(items: Sequence[Any], *, indices: Sequence[int] | None = None) -> Any:
    """Stack items into one batch along a new first axis, as PyTorch does.

    Numbers become an array (``bool``, ``int`` -> int64, ``float`` -> float32; NumPy's own scalars
    keep their type), arrays and Tensors are stacked, tuples, lists and dicts are gone into, strings
    and bytes are listed. Arrays stay NumPy arrays here, so that a batch transform can work on them;
    the loader makes Tensors of them afterwards.

    Parameters
    ----------
    items : sequence
        The items, all of one structure.
    indices : sequence of int, optional
        Where they stand in their dataset, to name them in an error.

    Returns
    -------
    array, Tensor, list, or tuples, lists and dicts of these
        The batch, in the structure of one item.

    Raises
    ------
    ValueError
        For no items, or one of another shape, length or keys than the first.
    TypeError
        For items of different types, or of a type that cannot be stacked.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> images, labels = data.default_collate([(np.zeros((1, 2)), 3), (np.ones((1, 2)), 4)])
    >>> images.shape, labels
    ((2, 1, 2), array([3, 4]))
    """
    if len(items) == 0:
        raise ValueError("default_collate got no items; a batch needs at least one")
    return _collate(items, range(len(items)) if indices is None else indices, "")


def map_tree(function: Callable[[Any], Any], tree: Any) -> Any:
    """``function`` of every leaf, in the same tuples, lists and dicts."""
    if isinstance(tree, Mapping):
        return {key: map_tree(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        return _rebuilt(tree, [map_tree(function, value) for value in tree])
    return function(tree)


def _collate(items: Sequence[Any], indices: Sequence[int], path: str) -> Any:
    _agree("type", _kind, items, indices, path, TypeError)
    first = items[0]
    if isinstance(first, NUMBERS):
        return _numbers(items)
    if isinstance(first, Tensor | np.ndarray):
        _agree("shape", lambda item: tuple(item.shape), items, indices, path)
        return stack(items) if isinstance(first, Tensor) else np.stack(items)
    if isinstance(first, str | bytes):
        return list(items)
    if isinstance(first, Mapping):
        _agree("keys", lambda item: sorted(map(repr, item)), items, indices, path)
        return {
            key: _collate([item[key] for item in items], indices, f"{path}[{key!r}]")
            for key in first
        }
    if isinstance(first, tuple | list):
        _agree("length", len, items, indices, path)
        columns = [
            _collate(column, indices, f"{path}[{position}]")
            for position, column in enumerate(zip(*items, strict=True))
        ]
        return _rebuilt(first, columns)
    raise TypeError(
        f"item {indices[0]}{path} is a {type(first).__name__}, which cannot be stacked; give "
        "numbers, arrays, Tensors, or tuples, lists and dicts of them, or pass collate= to the "
        "DataLoader"
    )


def _agree(
    name: str,
    measure: Callable[[Any], Any],
    items: Sequence[Any],
    indices: Sequence[int],
    path: str,
    error: type[Exception] = ValueError,
) -> None:
    """Raise, naming the item, unless all agree with the first in some respect."""
    expected = measure(items[0])
    for index, item in zip(indices, items, strict=True):
        found = measure(item)
        if found != expected:
            raise error(
                f"item {index}{path} has {name} {found}, but item {indices[0]}{path} in the same "
                f"batch has {expected}; make them equal, or pass collate= to the DataLoader"
            )


def _kind(item: Any) -> str:
    return "number" if isinstance(item, NUMBERS) else type(item).__name__


def _numbers(items: Sequence[Any]) -> Any:
    array = np.array(items)
    if not any(isinstance(item, np.generic) for item in items):
        if array.dtype.kind == "f":
            return array.astype(np.float32)
        if array.dtype.kind != "b":
            return array.astype(np.int64)
    return array


def _rebuilt(like: Any, values: list[Any]) -> Any:
    """The values in the same kind of sequence; named tuples take them one by one."""
    return type(like)(*values) if hasattr(like, "_fields") else type(like)(values)
