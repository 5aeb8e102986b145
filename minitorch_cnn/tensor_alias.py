"""Another name for a tensor: how two leaves become one although nobody knows who holds them.

An :class:`Alias` holds nothing of its own. It was a leaf like any other, whose class was changed
when it was tied; array, node and gradient are its source's from then on. Sources are never
aliases themselves, so the way is one step long. Only parameters, which are in ``nn``, are tied.
May import ``tensor_copies`` and what lies below it.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any
from weakref import ref

from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import NEXT_NUMBER, Leaf
from minitorch_cnn.tensor_copies import with_extras

TIE_SLOTS = ("_aliases", "_source")
"""Slots of what can be tied: weak references to its aliases, or the source it is an alias of.

Both are unset in a tensor that is not tied.
"""


def _of_source(name: str) -> property:
    def get(self: Any) -> Any:
        return getattr(self._source, name)

    def put(self: Any, value: Any) -> None:
        setattr(self._source, name, value)

    return property(get, put)


class Alias:
    """What stands before the class of a tensor while it is another name for its ``_source``."""

    __slots__ = ()

    _source: Any
    _data = _of_source("_data")
    _node = _of_source("_node")
    _grad = _of_source("_grad")

    def requires_grad_(self: Any, requires_grad: bool = True) -> Any:
        self._source.requires_grad_(requires_grad)
        return self

    def _rebind(self: Any, array: Any) -> None:
        self._source._rebind(array)

    def __copy__(self: Any) -> Any:
        return copy.copy(self._source)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        source = copy.deepcopy(self._source, memo)
        twin = memo[id(self)] = _new_alias(_own_class(self), source)
        return with_extras(twin, copy.deepcopy(self._extras(), memo))

    def __reduce__(self: Any) -> Any:
        return _new_alias, (_own_class(self), self._source), (None, self._extras())


def source_of(tensor: Any) -> Any:
    """The tensor itself; of an alias, the one that it is another name for."""
    return tensor._source if isinstance(tensor, Alias) else tensor


def join(a: Any, b: Any) -> None:
    """Make ``b``, and all that is tied to it, further names for what ``a`` is.

    What ``b`` was, its entries, gradient and hooks, is dropped.
    """
    source, old = source_of(a), source_of(b)
    if source is old:
        return
    if isinstance(old._node, Leaf):
        old._node.overwritten = NEXT_NUMBER()
    names = [old, *_pop_aliases(old)]
    del old._data, old._node, old._grad
    kind: Any = type(old)
    old.__class__ = _alias_class(kind)
    for name in names:
        name._source = source
    _add_aliases(source, names)


def part(tensor: Any) -> None:
    """Tie ``tensor`` to nothing any longer; the names that are left stay tied to each other.

    Who is no source any more, or has become one, starts with a copy and without a gradient.
    """
    if isinstance(tensor, Alias):
        source = tensor._source
        _add_aliases(source, [name for name in _pop_aliases(source) if name is not tensor])
        _stand_alone(tensor)
        return
    names = _pop_aliases(tensor)
    if not names:
        return
    tensor._grad = None
    heir, *others = names
    _stand_alone(heir)
    for name in others:
        name._source = heir
    _add_aliases(heir, others)


def _stand_alone(alias: Any) -> None:
    source = alias._source
    del alias._source
    alias.__class__ = _own_class(alias)
    data = source._data
    alias._data = raw_array(data, dtype=None, backend=backend_of(data), copy=True)
    alias._node = alias._grad = None
    alias.requires_grad_(source.requires_grad)


def is_tied(tensor: Any) -> bool:
    """Whether ``tensor`` is an alias, or something is an alias of it."""
    return isinstance(tensor, Alias) or bool(_aliases(tensor))


def _aliases(source: Any) -> list[Any]:
    """The aliases of ``source`` that are still there."""
    found = [name() for name in getattr(source, "_aliases", ())]
    return [name for name in found if name is not None]


def _pop_aliases(source: Any) -> list[Any]:
    names = _aliases(source)
    if hasattr(source, "_aliases"):
        del source._aliases
    return names


def _add_aliases(source: Any, names: list[Any]) -> None:
    source._aliases = [ref(name) for name in (*_aliases(source), *names)]


@cache
def _alias_class(kind: Any) -> Any:
    """``kind`` with :class:`Alias` before it: of one layout, so that objects can change over."""
    return type(kind.__name__, (Alias, kind), {"__slots__": (), "__module__": kind.__module__})


def _own_class(alias: Any) -> Any:
    return type(alias).__bases__[1]


def _new_alias(kind: Any, source: Any) -> Any:
    """A further name for ``source``, of class ``kind``."""
    alias: Any = object.__new__(_alias_class(kind))
    alias._source = source
    _add_aliases(source, [alias])
    return alias
