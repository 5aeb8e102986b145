"""How the kernels here are written: CUDA C++ for one entry of the result, compiled when first used.

A kernel's source is data, so that it can be read, compiled and counted without CuPy. Index
arithmetic is in ``ptrdiff_t`` for whole arrays and ``int`` inside a picture; sums run in a fixed
order, without atomic additions, so equal inputs give equal bits. May import nothing of the house.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from minitorch_backends.protocol import Array

WIDER = """
template<typename T> struct Wider { typedef T type; };
template<> struct Wider<float16> { typedef float type; };
"""
"""The type in which entries of type ``T`` are added up: float16 in float32."""


PAIR = (
    WIDER
    + """
template<typename W> struct Pair {
    W first, second;
    __device__ Pair(int) : first(0), second(0) {}
    __device__ Pair(W a, W b) : first(a), second(b) {}
};
template<typename W> __device__ Pair<W> together(const Pair<W>& a, const Pair<W>& b) {
    return Pair<W>(a.first + b.first, a.second + b.second);
}
"""
)
"""Two sums taken in one pass."""


@dataclass(frozen=True)
class Elementwise:
    """One thread for each entry of the result; ``i`` is its number, as in CuPy.

    ``inputs``, ``outputs`` and ``body`` are those of ``cupy.ElementwiseKernel``.
    """

    name: str
    inputs: str
    outputs: str
    body: str
    preamble: str = WIDER

    @cached_property
    def kernel(self) -> Any:
        import cupy

        return cupy.ElementwiseKernel(
            self.inputs, self.outputs, self.body, f"minitorch_{self.name}", preamble=self.preamble
        )

    def __call__(self, *arrays_and_numbers: Any, **how: Any) -> Any:
        return self.kernel(*arrays_and_numbers, **how)


@dataclass(frozen=True)
class Reduction:
    """``reduce`` of ``map`` of the inputs, along axes; fields as in ``cupy.ReductionKernel``.

    Several results are given their memory, after the inputs. With more than one input or result
    CuPy takes its own reduction, never one of the CUB library.
    """

    name: str
    inputs: str
    outputs: str
    map: str
    reduce: str
    post: str
    identity: str
    type: str | None = None
    preamble: str = WIDER

    @cached_property
    def kernel(self) -> Any:
        import cupy

        return cupy.ReductionKernel(
            self.inputs,
            self.outputs,
            self.map,
            self.reduce,
            self.post,
            self.identity,
            f"minitorch_{self.name}",
            reduce_type=self.type,
            preamble=self.preamble,
        )

    def __call__(self, *arrays: Any, **how: Any) -> Any:
        return self.kernel(*arrays, **how)


def empty(shape: Sequence[int], like: Array, dtype: Any = None) -> Array:
    """A new array, not filled, on the device of ``like``."""
    import cupy

    return cupy.empty(tuple(shape), like.dtype if dtype is None else dtype)


def in_order_of(like: Array, kernel: Elementwise, *arguments: Any, in_place: bool = False) -> Array:
    """Call an element-wise kernel so that its result lies in memory as ``like`` does, or in it.

    Entries are met in that order, too. Arguments are numbers and arrays of as many axes.
    """
    if like.flags.c_contiguous:
        return kernel(*arguments, like if in_place else empty(like.shape, like))
    axes = sorted(range(like.ndim), key=lambda axis: -like.strides[axis])
    turned = [a.transpose(axes) if hasattr(a, "transpose") else a for a in arguments]
    turned_like = like.transpose(axes)
    out = kernel(*turned, turned_like if in_place else empty(turned_like.shape, like))
    return out.transpose(sorted(range(like.ndim), key=axes.__getitem__))
