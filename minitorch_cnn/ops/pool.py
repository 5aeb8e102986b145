"""Pooling: the largest entry or the sum of each window, for any number of dimensions.

Bodies are made of ``windows``; the kernels that stand in come as adjoint pairs (pick/place,
sum/spread). Of equal largest entries the first gets the whole gradient, as in PyTorch. May import
``window``, ``indexing`` and what lies below them.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import kernel as find_kernel
from minitorch_cnn.composition import composition
from minitorch_cnn.ops.arguments import raw
from minitorch_cnn.ops.arrange import pad
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
_max_pool = Primitive(
    "max_pool",
    lambda x, *, shape, **window: find_kernel("max_pool", x)(x, **window),
    (lambda g, index, *, shape, **window: _place(g, index=index, shape=shape),),
    residual=True,
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


def max_pool_indices(x: Any, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Any:
    """Index of each largest entry in the flattened spatial axes, ``(N, C, *positions)``."""
    data = raw(x)
    _, index = find_kernel("max_pool", data)(
        data, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    )
    return index


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
