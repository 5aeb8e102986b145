"""Activation functions as modules, with PyTorch's names and arguments. No parameters.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.module import Module


class _Activation(Module):
    """A function with its settings."""

    function: ClassVar[Callable[..., Any]]

    def __init__(self, **settings: Any) -> None:
        self._names = tuple(settings)
        vars(self).update(settings)

    def settings(self) -> dict[str, Any]:
        """The arguments of the function besides its input."""
        return {name: getattr(self, name) for name in self._names}

    def forward(self, x: Any) -> Any:
        return type(self).function(x, **self.settings())

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.settings().items())


class ReLU(_Activation):
    """``max(x, 0)``; see :func:`functional.relu`."""

    function = staticmethod(functional.relu)

    def __init__(self) -> None:
        super().__init__()


class ReLU6(_Activation):
    """``x`` limited to [0, 6]; see :func:`functional.relu6`."""

    function = staticmethod(functional.relu6)

    def __init__(self) -> None:
        super().__init__()


class LeakyReLU(_Activation):
    """``x``, or ``negative_slope * x`` where it is negative; see :func:`functional.leaky_relu`."""

    function = staticmethod(functional.leaky_relu)

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__(negative_slope=negative_slope)


class ELU(_Activation):
    """``x``, or ``alpha * (exp(x) - 1)`` where it is negative; see :func:`functional.elu`."""

    function = staticmethod(functional.elu)

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha=alpha)


class SELU(_Activation):
    """The self-normalising ELU; see :func:`functional.selu`."""

    function = staticmethod(functional.selu)

    def __init__(self) -> None:
        super().__init__()


class GELU(_Activation):
    """``x`` times the normal distribution function at ``x``; see :func:`functional.gelu`."""

    function = staticmethod(functional.gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)


class SiLU(_Activation):
    """``x * sigmoid(x)``; see :func:`functional.silu`."""

    function = staticmethod(functional.silu)

    def __init__(self) -> None:
        super().__init__()


class Mish(_Activation):
    """``x * tanh(softplus(x))``; see :func:`functional.mish`."""

    function = staticmethod(functional.mish)

    def __init__(self) -> None:
        super().__init__()


class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))``; see :func:`functional.sigmoid`."""

    function = staticmethod(functional.sigmoid)

    def __init__(self) -> None:
        super().__init__()


class LogSigmoid(_Activation):
    """``log(sigmoid(x))``; see :func:`functional.logsigmoid`."""

    function = staticmethod(functional.logsigmoid)

    def __init__(self) -> None:
        super().__init__()


class Tanh(_Activation):
    """``tanh(x)``; see :func:`functional.tanh`."""

    function = staticmethod(functional.tanh)

    def __init__(self) -> None:
        super().__init__()


class Softplus(_Activation):
    """``log(1 + exp(beta * x)) / beta``; see :func:`functional.softplus`."""

    function = staticmethod(functional.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softsign(_Activation):
    """``x / (1 + |x|)``; see :func:`functional.softsign`."""

    function = staticmethod(functional.softsign)

    def __init__(self) -> None:
        super().__init__()


class Hardtanh(_Activation):
    """``x`` limited to an interval; see :func:`functional.hardtanh`."""

    function = staticmethod(functional.hardtanh)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        super().__init__(min_val=min_val, max_val=max_val)


class Hardsigmoid(_Activation):
    """``x / 6 + 1 / 2`` limited to [0, 1]; see :func:`functional.hardsigmoid`."""

    function = staticmethod(functional.hardsigmoid)

    def __init__(self) -> None:
        super().__init__()


class Hardswish(_Activation):
    """``x * hardsigmoid(x)``; see :func:`functional.hardswish`."""

    function = staticmethod(functional.hardswish)

    def __init__(self) -> None:
        super().__init__()


class Softmax(_Activation):
    """``exp(x) / sum(exp(x))`` along ``dim``; see :func:`functional.softmax`."""

    function = staticmethod(functional.softmax)

    def __init__(self, dim: int) -> None:
        super().__init__(dim=dim)


class LogSoftmax(_Activation):
    """``log(softmax(x))`` along ``dim``; see :func:`functional.log_softmax`."""

    function = staticmethod(functional.log_softmax)

    def __init__(self, dim: int) -> None:
        super().__init__(dim=dim)
