"""Dropout as functions: entries or whole channels, set to 0 or to where SELU saturates.

A generator on the host draws the key of a mask, and the key alone decides which entries are
dropped: the same on every backend. May import ``ops`` and ``random``.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.backend import kernel
from minitorch_cnn.ops.arguments import constant, raw, require_float

Generator = np.random.Generator | None

SATURATED = -1.7580993408473766
"""What SELU gives far below 0: minus its scale times its alpha."""


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator = None,
) -> Any:
    """Set each entry to 0 with probability ``p`` and divide the others by ``1 - p``.

    Parameters
    ----------
    input : Tensor
    p : float
        From 0 to 1.
    training : bool
        False gives the input back.
    inplace : bool
        Changes nothing: tensors are values, so the result is always a new one.
    rng : numpy.random.Generator, optional
        Gives the key from which the mask is made; the generator of ``mt.seed`` by default. Every
        backend makes the same mask of it.

    Raises
    ------
    ValueError
        If ``p`` is no probability.
    TypeError
        If the input holds no floating-point numbers.

    Notes
    -----
    Source: N. Srivastava et al., "Dropout", 2014. The mask: Philox4x64-10, J. Salmon et al.,
    "Parallel random numbers: as easy as 1, 2, 3", 2011.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.dropout(mt.ones(3), p=0.0)
    tensor([1., 1., 1.])
    """
    shape = _checked(input, p, "dropout")
    if not training or p == 0:
        return input
    return _drop(input, shape, p, rng)


def dropout1d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator = None,
) -> Any:
    """Dropout of whole channels of ``input (N, C, L)`` or ``(C, L)``; see :func:`dropout`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.dropout1d(mt.ones((1, 1, 2)), p=0.0)
    tensor([[[1., 1.]]])
    """
    return _drop_channels(input, p, training, rng, "dropout1d", "L")


def dropout2d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator = None,
) -> Any:
    """Dropout of whole channels of ``input (N, C, H, W)`` or ``(C, H, W)``; see :func:`dropout`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.dropout2d(mt.ones((1, 1, 1, 2)), p=0.0)
    tensor([[[[1., 1.]]]])
    """
    return _drop_channels(input, p, training, rng, "dropout2d", "H, W")


def dropout3d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: Generator = None,
) -> Any:
    """Dropout of whole channels of ``input (N, C, D, H, W)`` or ``(C, D, H, W)``.

    See :func:`dropout`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.dropout3d(mt.ones((1, 1, 1, 1, 2)), p=0.0)
    tensor([[[[[1., 1.]]]]])
    """
    return _drop_channels(input, p, training, rng, "dropout3d", "D, H, W")


def alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: Generator = None,
) -> Any:
    """Dropout for nets of SELUs: keeps mean 0 and variance 1.

    Each entry is set, with probability ``p``, to the value at which SELU saturates; then all
    entries are scaled and shifted so that mean and variance are what they were.

    Parameters
    ----------
    input : Tensor
    p, training, inplace, rng
        As for :func:`dropout`; ``training`` is False by default, as in PyTorch.

    Notes
    -----
    Source: G. Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.alpha_dropout(mt.ones(3))
    tensor([1., 1., 1.])
    """
    shape = _checked(input, p, "alpha_dropout")
    return _saturate(input, shape, p, rng) if training and p else input


def feature_alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: Generator = None,
) -> Any:
    """:func:`alpha_dropout` of whole channels of ``input (N, C, *spatial)``.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.feature_alpha_dropout(mt.ones((1, 1, 2)))
    tensor([[[1., 1.]]])
    """
    shape = _checked(input, p, "feature_alpha_dropout")
    if len(shape) < 2:
        raise ValueError(f"feature_alpha_dropout: expected (N, C, *spatial), got shape {shape}")
    of_channels = (*shape[:2], *(1,) * (len(shape) - 2))
    return _saturate(input, of_channels, p, rng) if training and p else input


def _checked(input: Any, p: float, name: str) -> tuple[int, ...]:
    """The shape of a floating-point ``input``."""
    if not isinstance(p, Real):
        raise TypeError(f"{name}: probability p={p!r} is no number; expected one from 0 to 1")
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: probability p={p} is not between 0 and 1")
    return tuple(raw(require_float(input, name)).shape)


def _drop_channels(
    input: Any, p: float, training: bool, rng: Generator, name: str, spatial: str
) -> Any:
    shape = _checked(input, p, name)
    dims = spatial.count(",") + 1
    if len(shape) not in (dims + 1, dims + 2):
        raise ValueError(f"{name}: expected (N, C, {spatial}) or (C, {spatial}), got shape {shape}")
    if not training or p == 0:
        return input
    return _drop(input, (*shape[:-dims], *(1,) * dims), p, rng)


def _mask(x: Any, shape: tuple[int, ...], p: float, rng: Generator, value: float) -> Any:
    """0 with probability ``p``, else ``value``: a raw array in the dtype of ``x`` and beside it.

    Only the key of the mask is drawn on the host; the entries are worked out where ``x`` lives.
    """
    first, second = map(int, random.generator(rng).integers(2**63, size=2))
    data = raw(x)
    make = kernel("random_mask", data)
    return make(data, shape=shape, key=(first, second), drop=p, value=value)


def _drop(x: Any, shape: tuple[int, ...], p: float, rng: Generator) -> Any:
    return x * constant(_mask(x, shape, p, rng, 0.0 if p == 1 else 1 / (1 - p)), x)


def _saturate(x: Any, shape: tuple[int, ...], p: float, rng: Generator) -> Any:
    """Entries of ``x`` kept or saturated, scaled and shifted to mean 0 and variance 1."""
    kept = _mask(x, shape, p, rng, 1.0)
    if p == 1:  # nothing is left to scale
        return x * constant(kept, x)
    scale = 1 / math.sqrt((1 - p) * (1 + p * SATURATED**2))
    shift = SATURATED * scale * (1 - kept) - SATURATED * scale * p
    return x * constant(kept * scale, x) + constant(shift, x)
