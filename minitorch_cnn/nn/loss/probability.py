"""Losses between probabilities as layers.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.loss.base import Loss


class BCELoss(Loss):
    """Binary cross-entropy of probabilities.

    See :func:`functional.binary_cross_entropy`. Input and target are of one shape.

    Parameters
    ----------
    weight : Tensor, optional
        A factor for each loss; it broadcasts.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.BCELoss()(mt.tensor([0.5]), mt.tensor([1.0]))
    tensor(0.6931)
    """

    function = staticmethod(functional.binary_cross_entropy)

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, weight=weight)


class BCEWithLogitsLoss(Loss):
    """Binary cross-entropy of ``sigmoid(input)``, safe for scores of any size.

    See :func:`functional.binary_cross_entropy_with_logits`. Input and target are of one shape.

    Parameters
    ----------
    weight : Tensor, optional
        A factor for each loss; it broadcasts.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}
    pos_weight : Tensor, optional
        A factor for the term of the target; it broadcasts.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.BCEWithLogitsLoss()(mt.tensor([0.0]), mt.tensor([1.0]))
    tensor(0.6931)
    """

    function = staticmethod(functional.binary_cross_entropy_with_logits)

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:
        super().__init__(reduction, size_average, reduce, weight=weight, pos_weight=pos_weight)


class KLDivLoss(Loss):
    """How far ``input``, log-probabilities, is from ``target``, probabilities.

    See :func:`functional.kl_div`. Input and target are of one shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none", "batchmean"}
        ``"batchmean"`` divides the sum by the first size, which is the divergence proper.
    log_target : bool
        Whether the target holds log-probabilities too.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.KLDivLoss()(mt.tensor([0.0]), mt.tensor([1.0]))
    tensor(0.)
    """

    function = staticmethod(functional.kl_div)
    more_reductions = ("batchmean",)

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(reduction, size_average, reduce, log_target=log_target)
