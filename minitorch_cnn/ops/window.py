"""Sliding windows as an operation: ``unfold`` and its adjoint ``fold``, for any dimensions.

The first half of every convolution and pooling body. May import ``shape`` and what lies below it.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import kernel
from minitorch_cnn.ops.arguments import raw
from minitorch_cnn.ops.shape import linear_pair


def _unfold(x: Any, *, shape: Any, **window: Any) -> Any:
    return kernel("unfold", x)(x, **window)


def _fold(columns: Any, **window: Any) -> Any:
    return kernel("fold", columns)(columns, **window)


_unfold_windows, _fold_windows = linear_pair("unfold", _unfold, "fold", _fold)

Ints = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


def windows(x: Any, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Any:
    """All windows of ``x (N, C, *spatial)`` as ``(N, C, *kernel, *positions)``, zero padded."""
    return _unfold_windows(
        x,
        shape=tuple(raw(x).shape),
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
    )


def add_windows(
    columns: Any, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Any:
    """The adjoint of :func:`windows`: entries added up where they came from, into ``shape``."""
    return _fold_windows(
        columns, shape=shape, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    )
