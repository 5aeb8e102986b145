"""CuPy kernels of linear algebra that say where a matrix is singular, as NumPy does.

CuPy asks cuSOLVER whether it succeeded only when told to, for the answer makes the host wait.

Same names, signatures and meaning as in ``standard.py`` one floor up; may import the files beside
it.
"""

from __future__ import annotations

from typing import Any

from minitorch_backends.protocol import Array, Kernel


def _failures_raise() -> Any:
    import cupyx

    return cupyx.errstate(linalg="raise")


def inv(x: Array) -> Array:
    import cupy

    with _failures_raise():
        return cupy.linalg.inv(x)


def solve(a: Array, b: Array) -> Array:
    import cupy

    outer = cupy.broadcast_shapes(a.shape[:-2], b.shape[:-2])  # CuPy's own does not broadcast
    a, b = (cupy.broadcast_to(x, (*outer, *x.shape[-2:])) for x in (a, b))
    with _failures_raise():
        return cupy.linalg.solve(a, b)


def cholesky(x: Array) -> Array:
    import cupy

    with _failures_raise():
        return cupy.linalg.cholesky(x)


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (inv, solve, cholesky)}
