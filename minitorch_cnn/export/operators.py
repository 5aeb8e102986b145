"""Which ONNX nodes an operation becomes: one entry of a table each.

An entry is a function of the graph, the operation in both runs and the names of its inputs; it adds
nodes and gives the name of the result. Imports ``shapes``, ``windows``, ``graph`` and ``trace``.
Source: the operators of ONNX, opset 18.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from minitorch_cnn.backend import canonical_dtype
from minitorch_cnn.export import shapes, windows
from minitorch_cnn.export.graph import Graph, integers, number, onnx_dtype
from minitorch_cnn.export.trace import Operation

Emit = Callable[[Graph, Operation, Operation, list[str]], str]
OPSET = 18


def same(kind: str) -> Emit:
    """One node of the same meaning."""
    return lambda graph, one, other, inputs: graph.add(kind, *inputs)


def negated(kind: str) -> Emit:
    """One node, and its negation."""
    return lambda graph, one, other, inputs: graph.add("Not", graph.add(kind, *inputs))


def _times(factor: float, kind: str) -> Emit:
    return lambda g, one, other, x: g.add("Mul", g.add(kind, *x), number(one, factor))


def _expm1(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Sub", g.add("Exp", *x), number(one, 1))


def _log1p(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Log", g.add("Add", x[0], number(one, 1)))


def _logaddexp(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    apart = g.add("Neg", g.add("Abs", g.add("Sub", *x)))
    rest = g.add("Log", g.add("Add", g.add("Exp", apart), number(one, 1)))
    return g.add("Add", g.add("Max", *x), rest)


def _trunc(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Mul", g.add("Sign", *x), g.add("Floor", g.add("Abs", *x)))


def _remainder(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Sub", x[0], g.add("Mul", g.add("Floor", g.add("Div", *x)), x[1]))


def _power_scalar(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Pow", x[0], number(one, one.params["exponent"]))


def _cast(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Cast", *x, to=onnx_dtype(one.output))


# --- reductions ----------------------------------------------------------------------------------


def reduction(kind: str) -> Emit:
    """A reduction over some axes."""

    def emit(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
        axis, keep = one.params["axis"], int(one.params["keepdims"])
        if axis is None:
            return g.add(kind, x[0], keepdims=keep)
        axes = axis if isinstance(axis, tuple) else (axis,)
        return g.add(kind, x[0], integers(*axes), keepdims=keep)

    return emit


def arg(kind: str) -> Emit:
    """The place of an extreme along an axis."""

    def emit(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
        axis, keep = one.params["axis"], int(one.params["keepdims"])
        if axis is None:
            flat = g.add("Reshape", x[0], integers(-1))
            return g.add(kind, flat, axis=0, keepdims=0)
        return g.add(kind, x[0], axis=axis, keepdims=keep)

    return emit


def bitwise(kind: str) -> Emit:
    """On truth values, the logical operation."""

    def emit(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
        logical = canonical_dtype(one.output.dtype).kind == "b"
        return g.add(kind if logical else f"Bitwise{kind}", *x)

    return emit


def _softmax(kind: str) -> Emit:
    return lambda g, one, other, x: g.add(kind, x[0], axis=one.params["axis"])


def _cumulative_sum(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("CumSum", x[0], integers(one.params["axis"]).reshape(()))


OPERATORS: dict[str, Emit] = {
    **{
        name: same(kind)
        for name, kind in {
            **{"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div"},
            **{"maximum": "Max", "minimum": "Min", "power": "Pow", "matmul": "MatMul"},
            **{"negative": "Neg", "positive": "Identity", "abs": "Abs", "sign": "Sign"},
            **{"floor": "Floor", "ceil": "Ceil", "round": "Round", "sqrt": "Sqrt"},
            **{"exp": "Exp", "log": "Log", "reciprocal": "Reciprocal", "erf": "Erf"},
            **{"sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos"},
            **{"atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh"},
            **{"asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "sigmoid": "Sigmoid"},
            **{"relu": "Relu", "where": "Where", "equal": "Equal", "greater": "Greater"},
            **{"greater_equal": "GreaterOrEqual", "less": "Less", "less_equal": "LessOrEqual"},
            **{"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor"},
            **{"logical_not": "Not", "isnan": "IsNaN", "isinf": "IsInf"},
            **{"copy": "Identity", "alias": "Identity"},
        }.items()
    },
    "not_equal": negated("Equal"),
    "bitwise_and": bitwise("And"),
    "bitwise_or": bitwise("Or"),
    "bitwise_xor": bitwise("Xor"),
    "bitwise_invert": bitwise("Not"),
    "rsqrt": lambda g, one, other, x: g.add("Reciprocal", g.add("Sqrt", *x)),
    "square": lambda g, one, other, x: g.add("Mul", x[0], x[0]),
    "exp2": lambda g, one, other, x: g.add("Pow", number(one, 2), x[0]),
    "log2": _times(1 / math.log(2), "Log"),
    "log10": _times(1 / math.log(10), "Log"),
    "expm1": _expm1,
    "log1p": _log1p,
    "logaddexp": _logaddexp,
    "trunc": _trunc,
    "remainder": _remainder,
    "floor_divide": lambda g, one, other, x: g.add("Floor", g.add("Div", *x)),
    "power_scalar": _power_scalar,
    "astype": _cast,
    "linear": windows.linear,
    "conv": windows.conv,
    "conv_input": windows.conv_input,
    "local": windows.local,
    "unfold": windows.unfold,
    "fold": windows.fold,
    "add_bias": windows.add_bias,
    "max_pool": windows.max_pool,
    "sum_pool": windows.sum_pool,
    "batch_norm": windows.batch_norm,
    "reshape": shapes.reshape,
    "permute_dims": shapes.transpose,
    "concat": shapes.concat,
    "broadcast_to": shapes.broadcast,
    "slice": shapes.cut,
    "flip": shapes.flip,
    "pad": shapes.pad,
    "crop": shapes.crop,
    "take": shapes.take,
    "take_along_axis": shapes.take_along_axis,
    "sum": reduction("ReduceSum"),
    "mean": reduction("ReduceMean"),
    "max": reduction("ReduceMax"),
    "min": reduction("ReduceMin"),
    "argmax": arg("ArgMax"),
    "argmin": arg("ArgMin"),
    "softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "cumulative_sum": _cumulative_sum,
}
"""Primitive -> how its nodes are made."""
