"""Activations made of straight lines: the family of relu, steps and shrinkage.

At their kinks they follow PyTorch, and a branch that is not chosen adds nothing to a gradient, not
even NaN. May import ``ops`` and ``random``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.backend import backend_of
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_float,
    require_one_backend,
    require_one_dtype,
)
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.elementwise import relu as _relu
from minitorch_cnn.ops.elementwise import sign, where
from minitorch_cnn.ops.precision import widest
from minitorch_cnn.ops.shape import reshape


def relu(input: Any, inplace: bool = False) -> Any:
    """``max(x, 0)``; the slope at 0 is 0.

    Parameters
    ----------
    input : Tensor, any shape
    inplace : bool
        Accepted for PyTorch's sake; tensors are values, so nothing is overwritten.

    Returns
    -------
    Tensor, shape of ``input``

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.relu(mt.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return _relu(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """``x`` for positive entries, ``negative_slope * x`` for the others.

    Parameters
    ----------
    input : Tensor, any shape
    negative_slope : float
        Also the slope at 0.
    inplace : bool
        Accepted; changes nothing, as in :func:`relu`.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: A. Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.leaky_relu(mt.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1,  2. ])
    """
    input = require_float(input, "leaky_relu")
    return where(input > 0, input, input * negative_slope)


@widest
def prelu(input: Any, weight: Any) -> Any:
    """``x`` for positive entries, ``weight * x`` for the others: a slope that is learned.

    Parameters
    ----------
    input : Tensor, shape (N, C, ...) or any with one weight
    weight : Tensor, shape (C,), (1,) or ()
        One slope for each channel, or one for all.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If there are neither one nor C weights.

    Notes
    -----
    Source: K. He et al., "Delving Deep into Rectifiers", 2015.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.prelu(mt.tensor([-1.0, 2.0]), mt.tensor([0.25]))
    tensor([-0.25,  2.  ])
    """
    data = raw(require_float(input, "prelu"))
    slopes = tuple(raw(require_float(weight, "prelu")).shape)
    require_one_backend("prelu", input=input, weight=weight)
    require_one_dtype("prelu", input=input, weight=weight)
    channels = data.shape[1] if data.ndim > 1 else 1
    if slopes not in ((), (1,), (channels,)):
        raise ValueError(
            f"prelu: a weight of shape {slopes} for an input of shape {tuple(data.shape)}; "
            f"expected one slope, shape (1,), or one for each channel, shape ({channels},)"
        )
    if slopes == (channels,) != (1,):
        weight = reshape(weight, (-1, *(1,) * (data.ndim - 2)))
    else:
        weight = reshape(weight, ())
    return where(input > 0, input, weight * where(input > 0, 0.0, input))


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: np.random.Generator | None = None,
) -> Any:
    """:func:`leaky_relu` with a slope drawn for each entry while training.

    Parameters
    ----------
    input : Tensor, any shape
    lower, upper : float
        Slopes are drawn evenly between them; outside training their middle is the slope.
    training : bool
    inplace : bool
        Accepted; changes nothing, as in :func:`relu`.
    rng : numpy.random.Generator, optional
        Where the slopes come from; the generator of ``mt.seed`` by default. They are drawn on the
        host, so that every backend draws the same.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``lower`` exceeds ``upper``.

    Notes
    -----
    Source: B. Xu et al., "Empirical Evaluation of Rectified Activations", 2015.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.rrelu(mt.tensor([-8.0, 2.0]), 0.25, 0.75)
    tensor([-4.,  2.])
    """
    data = raw(require_float(input, "rrelu"))
    if not lower <= upper:
        raise ValueError(f"rrelu: lower {lower} exceeds upper {upper}; swap them")
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    home = backend_of(data)
    drawn = home.asarray(random.generator(rng).uniform(lower, upper, data.shape), copy=False)
    slopes = constant(home.xp.astype(drawn, data.dtype), input)
    return where(input > 0, input, where(input > 0, 0.0, input) * slopes)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """``x`` where it exceeds ``threshold``, ``value`` elsewhere; the slope at the step is 0.

    Parameters
    ----------
    input : Tensor, any shape
    threshold, value : float
    inplace : bool
        Accepted; changes nothing, as in :func:`relu`.

    Returns
    -------
    Tensor, shape of ``input``

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.threshold(mt.tensor([0.5, 2.0]), 1.0, -7.0)
    tensor([-7.,  2.])
    """
    input = require_float(input, "threshold")
    return where(input <= threshold, value, input)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """``x`` limited to an interval; the slope at its edges is 0.

    Parameters
    ----------
    input : Tensor, any shape
    min_val, max_val : float
        The interval.
    inplace : bool
        Accepted; changes nothing, as in :func:`relu`.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``min_val`` exceeds ``max_val``.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hardtanh(mt.tensor([-2.0, 0.5, 2.0]))
    tensor([-1. ,  0.5,  1. ])
    """
    input = require_float(input, "hardtanh")
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} exceeds max_val {max_val}; swap them")
    return where(input <= min_val, min_val, where(input >= max_val, max_val, input))


