"""Nested tuples, lists and dicts of tensors: taken apart into a list and put together again.

What transforms of functions take and give. Containers are tuples, named tuples, lists, dicts and
ordered dicts, exactly these types, and None, which holds nothing; everything else is an entry. May
import ``graph``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any, NamedTuple

from minitorch_cnn.graph import Boxed


class Structure(NamedTuple):
    """How the entries of a tree are nested.

    ``kind`` is the type of the container, None for a single entry; ``keys`` are its dict keys,
    field names or positions, ``children`` what stands there.
    """

    kind: Any = None
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()

    def unflatten(self, entries: Sequence[Any]) -> Any:
        """The tree of this structure with ``entries``, in the order of :func:`flatten`."""
        waiting = iter(entries)
        return self._filled(lambda: next(waiting))

    def _filled(self, entry: Callable[[], Any]) -> Any:
        if self.kind is None:
            return entry()
        if self.kind is NoneType:
            return None
        values = [child._filled(entry) for child in self.children]
        if issubclass(self.kind, dict):
            return self.kind(zip(self.keys, values, strict=True))
        return self.kind(*values) if hasattr(self.kind, "_fields") else self.kind(values)

    def paths(self, path: str = "") -> list[str]:
        """Where each entry stands, as written in Python behind the tree's name."""
        if self.kind is None:
            return [path]
        named = hasattr(self.kind, "_fields")
        pairs = zip(self.keys, self.children, strict=True)
        return [
            found
            for key, child in pairs
            for found in child.paths(f"{path}.{key}" if named else f"{path}[{key!r}]")
        ]


ENTRY = Structure()


def _items(tree: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """Keys and values of a container; None for an entry."""
    kind = type(tree)
    if tree is None:
        return (), ()
    if kind in (dict, OrderedDict):
        return tuple(tree), tuple(tree.values())
    if kind in (tuple, list):
        return tuple(range(len(tree))), tuple(tree)
    if isinstance(tree, tuple) and hasattr(kind, "_fields"):
        return tuple(kind._fields), tuple(tree)
    return None


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The entries of a tree in order, and its structure.

    >>> entries, structure = flatten({"a": 1, "b": (2, [3])})
    >>> entries, structure.paths()
    ([1, 2, 3], ["['a']", "['b'][0]", "['b'][1][0]"])
    >>> structure.unflatten([4, 5, 6])
    {'a': 4, 'b': (5, [6])}
    """
    items = _items(tree)
    if items is None:
        return [tree], ENTRY
    keys, values = items
    parts = [flatten(value) for value in values]
    structure = Structure(type(tree), keys, tuple(child for _, child in parts))
    return [entry for entries, _ in parts for entry in entries], structure


def flatten_like(structure: Structure, tree: Any, what: str, like: str) -> list[Any]:
    """The entries of a tree that must be nested as ``structure``; keys of dicts in its order.

    ``what`` and ``like`` are what messages call the tree and the one it must follow; they raise
    ValueError.
    """
    if structure.kind is None:
        if _items(tree) is not None:
            raise ValueError(
                f"{what} is a {type(tree).__name__} where {like} holds one tensor; nest it alike"
            )
        return [tree]
    items = _items(tree)
    if type(tree) is not structure.kind or items is None:
        raise ValueError(
            f"{what} is a {type(tree).__name__} where {like} is a {structure.kind.__name__}; nest "
            "it alike"
        )
    values = dict(zip(*items, strict=True))
    if set(values) != set(structure.keys):
        met, expected = sorted(map(repr, values)), sorted(map(repr, structure.keys))
        raise ValueError(
            f"{what} holds {', '.join(met) or 'nothing'} where {like} holds "
            f"{', '.join(expected) or 'nothing'}; nest it alike"
        )
    named = hasattr(structure.kind, "_fields")
    entries = []
    for key, child in zip(structure.keys, structure.children, strict=True):
        place = f".{key}" if named else f"[{key!r}]"
        entries += flatten_like(child, values[key], what + place, like + place)
    return entries


def require_tensors(entries: Sequence[Any], structure: Structure, what: str) -> None:
    """Refuse, with a TypeError that names the place, a tree with entries that are no tensors."""
    for entry, path in zip(entries, structure.paths(), strict=True):
        if not isinstance(entry, Boxed):
            mend = (
                "pass its parameters, and call it with mt.func.functional_call"
                if hasattr(entry, "named_parameters")
                else "make tensors with mt.tensor(...)"
            )
            raise TypeError(
                f"{what}{path} is a {type(entry).__name__}; expected a Tensor, or tuples, lists "
                f"and dicts of them: {mend}"
            )


def map_tensors(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with ``function`` applied to its tensors; other entries stay."""
    entries, structure = flatten(tree)
    return structure.unflatten([function(x) if isinstance(x, Boxed) else x for x in entries])
