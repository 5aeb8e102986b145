"""Copies of tensors: for ``copy.copy`` and ``copy.deepcopy``, and for sending them elsewhere.

A class that is mixed into Tensor. A shallow copy has the history of the original. A deep copy and a
pickle have none, since a graph belongs to the process that recorded it: they are for leaves, and
take the gradient along; hooks stay behind.
"""

from __future__ import annotations

import copy
from typing import Any

from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import Boxed


class Copies:
    """``__copy__``, ``__deepcopy__`` and ``__reduce__`` of a tensor."""

    __slots__ = ()

    def __copy__(self: Any) -> Any:
        twin = _unfinished(type(self), self._data)
        if self.is_leaf:
            twin.requires_grad_(self.requires_grad)
        else:
            twin._node = self._node
        twin._grad = self._grad
        return with_extras(twin, self._extras())

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        self._require_leaf("deepcopy")
        data = raw_array(self._data, dtype=None, backend=backend_of(self._data), copy=True)
        twin = memo[id(self)] = _unfinished(type(self), data)
        twin.requires_grad_(self.requires_grad)
        twin._grad = copy.deepcopy(self._detached_grad(), memo)
        return with_extras(twin, copy.deepcopy(self._extras(), memo))

    def __reduce__(self: Any) -> Any:
        self._require_leaf("pickle")
        host = self.detach().numpy()
        parts = (type(self), host, self.backend, self.requires_grad, self._detached_grad())
        return _rebuilt, parts, (None, self._extras())

    def _require_leaf(self: Any, name: str) -> None:
        if not self.is_leaf:
            raise ValueError(
                f"{name}: this tensor was computed from others, whose graph is not copied; "
                ".detach() it first"
            )

    def _detached_grad(self: Any) -> Any:
        return None if self._grad is None else self._grad.detach()

    def _extras(self: Any) -> dict[str, Any]:
        """Attributes that subclasses add, in their ``__slots__`` or without."""
        own = [kind for kind in type(self).__mro__ if kind is not Boxed]
        slots = [name for kind in own for name in vars(kind).get("__slots__", ())]
        found = {name: getattr(self, name) for name in slots if hasattr(self, name)}
        return {**found, **getattr(self, "__dict__", {})}


def _unfinished(kind: type[Any], data: Any) -> Any:
    """A tensor of a class that wants no gradient yet, around a sealed raw array."""
    tensor: Any = object.__new__(kind)
    tensor._data = data
    tensor._node = tensor._grad = None
    return tensor


def with_extras(tensor: Any, extras: dict[str, Any]) -> Any:
    """``tensor`` with attributes set."""
    for name, value in extras.items():
        setattr(tensor, name, value)
    return tensor


def _rebuilt(kind: type[Any], host: Any, backend: str, requires_grad: bool, grad: Any) -> Any:
    """A leaf from its parts, for copies between processes."""
    tensor = _unfinished(kind, raw_array(host, dtype=None, backend=backend, copy=True))
    tensor.requires_grad_(requires_grad)
    tensor._grad = grad
    return tensor
