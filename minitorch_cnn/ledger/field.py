"""Which part of the picture the entries of a tensor see: receptive fields, exactly.

Along each dimension of the picture, a :class:`Line` says which pixels every position sees: from a
first to a last one, on a grid that goes on for ever, so that padding hides nothing. Layers map
lines to lines (:meth:`Line.window` and its like); a :class:`Field` is the lines of one tensor. Pure
integers; imports nothing of the house.

Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016;
A. Araujo, W. Norris, J. Sim, "Computing receptive fields of convolutional neural networks",
Distill, 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

Span = tuple[int, int]


@dataclass(frozen=True)
class ReceptiveField:
    """What the outputs of a layer see of the picture, per dimension.

    Attributes
    ----------
    size : tuple of int
        Pixels from the first to the last one that an output sees; the most that any output does,
        on a picture large enough.
    jump : tuple of float, or None
        By how many pixels the window moves from one output to the next: the product of the
        strides. 0 where all outputs see the same. None if the outputs stand on no grid (after
        ``Flatten``).
    offset : tuple of float, or None
        Where the centre of the first output's window is, in pixels from the centre of the first
        pixel; negative where it lies in the padding. None where ``jump`` is.
    whole : bool
        Whether every output sees all of the picture.
    """

    size: tuple[int, ...]
    jump: tuple[float, ...] | None
    offset: tuple[float, ...] | None
    whole: bool


@dataclass(frozen=True)
class Line:
    """What the positions along one axis see of one dimension of the picture.

    Position ``j`` of the first ``len(spans)`` sees ``spans[j]``, first and last pixel, or nothing
    (None); so many positions on, the same ``advance`` pixels on.
    """

    spans: tuple[Span | None, ...]
    advance: int

    def __call__(self, position: int) -> Span | None:
        times, index = divmod(position, len(self.spans))
        span = self.spans[index]
        return span and (span[0] + times * self.advance, span[1] + times * self.advance)

    @property
    def constant(self) -> bool:
        """Whether all positions see the same."""
        return self.advance == 0 and len(self.spans) == 1

    @property
    def jump(self) -> Fraction:
        """By how many pixels a step moves the window, on average."""
        return Fraction(self.advance, len(self.spans))

    @property
    def size(self) -> int:
        """Pixels from the first to the last one that a position sees, at most."""
        return max((last - first + 1 for first, last in filter(None, self.spans)), default=0)

    @property
    def offset(self) -> float:
        """The centre of the first window."""
        for position, span in enumerate(self.spans):
            if span is not None:  # of a position that sees nothing, where its window would be
                return sum(span) / 2 - float(position * self.jump)
        return math.nan

    def window(self, kernel: int, stride: int = 1, before: int = 0, dilation: int = 1) -> Line:
        """Behind a layer that looks through a window, after padding by ``before``."""

        def seen(position: int) -> Span | None:
            start = position * stride - before
            return _hull(self(start + place * dilation) for place in range(kernel))

        common = math.gcd(len(self.spans), stride)
        return _repeating(len(self.spans) // common, self.advance * stride // common, seen)

    def spread(self, kernel: int, stride: int, before: int = 0, dilation: int = 1) -> Line:
        """Behind the transpose of that layer, which lays down a window at each position."""

        def seen(position: int) -> Span | None:
            first = -((dilation * (kernel - 1) - position - before) // stride)
            return _hull(
                self(source)
                for source in range(first, (position + before) // stride + 1)
                if (position + before - source * stride) % dilation == 0
            )

        return _repeating(len(self.spans) * stride, self.advance, seen)

    def bins(self, size: int, count: int) -> Line:
        """Behind adaptive pooling of ``size`` positions to ``count`` bins."""

        def seen(position: int) -> Span | None:
            first, end = position * size // count, -((position + 1) * -size // count)
            return self.hull(first, end - 1)

        return _repeating(len(self.spans) * count, self.advance * size, seen)

    def hull(self, first: int, last: int) -> Span | None:
        """What the positions from ``first`` to ``last`` see together."""
        return _hull(map(self, range(first, last + 1)))

    def all(self, positions: int, pixels: int) -> Line:
        """Behind a layer that looks at all ``positions``, of a picture of so many ``pixels``."""
        first, last = self.hull(0, positions - 1) or (0, -1)
        return Line(((max(first, 0), min(last, pixels - 1)),), 0)

    def joined(self, other: Line, pixels: int) -> Line | None:
        """What either line sees; None if they move at different speeds."""
        if self.jump != other.jump:
            whole = [x for x in (self, other) if x.constant and x.covers(pixels)]
            return whole[0] if whole else None
        period = math.lcm(len(self.spans), len(other.spans))
        return _repeating(period, int(self.jump * period), lambda j: _hull((self(j), other(j))))

    def covers(self, pixels: int) -> bool:
        """Whether every position sees all of so many pixels."""
        return all(span and span[0] <= 0 and span[1] >= pixels - 1 for span in self.spans)


PIXELS = Line(((0, 0),), 1)
"""The line of the picture itself: every pixel sees itself."""


def _hull(spans: Iterable[Span | None]) -> Span | None:
    """From the first to the last pixel of all spans."""
    some = [span for span in spans if span is not None]
    return (min(s[0] for s in some), max(s[1] for s in some)) if some else None


def _repeating(period: int, advance: int, seen: Callable[[int], Span | None]) -> Line:
    """The line on which position ``j`` sees ``seen(j)``, with the shortest pattern that repeats."""
    line = Line(tuple(map(seen, range(period))), advance)
    for length in range(1, period):
        if period % length == 0 and advance * length % period == 0:
            short = Line(line.spans[:length], advance * length // period)
            if all(short(j) == span for j, span in enumerate(line.spans)):
                return short
    return line


@dataclass(frozen=True)
class Field:
    """What the entries of a tensor see of the picture.

    Attributes
    ----------
    lines : tuple of Line
        One for each dimension of the picture.
    positions : tuple of int
        How many there are along each.
    picture : tuple of int
        Pixels along each.
    layout : {"grid", "row", "loose"}
        Whether the last axes of the tensor are these positions, one axis is ``(channels,
        *positions)`` row by row, or they are in no known order.
    """

    lines: tuple[Line, ...]
    positions: tuple[int, ...]
    picture: tuple[int, ...]
    layout: Literal["grid", "row", "loose"] = "grid"

    @classmethod
    def of_picture(cls, sizes: tuple[int, ...]) -> Field:
        """The field of the picture itself."""
        return cls((PIXELS,) * len(sizes), sizes, sizes)

    @property
    def grid(self) -> bool:
        """Whether the last axes of the tensor are the positions."""
        return self.layout == "grid"

    @property
    def constant(self) -> bool:
        """Whether all entries see the same."""
        return all(line.constant for line in self.lines)

    def mapped(self, positions: tuple[int, ...], lines: Iterable[Line]) -> Field:
        """The field with other lines, on a grid of so many positions."""
        return replace(self, positions=positions, lines=tuple(lines))

    def all(self, dims: Iterable[int] | None = None) -> Field:
        """Behind a layer that looks at all positions along ``dims`` (all of them by default)."""
        chosen = set(range(len(self.lines)) if dims is None else dims)
        sizes = zip(self.lines, self.positions, self.picture, strict=True)
        lines = (
            line.all(count, pixels) if dim in chosen else line
            for dim, (line, count, pixels) in enumerate(sizes)
        )
        return replace(self, lines=tuple(lines))

    def joined(self, other: Field) -> Field | None:
        """What either field sees; None if that is no field of this kind."""
        both_stand = not self.constant and not other.constant
        if both_stand and (self.layout, self.positions) != (other.layout, other.positions):
            return None
        base = other if self.constant else self
        lines = [
            a.joined(b, n) for a, b, n in zip(self.lines, other.lines, self.picture, strict=True)
        ]
        known = tuple(line for line in lines if line is not None)
        return replace(base, lines=known) if len(known) == len(lines) else None

    def measured(self) -> ReceptiveField:
        """Size, jump and offset."""
        fixed = self.grid or self.constant
        whole = all(
            line.constant and line.covers(pixels)
            for line, pixels in zip(self.lines, self.picture, strict=True)
        )
        return ReceptiveField(
            tuple(line.size for line in self.lines),
            tuple(_plain(line.jump) for line in self.lines) if fixed else None,
            tuple(line.offset for line in self.lines) if fixed else None,
            whole,
        )


def _plain(number: Fraction) -> float:
    """An integer where it is one."""
    return number.numerator if number.denominator == 1 else float(number)
