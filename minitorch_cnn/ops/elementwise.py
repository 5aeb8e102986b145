"""Element-wise operations: arithmetic, powers, exponentials, trigonometry, comparisons, choice.

Declared one a line at the top, with the public functions below. Rules are written in operators and
the functions of this file. May import ``shape`` and what lies below it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from minitorch_cnn.backend import (
    SEALS,
    backend_of,
    bool_,
    float32,
    kernel,
    namespace,
    native_dtype,
)
from minitorch_cnn.grad_mode import GRAD_ENABLED
from minitorch_cnn.graph import NEXT_NUMBER, Boxed, Node, box
from minitorch_cnn.ops.arguments import (
    coerce,
    constant,
    is_array,
    is_floating,
    is_operand,
    raw,
    require_array,
    scalar_dtype,
)
from minitorch_cnn.ops.shape import astype, promote, sum_to
from minitorch_cnn.primitive import PYTHON_SCALARS, Keep, Primitive, Rule

_grad_enabled = GRAD_ENABLED.get


def _docstring(meaning: str, parameters: str, example: tuple[str, str] | None) -> str:
    """A NumPy-style docstring for an element-wise operation."""
    if not meaning:
        return ""
    shape = "their shapes broadcast" if "," in parameters else "any shape"
    lines = [meaning, "", "Parameters", "----------", f"{parameters}, {shape}"]
    if example:
        expression, shown = example
        lines += ["", "Examples", "--------", ">>> import minitorch_cnn as mt"]
        lines += [f">>> {expression}", shown]
    return "\n".join(lines)


class Unary(Primitive):
    """An element-wise function of one tensor; ``floating`` casts integers to float32 first.

    ``meaning`` and ``example`` (an expression and what it shows) make its docstring.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        rule: Rule | None = None,
        *,
        keep: Keep = "",
        floating: bool = True,
        meaning: str = "",
        example: tuple[str, str] | None = None,
    ) -> None:
        doc = _docstring(meaning, "x : Tensor", example)
        super().__init__(name, compute, None if rule is None else (rule,), keep=keep, doc=doc)
        self.floating = floating

    def __call__(self, x: Any, **params: Any) -> Any:
        if not isinstance(x, Boxed):
            return self.compute(require_array(x, self.name), **params)
        data, node = x._data, x._node
        if node is None and self.floating and not is_floating(data.dtype):
            data = namespace(data).astype(data, native_dtype(float32, backend_of(data)))
        out = self.compute(data, **params)
        out = SEALS[type(out)](out)
        if node is None or self.rules is None or not _grad_enabled():
            return box(out, None)
        kept = (out,) if self.keep == "output" else (data,) if self.keep else ()
        return box(out, Node(self, (node,), kept, params, NEXT_NUMBER(), out.shape, out.dtype))


