"""A tensor whose entries can be set, for code written to the array API standard.

Tensors are values, and ``x[0] = 1`` on one is refused. The standard has item assignment, though,
and libraries written for it (SciPy, scikit-learn, array-api-extra) use it on copies, on results and
on views of them. So ``asarray(x, copy=True)`` and the standard's namespace (``array_api``) give a
:class:`MutableTensor`. Setting entries computes the new value as any operation does and binds this
one object, and its views, to it: no memory is written, so whatever was recorded or computed from it
before stays as it was, and gradients are right. May import Tensor and what lies below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any
from weakref import ref

import numpy as np

from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import RETAIN, Boxed, Leaf, box, mutable_box
from minitorch_cnn.ops.entries import replaced
from minitorch_cnn.ops.indexing import getitem, parsed_key
from minitorch_cnn.primitive import PYTHON_SCALARS
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tensor_operators import Operators


def mutable(result: Any) -> Any:
    """The tensors of a result as tensors whose entries can be set, each an object of its own."""
    if isinstance(result, Tensor):
        if isinstance(result._node, Leaf):
            result = result.clone()
        return mutable_box(result._data, result._node)
    if isinstance(result, (tuple, list)):
        parts = [mutable(part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result


def _giving_mutable(operator: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(operator)
    def method(*operands: Any) -> Any:
        return mutable(operator(*operands))

    return method


NO_ARITHMETIC = ("__getitem__", "__setitem__", "__hash__")
_MutableOperators = type(
    "_MutableOperators",
    (),
    {
        "__slots__": (),
        **{
            name: _giving_mutable(operator)
            for name, operator in vars(Operators).items()
            if callable(operator) and name not in NO_ARITHMETIC
        },
    },
)


class MutableTensor(_MutableOperators, Tensor, mutable=True):  # type: ignore[misc, valid-type]
    """What ``mt.asarray(x, copy=True)`` gives: a copy, with its history, whose entries can be set.

    Indexing by integers and slices gives a view, as in NumPy: what is set in one shows in the
    other. Arithmetic gives tensors of this class, and functions of the package ordinary ones.

    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = mt.asarray(x, copy=True)
    >>> y[0] = 5.0
    >>> y[1:] *= 10
    >>> y.sum().backward()
    >>> x.grad
    tensor([ 0., 10., 10.])
    """

    __slots__ = ("_base", "_views")

    def __getitem__(self, key: Any) -> Any:
        """``x[key]``: a view for integers, slices, ``...`` and None, a copy for arrays."""
        parts, by_arrays = parsed_key(key, self._data)
        picked = mutable(super().__getitem__(key))
        if not by_arrays:
            picked._base = self, parts
            self._views = [(ref(view), part) for view, part in self._live_views()]
            self._views.append((ref(picked), parts))
        return picked

    def __iter__(self) -> Iterator[Any]:
        return iter([self[position] for position in range(len(self))])

    def __setitem__(self, key: Any, value: Any) -> None:
        """Replace the entries at ``key``; recorded, and differentiable in the value too.

        Raises
        ------
        IndexError
            For wrong indices, and arrays of integers that name an entry twice.
        TypeError
            For real numbers in a tensor of integers, and a value on another backend.
        ValueError
            If the value does not broadcast, or this tensor's own gradient is wanted.
        """
        if isinstance(self._node, Leaf):
            raise ValueError(
                "x[key] = value: this leaf's gradient is wanted, and would have no meaning after "
                "the change; copy it with mt.asarray(x, copy=True) and set entries of the copy"
            )
        if self._node is not None and RETAIN in (self._node.hooks or {}):
            raise ValueError(
                "x[key] = value: retain_grad() was called on this tensor; call it after the last "
                "entry is set"
            )
        if isinstance(value, np.generic):
            value = value.item()
        if not isinstance(value, Boxed) and type(value) not in PYTHON_SCALARS:
            home = backend_of(self._data)
            value = box(raw_array(value, dtype=None, backend=home, copy=True), None)
        new = replaced(self, key, value)
        base, place = getattr(self, "_base", (None, None))
        if base is None:
            self._become(new)
        else:
            base[place] = new  # which comes back to this view

    def _become(self, new: Any) -> None:
        """Take another value, and let the views show it."""
        self._data, self._node = new._data, new._node
        for view, place in self._live_views():
            view._become(getitem(self, place))

    def _live_views(self) -> list[tuple[Any, Any]]:
        """The views that somebody still holds, with their places.

        One whose own gradient was asked for is a leaf, and follows no more.
        """
        found = [(view(), place) for view, place in getattr(self, "_views", ())]
        return [(v, place) for v, place in found if v is not None and not isinstance(v._node, Leaf)]

    def _extras(self) -> dict[str, Any]:
        """A copy is no view, and has none."""
        extras = super()._extras()
        return {name: extras[name] for name in extras if name not in MutableTensor.__slots__}
