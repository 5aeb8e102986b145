"""Reductions: sums, means, extrema, products, spread, norms and logical summaries.

May import ``elementwise``, ``shape`` and what lies below them. At equal extrema the gradient is
shared equally.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import bool_, canonical_dtype, float32, int64, namespace, uint64
from minitorch_cnn.ops.analytic import exp, log, sqrt
from minitorch_cnn.ops.arguments import (
    Axis,
    axis_index,
    axis_tuple,
    constant,
    is_floating,
    kept_shape,
    raw,
    require_array,
    require_float,
)
from minitorch_cnn.ops.arrange import pad
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.shape import astype, broadcast_to, moveaxis, reshape
from minitorch_cnn.primitive import Primitive


def _spread(g: Any, axes: tuple[int, ...], origin: tuple[int, ...]) -> Any:
    """A reduced gradient repeated over the axes that were reduced."""
    return broadcast_to(reshape(g, kept_shape(origin, axes)), origin)


def _sum_compute(x: Any, *, axis: Any, keepdims: bool, origin: Any) -> Any:
    return namespace(x).sum(x, axis=axis, dtype=x.dtype, keepdims=keepdims)


_sum = Primitive(
    "sum",
    _sum_compute,
    (lambda g, *, axis, keepdims, origin: _spread(g, axis, origin),),
)


@single
def sum(x: Any, axis: Axis = None, keepdims: bool = False, *, dtype: Any = None) -> Any:
    """Sum over ``axis`` (an integer, a tuple, or None for all).

    It is added up in ``dtype``. By default that is the dtype of ``x``, but int64 for booleans and
    smaller integers and uint64 for smaller unsigned ones.

    >>> import minitorch_cnn as mt
    >>> mt.sum(mt.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    tensor([4., 6.])
    """
    x = accumulated(require_array(x, "sum"), dtype)
    shape = tuple(raw(x).shape)
    return _sum(x, axis=axis_tuple(axis, len(shape), "sum"), keepdims=keepdims, origin=shape)


def accumulated(x: Any, dtype: Any) -> Any:
    """``x`` in the dtype in which its entries are added or multiplied up."""
    if dtype is None:
        kind = canonical_dtype(raw(x).dtype).kind
        dtype = {"b": int64, "i": int64, "u": uint64}.get(kind)
    return x if dtype is None else astype(x, dtype)


_mean = Primitive(
    "mean",
    lambda x, *, axis, keepdims, origin: namespace(x).mean(x, axis=axis, keepdims=keepdims),
    (
        lambda g, *, axis, keepdims, origin: _spread(
            g / math.prod(origin[i] for i in axis), axis, origin
        ),
    ),
)


@single
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Mean over ``axis`` (an integer, a tuple, or None for all); integers give float32.

    The mean of no entries is NaN.

    >>> import minitorch_cnn as mt
    >>> mt.mean(mt.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(2.5)
    """
    x = _as_float(require_array(x, "mean"))
    shape = tuple(raw(x).shape)
    axes = axis_tuple(axis, len(shape), "mean")
    if math.prod(shape[i] for i in axes) == 0:
        return sum(x, axis=axes, keepdims=keepdims) * math.nan
    return _mean(x, axis=axes, keepdims=keepdims, origin=shape)


def _require_entries(shape: tuple[int, ...], axes: tuple[int, ...], name: str) -> None:
    if math.prod(shape[i] for i in axes) == 0:
        raise ValueError(f"{name}: no entries along axis {axes} of a tensor of shape {shape}")


def _as_float(x: Any) -> Any:
    return x if is_floating(raw(x).dtype) else astype(x, float32)


def _extremum_rule(name: str) -> Any:
    def rule(
        g: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool, origin: tuple[int, ...]
    ) -> Any:
        data = raw(x)
        xp = namespace(data)
        best = getattr(xp, name)(data, axis=axis, keepdims=True)
        # A NaN reaches the result although it equals nothing: the gradient goes to it.
        ties = xp.astype((data == best) | (xp.isnan(data) & xp.isnan(best)), data.dtype)
        return _spread(g, axis, origin) * (ties / xp.sum(ties, axis=axis, keepdims=True))

    return rule


def _extremum(name: str) -> Primitive:
    return Primitive(
        name,
        lambda x, *, axis, keepdims, origin: getattr(namespace(x), name)(
            x, axis=axis, keepdims=keepdims
        ),
        (_extremum_rule(name),),
        keep="inputs",
    )


_max, _min = _extremum("max"), _extremum("min")


def _extreme(primitive: Primitive, x: Any, axis: Axis, keepdims: bool) -> Any:
    shape = tuple(raw(require_array(x, primitive.name)).shape)
    axes = axis_tuple(axis, len(shape), primitive.name)
    _require_entries(shape, axes, primitive.name)
    return primitive(x, axis=axes, keepdims=keepdims, origin=shape)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest entry over ``axis``; equal largest entries share the gradient equally.

    >>> import minitorch_cnn as mt
    >>> mt.max(mt.tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    tensor([5., 4.])
    """
    return _extreme(_max, x, axis, keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Smallest entry over ``axis``; equal smallest entries share the gradient equally.

    >>> import minitorch_cnn as mt
    >>> mt.min(mt.tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    tensor([1., 3.])
    """
    return _extreme(_min, x, axis, keepdims)


@single
def prod(x: Any, axis: Axis = None, keepdims: bool = False, *, dtype: Any = None) -> Any:
    """Product over ``axis``; the gradient is right also where entries are zero.

    ``dtype`` is as for :func:`sum`.

    Entries are multiplied in pairs, the results in pairs again, so the gradient of each factor is
    made of products of the others and never of a division.

    >>> import minitorch_cnn as mt
    >>> mt.prod(mt.tensor([2.0, 3.0, 4.0]))
    tensor(24.)
    """
    x = accumulated(require_array(x, "prod"), dtype)
    shape = tuple(raw(x).shape)
    axes = axis_tuple(axis, len(shape), "prod")
    last = moveaxis(x, axes, tuple(range(-len(axes), 0))) if axes else x
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    last = reshape(last, (*rest, math.prod(shape[i] for i in axes)))
    if last.shape[-1] == 0:
        last = pad(last, [(0, 0)] * len(rest) + [(0, 1)], 1)
    while last.shape[-1] > 1:
        half = last.shape[-1] // 2
        pairs = last[..., :half] * last[..., half : 2 * half]
        odd = last.shape[-1] % 2
        if odd:  # the factor left over joins the first pair
            pairs = pairs * _only_first(last[..., -1:], half)
        last = pairs
    return reshape(last, kept_shape(shape, axes) if keepdims else rest)


def _only_first(factor: Any, count: int) -> Any:
    """``factor (..., 1)`` followed by ones, ``(..., count)``."""
    ndim = len(factor.shape)
    return pad(factor, [(0, 0)] * (ndim - 1) + [(0, count - 1)], 1)


@single
def var(x: Any, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """Variance over ``axis``: squared distances from the mean over ``count - correction``.

    ``correction=1`` gives the unbiased estimate (PyTorch's default; the array API's is 0). Where
    ``count - correction`` is not above 0 the variance is NaN.

    >>> import minitorch_cnn as mt
    >>> mt.var(mt.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor(1.25)
    """
    x = _as_float(require_array(x, "var"))
    shape = raw(x).shape
    axes = axis_tuple(axis, len(shape), "var")
    count = math.prod(shape[i] for i in axes) - correction
    distance = x - mean(x, axis=axes, keepdims=True)
    total = sum(distance * distance, axis=axes, keepdims=keepdims)
    return total / count if count > 0 else total * math.nan


@single
def std(x: Any, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """Standard deviation over ``axis``, the square root of :func:`var`.

    Where all entries are equal the gradient is 0.

    >>> import minitorch_cnn as mt
    >>> mt.std(mt.tensor([2.0, 4.0]))
    tensor(1.)
    """
    return root(var(x, axis=axis, correction=correction, keepdims=keepdims), 2)


def root(x: Any, degree: float) -> Any:
    """``x**(1 / degree)`` for ``x >= 0``; its infinite slope at 0 counts as 0, as in PyTorch."""
    zero = x == 0
    inside = where(zero, 1.0, x)
    return where(zero, 0.0, sqrt(inside) if degree == 2 else inside ** (1 / degree))


@single
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """``log(sum(exp(x)))`` over ``axis``, safe for entries of any size.

    >>> import minitorch_cnn as mt
    >>> mt.logsumexp(mt.tensor([0.0, 1000.0]))
    tensor(1000.)
    """
    x = _as_float(require_array(x, "logsumexp"))
    data = raw(x)
    xp = namespace(data)
    axes = axis_tuple(axis, data.ndim, "logsumexp")
    _require_entries(tuple(data.shape), axes, "logsumexp")
    largest = max(data, axis=axes, keepdims=True)
    # An infinite largest entry would give inf - inf; shift by nothing there.
    shift = constant(xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest)), x)
    powers = sum(exp(x - shift), axis=axes, keepdims=True)
    nothing = powers == 0  # where every entry is -inf
    total = where(nothing, -math.inf, log(where(nothing, 1.0, powers)) + shift)
    return total if keepdims else reshape(total, _dropped(data.shape, axes))


def _dropped(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _index_of(name: str) -> Primitive:
    return Primitive(
        name,
        lambda x, *, axis, keepdims: getattr(namespace(x), name)(x, axis=axis, keepdims=keepdims),
    )


_argmax, _argmin = _index_of("argmax"), _index_of("argmin")


def _arg_extreme(primitive: Primitive, x: Any, axis: int | None, keepdims: bool) -> Any:
    shape = raw(require_array(x, primitive.name)).shape
    position = None if axis is None else axis_index(axis, len(shape), primitive.name)
    entries = math.prod(shape) if position is None else shape[position]
    if entries == 0:
        raise ValueError(f"{primitive.name}: no entries in a tensor of shape {tuple(shape)}")
    return primitive(x, axis=position, keepdims=keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index of the (first) largest entry along ``axis``, or in the flattened tensor.

    >>> import minitorch_cnn as mt
    >>> mt.argmax(mt.tensor([[1.0, 5.0], [3.0, 2.0]]), axis=1)
    tensor([1, 0], dtype=int64)
    """
    return _arg_extreme(_argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index of the (first) smallest entry along ``axis``, or in the flattened tensor.

    >>> import minitorch_cnn as mt
    >>> mt.argmin(mt.tensor([[1.0, 5.0], [3.0, 2.0]]), axis=1)
    tensor([0, 1], dtype=int64)
    """
    return _arg_extreme(_argmin, x, axis, keepdims)


def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """How many entries over ``axis`` are not zero (NaN is not), as int64.

    >>> import minitorch_cnn as mt
    >>> mt.count_nonzero(mt.tensor([[0.0, 2.0], [3.0, 4.0]]), axis=0)
    tensor([1, 2], dtype=int64)
    """
    return sum(astype(require_array(x, "count_nonzero"), bool_), axis=axis, keepdims=keepdims)


_any = Primitive("any", lambda x, **p: namespace(x).any(x, **p))
_all = Primitive("all", lambda x, **p: namespace(x).all(x, **p))


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether any entry over ``axis`` is true (not zero).

    >>> import minitorch_cnn as mt
    >>> mt.any(mt.tensor([0.0, 2.0])).item()
    True
    """
    axes = axis_tuple(axis, raw(require_array(x, "any")).ndim, "any")
    return _any(x, axis=axes, keepdims=keepdims)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether all entries over ``axis`` are true (not zero).

    >>> import minitorch_cnn as mt
    >>> mt.all(mt.tensor([0.0, 2.0])).item()
    False
    """
    axes = axis_tuple(axis, raw(require_array(x, "all")).ndim, "all")
    return _all(x, axis=axes, keepdims=keepdims)


@single
def vector_norm(x: Any, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Any:
    """Norm of ``x`` over ``axis``: ``sum(|x|**ord)**(1/ord)``.

    ``ord=inf`` gives the largest ``|x|``, ``-inf`` the smallest, and 0 the number of entries that
    are not 0. The gradient where all entries are 0 is 0.

    >>> import minitorch_cnn as mt
    >>> mt.vector_norm(mt.tensor([3.0, 4.0]))
    tensor(5.)
    """
    x = require_float(x, "vector_norm")
    if not isinstance(ord, (int, float)):
        raise TypeError(f"vector_norm: ord {ord!r} is no number; matrix norms are not provided")
    size = absolute(x)
    if ord == math.inf:
        return max(size, axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(astype(size != 0, raw(x).dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(size, axis=axis, keepdims=keepdims)
    if ord == 2:
        return root(sum(x * x, axis=axis, keepdims=keepdims), 2)
    # Between 0 and 2 the first or second slope of a power is infinite at 0, where root has none.
    powers = root(size, 1 / ord) if 0 < ord < 2 else size**ord
    return root(sum(powers, axis=axis, keepdims=keepdims), ord)
