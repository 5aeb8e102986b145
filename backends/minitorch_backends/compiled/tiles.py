"""Tiles of a product: as many sums as stay in the registers, which is what makes products fast.

A number that is loaded once is multiplied several times before the next is needed. May import
``vector`` and ``jit``; knows no kernel.
"""

from __future__ import annotations

from typing import Any

from minitorch_backends.compiled.jit import compiled
from minitorch_backends.compiled.vector import (
    WIDE,
    add_product,
    add_scaled,
    lane_sum,
    lanes,
    load,
    store,
    zeros,
)


@compiled
def six_outputs(weights: Any, planes: Any, shifts: Any, at: int, sums: Any) -> None:
    """Six lines of ``sums`` at a wide vector of places: over all shifts, weights times planes.

    ``sums[o, at + i] = sum over k of weights[k, o] * planes[shifts[k] + at + i]``
    """
    s0 = s1 = s2 = s3 = s4 = s5 = zeros(planes, WIDE)
    for k in range(shifts.size):
        vector = load(planes, shifts[k] + at, WIDE)
        s0 = add_scaled(weights[k, 0], vector, s0)
        s1 = add_scaled(weights[k, 1], vector, s1)
        s2 = add_scaled(weights[k, 2], vector, s2)
        s3 = add_scaled(weights[k, 3], vector, s3)
        s4 = add_scaled(weights[k, 4], vector, s4)
        s5 = add_scaled(weights[k, 5], vector, s5)
    store(sums[0], at, s0)
    store(sums[1], at, s1)
    store(sums[2], at, s2)
    store(sums[3], at, s3)
    store(sums[4], at, s4)
    store(sums[5], at, s5)


@compiled
def two_outputs(weights: Any, planes: Any, shifts: Any, at: int, sums: Any) -> None:
    """:func:`six_outputs` for two."""
    s0 = s1 = zeros(planes, WIDE)
    for k in range(shifts.size):
        vector = load(planes, shifts[k] + at, WIDE)
        s0 = add_scaled(weights[k, 0], vector, s0)
        s1 = add_scaled(weights[k, 1], vector, s1)
    store(sums[0], at, s0)
    store(sums[1], at, s1)


@compiled
def four_by_six(upstream: Any, planes: Any, shifts: Any, begin: int, end: int, sums: Any) -> None:
    """Add four lines times six shifts, summed from the place ``begin`` to ``end``, to ``sums``.

    ``sums[o, k] += sum over i of upstream[o, i] * planes[shifts[k] + i]``; the last vector
    may reach beyond ``end``.
    """
    a0 = a1 = a2 = a3 = a4 = a5 = zeros(planes, 1)
    b0 = b1 = b2 = b3 = b4 = b5 = zeros(planes, 1)
    c0 = c1 = c2 = c3 = c4 = c5 = zeros(planes, 1)
    d0 = d1 = d2 = d3 = d4 = d5 = zeros(planes, 1)
    k0, k1, k2, k3, k4, k5 = shifts[0], shifts[1], shifts[2], shifts[3], shifts[4], shifts[5]
    for at in range(begin, end, lanes(planes, 1)):
        a, b = load(upstream[0], at, 1), load(upstream[1], at, 1)
        c, d = load(upstream[2], at, 1), load(upstream[3], at, 1)
        x = load(planes, at + k0, 1)
        a0, b0 = add_product(a, x, a0), add_product(b, x, b0)
        c0, d0 = add_product(c, x, c0), add_product(d, x, d0)
        x = load(planes, at + k1, 1)
        a1, b1 = add_product(a, x, a1), add_product(b, x, b1)
        c1, d1 = add_product(c, x, c1), add_product(d, x, d1)
        x = load(planes, at + k2, 1)
        a2, b2 = add_product(a, x, a2), add_product(b, x, b2)
        c2, d2 = add_product(c, x, c2), add_product(d, x, d2)
        x = load(planes, at + k3, 1)
        a3, b3 = add_product(a, x, a3), add_product(b, x, b3)
        c3, d3 = add_product(c, x, c3), add_product(d, x, d3)
        x = load(planes, at + k4, 1)
        a4, b4 = add_product(a, x, a4), add_product(b, x, b4)
        c4, d4 = add_product(c, x, c4), add_product(d, x, d4)
        x = load(planes, at + k5, 1)
        a5, b5 = add_product(a, x, a5), add_product(b, x, b5)
        c5, d5 = add_product(c, x, c5), add_product(d, x, d5)
    _add_lane_sums(sums[0], a0, a1, a2, a3, a4, a5)
    _add_lane_sums(sums[1], b0, b1, b2, b3, b4, b5)
    _add_lane_sums(sums[2], c0, c1, c2, c3, c4, c5)
    _add_lane_sums(sums[3], d0, d1, d2, d3, d4, d5)


@compiled
def _add_lane_sums(sums: Any, s0: Any, s1: Any, s2: Any, s3: Any, s4: Any, s5: Any) -> None:
    sums[0] += lane_sum(s0)
    sums[1] += lane_sum(s1)
    sums[2] += lane_sum(s2)
    sums[3] += lane_sum(s3)
    sums[4] += lane_sum(s4)
    sums[5] += lane_sum(s5)
