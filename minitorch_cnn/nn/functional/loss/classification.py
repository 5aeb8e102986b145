"""Losses of scores for classes: cross-entropy and the negative log-likelihood below it.

May import ``labels``, ``reduction`` and ``ops``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import canonical_dtype, namespace, surely_all
from minitorch_cnn.nn.functional.loss.labels import (
    integer_labels,
    refuse_labels,
    require_class_weight,
)
from minitorch_cnn.nn.functional.loss.reduction import (
    chosen_reduction,
    floats_of_one_shape,
    reduced,
)
from minitorch_cnn.ops import loss as operations
from minitorch_cnn.ops.arguments import constant, raw, require_array, require_float
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import take, take_along_axis
from minitorch_cnn.ops.norm import log_softmax
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import astype, moveaxis, reshape


@single
def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
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
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``. They go before ``reduction``.
    reduction : {"mean", "sum", "none"}
        The mean over no label is NaN.

    Returns
    -------
    Tensor
        One number, or losses of the shape of the labels for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes do not fit or a label is no class (it is named).
    TypeError
        If labels are no integers or the input holds no floating-point numbers.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.nll_loss(mt.tensor([[-0.5, -1.0]]), mt.tensor([1]))
    tensor(1.)
    """
    reduction = chosen_reduction("nll_loss", reduction, size_average, reduce)
    rows, labels, shape = _rows_and_labels(input, target, ignore_index, "nll_loss")
    require_class_weight(weight, raw(rows).shape[1], "nll_loss")
    counted = labels != ignore_index
    safe = namespace(labels).where(counted, labels, namespace(labels).zeros_like(labels))
    chosen = reshape(take_along_axis(rows, constant(reshape(safe, (-1, 1)), rows), axis=1), (-1,))
    return _weighted(-chosen, safe, counted, weight, shape, reduction)


def _weighted(
    losses: Any, labels: Any, counted: Any, weight: Any, shape: Any, reduction: str
) -> Any:
    """Losses of single rows times their class's factor, reduced; ignored rows count for nothing."""
    if weight is None and surely_all(counted):
        return reduced(reshape(losses, shape), reduction)
    factors = _factors(losses, labels, counted, weight)
    # Not losses * factors: an ignored row may be infinite, and 0 * inf is NaN.
    losses = where(constant(counted, losses), losses, 0.0) * factors
    return reduced(reshape(losses, shape), reduction, reshape(factors, shape))


def _factors(like: Any, labels: Any, counted: Any, weight: Any) -> Any:
    """What each label counts: its class's weight, or 1; nothing where it is ignored."""
    counts: Any = constant(namespace(labels).astype(counted, raw(like).dtype), like)
    return counts if weight is None else counts * take(weight, constant(labels, like), axis=0)


def _rows_and_labels(
    input: Any,
    target: Any,
    ignore_index: int,
    name: str,
) -> tuple[Any, Any, tuple[int, ...]]:
    """Scores as rows ``(M, C)``, labels as a raw int64 ``(M,)``, and the shape of the losses."""
    scores = tuple(raw(require_float(input, name)).shape)
    labels = integer_labels(name, input, target)
    expected = (scores[0], *scores[2:]) if len(scores) > 1 else ()
    if not scores or tuple(labels.shape) != expected:
        raise ValueError(
            f"{name}: scores of shape {scores} and labels of shape {tuple(labels.shape)}; expected "
            f"scores (N, C, ...) and labels (N, ...), here {expected}"
        )
    classes = scores[1] if len(scores) > 1 else scores[0]
    labels = namespace(labels).reshape(labels, (-1,))
    refuse_labels(name, labels, classes, ignore_index, f" (or ignore_index={ignore_index})")
    rows = moveaxis(input, 1, -1) if len(scores) > 2 else input
    return reshape(rows, (labels.shape[0], classes)), labels, expected


@single
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
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
        A label that counts for nothing; only labels can be ignored, not probabilities.
    size_average, reduce : bool, optional
        PyTorch's older arguments, as in :func:`nll_loss`.
    reduction : {"mean", "sum", "none"}
        The mean over no label is NaN.
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
    TypeError
        If labels are no integers or the input holds no floating-point numbers.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.cross_entropy(mt.tensor([[0.0, 0.0]]), mt.tensor([1]))
    tensor(0.6931)
    """
    name = "cross_entropy"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing {label_smoothing} is not between 0 and 1")
    if canonical_dtype(raw(require_array(target, name)).dtype).kind == "f":
        if ignore_index >= 0:
            raise ValueError(
                f"{name}: ignore_index={ignore_index} with probabilities as target; only labels "
                "can be ignored: leave it out, or multiply losses of reduction='none' by a mask"
            )
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    rows, labels, shape = _rows_and_labels(input, target, ignore_index, name)
    require_class_weight(weight, raw(rows).shape[1], name)
    if weight is None and reduction == "mean" and not label_smoothing:
        return operations.mean_cross_entropy(rows, labels=labels, ignored=ignore_index)
    xp = namespace(labels)
    counted = labels != ignore_index
    safe = xp.where(counted, labels, xp.zeros_like(labels))
    losses = operations.softmax_cross_entropy(rows, labels=safe)
    if not label_smoothing:
        return _weighted(losses, safe, counted, weight, shape, reduction)
    logs = log_softmax(rows, 1)
    classes = raw(rows).shape[1]
    even = -total(logs if weight is None else logs * weight, axis=1) / classes
    even = where(constant(counted, rows), even, 0.0)
    hard = _weighted(losses, safe, counted, weight, shape, "none")
    mixed = (1 - label_smoothing) * hard + label_smoothing * reshape(even, shape)
    factors = _factors(rows, safe, counted, weight)
    return reduced(mixed, reduction, reshape(factors, shape))


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
    floats_of_one_shape("cross_entropy", input=input, target=target)
    shape = tuple(raw(input).shape)
    axis = 1 if len(shape) > 1 else 0
    require_class_weight(weight, shape[axis], "cross_entropy")
    target = astype(target, raw(input).dtype)
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / shape[axis]
    if weight is not None:
        target = target * reshape(weight, (-1, *(1,) * (len(shape) - axis - 1)))
    losses = -total(log_softmax(input, axis) * target, axis=axis)
    return reduced(losses, reduction)
