"""Copies of tensors: for ``copy.deepcopy`` and for sending them to another process.

A class that is mixed into Tensor. Only leaves are copied: a graph belongs to the process that
recorded it.
"""

from __future__ import annotations

import copy
from typing import Any

from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import raw_array


class Copies:
    """``__deepcopy__`` and ``__reduce__`` of a tensor."""

    __slots__ = ()

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        if not self.is_leaf:
            raise ValueError(
                "deepcopy: this tensor was computed from others, whose graph is not copied; "
                ".detach() it first"
            )
        twin = self._twin(self._data)
        memo[id(self)] = twin
        twin._grad = copy.deepcopy(self._grad, memo)
        return twin

    def _twin(self: Any, data: Any) -> Any:
        """A leaf of the same class with a copy of ``data``."""
        twin: Any = object.__new__(type(self))
        twin._data = raw_array(data, dtype=None, backend=backend_of(data), copy=True)
        twin._node = twin._grad = None
        for name, value in self._extras().items():
            setattr(twin, name, value)
        return twin.requires_grad_(self.requires_grad)

    def _extras(self: Any) -> dict[str, Any]:
        """Attributes that a subclass adds in its ``__slots__``."""
        names: tuple[str, ...] = type(self).__slots__
        return {name: getattr(self, name) for name in names}

    def __reduce__(self: Any) -> Any:
        host = self.detach().numpy()
        parts = (type(self), host, self.backend, self.requires_grad)
        return _rebuilt, parts, (None, self._extras())


def _rebuilt(kind: type[Any], host: Any, backend: str, requires_grad: bool) -> Any:
    """A leaf from its parts, for copies between processes."""
    tensor: Any = object.__new__(kind)
    tensor._data = raw_array(host, dtype=None, backend=backend, copy=True)
    tensor._node = tensor._grad = None
    return tensor.requires_grad_(requires_grad)
