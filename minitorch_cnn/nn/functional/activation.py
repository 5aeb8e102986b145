"""Activation functions, with PyTorch's names and arguments.

Each is written in operators and array functions, or is one of ``ops``. At their kinks they follow
PyTorch. May import ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.ops.analytic import erf, exp, expm1, log1p, logaddexp, sigmoid, tanh
from minitorch_cnn.ops.arguments import require_float
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.elementwise import relu, where
from minitorch_cnn.ops.norm import log_softmax as _log_softmax
from minitorch_cnn.ops.norm import softmax as _softmax

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
"""Klambauer et al., "Self-Normalizing Neural Networks", 2017."""


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """``x`` for positive entries, ``negative_slope * x`` for the others.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.leaky_relu(mt.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1,  2. ])
    """
    input = require_float(input, "leaky_relu")
    return where(input > 0, input, input * negative_slope)


def elu(input: Any, alpha: float = 1.0) -> Any:
    """``x`` for positive entries, ``alpha * (exp(x) - 1)`` for the others.

    Source: Clevert et al., "Fast and accurate deep network learning by ELUs", 2016.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.elu(mt.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    input = require_float(input, "elu")
    return where(input > 0, input, alpha * expm1(_at_most(input, 0.0)))


def _at_most(x: Any, limit: float) -> Any:
    """``x`` where it is at most ``limit``: keeps a branch that is not chosen from overflowing."""
    return where(x > limit, limit, x)


def selu(input: Any) -> Any:
    """The self-normalising ELU: ``scale * elu(x, alpha)`` with fixed constants.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.selu(mt.tensor([0.0, 1.0]))
    tensor([0.      , 1.0507])
    """
    return SELU_SCALE * elu(input, SELU_ALPHA)


def gelu(input: Any, approximate: str = "none") -> Any:
    """``x`` times the normal distribution function at ``x``.

    ``approximate="tanh"`` takes the tanh formula. Source: Hendrycks and Gimpel, "Gaussian Error
    Linear Units", 2016.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.gelu(mt.tensor([0.0, 1.0]))
    tensor([0.        , 0.8413])
    """
    input = require_float(input, "gelu")
    if approximate == "none":
        return input * (0.5 * (1 + erf(input * math.sqrt(0.5))))
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input * input * input)
        return 0.5 * input * (1 + tanh(inner))
    raise ValueError(f"gelu: approximate={approximate!r} is neither 'none' nor 'tanh'")


def silu(input: Any) -> Any:
    """``x * sigmoid(x)``, also called swish.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.silu(mt.tensor([0.0]))
    tensor([0.])
    """
    return input * sigmoid(input)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """``log(1 + exp(beta * x)) / beta``; ``x`` itself where ``beta * x`` exceeds ``threshold``.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softplus(mt.tensor([0.0, 100.0]))
    tensor([  0.6931, 100.       ])
    """
    if beta == 0:
        raise ValueError("softplus: beta is divided by and must not be 0")
    scaled = require_float(input, "softplus") * beta
    smooth = log1p(exp(_at_most(scaled, threshold))) / beta
    return where(scaled > threshold, input, smooth)


def logsigmoid(input: Any) -> Any:
    """``log(sigmoid(x))``, safe for entries of any size.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.logsigmoid(mt.tensor([0.0, -100.0]))
    tensor([  -0.6931, -100.       ])
    """
    return -logaddexp(-require_float(input, "logsigmoid"), 0.0)


def mish(input: Any) -> Any:
    """``x * tanh(softplus(x))``. Source: Misra, "Mish", 2019.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.mish(mt.tensor([0.0]))
    tensor([0.])
    """
    return input * tanh(softplus(input))


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """``x`` limited to the interval; the gradient at its edges is 0, as in PyTorch.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hardtanh(mt.tensor([-2.0, 0.5, 2.0]))
    tensor([-1. ,  0.5,  1. ])
    """
    input = require_float(input, "hardtanh")
    return where(input <= min_val, min_val, where(input >= max_val, max_val, input))


def relu6(input: Any) -> Any:
    """``x`` limited to [0, 6].

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.relu6(mt.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """
    return hardtanh(input, 0.0, 6.0)


def hardsigmoid(input: Any) -> Any:
    """``x / 6 + 1 / 2`` limited to [0, 1].

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hardsigmoid(mt.tensor([-3.0, 0.0, 3.0]))
    tensor([0. , 0.5, 1. ])
    """
    return hardtanh(input + 3.0, 0.0, 6.0) / 6.0


def hardswish(input: Any) -> Any:
    """``x * hardsigmoid(x)``. Source: Howard et al., "Searching for MobileNetV3", 2019.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hardswish(mt.tensor([-3.0, 0.0, 3.0]))
    tensor([-0.,  0.,  3.])
    """
    return input * hardsigmoid(input)


def softsign(input: Any) -> Any:
    """``x / (1 + |x|)``.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softsign(mt.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.5,  0. ,  0.5])
    """
    return input / (1 + absolute(input))


def softmax(input: Any, dim: int) -> Any:
    """``exp(x) / sum(exp(x))`` along ``dim``: positive numbers that add up to 1.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softmax(mt.tensor([0.0, 0.0]), 0)
    tensor([0.5, 0.5])
    """
    return _softmax(input, dim)


def log_softmax(input: Any, dim: int) -> Any:
    """``log(softmax(x))`` along ``dim``, safe for entries of any size.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.log_softmax(mt.tensor([0.0, 1000.0]), 0)
    tensor([-1000.,     0.])
    """
    return _log_softmax(input, dim)


__all__ = [
    "elu",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]
