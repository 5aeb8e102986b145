"""NumPy kernel of random masks: NumPy's own Philox generator, which draws in C.

Same name, signature and meaning as in ``portable.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.random import least_kept


def random_mask(
    like: Array, *, shape: Sequence[int], key: tuple[int, int], drop: float, value: float
) -> Array:
    count = math.prod(shape)
    words = np.random.Philox(key=np.array(key, np.uint64)).random_raw(-(-count // 2))
    halves = words.astype("<u8", copy=False).view("<u4")[:count]
    out = (halves >= np.uint64(least_kept(drop))).astype(like.dtype)
    out *= value
    return out.reshape(shape)


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (random_mask,)}
