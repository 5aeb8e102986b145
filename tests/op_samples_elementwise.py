"""Samples of the element-wise operations."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from op_samples_base import Sample, booleans, distinct, given, integers, sizes

SHAPES = [(), (3,), (2, 1, 3), (0, 2)]
PAIRS = [
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((1, 3), (4, 2, 1)),
    ((2, 1, 2), ()),
    ((0, 3), (3,)),
    ((1,), (0,)),
]

erf = np.vectorize(math.erf, otypes=[np.float64])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# name: reference, lower and upper end of the arguments
FLOATING: dict[str, tuple[Callable[..., Any], float, float]] = {
    "acos": (np.arccos, -0.9, 0.9),
    "acosh": (np.arccosh, 1.1, 3.0),
    "asin": (np.arcsin, -0.9, 0.9),
    "asinh": (np.arcsinh, -2.0, 2.0),
    "atan": (np.arctan, -2.0, 2.0),
    "atanh": (np.arctanh, -0.9, 0.9),
    "cos": (np.cos, -4.0, 4.0),
    "cosh": (np.cosh, -2.0, 2.0),
    "erf": (erf, -3.5, 3.5),
    "exp": (np.exp, -2.0, 2.0),
    "exp2": (np.exp2, -2.0, 2.0),
    "expm1": (np.expm1, -1.0, 1.0),
    "log": (np.log, 0.3, 3.0),
    "log10": (np.log10, 0.3, 3.0),
    "log1p": (np.log1p, -0.5, 2.0),
    "log2": (np.log2, 0.3, 3.0),
    "reciprocal": (lambda x: 1.0 / x, -3.0, -0.3),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 0.3, 3.0),
    "sigmoid": (sigmoid, -4.0, 4.0),
    "sin": (np.sin, -4.0, 4.0),
    "sinh": (np.sinh, -2.0, 2.0),
    "sqrt": (np.sqrt, 0.3, 3.0),
    "tan": (np.tan, -1.2, 1.2),
    "tanh": (np.tanh, -2.0, 2.0),
}
# These keep the dtype of integers.
OF_ANY_NUMBERS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "negative": np.negative,
    "positive": np.positive,
    "relu": lambda x: np.maximum(x, 0),
    "round": np.round,
    "sign": np.sign,
    "square": np.square,
    "trunc": np.trunc,
}
QUESTIONS: dict[str, Callable[..., Any]] = {
    "isfinite": np.isfinite,
    "isinf": np.isinf,
    "isnan": np.isnan,
    "logical_not": np.logical_not,
    "signbit": np.signbit,
}


def unary() -> Iterator[Sample]:
    for name, (reference, low, high) in FLOATING.items():
        op = getattr(mt, name)
        for shape in SHAPES:
            x = distinct(*shape, low=low, high=high)
            yield Sample(name, sizes(shape), op, [x], reference)
        within = 1 if name in ("acosh", "log", "log10", "log2", "rsqrt", "reciprocal") else 0
        some = [[within], [within]]
        yield Sample(name, "integers", op, [given(some)], reference, order=0)
    for name, reference in OF_ANY_NUMBERS.items():
        op = getattr(mt, name)
        for shape in SHAPES:
            yield Sample(name, sizes(shape), op, [distinct(*shape)], reference)
        yield Sample(name, "integers", op, [integers(2, 3)], reference, order=0)
    special = given([[0.0, -0.0, math.nan], [math.inf, -math.inf, -1.5]])
    for name, reference in QUESTIONS.items():
        op = getattr(mt, name)
        yield Sample(name, "special", op, [special], reference, order=0)
        for shape in SHAPES:
            yield Sample(name, sizes(shape), op, [distinct(*shape)], reference, order=0)
    yield Sample("logical_not", "booleans", mt.logical_not, [booleans(5)], np.logical_not, 0)
    yield Sample(
        "erf", "small-and-large", mt.erf, [given([-7.0, -1e-9, 1e-3, 0.85, 1.3, 9.0])], erf
    )
    for name, reference in (("bitwise_invert", np.bitwise_not), ("positive", np.positive)):
        for case, x in (("integers", integers(2, 3)), ("booleans", booleans(4))):
            if name == "bitwise_invert":
                yield Sample(name, case, getattr(mt, name), [x], reference, order=0)


# name: reference, lower and upper ends of both arguments
BINARY: dict[str, tuple[Callable[..., Any], tuple[float, float], tuple[float, float]]] = {
    "add": (np.add, (-2, 2), (-2, 2)),
    "subtract": (np.subtract, (-2, 2), (-2, 2)),
    "multiply": (np.multiply, (-2, 2), (-2, 2)),
    "divide": (np.divide, (-2, 2), (0.5, 2)),
    "floor_divide": (np.floor_divide, (-5, 5), (0.6, 1.9)),
    "remainder": (np.remainder, (-5, 5), (0.6, 1.9)),
    "pow": (np.power, (0.3, 2), (-2, 2)),
    "atan2": (np.arctan2, (-2, 2), (-2, 2)),
    "hypot": (np.hypot, (-2, 2), (0.2, 2)),
    "logaddexp": (np.logaddexp, (-2, 2), (-2, 2)),
    "copysign": (np.copysign, (-2, 2), (-2, 2)),
    "maximum": (np.maximum, (-2, 2), (-2, 2)),
    "minimum": (np.minimum, (-2, 2), (-2, 2)),
}
COMPARISONS: dict[str, Callable[..., Any]] = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}
BITS: dict[str, Callable[..., Any]] = {
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
}


def binary() -> Iterator[Sample]:
    for name, (reference, (low, high), (low2, high2)) in BINARY.items():
        op = getattr(mt, name)
        for first, second in PAIRS:
            x = distinct(*first, low=low, high=high)
            y = distinct(*second, low=low2, high=high2)
            yield Sample(name, sizes(first, second), op, [x, y], reference)
        x = distinct(2, 3, low=low, high=high)
        y = distinct(2, 3, low=low2, high=high2)
        yield Sample(name, "number-right", op, [x, 1.25], reference)
        yield Sample(name, "number-left", op, [0.75, y], reference)
        yield Sample(name, "integer-right", op, [x, 2], reference)
        n, m = integers(2, 3, low=1), integers(3, low=1)
        yield Sample(name, "integers", op, [n, m], reference, order=0)
        yield Sample(name, "integers-and-number", op, [n, 2], reference, order=0)
    for name, reference in COMPARISONS.items():
        op = getattr(mt, name)
        for first, second in PAIRS:
            pair = [distinct(*first), distinct(*second)]
            yield Sample(name, sizes(first, second), op, pair, reference, order=0)
        n, m = integers(4, 3, low=0, high=2), integers(3, low=0, high=2)
        yield Sample(name, "integers", op, [n, m], reference, order=0)
        if name.startswith("logical") or name in ("equal", "not_equal"):
            yield Sample(name, "booleans", op, [booleans(4, 3), booleans(3)], reference, order=0)
        yield Sample(name, "number", op, [n, 1], reference, order=0)
        special = given([0.0, -0.0, math.nan, math.inf, -math.inf])
        yield Sample(name, "special", op, [special, given([[0.0], [math.nan]])], reference, order=0)
    for name, reference in BITS.items():
        op = getattr(mt, name)
        pair = [integers(2, 3), integers(3, low=0, high=5)]
        yield Sample(name, "integers", op, pair, reference, order=0)
        yield Sample(name, "number", op, [integers(2, 3), 3], reference, order=0)
        if "shift" not in name:
            yield Sample(name, "booleans", op, [booleans(2, 3), booleans(3)], reference, order=0)


def powers() -> Iterator[Sample]:
    for exponent in (-2, -1, -0.5, 0, 0.5, 1, 2, 3, 2.5):
        x = distinct(2, 3, low=0.3, high=2.0)
        yield Sample("pow", f"{exponent}", mt.pow, [x, exponent], np.power)
    for exponent in (-1, 0, 2, 3):
        yield Sample("pow", f"negative-base-{exponent}", mt.pow, [distinct(4), exponent], np.power)
    yield Sample("pow", "base-number", mt.pow, [1.7, distinct(2, 3)], np.power)
    yield Sample("pow", "base-one", mt.pow, [1, distinct(3)], lambda a, b: np.power(float(a), b))
    negative = [distinct(4, low=-2, high=-0.5), given([0, 1, 2, 3])]
    yield Sample("pow", "negative-base-whole-exponents", mt.pow, negative, np.power)


def choices() -> Iterator[Sample]:
    for condition, first, second in [
        ((), (), ()),
        ((3,), (3,), (3,)),
        ((2, 3), (3,), (2, 1)),
        ((3,), (2, 1), ()),
        ((2, 1, 1), (2,), (3, 1)),
        ((0,), (1,), (0,)),
    ]:
        arguments = [booleans(*condition), distinct(*first), distinct(*second)]
        yield Sample("where", sizes(condition, first, second), mt.where, arguments, np.where)
    yield Sample("where", "number-left", mt.where, [booleans(2, 3), 1.5, distinct(3)], np.where)
    yield Sample("where", "number-right", mt.where, [booleans(3), distinct(2, 3), 0], np.where)
    yield Sample("where", "integers", mt.where, [booleans(3), integers(3), 7], np.where, order=0)
    yield Sample("where", "numbers", mt.where, [booleans(3), 1.0, 0.0], np.where, order=0)
    yield Sample("where", "whole-numbers", mt.where, [booleans(3), 1, 0], np.where, order=0)
    for case, low, high in [
        ("both", -0.9, 1.1),
        ("below", -0.9, None),
        ("above", None, 1.1),
        ("neither", None, None),
        ("empty-interval", 1.0, -1.0),
    ]:
        for shape in SHAPES:
            name = f"{case}-{sizes(shape)}"
            reference = np.clip if (low, high) != (None, None) else lambda x, low, high: x
            yield Sample("clip", name, mt.clip, [distinct(*shape), low, high], reference)
    bounds = [distinct(2, 3), distinct(3, low=-1, high=0), distinct(2, 1, low=0.1, high=1)]
    yield Sample("clip", "tensors", mt.clip, bounds, np.clip)
    yield Sample("clip", "integers", mt.clip, [integers(2, 3), -1, 2], np.clip, order=0)
    nan = given([math.nan, 3.0, -math.inf])
    yield Sample("clip", "special", mt.clip, [nan, -1.0, 1.0], np.clip, order=0)


SAMPLES = [*unary(), *binary(), *powers(), *choices()]
