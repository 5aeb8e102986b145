"""Losses that ask right classes to outscore wrong ones: hinges and logistic losses.

A hinge that is exactly met has slope 0, as in PyTorch. May import ``labels``, ``reduction``, the
activations and ``ops``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.nn.functional.activation import logsigmoid
from minitorch_cnn.nn.functional.loss.labels import (
    integer_labels,
    refuse_labels,
    require_class_weight,
)
from minitorch_cnn.nn.functional.loss.reduction import (
    chosen_reduction,
    floats_of_one_shape,
    reduced,
    same_shape,
    weighted,
)
from minitorch_cnn.ops.arguments import constant, raw, require_float
from minitorch_cnn.ops.elementwise import relu, where
from minitorch_cnn.ops.indexing import take, take_along_axis
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.reduce import mean
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import expand_dims, reshape


@single
def soft_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``log(1 + exp(-target * input))``, safe for scores of any size.

    Parameters
    ----------
    input : Tensor, any shape
        Scores.
    target : Tensor, shape of ``input``
        1 or -1, the sign each score should have; integers or not.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``. They go before ``reduction``.
    reduction : {"mean", "sum", "none"}
        The mean of nothing is NaN.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.soft_margin_loss(mt.tensor([0.0]), mt.tensor([-1]))
    tensor(0.6931)
    """
    name = "soft_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    same_shape(name, input=require_float(input, name), target=target)
    return reduced(-logsigmoid(target * input), reduction)


@single
def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Binary cross-entropy of ``sigmoid(input)``, averaged over the classes of the last axis.

    Parameters
    ----------
    input : Tensor, shape (..., C)
        Scores.
    target : Tensor, shape of ``input``
        1 for the classes that apply, 0 for others, as floating-point numbers.
    weight : Tensor, shape (C,), optional
        A factor for each class; it broadcasts.
    size_average, reduce, reduction
        As for :func:`soft_margin_loss`.

    Returns
    -------
    Tensor
        One number, or losses of shape (...) for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes do not fit.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.multilabel_soft_margin_loss(mt.tensor([[0.0, 0.0]]), mt.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """
    name = "multilabel_soft_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    floats_of_one_shape(name, input=input, target=target)
    if not raw(input).ndim or not raw(input).shape[-1]:
        raise ValueError(
            f"{name}: expected scores (..., C) with at least one class, got shape "
            f"{tuple(raw(input).shape)}"
        )
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced(mean(weighted(losses, weight, name), axis=-1), reduction)


@single
def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Sum over the wrong classes of ``max(0, margin - right + wrong)**p``, over C.

    Parameters
    ----------
    input : Tensor, shape (N, C) or (C,)
        Scores.
    target : Tensor of integers, shape (N,) or ()
        The right class of each row, from 0 to C - 1.
    p : {1, 2}
    margin : float
        By how much the right score should exceed each other one.
    weight : Tensor, shape (C,), optional
        A factor for each right class; the mean stays one over N.
    size_average, reduce, reduction
        As for :func:`soft_margin_loss`.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``target`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is no class, or ``p`` is neither 1 nor 2.
    TypeError
        If labels are no integers or the input holds no floating-point numbers.

    Notes
    -----
    Source: J. Weston, C. Watkins, "Support Vector Machines for Multi-Class Pattern Recognition",
    1999.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.multi_margin_loss(mt.tensor([[0.5, 0.0, 3.0]]), mt.tensor([0]))
    tensor(1.3333)
    """
    name = "multi_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"{name}: p must be 1 or 2, got {p!r}")
    scores = tuple(raw(require_float(input, name)).shape)
    labels = _labels(name, input, target, scores[:-1])
    classes = scores[-1]
    refuse_labels(name, labels, classes, 0, "")
    require_class_weight(weight, classes, name)
    column = namespace(labels).expand_dims(labels, axis=-1)
    right = take_along_axis(input, constant(column, input), axis=-1)
    hinge = relu(margin - right + input)
    wrong = constant(column != _classes(classes, labels), input)
    losses = total(where(wrong, hinge if p == 1 else hinge * hinge, 0.0), axis=-1) / classes
    if weight is not None:
        losses = losses * take(weight, constant(labels, input), axis=0)
    return reduced(losses, reduction)


@single
def multilabel_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Sum over right and wrong classes of ``max(0, 1 - right + wrong)``, over C.

    Parameters
    ----------
    input : Tensor, shape (N, C) or (C,)
        Scores.
    target : Tensor of integers, shape of ``input``
        The right classes of each row, any number of them, ended by -1; what follows counts for
        nothing.
    size_average, reduce, reduction
        As for :func:`soft_margin_loss`.

    Returns
    -------
    Tensor
        One number, or losses of shape (N,) or () for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes differ or a label is no class.
    TypeError
        If labels are no integers or the input holds no floating-point numbers.

    Notes
    -----
    Source: G. Tsoumakas, I. Katakis, "Multi-Label Classification: An Overview", 2007.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.multilabel_margin_loss(mt.tensor([[1.0, 0.0, 3.0]]), mt.tensor([[0, 2, -1]]))
    tensor(0.)
    """
    name = "multilabel_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    scores = tuple(raw(require_float(input, name)).shape)
    labels = _labels(name, input, target, scores)
    classes = scores[-1]
    xp = namespace(labels)
    ended = xp.cumulative_sum(xp.astype(labels == -1, xp.int64), axis=-1) > 0
    safe = xp.where(ended, xp.zeros_like(labels), labels)
    refuse_labels(name, safe, classes, 0, " or -1")
    chosen = xp.expand_dims(~ended, axis=-1)
    named = chosen & (xp.expand_dims(safe, axis=-1) == _classes(classes, labels))
    wrong = ~xp.any(named, axis=-2, keepdims=True)
    right = take_along_axis(input, constant(safe, input), axis=-1)
    hinge = relu(1 - expand_dims(right, -1) + expand_dims(input, -2))
    losses = total(where(constant(chosen & wrong, input), hinge, 0.0), axis=(-2, -1)) / classes
    return reduced(reshape(losses, scores[:-1]), reduction)


def _classes(count: int, like: Any) -> Any:
    """The numbers of all classes, beside a raw array."""
    return namespace(like).arange(count, dtype=namespace(like).int64, device=like.device)


def _labels(name: str, input: Any, target: Any, expected: tuple[int, ...]) -> Any:
    """Labels of the ``expected`` shape, for scores with or without a batch."""
    scores = tuple(raw(input).shape)
    labels = integer_labels(name, input, target)
    if len(scores) not in (1, 2) or not scores[-1] or tuple(labels.shape) != expected:
        raise ValueError(
            f"{name}: scores of shape {scores} and labels of shape {tuple(labels.shape)}; expected "
            f"scores (N, C) or (C,) of at least one class, and labels of shape {expected}"
        )
    return labels
