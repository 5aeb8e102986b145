"""Pooling: the largest entry or the sum of each window, and the way back, for any dimensions.

Bodies are made of ``windows``; the kernels that stand in come as adjoint pairs (pick/place,
sum/spread). Of equal largest entries the first gets the whole gradient, as in PyTorch. May import
``window``, ``indexing`` and what lies below them.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import kernel as find_kernel
from minitorch_cnn.backend import namespace, surely_all
from minitorch_cnn.composition import composition
from minitorch_cnn.ops.arguments import constant, raw
from minitorch_cnn.ops.arrange import pad
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import take_along_axis
from minitorch_cnn.ops.reduce import argmax
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import linear_pair, reshape
from minitorch_cnn.ops.window import Ints, Pairs, windows
from minitorch_cnn.primitive import Primitive

_pick, _place = linear_pair(
    "pick",
    lambda x, *, index, shape: find_kernel("pick", x)(x, index=index, shape=shape),
    "place",
    lambda g, *, index, shape: find_kernel("place", g)(g, index=index, shape=shape),
)
_pick_largest, _max_pool_input = linear_pair(
    "pick_largest",
    lambda x, *, index, shape, **window: find_kernel("pick", x)(x, index=index, shape=shape),
    "max_pool_input",
    lambda g, **largest: find_kernel("max_pool_input", g)(g, **largest),
)
_max_pool = Primitive(
    "max_pool",
    lambda x, *, shape, **window: find_kernel("max_pool", x)(x, **window),
    (lambda g, index, **largest: _max_pool_input(g, index=index, **largest),),
    residual=True,
    unrecorded=lambda x, *, shape, **window: find_kernel("max_pool_values", x)(x, **window),
)


def _largest(x: Any, **window: Any) -> Any:
    return _max_pool(x, shape=tuple(raw(x).shape), **window)


@composition(standin=_largest)
def max_pool(x: Any, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Any:
    """Largest entry of each window of ``x (N, C, *spatial)``: ``(N, C, *positions)``."""
    surrounded = pad(x, ((0, 0), (0, 0), *padding), -math.inf)
    nothing = ((0, 0),) * len(kernel)
    columns = windows(surrounded, kernel, stride, nothing, dilation)
    shape = raw(columns).shape
    positions = shape[2 + len(kernel) :]
    flat = reshape(columns, (*shape[:2], math.prod(kernel), *positions))
    first_largest = argmax(flat, axis=2, keepdims=True)
    return reshape(take_along_axis(flat, first_largest, axis=2), (*shape[:2], *positions))


def max_pool_with_indices(
    x: Any, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Any, Any]:
    """:func:`max_pool`, and where each entry stood; the windows are searched once for both."""
    data = raw(x)
    _, index = find_kernel("max_pool", data)(
        data, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    )
    return pick(x, index), constant(index, x)


def _picked(x: Any, index: Any) -> Any:
    return _pick(x, index=index, shape=tuple(raw(x).shape))


@composition(standin=_picked)
def pick(x: Any, index: Any) -> Any:
    """Entries of ``x (N, C, *spatial)`` at raw flat ``index (N, C, *positions)``."""
    shape = raw(x).shape
    flat = reshape(x, (*shape[:2], math.prod(shape[2:])))
    places = reshape(index, (*shape[:2], math.prod(index.shape[2:])))
    return reshape(take_along_axis(flat, places, axis=2), index.shape)


def unpool(x: Any, index: Any, sizes: Ints) -> Any:
    """``x (N, C, *positions)`` put at raw flat ``index`` into zeros of shape ``(N, C, *sizes)``.

    Of several entries for one place the last stays, and gets the whole gradient.
    """
    shape = (*raw(x).shape[:2], *sizes)
    ones = namespace(index).ones_like(raw(x))
    arrivals = find_kernel("place", ones)(ones, index=index, shape=shape)
    if not surely_all(arrivals <= 1):
        x = where(constant(_last_of_equals(index), x), x, 0.0)
    return _place(x, index=index, shape=shape)


def _last_of_equals(index: Any) -> Any:
    """Whether no later entry of ``index (N, C, *positions)`` in the same picture is equal."""
    xp = namespace(index)
    rows = xp.reshape(index, (math.prod(index.shape[:2]), math.prod(index.shape[2:])))
    order = xp.argsort(rows, axis=1, stable=True)
    ordered = xp.take_along_axis(rows, order, axis=1)
    last = xp.ones_like(ordered, dtype=xp.bool)
    last[:, :-1] = ordered[:, :-1] != ordered[:, 1:]
    back = xp.argsort(order, axis=1)
    return xp.reshape(xp.take_along_axis(last, back, axis=1), index.shape)


_sum_pool, _ = linear_pair(
    "sum_pool",
    lambda x, **window: find_kernel("sum_pool", x)(x, **window),
    "sum_pool_input",
    lambda g, **window: find_kernel("sum_pool_input", g)(g, **window),
)


def _sums(x: Any, **window: Any) -> Any:
    return _sum_pool(x, shape=tuple(raw(x).shape), **window)


@composition(standin=_sums)
def sum_pool(x: Any, *, kernel: Ints, stride: Ints, padding: Pairs) -> Any:
    """Sum of each window of ``x (N, C, *spatial)``; padding counts as zero."""
    ones = (1,) * len(kernel)
    columns = windows(x, kernel, stride, padding, ones)
    return total(columns, axis=tuple(range(2, 2 + len(kernel))))
