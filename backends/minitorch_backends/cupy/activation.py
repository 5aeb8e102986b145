"""CuPy kernels around a product: its bias, and the way back through its activation.

A product leaves the channels of its pictures outermost in memory, and the products of the way back
want them so again; the kernels here keep that order, or bring it about, in their one pass.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

from minitorch_backends.cupy.launch import Elementwise, in_order_of
from minitorch_backends.protocol import Array, Kernel

with_bias = Elementwise("add_bias", "T x, T bias", "T y", "y = x + bias;")
rectified = Elementwise("relu", "T x", "T y", "y = x > T(0) || x != x ? x : T(0);")
rectified_input = Elementwise("relu_input", "T g, T y", "T d", "d = y <= T(0) ? T(0) : g;")


def add_bias(x: Array, bias: Array, *, in_place: bool = False) -> Array:
    offsets = bias.reshape(1, -1, *(1,) * (x.ndim - 2))
    return in_order_of(x, with_bias, x, offsets, in_place=in_place)


def relu(x: Array) -> Array:
    return in_order_of(x, rectified, x)


def relu_input(g: Array, y: Array) -> Array:
    return in_order_of(y, rectified_input, g, y)


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (add_bias, relu, relu_input)}
