"""Random masks in plain array-API code: every library draws the same from the same key.

The generator is Philox4x64-10, which makes its numbers from a key and a count alone, so that each
entry can be drawn by a thread of its own. Unsigned 64-bit arithmetic is done in ``int64``, which
every library has and which wraps. Source: J. Salmon et al., "Parallel random numbers: as easy as
1, 2, 3", 2011.

May import array-api-compat; used by ``portable.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from array_api_compat import array_namespace

from minitorch_backends.protocol import Array

MULTIPLIERS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
KEY_STEPS = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
ROUNDS = 10

_HALF = 0xFFFFFFFF


def least_kept(drop: float) -> int:
    """The smallest 32-bit number that is kept: a share ``drop`` of them lies below it."""
    return math.ceil(drop * 2**32)


def random_mask(
    like: Array, *, shape: Sequence[int], key: tuple[int, int], drop: float, value: float
) -> Array:
    """0 with probability ``drop``, else ``value``: an array of ``shape`` and the dtype of ``like``.

    ``key`` is two integers from 0 to ``2**63 - 1``. Each block of the generator gives 8 entries in
    order: four words of 64 bits, of each the lower half first.
    """
    xp = array_namespace(like)
    count = math.prod(shape)
    words = _words(xp, -(-count // 8), key, like.device)
    halves = xp.reshape(xp.stack([words & _HALF, _high(words)], axis=-1), (-1,))[:count]
    kept = xp.astype(halves >= least_kept(drop), like.dtype)
    return xp.reshape(kept * value, tuple(shape))


def _words(xp: Any, blocks: int, key: tuple[int, int], device: Any) -> Array:
    """The numbers of the blocks counted from 1, as ``int64`` of the same bits: (blocks, 4)."""
    first = xp.arange(1, blocks + 1, dtype=xp.int64, device=device)
    zeros = xp.zeros_like(first)
    a, b, c, d = first, zeros, zeros, zeros
    keys = [xp.full_like(first, _signed(part)) for part in key]
    steps = [xp.full_like(first, _signed(step)) for step in KEY_STEPS]
    for _ in range(ROUNDS):
        high_a, low_a = _product(xp, a, MULTIPLIERS[0])
        high_c, low_c = _product(xp, c, MULTIPLIERS[1])
        a, b, c, d = high_c ^ b ^ keys[0], low_c, high_a ^ d ^ keys[1], low_a
        keys = [part + step for part, step in zip(keys, steps, strict=True)]
    return xp.stack([a, b, c, d], axis=-1)


def _product(xp: Any, x: Array, factor: int) -> tuple[Array, Array]:
    """The upper and the lower 64 bits of a product of unsigned numbers, by halves of 32 bits."""
    high, low = factor >> 32, factor & _HALF
    x_high, x_low = _high(x), x & _HALF
    middle = x_high * low + _high(x_low * low)
    rest = (middle & _HALF) + x_low * high
    upper = x_high * high + _high(middle) + _high(rest)
    return upper, x * xp.full_like(x, _signed(factor))


def _high(x: Array) -> Array:
    """The upper 32 bits, of an ``int64`` read as unsigned."""
    return (x >> 32) & _HALF


def _signed(bits: int) -> int:
    """64 bits as the ``int64`` that has them."""
    return bits - (bits >> 63 << 64)
