"""The slope of a function along a line, by finite differences, and what they say about a kink.

On a smooth line a slope is right or wrong. At a kink any slope between those behind and ahead is
right; where it is, is found by halving the line's direction. May import ``derivatives``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minitorch_cnn.testing.derivatives import Function, HostArray, host, inner

Directions = dict[int, HostArray]
"""Position of a tensor -> the direction in which it moves; all others stay."""

MOST_LINES = 200
"""How many lines are looked at in search of kinks before the rest is passed over."""

NAMED = 3
"""How many kinks a message names."""


class KinkWarning(UserWarning):
    """Finite differences cannot judge a gradient here: the point is at a kink."""


@dataclass(frozen=True)
class Judge:
    """Compares slopes along lines through the point of ``function`` with finite differences.

    Attributes
    ----------
    function : Function
    weights : list of array
        The upstream gradient, which makes one number of the results.
    eps, rtol, atol : float
        As for ``check_grads``.
    """

    function: Function
    weights: list[HostArray]
    eps: float
    rtol: float
    atol: float

    def __call__(
        self, directions: Directions, slope: Callable[[Directions], float], what: str
    ) -> str:
        """Raise AssertionError if ``slope(directions)`` is wrong; describe kinks if there are any.

        ``what`` names the gradient in messages.
        """
        waiting, looked_at = [directions], 0
        kinks: list[tuple[Directions, str, float]] = []
        while waiting and looked_at < MOST_LINES:
            part = waiting.pop()
            looked_at += 1
            line, found = self._line(part), slope(part)
            expected, allowed, fits = self._compare(line, found)
            if fits:
                continue
            kink = line.kink(allowed)
            if not kink:
                raise AssertionError(
                    f"check_grads: wrong {what}: along a random direction it is {found:.9g}, "
                    f"finite differences give {expected:.9g} (difference "
                    f"{abs(found - expected):.2e}, allowed {allowed:.2e})"
                )
            parts = _halves(part)
            if not parts:
                self._require_between(line, found, allowed, what, self._place(part))
            if not parts or part is directions:
                kinks.append((part, kink, found))
            waiting += reversed(parts)
        return self._message(kinks, what) if kinks else ""

    def _line(self, directions: Directions) -> _Line:
        point = [host(self.function.point[position]) for position in directions]
        size = max(float(np.max(np.abs(x), initial=1.0)) for x in point)
        return _Line(self.function, directions, self.weights, self.eps * size)

    def _compare(self, line: _Line, found: float) -> tuple[float, float, bool]:
        """The slope by finite differences, what it may differ by, and whether ``found`` fits."""
        # Shorter steps, with more rounding error, for steep lines and for points near a kink.
        for shortening in (1, 4, 16, 64):
            expected, size = line.central(line.step / shortening)
            allowed = self.atol * max(1.0, size) + self.rtol * max(abs(found), abs(expected))
            if abs(found - expected) <= allowed:
                return expected, allowed, True
        return expected, allowed, False

    def _require_between(
        self, line: _Line, found: float, allowed: float, what: str, place: str
    ) -> None:
        low, high = line.range()
        if not low - allowed <= found <= high + allowed:
            raise AssertionError(
                f"check_grads: wrong {what}: at the kink at entry {place} it is {found:.9g}, which "
                f"is not between the slopes on both sides, {low:.9g} and {high:.9g}"
            )

    def _place(self, part: Directions) -> str:
        """The one entry that moves, such as ``[0, 1]``."""
        (direction,) = part.values()
        return str(np.argwhere(direction)[0].tolist())

    def _message(self, kinks: list[tuple[Directions, str, float]], what: str) -> str:
        entries = [kink for kink in kinks if not _halves(kink[0])]
        _, slopes, found = (entries or kinks)[0]
        names = [self._place(part) for part, _, _ in entries]
        where = ""
        if names:
            where = f", at entr{'y' if len(names) == 1 else 'ies'} {', '.join(names[:NAMED])}"
            where += f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return (
            f"check_grads: the {what} cannot be judged: the point is at a kink, or closer to one "
            f"than the step {self.eps:.1g}{where}: {slopes}; move it away (the gradient given "
            f"there is {found:.9g})"
        )


@dataclass(frozen=True)
class _Line:
    """The function on a line through its point, weighted with the upstream gradient."""

    function: Function
    directions: Directions
    weights: list[HostArray]
    step: float

    def at(self, distance: float) -> list[HostArray]:
        """The results at a distance from the point."""
        steps = {position: distance * v for position, v in self.directions.items()}
        return self.function.moved(steps)

    def central(self, step: float) -> tuple[float, float]:
        """The central difference over ``step``, and the size of the numbers it was made of."""
        behind, ahead = self.at(-step), self.at(step)
        size = inner([np.abs(w) for w in self.weights], [np.abs(y) for y in ahead])
        return self._weighted(_differences(behind, ahead, 2 * step)), size

    def sides(self, step: float) -> tuple[list[HostArray], list[HostArray]]:
        """Slopes of every result over ``step`` behind the point and ahead of it."""
        behind, here, ahead = (self.at(t * step) for t in (-1, 0, 1))
        return _differences(behind, here, step), _differences(here, ahead, step)

    def kink(self, allowed: float) -> str:
        """How finite differences contradict each other here; empty if they do not.

        On a smooth line the gap between the one-sided slopes shrinks with the step, and central
        differences of two small steps agree.
        """
        behind, ahead = map(self._weighted, self.sides(self.step))
        behind_near, ahead_near = map(self._weighted, self.sides(self.step / 4))
        around, around_near = (behind + ahead) / 2, (behind_near + ahead_near) / 2
        gap, gap_near = abs(ahead - behind), abs(ahead_near - behind_near)
        if gap_near > max(0.5 * gap, allowed):
            return f"one-sided slopes are {behind_near:.6g} behind and {ahead_near:.6g} ahead"
        if abs(around - around_near) > allowed:
            return f"slopes over two steps are {around:.6g} and {around_near:.6g}"
        return ""

    def range(self) -> tuple[float, float]:
        """Between which slopes any choice at a kink lies, if each result chooses for itself.

        Widened by what the slopes still change with the step.
        """
        low = high = 0.0
        near, far = self.sides(self.step / 4), self.sides(self.step)
        for w, behind, ahead, b, a in zip(self.weights, *near, *far, strict=True):
            still = np.sum(np.abs(w) * (np.abs(behind - b) + np.abs(ahead - a)))
            low += float(np.sum(np.minimum(w * behind, w * ahead)) - still)
            high += float(np.sum(np.maximum(w * behind, w * ahead)) + still)
        return low, high

    def _weighted(self, slopes: list[HostArray]) -> float:
        return inner(self.weights, slopes)


def _differences(start: list[HostArray], end: list[HostArray], step: float) -> list[HostArray]:
    return [np.asarray((b - a) / step) for a, b in zip(start, end, strict=True)]


def _halves(part: Directions) -> list[Directions]:
    """The same move in parts: each tensor alone, or half of one's entries; none for one entry."""
    if len(part) > 1:
        return [{position: direction} for position, direction in part.items()]
    ((position, direction),) = part.items()
    moving = np.flatnonzero(direction)
    if len(moving) < 2:
        return []
    halves = []
    for kept in np.array_split(moving, 2):
        half = np.zeros_like(direction)
        half.flat[kept] = direction.flat[kept]
        halves.append({position: half})
    return halves


def random_direction(shape: tuple[int, ...], rng: np.random.Generator) -> HostArray:
    """Normal numbers of this shape, none above 1."""
    direction = np.asarray(rng.standard_normal(shape))
    direction /= np.max(np.abs(direction), initial=1.0)
    return direction
