"""Vectors: many neighbouring numbers that compiled kernels load, multiply and add at once.

Numba has no word for "these sums stay in registers", without which a matrix product waits for the
cache. A vector here is LLVM's own vector type: as wide as is asked for, cut into as many registers
of the processor as it takes. May import Numba; knows no kernel.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

_FEATURES = binding.get_host_cpu_features()
REGISTER_BYTES = 64 if _FEATURES.get("avx512f") else 32 if _FEATURES.get("avx") else 16
"""Size of the processor's vector registers."""

WIDE = 2 if REGISTER_BYTES == 32 else 4
"""Registers of a wide vector: six sums of this width stay in the registers there are."""


class Vector(types.Type):  # type: ignore[misc]
    """The type of ``lanes`` numbers of one dtype."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(f"Vector({dtype}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Vector) -> None:
        number = manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(number, kind.lanes))


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


def _spread(builder: Any, number: Any, kind: Any) -> Any:
    """A vector of copies of one number."""
    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, undefined, zeros)


def _kind(array: Any, registers: Any) -> Vector:
    size = array.dtype.bitwidth // 8
    return Vector(array.dtype, registers.literal_value * REGISTER_BYTES // size)


@intrinsic(prefer_literal=True)
def lanes(typing: Any, array: Any, registers: Any) -> Any:
    """How many of the array's numbers a vector of so many registers holds."""
    count = _kind(array, registers).lanes

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, count)

    return types.intp(array, registers), generate


@intrinsic(prefer_literal=True)
def zeros(typing: Any, array: Any, registers: Any) -> Any:
    """A vector of zeros of the array's dtype."""
    kind = _kind(array, registers)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(context.get_value_type(kind), None)

    return kind(array, registers), generate


@intrinsic(prefer_literal=True)
def load(typing: Any, array: Any, index: Any, registers: Any) -> Any:
    """``array[index : index + lanes]`` of a contiguous array."""
    kind = _kind(array, registers)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        pointer = context.get_value_type(kind).as_pointer()
        return builder.load(builder.bitcast(address, pointer), align=array.dtype.bitwidth // 8)

    return kind(array, types.intp, registers), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write a vector to ``array[index : index + lanes]`` of a contiguous array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        pointer = builder.bitcast(address, arguments[2].type.as_pointer())
        builder.store(arguments[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


def _multiply_add(builder: Any, first: Any, second: Any, total: Any) -> Any:
    product = builder.fmul(first, second, flags=["contract"])  # one rounding where there is an FMA
    return builder.fadd(product, total, flags=["contract"])


@intrinsic
def copy(typing: Any, source: Any, at: Any, target: Any, to: Any, number: Any) -> Any:
    """``target[to : to + number] = source[at : at + number]`` of two contiguous arrays."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (source_type, _, target_type, _, _), (source, at, target, to, number) = (
            signature.args,
            arguments,
        )
        begin = _address(context, builder, source_type, source, at)
        goal = _address(context, builder, target_type, target, to)
        cgutils.raw_memcpy(builder, goal, begin, number, target_type.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp, types.intp), generate


@intrinsic
def add_scaled(typing: Any, number: Any, vector: Any, total: Any) -> Any:
    """``number * vector + total``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        scale = _spread(builder, arguments[0], arguments[1].type)
        return _multiply_add(builder, scale, arguments[1], arguments[2])

    return total(vector.dtype, vector, total), generate


@intrinsic
def add_product(typing: Any, first: Any, second: Any, total: Any) -> Any:
    """``first * second + total``, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _multiply_add(builder, *arguments)

    return total(first, second, total), generate


@intrinsic
def lane_sum(typing: Any, vector: Any) -> Any:
    """The sum of all lanes: halves are added until one number is left."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (value,) = arguments
        count = value.type.count
        while count > 1:
            count //= 2
            low, high = (
                builder.shuffle_vector(
                    value,
                    ir.Constant(value.type, ir.Undefined),
                    ir.Constant(ir.VectorType(ir.IntType(32), count), list(half)),
                )
                for half in (range(count), range(count, 2 * count))
            )
            value = builder.fadd(low, high)
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return vector.dtype(vector), generate
