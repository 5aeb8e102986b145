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
    """Surround the last axes of ``input``; negative widths crop.

    Parameters
    ----------
    input : Tensor
    pad : sequence of int
        ``(before, after)`` of the last axis, then of the last but one, and so on.
    mode : {"constant", "reflect", "replicate", "circular"}
        With ``value``; mirrored at the edge entry; the edge entry repeated; wrapped around what
        cropping leaves.
    value : float, optional
        For the constant mode; 0 by default.

    Raises
    ------
    ValueError
        For an odd number of widths, too many of them, an unknown mode, a value for another mode
        than the constant one, more cropped entries than the axis has, or more mirrored or wrapped
        ones.
    TypeError
        For widths that are no integers.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.pad(mt.tensor([1.0, 2.0, 3.0]), (2, 0), mode="reflect")
    tensor([3., 2., 1., 2., 3.])
    """
    shape = tuple(raw(require_array(input, "pad")).shape)
    try:
        widths = [operator.index(n) for n in pad]
    except TypeError:
        raise TypeError(
            f"pad: expected a sequence of integers, (before, after), got {pad!r}"
        ) from None
    if len(widths) % 2 or len(widths) > 2 * len(shape):
        raise ValueError(
            f"pad: {len(widths)} widths for a tensor of {len(shape)} dimensions; expected "
            "(before, after) for at most that many axes, the last axis first"
        )
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    if mode == "constant":
        rest = [(0, 0)] * (len(shape) - len(pairs))
        return pad_constant(input, [*rest, *reversed(pairs)], value or 0)
    if mode not in SOURCES:
        raise ValueError(
            f"pad: mode {mode!r} is none of 'constant', {', '.join(map(repr, SOURCES))}"
        )
    if value:
        raise ValueError(f"pad: value={value} is for the constant mode; leave it out for {mode!r}")
    for axis, (before, after) in enumerate(pairs, 1):
        if before or after:
            index = SOURCES[mode](shape[-axis], before, after)
            input = take(input, index, axis=-axis)
    return input


def _require_entries(mode: str, size: int, before: int, after: int) -> None:
    """Refuse an axis that has no entry to take, or fewer than are cropped."""
    if size < 1 or size + before + after < 0:
        raise ValueError(
            f"pad: {mode} mode takes entries of an axis, and crops no more than there are; got "
            f"widths {before} and {after} for an axis of size {size}"
        )


def _reflected(size: int, before: int, after: int) -> np.ndarray[Any, Any]:
    _require_entries("reflect", size, before, after)
    if before >= size or after >= size:
        raise ValueError(
            f"pad: reflect mode mirrors up to {size - 1} entries of an axis of size {size}, asked "
            f"for {before} before and {after} after"
        )
    places = np.abs(np.arange(-before, size + after))
    return np.where(places >= size, 2 * (size - 1) - places, places)


def _replicated(size: int, before: int, after: int) -> np.ndarray[Any, Any]:
    _require_entries("replicate", size, before, after)
    return np.clip(np.arange(-before, size + after), 0, size - 1)


def _wrapped(size: int, before: int, after: int) -> np.ndarray[Any, Any]:
    start, stop = max(0, -before), size - max(0, -after)
    left = stop - start
    if left < max(before, after, 0):
        raise ValueError(
            f"pad: circular mode wraps up to {max(left, 0)} entries, those left of an axis of size "
            f"{size}; asked for {before} before and {after} after"
        )
    places = np.arange(-max(0, before), left + max(0, after))
    return start + places % left if left else places


SOURCES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}
"""Mode -> which entry of an axis stands at each place of the padded axis."""
