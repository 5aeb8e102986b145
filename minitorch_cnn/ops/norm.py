"""Softmax and normalisation: bodies to read, kernels that stand in for them.

May import ``reduce``, ``elementwise`` and what lies below them.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import kernel
from minitorch_cnn.composition import Fused, composition
from minitorch_cnn.ops.analytic import exp, log, sqrt
from minitorch_cnn.ops.arguments import axis_index, constant, raw, require_float
from minitorch_cnn.ops.reduce import max as largest
from minitorch_cnn.ops.reduce import mean
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import reshape
from minitorch_cnn.primitive import Primitive

_softmax = Primitive(
    "softmax",
    lambda x, *, axis: kernel("softmax", x)(x, axis=axis),
    (lambda g, y, *, axis: (g - total(g * y, axis=axis, keepdims=True)) * y,),
    keep="output",
)
_log_softmax = Primitive(
    "log_softmax",
    lambda x, *, axis: kernel("log_softmax", x)(x, axis=axis),
    (lambda g, y, *, axis: g - exp(y) * total(g, axis=axis, keepdims=True),),
    keep="output",
)


def _shifted(x: Any, axis: int) -> Any:
    """``x`` minus its largest entry, which changes no softmax and keeps exp in range."""
    return x - constant(raw(largest(raw(x), axis=axis, keepdims=True)), x)


@composition(standin=lambda x, axis: _softmax(x, axis=axis))
def _softmax_body(x: Any, axis: int) -> Any:
    powers = exp(_shifted(x, axis))
    return powers / total(powers, axis=axis, keepdims=True)


@composition(standin=lambda x, axis: _log_softmax(x, axis=axis))
def _log_softmax_body(x: Any, axis: int) -> Any:
    shifted = _shifted(x, axis)
    return shifted - log(total(exp(shifted), axis=axis, keepdims=True))


def softmax(x: Any, axis: int = -1) -> Any:
    """``exp(x) / sum(exp(x))`` along ``axis``: positive numbers that add up to 1.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softmax(mt.tensor([0.0, 0.0]), 0)
    tensor([0.5, 0.5])
    """
    shape = raw(require_float(x, "softmax")).shape
    position = axis_index(axis, len(shape), "softmax")
    return _softmax_body(x, position) if shape[position] else x


def log_softmax(x: Any, axis: int = -1) -> Any:
    """``log(softmax(x))`` along ``axis``, safe for entries of any size.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.log_softmax(mt.tensor([0.0, 1000.0]), 0)
    tensor([-1000.,     0.])
    """
    shape = raw(require_float(x, "log_softmax")).shape
    position = axis_index(axis, len(shape), "log_softmax")
    return _log_softmax_body(x, position) if shape[position] else x


def _per_channel(values: Any, ndim: int) -> Any:
    if isinstance(values, float):
        return values
    return reshape(values, (1, -1, *(1,) * (ndim - 2)))


def _batch_norm_body(
    x: Any, weight: Any, bias: Any, *, mean: Any, variance: Any, eps: float
) -> Any:
    """The body: each channel minus its mean, over its standard deviation, scaled and shifted.

    ``mean`` and ``variance``, which the kernel is given, are worked out again here, because
    gradients flow through them.
    """
    ndim = raw(x).ndim
    centred = x - channel_mean(x)
    spread = sqrt(channel_mean(centred * centred) + eps)
    return centred / spread * _per_channel(weight, ndim) + _per_channel(bias, ndim)


def channel_mean(x: Any) -> Any:
    """Mean of every channel of ``x (N, C, *spatial)``, shape ``(1, C, 1, ...)``."""
    return mean(x, axis=(0, *range(2, raw(x).ndim)), keepdims=True)


def moments(x: Any) -> tuple[Any, Any]:
    """Mean and biased variance of every channel, raw arrays of shape ``(C,)``."""
    data = raw(x)
    mean_and_variance: tuple[Any, Any] = kernel("moments", data)(data)
    return mean_and_variance


batch_norm = Fused(
    "batch_norm",
    lambda x, weight, bias, **p: kernel("batch_norm", x)(x, weight, bias, **p),
    lambda g, x, weight, bias, **p: kernel("batch_norm_backward", x)(g, x, weight, **p),
    _batch_norm_body,
)
"""Batch normalisation of ``x (N, C, *spatial)`` by its own ``mean`` and ``variance``."""


def standardise(x: Any, rows: int, eps: float) -> Any:
    """``x`` cut into ``rows`` equal rows, each minus its mean, over its standard deviation.

    A row is a channel of a batch of one, so that the kernels of batch normalisation serve here as
    well: for a layer, a group of channels or a channel of one picture.
    """
    shape = raw(x).shape
    size = math.prod(shape)
    if size == 0:
        return x
    lines = reshape(x, (1, rows, size // rows))
    mean, variance = moments(lines)
    return reshape(batch_norm(lines, 1.0, 0.0, mean=mean, variance=variance, eps=eps), shape)
