"""Functions of the standard whose values or failures differ between array libraries.

The portable kernels take them as the library has them. A backend whose library differs from NumPy
(in the sign of a remainder of zero, or by giving infinities where a matrix is singular) brings its
own. May import array-api-compat; used by ``portable.py``.
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace

from minitorch_backends.protocol import Array


def floor_divide(a: Any, b: Any) -> Array:
    """``a // b`` of floating-point numbers; one of the two may be a Python number."""
    return a // b


def remainder(a: Any, b: Any) -> Array:
    """``a % b`` of floating-point numbers, with the sign of ``b``; one may be a Python number."""
    return a % b


def inv(x: Array) -> Array:
    """The inverse of each matrix; a ValueError if one is singular."""
    return array_namespace(x).linalg.inv(x)


def solve(a: Array, b: Array) -> Array:
    """``x`` with ``a @ x = b`` for matrices ``b``; a ValueError if one of ``a`` is singular."""
    return array_namespace(a, b).linalg.solve(a, b)


def cholesky(x: Array) -> Array:
    """The lower Cholesky factor of each matrix; a ValueError if one is not positive definite."""
    return array_namespace(x).linalg.cholesky(x)
