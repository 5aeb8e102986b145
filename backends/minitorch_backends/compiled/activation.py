"""Compiled kernels around a product: its bias, the rectifier and its gradient, by all threads.

Same names, signatures and meaning as in ``portable.py``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.compiled.jit import PIECE, parallel, reading
from minitorch_backends.numpy.memory import empty
from minitorch_backends.protocol import Array, Kernel


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
    for number in prange(-(-x.size // PIECE)):
        first = np.int64(number) * PIECE
        entries, results = x[first : first + PIECE], out[first : first + PIECE]
        for i in range(entries.size):
            results[i] = zero if entries[i] <= zero else entries[i]


@parallel
def _relu_input(g: Any, y: Any, out: Any) -> None:
    zero = g.dtype.type(0)
    for number in prange(-(-g.size // PIECE)):
        first = np.int64(number) * PIECE
        upstream, entries = g[first : first + PIECE], y[first : first + PIECE]
        results = out[first : first + PIECE]
        for i in range(entries.size):
            results[i] = zero if entries[i] <= zero else upstream[i]


def add_bias(x: Array, bias: Array, *, in_place: bool = False) -> Array:
    out = x if in_place and x.flags.c_contiguous else empty(x.shape, x.dtype)
    cells = *x.shape[:2], math.prod(x.shape[2:])
    _add_bias(x.size, reading(x, *cells), reading(bias, -1), out.reshape(cells))
    return out


def relu(x: Array) -> Array:
    out = empty(x.shape, x.dtype)
    _relu(x.size, reading(x, -1), out.reshape(-1))
    return out


def relu_input(g: Array, y: Array) -> Array:
    out = empty(g.shape, g.dtype)
    _relu_input(g.size, reading(g, -1), reading(y, -1), out.reshape(-1))
    return out


KERNELS: dict[str, Kernel] = {kernel.__name__: kernel for kernel in (add_bias, relu, relu_input)}
