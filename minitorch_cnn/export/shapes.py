"""Shapes and places as ONNX nodes: reshaping, cutting, padding, gathering.

Each function adds the nodes of one operation and gives the name of its result. May import
``graph`` and ``trace``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.export.graph import Graph, integers, number, pads
from minitorch_cnn.export.trace import Operation

END = np.iinfo(np.int64).max


def reshape(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Reshape", x[0], g.sizes(one, one.output.shape, other.output.shape))


def transpose(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Transpose", x[0], perm=list(one.params["axes"]))


def concat(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Concat", *x, axis=one.params["axis"])


def broadcast(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    shape, second = one.output.shape, other.output.shape
    given = (1,) * (len(shape) - len(one.inputs[0].shape)) + tuple(one.inputs[0].shape)
    wanted = []
    for size, again, own in zip(shape, second, given, strict=True):
        if size != again and own == 1:
            g.refuse(one, "it repeats an array as often as there are items in the batch")
        wanted.append(1 if size != again else size)
    return g.add("Expand", x[0], integers(*wanted))


def cut(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
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


def flip(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    axes = one.params["axes"]
    count = len(axes)
    bounds = ([-1] * count, [-END] * count, axes, [-1] * count)
    return g.add("Slice", x[0], *(np.array(values, np.int64) for values in bounds))


def pad(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add(
        "Pad", x[0], integers(*pads(one.params["widths"])), number(one, one.params["value"])
    )


def crop(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    widths = one.params["widths"]
    starts = [before for before, _ in widths]
    ends = [-after if after else END for _, after in widths]
    return g.add("Slice", x[0], integers(*starts), integers(*ends), integers(*range(len(widths))))


def take(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("Gather", x[0], g.index(one, other), axis=one.params["axis"])


def take_along_axis(g: Graph, one: Operation, other: Operation, x: list[str]) -> str:
    return g.add("GatherElements", x[0], g.index(one, other), axis=one.params["axis"])
