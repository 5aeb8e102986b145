"""Losses, with PyTorch's names, arguments and reductions.

May import ``ops`` and the other function files.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import canonical_dtype, namespace
from minitorch_cnn.nn.functional.activation import logsigmoid
from minitorch_cnn.ops import loss as operations
from minitorch_cnn.ops.analytic import exp, log
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_array,
    require_float,
    require_one_backend,
)
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import take, take_along_axis
from minitorch_cnn.ops.norm import log_softmax
from minitorch_cnn.ops.reduce import mean
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import astype, moveaxis, promote, reshape


def _reduced(losses: Any, reduction: str, name: str, weight: Any = None) -> Any:
    """Losses as they are, summed, or averaged (over the sum of ``weight`` where given)."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return total(losses)
    if reduction == "mean":
        return mean(losses) if weight is None else total(losses) / total(weight)
    raise ValueError(f"{name}: reduction {reduction!r} is none of 'mean', 'sum', 'none'")


def _same_shape(input: Any, target: Any, name: str) -> None:
    shapes = (
        tuple(raw(require_float(input, name)).shape),
        tuple(raw(require_float(target, name)).shape),
    )
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{name}: input of shape {shapes[0]} and target of shape {shapes[1]}; they must be "
            "equal (broadcasting here is nearly always a mistake: reshape one)"
        )


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Squared differences.

    Parameters
    ----------
    input, target : Tensor
        Of one shape.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If the shapes differ.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.mse_loss(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(2.)
    """
    _same_shape(input, target, "mse_loss")
    difference = input - target
    return _reduced(difference * difference, reduction, "mse_loss")


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Absolute differences; arguments as :func:`mse_loss`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.l1_loss(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(1.)
    """
    _same_shape(input, target, "l1_loss")
    return _reduced(absolute(input - target), reduction, "l1_loss")


def huber_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    delta: float = 1.0,
) -> Any:
    """Half the squared difference up to ``delta``, linear beyond; arguments as :func:`mse_loss`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.huber_loss(mt.tensor([3.0]), mt.tensor([0.0]))
    tensor(2.5)
    """
    _same_shape(input, target, "huber_loss")
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be positive, got {delta}")
    difference = input - target
    size = absolute(difference)
    losses = where(size <= delta, 0.5 * difference * difference, delta * (size - 0.5 * delta))
    return _reduced(losses, reduction, "huber_loss")


