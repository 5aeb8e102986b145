"""Arguments of the kernels of plain mathematics: quotients, special functions, linear algebra.

May import ``draw``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from minitorch_backends.testing.draw import Arguments, Draw, HostArray

SPECIAL = (0.0, -0.0, 0.125, -3.0, 7.0, 6e4, -math.inf, math.nan)
"""Divisors and dividends whose quotients are exact, infinite or no number."""


def _quotient(draw: Draw) -> Arguments:
    """Two arrays that broadcast, or an array and a number; quotients are exact or far from it."""
    shape = draw.shape(2, 0, 3)
    own, other = (
        np.asarray(draw.rng.choice(SPECIAL, sizes), draw.dtype) for sizes in (shape, shape[1:])
    )
    if draw.whether():
        own = np.asarray(own + draw.entries(*own.shape), draw.dtype)
    return [own, draw.among(SPECIAL) if draw.whether() else other], {}


def _matrices(draw: Draw) -> HostArray:
    """Square ones, far from singular."""
    size = draw.integer(1, 3)
    entries = draw.entries(*draw.shape(2, 1, 2), size, size)
    return np.asarray(entries + 7 * np.eye(size), draw.dtype)


def _solve(draw: Draw) -> Arguments:
    matrices = _matrices(draw)
    *stack, size, _ = matrices.shape
    own = draw.among([stack, stack[1:]])
    return [matrices, draw.entries(*own, size, 2)], {}


def _cholesky(draw: Draw) -> Arguments:
    matrices = _matrices(draw)
    return [np.asarray(matrices @ matrices.swapaxes(-1, -2), draw.dtype)], {}


NUMBER_CASES: dict[str, Callable[[Draw], Arguments]] = {
    "floor_divide": _quotient,
    "remainder": _quotient,
    "erf": lambda draw: ([draw.entries(*draw.shape(2, 0, 3))], {}),
    "inv": lambda draw: ([_matrices(draw)], {}),
    "solve": _solve,
    "cholesky": _cholesky,
}
"""Name of a kernel -> arguments of one call."""

NO_FLOAT16 = frozenset({"inv", "solve", "cholesky"})
"""Kernels that array libraries have for float32 and float64 alone."""
