"""Every kernel in plain array-API code: the slow, obvious truth on any array library.

A backend's own kernels carry the same names and signatures and are compared with these. Functions
take raw arrays and static keyword arguments; shapes are ``(N, C, *spatial)`` with any number of
spatial dimensions. Some live in files of their own: ``links``, ``loss``, ``optim``, ``random``,
``select``, ``special`` and ``standard``. May import these and ``windows``, no other of the house.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from array_api_compat import array_namespace

from minitorch_backends.links import link_product, link_weights
from minitorch_backends.loss import (
    any_wrong_label,
    log_softmax,
    mean_cross_entropy,
    mean_cross_entropy_backward,
    softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from minitorch_backends.optim import adam_step, rmsprop_step, sgd_step
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.random import random_mask
from minitorch_backends.select import argsort, index_add, select, select_back
from minitorch_backends.special import erf
from minitorch_backends.standard import cholesky, floor_divide, inv, remainder, solve
from minitorch_backends.windows import Pairs, offsets, output_sizes

Ints = Sequence[int]


def pad(x: Array, *, widths: Pairs, value: float) -> Array:
    """Surround ``x`` with ``value``; ``widths`` has a ``(before, after)`` pair for every axis."""
    xp = array_namespace(x)
    shape = tuple(n + sum(w) for n, w in zip(x.shape, widths, strict=True))
    out = xp.full(shape, value, dtype=x.dtype, device=x.device)
    inside = tuple(slice(w[0], w[0] + n) for n, w in zip(x.shape, widths, strict=True))
    out[inside] = x
    return out


def pad_windows(x: Array, padding: Pairs, value: float) -> Array:
    """:func:`pad` for the spatial axes only; gives ``x`` itself where nothing is padded."""
    if not any(map(any, padding)):
        return x
    return pad(x, widths=[(0, 0)] * (x.ndim - len(padding)) + list(padding), value=value)


def unfold(x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Array:
    """All windows of ``x (N, C, *spatial)`` as ``(N, C, *kernel, *positions)``."""
    xp = array_namespace(x)
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    padded = pad_windows(x, padding, 0)
    pieces = [
        padded[(slice(None), slice(None), *where)]
        for _, where in offsets(kernel, stride, dilation, positions)
    ]
    return xp.reshape(xp.stack(pieces, axis=2), (*x.shape[:2], *kernel, *positions))


def fold(
    columns: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    """The adjoint of :func:`unfold`: sum each window entry back to ``x`` of ``shape``."""
    xp = array_namespace(columns)
    positions = columns.shape[2 + len(kernel) :]
    padded_shape = [n + sum(p) for n, p in zip(shape[2:], padding, strict=True)]
    out = xp.zeros((*shape[:2], *padded_shape), dtype=columns.dtype, device=columns.device)
    everything = (slice(None), slice(None))
    for place, where in offsets(kernel, stride, dilation, positions):
        out[(*everything, *where)] += columns[(*everything, *place, ...)]
    inside = (slice(p[0], p[0] + n) for n, p in zip(shape[2:], padding, strict=True))
    return out[(*everything, *inside)]


def conv(x: Array, w: Array, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int) -> Array:
    """Cross-correlate ``x (N, C, *spatial)`` with ``w (O, C/groups, *kernel)``."""
    xp = array_namespace(x, w)
    kernel = w.shape[2:]
    windows = unfold(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    positions = windows.shape[2 + len(kernel) :]
    places = math.prod(w.shape[1:])
    columns = xp.reshape(windows, (x.shape[0], groups, places, math.prod(positions)))
    rows = xp.reshape(w, (groups, w.shape[0] // groups, places))
    return xp.reshape(rows @ columns, (x.shape[0], w.shape[0], *positions))


def conv_input(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    """The adjoint of :func:`conv` in ``x``: from ``g (N, O, *positions)`` to ``shape``."""
    xp = array_namespace(g, w)
    positions = g.shape[2:]
    outputs = w.shape[0] // groups
    rows = xp.reshape(w, (groups, outputs, math.prod(w.shape[1:])))
    upstream = xp.reshape(g, (g.shape[0], groups, outputs, math.prod(positions)))
    columns = xp.matrix_transpose(rows) @ upstream
    columns = xp.reshape(columns, (*shape[:2], *w.shape[2:], *positions))
    return fold(
        columns, shape=shape, kernel=w.shape[2:], stride=stride, padding=padding, dilation=dilation
    )


def conv_weight(
    x: Array, g: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    """The adjoint of :func:`conv` in ``w``: ``(O, C/groups, *kernel)`` from ``x`` and ``g``."""
    xp = array_namespace(x, g)
    positions = math.prod(g.shape[2:])
    windows = unfold(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    depth, outputs = x.shape[1] // groups, g.shape[1] // groups
    columns = xp.reshape(windows, (x.shape[0], groups, depth * math.prod(kernel), positions))
    upstream = xp.reshape(g, (x.shape[0], groups, outputs, positions))
    rows = xp.sum(upstream @ xp.matrix_transpose(columns), axis=0)
    return xp.reshape(rows, (g.shape[1], depth, *kernel))


def local(
    x: Array, w: Array, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    """:func:`conv` with weights ``w (*positions, O, C/groups, *kernel)`` of each position's own."""
    xp = array_namespace(x, w)
    dims = len(stride)
    matrices = _matrices(xp, w, dims, groups)
    kernel = w.shape[dims + 2 :]
    windows = unfold(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    columns = _per_position(xp, windows, groups, matrices.shape[0])
    return _pictures_first(xp, matrices @ columns, (x.shape[0], w.shape[dims], *w.shape[:dims]))


def local_input(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    """The adjoint of :func:`local` in ``x``: from ``g (N, O, *positions)`` to ``shape``."""
    xp = array_namespace(g, w)
    dims = len(stride)
    matrices = _matrices(xp, w, dims, groups)
    kernel = w.shape[dims + 2 :]
    products = xp.matrix_transpose(matrices) @ _per_position(xp, g, groups, matrices.shape[0])
    columns = _pictures_first(xp, products, (*shape[:2], *kernel, *w.shape[:dims]))
    return fold(
        columns, shape=shape, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    )


def local_weight(
    x: Array, g: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    """The adjoint of :func:`local` in ``w``: ``(*positions, O, C/groups, *kernel)``."""
    xp = array_namespace(x, g)
    positions = g.shape[2:]
    windows = unfold(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    columns, upstream = (
        _per_position(xp, entries, groups, math.prod(positions)) for entries in (windows, g)
    )
    products = upstream @ xp.matrix_transpose(columns)
    return xp.reshape(products, (*positions, g.shape[1], x.shape[1] // groups, *kernel))


def _matrices(xp: Any, w: Array, dims: int, groups: int) -> Array:
    """Weights of positions of their own as ``(positions, groups, O / groups, places)``."""
    shape = (groups, w.shape[dims] // groups, math.prod(w.shape[dims + 1 :]))
    return xp.reshape(w, (math.prod(w.shape[:dims]), *shape))


def _per_position(xp: Any, entries: Array, groups: int, positions: int) -> Array:
    """``(N, ..., *positions)`` as ``(positions, groups, entries of a group, N)``."""
    places = math.prod(entries.shape[1:]) // (groups * positions)
    flat = xp.reshape(entries, (entries.shape[0], groups, places, positions))
    return xp.permute_dims(flat, (3, 1, 2, 0))


def _pictures_first(xp: Any, products: Array, shape: Ints) -> Array:
    """``(positions, groups, entries of a group, N)`` as ``(N, ..., *positions)``."""
    return xp.reshape(xp.permute_dims(products, (3, 1, 2, 0)), tuple(shape))


def max_pool_values(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    """The first result of :func:`max_pool` alone, for when nobody asks where it stood."""
    xp = array_namespace(x)
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    padded = pad_windows(x, padding, _lowest(xp, x.dtype))
    windows = offsets(kernel, stride, dilation, positions)
    return functools.reduce(
        xp.maximum, [padded[(slice(None), slice(None), *where)] for _, where in windows]
    )


def _lowest(xp: Any, dtype: Any) -> float:
    """No entry is less; in the padding, it never wins."""
    return -math.inf if xp.isdtype(dtype, "real floating") else int(xp.iinfo(dtype).min)


def max_pool(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Array, Array]:
    """Largest entry of each window and its index in the flattened spatial axes of ``x``.

    Both results have shape ``(N, C, *positions)``; the first of equal entries wins. Padding never
    wins: a window must touch at least one real entry.
    """
    xp = array_namespace(x)
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    floats = xp.isdtype(x.dtype, "real floating")
    padded = pad_windows(x, padding, _lowest(xp, x.dtype))
    inside = xp.ones((1, 1, *x.shape[2:]), dtype=xp.int64, device=x.device)
    cells = xp.reshape(xp.cumulative_sum(xp.reshape(inside, (-1,))) - 1, inside.shape)
    cells = pad_windows(cells, padding, -1)
    best: Array = None
    index: Array = None
    for _, where in offsets(kernel, stride, dilation, positions):
        piece = padded[(slice(None), slice(None), *where)]
        place = xp.broadcast_to(cells[(slice(None), slice(None), *where)], piece.shape)
        if best is None:
            best, index = piece, place
            continue
        better = piece > best
        if floats:  # as in PyTorch, NaN wins over every number
            better = better | (xp.isnan(piece) & ~xp.isnan(best))
        # Any real entry wins over padding, and the earlier of equals stays.
        better = (place >= 0) & (better | (index < 0))
        best, index = xp.where(better, piece, best), xp.where(better, place, index)
    return best, index


def pick(x: Array, *, index: Array, shape: Ints) -> Array:
    """Entries of ``x (N, C, *spatial)`` at flat spatial ``index (N, C, *positions)``."""
    xp = array_namespace(x)
    flat = xp.reshape(x, (*shape[:2], math.prod(shape[2:])))
    where = xp.reshape(index, (*index.shape[:2], math.prod(index.shape[2:])))
    return xp.reshape(xp.take_along_axis(flat, where, axis=2), index.shape)


def place(g: Array, *, index: Array, shape: Ints) -> Array:
    """The adjoint of :func:`pick`: add ``g`` into zeros of ``shape`` at ``index``."""
    xp = array_namespace(g)
    rows, cells = math.prod(shape[:2]), math.prod(shape[2:])
    first = xp.reshape(xp.arange(rows, dtype=xp.int64, device=g.device) * cells, (rows, 1))
    flat = xp.reshape(index, (rows, -1)) + first if rows else xp.reshape(index, (0,))
    return xp.reshape(
        index_add(xp.reshape(g, (-1,)), index=xp.reshape(flat, (-1,)), size=rows * cells), shape
    )


def max_pool_input(
    g: Array,
    *,
    index: Array,
    shape: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Pairs,
    dilation: Ints,
) -> Array:
    """:func:`place` for an ``index`` that :func:`max_pool` of these windows gave."""
    return place(g, index=index, shape=shape)


def sum_pool(x: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    """Sum of each window of ``x (N, C, *spatial)``; padding counts as zero."""
    xp = array_namespace(x)
    ones = (1,) * len(kernel)
    windows = unfold(x, kernel=kernel, stride=stride, padding=padding, dilation=ones)
    return xp.sum(windows, axis=tuple(range(2, 2 + len(kernel))))


def sum_pool_input(g: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    """The adjoint of :func:`sum_pool`: spread ``g`` over its windows, into ``shape``."""
    xp = array_namespace(g)
    ones = (1,) * len(kernel)
    spread = xp.reshape(g, (*g.shape[:2], *ones, *g.shape[2:]))
    columns = xp.broadcast_to(spread, (*g.shape[:2], *kernel, *g.shape[2:]))
    return fold(columns, shape=shape, kernel=kernel, stride=stride, padding=padding, dilation=ones)


def matmul(a: Array, b: Array) -> Array:
    """``a @ b``; leading axes broadcast."""
    return a @ b


def add_bias(x: Array, bias: Array, *, in_place: bool = False) -> Array:
    """``x (N, C, *spatial)`` plus a number for each channel, from ``bias (C,)``.

    ``in_place`` allows to write to ``x``, which nobody else needs.
    """
    xp = array_namespace(x, bias)
    offsets = xp.reshape(bias, (-1, *(1,) * (x.ndim - 2)))
    if not in_place:
        return x + offsets
    x += offsets
    return x


def relu(x: Array) -> Array:
    """``max(x, 0)``; NaN stays."""
    xp = array_namespace(x)
    return xp.maximum(x, xp.zeros_like(x))


def relu_input(g: Array, y: Array) -> Array:
    """``g`` where ``y`` is the positive (or NaN) result of a rectifier, 0 elsewhere."""
    xp = array_namespace(g, y)
    return xp.where(y <= 0, xp.zeros_like(g), g)


def moments(x: Array) -> tuple[Array, Array]:
    """Mean and (biased) variance of each channel of ``x (N, C, *spatial)``, shape ``(C,)``."""
    xp = array_namespace(x)
    axes = (0, *range(2, x.ndim))
    return xp.mean(x, axis=axes), xp.var(x, axis=axes)


def _per_channel(xp: Any, values: Array, ndim: int) -> Array:
    return xp.reshape(values, (1, -1, *(1,) * (ndim - 2)))


def running_moments(
    running_mean: Array,
    running_variance: Array,
    mean: Array,
    variance: Array,
    *,
    momentum: float,
    count: int,
) -> tuple[Array, Array]:
    """Running statistics with a share ``momentum`` of those of a batch, all of shape ``(C,)``.

    The variance goes in over ``count - 1`` of the ``count`` entries of each channel.
    """
    xp = array_namespace(running_mean)
    mean, variance = (xp.astype(new, running_mean.dtype) for new in (mean, variance))
    keep, unbiased = 1 - momentum, variance * (count / (count - 1))
    return keep * running_mean + momentum * mean, keep * running_variance + momentum * unbiased


def batch_norm(
    x: Array, weight: Array, bias: Array, *, mean: Array, variance: Array, eps: float
) -> Array:
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` per channel of ``(N, C, *spatial)``."""
    xp = array_namespace(x)
    scale = weight / xp.sqrt(variance + eps)
    shift = bias - mean * scale
    return x * _per_channel(xp, scale, x.ndim) + _per_channel(xp, shift, x.ndim)


def batch_norm_backward(
    g: Array, x: Array, weight: Array, *, mean: Array, variance: Array, eps: float
) -> tuple[Array, Array, Array]:
    """Gradients of :func:`batch_norm` in ``x, weight, bias`` with ``mean`` and ``variance`` of x.

    Source: S. Ioffe, C. Szegedy, "Batch Normalization", 2015, section 3.
    """
    xp = array_namespace(g, x)
    axes = (0, *range(2, x.ndim))
    inverse = 1 / xp.sqrt(variance + eps)
    normal = (x - _per_channel(xp, mean, x.ndim)) * _per_channel(xp, inverse, x.ndim)
    d_bias, d_weight = xp.sum(g, axis=axes), xp.sum(g * normal, axis=axes)
    count = x.shape[0] * math.prod(x.shape[2:])
    inner = g - _per_channel(xp, d_bias / count, x.ndim)
    inner = inner - normal * _per_channel(xp, d_weight / count, x.ndim)
    return inner * _per_channel(xp, weight * inverse, x.ndim), d_weight, d_bias


KERNELS: dict[str, Kernel] = {
    kernel.__name__: kernel
    for kernel in (
        pad,
        unfold,
        fold,
        conv,
        conv_input,
        conv_weight,
        local,
        local_input,
        local_weight,
        link_product,
        link_weights,
        max_pool_values,
        max_pool,
        pick,
        place,
        max_pool_input,
        sum_pool,
        sum_pool_input,
        argsort,
        index_add,
        select,
        select_back,
        matmul,
        add_bias,
        relu,
        relu_input,
        moments,
        running_moments,
        batch_norm,
        batch_norm_backward,
        log_softmax,
        softmax,
        softmax_cross_entropy,
        softmax_cross_entropy_backward,
        any_wrong_label,
        mean_cross_entropy,
        mean_cross_entropy_backward,
        erf,
        random_mask,
        sgd_step,
        adam_step,
        rmsprop_step,
        floor_divide,
        remainder,
        inv,
        solve,
        cholesky,
    )
}
"""Name -> function: what a backend may replace, and what it falls back to."""
