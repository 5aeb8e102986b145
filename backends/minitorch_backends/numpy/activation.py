"""NumPy kernels of a product and what follows it, in one pass each: bias, rectifier, its gradient.

Same names, signatures and meaning as in ``portable.py``.
"""

from __future__ import annotations

import numpy as np

from minitorch_backends.numpy.memory import empty_like
from minitorch_backends.protocol import Array, Kernel


def matmul(a: Array, b: Array) -> Array:
    return a @ b


def add_bias(x: Array, bias: Array, *, in_place: bool = False) -> Array:
    out = x if in_place else empty_like(x)
    return np.add(x, bias.reshape(-1, *(1,) * (x.ndim - 2)), out=out)


def relu(x: Array) -> Array:
    return np.maximum(x, 0, out=empty_like(x))


def relu_input(g: Array, y: Array) -> Array:
    # Choosing by bits is several times as fast as np.where, and no NaN or infinity gets through.
    bits = np.dtype(f"i{g.itemsize}")
    all_or_none = (y <= 0).view(np.int8) - np.int8(1)
    return (g.view(bits) & all_or_none.astype(bits)).view(g.dtype)


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (matmul, add_bias, relu, relu_input)}
