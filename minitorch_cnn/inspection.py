"""Dtypes, devices and constants, as the array API standard asks a namespace about them.

May import ``backend`` and ``ops.arguments``; computes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn.backend import (
    DTYPES,
    as_dtype,
    backend_of_device,
    canonical_dtype,
    default_backend,
    device_of,
    devices,
    float32,
    int64,
)
from minitorch_cnn.ops.arguments import common_dtype, is_array, raw, scalar_dtype

e, inf, nan, newaxis, pi = math.e, math.inf, math.nan, None, math.pi

KINDS = (
    "bool",
    "signed integer",
    "unsigned integer",
    "integral",
    "real floating",
    "complex floating",
    "numeric",
)


def _dtype_of(x: Any) -> np.dtype[Any]:
    """The dtype of a tensor, or a dtype itself."""
    return canonical_dtype(raw(x).dtype) if is_array(x) else as_dtype(x)


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether ``dtype`` is of a kind.

    Parameters
    ----------
    dtype : dtype
    kind : str, dtype, or tuple of them
        ``"bool"``, ``"signed integer"``, ``"unsigned integer"``, ``"integral"``,
        ``"real floating"``, ``"complex floating"`` (no dtype is) or ``"numeric"``; a dtype stands
        for itself.

    >>> import minitorch_cnn as mt
    >>> mt.isdtype(mt.int8, ("signed integer", "real floating"))
    True
    """
    wanted = kind if isinstance(kind, tuple) else (kind,)
    own = as_dtype(dtype)
    return any(
        np.isdtype(own, k) if isinstance(k, str) and k in KINDS else own == _kind(k) for k in wanted
    )


def _kind(kind: Any) -> np.dtype[Any]:
    try:
        return as_dtype(kind)
    except TypeError:
        raise ValueError(
            f"isdtype: kind {kind!r}; expected a dtype or one of {', '.join(map(repr, KINDS))}"
        ) from None


def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype in which tensors, dtypes and Python numbers meet.

    Raises
    ------
    TypeError
        For uint64 with signed integers, which have no common dtype.

    >>> import minitorch_cnn as mt
    >>> mt.result_type(mt.int8, mt.uint8)
    dtype('int16')
    """
    numbers = [x for x in arrays_and_dtypes if isinstance(x, (bool, int, float))]
    dtypes = [_dtype_of(x) for x in arrays_and_dtypes if not isinstance(x, (bool, int, float))]
    if not dtypes:
        raise ValueError("result_type: expected at least one tensor or dtype")
    dtype = common_dtype(dtypes)
    for number in numbers:
        dtype = scalar_dtype(dtype, number)
    return dtype


def can_cast(from_: Any, to: Any) -> bool:
    """Whether a dtype (or a tensor's) turns into ``to`` where the two meet.

    >>> import minitorch_cnn as mt
    >>> mt.can_cast(mt.int8, mt.int16), mt.can_cast(mt.float64, mt.float32)
    (True, False)
    """
    own, target = _dtype_of(from_), as_dtype(to)
    try:
        return common_dtype((own, target)) == target
    except TypeError:  # uint64 and signed integers
        return False


@dataclass(frozen=True)
class FloatInfo:
    """Limits of a floating-point dtype, as Python numbers.

    Attributes
    ----------
    bits : int
    eps : float
        Distance from 1 to the next number.
    max, min : float
    smallest_normal : float
    dtype : dtype
    """

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class IntegerInfo:
    """Limits of an integer dtype.

    Attributes
    ----------
    bits, max, min : int
    dtype : dtype
    """

    bits: int
    max: int
    min: int
    dtype: np.dtype[Any]


def finfo(type: Any) -> FloatInfo:
    """Limits of a floating-point dtype, or of a tensor's.

    >>> import minitorch_cnn as mt
    >>> mt.finfo(mt.float32).bits
    32
    """
    dtype = _dtype_of(type)
    if dtype.kind != "f":
        raise TypeError(f"finfo: {dtype} is no floating-point dtype; use iinfo for integers")
    found = np.finfo(dtype)
    return FloatInfo(
        bits=found.bits,
        eps=float(found.eps),
        max=float(found.max),
        min=float(found.min),
        smallest_normal=float(found.smallest_normal),
        dtype=dtype,
    )


def iinfo(type: Any) -> IntegerInfo:
    """Limits of an integer dtype, or of a tensor's.

    >>> import minitorch_cnn as mt
    >>> mt.iinfo(mt.int8).max
    127
    """
    dtype = _dtype_of(type)
    if dtype.kind not in "iu":
        raise TypeError(f"iinfo: {dtype} is no integer dtype; use finfo for floating point")
    found = np.iinfo(dtype)
    return IntegerInfo(found.bits, int(found.max), int(found.min), dtype)


class NamespaceInfo:
    """What the namespace offers; the array API calls it ``__array_namespace_info__``.

    >>> import minitorch_cnn as mt
    >>> mt.__array_namespace_info__().default_dtypes()["real floating"]
    dtype('float32')
    """

    def capabilities(self) -> dict[str, Any]:
        """What is possible beyond the standard's minimum, and up to how many dimensions."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> Any:
        """The device of new tensors, that of the default backend."""
        return device_of(default_backend())

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes of new tensors by kind, the same on every device.

        There are no complex numbers, so there is no default for them.
        """
        _check(device)
        return {"real floating": float32, "integral": int64, "indexing": int64}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, np.dtype[Any]]:
        """The standard's dtypes by name, all or those of a kind (see :func:`isdtype`)."""
        _check(device)
        standard = {name: dtype for name, dtype in DTYPES.items() if name != "float16"}
        if kind is None:
            return standard
        return {name: dtype for name, dtype in standard.items() if isdtype(dtype, kind)}

    def devices(self) -> list[Any]:
        """The devices of all loaded backends, the default one first."""
        return devices()


def _check(device: Any) -> None:
    """A ValueError for a device that no loaded backend has."""
    if device is not None:
        backend_of_device(device)
