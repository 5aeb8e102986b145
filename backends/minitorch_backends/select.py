"""Indexing by arrays and its adjoint in plain array-API code: flat positions, gather, add back.

The standard has neither NumPy's mixed index arrays nor a scattered addition; both are made here of
gathers. May import array-api-compat; used by ``portable.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from array_api_compat import array_namespace
from numpy import broadcast_shapes

from minitorch_backends.protocol import Array

Ints = Sequence[int]


def index_add(values: Array, *, index: Array, size: int) -> Array:
    """Zeros of shape ``(size, ...)`` with row ``values[i]`` added at ``index[i]``.

    Equal indices add up. Only gathers are used, one for each repetition of the most frequent
    index, so the sum has a fixed order: no scatter, no atomics.
    """
    xp = array_namespace(values, index)
    out = xp.zeros((size, *values.shape[1:]), dtype=values.dtype, device=values.device)
    if 0 in values.shape or size == 0:
        return out
    order = xp.argsort(index, stable=True)
    ordered = xp.take(index, order)
    rows = xp.arange(size, dtype=index.dtype, device=values.device)
    first = xp.searchsorted(ordered, rows, side="left")
    count = xp.searchsorted(ordered, rows, side="right") - first
    column = (size, *(1,) * (values.ndim - 1))
    for repetition in range(int(xp.max(count))):
        at = xp.where(repetition < count, first + repetition, 0)
        rows_now = xp.take(values, xp.take(order, at), axis=0)
        out += xp.where(xp.reshape(repetition < count, column), rows_now, xp.zeros_like(rows_now))
    return out


def argsort(x: Array, *, axis: int, descending: bool, stable: bool) -> Array:
    """Indices that sort ``x`` along ``axis``."""
    xp = array_namespace(x)
    return xp.argsort(x, axis=axis, descending=descending, stable=stable)


def select(x: Array, *, key: tuple[Any, ...]) -> Array:
    """``x[key]`` for a key that holds arrays of integers or booleans, as in NumPy."""
    xp = array_namespace(x)
    cells = _cells(xp, x.shape, key, x.device)
    flat = xp.take(xp.reshape(x, (-1,)), xp.reshape(cells, (-1,)))
    return xp.reshape(flat, cells.shape)


def select_back(g: Array, *, key: tuple[Any, ...], shape: Ints) -> Array:
    """The adjoint of :func:`select`: add ``g`` into zeros of ``shape``."""
    xp = array_namespace(g)
    cells = _cells(xp, shape, key, g.device)
    flat = index_add(xp.reshape(g, (-1,)), index=xp.reshape(cells, (-1,)), size=math.prod(shape))
    return xp.reshape(flat, tuple(shape))


def _cells(xp: Any, shape: Ints, key: tuple[Any, ...], device: Any) -> Array:
    """Flat positions of the entries that ``key`` picks, worked out axis by axis.

    Index arrays broadcast against each other; their axes stand where the first of them stood, or
    in front when they are not next to each other. Every other axis keeps its slice.
    """
    parts, shape = _expanded(xp, shape, key, device)
    arrays = [part for part in parts if not isinstance(part, (slice, type(None)))]
    together = broadcast_shapes(*(tuple(part.shape) for part in arrays))
    places = [i for i, part in enumerate(parts) if not isinstance(part, (slice, type(None)))]
    adjacent = places == list(range(places[0], places[-1] + 1))
    front = sum(isinstance(p, slice) or p is None for p in parts[: places[0]]) if adjacent else 0
    plain = sum(isinstance(part, (slice, type(None))) for part in parts)
    ndim = plain + len(together)
    cells = xp.zeros((1,) * ndim, dtype=xp.int64, device=device)
    axis, position = 0, 0
    for part in parts:
        if part is None:
            position += 1
            continue
        step = math.prod(shape[axis + 1 :])
        if isinstance(part, slice):
            where = position if position < front else position + len(together)
            line = xp.arange(*part.indices(shape[axis]), dtype=xp.int64, device=device)
            index = xp.reshape(line, tuple(-1 if i == where else 1 for i in range(ndim)))
            position += 1
        else:
            sizes = (1,) * front + (1,) * (len(together) - part.ndim) + tuple(part.shape)
            index = xp.reshape(part, sizes + (1,) * (ndim - len(sizes)))
        cells = cells + index * step
        axis += 1
    wide = list(together)
    lengths = [
        1 if part is None else len(range(*part.indices(shape[i])))
        for part, i in _slices_with_axes(parts)
    ]
    return xp.broadcast_to(cells, (*lengths[:front], *wide, *lengths[front:]))


def _slices_with_axes(parts: list[Any]) -> list[tuple[Any, int]]:
    found, axis = [], 0
    for part in parts:
        if part is None or isinstance(part, slice):
            found.append((part, axis))
        axis += part is not None
    return found


def _expanded(
    xp: Any, shape: Ints, key: tuple[Any, ...], device: Any
) -> tuple[list[Any], list[int]]:
    """``key`` as slices, None and non-negative int64 arrays, one for every axis, and the sizes.

    A single boolean is an array of one or no zero, along an axis of size 1 of its own.
    """
    sizes = list(shape)
    used = sum(_axes_named(xp, part) for part in key)
    if used > len(shape):
        raise IndexError(f"{used} indices for {len(shape)} dimensions")
    rest = [slice(None)] * (len(shape) - used)
    parts: list[Any] = []
    for part in key:
        axis = sum(p is not None for p in parts)
        if part is Ellipsis:
            parts += rest
            rest = []
        elif part is None or isinstance(part, slice):
            parts.append(part)
        elif not _is_mask(xp, part):
            index = part if hasattr(part, "dtype") else xp.asarray(part, device=device)
            parts.append(_from_front(xp, index, sizes[axis]))
        elif not _axes_named(xp, part):
            sizes.insert(axis, 1)
            parts.append(xp.zeros(int(bool(part)), dtype=xp.int64, device=device))
        else:
            around = tuple(sizes[axis : axis + part.ndim])
            if tuple(part.shape) != around:
                raise IndexError(
                    f"a boolean index of shape {tuple(part.shape)} for axes of sizes {around}; "
                    "they must be equal"
                )
            parts += xp.nonzero(part)
    return parts + rest, sizes


def _axes_named(xp: Any, part: Any) -> int:
    """How many axes a part of a key stands for."""
    if part is None or part is Ellipsis:
        return 0
    return getattr(part, "ndim", 0) if _is_mask(xp, part) else 1


def _is_mask(xp: Any, part: Any) -> bool:
    if hasattr(part, "dtype"):
        return bool(xp.isdtype(part.dtype, "bool"))
    return isinstance(part, bool)


def _from_front(xp: Any, index: Array, size: int) -> Array:
    low, high = (int(xp.min(index)), int(xp.max(index))) if math.prod(index.shape) else (0, -1)
    if low < -size or high >= size:
        raise IndexError(f"index from {low} to {high} is out of range for an axis of size {size}")
    index = xp.astype(index, xp.int64)
    return xp.where(index < 0, index + size, index)
