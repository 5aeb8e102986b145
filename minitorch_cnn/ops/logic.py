"""Element-wise comparisons, tests, logic and bits: no gradient passes through any of them.

May import ``kinds`` and what lies below it.
"""

from __future__ import annotations

import operator
from typing import Any

from minitorch_cnn.backend import (
    namespace,
)
from minitorch_cnn.ops.kinds import Binary, Unary, examples, of_namespace, refusing_booleans
from minitorch_cnn.primitive import PYTHON_SCALARS

equal = Binary(
    "equal",
    operator.eq,
    meaning="Whether ``a == b``.",
    example=("mt.equal(mt.tensor([1, 2]), 2)", "tensor([False,  True])"),
)

not_equal = Binary(
    "not_equal",
    operator.ne,
    meaning="Whether ``a != b``.",
    example=("mt.not_equal(mt.tensor([1, 2]), 2)", "tensor([ True, False])"),
)

less = Binary(
    "less",
    operator.lt,
    meaning="Whether ``a < b``.",
    example=("mt.less(mt.tensor([1, 2]), 2)", "tensor([ True, False])"),
)

less_equal = Binary(
    "less_equal",
    operator.le,
    meaning="Whether ``a <= b``.",
    example=("mt.less_equal(mt.tensor([1, 2]), 2)", "tensor([ True,  True])"),
)

greater = Binary(
    "greater",
    operator.gt,
    meaning="Whether ``a > b``.",
    example=("mt.greater(mt.tensor([1, 2]), 1)", "tensor([False,  True])"),
)

greater_equal = Binary(
    "greater_equal",
    operator.ge,
    meaning="Whether ``a >= b``.",
    example=("mt.greater_equal(mt.tensor([1, 2]), 2)", "tensor([False,  True])"),
)

bitwise_and = Binary(
    "bitwise_and",
    operator.and_,
    meaning="Bits set in both; for booleans, and.",
    example=("mt.bitwise_and(mt.tensor([6, 5]), 3)", "tensor([2, 1], dtype=int64)"),
)

bitwise_or = Binary(
    "bitwise_or",
    operator.or_,
    meaning="Bits set in either; for booleans, or.",
    example=("mt.bitwise_or(mt.tensor([6, 5]), 3)", "tensor([7, 7], dtype=int64)"),
)

bitwise_xor = Binary(
    "bitwise_xor",
    operator.xor,
    meaning="Bits set in one of the two; for booleans, either but not both.",
    example=("mt.bitwise_xor(mt.tensor([6, 5]), 3)", "tensor([5, 6], dtype=int64)"),
)

bitwise_left_shift = Binary(
    "bitwise_left_shift",
    refusing_booleans(operator.lshift),
    meaning="Bits of ``a`` moved up by ``b`` places.",
    example=("mt.bitwise_left_shift(mt.tensor([1, 3]), 2)", "tensor([ 4, 12], dtype=int64)"),
)

bitwise_right_shift = Binary(
    "bitwise_right_shift",
    refusing_booleans(operator.rshift),
    meaning="Bits of ``a`` moved down by ``b`` places.",
    example=("mt.bitwise_right_shift(mt.tensor([8, 12]), 2)", "tensor([2, 3], dtype=int64)"),
)

bitwise_invert = Unary(
    "bitwise_invert",
    operator.invert,
    floating=False,
    meaning="All bits turned; for booleans, not.",
    example=("mt.bitwise_invert(mt.tensor([True, False]))", "tensor([False,  True])"),
)

isnan = Unary(
    "isnan",
    of_namespace("isnan"),
    meaning="Whether an entry is no number.",
    example=("mt.isnan(mt.tensor([1.0, float('nan')]))", "tensor([False,  True])"),
)

isinf = Unary(
    "isinf",
    of_namespace("isinf"),
    meaning="Whether an entry is infinite.",
    example=("mt.isinf(mt.tensor([1.0, float('inf')]))", "tensor([False,  True])"),
)

isfinite = Unary(
    "isfinite",
    of_namespace("isfinite"),
    meaning="Whether an entry is neither infinite nor NaN.",
    example=("mt.isfinite(mt.tensor([1.0, float('inf')]))", "tensor([ True, False])"),
)

signbit = Unary(
    "signbit",
    of_namespace("signbit"),
    meaning="Whether the sign is minus, also of -0.",
    example=("mt.signbit(mt.tensor([1.0, -0.0]))", "tensor([False,  True])"),
)


def _truth(x: Any) -> Any:
    if type(x) in PYTHON_SCALARS:
        return bool(x)
    xp = namespace(x)
    return xp.astype(x, xp.bool)


logical_not = Unary(
    "logical_not",
    lambda x: ~_truth(x),
    floating=False,
    meaning="Whether an entry is false (0).",
    example=("mt.logical_not(mt.tensor([0, 2]))", "tensor([ True, False])"),
)

logical_and = Binary(
    "logical_and",
    lambda a, b: _truth(a) & _truth(b),
    meaning="Whether both are true (not 0).",
    example=("mt.logical_and(mt.tensor([0, 2]), True)", "tensor([False,  True])"),
)

logical_or = Binary(
    "logical_or",
    lambda a, b: _truth(a) | _truth(b),
    meaning="Whether either is true (not 0).",
    example=("mt.logical_or(mt.tensor([0, 2]), False)", "tensor([False,  True])"),
)

logical_xor = Binary(
    "logical_xor",
    lambda a, b: _truth(a) ^ _truth(b),
    meaning="Whether one and not both are true (not 0).",
    example=("mt.logical_xor(mt.tensor([0, 2]), True)", "tensor([ True, False])"),
)


__test__ = examples(globals())
