"""Softmax and cross-entropy in plain array-API code.

May import array-api-compat; used by ``portable.py``.
"""

from __future__ import annotations

import math

from array_api_compat import array_namespace

from minitorch_backends.protocol import Array


def log_softmax(x: Array, *, axis: int) -> Array:
    """``x - log(sum(exp(x)))`` along ``axis``, safe for large entries."""
    xp = array_namespace(x)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def softmax(x: Array, *, axis: int) -> Array:
    """``exp(x) / sum(exp(x))`` along ``axis``, safe for large entries."""
    xp = array_namespace(x)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def softmax_cross_entropy(logits: Array, *, labels: Array) -> tuple[Array, Array]:
    """Loss ``(N,)`` of ``logits (N, C)`` against class ``labels (N,)``, and log-probabilities."""
    xp = array_namespace(logits)
    logs = log_softmax(logits, axis=1)
    chosen = xp.take_along_axis(logs, xp.reshape(labels, (-1, 1)), axis=1)
    return -xp.reshape(chosen, (-1,)), logs


def softmax_cross_entropy_backward(g: Array, saved: Array, *, labels: Array) -> Array:
    """Gradient ``g (N,)`` times ``softmax - one_hot(labels)``, from saved log-probabilities."""
    xp = array_namespace(g, saved)
    classes = xp.arange(saved.shape[1], dtype=labels.dtype, device=saved.device)
    hot = xp.astype(xp.reshape(labels, (-1, 1)) == classes, saved.dtype)
    return (xp.exp(saved) - hot) * xp.reshape(g, (-1, 1))


def any_wrong_label(labels: Array, *, classes: int, ignored: int) -> Array:
    """Whether a label is neither a class, from 0 to ``classes - 1``, nor ``ignored``; 0-d."""
    xp = array_namespace(labels)
    return xp.any(((labels < 0) | (labels >= classes)) & (labels != ignored))


def mean_cross_entropy(logits: Array, *, labels: Array, ignored: int) -> tuple[Array, Array, Array]:
    """Mean loss over the rows whose label is not ``ignored``, log-probabilities, number of rows.

    The mean and the number are 0-d, of the dtype of ``logits``; the mean over no row is NaN.
    """
    xp = array_namespace(logits)
    counted = labels != ignored
    losses, logs = softmax_cross_entropy(
        logits, labels=xp.where(counted, labels, xp.zeros_like(labels))
    )
    count = xp.sum(xp.astype(counted, logits.dtype))
    total = xp.sum(xp.where(counted, losses, xp.zeros_like(losses)))
    return total / xp.where(count == 0, xp.full_like(count, math.nan), count), logs, count


def mean_cross_entropy_backward(
    g: Array, saved: Array, count: Array, *, labels: Array, ignored: int
) -> Array:
    """Gradient of the mean, times ``g`` (0-d), from log-probabilities; 0 in ignored rows."""
    xp = array_namespace(g, saved)
    counted = labels != ignored
    share = g / xp.where(count == 0, xp.ones_like(count), count)
    shares = xp.where(counted, share, xp.zeros_like(saved[:, 0]))
    return softmax_cross_entropy_backward(shares, saved, labels=labels)