def relu6(input: Any, inplace: bool = False) -> Any:
    """``min(max(x, 0), 6)``; the slope at both edges is 0.

    Parameters
    ----------
    input : Tensor, any shape
    inplace : bool
        Accepted; changes nothing, as in :func:`relu`.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: A. Krizhevsky, "Convolutional Deep Belief Networks on CIFAR-10", 2010.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.relu6(mt.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """
    return hardtanh(require_float(input, "relu6"), 0.0, 6.0)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """``x / 6 + 1 / 2`` limited to [0, 1]; the slope at both edges is 0.

    Parameters
    ----------
    input : Tensor, any shape
    inplace : bool
        Accepted; changes nothing, as in :func:`relu`.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: M. Courbariaux et al., "BinaryConnect", 2015, with the slope of MobileNetV3.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hardsigmoid(mt.tensor([-3.0, 0.0, 3.0]))
    tensor([0. , 0.5, 1. ])
    """
    # The limits are those of x, so that rounding moves no kink.
    return (hardtanh(require_float(input, "hardsigmoid"), -3.0, 3.0) + 3.0) / 6.0


def hardswish(input: Any, inplace: bool = False) -> Any:
    """``x * hardsigmoid(x)``; the slope is 0 at -3 and 1 at 3.

    Parameters
    ----------
    input : Tensor, any shape
    inplace : bool
        Accepted; changes nothing, as in :func:`relu`.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: A. Howard et al., "Searching for MobileNetV3", 2019.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hardswish(mt.tensor([-3.0, 0.0, 3.0]))
    tensor([-0.,  0.,  3.])
    """
    return require_float(input, "hardswish") * hardsigmoid(input)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """0 where ``|x| <= lambd``, ``x`` elsewhere; the slope at both steps is 0.

    Parameters
    ----------
    input : Tensor, any shape
    lambd : float
        PyTorch's spelling, as ``lambda`` is a word of Python.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: D. Donoho, I. Johnstone, "Ideal Spatial Adaptation by Wavelet Shrinkage", 1994.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.hardshrink(mt.tensor([-1.0, 0.5, 2.0]))
    tensor([-1.,  0.,  2.])
    """
    input = require_float(input, "hardshrink")
    return where(absolute(input) <= lambd, 0.0, input)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """``x`` moved towards 0 by ``lambd``, and 0 where ``|x| <= lambd``; the slope there is 0.

    Parameters
    ----------
    input : Tensor, any shape
    lambd : float
        At least 0.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``lambd`` is negative.

    Notes
    -----
    Source: D. Donoho, "De-noising by Soft-thresholding", 1995.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softshrink(mt.tensor([-1.0, 0.5, 2.0]))
    tensor([-0.5,  0. ,  1.5])
    """
    input = require_float(input, "softshrink")
    if lambd < 0:
        raise ValueError(f"softshrink: lambd must not be negative, got {lambd}")
    return where(absolute(input) <= lambd, 0.0, input - lambd * sign(input))
