"""Losses that compare probabilities: binary cross-entropy and the divergence of two distributions.

May import ``reduction``, the activations and ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import namespace, refuse_if
from minitorch_cnn.nn.functional.activation import logsigmoid
from minitorch_cnn.nn.functional.loss.reduction import (
    chosen_reduction,
    floats_of_one_shape,
    reduced,
    weighted,
)
from minitorch_cnn.ops import loss as operations
from minitorch_cnn.ops.analytic import exp, log
from minitorch_cnn.ops.arguments import raw
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import promote


@single
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``-(target * log(p) + (1 - target) * log(1 - p))`` of probabilities ``p``.

    Logarithms are limited to -100, as in PyTorch, so that the loss stays finite.

    Parameters
    ----------
    input : Tensor, any shape
        Probabilities, from 0 to 1.
    target : Tensor, shape of ``input``
        0 or 1, or what lies between.
    weight : Tensor, optional
        A factor for each loss; it broadcasts, and the mean stays one over the number of losses.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``. They go before ``reduction``.
    reduction : {"mean", "sum", "none"}
        The mean of nothing is NaN.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes differ or a probability lies outside [0, 1].

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.binary_cross_entropy(mt.tensor([0.5]), mt.tensor([1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    floats_of_one_shape(name, input=input, target=target)
    data = raw(input)
    wrong = namespace(data).logical_not((data >= 0) & (data <= 1))  # NaN is wrong, too

    def error() -> ValueError:
        return ValueError(
            f"{name}: probabilities must lie between 0 and 1; use binary_cross_entropy_with_logits "
            "for raw scores"
        )

    refuse_if(wrong, error)
    losses = operations.binary_cross_entropy(*promote(input, target))
    return reduced(weighted(losses, weight, name), reduction)


@single
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """Binary cross-entropy of ``sigmoid(input)``, safe for scores of any size.

    Parameters
    ----------
    input : Tensor, any shape
        Scores (logits), not probabilities.
    target, weight, size_average, reduce, reduction
        As for :func:`binary_cross_entropy`.
    pos_weight : Tensor, optional
        A factor for the term of ``target``, such as one for each of the last axis; it broadcasts.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes differ, or a weight does not broadcast to them.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.binary_cross_entropy_with_logits(mt.tensor([0.0]), mt.tensor([1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    floats_of_one_shape(name, input=input, target=target)
    hit = weighted(target, pos_weight, name)
    losses = -(hit * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced(weighted(losses, weight, name), reduction)


@single
def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """``target * (log(target) - input)``: how far ``input``, log-probabilities, is from ``target``.

    Parameters
    ----------
    input : Tensor, any shape
        Log-probabilities.
    target : Tensor, shape of ``input``
        Probabilities, or log-probabilities for ``log_target=True``.
    size_average, reduce : bool, optional
        PyTorch's older arguments, as in :func:`binary_cross_entropy`.
    reduction : {"mean", "sum", "none", "batchmean"}
        ``"batchmean"`` divides the sum by the first size, which is the divergence proper.
    log_target : bool

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Source: S. Kullback, R. Leibler, "On Information and Sufficiency", 1951.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.kl_div(mt.tensor([0.0]), mt.tensor([1.0]))
    tensor(0.)
    """
    reduction = chosen_reduction("kl_div", reduction, size_average, reduce, ("batchmean",))
    floats_of_one_shape("kl_div", input=input, target=target)
    if log_target:
        losses = exp(target) * (target - input)
    else:
        safe = where(target > 0, target, 1.0)  # 0 log 0 is 0
        at_most_0 = where(target < 0, math.nan, 0.0)  # a negative number is no probability
        losses = where(target > 0, target * log(safe), at_most_0) - target * input
    if reduction == "batchmean":
        rows = raw(losses).shape[0] if raw(losses).ndim else 1
        return total(losses) / (rows or math.nan)
    return reduced(losses, reduction)
