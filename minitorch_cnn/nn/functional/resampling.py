"""Which entries of an axis an interpolated entry is made of, and with which weights.

Host arithmetic on coordinates alone, by PyTorch's rules; an axis of ``old`` entries becomes one of
``new``. Imports NumPy, and nothing of the house.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Neighbours = tuple[Array, Array]
"""Indices into the old axis and their weights, both of shape (new, taps)."""


def neighbours(
    mode: str,
    old: int,
    new: int,
    scale: float | None,
    *,
    corners: bool,
    antialias: bool,
    dtype: Any,
) -> Neighbours:
    """Neighbours of every new entry.

    Parameters
    ----------
    mode : str
        As for :func:`interpolate`.
    old, new : int
        Sizes of the axis.
    scale : float or None
        Which coordinates follow; None: the quotient of the sizes.
    corners, antialias : bool
        ``align_corners`` and ``antialias`` of :func:`interpolate`.
    dtype : numpy.dtype
        Of the picture.
    """
    if mode == "area":
        return _area(old, new)
    if antialias:
        return _antialiased(mode, old, new, _step(old, new, scale, corners))
    if mode == "nearest":
        return _nearest(old, new, scale, dtype, middle=0.0)
    if mode == "nearest-exact":
        return _nearest(old, new, scale, dtype, middle=0.5)
    step = _step(old, new, scale, corners)
    places = np.arange(new) * step if corners else (np.arange(new) + 0.5) * step - 0.5
    return _cubic(old, places) if mode == "bicubic" else _linear(old, places)


def _step(old: int, new: int, scale: float | None, corners: bool) -> float:
    """How far apart on the old axis two new entries lie."""
    if corners:
        return (old - 1) / (new - 1) if new > 1 else 0.0
    return 1 / scale if scale else old / new


def _nearest(old: int, new: int, scale: float | None, dtype: Any, middle: float) -> Neighbours:
    """The entry below the place, which PyTorch computes in the dtype of the picture.

    At least in single precision: a half cannot count the pixels of a large picture.
    """
    number = np.result_type(dtype, np.float32).type
    step = number(1 / scale) if scale else number(old) / number(new)
    places = (np.arange(new).astype(number) + number(middle)) * step
    index = np.minimum(np.floor(places).astype(np.int64), old - 1)
    return index[:, None], np.ones((new, 1))


def _linear(old: int, places: Array) -> Neighbours:
    """The entries on both sides of a place; at the ends one entry twice."""
    places = np.clip(places, 0, old - 1)
    left = np.floor(places).astype(np.int64)
    right = np.minimum(left + 1, old - 1)
    part = places - left
    return np.stack([left, right], axis=1), np.stack([1 - part, part], axis=1)


def _cubic(old: int, places: Array) -> Neighbours:
    """Two entries on each side of a place; the end entry stands for those beyond."""
    left = np.floor(places).astype(np.int64)
    around = left[:, None] + np.arange(-1, 3)
    weights = _cubic_filter(places[:, None] - around, -0.75)
    return np.clip(around, 0, old - 1), weights


def near_cubic(x: Any, a: float) -> Any:
    """Keys' cubic convolution at distances up to 1, where it falls from 1 to 0."""
    return ((a + 2) * x - (a + 3)) * x * x + 1


def far_cubic(x: Any, a: float) -> Any:
    """Keys' cubic convolution at distances from 1 to 2, at both of which it is 0."""
    return ((x - 5) * x + 8) * x * a - 4 * a


def _cubic_filter(x: Array, a: float) -> Array:
    x = np.abs(x)
    return np.where(x <= 1, near_cubic(x, a), np.where(x < 2, far_cubic(x, a), 0.0))


FILTERS: dict[str, tuple[float, Callable[[Array], Array]]] = {
    "bilinear": (1.0, lambda x: np.maximum(1 - np.abs(x), 0.0)),
    "bicubic": (2.0, lambda x: _cubic_filter(x, -0.5)),
    "lanczos": (3.0, lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)),
}
"""Mode -> from which distance on the filter is 0, and the filter."""


def _antialiased(mode: str, old: int, new: int, step: float) -> Neighbours:
    """All entries under the filter, which is as wide as ``step`` where that is more than 1."""
    radius, weight_at = FILTERS[mode]
    widening = max(step, 1.0)
    middles = (np.arange(new) + 0.5) * step
    starts = np.maximum((middles - radius * widening + 0.5).astype(np.int64), 0)
    ends = np.minimum((middles + radius * widening + 0.5).astype(np.int64), old)
    index = starts[:, None] + np.arange((ends - starts).max())
    weights = weight_at((index - middles[:, None] + 0.5) / widening)
    weights = np.where(index < ends[:, None], weights, 0.0)
    return np.minimum(index, old - 1), weights / weights.sum(axis=1, keepdims=True)


def _area(old: int, new: int) -> Neighbours:
    """All entries that a new one covers, with equal weights."""
    starts = np.arange(new) * old // new
    counts = -(-(np.arange(1, new + 1) * old) // new) - starts
    taps = counts.max()
    places = np.minimum(np.arange(taps), counts[:, None] - 1)
    # Where fewer are covered than elsewhere, the last one comes several times and its weight is
    # shared; a weight of 0 would turn an infinite entry into NaN.
    last = np.arange(taps) >= counts[:, None] - 1
    shares = np.where(last, 1 / (taps - counts[:, None] + 1), 1.0)
    return starts[:, None] + places, shares / counts[:, None]
