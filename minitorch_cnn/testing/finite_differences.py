"""Gradients of any order, in reverse and in forward mode, against differences along random lines.

May import ``derivatives`` and ``lines``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from minitorch_cnn.backend import float64
from minitorch_cnn.testing.derivatives import (
    Function,
    HostArray,
    function_of,
    host,
    inner,
    leaf,
)
from minitorch_cnn.testing.lines import Directions, Judge, KinkWarning, random_direction

MODES = ("forward", "reverse")


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 2,
    *,
    modes: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
    eps: float = 6e-6,
    rtol: float = 1e-6,
    atol: float = 1e-8,
) -> None:
    """Compare the gradients of ``f`` with finite differences; raise AssertionError if they differ.

    Along a random direction ``v`` and for a random upstream gradient ``u``, the inner product of
    the gradient with ``v`` is compared with a central difference of ``<u, f(args)>``, for one
    argument after the other. That is reverse mode. Forward mode is the derivative ``J v`` along all
    directions at once, and ``<u, J v>`` must be the same number. For order 2 the first-order
    gradient is then treated as the function to be checked, of the arguments and of ``u``, and so
    on.

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
    modes : sequence of str, optional
        ``"forward"``, ``"reverse"`` or both, to be checked at every order. Forward mode of an order
        is a gradient of the next, and needs rules that can be differentiated once more; by default
        it is therefore checked at all orders but the highest, and reverse mode at all.
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
        If a gradient is wrong: the message names order, argument and both numbers. A gradient at a
        kink is wrong if it does not lie between the slopes on both sides.
    ValueError, TypeError
        If nothing needs a gradient, ``f`` returns no floating-point Tensor, or ``order`` or
        ``modes`` make no sense.

    Warns
    -----
    KinkWarning
        Where the point is at a kink, so that any slope between those on both sides would do; names
        order, argument and entry. Everything else is checked all the same.

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
    chosen = {modes} if isinstance(modes, str) else set(MODES if modes is None else modes)
    if not chosen or not chosen <= set(MODES):
        raise ValueError(f'check_grads: modes must be of "forward" and "reverse", got {modes!r}')
    rng = np.random.default_rng(0) if rng is None else rng
    function = function_of(f, args, dtype=float64, name="check_grads")
    outputs = function.call(function.point, False)
    upstream = function.upstream(outputs, rng)
    derivative = function.gradient(upstream)
    values, gradients = [host(y) for y in outputs], derivative.values()
    for current in range(1, order + 1):
        _require_repeatable(function, values, current)
        judge = Judge(function, [host(u) for u in upstream], eps, rtol, atol)
        directions = [random_direction(x.shape, rng) for x in function.point]
        if "reverse" in chosen:
            slope = partial(_reverse_slope, gradients)
            for position, name in enumerate(function.names):
                _judge(judge, {position: directions[position]}, slope, current, f" in {name}")
        else:
            slope = partial(_forward_slope, derivative, judge.weights)
            _judge(judge, dict(enumerate(directions)), slope, current, ", forward mode")
        if current == order and (modes is None or chosen != set(MODES)):
            return
        # The directions of this order are the upstream gradients of the next. Its gradients in the
        # upstream gradients of this order are J v: forward mode comes with the next order.
        along = [leaf(v, x) for v, x in zip(directions, function.point, strict=True)]
        following = derivative.gradient(along)
        values, gradients = gradients, following.values()
        if chosen == set(MODES):
            forward = gradients[len(directions) :]
            _require_one_slope(judge, forward, values, directions, current)
        function, upstream, derivative = derivative, along, following


def _judge(
    judge: Judge,
    directions: Directions,
    slope: Callable[[Directions], float],
    order: int,
    where: str,
) -> None:
    kink = judge(directions, slope, f"gradient of order {order}{where}")
    if kink:
        warnings.warn(kink, KinkWarning, stacklevel=3)


def _reverse_slope(gradients: list[HostArray], directions: Directions) -> float:
    """The slope that gradients promise along ``directions``."""
    return inner([gradients[position] for position in directions], list(directions.values()))


def _forward_slope(derivative: Function, weights: list[HostArray], directions: Directions) -> float:
    """The slope that forward mode promises: the derivative along ``directions``, weighted."""
    inputs = derivative.point[: len(derivative.point) - len(weights)]
    along = [
        leaf(directions.get(position, np.zeros(x.shape)), x) for position, x in enumerate(inputs)
    ]
    return inner(weights, derivative.gradient(along).values()[len(inputs) :])


def _require_one_slope(
    judge: Judge,
    forward: list[HostArray],
    reverse: list[HostArray],
    directions: list[HostArray],
    order: int,
) -> None:
    """``<u, J v>`` and ``<v, u J>`` are one number."""
    one, other = inner(judge.weights, forward), inner(reverse, directions)
    size = inner(_sizes(judge.weights), _sizes(forward)) + inner(
        _sizes(reverse), _sizes(directions)
    )
    allowed = judge.atol + judge.rtol * size
    if math.isfinite(other) and not abs(one - other) <= allowed:
        raise AssertionError(
            f"check_grads: wrong derivative of order {order} in forward mode: along a random "
            f"direction it is {one:.9g}, in reverse mode {other:.9g} (difference "
            f"{abs(one - other):.2e}, allowed {allowed:.2e})"
        )


def _sizes(arrays: list[HostArray]) -> list[HostArray]:
    return [np.abs(a) for a in arrays]


def _require_repeatable(function: Function, values: list[HostArray], order: int) -> None:
    """Equal values on every call, and for gradients also with and without a recorded graph."""
    pairs = zip(values, function.values(record=True), strict=True)
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
