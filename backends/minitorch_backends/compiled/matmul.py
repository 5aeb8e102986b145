"""The product of two matrices, next to compiled kernels: still that of NumPy's library.

That library wakes threads of its own for a product of middling size, which then stand in the way of
the threads that run the compiled kernels, for longer than the product takes. So such a product is
cut into pieces that one thread computes, where compiled kernels called their threads a moment ago.
A large one is worth the wait.
"""

from __future__ import annotations

import numpy as np

from minitorch_backends.compiled import threads
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel

SMALL = 1 << 18
"""Up to so many products of numbers, OpenBLAS computes with one thread."""
LARGE = 1 << 26
"""From so many on, its threads save more time than they take."""


def matmul(a: Array, b: Array) -> Array:
    size = a.size * b.shape[-1]
    cut = SMALL < size < LARGE and a.ndim == b.ndim == 2 and threads.recently_called()
    if not cut:
        return a @ b
    rows, columns = a.shape[0], b.shape[1]
    out = empty((rows, columns), a.dtype)
    step = max(SMALL * rows // size, 1)
    for first in range(0, rows, step):
        piece = slice(first, first + step)
        np.matmul(a[piece], b, out=out[piece])
    return out


KERNELS: dict[str, Kernel] = {"matmul": matmul}
