"""Losses that ask for a margin between what belongs together and what does not, as layers.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.loss.base import Loss


class MarginRankingLoss(Loss):
    """``max(0, margin - target * (input1 - input2))``: which of two should rank higher.

    See :func:`functional.margin_ranking_loss`. Inputs and target are of one shape.

    Parameters
    ----------
    margin : float
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> loss = mt.nn.MarginRankingLoss(margin=0.5)
    >>> loss(mt.tensor([1.0]), mt.tensor([3.0]), mt.tensor([1]))
    tensor(2.5)
    """

    function = staticmethod(functional.margin_ranking_loss)

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, margin=margin)


class HingeEmbeddingLoss(Loss):
    """``input`` where ``target`` is 1, ``max(0, margin - input)`` where it is -1.

    See :func:`functional.hinge_embedding_loss`. Input and target are of one shape.

    Parameters
    ----------
    margin : float
        How far what differs should be apart.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.HingeEmbeddingLoss()(mt.tensor([0.5, 0.5]), mt.tensor([1, -1]))
    tensor(0.5)
    """

    function = staticmethod(functional.hinge_embedding_loss)

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, margin=margin)


class CosineEmbeddingLoss(Loss):
    """``1 - cos`` where ``target`` is 1, ``max(0, cos - margin)`` where it is -1.

    See :func:`functional.cosine_embedding_loss`. Inputs are ``(N, D)`` or ``(D,)``, the target
    ``(N,)`` or ``()``.

    Parameters
    ----------
    margin : float
        From -1 to 1.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> a, b = mt.tensor([1.0, 0.0]), mt.tensor([0.0, 2.0])
    >>> mt.nn.CosineEmbeddingLoss()(a, b, mt.tensor(1))
    tensor(1.)
    """

    function = staticmethod(functional.cosine_embedding_loss)

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, margin=margin)


class TripletMarginLoss(Loss):
    """``max(0, margin + d(anchor, positive) - d(anchor, negative))``.

    See :func:`functional.triplet_margin_loss`. All three inputs are of one shape, ``(..., D)``.

    Parameters
    ----------
    margin : float
        Above 0.
    p : float
        Degree of the norm that gives the distances.
    eps : float
        Added to differences, so that the norm has a slope at 0.
    swap : bool
        Take the distance from the positive to the negative where that is smaller.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> a, b, c = mt.tensor([0.0, 0.0]), mt.tensor([0.0, 3.0]), mt.tensor([2.0, 0.0])
    >>> mt.nn.TripletMarginLoss()(a, b, c)
    tensor(2.)
    """

    function = staticmethod(functional.triplet_margin_loss)

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, margin=margin, p=p, eps=eps, swap=swap)


class TripletMarginWithDistanceLoss(Loss):
    """:class:`TripletMarginLoss` with any distance.

    See :func:`functional.triplet_margin_with_distance_loss`. All three inputs are of one shape.

    Parameters
    ----------
    distance_function : callable, optional
        Distances of two tensors; the Euclidean one along the last axis by default.
    margin : float
        Above 0.
    swap : bool
        Take the distance from the positive to the negative where that is smaller.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> a, b, c = mt.tensor([0.0, 0.0]), mt.tensor([0.0, 3.0]), mt.tensor([2.0, 0.0])
    >>> def distance(x, y):
    ...     return mt.abs(x - y).max(axis=-1)
    >>> mt.nn.TripletMarginWithDistanceLoss(distance_function=distance)(a, b, c)
    tensor(2.)
    """

    function = staticmethod(functional.triplet_margin_with_distance_loss)

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, distance_function=distance_function, margin=margin, swap=swap)
