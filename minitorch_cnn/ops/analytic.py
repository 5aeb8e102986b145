"""Smooth element-wise functions: powers, exponentials, logarithms, trigonometry, sigmoid, erf.

Rules are written in operators and the functions of this file. May import ``elementwise`` and what
lies below it.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from minitorch_cnn.backend import (
    kernel,
    namespace,
)
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import (
    coerce,
    is_floating,
    scalar_dtype,
)
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.kinds import (
    Binary,
    Precise,
    Unary,
    examples,
    of_namespace,
    refusing_booleans,
    zeros_rule,
)
from minitorch_cnn.ops.shape import astype
from minitorch_cnn.primitive import PYTHON_SCALARS

square = Unary(
    "square",
    lambda x: x * x,
    lambda g, x: g * (2 * x),
    keep="inputs",
    floating=False,
    meaning="``x * x``.",
    example=("mt.square(mt.tensor([1.0, -2.0]))", "tensor([1., 4.])"),
)

reciprocal = Precise(
    "reciprocal",
    lambda x: 1 / x,
    lambda g, y: -g * y * y,
    keep="output",
    meaning="``1 / x``.",
    example=("mt.reciprocal(mt.tensor([1.0, 4.0]))", "tensor([1.  , 0.25])"),
)


def _power_scalar_rule(g: Any, x: Any, *, exponent: float) -> Any:
    if exponent == 0:  # not 0 * x**-1, which is NaN at 0
        return zeros_rule(g)
    if exponent == 1:
        return g
    return g * (exponent * _power_scalar(x, exponent=exponent - 1))


def _base_rule(g: Any, a: Any, b: Any) -> Any:
    return g * where(b == 0, 0.0, b * a ** where(b == 0, 1.0, b - 1))


def _exponent_rule(g: Any, a: Any, b: Any) -> Any:
    # a**b does not change with b at a = 0 (for b > 0): the limit of 0**b * log(0).
    if type(a) in PYTHON_SCALARS:
        logarithm = math.log(a) if a > 0 else 0.0 if a == 0 else math.nan
        return g * (a**b * logarithm)
    return g * where(a == 0, 0.0, a**b * log(where(a == 0, 1.0, a)))


_power_scalar = Unary(
    "power_scalar",
    lambda x, *, exponent: x**exponent,
    _power_scalar_rule,
    keep="inputs",
    floating=False,
)

_power = Binary(
    "power",
    refusing_booleans(operator.pow),
    (_base_rule, _exponent_rule),
    keep="inputs",
)

exp = Precise(
    "exp",
    of_namespace("exp"),
    lambda g, y: g * y,
    keep="output",
    meaning="``e**x``.",
    example=("mt.exp(mt.tensor([0.0, 1.0]))", "tensor([1.      , 2.7183])"),
)

exp2 = Precise(
    "exp2",
    lambda x: namespace(x).exp(x * math.log(2)),
    lambda g, y: g * (y * math.log(2)),
    keep="output",
    meaning="``2**x``.",
    example=("mt.exp2(mt.tensor([0.0, 1.0]))", "tensor([1., 2.])"),
)

expm1 = Precise(
    "expm1",
    of_namespace("expm1"),
    lambda g, x: g * exp(x),  # adding 1 to the result would lose the digits of small powers
    keep="inputs",
    meaning="``e**x - 1``, exact for small ``x``.",
    example=("mt.expm1(mt.tensor([0.0, 1.0]))", "tensor([0.    , 1.7183])"),
)

log = Precise(
    "log",
    of_namespace("log"),
    lambda g, x: g / x,
    keep="inputs",
    meaning="Natural logarithm.",
    example=("mt.log(mt.tensor([1.0, 2.0]))", "tensor([0.       , 0.6931])"),
)

log1p = Precise(
    "log1p",
    of_namespace("log1p"),
    lambda g, x: g / (1 + x),
    keep="inputs",
    meaning="``log(1 + x)``, exact for small ``x``.",
    example=("mt.log1p(mt.tensor([0.0, 1.0]))", "tensor([0.    , 0.6931])"),
)

log2 = Precise(
    "log2",
    of_namespace("log2"),
    lambda g, x: g / (x * math.log(2)),
    keep="inputs",
    meaning="Logarithm to base 2.",
    example=("mt.log2(mt.tensor([1.0, 8.0]))", "tensor([0., 3.])"),
)

log10 = Precise(
    "log10",
    of_namespace("log10"),
    lambda g, x: g / (x * math.log(10)),
    keep="inputs",
    meaning="Logarithm to base 10.",
    example=("mt.log10(mt.tensor([1.0, 100.0]))", "tensor([0.       , 2.0000])"),
)

logaddexp = Binary(
    "logaddexp",
    of_namespace("logaddexp"),
    (lambda g, a, b: g * sigmoid(a - b), lambda g, a, b: g * sigmoid(b - a)),
    keep="inputs",
    floating=True,
    meaning="``log(exp(a) + exp(b))``, safe for large entries.",
    example=("mt.logaddexp(mt.tensor([0.0, 50.0]), 0.0)", "tensor([ 0.6931, 50.    ])"),
)

sqrt = Unary(
    "sqrt",
    of_namespace("sqrt"),
    lambda g, y: g / (2 * y),
    keep="output",
    meaning="Square root.",
    example=("mt.sqrt(mt.tensor([1.0, 4.0]))", "tensor([1., 2.])"),
)

rsqrt = Precise(
    "rsqrt",
    lambda x: 1 / namespace(x).sqrt(x),
    lambda g, y: -0.5 * g * y * y * y,
    keep="output",
    meaning="``1 / sqrt(x)``.",
    example=("mt.rsqrt(mt.tensor([1.0, 4.0]))", "tensor([1. , 0.5])"),
)

hypot: Binary = Binary(
    "hypot",
    of_namespace("hypot"),
    (lambda g, a, b: g * (a / hypot(a, b)), lambda g, a, b: g * (b / hypot(a, b))),
    keep="inputs",
    floating=True,
    meaning="``sqrt(a**2 + b**2)``.",
    example=("mt.hypot(mt.tensor([3.0]), mt.tensor([4.0]))", "tensor([5.])"),
)


def _sigmoid(x: Any) -> Any:
    xp = namespace(x)
    powers = xp.exp(-xp.abs(x))  # never overflows
    return xp.where(x >= 0, 1 / (1 + powers), powers / (1 + powers))


sigmoid: Unary = Unary(
    "sigmoid",
    _sigmoid,
    lambda g, y: g * (y * (1 - y)),
    keep="output",
    meaning="``1 / (1 + exp(-x))``, safe for large entries.",
    example=("mt.sigmoid(mt.tensor([0.0, -1000.0]))", "tensor([0.5, 0. ])"),
)

erf = Unary(
    "erf",
    lambda x: kernel("erf", x)(x),
    lambda g, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x),
    keep="inputs",
    meaning="Error function: ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` up to ``x``.",
    example=("mt.erf(mt.tensor([0.0, 1.0]))", "tensor([0.       , 0.8427])"),
)

sin = Unary(
    "sin",
    of_namespace("sin"),
    lambda g, x: g * cos(x),
    keep="inputs",
    meaning="Sine of radians.",
    example=("mt.sin(mt.tensor([0.0, 1.0]))", "tensor([0.      , 0.8415])"),
)

cos: Unary = Unary(
    "cos",
    of_namespace("cos"),
    lambda g, x: -g * sin(x),
    keep="inputs",
    meaning="Cosine of radians.",
    example=("mt.cos(mt.tensor([0.0, 1.0]))", "tensor([1.       , 0.5403])"),
)

tan = Precise(
    "tan",
    of_namespace("tan"),
    lambda g, y: g * (1 + y * y),
    keep="output",
    meaning="Tangent of radians.",
    example=("mt.tan(mt.tensor([0.0, 1.0]))", "tensor([0.       , 1.5574])"),
)

asin = Precise(
    "asin",
    of_namespace("asin"),
    lambda g, x: g * rsqrt(1 - x * x),
    keep="inputs",
    meaning="Inverse sine, in radians.",
    example=("mt.asin(mt.tensor([0.0, 1.0]))", "tensor([0.       , 1.5708])"),
)

acos = Precise(
    "acos",
    of_namespace("acos"),
    lambda g, x: -g * rsqrt(1 - x * x),
    keep="inputs",
    meaning="Inverse cosine, in radians.",
    example=("mt.acos(mt.tensor([0.0, 1.0]))", "tensor([1.5708, 0.       ])"),
)

atan = Unary(
    "atan",
    of_namespace("atan"),
    lambda g, x: g / (1 + x * x),
    keep="inputs",
    meaning="Inverse tangent, in radians.",
    example=("mt.atan(mt.tensor([0.0, 1.0]))", "tensor([0.       , 0.7854])"),
)


def _squared_length(a: Any, b: Any) -> Any:
    """``a**2 + b**2``, but 1 at the origin: the gradient of an angle is 0 there, as in PyTorch."""
    squared = a * a + b * b
    return where(squared == 0, 1.0, squared)


atan2 = Binary(
    "atan2",
    of_namespace("atan2"),
    (
        lambda g, a, b: g * (b / _squared_length(a, b)),
        lambda g, a, b: -g * (a / _squared_length(a, b)),
    ),
    keep="inputs",
    floating=True,
    meaning="Angle of the point ``(b, a)``, in radians from -pi to pi.",
    example=("mt.atan2(mt.tensor([1.0]), mt.tensor([-1.0]))", "tensor([2.3562])"),
)

sinh = Precise(
    "sinh",
    of_namespace("sinh"),
    lambda g, x: g * cosh(x),
    keep="inputs",
    meaning="Hyperbolic sine.",
    example=("mt.sinh(mt.tensor([0.0, 1.0]))", "tensor([0.       , 1.1752])"),
)

cosh: Unary = Precise(
    "cosh",
    of_namespace("cosh"),
    lambda g, x: g * sinh(x),
    keep="inputs",
    meaning="Hyperbolic cosine.",
    example=("mt.cosh(mt.tensor([0.0, 1.0]))", "tensor([1.       , 1.5431])"),
)

tanh = Unary(
    "tanh",
    of_namespace("tanh"),
    lambda g, y: g * (1 - y * y),
    keep="output",
    meaning="Hyperbolic tangent.",
    example=("mt.tanh(mt.tensor([0.0, 1.0]))", "tensor([0.       , 0.7616])"),
)

asinh = Unary(
    "asinh",
    of_namespace("asinh"),
    lambda g, x: g * rsqrt(x * x + 1),
    keep="inputs",
    meaning="Inverse hyperbolic sine.",
    example=("mt.asinh(mt.tensor([0.0, 1.0]))", "tensor([0.       , 0.8814])"),
)

acosh = Unary(
    "acosh",
    of_namespace("acosh"),
    lambda g, x: g * rsqrt(x * x - 1),
    keep="inputs",
    meaning="Inverse hyperbolic cosine.",
    example=("mt.acosh(mt.tensor([1.0, 2.0]))", "tensor([0.      , 1.3170])"),
)

atanh = Unary(
    "atanh",
    of_namespace("atanh"),
    lambda g, x: g / (1 - x * x),
    keep="inputs",
    meaning="Inverse hyperbolic tangent.",
    example=("mt.atanh(mt.tensor([0.0, 0.5]))", "tensor([0.        , 0.5493])"),
)


def pow(x: Any, exponent: Any) -> Any:
    """``x`` to the power ``exponent``, element by element; both broadcast.

    The gradient in ``x`` is 0 for exponent 0, also at ``x = 0``; in the exponent it is 0 at
    ``x = 0``.

    >>> import minitorch_cnn as mt
    >>> mt.pow(mt.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    exponent = coerce(exponent)
    if type(exponent) in (int, float) and isinstance(x, Boxed):
        if not is_floating(x._data.dtype):
            x = astype(x, scalar_dtype(x._data.dtype, exponent))
            if isinstance(exponent, int) and exponent < 0:
                raise ValueError(
                    f"pow: integers to the negative power {exponent} are no integers; convert "
                    "with .to(mt.float32)"
                )
        return _power_scalar(x, exponent=exponent)
    return _power(x, exponent)


__test__ = examples(globals())