def smooth_l1_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """:func:`huber_loss` over ``beta``; ``beta=0`` is :func:`l1_loss`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.smooth_l1_loss(mt.tensor([3.0]), mt.tensor([0.0]), beta=2.0)
    tensor(2.)
    """
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
) -> Any:
    """``-(target * log(p) + (1 - target) * log(1 - p))`` of probabilities ``p``.

    Logarithms are limited to -100, as in PyTorch, so that the loss stays finite.

    Raises
    ------
    ValueError
        If shapes differ or a probability lies outside [0, 1].

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.binary_cross_entropy(mt.tensor([0.5]), mt.tensor([1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy"
    _same_shape(input, target, name)
    data = raw(input)
    xp = namespace(data)
    if not bool(xp.all((data >= 0) & (data <= 1))):
        raise ValueError(
            f"{name}: probabilities must lie between 0 and 1; use binary_cross_entropy_with_logits "
            "for raw scores"
        )
    losses = operations.binary_cross_entropy(*promote(input, target))
    losses = losses if weight is None else losses * weight
    return _reduced(losses, reduction, name)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """Binary cross-entropy of ``sigmoid(input)``, safe for scores of any size.

    ``pos_weight`` multiplies the term of ``target``; it broadcasts.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.binary_cross_entropy_with_logits(mt.tensor([0.0]), mt.tensor([1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    _same_shape(input, target, name)
    hit = target if pos_weight is None else target * pos_weight
    losses = -(hit * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    losses = losses if weight is None else losses * weight
    return _reduced(losses, reduction, name)


def kl_div(
    input: Any,
    target: Any,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """``target * (log(target) - input)``: how far ``input``, log-probabilities, is from ``target``.

    ``reduction="batchmean"`` divides the sum by the first size, which is the divergence proper.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.kl_div(mt.tensor([0.0]), mt.tensor([1.0]))
    tensor(0.)
    """
    _same_shape(input, target, "kl_div")
    if log_target:
        losses = exp(target) * (target - input)
    else:
        safe = where(target > 0, target, 1.0)  # 0 log 0 is 0
        losses = where(target > 0, target * log(safe), 0.0) - target * input
    if reduction == "batchmean":
        return total(losses) / raw(losses).shape[0]
    return _reduced(losses, reduction, "kl_div")


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Negative log-probability of the right class.

    Parameters
    ----------
    input : Tensor, shape (N, C, *positions) or (C,)
        Log-probabilities.
    target : Tensor of integers, shape (N, *positions) or ()
        Classes, from 0 to C - 1.
    weight : Tensor, shape (C,), optional
        A factor for each class; the mean is then over the sum of the factors met.
    ignore_index : int
        A label that counts for nothing.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes do not fit or a label is no class.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.nll_loss(mt.tensor([[-0.5, -1.0]]), mt.tensor([1]))
    tensor(1.)
    """
    rows, labels, shape = _rows_and_labels(input, target, ignore_index, "nll_loss")
    _require_class_weight(weight, raw(rows).shape[1], "nll_loss")
    counted = labels != ignore_index
    safe = namespace(labels).where(counted, labels, namespace(labels).zeros_like(labels))
    chosen = reshape(take_along_axis(rows, constant(reshape(safe, (-1, 1)), rows), axis=1), (-1,))
    return _weighted(-chosen, safe, counted, weight, shape, reduction, "nll_loss")


def _require_class_weight(weight: Any, classes: int, name: str) -> None:
    """One factor for every class, or None."""
    if weight is not None and tuple(raw(require_array(weight, name)).shape) != (classes,):
        raise ValueError(
            f"{name}: a weight of shape {tuple(raw(weight).shape)} for {classes} classes; expected "
            f"one factor for each, shape ({classes},)"
        )


def _weighted(
    losses: Any, labels: Any, counted: Any, weight: Any, shape: Any, reduction: str, name: str
) -> Any:
    """Losses of single rows times their class's factor, reduced; ignored rows count for nothing."""
    xp = namespace(labels)
    if weight is None and bool(xp.all(counted)):
        return _reduced(reshape(losses, shape), reduction, name)
    factors: Any = constant(xp.astype(counted, raw(losses).dtype), losses)
    if weight is not None:
        factors = factors * take(weight, constant(labels, losses), axis=0)
    # Not losses * factors: an ignored row may be infinite, and 0 * inf is NaN.
    losses = where(constant(counted, losses), losses, 0.0) * factors
    return _reduced(reshape(losses, shape), reduction, name, reshape(factors, shape))


def _rows_and_labels(
    input: Any,
    target: Any,
    ignore_index: int,
    name: str,
) -> tuple[Any, Any, tuple[int, ...]]:
    """Scores as rows ``(M, C)``, labels as a raw int64 ``(M,)``, and the shape of the losses."""
    scores = tuple(raw(require_float(input, name)).shape)
    labels = raw(require_array(target, name))
    require_one_backend(name, input=input, target=labels)
    if canonical_dtype(labels.dtype).kind not in "iu":
        raise TypeError(
            f"{name}: labels must be integers, got dtype {labels.dtype}; convert with .to(mt.int64)"
        )
    expected = (scores[0], *scores[2:]) if len(scores) > 1 else ()
    if not scores or tuple(labels.shape) != expected:
        raise ValueError(
            f"{name}: scores of shape {scores} and labels of shape {tuple(labels.shape)}; expected "
            f"scores (N, C, ...) and labels (N, ...), here {expected}"
        )
    classes = scores[1] if len(scores) > 1 else scores[0]
    xp = namespace(labels)
    labels = xp.astype(xp.reshape(labels, (-1,)), xp.int64)
    wrong = ((labels < 0) | (labels >= classes)) & (labels != ignore_index)
    if bool(xp.any(wrong)):
        first = int(xp.argmax(xp.astype(wrong, xp.int64)))
        raise ValueError(
            f"{name}: label {int(labels[first])} at position {first} is no class; with {classes} "
            f"scores labels go from 0 to {classes - 1} (or ignore_index={ignore_index})"
        )
    rows = moveaxis(input, 1, -1) if len(scores) > 2 else input
    return reshape(rows, (labels.shape[0], classes)), labels, expected


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Negative log-softmax of the right class: the loss for classification.

    Parameters
    ----------
    input : Tensor, shape (N, C, *positions) or (C,)
        Scores (logits), not probabilities.
    target : Tensor of integers, shape (N, *positions) or (), or probabilities shaped like ``input``
        Classes from 0 to C - 1.
    weight : Tensor, shape (C,), optional
        A factor for each class; the mean is then over the sum of the factors met.
    ignore_index : int
        A label that counts for nothing.
    reduction : {"mean", "sum", "none"}
    label_smoothing : float
        From 0 to 1: the share of the target that is spread evenly over all classes.

    Returns
    -------
    Tensor
        One number, or losses of the shape of the labels for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is no class (it is named), or label_smoothing is no share.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.cross_entropy(mt.tensor([[0.0, 0.0]]), mt.tensor([1]))
    tensor(0.6931)
    """
    name = "cross_entropy"
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing {label_smoothing} is not between 0 and 1")
    if canonical_dtype(raw(require_array(target, name)).dtype).kind == "f":
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    rows, labels, shape = _rows_and_labels(input, target, ignore_index, name)
    _require_class_weight(weight, raw(rows).shape[1], name)
    xp = namespace(labels)
    counted = labels != ignore_index
    safe = xp.where(counted, labels, xp.zeros_like(labels))
    losses = operations.softmax_cross_entropy(rows, labels=safe)
    if not label_smoothing:
        return _weighted(losses, safe, counted, weight, shape, reduction, name)
    logs = log_softmax(rows, 1)
    classes = raw(rows).shape[1]
    even = -total(logs if weight is None else logs * weight, axis=1) / classes
    even = where(constant(counted, rows), even, 0.0)
    hard = _weighted(losses, safe, counted, weight, shape, "none", name)
    mixed = (1 - label_smoothing) * hard + label_smoothing * reshape(even, shape)
    factors: Any = constant(xp.astype(counted, raw(rows).dtype), rows)
    if weight is not None:
        factors = factors * take(weight, constant(safe, rows), axis=0)
    return _reduced(mixed, reduction, name, reshape(factors, shape))


def _soft_cross_entropy(
    input: Any,
    target: Any,
    weight: Any,
    reduction: str,
    label_smoothing: float,
) -> Any:
    """Cross-entropy with a probability for every class."""
    shapes = tuple(raw(input).shape), tuple(raw(target).shape)
    if shapes[0] != shapes[1]:
        raise TypeError(
            f"cross_entropy: scores of shape {shapes[0]} and a floating-point target of shape "
            f"{shapes[1]}; labels must be integers: convert them with .to(mt.int64). Only "
            "probabilities for every class, shaped like the scores, are floating-point"
        )
    _same_shape(input, target, "cross_entropy")
    shape = tuple(raw(input).shape)
    axis = 1 if len(shape) > 1 else 0
    _require_class_weight(weight, shape[axis], "cross_entropy")
    target = astype(target, raw(input).dtype)
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / shape[axis]
    if weight is not None:
        target = target * reshape(weight, (-1, *(1,) * (len(shape) - axis - 1)))
    losses = -total(log_softmax(input, axis) * target, axis=axis)
    if reduction == "mean":
        count = math.prod(shape) // shape[axis]
        return total(losses) / count
    return _reduced(losses, reduction, "cross_entropy")
