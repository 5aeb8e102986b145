"""Products and windows as ONNX nodes: dense layers, convolutions, pooling, normalisation.

Each function adds the nodes of one operation and gives the name of its result. May import
``graph`` and ``trace``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.backend import canonical_dtype
from minitorch_cnn.export.graph import Graph, integers, number, pads
from minitorch_cnn.export.trace import Operation


def linear(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Gemm", *x, transB=1)


def conv(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    return g.add(
        "Conv",
        *x,
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=pads(p["padding"]),
        dilations=list(p["dilation"]),
        group=p["groups"],
    )


def conv_input(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
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
        pads=pads(p["padding"]),
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


def unfold(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p, channels = one.params, one.params["shape"][1]
    columns = g.add(
        "Conv",
        x[0],
        _each_place(one, channels),
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=pads(p["padding"]),
        dilations=list(p["dilation"]),
        group=channels,
    )
    return g.add("Reshape", columns, g.sizes(one, one.output.shape, other.output.shape))


def fold(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    channels, positions = p["shape"][1], one.inputs[0].shape[2 + len(p["kernel"]) :]
    rows = channels * math.prod(p["kernel"])
    columns = g.add("Reshape", x[0], integers(-1, rows, *positions))
    return _transposed(g, one, [columns, _each_place(one, channels)], positions, channels)


def local(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    groups, channels = p["groups"], p["shape"][1]
    *positions, outputs = one.inputs[1].shape[: len(p["kernel"]) + 1]
    columns = g.add(
        "Conv",
        x[0],
        _each_place(one, channels),
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=pads(p["padding"]),
        dilations=list(p["dilation"]),
        group=channels,
    )
    count = math.prod(positions)
    rows = channels // groups * math.prod(p["kernel"])
    columns = g.add("Reshape", columns, integers(-1, groups, rows, count))
    weights = g.add("Reshape", x[1], integers(count, groups, outputs // groups, rows))
    product = g.add("Einsum", columns, weights, equation="ngcp,pgoc->ngop")
    return g.add("Reshape", product, integers(-1, outputs, *positions))


def add_bias(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    dims = len(one.output.shape) - 2
    return g.add("Add", x[0], g.add("Reshape", x[1], integers(-1, *(1,) * dims)))


def max_pool(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    return g.add(
        "MaxPool",
        *x,
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=pads(p["padding"]),
        dilations=list(p["dilation"]),
    )


def sum_pool(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    p = one.params
    mean = g.add(
        "AveragePool",
        *x,
        kernel_shape=list(p["kernel"]),
        strides=list(p["stride"]),
        pads=pads(p["padding"]),
        count_include_pad=1,
    )
    return g.add("Mul", mean, number(one, math.prod(p["kernel"])))


def batch_norm(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    """Normalised by its own statistics; running ones come as plain arithmetic."""
    dims = len(one.output.shape)
    axes = integers(*(axis for axis in range(dims) if axis != 1))
    centred = g.add("Sub", x[0], g.add("ReduceMean", x[0], axes))
    variance = g.add("ReduceMean", g.add("Mul", centred, centred), axes)
    spread = g.add("Sqrt", g.add("Add", variance, number(one, one.params["eps"])))
    normal = g.add("Div", centred, spread)
    weight, bias = (_by_channel(g, one, x[i], i, dims) for i in (1, 2))
    return g.add("Add", g.add("Mul", normal, weight), bias)


def _by_channel(g: Graph, one: Operation, name: str, position: int, dims: int) -> str:
    if not hasattr(one.inputs[position], "shape"):
        return name
    return g.add("Reshape", name, integers(-1, *(1,) * (dims - 2)))
