"""Which ONNX nodes an operation becomes: one entry of a table each.

An entry is a function of the graph, the operation in both runs and the names of its inputs; it adds
nodes and gives the name of the result. Imports ``graph`` and ``trace``. Source: the operators of
ONNX, opset 18.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch_cnn.backend import canonical_dtype
from minitorch_cnn.export.graph import Graph
from minitorch_cnn.export.trace import Operation

Emit = Callable[[Graph, Operation, Operation, list[str]], str]
OPSET = 18
END = np.iinfo(np.int64).max


def same(kind: str) -> Emit:
    """One node of the same meaning."""
    return lambda graph, one, other, inputs: graph.add(kind, *inputs)


def negated(kind: str) -> Emit:
    """One node, and its negation."""
    return lambda graph, one, other, inputs: graph.add("Not", graph.add(kind, *inputs))


def _number(one: Operation, value: float) -> Any:
    return np.array(value, canonical_dtype(one.output.dtype))


def _integers(*values: int) -> Any:
    return np.array(values, np.int64)


def _times(factor: float, kind: str) -> Emit:
    return lambda g, one, other, x: g.add("Mul", g.add(kind, *x), _number(one, factor))


def _expm1(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Sub", g.add("Exp", *x), _number(one, 1))


def _log1p(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Log", g.add("Add", x[0], _number(one, 1)))


def _logaddexp(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    apart = g.add("Neg", g.add("Abs", g.add("Sub", *x)))
    rest = g.add("Log", g.add("Add", g.add("Exp", apart), _number(one, 1)))
    return g.add("Add", g.add("Max", *x), rest)


def _trunc(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Mul", g.add("Sign", *x), g.add("Floor", g.add("Abs", *x)))


def _remainder(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Sub", x[0], g.add("Mul", g.add("Floor", g.add("Div", *x)), x[1]))


def _power_scalar(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Pow", x[0], _number(one, one.params["exponent"]))


def _cast(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Cast", *x, to=onnx_dtype(one.output))


def onnx_dtype(array: Any) -> int:
    """ONNX's number for the dtype of an array."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(canonical_dtype(array.dtype))))


# --- products and windows ------------------------------------------------------------------------


def _pads(padding: Sequence[tuple[int, int]]) -> list[int]:
    return [before for before, _ in padding] + [after for _, after in padding]


