"""Losses that ask right classes to outscore wrong ones, as layers.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.loss.base import Loss


class MultiMarginLoss(Loss):
    """Sum over the wrong classes of ``max(0, margin - right + wrong)**p``, over C.

    See :func:`functional.multi_margin_loss`. Scores are ``(N, C)`` or ``(C,)``, labels
    ``(N,)`` or ``()``.

    Parameters
    ----------
    p : {1, 2}
    margin : float
        By how much the right score should exceed each other one.
    weight : Tensor, shape (C,), optional
        A factor for each right class.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MultiMarginLoss()(mt.tensor([[0.5, 0.0, 3.0]]), mt.tensor([0]))
    tensor(1.3333)
    """

    function = staticmethod(functional.multi_margin_loss)

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, p=p, margin=margin, weight=weight)


class MultiLabelMarginLoss(Loss):
    """Sum over right and wrong classes of ``max(0, 1 - right + wrong)``, over C.

    See :func:`functional.multilabel_margin_loss`. Scores and labels, which -1 ends, are
    ``(N, C)`` or ``(C,)``.

    Parameters
    ----------
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> loss = mt.nn.MultiLabelMarginLoss()
    >>> loss(mt.tensor([[1.0, 0.0, 3.0]]), mt.tensor([[0, 2, -1]]))
    tensor(0.)
    """

    function = staticmethod(functional.multilabel_margin_loss)

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction, size_average, reduce)


class MultiLabelSoftMarginLoss(Loss):
    """Binary cross-entropy of ``sigmoid(input)``, averaged over the classes of a row.

    See :func:`functional.multilabel_soft_margin_loss`. Scores and target are ``(..., C)``.

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        A factor for each class.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MultiLabelSoftMarginLoss()(mt.tensor([[0.0, 0.0]]), mt.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """

    function = staticmethod(functional.multilabel_soft_margin_loss)

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, weight=weight)


class SoftMarginLoss(Loss):
    """``log(1 + exp(-target * input))``.

    See :func:`functional.soft_margin_loss`. Input and target are of one shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.SoftMarginLoss()(mt.tensor([0.0]), mt.tensor([-1]))
    tensor(0.6931)
    """

    function = staticmethod(functional.soft_margin_loss)

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction, size_average, reduce)
