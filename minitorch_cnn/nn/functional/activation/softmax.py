"""Activations that normalise along an axis, so that entries add up to 1.

Softmax itself is an operation; see ``ops.norm`` for its body. May import ``ops`` and ``random``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.backend import backend_of, namespace
from minitorch_cnn.ops import norm as operations
from minitorch_cnn.ops.arguments import axis_index, constant, raw, require_float
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.shape import astype


def _given(dim: int | None, name: str) -> int:
    """``dim`` itself; PyTorch's old guess, by the number of dimensions, is not made."""
    if dim is None:
        raise ValueError(f"{name}: pass dim, the dimension along which entries add up to 1")
    return dim


def _cast(input: Any, dtype: Any) -> Any:
    return input if dtype is None else astype(input, dtype)


@single
def softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """``exp(x) / sum(exp(x))`` along ``dim``: positive numbers that add up to 1.

    Parameters
    ----------
    input : Tensor, any shape
    dim : int
        The dimension along which to normalise.
    dtype : dtype, optional
        Cast the input to it first.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``dim`` is not given or does not exist.

    Notes
    -----
    The largest entry is subtracted first, so that no exponential overflows.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softmax(mt.tensor([0.0, 0.0]), dim=0)
    tensor([0.5, 0.5])
    """
    return operations.softmax(_cast(input, dtype), _given(dim, "softmax"))


@single
def log_softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """``log(softmax(x))`` along ``dim``, safe for entries of any size.

    Parameters
    ----------
    input, dim, dtype
        As for :func:`softmax`.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``dim`` is not given or does not exist.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.log_softmax(mt.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """
    return operations.log_softmax(_cast(input, dtype), _given(dim, "log_softmax"))


@single
def softmin(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """``exp(-x) / sum(exp(-x))`` along ``dim``: :func:`softmax` of ``-x``.

    Parameters
    ----------
    input, dim, dtype
        As for :func:`softmax`.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``dim`` is not given or does not exist.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softmin(mt.tensor([0.0, 1000.0]), dim=0)
    tensor([1., 0.])
    """
    return softmax(-require_float(_cast(input, dtype), "softmin"), _given(dim, "softmin"))


@single
def gumbel_softmax(
    logits: Any,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    rng: np.random.Generator | None = None,
) -> Any:
    """A draw from the categories that ``logits`` score, softened so that it has a gradient.

    ``softmax((logits + noise) / tau)`` along ``dim``, with noise of the Gumbel distribution.

    Parameters
    ----------
    logits : Tensor, shape (..., C, ...)
        Logarithms of probabilities, up to a constant.
    tau : float
        Temperature, above 0: the smaller, the nearer to one category alone.
    hard : bool
        Give one category alone, 1 among zeros, with the gradient of the soft draw.
    eps : float
        Accepted and without effect, as in PyTorch.
    dim : int
    rng : numpy.random.Generator, optional
        Where the noise comes from; the generator of ``mt.seed`` by default. It is drawn on the
        host, so that every backend draws the same.

    Returns
    -------
    Tensor, shape of ``logits``

    Raises
    ------
    ValueError
        If ``tau`` is not positive or ``dim`` does not exist.

    Notes
    -----
    Source: E. Jang et al., "Categorical Reparameterization with Gumbel-Softmax", 2017.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.gumbel_softmax(mt.tensor([0.0, 1000.0]), hard=True)
    tensor([0., 1.])
    """
    data = raw(require_float(logits, "gumbel_softmax"))
    axis = axis_index(dim, data.ndim, "gumbel_softmax")
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: the temperature tau must be positive, got {tau}")
    home = backend_of(data)
    drawn = home.asarray(random.generator(rng).gumbel(size=data.shape), copy=False)
    noise = constant(home.xp.astype(drawn, data.dtype), logits)
    soft = softmax((logits + noise) / tau, axis)
    if not hard:
        return soft
    # One category in value, the soft draw in gradient: the difference is a constant.
    return soft + constant(_largest_alone(raw(soft), axis) - raw(soft), logits)


def _largest_alone(x: Any, axis: int) -> Any:
    """1 at the (first) largest entry along ``axis`` and 0 elsewhere, on raw arrays."""
    xp = namespace(x)
    places = xp.arange(x.shape[axis], dtype=xp.int64, device=x.device)
    places = xp.reshape(places, (-1, *(1,) * (x.ndim - axis - 1)))
    return xp.astype(places == xp.argmax(x, axis=axis, keepdims=True), x.dtype)
