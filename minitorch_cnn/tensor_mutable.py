"""A tensor whose entries can be set, for code written to the array API standard.

Tensors are values, and ``x[0] = 1`` on one is refused. The standard has item assignment, though,
and libraries written for it (SciPy, scikit-learn, array-api-extra) use it on copies that they make
with ``asarray(x, copy=True)``. That one function therefore gives a :class:`MutableTensor`. Setting
entries computes the new value as any operation does and binds this one object to it: no memory is
written, so whatever was recorded or taken from it before (results, ``x.detach()``, ``x[0]``) stays
as it was, and gradients are right. May import Tensor and what lies below it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import RETAIN, Boxed, Leaf, box, mutable_box
from minitorch_cnn.ops.entries import replaced
from minitorch_cnn.ops.indexing import parsed_key
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

    Arithmetic with it gives tensors of this class. Functions of the package give ordinary tensors,
    and so does indexing where NumPy would give a view, so that ``x[0][1] = 2`` is refused and not
    lost.

    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = mt.asarray(x, copy=True)
    >>> y[0] = 5.0
    >>> y[1:] = y[1:] * 10
    >>> y.sum().backward()
    >>> x.grad
    tensor([ 0., 10., 10.])
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        """``x[key]``; its entries can be set where NumPy would copy, for arrays in the key."""
        picked = super().__getitem__(key)
        _, by_arrays = parsed_key(key, self._data)
        return mutable(picked) if by_arrays else picked

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
        self._data, self._node = new._data, new._node
