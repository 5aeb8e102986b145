"""Losses that are operations: cross-entropies whose gradients want more than their formula.

May import ``norm`` and what lies below it.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import kernel, namespace
from minitorch_cnn.composition import Fused
from minitorch_cnn.ops.analytic import log
from minitorch_cnn.ops.arguments import constant, raw
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import take_along_axis
from minitorch_cnn.ops.norm import log_softmax
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import reshape, sum_to
from minitorch_cnn.primitive import Primitive


def _cross_entropy_body(logits: Any, *, labels: Any) -> Any:
    column = constant(reshape(labels, (-1, 1)), logits)
    return reshape(-take_along_axis(log_softmax(logits, 1), column, axis=1), (-1,))


softmax_cross_entropy = Fused(
    "softmax_cross_entropy",
    lambda logits, *, labels: kernel("softmax_cross_entropy", logits)(logits, labels=labels),
    lambda g, logits, logs, *, labels: (
        kernel("softmax_cross_entropy_backward", g)(g, logs, labels=labels),
    ),
    _cross_entropy_body,
    residual=True,
)
"""Loss ``(N,)`` of ``logits (N, C)`` against class ``labels (N,)``, a raw integer array."""


def _mean_cross_entropy_body(logits: Any, *, labels: Any, ignored: int) -> Any:
    xp = namespace(labels)
    counted = labels != ignored
    losses = _cross_entropy_body(logits, labels=xp.where(counted, labels, xp.zeros_like(labels)))
    count = xp.sum(xp.astype(counted, raw(logits).dtype))
    count = xp.where(count == 0, xp.full_like(count, math.nan), count)
    return total(where(constant(counted, logits), losses, 0.0)) / constant(count, logits)


mean_cross_entropy = Fused(
    "mean_cross_entropy",
    lambda logits, **p: kernel("mean_cross_entropy", logits)(logits, **p),
    lambda g, logits, logs, count, **p: (
        kernel("mean_cross_entropy_backward", g)(g, logs, count, **p),
    ),
    _mean_cross_entropy_body,
    residual=True,
)
"""Mean of :data:`softmax_cross_entropy` over the rows whose label is not ``ignored``."""


SMALLEST_SPREAD = 9.999999960041972e-13
"""``p * (1 - p)`` counts as at least this: 1e-12, in PyTorch's rounding to float32."""


def _at_least(x: Any) -> Any:
    """``x``, but at least the smallest spread."""
    return where(x < SMALLEST_SPREAD, SMALLEST_SPREAD, x)


def _limited_log(x: Any) -> Any:
    """``log(x)``, at least -100, on raw arrays."""
    xp = namespace(x)
    smallest = xp.finfo(x.dtype).smallest_normal
    return xp.maximum(xp.log(xp.maximum(x, smallest)), -100.0)


def _binary_cross_entropy(p: Any, target: Any) -> Any:
    return -(target * _limited_log(p) + (1 - target) * _limited_log(1 - p))


binary_cross_entropy = Primitive(
    "binary_cross_entropy",
    _binary_cross_entropy,
    (
        # Not 0 at a saturated probability, which would never learn: the limit on the logarithm is
        # one of its value, as in PyTorch.
        lambda g, p, target: g * ((p - target) / _at_least(p * (1 - p))),
        lambda g, p, target: g * (log(_at_least(1 - p)) - log(_at_least(p))),
    ),
    keep="inputs",
    fit=sum_to,
)
"""``-(target * log(p) + (1 - target) * log(1 - p))`` with logarithms of at least -100."""
