"""Losses of scores for classes as layers.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.loss.base import Loss


class CrossEntropyLoss(Loss):
    """Negative log-softmax of the right class: the loss for classification.

    See :func:`functional.cross_entropy`. The input is ``(N, C, *positions)`` or ``(C,)``, the
    target labels ``(N, *positions)`` or ``()``, or probabilities shaped like the input.

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        A factor for each class; the mean is then over the sum of the factors met.
    ignore_index : int
        A label that counts for nothing.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}
    label_smoothing : float
        From 0 to 1: the share of the target that is spread evenly over all classes.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.CrossEntropyLoss()(mt.tensor([[0.0, 0.0]]), mt.tensor([1]))
    tensor(0.6931)
    """

    function = staticmethod(functional.cross_entropy)

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            reduction,
            size_average,
            reduce,
            weight=weight,
            ignore_index=ignore_index,
            label_smoothing=label_smoothing,
        )


class NLLLoss(Loss):
    """Negative log-probability of the right class.

    See :func:`functional.nll_loss`. The input is ``(N, C, *positions)`` or ``(C,)``, the target
    labels ``(N, *positions)`` or ``()``.

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        A factor for each class; the mean is then over the sum of the factors met.
    ignore_index : int
        A label that counts for nothing.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.NLLLoss()(mt.tensor([[-0.5, -1.0]]), mt.tensor([1]))
    tensor(1.)
    """

    function = staticmethod(functional.nll_loss)

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, weight=weight, ignore_index=ignore_index)