class Binary(Primitive):
    """An element-wise function of two operands that broadcast and meet in one dtype.

    ``floating`` casts integers to float32 first. Python numbers stay Python numbers. ``meaning``
    and ``example`` (an expression and what it shows) make its docstring.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        rules: tuple[Rule, Rule] | None = None,
        *,
        keep: Keep = "",
        floating: bool = False,
        meaning: str = "",
        example: tuple[str, str] | None = None,
    ) -> None:
        doc = _docstring(meaning, "a, b : Tensor or number", example)
        super().__init__(name, compute, rules, keep=keep, fit=sum_to, doc=doc)
        self.floating = floating

    def __call__(self, a: Any, b: Any) -> Any:
        boxed_a, boxed_b = isinstance(a, Boxed), isinstance(b, Boxed)
        if boxed_a and boxed_b:
            if type(a._data) is not type(b._data):
                self.check_backends((a._data, b._data))
            if a._data.dtype is not b._data.dtype:
                a, b = promote(a, b)
            node_a, node_b = a._node, b._node
            data_a, data_b = a._data, b._data
        elif boxed_a and type(b) in PYTHON_SCALARS:
            if a._node is None:
                a = self.meet(a, b)
            node_a, node_b, data_a, data_b = a._node, None, a._data, b
        elif boxed_b and type(a) in PYTHON_SCALARS:
            if b._node is None:
                b = self.meet(b, a)
            node_a, node_b, data_a, data_b = None, b._node, a, b._data
        else:
            return self.uncommon(a, b)
        if self.floating and node_a is None and node_b is None:
            data_a, data_b = _floats(data_a), _floats(data_b)
        try:
            out = self.compute(data_a, data_b)
        except (ValueError, TypeError, OverflowError) as error:
            raise self.explained(error, (data_a, data_b)) from error
        out = SEALS[type(out)](out)
        if (node_a is None and node_b is None) or self.rules is None or not _grad_enabled():
            return box(out, None)
        keep = self.keep
        if keep == "other":
            kept: tuple[Any, ...] = (
                None if node_b is None else data_a,
                None if node_a is None else data_b,
            )
        elif keep == "inputs":
            kept = (data_a, data_b)
        else:
            kept = (out,) if keep else ()
        return box(out, Node(self, (node_a, node_b), kept, {}, NEXT_NUMBER(), out.shape, out.dtype))

    def meet(self, tensor: Any, scalar: Any) -> Any:
        """An untracked tensor in the dtype in which it meets a Python number."""
        if is_floating(tensor._data.dtype):
            return tensor
        return astype(tensor, scalar_dtype(tensor._data.dtype, scalar))

    def uncommon(self, a: Any, b: Any) -> Any:
        """Raw arrays in a gradient rule, NumPy scalars, arrays beside tensors, and mistakes."""
        a, b = coerce_operand(a, self.name, 0), coerce_operand(b, self.name, 1)
        if isinstance(a, Boxed) or isinstance(b, Boxed):
            a = a if type(a) in PYTHON_SCALARS or isinstance(a, Boxed) else box(_own(a), None)
            b = b if type(b) in PYTHON_SCALARS or isinstance(b, Boxed) else box(_own(b), None)
            return self(a, b)
        if type(a) in PYTHON_SCALARS and type(b) in PYTHON_SCALARS:
            raise TypeError(
                f"{self.name}: expected at least one Tensor, got {a!r} and {b!r}; make one with "
                "mt.tensor(...)"
            )
        return self.compute(a, b)


def coerce_operand(x: Any, name: str, position: int) -> Any:
    """An operand as a tensor, raw array or Python number; a TypeError for anything else."""
    if not is_operand(x):
        raise TypeError(
            f"{name}: argument {position} is a {type(x).__name__}; expected a Tensor or a number: "
            "make one with mt.tensor(...)"
        )
    return coerce(x) if not isinstance(x, Boxed) else x


def _own(array: Any) -> Any:
    return backend_of(array).asarray(array, copy=False)


def _floats(x: Any) -> Any:
    if type(x) in PYTHON_SCALARS or is_floating(x.dtype):
        return x
    return namespace(x).astype(x, native_dtype(float32, backend_of(x)))


def _of_namespace(name: str) -> Callable[..., Any]:
    """The function ``name`` of the array library that its arguments belong to."""

    def compute(*args: Any) -> Any:
        return getattr(namespace(*args), name)(*args)

    return compute


def _zeros(g: Any, *_: Any) -> Any:
    """The rule of piecewise constant functions: no change reaches the input."""
    data = raw(g)
    return constant(namespace(data).zeros_like(data), g)


# --- arithmetic -------------------------------------------------------------------------------

add = Binary("add", operator.add, (lambda g: g, lambda g: g))
subtract = Binary("subtract", operator.sub, (lambda g: g, lambda g: -g))
multiply = Binary(
    "multiply", operator.mul, (lambda g, a, b: g * b, lambda g, a, b: g * a), keep="other"
)
divide = Binary(
    "divide",
    operator.truediv,
    (lambda g, a, b: g / b, lambda g, a, b: -g * (a / b) / b),
    keep="inputs",
    floating=True,
)
floor_divide = Binary("floor_divide", operator.floordiv, (_zeros, _zeros))
remainder = Binary(
    "remainder",
    operator.mod,
    (lambda g, a, b: g, lambda g, a, b: -g * floor(a / b)),
    keep="inputs",
)
negative = Unary("negative", operator.neg, lambda g: -g, floating=False)
positive = Unary("positive", operator.pos, lambda g: g, floating=False)
abs = Unary("abs", _of_namespace("abs"), lambda g, x: g * sign(x), keep="inputs", floating=False)
sign: Unary = Unary("sign", _of_namespace("sign"), _zeros, floating=False)
square = Unary("square", lambda x: x * x, lambda g, x: g * (2 * x), keep="inputs", floating=False)
reciprocal = Unary("reciprocal", lambda x: 1 / x, lambda g, y: -g * y * y, keep="output")


def _power_scalar_rule(g: Any, x: Any, *, exponent: float) -> Any:
    if exponent == 0:  # not 0 * x**-1, which is NaN at 0
        return _zeros(g)
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
_power = Binary("power", operator.pow, (_base_rule, _exponent_rule), keep="inputs")

# --- exponentials and logarithms ---------------------------------------------------------------

exp = Unary("exp", _of_namespace("exp"), lambda g, y: g * y, keep="output")
exp2 = Unary(
    "exp2",
    lambda x: namespace(x).exp(x * math.log(2)),
    lambda g, y: g * (y * math.log(2)),
    keep="output",
)
expm1 = Unary("expm1", _of_namespace("expm1"), lambda g, y: g * (y + 1), keep="output")
log = Unary("log", _of_namespace("log"), lambda g, x: g / x, keep="inputs")
log1p = Unary("log1p", _of_namespace("log1p"), lambda g, x: g / (1 + x), keep="inputs")
log2 = Unary("log2", _of_namespace("log2"), lambda g, x: g / (x * math.log(2)), keep="inputs")
log10 = Unary("log10", _of_namespace("log10"), lambda g, x: g / (x * math.log(10)), keep="inputs")
logaddexp = Binary(
    "logaddexp",
    _of_namespace("logaddexp"),
    (lambda g, a, b: g * sigmoid(a - b), lambda g, a, b: g * sigmoid(b - a)),
    keep="inputs",
    floating=True,
)
sqrt = Unary("sqrt", _of_namespace("sqrt"), lambda g, y: g / (2 * y), keep="output")
rsqrt = Unary(
    "rsqrt", lambda x: 1 / namespace(x).sqrt(x), lambda g, y: -0.5 * g * y * y * y, keep="output"
)
hypot: Binary = Binary(
    "hypot",
    _of_namespace("hypot"),
    (lambda g, a, b: g * (a / hypot(a, b)), lambda g, a, b: g * (b / hypot(a, b))),
    keep="inputs",
    floating=True,
)


def _sigmoid(x: Any) -> Any:
    xp = namespace(x)
    powers = xp.exp(-xp.abs(x))  # never overflows
    return xp.where(x >= 0, 1 / (1 + powers), powers / (1 + powers))


sigmoid: Unary = Unary("sigmoid", _sigmoid, lambda g, y: g * (y * (1 - y)), keep="output")
erf = Unary(
    "erf",
    lambda x: kernel("erf", x)(x),
    lambda g, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x),
    keep="inputs",
)
relu = Unary(
    "relu",
    lambda x: namespace(x).maximum(x, 0),
    lambda g, y: where(y > 0, g, 0.0),
    keep="output",
    floating=False,
)

# --- trigonometric and hyperbolic functions ----------------------------------------------------

sin = Unary("sin", _of_namespace("sin"), lambda g, x: g * cos(x), keep="inputs")
cos: Unary = Unary("cos", _of_namespace("cos"), lambda g, x: -g * sin(x), keep="inputs")
tan = Unary("tan", _of_namespace("tan"), lambda g, y: g * (1 + y * y), keep="output")
asin = Unary("asin", _of_namespace("asin"), lambda g, x: g * rsqrt(1 - x * x), keep="inputs")
acos = Unary("acos", _of_namespace("acos"), lambda g, x: -g * rsqrt(1 - x * x), keep="inputs")
atan = Unary("atan", _of_namespace("atan"), lambda g, x: g / (1 + x * x), keep="inputs")


def _squared_length(a: Any, b: Any) -> Any:
    """``a**2 + b**2``, but 1 at the origin: the gradient of an angle is 0 there, as in PyTorch."""
    squared = a * a + b * b
    return where(squared == 0, 1.0, squared)


atan2 = Binary(
    "atan2",
    _of_namespace("atan2"),
    (
        lambda g, a, b: g * (b / _squared_length(a, b)),
        lambda g, a, b: -g * (a / _squared_length(a, b)),
    ),
    keep="inputs",
    floating=True,
)
sinh = Unary("sinh", _of_namespace("sinh"), lambda g, x: g * cosh(x), keep="inputs")
cosh: Unary = Unary("cosh", _of_namespace("cosh"), lambda g, x: g * sinh(x), keep="inputs")
tanh = Unary("tanh", _of_namespace("tanh"), lambda g, y: g * (1 - y * y), keep="output")
asinh = Unary("asinh", _of_namespace("asinh"), lambda g, x: g * rsqrt(x * x + 1), keep="inputs")
acosh = Unary("acosh", _of_namespace("acosh"), lambda g, x: g * rsqrt(x * x - 1), keep="inputs")
atanh = Unary("atanh", _of_namespace("atanh"), lambda g, x: g / (1 - x * x), keep="inputs")

# --- rounding ----------------------------------------------------------------------------------

floor: Unary = Unary("floor", _of_namespace("floor"), _zeros, floating=False)
ceil = Unary("ceil", _of_namespace("ceil"), _zeros, floating=False)
trunc = Unary("trunc", _of_namespace("trunc"), _zeros, floating=False)
round = Unary("round", _of_namespace("round"), _zeros, floating=False)

# --- choice: ties share the gradient equally ---------------------------------------------------


def _share(better: Any, equal: Any, g: Any) -> Any:
    return where(better, g, where(equal, 0.5 * g, 0.0))


maximum = Binary(
    "maximum",
    _of_namespace("maximum"),
    (lambda g, a, b: _share(a > b, a == b, g), lambda g, a, b: _share(b > a, a == b, g)),
    keep="inputs",
)
minimum = Binary(
    "minimum",
    _of_namespace("minimum"),
    (lambda g, a, b: _share(a < b, a == b, g), lambda g, a, b: _share(b < a, a == b, g)),
    keep="inputs",
)

# --- comparisons, logic and bits: no gradient --------------------------------------------------

equal = Binary("equal", operator.eq)
not_equal = Binary("not_equal", operator.ne)
less = Binary("less", operator.lt)
less_equal = Binary("less_equal", operator.le)
greater = Binary("greater", operator.gt)
greater_equal = Binary("greater_equal", operator.ge)
bitwise_and = Binary("bitwise_and", operator.and_)
bitwise_or = Binary("bitwise_or", operator.or_)
bitwise_xor = Binary("bitwise_xor", operator.xor)
bitwise_left_shift = Binary("bitwise_left_shift", operator.lshift)
bitwise_right_shift = Binary("bitwise_right_shift", operator.rshift)
bitwise_invert = Unary("bitwise_invert", operator.invert, floating=False)
isnan = Unary("isnan", _of_namespace("isnan"))
isinf = Unary("isinf", _of_namespace("isinf"))
isfinite = Unary("isfinite", _of_namespace("isfinite"))
signbit = Unary("signbit", _of_namespace("signbit"))
copysign: Binary = Binary(
    "copysign",
    _of_namespace("copysign"),
    (lambda g, a, b: g * (sign(a) * copysign(abs(sign(a)), b)), _zeros),
    keep="inputs",
    floating=True,
)


def _truth(x: Any) -> Any:
    if type(x) in PYTHON_SCALARS:
        return bool(x)
    xp = namespace(x)
    return xp.astype(x, xp.bool)


logical_not = Unary("logical_not", lambda x: ~_truth(x), floating=False)
logical_and = Binary("logical_and", lambda a, b: _truth(a) & _truth(b))
logical_or = Binary("logical_or", lambda a, b: _truth(a) | _truth(b))
logical_xor = Binary("logical_xor", lambda a, b: _truth(a) ^ _truth(b))

_where = Primitive(
    "where",
    lambda condition, a, b: namespace(condition).where(condition, a, b),
    (
        None,
        lambda g, condition, a, b: where(condition, g, 0.0),
        lambda g, condition, a, b: where(condition, 0.0, g),
    ),
    keep="inputs",
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
    if isinstance(x, Boxed) or isinstance(y, Boxed):
        x, y = coerce_operand(x, "where", 1), coerce_operand(y, "where", 2)
        x, y = _meet_pair(x, y)
    elif type(x) in PYTHON_SCALARS and type(y) in PYTHON_SCALARS and is_array(condition):
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


def pow(x: Any, exponent: Any) -> Any:
    """``x`` to the power ``exponent``, element by element; both broadcast.

    The gradient in ``x`` is 0 for exponent 0, also at ``x = 0``; in the exponent it is 0 at
    ``x = 0``.

    >>> import minitorch_cnn as mt
    >>> mt.pow(mt.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    exponent = coerce(exponent)
    if type(exponent) in PYTHON_SCALARS and isinstance(x, Boxed):
        if not is_floating(x._data.dtype):
            x = astype(x, scalar_dtype(x._data.dtype, exponent))
            if isinstance(exponent, int) and exponent < 0:
                raise ValueError(
                    f"pow: integers to the negative power {exponent} are no integers; convert "
                    "with .to(mt.float32)"
                )
        return _power_scalar(x, exponent=exponent)
    return _power(x, exponent)


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """``x`` limited to the interval from ``min`` to ``max``; the gradient at the edges is 1.

    Parameters
    ----------
    x : Tensor
    min, max : number, Tensor or None
        None: no limit on that side. Tensors broadcast, and get the gradient where they limit.

    >>> import minitorch_cnn as mt
    >>> mt.clip(mt.tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1. ,  0.5,  1. ])
    """
    if min is not None:
        x = where(constant(raw(x), x) < min, min, x)
    if max is not None:
        x = where(constant(raw(x), x) > max, max, x)
    return x
