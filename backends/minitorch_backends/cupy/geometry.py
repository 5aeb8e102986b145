"""Sliding windows as numbers for kernels: always three spatial dimensions, missing ones of size 1.

May import ``windows``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

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
