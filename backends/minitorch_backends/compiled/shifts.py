"""Windows as shifts: where a picture lies so that a kernel's place is a step through memory.

A picture with room around it is laid out flat, as a *plane*. The entries that one place of the
kernel meets, for all positions at once, are then the plane itself, begun a little further on: its
*shift*. So a convolution is a sum of shifted planes, each times a weight, and no window is ever
copied. Padding is room in the plane, which the end of a line shares with the start of the next. A
stride above 1 deals the picture out to several planes, its *phases*, in each of which the step is 1
again. Pure integers; may import NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from minitorch_backends.windows import Pairs, output_sizes

Ints = tuple[int, ...]
Table = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Axis:
    """One spatial axis: output ``j`` meets, by the tap ``k``, entry ``j + steps[k]`` of a phase.

    A phase is every ``stride``-th cell of the source, begun at ``phases[k]``; its line of memory
    begins with the entry ``first``.
    """

    size: int
    outputs: int
    stride: int
    phases: Ints
    steps: Ints

    @property
    def first(self) -> int:
        return min(self.steps)

    @property
    def reach(self) -> int:
        """How many entries are met, from the first."""
        return max(self.steps) - self.first + self.outputs

    @property
    def length(self) -> int:
        """Entries of a line. What is met beyond its end is the room before the next line."""
        before = max(-self.first, 0)
        beyond = max(self.first + self.reach - -(-self.size // self.stride), 0)
        return max(self.reach - min(before, beyond), self.outputs)

    def run(self, phase: int) -> tuple[int, int, int]:
        """The entries of a phase that exist: their number, first cell, and place in the line."""
        first = max(self.first, 0)
        last = min(self.first + self.reach, -(-(self.size - phase) // self.stride))
        return max(last - first, 0), phase + first * self.stride, first - self.first


class Layout(NamedTuple):
    """Planes of a source, the shift of every tap, and where the results lie.

    A run is a row ``(number, first cell, phase, first place in its plane)`` of neighbours to copy.
    """

    phases: int
    """Planes for each channel."""
    plane: int
    """Entries of one,"""
    beyond: int
    """and how many are met after its end: the room at the beginning of the next."""
    span: int
    """Entries of a plane from the first result to the last."""
    taps: Table
    """Numbers of the taps in the flattened kernel."""
    shifts: Table
    """For every tap its phase and its shift, shape ``(taps, 2)``."""
    sources: Table
    """Runs of the source's cells,"""
    source_step: int
    """whose neighbours are so many cells apart."""
    results: Table
    """Runs of the cells of the result,"""
    result_step: int
    """whose neighbours are so many cells apart."""


@lru_cache(maxsize=256)
def forward(sizes: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Layout:
    """The layout in which a convolution of pictures of ``sizes`` is computed."""
    positions = output_sizes(sizes, kernel, stride, padding, dilation)
    axes = []
    for size, taps, s, (before, _), d, outputs in zip(
        sizes, kernel, stride, padding, dilation, positions, strict=True
    ):
        places = [tap * d - before for tap in range(taps)]
        phases, steps = tuple(p % s for p in places), tuple(p // s for p in places)
        axes.append(Axis(size, outputs, s, phases, steps))
    every = np.arange(math.prod(kernel), dtype=np.int64)
    whole = (0,) * len(axes), (1,) * len(axes)
    return _layout(axes, every, _results(axes, positions, *whole), 1)


@lru_cache(maxsize=256)
def backward(
    sizes: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Layout, ...]:
    """Layouts in which gradients of pictures of ``sizes`` are computed from those of the outputs.

    One for every phase of the picture: a cell is met by those taps alone whose phase is its own.
    """
    positions = output_sizes(sizes, kernel, stride, padding, dilation)
    numbers = np.arange(math.prod(kernel), dtype=np.int64).reshape(kernel)
    layouts = []
    for phase in product(*map(range, stride)):
        axes, chosen = [], []
        for axis, f in enumerate(phase):
            s, d, before = stride[axis], dilation[axis], padding[axis][0]
            places = [(tap, tap * d - before) for tap in range(kernel[axis])]
            met = [(tap, -(place // s)) for tap, place in places if place % s == f]
            outputs = max(-(-(sizes[axis] - f) // s), 0)
            axes.append(
                Axis(positions[axis], outputs, 1, (0,) * len(met), tuple(step for _, step in met))
            )
            chosen.append([tap for tap, _ in met])
        if all(chosen) and all(axis.outputs for axis in axes):
            taps = numbers[np.ix_(*chosen)].reshape(-1)
            results = _results(axes, sizes, phase, stride)
            layouts.append(_layout(axes, taps, results, stride[-1]))
    return tuple(layouts)


def _layout(axes: Sequence[Axis], taps: Table, results: Table, result_step: int) -> Layout:
    lengths = [axis.length for axis in axes]
    phases = sorted(set(product(*(axis.phases for axis in axes))))
    shifts = [
        (
            phases.index(tuple(axis.phases[k] for axis, k in zip(axes, tap, strict=True))),
            flat_index(
                [axis.steps[k] - axis.first for axis, k in zip(axes, tap, strict=True)], lengths
            ),
        )
        for tap in product(*(range(len(axis.steps)) for axis in axes))
    ]
    sources = [
        runs(
            [axis.run(f) for axis, f in zip(axes, phase, strict=True)],
            [axis.size for axis in axes],
            [axis.stride for axis in axes],
            lengths,
            number,
        )
        for number, phase in enumerate(phases)
    ]
    plane = math.prod(lengths)
    return Layout(
        phases=len(phases),
        plane=plane,
        beyond=max(flat_index([axis.reach - 1 for axis in axes], lengths) + 1 - plane, 0),
        span=flat_index([axis.outputs - 1 for axis in axes], lengths) + 1,
        shifts=np.array(shifts, np.int64).reshape(-1, 2),
        taps=taps,
        sources=np.concatenate(sources),
        source_step=axes[-1].stride,
        results=results,
        result_step=result_step,
    )


def _results(axes: Sequence[Axis], sizes: Ints, first: Ints, steps: Ints) -> Table:
    """Where results lie: in pictures of ``sizes`` from the cell ``first`` on, and in the plane."""
    lines = [(axis.outputs, cell, 0) for axis, cell in zip(axes, first, strict=True)]
    return runs(lines, sizes, steps, [axis.length for axis in axes], 0)


def runs(
    lines: Sequence[tuple[int, int, int]],
    sizes: Sequence[int],
    steps: Sequence[int],
    lengths: Sequence[int],
    phase: int,
) -> Table:
    """Runs along the last axis, from ``(number, first cell, first place)`` along every axis.

    Cells are numbered in an array of ``sizes``, where neighbours are ``steps`` apart; places in one
    of ``lengths``.
    """
    number = lines[-1][0]
    rows = [
        (
            number,
            flat_index(
                [
                    cell + i * step
                    for (_, cell, _), i, step in zip(lines, index, steps, strict=True)
                ],
                sizes,
            ),
            phase,
            flat_index([place + i for (_, _, place), i in zip(lines, index, strict=True)], lengths),
        )
        for index in product(*(range(count) for count, _, _ in lines[:-1]), (0,))
        if number
    ]
    return np.array(rows, np.int64).reshape(-1, 4)


def flat_index(index: Sequence[int], sizes: Sequence[int]) -> int:
    """The number of a cell in a flattened array."""
    number = 0
    for i, size in zip(index, sizes, strict=True):
        number = number * size + i
    return number
