"""Compiled kernels around a product: its bias, the rectifier and its gradient, by all threads.

Same names, signatures and meaning as in ``portable.py``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.compiled.jit import parallel
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel

PIECE = 1 << 12
"""Entries a thread takes at a time."""


@parallel
def _add_bias(x: Any, bias: Any, out: Any) -> None:
    for channel in prange(bias.size):
        offset = bias[channel]
        for n in range(x.shape[0]):
            entries, results = x[n, channel], out[n, channel]
            for i in range(entries.size):
                results[i] = entries[i] + offset


@parallel
def _relu(x: Any, out: Any) -> None:
    zero = x.dtype.type(0)
    for piece in prange(-(-x.size // PIECE)):
        first = np.int64(piece) * PIECE
        entries, results = x[first : first + PIECE], out[first : first + PIECE]
        for i in range(entries.size):
            results[i] = zero if entries[i] <= zero else entries[i]


@parallel
def _relu_input(g: Any, y: Any, out: Any) -> None:
    zero = g.dtype.type(0)
    for piece in prange(-(-g.size // PIECE)):
        first = np.int64(piece) * PIECE
        upstream, entries = g[first : first + PIECE], y[first : first + PIECE]
        results = out[first : first + PIECE]
        for i in range(entries.size):
            results[i] = zero if entries[i] <= zero else upstream[i]


def _flat(x: Array) -> Array:
    return np.ascontiguousarray(x).reshape(-1)


def add_bias(x: Array, bias: Array) -> Array:
    out = empty(x.shape, x.dtype)
    cells = *x.shape[:2], math.prod(x.shape[2:])
    _add_bias(_flat(x).reshape(cells), _flat(bias), out.reshape(cells))
    return out


def relu(x: Array) -> Array:
    out = empty(x.shape, x.dtype)
    _relu(_flat(x), out.reshape(-1))
    return out


def relu_input(g: Array, y: Array) -> Array:
    out = empty(g.shape, g.dtype)
    _relu_input(_flat(g), _flat(y), out.reshape(-1))
    return out


KERNELS: dict[str, Kernel] = {
    kernel.__name__: kernel for kernel in (add_bias, relu, relu_input)
}
