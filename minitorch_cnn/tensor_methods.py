"""Array functions as methods: ``x.sum()`` is ``mt.sum(x)``, with the same arguments and docs.

A class that is mixed into Tensor, so that ``tensor.py`` holds only what is a tensor's own.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import bool_, float16, float32, float64, int32, int64
from minitorch_cnn.ops import (
    analytic,
    arrange,
    elementwise,
    indexing,
    linalg,
    logic,
    reduce,
    running,
    search,
    shape,
)


class ArrayMethods:
    """Methods that are the function of the same name applied to the tensor."""

    __slots__ = ()

    # reductions
    sum = reduce.sum
    mean = reduce.mean
    max = reduce.max
    min = reduce.min
    prod = reduce.prod
    var = reduce.var
    std = reduce.std
    any = reduce.any
    all = reduce.all
    argmax = reduce.argmax
    argmin = reduce.argmin
    logsumexp = reduce.logsumexp
    cumulative_sum = running.cumulative_sum
    cumulative_prod = running.cumulative_prod
    diff = running.diff
    count_nonzero = reduce.count_nonzero
    nonzero = search.nonzero

    # element by element
    abs = elementwise.abs
    exp = analytic.exp
    log = analytic.log
    sqrt = analytic.sqrt
    square = analytic.square
    sin = analytic.sin
    cos = analytic.cos
    tanh = analytic.tanh
    sigmoid = analytic.sigmoid
    relu = elementwise.relu
    floor = elementwise.floor
    ceil = elementwise.ceil
    round = elementwise.round
    sign = elementwise.sign
    isnan = logic.isnan
    isfinite = logic.isfinite
    clip = elementwise.clip
    pow = analytic.pow

    # shape and order
    squeeze = shape.squeeze
    expand_dims = shape.expand_dims
    unsqueeze = shape.expand_dims
    flatten = shape.flatten
    broadcast_to = shape.broadcast_to
    moveaxis = shape.moveaxis
    split = arrange.split
    unstack = arrange.unstack
    flip = arrange.flip
    roll = arrange.roll
    tile = arrange.tile
    repeat = arrange.repeat
    sort = indexing.sort
    argsort = indexing.argsort
    take = indexing.take

    # products
    matmul = linalg.matmul
    vecdot = linalg.vecdot

    def reshape(self, *shape_: Any) -> Any:
        """This tensor under another shape: ``x.reshape(2, -1)`` or ``x.reshape((2, -1))``."""
        return shape.reshape(self, shape_[0] if len(shape_) == 1 else shape_)

    view = reshape

    def permute_dims(self, *axes: Any) -> Any:
        """This tensor with its axes in another order: ``x.permute_dims(1, 0)``."""
        return shape.permute_dims(self, axes[0] if len(axes) == 1 else axes)

    permute = permute_dims

    def transpose(self, first: int, second: int) -> Any:
        """This tensor with two axes swapped."""
        ndim = self.ndim  # type: ignore[attr-defined]
        order = list(range(ndim))
        order[first], order[second] = order[second], order[first]
        return shape.permute_dims(self, order)

    def float(self) -> Any:
        """This tensor as float32."""
        return shape.astype(self, float32)

    def double(self) -> Any:
        """This tensor as float64."""
        return shape.astype(self, float64)

    def half(self) -> Any:
        """This tensor as float16."""
        return shape.astype(self, float16)

    def long(self) -> Any:
        """This tensor as int64."""
        return shape.astype(self, int64)

    def int(self) -> Any:
        """This tensor as int32."""
        return shape.astype(self, int32)

    def bool(self) -> Any:
        """This tensor as booleans: whether entries are not zero."""
        return shape.astype(self, bool_)
