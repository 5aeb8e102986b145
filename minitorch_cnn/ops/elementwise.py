"""Element-wise operations: arithmetic, rounding and choice.

Declared first, with the functions that need more than a declaration below. Rules are written in
operators and the functions of this file. May import ``kinds``, ``shape`` and what lies below them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from minitorch_cnn.backend import (
    backend_of,
    bool_,
    canonical_dtype,
    kernel,
    namespace,
    native_dtype,
)
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import (
    constant,
    is_array,
    is_floating,
    raw,
    require_array,
    scalar_dtype,
)
from minitorch_cnn.ops.kinds import (
    Binary,
    Unary,
    coerce_operand,
    examples,
    of_namespace,
    refusing_booleans,
    zeros_rule,
)
from minitorch_cnn.ops.shape import astype, promote, sum_to
from minitorch_cnn.primitive import PYTHON_SCALARS, Primitive

add = Binary(
    "add",
    operator.add,
    (lambda g: g, lambda g: g),
    meaning="``a + b``.",
    example=("mt.add(mt.tensor([1.0, 2.0]), 1)", "tensor([2., 3.])"),
)

subtract = Binary(
    "subtract",
    operator.sub,
    (lambda g: g, lambda g: -g),
    meaning="``a - b``.",
    example=("mt.subtract(mt.tensor([1.0, 2.0]), 1)", "tensor([0., 1.])"),
)

multiply = Binary(
    "multiply",
    operator.mul,
    (lambda g, a, b: g * b, lambda g, a, b: g * a),
    keep="other",
    meaning="``a * b``.",
    example=("mt.multiply(mt.tensor([1.0, 2.0]), 3)", "tensor([3., 6.])"),
)

divide = Binary(
    "divide",
    operator.truediv,
    (lambda g, a, b: g / b, lambda g, a, b: -g * (a / b) / b),
    keep="inputs",
    floating=True,
    meaning="``a / b``; integers give float32.",
    example=("mt.divide(mt.tensor([1, 2]), 2)", "tensor([0.5, 1. ])"),
)


def _quotient(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    """``operation`` (``//`` or ``%``), but 0 without a warning where integers meet 0.

    Floating-point numbers are for the kernel ``name``.
    """

    def compute(a: Any, b: Any) -> Any:
        if any(isinstance(x, float) or is_floating(getattr(x, "dtype", "bool")) for x in (a, b)):
            return kernel(name, b if type(a) in PYTHON_SCALARS else a)(a, b)
        xp = namespace(a, b)
        if type(b) in PYTHON_SCALARS:
            return operation(a, b) if b else xp.zeros_like(a)
        nothing = b == 0
        return xp.where(nothing, 0, operation(a, xp.where(nothing, 1, b)))

    return refusing_booleans(compute)


floor_divide = Binary(
    "floor_divide",
    _quotient("floor_divide", operator.floordiv),
    (zeros_rule, zeros_rule),
    meaning="``a // b``, rounded down, 0 where an integer is divided by 0; gradients are 0.",
    example=("mt.floor_divide(mt.tensor([7.0, -7.0]), 2)", "tensor([ 3., -4.])"),
)

remainder = Binary(
    "remainder",
    _quotient("remainder", operator.mod),
    (lambda g, a, b: g, lambda g, a, b: -g * floor(a / b)),
    keep="inputs",
    meaning="``a % b``, with the sign of ``b`` as in Python.",
    example=("mt.remainder(mt.tensor([7.0, -7.0]), 3)", "tensor([1., 2.])"),
)

negative = Unary(
    "negative",
    operator.neg,
    lambda g: -g,
    floating=False,
    meaning="``-x``.",
    example=("mt.negative(mt.tensor([1.0, -2.0]))", "tensor([-1.,  2.])"),
)

positive = Unary(
    "positive",
    operator.pos,
    lambda g: g,
    floating=False,
    meaning="``+x``: a copy.",
    example=("mt.positive(mt.tensor([1.0, -2.0]))", "tensor([ 1., -2.])"),
)

abs = Unary(
    "abs",
    of_namespace("abs"),
    lambda g, x: g * sign(x),
    keep="inputs",
    floating=False,
    meaning="Size without sign; the gradient at 0 is 0.",
    example=("mt.abs(mt.tensor([1.0, -2.0]))", "tensor([1., 2.])"),
)

sign: Unary = Unary(
    "sign",
    of_namespace("sign"),
    zeros_rule,
    floating=False,
    meaning="-1, 0 or 1; the gradient is 0.",
    example=("mt.sign(mt.tensor([3.0, 0.0, -2.0]))", "tensor([ 1.,  0., -1.])"),
)

_relu_input: Primitive = Primitive(
    "relu_input",
    lambda g, y: kernel("relu_input", g)(g, y),
    (lambda u, g, y: _relu_input(u, constant(raw(y), y)), None),
    keep="inputs",
)

relu = Unary(
    "relu",
    lambda x: kernel("relu", x)(x),
    # A NaN lets the gradient pass, as in PyTorch. Where the kink is does not change with x.
    lambda g, y: _relu_input(g, constant(raw(y), y)),
    keep="output",
    floating=False,
    meaning="``max(x, 0)``; the gradient at 0 is 0.",
    example=("mt.relu(mt.tensor([-1.0, 2.0]))", "tensor([0., 2.])"),
)

floor: Unary = Unary(
    "floor",
    of_namespace("floor"),
    zeros_rule,
    floating=False,
    meaning="Largest integer not above ``x``; the gradient is 0.",
    example=("mt.floor(mt.tensor([1.5, -1.5]))", "tensor([ 1., -2.])"),
)

ceil = Unary(
    "ceil",
    of_namespace("ceil"),
    zeros_rule,
    floating=False,
    meaning="Smallest integer not below ``x``; the gradient is 0.",
    example=("mt.ceil(mt.tensor([1.5, -1.5]))", "tensor([ 2., -1.])"),
)

trunc = Unary(
    "trunc",
    of_namespace("trunc"),
    zeros_rule,
    floating=False,
    meaning="``x`` without its fraction; the gradient is 0.",
    example=("mt.trunc(mt.tensor([1.5, -1.5]))", "tensor([ 1., -1.])"),
)

round = Unary(
    "round",
    of_namespace("round"),
    zeros_rule,
    floating=False,
    meaning="Nearest integer, the even one of two equally near; the gradient is 0.",
    example=("mt.round(mt.tensor([0.5, 1.5, 2.4]))", "tensor([0., 2., 2.])"),
)


def _share(better: Any, equal: Any, g: Any) -> Any:
    return where(better, g, where(equal, 0.5 * g, 0.0))


maximum = Binary(
    "maximum",
    of_namespace("maximum"),
    (lambda g, a, b: _share(a > b, a == b, g), lambda g, a, b: _share(b > a, a == b, g)),
    keep="inputs",
    meaning="The larger of two; equal entries share the gradient.",
    example=("mt.maximum(mt.tensor([1.0, -2.0]), 0)", "tensor([1., 0.])"),
)

minimum = Binary(
    "minimum",
    of_namespace("minimum"),
    (lambda g, a, b: _share(a < b, a == b, g), lambda g, a, b: _share(b < a, a == b, g)),
    keep="inputs",
    meaning="The smaller of two; equal entries share the gradient.",
    example=("mt.minimum(mt.tensor([1.0, -2.0]), 0)", "tensor([ 0., -2.])"),
)

copysign: Binary = Binary(
    "copysign",
    of_namespace("copysign"),
    (lambda g, a, b: g * (sign(a) * copysign(abs(sign(a)), b)), zeros_rule),
    keep="inputs",
    floating=True,
    meaning="The size of ``a`` with the sign of ``b``.",
    example=("mt.copysign(mt.tensor([1.0, 2.0]), -1.0)", "tensor([-1., -2.])"),
)

nextafter = Binary(
    "nextafter",
    of_namespace("nextafter"),
    (lambda g: g, zeros_rule),
    floating=True,
    meaning="The floating-point number next to ``a`` on the way to ``b``; the gradient is that of "
    "``a``.",
    example=("mt.nextafter(mt.tensor([1.0]), 2.0) > 1", "tensor([ True])"),
)

_where = Primitive(
    "where",
    lambda condition, a, b: namespace(condition).where(condition, a, b),
    (
        None,
        lambda g, condition, a, b: where(condition, g, 0.0),
        lambda g, condition, a, b: where(condition, 0.0, g),
    ),
    keep="first",
    fit=sum_to,
)


def where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where ``condition`` holds, ``y`` elsewhere; all three broadcast.

    Parameters
    ----------
    condition : Tensor of bool
    x, y : Tensor or number
        Two numbers give float32 or int64, as in :func:`minitorch_cnn.tensor`.

    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([-1.0, 2.0])
    >>> mt.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    met = canonical_dtype(raw(require_array(condition, "where")).dtype)
    if met != bool_:
        raise TypeError(f"where: a condition of dtype {met}; expected booleans, such as x > 0")
    if isinstance(x, Boxed) or isinstance(y, Boxed):
        x, y = coerce_operand(x, "where", 1), coerce_operand(y, "where", 2)
        x, y = _meet_pair(x, y)
    elif type(x) in PYTHON_SCALARS and type(y) in PYTHON_SCALARS:
        x, y = _numbers_beside(condition, x, y)
    return _where(condition, x, y)


def _numbers_beside(condition: Any, *numbers: Any) -> list[Any]:
    """Python numbers as 0-d arrays of the dtype in which they meet."""
    data = raw(condition)
    dtype = bool_
    for number in numbers:
        dtype = scalar_dtype(dtype, number)
    native, device = native_dtype(dtype, backend_of(data)), data.device
    xp = namespace(data)
    return [constant(xp.asarray(n, dtype=native, device=device), condition) for n in numbers]


def _meet_pair(x: Any, y: Any) -> tuple[Any, Any]:
    if type(x) in PYTHON_SCALARS:
        return x, astype(y, scalar_dtype(raw(y).dtype, x))
    if type(y) in PYTHON_SCALARS:
        return astype(x, scalar_dtype(raw(x).dtype, y)), y
    x, y = promote(x, y)
    return x, y


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """``x`` limited to the interval from ``min`` to ``max``; the gradient at the edges is 1.

    The result has the dtype of ``x``, unless ``x`` holds integers and a limit is a fraction.

    Parameters
    ----------
    x : Tensor
    min, max : number, Tensor or None
        None: no limit on that side. Tensors broadcast, and get the gradient where they limit. NaN
        as a limit gives NaN.

    >>> import minitorch_cnn as mt
    >>> mt.clip(mt.tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1. ,  0.5,  1. ])
    """
    dtype = canonical_dtype(raw(require_array(x, "clip")).dtype)
    limits = (min, operator.lt), (max, operator.gt)
    for limit, beyond in limits:
        if limit is not None:
            limit = coerce_operand(limit, "clip", 1 if beyond is operator.lt else 2)
            x = where(_limited(x, limit, beyond), limit, x)
    return astype(x, dtype) if canonical_dtype(raw(x).dtype).kind == dtype.kind else x


def _limited(x: Any, limit: Any, beyond: Callable[..., Any]) -> Any:
    """Where ``limit`` replaces ``x``: beyond it, and everywhere if it is NaN."""
    value, bound = constant(raw(x), x), constant(raw(limit), x) if is_array(limit) else limit
    if isinstance(limit, float):
        return beyond(value, bound) if limit == limit else bound != value
    outside = beyond(value, bound)
    return outside | (bound != bound) if is_array(limit) else outside


def real(x: Any) -> Any:
    """The real part: ``x`` itself, since all tensors are real.

    >>> import minitorch_cnn as mt
    >>> mt.real(mt.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    return require_array(x, "real")


def conj(x: Any) -> Any:
    """The complex conjugate: ``x`` itself, since all tensors are real.

    >>> import minitorch_cnn as mt
    >>> mt.conj(mt.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    return require_array(x, "conj")


__test__ = examples(globals())
