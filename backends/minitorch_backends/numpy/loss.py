"""NumPy kernels of softmax and of softmax cross-entropy.

Same names, signatures and meaning as in ``portable.py``.
"""

from __future__ import annotations

import numpy as np

from minitorch_backends.protocol import Array, Kernel


def log_softmax(x: Array, *, axis: int) -> Array:
    out = x - x.max(axis=axis, keepdims=True)
    out -= np.log(np.exp(out).sum(axis=axis, keepdims=True))
    return out


def softmax(x: Array, *, axis: int) -> Array:
    out = x - x.max(axis=axis, keepdims=True)
    np.exp(out, out=out)
    out /= out.sum(axis=axis, keepdims=True)
    return out


def softmax_cross_entropy(logits: Array, *, labels: Array) -> tuple[Array, Array]:
    logs = log_softmax(logits, axis=1)
    return -logs[np.arange(labels.size), labels], logs


def softmax_cross_entropy_backward(g: Array, saved: Array, *, labels: Array) -> Array:
    out = np.exp(saved)
    out[np.arange(labels.size), labels] -= 1
    out *= g[:, None]
    return out


def any_wrong_label(labels: Array, *, classes: int, ignored: int) -> Array:
    wrong = (labels < 0) | (labels >= classes)
    return np.asarray(wrong.any() and (wrong & (labels != ignored)).any())


def mean_cross_entropy(logits: Array, *, labels: Array, ignored: int) -> tuple[Array, Array, Array]:
    logs = log_softmax(logits, axis=1)
    rows = np.flatnonzero(labels != ignored)
    mean = -logs[rows, labels[rows]].mean() if rows.size else logits.dtype.type(np.nan)
    return mean, logs, logits.dtype.type(rows.size)


def mean_cross_entropy_backward(
    g: Array, saved: Array, count: Array, *, labels: Array, ignored: int
) -> Array:
    out = np.exp(saved)
    rows = np.flatnonzero(labels != ignored)
    out[rows, labels[rows]] -= 1
    if rows.size:
        out *= g / count
    if rows.size < labels.size:
        out[labels == ignored] = 0
    return out


KERNELS: dict[str, Kernel] = {
    f.__name__: f
    for f in (
        log_softmax,
        softmax,
        softmax_cross_entropy,
        softmax_cross_entropy_backward,
        any_wrong_label,
        mean_cross_entropy,
        mean_cross_entropy_backward,
    )
}
