"""Batch normalisation as a function, with PyTorch's names and arguments.

May import ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import kernel
from minitorch_cnn.ops import norm as operations
from minitorch_cnn.ops.analytic import rsqrt
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_float,
    require_one_backend,
    require_one_dtype,
)
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.shape import reshape


@single
def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel minus its mean, over its standard deviation, scaled and shifted.

    Parameters
    ----------
    input : Tensor, shape (N, C, *spatial)
    running_mean, running_var : Tensor, shape (C,), or None
        Overwritten in training with ``(1 - momentum) * old + momentum * batch`` (the batch's
        variance over count - 1); used for normalising otherwise.
    weight, bias : Tensor, shape (C,), optional
    training : bool
        Normalise by the batch rather than by the running statistics.
    momentum : float
        How much of the batch goes into the running statistics.
    eps : float
        Added to the variance.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If channels differ, a training batch has one entry for each channel, or running statistics
        are missing outside training. An empty batch is let through and leaves them as they are.

    Notes
    -----
    Source: S. Ioffe, C. Szegedy, "Batch Normalization", 2015.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.batch_norm(mt.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0)
    tensor([[-1.],
            [ 1.]])
    """
    data = raw(require_float(input, "batch_norm"))
    if data.ndim < 2:
        raise ValueError(
            f"batch_norm: expected an input (N, C, *spatial), got shape {tuple(data.shape)}"
        )
    if (running_mean is None) != (running_var is None):
        raise ValueError(
            "batch_norm: only one of running_mean and running_var is given; pass both or neither"
        )
    statistics = {"running_mean": running_mean, "running_var": running_var}
    check_channels("batch_norm", data.shape[1], **statistics, weight=weight, bias=bias)
    require_one_backend("batch_norm", input=input, running_mean=running_mean, weight=weight)
    require_one_dtype("batch_norm", input=input, weight=weight, bias=bias)
    if not training:
        return _by_running(input, running_mean, running_var, weight, bias, eps)
    count = data.shape[0] * math.prod(data.shape[2:])
    if count == 0:  # no statistics: the running ones stay as they are
        return scale_and_shift(input, weight, bias)
    if count == 1:
        raise ValueError(
            f"batch_norm: {count} entries for each channel in training (shape {tuple(data.shape)})"
            "; more than 1 is needed for a variance: use larger batches, or .eval()"
        )
    mean, variance = operations.moments(data)
    if running_mean is not None:
        blend_moments(running_mean, running_var, mean, variance, momentum, count)
    return operations.batch_norm(
        input,
        1.0 if weight is None else weight,
        0.0 if bias is None else bias,
        mean=mean,
        variance=variance,
        eps=eps,
    )


def check_channels(function: str, channels: int, **statistics: Any) -> None:
    """Refuse arrays that have not one entry for each channel; None is passed over."""
    for name, values in statistics.items():
        if values is not None and tuple(values.shape) != (channels,):
            raise ValueError(
                f"{function}: {name} has shape {tuple(values.shape)}, the input {channels} "
                f"channels; expected ({channels},)"
            )


def scale_and_shift(x: Any, weight: Any, bias: Any) -> Any:
    """Every channel of ``x (N, C, *spatial)`` times its weight, plus its bias; None is left out."""
    wide = (-1, *(1,) * (raw(x).ndim - 2))
    x = x if weight is None else x * reshape(weight, wide)
    return x if bias is None else x + reshape(bias, wide)


def _by_running(
    x: Any, running_mean: Any, running_var: Any, weight: Any, bias: Any, eps: float
) -> Any:
    if running_mean is None:
        raise ValueError(
            "batch_norm: outside training it needs running_mean and running_var; pass them, or "
            "training=True"
        )
    scale = rsqrt(running_var + eps)
    scale = scale if weight is None else scale * weight
    shift = -running_mean * scale
    shift = shift if bias is None else shift + bias
    return scale_and_shift(x, scale, shift)


def blend_moments(
    running_mean: Any, running_var: Any, mean: Any, variance: Any, momentum: float, count: int
) -> None:
    """Overwrite running statistics with a share ``momentum`` of those of ``count`` entries."""
    old = (raw(running_mean), raw(running_var))
    blended = kernel("running_moments", mean)(*old, mean, variance, momentum=momentum, count=count)
    for running, new in zip((running_mean, running_var), blended, strict=True):
        running.assign_(constant(new, running))
