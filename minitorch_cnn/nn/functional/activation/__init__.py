"""Activation functions, with PyTorch's names, arguments and slopes at kinks.

``piecewise`` holds those made of straight lines, ``smooth`` the curved ones, ``softmax`` those that
normalise an axis. ``inplace`` is accepted everywhere PyTorch has it and changes nothing, since
tensors are values.
"""

from minitorch_cnn.nn.functional.activation.piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    relu,
    relu6,
    rrelu,
    softshrink,
    threshold,
)
from minitorch_cnn.nn.functional.activation.smooth import (
    celu,
    elu,
    gelu,
    glu,
    logsigmoid,
    mish,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanh,
    tanhshrink,
)
from minitorch_cnn.nn.functional.activation.softmax import (
    gumbel_softmax,
    log_softmax,
    softmax,
    softmin,
)

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]
