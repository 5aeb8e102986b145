"""The loss of sequences whose alignment is unknown: connectionist temporal classification.

May import ``reduction`` and ``ops``.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of, canonical_dtype, namespace, refuse_if
from minitorch_cnn.nn.functional.loss.reduction import chosen_reduction, reduced
from minitorch_cnn.ops.arguments import (
    constant,
    is_array,
    raw,
    require_array,
    require_float,
    require_one_backend,
)
from minitorch_cnn.ops.arrange import pad, stack
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import take_along_axis
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.reduce import logsumexp
from minitorch_cnn.ops.shape import expand_dims, reshape


@single
def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """Negative log-probability of a sequence of labels under all its alignments.

    An alignment gives each step in time a label or the blank; labels that stand next to each other
    count once, and blanks are left out. Probabilities of alignments are added up by recursion over
    time, in logarithms.

    Parameters
    ----------
    log_probs : Tensor, shape (T, N, C) or (T, C)
        Log-probabilities of C labels at each of T steps, as :func:`log_softmax` gives them.
    targets : Tensor of integers, shape (N, S), (sum of target_lengths,) or (S,)
        Labels, padded to equal lengths or one sequence after the other.
    input_lengths, target_lengths : Tensor, list or tuple of integers, shape (N,) or ()
        How many steps and how many labels of each sequence count.
    blank : int
        The label of no label.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides each loss by its number of labels (at least 1) before averaging.
    zero_infinity : bool
        Count sequences that are too long for their steps as 0 rather than infinite.

    Returns
    -------
    Tensor
        One number, or losses of shape (N,) or () for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes or lengths do not fit, or a label is no class.
    TypeError
        If labels are no integers or the input holds no floating-point numbers.

    Notes
    -----
    Source: A. Graves et al., "Connectionist Temporal Classification", 2006.

    The gradient in ``log_probs`` is the loss's own. PyTorch's adds ``exp(log_probs)``, which
    ``log_softmax`` takes away again, so that gradients in scores agree. Where a loss is infinite,
    the gradient here is 0, PyTorch's NaN.

    >>> import minitorch_cnn as mt
    >>> logs = mt.nn.functional.log_softmax(mt.zeros((3, 1, 2)), 2)
    >>> mt.nn.functional.ctc_loss(logs, mt.tensor([[1]]), [3], [1])
    tensor(0.2877)
    """
    reduction = chosen_reduction("ctc_loss", reduction)
    shape = tuple(raw(require_float(log_probs, "ctc_loss")).shape)
    require_one_backend("ctc_loss", log_probs=log_probs, targets=require_array(targets, "ctc_loss"))
    if len(shape) == 2:
        log_probs = expand_dims(log_probs, 1)
    elif len(shape) != 3:
        raise ValueError(f"ctc_loss: expected log_probs (T, N, C) or (T, C), got shape {shape}")
    steps, count, classes = raw(log_probs).shape
    if not steps:
        raise ValueError(f"ctc_loss: log_probs of shape {shape} have no steps in time")
    if not 0 <= operator.index(blank) < classes:
        raise ValueError(f"ctc_loss: blank {blank} is no label; they go from 0 to {classes - 1}")
    times = _lengths(input_lengths, "input_lengths", count, steps)
    lengths = _lengths(target_lengths, "target_lengths", count, None)
    states = _states(_padded_labels(raw(targets), lengths, blank, classes), blank)
    losses = -_log_probability(log_probs, states, times, lengths)
    if zero_infinity:
        losses = where(losses == math.inf, 0.0, losses)
    if reduction == "mean":
        losses = losses / _beside(np.maximum(lengths, 1), losses, raw(losses).dtype)
    return reduced(reshape(losses, ()) if len(shape) == 2 else losses, reduction)


def _log_probability(log_probs: Any, states: Any, times: Any, lengths: Any) -> Any:
    """Log-probability of every sequence, summed over its alignments: shape ``(N,)``.

    ``states (N, L)`` are the labels with blanks between and around them. ``reached[n, s]`` is the
    log-probability of all ways to be in state ``s`` now. A state is reached from itself, from the
    one before, and past a blank from the one before that, if it holds another label.
    """
    xp = namespace(states)
    emitted = take_along_axis(
        log_probs, constant(xp.expand_dims(states, axis=0), log_probs), axis=2
    )
    may_skip = constant(states != _shifted(states, states[:, :1]), log_probs)
    places = np.arange(states.shape[1])
    start = np.where(places == 0, 0.0, -math.inf) + np.zeros((len(lengths), 1))
    reached = _beside(start, log_probs, raw(log_probs).dtype)
    for step in range(raw(log_probs).shape[0]):
        before = pad(reached, [(0, 0), (2, 0)], -math.inf)
        skipped = where(may_skip, before[:, :-2], -math.inf)
        moved = logsumexp(stack([reached, before[:, 1:-1], skipped]), axis=0) + emitted[step]
        running = _beside((times > step)[:, None], log_probs)
        reached = where(running, moved, reached)
    last = 2 * lengths[:, None]
    ends = _beside((places == last) | (places == last - 1), log_probs)
    return logsumexp(where(ends, reached, -math.inf), axis=1)


def _states(labels: Any, blank: int) -> Any:
    """Labels ``(N, S)`` with blanks between and around them: ``(N, 2 * S + 1)``."""
    xp = namespace(labels)
    count, size = labels.shape
    blanks = xp.full_like(labels, blank)
    pairs = xp.reshape(xp.stack([labels, blanks], axis=2), (count, 2 * size))
    first = xp.full((count, 1), blank, dtype=labels.dtype, device=labels.device)
    return xp.concat([first, pairs], axis=1)


def _shifted(states: Any, filling: Any) -> Any:
    """Every state's second before it; the first two get ``filling``."""
    return namespace(states).concat([filling, filling, states], axis=1)[:, : states.shape[1]]


