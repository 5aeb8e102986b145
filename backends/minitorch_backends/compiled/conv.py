"""Compiled kernels of the convolution triad: sums of shifted planes, kept in registers.

Same names, signatures and meaning as in ``portable.py``. See ``shifts.py`` for the layout. A few
pictures at a time are laid out in planes that stay in the cache; there, six outputs and a wide
vector of positions are summed over all channels and taps without leaving the registers. For weight
gradients the sum runs over the positions, for four outputs and six taps at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import prange

from minitorch_backends.compiled.jit import THREADS, compiled, parallel, reading, shares
from minitorch_backends.compiled.shifts import Layout, backward, forward
from minitorch_backends.compiled.tiles import four_by_six, six_outputs, two_outputs
from minitorch_backends.compiled.vector import REGISTER_BYTES, WIDE, copy, lanes
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, output_sizes

Ints = Sequence[int]

CACHE_BYTES = 1 << 18
"""About as much memory the planes of a few pictures take, so that they stay in the cache."""
PRODUCTS = 32
"""So many products of numbers take as long as an entry of a pass over an array."""
POSITIONS = 1024
"""Of a weight gradient, so many positions are summed in one go: what they meet stays near."""


@compiled
def _lay_out(cells: Any, layout: Any, planes: Any, start: int, phase_size: int) -> None:
    """One channel of one picture into its planes."""
    runs, step = layout.sources, layout.source_step
    for row in range(runs.shape[0]):
        number, cell = runs[row, 0], runs[row, 1]
        place = start + runs[row, 2] * phase_size + runs[row, 3]
        if step == 1:
            copy(cells, cell, planes, place, number)
        else:
            for i in range(number):
                planes[place + i] = cells[cell + i * step]


@compiled
def _take_results(plane: Any, layout: Any, start: int, cells: Any) -> None:
    """One channel of one picture from where its results lie in the plane."""
    runs, step = layout.results, layout.result_step
    for row in range(runs.shape[0]):
        number, cell, place = runs[row, 0], runs[row, 1], start + runs[row, 3]
        if step == 1:
            copy(plane, place, cells, cell, number)
        else:
            for i in range(number):
                cells[cell + i * step] = plane[place + i]


@compiled
def _lay_out_results(cells: Any, layout: Any, plane: Any, start: int) -> None:
    """The way back of :func:`_take_results`, for cells that are neighbours."""
    runs = layout.results
    for row in range(runs.shape[0]):
        copy(cells, runs[row, 1], plane, start + runs[row, 3], runs[row, 0])


@compiled
def _sum_planes(
    x: Any, tiles: Any, layout: Any, shifts: Any, part: Any, planes: Any, sums: Any, out: Any
) -> None:
    """Some outputs of some pictures: ``part`` is (first, last tile, first, last picture)."""
    sixes, twos, rows = tiles
    groups, n_sixes = sixes.shape[0], sixes.shape[1]
    inputs, outputs = x.shape[1] // groups, out.shape[1] // groups
    width, plane = lanes(x, WIDE), layout.plane
    phase_size = sums.shape[1] - width
    pictures = phase_size // plane
    planes[:] = 0
    for first in range(part[2], part[3], pictures):
        count = min(pictures, part[3] - first)
        for group in range(groups):
            for c in range(inputs):
                for n in range(count):
                    start = c * layout.phases * phase_size + n * plane
                    cells = x[first + n, group * inputs + c]
                    _lay_out(cells, layout, planes, start, phase_size)
            for at in range(0, (count - 1) * plane + layout.span, width):
                for tile in range(part[0], part[1]):
                    if tile < n_sixes:
                        six_outputs(sixes[group, tile], planes, shifts, at, sums[rows[tile] :])
                    else:
                        two = twos[group, tile - n_sixes]
                        two_outputs(two, planes, shifts, at, sums[rows[tile] :])
            for n in range(count):
                for o in range(rows[part[0]], min(rows[part[1]], outputs)):
                    cells = out[first + n, group * outputs + o]
                    _take_results(sums[o], layout, n * plane, cells)


@parallel
def _sum_planes_in_parts(
    x: Any, tiles: Any, layout: Any, shifts: Any, parts: Any, planes: Any, sums: Any, out: Any
) -> None:
    for number in prange(len(parts)):
        part, own_planes, own_sums = parts[number], planes[number], sums[number]
        _sum_planes(x, tiles, layout, shifts, part, own_planes, own_sums, out)


@compiled
def _sum_positions(
    x: Any, g: Any, layout: Any, shifts: Any, part: Any, planes: Any, upstream: Any, sums: Any
) -> None:
    """Add the weight gradients of some pictures to ``sums (groups, outputs, links)``."""
    groups, plane = sums.shape[0], layout.plane
    inputs, outputs = x.shape[1] // groups, g.shape[1] // groups
    phase_size = upstream.shape[1] - lanes(x, 1)
    pictures = phase_size // plane
    planes[:] = 0
    upstream[:] = 0
    for first in range(part[0], part[1], pictures):
        count = min(pictures, part[1] - first)
        span = (count - 1) * plane + layout.span
        for group in range(groups):
            for n in range(count):
                for c in range(inputs):
                    start = c * layout.phases * phase_size + n * plane
                    cells = x[first + n, group * inputs + c]
                    _lay_out(cells, layout, planes, start, phase_size)
                for o in range(outputs):
                    cells = g[first + n, group * outputs + o]
                    _lay_out_results(cells, layout, upstream[o], n * plane)
            if count < pictures:
                upstream[:, span:] = 0
            for begin in range(0, span, POSITIONS):
                end = min(begin + POSITIONS, span)
                for o in range(0, sums.shape[1], 4):
                    for k in range(0, shifts.size, 6):
                        lines, tile = upstream[o : o + 4], sums[group, o : o + 4, k : k + 6]
                        four_by_six(lines, planes, shifts[k : k + 6], begin, end, tile)


@parallel
def _sum_positions_in_parts(
    x: Any, g: Any, layout: Any, shifts: Any, parts: Any, planes: Any, upstream: Any, sums: Any
) -> None:
    for number in prange(len(parts)):
        own_planes, own_upstream = planes[number], upstream[number]
        part, own_sums = parts[number], sums[number]
        _sum_positions(x, g, layout, shifts, part, own_planes, own_upstream, own_sums)


class Plan(NamedTuple):
    """What a call needs besides its arrays; the same for all calls with arrays of these shapes."""

    layout: Layout
    shifts: Array
    """Of every tap of every channel."""
    parts: Array
    """The work of each thread."""
    planes: tuple[int, int]
    """Shape of the planes of all threads,"""
    lines: tuple[int, int, int]
    """and of the lines of outputs beside them."""


@lru_cache(maxsize=512)
def _plan(
    geometry: tuple[Any, ...],
    phase: int | None,
    pictures: int,
    inputs: int,
    outputs: int,
    itemsize: int,
) -> Plan:
    """The plan of a sum of planes, for ``inputs`` and ``outputs`` of one group.

    ``phase`` is that of the picture in which gradients are computed; None means forward.
    """
    layout = forward(*geometry) if phase is None else backward(*geometry)[phase]
    n_tiles, rows = _tile_rows(outputs)
    together = _fitting(pictures, (inputs * layout.phases + outputs) * layout.plane * itemsize)
    line, slack = together * layout.plane, WIDE * REGISTER_BYTES // itemsize
    parts = shares((n_tiles, 1), (pictures, 1))
    planes = len(parts), inputs * layout.phases * line + layout.beyond + slack
    shifts = _all_shifts(layout, inputs, line)
    return Plan(layout, shifts, parts, planes, (len(parts), int(rows[-1]), line + slack))


@lru_cache(maxsize=512)
def _weight_plan(
    geometry: tuple[Any, ...], pictures: int, inputs: int, outputs: int, itemsize: int
) -> Plan:
    """The plan of a weight gradient: taps in sixes, outputs in fours."""
    layout = forward(*geometry)
    entries = (inputs * layout.phases + outputs) * layout.plane
    together = _fitting(pictures, entries * itemsize, 4 * CACHE_BYTES)
    line, slack = together * layout.plane, REGISTER_BYTES // itemsize
    parts = shares((pictures, 1))
    planes = len(parts), inputs * layout.phases * line + layout.beyond + slack
    shifts = _all_shifts(layout, inputs, line)
    shifts = np.concatenate([shifts, np.repeat(shifts[-1:], -shifts.size % 6)])
    return Plan(layout, shifts, parts, planes, (len(parts), -(-outputs // 4) * 4, line + slack))


def _fitting(pictures: int, size: int, room: int = CACHE_BYTES) -> int:
    """How many pictures are laid out at a time, if each takes so many bytes."""
    share = -(-pictures // THREADS) if pictures >= THREADS else pictures
    return max(1, min(share, room // max(size, 1)))


def _all_shifts(layout: Layout, channels: int, line: int) -> Array:
    """Shifts of every tap of every channel, whose phases have planes of so many entries."""
    first = np.arange(channels)[:, None] * layout.phases * line
    return (first + layout.shifts[:, 0] * line + layout.shifts[:, 1]).reshape(-1)


@cache
def _tile_rows(outputs: int) -> tuple[int, Array]:
    """How many tiles of six and then of two outputs there are, and the first row of each."""
    whole = outputs - outputs % 6
    rows = np.array([*range(0, whole, 6), *range(whole, outputs + 2, 2)], np.int64)
    n_tiles = whole // 6 + -(-(outputs - whole) // 2)
    return n_tiles, rows[: n_tiles + 1]


def _tiles(matrix: Array) -> tuple[Array, Array, Array]:
    """Weights ``(groups, outputs, links)`` in tiles of six and two outputs, and first rows."""
    groups, outputs, links = matrix.shape
    n_sixes, rest = divmod(outputs, 6)
    sixes = matrix[:, : 6 * n_sixes].reshape(groups, n_sixes, 6, links).swapaxes(2, 3)
    twos = np.zeros((groups, -(-rest // 2), links, 2), matrix.dtype)
    for row in range(rest):
        twos[:, row // 2, :, row % 2] = matrix[:, 6 * n_sixes + row]
    return np.ascontiguousarray(sixes), twos, _tile_rows(outputs)[1]


def _convolve(x: Array, matrix: Array, plan: Plan, out: Array) -> None:
    """Write to ``out`` what a layout finds in ``x``; ``matrix (groups, outputs, links)``."""
    planes, sums = empty(plan.planes, x.dtype), empty(plan.lines, x.dtype)
    cells, results = reading(x, *_cells(x)), out.reshape(_cells(out))
    tiles, (layout, shifts, parts, *_) = _tiles(matrix), plan
    work = out.size * shifts.size // PRODUCTS
    _sum_planes_in_parts(work, cells, tiles, layout, shifts, parts, planes, sums, results)


def _cells(x: Array) -> tuple[int, int, int]:
    """The shape of ``(N, C, *spatial)`` as ``(N, C, cells)``."""
    return x.shape[0], x.shape[1], math.prod(x.shape[2:])


def conv(x: Array, w: Array, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int) -> Array:
    positions = output_sizes(x.shape[2:], w.shape[2:], stride, padding, dilation)
    out = empty((x.shape[0], w.shape[0], *positions), x.dtype)
    if out.size:
        geometry = x.shape[2:], w.shape[2:], stride, padding, dilation
        outputs = w.shape[0] // groups
        plan = _plan(geometry, None, x.shape[0], w.shape[1], outputs, x.itemsize)
        _convolve(x, w.reshape(groups, outputs, -1), plan, out)
    return out


def conv_input(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    out = empty(shape, g.dtype)
    if math.prod(stride) > 1 or not g.size:
        out[...] = 0  # cells that no window meets
    if not (g.size and out.size):
        return out
    weights = w.reshape(groups, w.shape[0] // groups, w.shape[1], -1).transpose(0, 2, 1, 3)
    geometry = tuple(shape[2:]), w.shape[2:], stride, padding, dilation
    for phase in range(len(backward(*geometry))):
        plan = _plan(geometry, phase, g.shape[0], weights.shape[2], w.shape[1], g.itemsize)
        matrix = weights[..., plan.layout.taps].reshape(*weights.shape[:2], -1)
        _convolve(g, matrix, plan, out)
    return out


def conv_weight(
    x: Array, g: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    inputs, outputs = x.shape[1] // groups, g.shape[1] // groups
    links = inputs * math.prod(kernel)
    if not (x.size and g.size):
        return np.zeros((g.shape[1], inputs, *kernel), x.dtype)
    geometry = x.shape[2:], tuple(kernel), stride, padding, dilation
    plan = _weight_plan(geometry, x.shape[0], inputs, outputs, x.itemsize)
    planes, upstream = empty(plan.planes, x.dtype), empty(plan.lines, x.dtype)
    sums = np.zeros((len(plan.parts), groups, plan.lines[1], plan.shifts.size), x.dtype)
    cells, gradient = reading(x, *_cells(x)), reading(g, *_cells(g))
    layout, shifts, parts, *_ = plan
    work = g.size * shifts.size // PRODUCTS
    _sum_positions_in_parts(work, cells, gradient, layout, shifts, parts, planes, upstream, sums)
    return sums.sum(axis=0)[:, :outputs, :links].reshape(g.shape[1], inputs, *kernel)


KERNELS: dict[str, Kernel] = {kernel.__name__: kernel for kernel in (conv, conv_input, conv_weight)}
