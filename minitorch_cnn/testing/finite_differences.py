"""Gradients of any order against central differences along random directions.

May import ``derivatives``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn.backend import float64
from minitorch_cnn.testing.derivatives import Function, HostArray, function_of, host, inner


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 2,
    *,
    rng: np.random.Generator | None = None,
    eps: float = 6e-6,
    rtol: float = 1e-6,
    atol: float = 1e-8,
) -> None:
    """Compare the gradients of ``f`` with finite differences; raise AssertionError if they differ.

    Along a random direction ``v`` and for a random upstream gradient ``u``, the inner product of
    the gradient with ``v`` is compared with a central difference of ``<u, f(args)>``, for one
    argument after the other. For order 2 the first-order gradient is then treated as the function
    to be checked, of the arguments and of ``u``, and so on.

    Parameters
    ----------
    f : callable
        Takes ``args`` and returns a Tensor or a tuple of Tensors. Equal arguments must give equal
        results: pass a seeded generator to whatever draws.
    args : Tensor or sequence
        Floating-point tensors with ``requires_grad`` are checked, in float64; everything else is
        handed to ``f`` as it is (other floating-point tensors in float64 too). A module with
        parameters is therefore given as ``model.to(mt.float64)``.
    order : int
        How many times to differentiate.
    rng : numpy.random.Generator, optional
        Where the directions come from; seeded with 0 by default.
    eps : float
        Step of the differences, times the largest entry where that is above 1. The default, the
        cube root of the rounding error of float64, is the best for central differences.
    rtol, atol : float
        Allowed difference, relative to the numbers compared and to the size of the results.

    Raises
    ------
    AssertionError
        If a gradient is wrong: the message names order, argument and both numbers. At a kink,
        where finite differences contradict each other, it says so and judges nothing.
    ValueError, TypeError
        If nothing needs a gradient, or ``f`` returns no floating-point Tensor.

    Notes
    -----
    A wrong gradient passes only where its error is perpendicular to a random direction, or below
    the tolerance.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import testing
    >>> x = mt.tensor([0.5, 2.0], requires_grad=True)
    >>> testing.check_grads(lambda x: mt.exp(-x * x), x)
    >>> testing.check_grads(lambda x: x * x.detach(), x)
    Traceback (most recent call last):
        ...
    AssertionError: check_grads: wrong gradient of order 1 in argument 0: along a random direction
    it is 0.01254..., finite differences give 0.02508... (difference 1.25e-02, allowed 3.51e-08)
    """
    if order < 1:
        raise ValueError(f"check_grads: order must be at least 1, got {order}")
    rng = np.random.default_rng(0) if rng is None else rng
    function = function_of(f, args, dtype=float64, name="check_grads")
    for current in range(1, order + 1):
        outputs = function.call(function.point, False)
        _require_repeatable(function, outputs, current)
        upstream = function.upstream(outputs, rng)
        derivative = function.gradient(upstream)
        gradients = derivative.values()
        for position in range(len(function.point)):
            line = _line(function, position, [host(u) for u in upstream], eps, rng)
            found = inner([gradients[position]], [line.direction])
            line.judge(found, f"of order {current} in {function.names[position]}", rtol, atol)
        function = derivative


def _require_repeatable(function: Function, outputs: list[Any], order: int) -> None:
    """Equal values on every call, and for gradients also with and without a recorded graph."""
    pairs = zip(map(host, outputs), function.values(record=True), strict=True)
    for plain, recorded in pairs:
        if np.allclose(plain, recorded, rtol=1e-9, atol=1e-12, equal_nan=True):
            continue
        worst = float(np.nanmax(np.abs(plain - recorded), initial=0.0))
        raise AssertionError(
            f"check_grads: two calls of the function differ by up to {worst:.3g}; it must not draw "
            "random numbers or change anything"
            if order == 1
            else f"check_grads: the gradient of order {order - 1} computed under create_graph=True "
            f"differs from the plain one by up to {worst:.3g}"
        )


@dataclass(frozen=True)
class _Line:
    """The function on a line through its point, weighted with the upstream gradient."""

    function: Function
    position: int
    direction: HostArray
    weights: list[HostArray]
    step: float

    def slopes(self, step: float) -> tuple[float, float, float]:
        """Differences over ``step`` behind, around and ahead of the point."""
        behind, here, ahead = (
            self.function.moved(self.position, t * step * self.direction) for t in (-1, 0, 1)
        )
        return (
            self._difference(behind, here) / step,
            self._difference(behind, ahead) / (2 * step),
            self._difference(here, ahead) / step,
        )

    def _difference(self, start: list[HostArray], end: list[HostArray]) -> float:
        return inner(self.weights, [b - a for a, b in zip(start, end, strict=True)])

    def central(self, step: float) -> tuple[float, float]:
        """The central difference over ``step``, and the size of the numbers it was made of."""
        behind, ahead = (
            self.function.moved(self.position, t * step * self.direction) for t in (-1, 1)
        )
        size = inner([np.abs(w) for w in self.weights], [np.abs(y) for y in ahead])
        return self._difference(behind, ahead) / (2 * step), size

    def judge(self, found: float, what: str, rtol: float, atol: float) -> None:
        """Raise AssertionError if ``found`` is not the slope of this line."""
        # Shorter steps, with more rounding error, for steep lines and for points near a kink.
        for shortening in (1, 4, 16, 64):
            expected, size = self.central(self.step / shortening)
            allowed = atol * max(1.0, size) + rtol * max(abs(found), abs(expected))
            if abs(found - expected) <= allowed:
                return
        kink = self._kink(allowed)
        if kink:
            raise AssertionError(
                f"check_grads: the gradient {what} cannot be judged: the point is at a kink, or "
                f"closer to one than the step {self.step:.1g}: {kink}; move it away (the gradient "
                f"given there is {found:.9g})"
            )
        raise AssertionError(
            f"check_grads: wrong gradient {what}: along a random direction it is {found:.9g}, "
            f"finite differences give {expected:.9g} (difference {abs(found - expected):.2e}, "
            f"allowed {allowed:.2e})"
        )

    def _kink(self, allowed: float) -> str:
        """How finite differences contradict each other here; empty if they do not.

        On a smooth line the gap between the one-sided slopes shrinks with the step, and central
        differences of two small steps agree.
        """
        behind, around, ahead = self.slopes(self.step)
        behind_near, around_near, ahead_near = self.slopes(self.step / 4)
        gap, gap_near = abs(ahead - behind), abs(ahead_near - behind_near)
        if gap_near > max(0.5 * gap, allowed):
            return f"one-sided slopes are {behind_near:.6g} behind and {ahead_near:.6g} ahead"
        if abs(around - around_near) > allowed:
            return f"slopes over two steps are {around:.6g} and {around_near:.6g}"
        return ""


def _line(
    function: Function,
    position: int,
    weights: Sequence[HostArray],
    eps: float,
    rng: np.random.Generator,
) -> _Line:
    point = host(function.point[position])
    direction = np.asarray(rng.standard_normal(point.shape))
    direction /= np.max(np.abs(direction), initial=1.0)
    step = eps * float(np.max(np.abs(point), initial=1.0))
    return _Line(function, position, direction, list(weights), step)
