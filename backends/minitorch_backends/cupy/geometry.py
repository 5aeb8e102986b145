"""Sliding windows as numbers for kernels: always three spatial dimensions, missing ones of size 1.

Pictures lie in memory one after the other, or channel by channel as a convolution leaves them;
kernels read both, by two steps. May import ``protocol`` and ``windows``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from minitorch_backends.protocol import Array
from minitorch_backends.windows import Pairs

Ints = Sequence[int]

PARAMETERS = ", ".join(
    f"int32 {letter}{axis}"
    for letter in ("I", "O", "K", "S", "P", "D")  # input, output, kernel, stride, padding, dilation
    for axis in "012"
)
"""Of each kernel on windows: sizes of input and output, then the window, for the axes 0, 1, 2."""


class Window(NamedTuple):
    """What a kernel is told of its windows."""

    sizes: Ints
    positions: Ints
    kernel: Ints
    stride: Ints
    padding: Pairs
    dilation: Ints

    @property
    def numbers(self) -> list[int]:
        """In the order of :data:`PARAMETERS`."""
        missing = 3 - len(self.sizes)
        before = [pair[0] for pair in self.padding]
        ones, zeros = [1] * missing, [0] * missing
        return [
            *(*ones, *self.sizes),
            *(*ones, *self.positions),
            *(*ones, *self.kernel),
            *(*ones, *self.stride),
            *(*zeros, *before),
            *(*ones, *self.dilation),
        ]

    @property
    def is_pointwise(self) -> bool:
        """Whether each window is one entry, and every entry is one, in order."""
        return (
            all(k == 1 for k in self.kernel)
            and all(s == 1 for s in self.stride)
            and not any(map(any, self.padding))
        )


STEPS = "int64 picture_step, int64 channel_step"
"""How far apart pictures and channels lie in memory, in entries; see :func:`in_memory`."""


def in_memory(x: Array) -> tuple[Array, int, int]:
    """``x (N, C, *spatial)`` as it lies in memory, and its two :data:`STEPS`.

    Nothing is copied where pictures or channels are outermost and all else follows in order.
    """
    import cupy

    pictures, channels, *sizes = x.shape
    places = math.prod(sizes)
    by_channels = channels_outermost(x)
    if not x.flags.c_contiguous and by_channels.flags.c_contiguous:
        return by_channels, places, pictures * places
    return cupy.ascontiguousarray(x), channels * places, places


def channels_outermost(x: Array) -> Array:
    """A view of ``(N, C, *spatial)`` as ``(C, N, *spatial)``, or of the latter as the former."""
    return x.transpose(1, 0, *range(2, x.ndim))


def split(number: str, **sizes: Any) -> str:
    """C++ that takes a flat index apart: ``split("i", n="N", c="C")`` makes ``n`` and ``c``.

    The last named varies fastest; the first needs no size.
    """
    names = list(sizes)
    lines = [f"ptrdiff_t rest = {number};"]
    for name in reversed(names[1:]):
        lines.append(f"int {name} = (int)(rest % ({sizes[name]})); rest /= {sizes[name]};")
    lines.append(f"ptrdiff_t {names[0]} = rest;")
    return "\n".join(lines)
