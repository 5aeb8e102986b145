"""Padding of the last axes in PyTorch's four modes.

May import ``ops``.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.ops.arguments import raw, require_array
from minitorch_cnn.ops.arrange import pad as pad_constant
from minitorch_cnn.ops.indexing import take


def pad(
    input: Any,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> Any:
    """Surround the last axes of ``input``; negative numbers crop (constant mode).

    Parameters
    ----------
    input : Tensor
    pad : sequence of int
        ``(before, after)`` of the last axis, then of the last but one, and so on.
    mode : {"constant", "reflect", "replicate", "circular"}
        With ``value``; mirrored at the edge entry; the edge entry repeated; wrapped around.
    value : float, optional
        For the constant mode; 0 by default.

    Raises
    ------
    ValueError
        For an odd number of widths, too many of them, an unknown mode, or more mirrored or wrapped
        entries than the axis has.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.pad(mt.tensor([1.0, 2.0, 3.0]), (2, 0), mode="reflect")
    tensor([3., 2., 1., 2., 3.])
    """
    shape = tuple(raw(require_array(input, "pad")).shape)
    widths = [operator.index(n) for n in pad]
    if len(widths) % 2 or len(widths) > 2 * len(shape):
        raise ValueError(
            f"pad: {len(widths)} widths for a tensor of {len(shape)} dimensions; expected "
            "(before, after) for at most that many axes, the last axis first"
        )
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    if mode == "constant":
        rest = [(0, 0)] * (len(shape) - len(pairs))
        return pad_constant(input, [*rest, *reversed(pairs)], value or 0)
    if mode not in _SOURCES:
        raise ValueError(
            f"pad: mode {mode!r} is none of 'constant', {', '.join(map(repr, _SOURCES))}"
        )
    for axis, (before, after) in enumerate(pairs, 1):
        if before or after:
            index = _SOURCES[mode](shape[-axis], before, after)
            input = take(input, index, axis=-axis)
    return input


def _reflected(size: int, before: int, after: int) -> np.ndarray[Any, Any]:
    if not (0 <= before < size and 0 <= after < size):
        raise ValueError(
            f"pad: reflect mode mirrors up to {size - 1} entries of an axis of size {size}, asked "
            f"for {before} before and {after} after"
        )
    places = np.abs(np.arange(-before, size + after))
    return np.where(places >= size, 2 * (size - 1) - places, places)


def _replicated(size: int, before: int, after: int) -> np.ndarray[Any, Any]:
    if before < 0 or after < 0 or size == 0:
        raise ValueError(
            f"pad: replicate mode needs an entry and widths of 0 or more, got {before}"
        )
    return np.clip(np.arange(-before, size + after), 0, size - 1)


def _wrapped(size: int, before: int, after: int) -> np.ndarray[Any, Any]:
    if not (0 <= before <= size and 0 <= after <= size):
        raise ValueError(
            f"pad: circular mode wraps up to {size} entries of an axis of size {size}, asked for "
            f"{before} before and {after} after"
        )
    return np.arange(-before, size + after) % size


_SOURCES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}
"""Mode -> which entry of an axis stands at each place of the padded axis."""
