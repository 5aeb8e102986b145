"""CuPy kernel of random masks: a thread draws one block of the generator, which is eight entries.

Same name, signature and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_backends.cupy.launch import Elementwise, empty
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.random import KEY_STEPS, MULTIPLIERS, ROUNDS, least_kept

mask_of = Elementwise(
    "random_mask",
    "uint64 first_key, uint64 second_key, uint64 least, float64 value, int64 count",
    "raw T mask",
    f"""
typedef unsigned long long Word;
Word a = i + 1, b = 0, c = 0, d = 0, first = first_key, second = second_key;
for (int round = 0; round < {ROUNDS}; ++round) {{
    Word high_a = __umul64hi({MULTIPLIERS[0]}ULL, a), low_a = {MULTIPLIERS[0]}ULL * a;
    Word high_c = __umul64hi({MULTIPLIERS[1]}ULL, c), low_c = {MULTIPLIERS[1]}ULL * c;
    a = high_c ^ b ^ first, b = low_c, c = high_a ^ d ^ second, d = low_a;
    first += {KEY_STEPS[0]}ULL, second += {KEY_STEPS[1]}ULL;
}}
Word words[4] = {{a, b, c, d}};
#pragma unroll
for (int entry = 0; entry < 8; ++entry) {{
    ptrdiff_t at = (ptrdiff_t)i * 8 + entry;
    Word half = entry % 2 ? words[entry / 2] >> 32 : words[entry / 2] & 0xFFFFFFFFULL;
    if (at < count) mask[at] = half >= least ? T(value) : T(0);
}}
""",
)


def random_mask(
    like: Array, *, shape: Sequence[int], key: tuple[int, int], drop: float, value: float
) -> Array:
    count, out = math.prod(shape), empty(shape, like)
    return mask_of(*key, least_kept(drop), value, count, out, size=-(-count // 8))


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (random_mask,)}