def _linear(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Gemm", *x, transB=1)


def _conv(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    return g.add(
        "Conv",
        *x,
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=_pads(p["padding"]),
        dilations=list(p["dilation"]),
        group=p["groups"],
    )


def _conv_input(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return _transposed(g, one, x, one.inputs[0].shape[2:], one.params["groups"])


def _transposed(g: Graph, one: Operation, x: list[str], sizes: Sequence[int], groups: int) -> str:
    """A transposed convolution that gives the spatial shape asked for."""
    p = one.params
    columns = zip(
        p["shape"][2:], sizes, p["kernel"], p["stride"], p["dilation"], p["padding"], strict=True
    )
    missing = [out - (s * (n - 1) + d * (k - 1) + 1 - sum(pad)) for out, n, k, s, d, pad in columns]
    return g.add(
        "ConvTranspose",
        *x,
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=_pads(p["padding"]),
        dilations=list(p["dilation"]),
        output_padding=missing,
        group=groups,
    )


def _each_place(one: Operation, channels: int) -> Any:
    """A kernel that copies: an output for each place of the window, for every channel."""
    kernel = one.params["kernel"]
    places = math.prod(kernel)
    dtype = canonical_dtype(one.output.dtype)
    return np.tile(
        np.eye(places, dtype=dtype).reshape(places, 1, *kernel),
        (channels, *(1,) * (1 + len(kernel))),
    )


def _unfold(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p, channels = one.params, one.params["shape"][1]
    columns = g.add(
        "Conv",
        x[0],
        _each_place(one, channels),
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=_pads(p["padding"]),
        dilations=list(p["dilation"]),
        group=channels,
    )
    return g.add("Reshape", columns, g.sizes(one, one.output.shape, other.output.shape))


def _fold(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    channels, positions = p["shape"][1], one.inputs[0].shape[2 + len(p["kernel"]) :]
    rows = channels * math.prod(p["kernel"])
    columns = g.add("Reshape", x[0], _integers(-1, rows, *positions))
    return _transposed(g, one, [columns, _each_place(one, channels)], positions, channels)


def _local(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    groups, channels = p["groups"], p["shape"][1]
    *positions, outputs = one.inputs[1].shape[: len(p["kernel"]) + 1]
    columns = g.add(
        "Conv",
        x[0],
        _each_place(one, channels),
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=_pads(p["padding"]),
        dilations=list(p["dilation"]),
        group=channels,
    )
    count = math.prod(positions)
    rows = channels // groups * math.prod(p["kernel"])
    columns = g.add("Reshape", columns, _integers(-1, groups, rows, count))
    weights = g.add("Reshape", x[1], _integers(count, groups, outputs // groups, rows))
    product = g.add("Einsum", columns, weights, equation="ngcp,pgoc->ngop")
    return g.add("Reshape", product, _integers(-1, outputs, *positions))


def _add_bias(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    dims = len(one.output.shape) - 2
    return g.add("Add", x[0], g.add("Reshape", x[1], _integers(-1, *(1,) * dims)))


def _max_pool(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    return g.add(
        "MaxPool",
        *x,
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=_pads(p["padding"]),
        dilations=list(p["dilation"]),
    )


def _sum_pool(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    mean = g.add(
        "AveragePool",
        *x,
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=_pads(p["padding"]),
        count_include_pad=1,
    )
    return g.add("Mul", mean, _number(one, math.prod(p["kernel"])))


def _batch_norm(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    """Normalised by its own statistics; running ones come as plain arithmetic."""
    dims = len(one.output.shape)
    axes = _integers(*(axis for axis in range(dims) if axis != 1))
    centred = g.add("Sub", x[0], g.add("ReduceMean", x[0], axes))
    variance = g.add("ReduceMean", g.add("Mul", centred, centred), axes)
    spread = g.add("Sqrt", g.add("Add", variance, _number(one, one.params["eps"])))
    normal = g.add("Div", centred, spread)
    weight, bias = (_by_channel(g, one, x[i], i, dims) for i in (1, 2))
    return g.add("Add", g.add("Mul", normal, weight), bias)


def _by_channel(g: Graph, one: Operation, name: str, position: int, dims: int) -> str:
    if not hasattr(one.inputs[position], "shape"):
        return name
    return g.add("Reshape", name, _integers(-1, *(1,) * (dims - 2)))


# --- shapes --------------------------------------------------------------------------------------


def _reshape(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Reshape", x[0], g.sizes(one, one.output.shape, other.output.shape))


def _transpose(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Transpose", x[0], perm=list(one.params["axes"]))


def _concat(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Concat", *x, axis=one.params["axis"])


def _broadcast(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    shape, second = one.output.shape, other.output.shape
    given = (1,) * (len(shape) - len(one.inputs[0].shape)) + tuple(one.inputs[0].shape)
    wanted = []
    for size, again, own in zip(shape, second, given, strict=True):
        if size != again and own == 1:
            g.refuse(one, "it repeats an array as often as there are items in the batch")
        wanted.append(1 if size != again else size)
    return g.add("Expand", x[0], _integers(*wanted))


def _slice(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    """Cuts along axes; a number takes its axis away, and None adds one."""
    bounds: list[tuple[int, int, int, int]] = []
    shapes = one.inputs[0].shape, other.inputs[0].shape
    keys = (_spelt_out(run.params["key"], run.inputs[0].shape) for run in (one, other))
    for cut, again in zip(*keys, strict=True):
        if cut is None:
            continue
        axis = len(bounds)
        sizes = tuple(shape[axis] for shape in shapes)
        bounds.append((axis, *_bounds(g, one, (cut, again), sizes)))
    axes, starts, ends, steps = (np.array(column, np.int64) for column in zip(*bounds, strict=True))
    found = g.add("Slice", x[0], starts, ends, axes, steps)
    if all(isinstance(cut, slice) for cut in one.params["key"]):
        return found
    return g.add("Reshape", found, g.sizes(one, one.output.shape, other.output.shape))


def _spelt_out(key: tuple[Any, ...], shape: Sequence[int]) -> list[Any]:
    """A key with whole axes in place of ``...``."""
    place = next((i for i, one in enumerate(key) if one is Ellipsis), None)
    if place is None:
        return list(key)
    before = sum(one is not None for one in key[:place])
    after = sum(one is not None for one in key[place + 1 :])
    whole = [slice(0, size, 1) for size in shape[before : len(shape) - after]]
    return [*key[:place], *whole, *key[place + 1 :]]


def _bounds(
    g: Graph, one: Operation, cuts: tuple[Any, Any], sizes: tuple[int, int]
) -> tuple[int, int, int]:
    """First, end and step of a cut, which may follow the batch to its end."""
    cut, again = cuts
    if isinstance(cut, slice):
        if cut.step < 0:
            ends = [END if c.stop is None else c.stop for c in cuts]
            stop = -END if cut.stop is None or cut.stop < 0 else cut.stop
            starts_at_end = [c.start - size for c, size in zip(cuts, sizes, strict=True)]
            start = starts_at_end[0] if starts_at_end[0] == starts_at_end[1] else cut.start
            if ends[0] == ends[1] and (start < 0 or cut.start == again.start):
                return start, stop, cut.step
        elif (cut.start, cut.step) == (again.start, again.step):
            if (cut.stop, again.stop) == sizes:
                return cut.start, END, cut.step
            if cut.stop == again.stop:
                return cut.start, cut.stop, cut.step
    elif cut == again:
        return cut, cut + 1 if cut != -1 else END, 1
    g.refuse(one, "it cuts the batch at a place that depends on its size")


def _flip(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    axes = one.params["axes"]
    count = len(axes)
    bounds = ([-1] * count, [-END] * count, axes, [-1] * count)
    return g.add("Slice", x[0], *(np.array(values, np.int64) for values in bounds))


def _pad(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add(
        "Pad", x[0], _integers(*_pads(one.params["widths"])), _number(one, one.params["value"])
    )


def _crop(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    widths = one.params["widths"]
    starts = [before for before, _ in widths]
    ends = [-after if after else END for _, after in widths]
    return g.add(
        "Slice", x[0], _integers(*starts), _integers(*ends), _integers(*range(len(widths)))
    )


def _take(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Gather", x[0], g.index(one, other), axis=one.params["axis"])


def _take_along_axis(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("GatherElements", x[0], g.index(one, other), axis=one.params["axis"])


# --- reductions ----------------------------------------------------------------------------------


def reduction(kind: str) -> Emit:
    """A reduction over some axes."""

    def emit(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
        axis, keep = one.params["axis"], int(one.params["keepdims"])
        if axis is None:
            return g.add(kind, x[0], keepdims=keep)
        axes = axis if isinstance(axis, tuple) else (axis,)
        return g.add(kind, x[0], _integers(*axes), keepdims=keep)

    return emit


def arg(kind: str) -> Emit:
    """The place of an extreme along an axis."""

    def emit(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
        axis, keep = one.params["axis"], int(one.params["keepdims"])
        if axis is None:
            flat = g.add("Reshape", x[0], _integers(-1))
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
    return g.add("CumSum", x[0], _integers(one.params["axis"]).reshape(()))


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
    "exp2": lambda g, one, other, x: g.add("Pow", _number(one, 2), x[0]),
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
    "linear": _linear,
    "conv": _conv,
    "conv_input": _conv_input,
    "local": _local,
    "unfold": _unfold,
    "fold": _fold,
    "add_bias": _add_bias,
    "max_pool": _max_pool,
    "sum_pool": _sum_pool,
    "batch_norm": _batch_norm,
    "reshape": _reshape,
    "permute_dims": _transpose,
    "concat": _concat,
    "broadcast_to": _broadcast,
    "slice": _slice,
    "flip": _flip,
    "pad": _pad,
    "crop": _crop,
    "take": _take,
    "take_along_axis": _take_along_axis,
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
