"""Losses between numbers as layers.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.loss.base import Loss


class MSELoss(Loss):
    """Squared differences, ``(input - target)**2``.

    See :func:`functional.mse_loss`. Input and target are of one shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MSELoss()(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(2.)
    """

    function = staticmethod(functional.mse_loss)

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction, size_average, reduce)


class L1Loss(Loss):
    """Absolute differences, ``|input - target|``.

    See :func:`functional.l1_loss`. Input and target are of one shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.L1Loss()(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(1.)
    """

    function = staticmethod(functional.l1_loss)

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction, size_average, reduce)


class SmoothL1Loss(Loss):
    """:class:`HuberLoss` over ``beta``; ``beta=0`` is :class:`L1Loss`.

    See :func:`functional.smooth_l1_loss`. Input and target are of one shape.

    Parameters
    ----------
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    reduction : {"mean", "sum", "none"}
    beta : float
        Up to which difference the loss is curved, 0 or more.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.SmoothL1Loss(beta=2.0)(mt.tensor([3.0]), mt.tensor([0.0]))
    tensor(2.)
    """

    function = staticmethod(functional.smooth_l1_loss)

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(reduction, size_average, reduce, beta=beta)


class HuberLoss(Loss):
    """Half the squared difference up to ``delta``, a straight line beyond.

    See :func:`functional.huber_loss`. Input and target are of one shape.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
    delta : float
        Above 0.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.HuberLoss()(mt.tensor([3.0]), mt.tensor([0.0]))
    tensor(2.5)
    """

    function = staticmethod(functional.huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction, delta=delta)


class PoissonNLLLoss(Loss):
    """Negative log-probability of counts under a Poisson distribution.

    See :func:`functional.poisson_nll_loss`. Input and target are of one shape.

    Parameters
    ----------
    log_input : bool
        Whether the input is the logarithm of the expected count.
    full : bool
        Add ``log(target!)`` by Stirling's formula.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``.
    eps : float
        Keeps ``log(0)`` finite for ``log_input=False``.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.PoissonNLLLoss()(mt.tensor([0.0]), mt.tensor([3.0]))
    tensor(1.)
    """

    function = staticmethod(functional.poisson_nll_loss)

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction, size_average, reduce, log_input=log_input, full=full, eps=eps)


class GaussianNLLLoss(Loss):
    """Negative log-probability of numbers under normal distributions.

    See :func:`functional.gaussian_nll_loss`. Called with means, targets and variances.

    Parameters
    ----------
    full : bool
        Add the constant ``log(2 * pi) / 2``.
    eps : float
        The least variance.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mean, target, variance = mt.tensor([1.0]), mt.tensor([3.0]), mt.tensor([1.0])
    >>> mt.nn.GaussianNLLLoss()(mean, target, variance)
    tensor(2.)
    """

    function = staticmethod(functional.gaussian_nll_loss)

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction, full=full, eps=eps)
