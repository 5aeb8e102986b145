"""Python's operators and indexing on tensors.

A class that is mixed into Tensor; every operator calls the operation of its name in ``ops``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops import analytic, elementwise, indexing, linalg, logic
from minitorch_cnn.ops.arguments import is_operand
from minitorch_cnn.primitive import PYTHON_SCALARS


def _binary(function: Callable[..., Any], *, swapped: bool = False) -> Callable[..., Any]:
    """An operator method; unknown operands are left to their own type."""

    def method(self: Any, other: Any) -> Any:
        if type(other) in PYTHON_SCALARS or isinstance(other, Boxed) or is_operand(other):
            return function(self, other)
        return NotImplemented

    def swapped_method(self: Any, other: Any) -> Any:
        if type(other) in PYTHON_SCALARS or is_operand(other):
            return function(other, self)
        return NotImplemented

    chosen = swapped_method if swapped else method
    chosen.__doc__ = function.__doc__
    return chosen


class Operators:
    """Operators that are the operation of the same meaning."""

    __slots__ = ()

    __hash__ = object.__hash__

    def __getitem__(self, key: Any) -> Any:
        return indexing.getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            "tensors are values and cannot be changed in place; use mt.where(mask, value, x), "
            "mt.index_add, a copy made for it with mt.asarray(x, copy=True), or x.assign_(array) "
            "to overwrite a parameter as a whole"
        )

    # --- operators ------------------------------------------------------------------------------

    __add__ = _binary(elementwise.add)
    __radd__ = _binary(elementwise.add, swapped=True)
    __sub__ = _binary(elementwise.subtract)
    __rsub__ = _binary(elementwise.subtract, swapped=True)
    __mul__ = _binary(elementwise.multiply)
    __rmul__ = _binary(elementwise.multiply, swapped=True)
    __truediv__ = _binary(elementwise.divide)
    __rtruediv__ = _binary(elementwise.divide, swapped=True)
    __floordiv__ = _binary(elementwise.floor_divide)
    __rfloordiv__ = _binary(elementwise.floor_divide, swapped=True)
    __mod__ = _binary(elementwise.remainder)
    __rmod__ = _binary(elementwise.remainder, swapped=True)
    __pow__ = _binary(analytic.pow)
    __rpow__ = _binary(analytic.pow, swapped=True)
    __matmul__ = _binary(linalg.matmul)
    __rmatmul__ = _binary(linalg.matmul, swapped=True)
    __and__ = _binary(logic.bitwise_and)
    __rand__ = _binary(logic.bitwise_and, swapped=True)
    __or__ = _binary(logic.bitwise_or)
    __ror__ = _binary(logic.bitwise_or, swapped=True)
    __xor__ = _binary(logic.bitwise_xor)
    __rxor__ = _binary(logic.bitwise_xor, swapped=True)
    __lshift__ = _binary(logic.bitwise_left_shift)
    __rlshift__ = _binary(logic.bitwise_left_shift, swapped=True)
    __rshift__ = _binary(logic.bitwise_right_shift)
    __rrshift__ = _binary(logic.bitwise_right_shift, swapped=True)
    __lt__ = _binary(logic.less)
    __le__ = _binary(logic.less_equal)
    __gt__ = _binary(logic.greater)
    __ge__ = _binary(logic.greater_equal)
    __eq__ = _binary(logic.equal)
    __ne__ = _binary(logic.not_equal)

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __neg__(self) -> Any:
        return elementwise.negative(self)

    def __pos__(self) -> Any:
        return elementwise.positive(self)

    def __abs__(self) -> Any:
        return elementwise.abs(self)

    def __invert__(self) -> Any:
        return logic.bitwise_invert(self)
