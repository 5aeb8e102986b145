"""Losses as modules, with PyTorch's names and arguments.

Factors for classes and entries are buffers, so that they move with the module. May import
``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Buffer
from minitorch_cnn.tensor import Tensor


class _Loss(Module):
    """A loss function with its settings."""

    function: ClassVar[Callable[..., Any]]

    def __init__(self, **settings: Any) -> None:
        self._names = tuple(settings)
        for name, value in settings.items():
            setattr(self, name, Buffer(value) if isinstance(value, Tensor) else value)

    def forward(self, input: Any, target: Any) -> Any:
        settings = {name: getattr(self, name) for name in self._names}
        return type(self).function(input, target, **settings)

    def extra_repr(self) -> str:
        return ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name in self._names
            if not isinstance(getattr(self, name), Buffer)
        )


class MSELoss(_Loss):
    """Squared differences; see :func:`functional.mse_loss`."""

    function = staticmethod(functional.mse_loss)

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)


class L1Loss(_Loss):
    """Absolute differences; see :func:`functional.l1_loss`."""

    function = staticmethod(functional.l1_loss)

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)


class SmoothL1Loss(_Loss):
    """Huber loss over ``beta``; see :func:`functional.smooth_l1_loss`."""

    function = staticmethod(functional.smooth_l1_loss)

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction, beta=beta)


class HuberLoss(_Loss):
    """Squared for small and absolute for large differences; see :func:`functional.huber_loss`."""

    function = staticmethod(functional.huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction, delta=delta)


class KLDivLoss(_Loss):
    """Divergence of log-probabilities from probabilities; see :func:`functional.kl_div`."""

    function = staticmethod(functional.kl_div)

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction, log_target=log_target)


class CrossEntropyLoss(_Loss):
    """Negative log-softmax of the right class; see :func:`functional.cross_entropy`."""

    function = staticmethod(functional.cross_entropy)

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            weight=weight,
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )


class NLLLoss(_Loss):
    """Negative log-probability of the right class; see :func:`functional.nll_loss`."""

    function = staticmethod(functional.nll_loss)

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(weight=weight, ignore_index=ignore_index, reduction=reduction)


class BCELoss(_Loss):
    """Binary cross-entropy of probabilities; see :func:`functional.binary_cross_entropy`."""

    function = staticmethod(functional.binary_cross_entropy)

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(weight=weight, reduction=reduction)


class BCEWithLogitsLoss(_Loss):
    """Binary cross-entropy of scores; see :func:`functional.binary_cross_entropy_with_logits`."""

    function = staticmethod(functional.binary_cross_entropy_with_logits)

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(weight=weight, reduction=reduction, pos_weight=pos_weight)
