"""Linear algebra under the array API's names, as far as every derivative of it is exact.

May import ``ops``; computes nothing itself. Decompositions into eigenvalues or singular values are
not offered.
"""

from __future__ import annotations

from minitorch_cnn.ops.linalg import matmul, tensordot, vecdot
from minitorch_cnn.ops.matrix import (
    SlogdetResult,
    cholesky,
    cross,
    det,
    diagonal,
    inv,
    matrix_norm,
    matrix_power,
    outer,
    slogdet,
    solve,
    trace,
)
from minitorch_cnn.ops.reduce import vector_norm
from minitorch_cnn.ops.shape import matrix_transpose

__all__ = [
    "SlogdetResult",
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_transpose",
    "outer",
    "slogdet",
    "solve",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]
