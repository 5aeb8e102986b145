"""Losses that compare numbers with numbers.

May import ``reduction`` and ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import namespace, refuse_if
from minitorch_cnn.nn.functional.loss.reduction import (
    chosen_reduction,
    floats_of_one_shape,
    reduced,
    weighted,
)
from minitorch_cnn.ops.analytic import exp, log
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_array,
    require_float,
    require_one_backend,
)
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.shape import expand_dims


@single
def mse_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """Squared differences, ``(input - target)**2``.

    Parameters
    ----------
    input, target : Tensor
        Of one shape.
    size_average, reduce : bool, optional
        PyTorch's older arguments: ``reduce=False`` means ``reduction="none"``, else
        ``size_average=False`` means ``"sum"`` and True ``"mean"``. They go before ``reduction``.
    reduction : {"mean", "sum", "none"}
        The mean of nothing is NaN.
    weight : Tensor, shape of ``input``, optional
        A factor for each difference; the mean is then over the sum of the factors.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.mse_loss(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(2.)
    """
    reduction = chosen_reduction("mse_loss", reduction, size_average, reduce)
    floats_of_one_shape("mse_loss", input=input, target=target, weight=weight)
    difference = input - target
    return reduced(weighted(difference * difference, weight, "mse_loss"), reduction, weight)


@single
def l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """Absolute differences, ``|input - target|``; the slope where they are equal is 0.

    Parameters
    ----------
    input, target, size_average, reduce, reduction, weight
        As for :func:`mse_loss`.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.l1_loss(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(1.)
    """
    reduction = chosen_reduction("l1_loss", reduction, size_average, reduce)
    floats_of_one_shape("l1_loss", input=input, target=target, weight=weight)
    return reduced(weighted(absolute(input - target), weight, "l1_loss"), reduction, weight)


@single
def huber_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Any = None,
) -> Any:
    """Half the squared difference up to ``delta``, a straight line beyond.

    ``d**2 / 2`` for ``|d| <= delta`` and ``delta * (|d| - delta / 2)`` otherwise.

    Parameters
    ----------
    input, target, reduction
        As for :func:`mse_loss`.
    delta : float
        Above 0.
    weight : Tensor, shape of ``input``, optional
        A factor for each loss; the mean stays one over the number of losses, as in PyTorch.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or ``delta`` is not positive.

    Notes
    -----
    Source: P. Huber, "Robust Estimation of a Location Parameter", 1964.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.huber_loss(mt.tensor([3.0]), mt.tensor([0.0]))
    tensor(2.5)
    """
    reduction = chosen_reduction("huber_loss", reduction)
    floats_of_one_shape("huber_loss", input=input, target=target, weight=weight)
    if not delta > 0:
        raise ValueError(f"huber_loss: delta must be positive, got {delta}")
    return reduced(weighted(_huber(input, target, delta), weight, "huber_loss"), reduction)


def _huber(input: Any, target: Any, delta: float) -> Any:
    difference = input - target
    size = absolute(difference)
    near = size <= delta
    small = where(near, difference, 0.0)  # the square of a large one could overflow
    return where(near, 0.5 * small * small, delta * (size - 0.5 * delta))


@single
def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """:func:`huber_loss` over ``beta``; ``beta=0`` is :func:`l1_loss`.

    Parameters
    ----------
    input, target, size_average, reduce, reduction
        As for :func:`mse_loss`.
    beta : float
        Up to which difference the loss is curved, 0 or more.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ or ``beta`` is negative.

    Notes
    -----
    Source: R. Girshick, "Fast R-CNN", 2015.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.smooth_l1_loss(mt.tensor([3.0]), mt.tensor([0.0]), beta=2.0)
    tensor(2.)
    """
    reduction = chosen_reduction("smooth_l1_loss", reduction, size_average, reduce)
    floats_of_one_shape("smooth_l1_loss", input=input, target=target)
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    losses = _huber(input, target, beta) / beta if beta else absolute(input - target)
    return reduced(losses, reduction)


@single
def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Negative log-probability of counts under a Poisson distribution.

    ``exp(input) - target * input``, or ``input - target * log(input + eps)`` for
    ``log_input=False``, without the term ``log(target!)`` unless ``full``.

    Parameters
    ----------
    input : Tensor
        Expected counts, as logarithms unless ``log_input=False``.
    target : Tensor, shape of ``input``
        Counts, as floating-point numbers.
    log_input : bool
    full : bool
        Add ``log(target!)`` by Stirling's formula, for targets above 1.
    eps : float
        Keeps ``log(0)`` finite for ``log_input=False``.
    size_average, reduce, reduction
        As for :func:`mse_loss`.

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If the shapes differ.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.poisson_nll_loss(mt.tensor([0.0]), mt.tensor([3.0]))
    tensor(1.)
    """
    reduction = chosen_reduction("poisson_nll_loss", reduction, size_average, reduce)
    floats_of_one_shape("poisson_nll_loss", input=input, target=target)
    rate = exp(input) if log_input else input
    log_rate = input if log_input else log(input + eps)
    losses = rate - target * log_rate
    return reduced(losses + _log_factorial(target) if full else losses, reduction)


def _log_factorial(n: Any) -> Any:
    """Stirling's approximation of ``log(n!)`` for entries above 1, 0 for the others."""
    large = n > 1
    safe = where(large, n, 1.0)
    return where(large, safe * log(safe) - safe + 0.5 * log(2 * math.pi * safe), 0.0)


@single
def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """Negative log-probability of numbers under normal distributions.

    ``(log(var) + (input - target)**2 / var) / 2``, without ``log(2 * pi) / 2`` unless ``full``.

    Parameters
    ----------
    input : Tensor
        Means.
    target : Tensor
        Shape of ``input``, or with sizes of 1.
    var : Tensor or float
        Variances: one for each mean, one for each row (the last axis left out or of size 1), or
        one in all.
    full : bool
    eps : float
        The least variance. What is raised to it keeps its gradient, as in PyTorch.
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    Tensor
        One number, or losses of the shape of ``input`` for ``reduction="none"``.

    Raises
    ------
    ValueError
        If shapes do not fit or a variance is negative.

    Notes
    -----
    Source: D. Nix, A. Weigend, "Estimating the Mean and Variance of the Target Probability
    Distribution", 1994.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.gaussian_nll_loss(mt.tensor([1.0]), mt.tensor([3.0]), mt.tensor([1.0]))
    tensor(2.)
    """
    name = "gaussian_nll_loss"
    reduction = chosen_reduction(name, reduction)
    require_one_backend(name, input=require_float(input, name), target=require_float(target, name))
    _require_sizes("target", target, raw(input).shape, name)
    variance = _at_least(_variances(var, input, name), eps)
    difference = input - target
    losses = 0.5 * (log(variance) + difference * difference / variance)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _require_sizes(what: str, given: Any, shape: Any, name: str) -> None:
    """The sizes of ``shape``, any of them perhaps 1."""
    own, wanted = tuple(raw(given).shape), tuple(shape)
    if len(own) != len(wanted) or any(n not in (1, m) for m, n in zip(wanted, own, strict=True)):
        raise ValueError(
            f"{name}: {what} of shape {own} for an input of shape {wanted}; expected that shape, "
            "or sizes of 1 in it"
        )


def _variances(var: Any, input: Any, name: str) -> Any:
    """Variances that broadcast to ``input``, checked."""
    data = raw(input)
    if isinstance(var, (int, float)):
        xp = namespace(data)
        var = constant(xp.full_like(data, var), input)
    require_one_backend(name, input=input, var=require_float(require_array(var, name), name))

    def error() -> ValueError:
        return ValueError(
            f"{name}: var holds a negative number; variances are 0 or more (pass exp of what a net "
            "gives, or softplus)"
        )

    refuse_if(raw(var) < 0, error)
    if tuple(raw(var).shape) == tuple(data.shape[:-1]) != tuple(data.shape):
        return expand_dims(var, -1)
    _require_sizes("var", var, data.shape, name)
    return var


def _at_least(x: Any, limit: float) -> Any:
    """``max(x, limit)``, with slope 1 everywhere."""
    data = raw(x)
    xp = namespace(data)
    return x + constant(xp.where(data < limit, limit - data, xp.zeros_like(data)), x)
