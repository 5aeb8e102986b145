"""A tensor with some entries replaced, as a new tensor: what ``x[key] = value`` means for values.

A composition of a scatter (the adjoint of indexing) and ``where``, so it is differentiable in the
tensor and in the value. May import ``indexing`` and what lies below it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.backend import canonical_dtype, kernel, namespace, refuse_if
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import constant, raw, require_one_backend
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import Key, index_back, parsed_key, slice_back
from minitorch_cnn.ops.shape import astype, broadcast_to, reshape
from minitorch_cnn.primitive import PYTHON_SCALARS

NAME = "x[key] = value"
KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}
"""Booleans fit into integers and these into real numbers, not the other way."""

PYTHON_KINDS: dict[str, Any] = {"b": bool, "u": int, "i": int, "f": float}


def replaced(x: Any, key: Any, value: Any) -> Any:
    """A new tensor like ``x`` in which ``new[key]`` is ``value``.

    Parameters
    ----------
    x : Tensor
    key
        As for ``x[key]``.
    value : Tensor or number
        Broadcasts to the shape of ``x[key]`` and takes the dtype of ``x``.

    Raises
    ------
    IndexError
        For wrong indices, and arrays of integers that name an entry twice.
    TypeError
        For real numbers in a tensor of integers, and a value on another backend.
    ValueError
        If the value does not broadcast.
    """
    data = raw(x)
    value = _fitted(value, x)
    parts, by_arrays = parsed_key(key, data)
    if by_arrays:
        return _at_arrays(x, parts, value)
    places: dict[str, Any] = {"key": parts, "shape": tuple(data.shape)}
    xp = namespace(data)
    picked = tuple(data[parts].shape)
    chosen = slice_back(xp.ones(picked, dtype=xp.bool, device=data.device), **places)
    if isinstance(value, Boxed):
        value = slice_back(_broadcast(value, picked), **places)
    return where(constant(chosen, x), value, x)


def _fitted(value: Any, x: Any) -> Any:
    """The value in the dtype of ``x``: a tensor, or a Python number of its kind."""
    own = canonical_dtype(raw(x).dtype)
    number = type(value) in PYTHON_SCALARS
    met = np.dtype(type(value)) if number else canonical_dtype(raw(value).dtype)
    if KINDS[met.kind] > KINDS[own.kind]:
        raise TypeError(
            f"{NAME}: {met} does not fit a tensor of {own}; convert one of them first, such as "
            "x.to(mt.float32)"
        )
    if number:
        return PYTHON_KINDS[own.kind](value)
    require_one_backend(NAME, x=x, value=value)
    return astype(value, own)


def _at_arrays(x: Any, key: Key, value: Any) -> Any:
    """``x`` with entries replaced that arrays of integers or booleans name, each once."""
    data = raw(x)
    xp, places = namespace(data), {"key": key, "shape": tuple(data.shape)}
    picked = tuple(kernel("select", data)(data, key=key).shape)
    ones = xp.ones(picked, dtype=xp.int64, device=data.device)
    times = kernel("select_back", ones)(ones, **places)
    refuse_if(
        times > 1,
        lambda: IndexError(
            f"{NAME}: the arrays of integers name an entry twice; which value it should get is "
            "not defined. Name it once, or use mt.index_add to add up"
        ),
    )
    if isinstance(value, Boxed):
        value = index_back(_broadcast(value, picked), **places)
    return where(constant(times == 1, x), value, x)


def _broadcast(value: Any, shape: tuple[int, ...]) -> Any:
    """The value as the entries it replaces, of ``shape``; leading axes of size 1 are dropped."""
    met = tuple(raw(value).shape)
    extra = max(len(met) - len(shape), 0)
    try:
        if math.prod(met[:extra]) != 1:
            raise ValueError
        return broadcast_to(reshape(value, met[extra:]), shape)
    except ValueError:
        raise ValueError(
            f"{NAME}: a value of shape {met} does not broadcast to the entries it replaces, of "
            f"shape {shape}"
        ) from None