def _padded_labels(targets: Any, lengths: Any, blank: int, classes: int) -> Any:
    """Labels as a raw int64 array ``(N, S)``, with blanks where a sequence has ended."""
    xp = namespace(targets)
    if canonical_dtype(targets.dtype).kind not in "iu":
        raise TypeError(
            f"ctc_loss: targets must be integers, got dtype {targets.dtype}; convert with "
            ".to(mt.int64)"
        )
    count, size = len(lengths), int(max(lengths, default=0))
    counted = np.arange(size) < lengths[:, None]
    if targets.ndim == 1:
        if targets.shape[0] != lengths.sum():
            raise ValueError(
                f"ctc_loss: targets of shape {tuple(targets.shape)} hold {targets.shape[0]} labels "
                f"one after the other; target_lengths add up to {lengths.sum()}"
            )
        starts = np.cumsum(lengths) - lengths
        places = np.where(counted, starts[:, None] + np.arange(size), 0)
        flat = xp.astype(targets, xp.int64)
        index = backend_of(targets).asarray(places.reshape(-1), copy=False)
        labels = xp.reshape(xp.take(flat, index, axis=0), (count, size))
    elif targets.ndim == 2 and targets.shape[0] == count and targets.shape[1] >= size:
        labels = xp.astype(targets[:, :size], xp.int64)
    else:
        raise ValueError(
            f"ctc_loss: targets of shape {tuple(targets.shape)} for {count} sequences of up to "
            f"{size} labels; expected ({count}, {size}) or more columns, or all labels in one row"
        )
    inside = backend_of(targets).asarray(counted, copy=False)
    labels = xp.where(inside, labels, xp.full_like(labels, blank))

    def error() -> ValueError:
        return ValueError(
            f"ctc_loss: targets hold labels from {int(xp.min(labels))} to {int(xp.max(labels))}; "
            f"with {classes} classes they go from 0 to {classes - 1}"
        )

    refuse_if((labels < 0) | (labels >= classes), error)
    return labels


def _lengths(given: Any, what: str, count: int, most: int | None) -> Any:
    """Lengths as a host array ``(N,)``, checked."""
    values = raw(given)
    host = backend_of(values).to_numpy(values) if is_array(values) else np.asarray(values)
    if host.size and host.dtype.kind not in "iu":
        raise TypeError(f"ctc_loss: {what} must be integers, got dtype {host.dtype}")
    host = host.reshape(-1).astype(np.int64)
    if host.shape != (count,):
        raise ValueError(
            f"ctc_loss: {what} has {host.size} entries for {count} sequences; expected one for each"
        )
    if (host < 0).any() or (most is not None and (host > most).any()):
        limit = "0 or more" if most is None else f"from 0 to {most}, the number of steps"
        raise ValueError(f"ctc_loss: {what} {host.tolist()} must be {limit}")
    return host


def _beside(host: Any, like: Any, dtype: Any = None) -> Any:
    """A host array as a constant in the library of ``like``."""
    home = backend_of(raw(like))
    array = home.asarray(host, copy=False)
    return constant(array if dtype is None else home.xp.astype(array, dtype), like)
