"""How exactly matrix products are computed: in float32, or faster with shorter factors.

CuPy keeps this for the whole process. May import nothing of the house.
"""

from __future__ import annotations


def tensor_float32() -> bool:
    """Whether products of float32 matrices may round their factors to TF32."""
    from cupy._core import _routines_linalg as products

    return bool(products.get_compute_type("float32") == products.COMPUTE_TYPE_TF32)


def set_tensor_float32(allowed: bool) -> None:
    """Allow TF32, or forbid it."""
    from cupy._core import _routines_linalg as products

    kind = products.COMPUTE_TYPE_TF32 if allowed else products.COMPUTE_TYPE_DEFAULT
    products.set_compute_type("float32", kind)
