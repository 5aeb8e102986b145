"""Window arguments as users write them, made uniform and checked: strides, paddings, sizes.

May import ``minitorch_backends.windows``; computes nothing on arrays.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

from minitorch_backends.windows import output_sizes

Ints = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]

_INTEGERS = frozenset({int})

REMEMBERED = 1024
"""How many sets of checked sizes are kept: a layer's next call need not check them again."""


def per_dimension(value: Any, dims: int, what: str, *, least: int | None = None) -> Ints:
    """One integer for all dimensions, or a tuple of one for each, checked to be ``>= least``."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    usual = len(given) == dims and _INTEGERS.issuperset(map(type, given))
    if usual and (least is None or min(given) >= least):
        return given
    expected = f"an integer or a tuple of {dims}" if dims > 1 else "an integer"
    try:
        numbers = tuple(map(operator.index, given))
    except TypeError:
        raise TypeError(f"{what}: expected {expected}, got {value!r}") from None
    if len(numbers) == 1:
        numbers = numbers * dims
    if len(numbers) != dims:
        raise ValueError(f"{what}: expected {expected}, got {value!r}")
    if least is not None and min(numbers) < least:
        raise ValueError(f"{what}: {value!r} is too small; at least {least} is needed")
    return numbers


def padding_pairs(padding: Any, kernel: Ints, stride: Ints, dilation: Ints, name: str) -> Pairs:
    """Padding before and after each dimension, from integers, ``"valid"`` or ``"same"``."""
    dims = len(kernel)
    if padding == "valid":
        return ((0, 0),) * dims
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ValueError(
                f"{name}: padding='same' keeps the size, which needs stride 1, got stride {stride}"
                "; pass the padding as integers"
            )
        spans = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple((span // 2, span - span // 2) for span in spans)
    if isinstance(padding, str):
        raise ValueError(f"{name}: padding {padding!r} is unknown; use 'same', 'valid' or integers")
    return tuple((p, p) for p in per_dimension(padding, dims, f"{name} padding", least=0))


@lru_cache(REMEMBERED)
def positions_of(
    sizes: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, name: str
) -> Ints:
    """Number of window positions along each dimension; a window that fits nowhere is an error."""
    positions = output_sizes(sizes, kernel, stride, padding, dilation)
    if min(*positions, *kernel) < 1:
        raise ValueError(
            f"{name}: a window of {kernel} (dilation {dilation}) does not fit into a picture of "
            f"{tuple(sizes)} with padding {padding}; make the picture or the padding larger, or "
            "the kernel smaller"
        )
    return positions


def batched_shape(shape: tuple[int, ...], dims: int, name: str) -> bool:
    """Whether an input has a batch axis: ``(N, C, *spatial)`` rather than ``(C, *spatial)``."""
    if len(shape) not in (dims + 1, dims + 2):
        raise ValueError(
            f"{name}: expected an input of {dims + 2} dimensions (N, C, {dims} spatial) or "
            f"{dims + 1} without N, got shape {shape}"
        )
    return len(shape) == dims + 2
