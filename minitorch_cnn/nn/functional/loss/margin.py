"""Losses that ask for a margin between what belongs together and what does not.

May import ``reduction`` and ``ops``. A loss that is exactly met has the slope of one that is not,
as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_cnn.nn.functional.loss.reduction import (
    chosen_reduction,
    floats_of_one_shape,
    reduced,
    same_shape,
)
from minitorch_cnn.ops.analytic import sqrt
from minitorch_cnn.ops.arguments import raw, require_array, require_float, require_one_backend
from minitorch_cnn.ops.elementwise import clip, minimum, where
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.reduce import vector_norm

SMALLEST = 9.999999960041972e-13
"""Added to squared lengths: 1e-12, in PyTorch's rounding to float32."""


def _positive_part(x: Any) -> Any:
    return clip(x, 0)


@single
def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``max(0, margin - target * (input1 - input2))``: which of two should rank higher.

    Parameters
    ----------
    input1, input2 : Tensor
        Of one shape.
    target : Tensor, shape of the inputs
        1 where ``input1`` should be larger, -1 where ``input2`` should; integers or not.
    margin : float
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``. They go before ``reduction``.
    reduction : {"mean", "sum", "none"}
        The mean of nothing is NaN.

    Returns
    -------
    Tensor
        One number, or losses of the shape of the inputs for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.margin_ranking_loss(mt.tensor([1.0]), mt.tensor([3.0]), mt.tensor([1]), margin=0.5)
    tensor(2.5)
    """
    name = "margin_ranking_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    floats_of_one_shape(name, input1=input1, input2=input2)
    same_shape(name, input1=input1, input2=input2, target=target)
    return reduced(_positive_part(margin - target * (input1 - input2)), reduction)


@single
def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``input`` where ``target`` is 1, ``max(0, margin - input)`` where it is -1.

    Parameters
    ----------
    input : Tensor
        Distances, such as between pairs of points.
    target : Tensor, shape of ``input``
        1 for pairs that are alike, -1 for others; integers or not.
    margin : float
        How far others should be apart.
    size_average, reduce, reduction
        As for :func:`margin_ranking_loss`.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hinge_embedding_loss(mt.tensor([0.5, 0.5]), mt.tensor([1, -1]))
    tensor(0.5)
    """
    name = "hinge_embedding_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    same_shape(name, input=require_float(input, name), target=target)
    alike = where(target != -1, input, 0.0)
    apart = where(target != 1, _positive_part(margin - input), 0.0)
    return reduced(alike + apart, reduction)


@single
def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``1 - cos(input1, input2)`` where ``target`` is 1, ``max(0, cos - margin)`` where it is -1.

    Parameters
    ----------
    input1, input2 : Tensor, shape (N, D) or (D,)
        Pairs of vectors.
    target : Tensor, shape (N,) or ()
        1 for pairs that should point the same way, -1 for others; integers or not.
    margin : float
        From -1 to 1; from 0 to 0.5 is suggested.
    size_average, reduce, reduction
        As for :func:`margin_ranking_loss`.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``target`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes do not fit.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.cosine_embedding_loss(mt.tensor([1.0, 0.0]), mt.tensor([0.0, 2.0]), mt.tensor(1))
    tensor(1.)
    """
    name = "cosine_embedding_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    floats_of_one_shape(name, input1=input1, input2=input2)
    shape, labels = tuple(raw(input1).shape), tuple(raw(require_array(target, name)).shape)
    require_one_backend(name, input1=input1, target=target)
    if len(shape) not in (1, 2) or labels != shape[:-1]:
        raise ValueError(
            f"{name}: inputs of shape {shape} and a target of shape {labels}; expected (N, D) and "
            "(N,), or (D,) and ()"
        )
    cosine = _cosine(input1, input2)
    alike = where(target == 1, 1 - cosine, 0.0)
    apart = where(target == -1, _positive_part(cosine - margin), 0.0)
    return reduced(alike + apart, reduction)


def _cosine(a: Any, b: Any) -> Any:
    """Cosine of the angle between vectors along the last axis; 0 where one is all zeros."""
    squared = (total(a * a, axis=-1) + SMALLEST) * (total(b * b, axis=-1) + SMALLEST)
    return total(a * b, axis=-1) / sqrt(squared)


@single
def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``max(0, margin + d(anchor, positive) - d(anchor, negative))``, with ``d`` of norm ``p``.

    Parameters
    ----------
    anchor, positive, negative : Tensor, shape (..., D)
        Of one shape.
    margin : float
        Above 0: how much farther the negative should be.
    p : float
        Degree of the norm of differences.
    eps : float
        Added to the differences, so that the norm has a slope at 0.
    swap : bool
        Take the distance from the positive to the negative where that is smaller.
    size_average, reduce, reduction
        As for :func:`margin_ranking_loss`.

    Returns
    -------
    Tensor
        One number, or losses of shape (...) for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or ``margin`` is not positive.

    Notes
    -----
    Source: V. Balntas et al., "Learning Shallow Convolutional Feature Descriptors with Triplet
    Losses", 2016.

    >>> import minitorch_cnn as mt
    >>> a, b, c = mt.tensor([0.0, 0.0]), mt.tensor([0.0, 3.0]), mt.tensor([2.0, 0.0])
    >>> mt.nn.functional.triplet_margin_loss(a, b, c)
    tensor(2.)
    """
    name = "triplet_margin_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    points = anchor, positive, negative
    return reduced(_triplet(name, points, _distance(p, eps), margin, swap), reduction)


@single
def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """:func:`triplet_margin_loss` with any distance.

    Parameters
    ----------
    anchor, positive, negative : Tensor
        Of one shape, which the distance takes.
    distance_function : callable, optional
        Distances of two tensors; the Euclidean one along the last axis by default.
    margin : float
        Above 0.
    swap : bool
        Take the distance from the positive to the negative where that is smaller.
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    Tensor
        One number, or losses of the shape of the distances for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or ``margin`` is not positive.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> a, b, c = mt.tensor([0.0]), mt.tensor([3.0]), mt.tensor([2.0])
    >>> F.triplet_margin_with_distance_loss(a, b, c, distance_function=lambda x, y: mt.abs(x - y))
    tensor(2.)
    """
    name = "triplet_margin_with_distance_loss"
    reduction = chosen_reduction(name, reduction)
    distance = distance_function or _distance(2.0, 1e-6)
    return reduced(_triplet(name, (anchor, positive, negative), distance, margin, swap), reduction)


def _distance(p: float, eps: float) -> Callable[[Any, Any], Any]:
    """The norm of degree ``p`` of differences along the last axis, kept off 0 by ``eps``."""
    return lambda a, b: vector_norm(a - b + eps, axis=-1, ord=p)


def _triplet(
    name: str,
    points: tuple[Any, Any, Any],
    distance: Callable[[Any, Any], Any],
    margin: float,
    swap: bool,
) -> Any:
    anchor, positive, negative = points
    floats_of_one_shape(name, anchor=anchor, positive=positive, negative=negative)
    if not margin > 0:
        raise ValueError(f"{name}: margin must be positive, got {margin}")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return _positive_part(margin + near - far)
