"""A tensor whose entries can be set, for code written to the array API standard.

Tensors are values, and ``x[0] = 1`` on one is refused. The standard has item assignment, though,
and libraries written for it (SciPy, scikit-learn, array-api-extra) use it on copies that they make
with ``asarray(x, copy=True)``. That one function therefore gives a :class:`MutableTensor`. Setting
entries computes the new value as any operation does and binds this one object to it: no memory is
written, so whatever was recorded or taken from it before (results, ``x.detach()``, ``x[0]``) stays
as it was, and gradients are right. May import Tensor and what lies below it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import RETAIN, Boxed, Leaf, box
from minitorch_cnn.ops.entries import replaced
from minitorch_cnn.primitive import PYTHON_SCALARS
from minitorch_cnn.tensor import Tensor


class MutableTensor(Tensor, mutable=True):
    """What ``mt.asarray(x, copy=True)`` gives: a copy, with its history, whose entries can be set.

    Results of operations on it are ordinary tensors, so ``x[0][1] = 2`` is refused and not lost.

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

    def __setitem__(self, key: Any, value: Any) -> None:
        """Replace the entries at ``key``; recorded, and differentiable in the value too.

        ``key`` is one of the standard's: integers, slices, ``...``, None, or a mask of booleans.

        Raises
        ------
        IndexError, TypeError, ValueError
            If the key is of another kind, or the value does not fit in kind or shape.
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
