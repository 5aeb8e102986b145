"""What every operation does with its arguments: tensors, dtypes, axes and shapes.

May import ``primitive`` and what lies below it; holds no operation that is recorded.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minitorch_cnn.backend import (
    NAMESPACES,
    SEALS,
    backend_of,
    bool_,
    canonical_dtype,
    float32,
)
from minitorch_cnn.graph import Boxed, box
from minitorch_cnn.primitive import PYTHON_SCALARS

Axis = int | tuple[int, ...] | None


def raw(x: Any) -> Any:
    """The raw array of a tensor; anything else as it is."""
    return x._data if isinstance(x, Boxed) else x


def constant(array: Any, like: Any) -> Any:
    """A raw array as it is, or boxed without history where ``like`` is a tensor."""
    return box(SEALS[type(array)](array), None) if isinstance(like, Boxed) else array


def is_array(x: Any) -> bool:
    """Whether ``x`` is a tensor or a raw array of a loaded backend."""
    return isinstance(x, Boxed) or type(x) in NAMESPACES


def require_array(x: Any, name: str) -> Any:
    """``x`` itself if it is a tensor or raw array, else a TypeError."""
    if not is_array(x):
        raise TypeError(f"{name}: expected a Tensor, got {_kind(x)}; make one with mt.tensor(...)")
    return x


def require_float(x: Any, name: str) -> Any:
    """``x`` itself if it holds floating-point numbers, else a TypeError."""
    if not is_floating(raw(require_array(x, name)).dtype):
        raise TypeError(
            f"{name}: expected floating-point numbers, got dtype {raw(x).dtype}; convert with "
            ".to(mt.float32)"
        )
    return x


def require_one_dtype(name: str, **arrays: Any) -> None:
    """Refuse floating-point arrays of different dtypes; None is passed over.

    Promotion would turn a whole net to float64 because of one array made by NumPy.
    """
    given = {key: raw(require_array(x, name)).dtype for key, x in arrays.items() if x is not None}
    if len(set(map(id, given.values()))) == 1:
        return
    dtypes = {key: canonical_dtype(dtype) for key, dtype in given.items()}
    if len(set(dtypes.values())) > 1:
        met = ", ".join(f"{key} {dtype}" for key, dtype in dtypes.items())
        raise TypeError(
            f"{name}: dtypes differ: {met}; they must be equal. Convert the input with "
            ".to(mt.float32), or the model with model.to(mt.float64)"
        )


def require_one_backend(name: str, **arrays: Any) -> None:
    """Refuse arrays of different libraries; None is passed over."""
    homes = {key: backend_of(raw(x)).name for key, x in arrays.items() if x is not None}
    if len(set(homes.values())) > 1:
        met = ", ".join(f"{key} on {home!r}" for key, home in homes.items())
        raise TypeError(
            f"{name}: arguments live on different backends ({met}); bring them together with "
            f".to({next(iter(homes.values()))!r})"
        )


def _kind(x: Any) -> str:
    return "None" if x is None else f"a {type(x).__name__}"


def is_floating(native: Any) -> bool:
    """Whether a backend's dtype holds real floating-point numbers."""
    return canonical_dtype(native).kind == "f"


def common_dtype(dtypes: Iterable[Any]) -> np.dtype[Any]:
    """The dtype in which arrays of ``dtypes`` meet.

    Floating point wins over integers and integers over booleans, whatever their sizes (as in
    PyTorch: int64 with float32 is float32); within a kind the array-API promotion holds.
    """
    kinds: dict[str, list[np.dtype[Any]]] = {}
    for native in dtypes:
        dtype = canonical_dtype(native)
        kinds.setdefault("i" if dtype.kind == "u" else dtype.kind, []).append(dtype)
    if "f" in kinds:
        return np.result_type(*kinds["f"])
    if "i" in kinds:
        dtype = np.result_type(*kinds["i"])
        if dtype.kind == "f":
            raise TypeError(
                "uint64 and signed integers have no common integer dtype; cast one with .to(...)"
            )
        return dtype
    return bool_


def scalar_dtype(dtype: Any, scalar: Any) -> np.dtype[Any]:
    """The dtype in which an array of ``dtype`` meets a Python number."""
    own = canonical_dtype(dtype)
    if isinstance(scalar, float) and own.kind != "f":
        return float32
    if isinstance(scalar, int) and not isinstance(scalar, bool) and own == bool_:
        return np.dtype("int64")
    return own


def coerce(x: Any) -> Any:
    """NumPy scalars as Python numbers, so that they change no dtype; anything else as it is."""
    return x.item() if isinstance(x, np.generic) else x


def is_operand(x: Any) -> bool:
    """Whether an operator may meet ``x`` on its other side."""
    return is_array(x) or type(x) in PYTHON_SCALARS or isinstance(x, np.generic)


def axis_index(axis: Any, ndim: int, name: str) -> int:
    """One axis as a number from 0, checked."""
    try:
        position = operator.index(axis)
    except TypeError:
        raise TypeError(f"{name}: axis {axis!r} is no integer") from None
    if not -ndim <= position < ndim:
        raise ValueError(
            f"{name}: axis {position} does not exist; a tensor of {ndim} dimensions has axes "
            f"{-ndim} to {ndim - 1}"
            if ndim
            else f"{name}: axis {position} does not exist; a 0-d tensor has no axes"
        )
    return position % ndim


def axis_tuple(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """One axis, several, or None (all) as a tuple of numbers from 0, checked."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(axis) if isinstance(axis, (tuple, list, range)) else (axis,)
    found = tuple(axis_index(a, ndim, name) for a in axes)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: axis {axis!r} names the same axis twice")
    return found


def shape_tuple(shape: Any, name: str) -> tuple[int, ...]:
    """A shape given as one integer or a sequence of them, as a tuple."""
    try:
        if isinstance(shape, Sequence) and not isinstance(shape, str):
            return tuple(map(operator.index, shape))
        return (operator.index(shape),)
    except TypeError:
        raise TypeError(
            f"{name}: shape {shape!r} is not an integer or a tuple of integers"
        ) from None


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with 1 at the reduced ``axes``."""
    return tuple(1 if axis in axes else n for axis, n in enumerate(shape))
