"""NumPy kernels of sorting, indexing by arrays and scattered addition.

Same names, signatures and meaning as in ``select.py`` one floor up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_backends.protocol import Array, Kernel


def index_add(values: Array, *, index: Array, size: int) -> Array:
    out = np.zeros((size, *values.shape[1:]), values.dtype)
    if values.size == 0:
        return out
    if values.ndim == 1:
        out[:] = np.bincount(index, values, minlength=size)  # sums in float64
        return out
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    out[ordered[starts]] = np.add.reduceat(values[order], starts, axis=0)
    return out


def select(x: Array, *, key: tuple[Any, ...]) -> Array:
    return x[key]


def select_back(g: Array, *, key: tuple[Any, ...], shape: Sequence[int]) -> Array:
    out = np.zeros(shape, g.dtype)
    if len(key) == 1 and isinstance(key[0], np.ndarray) and key[0].dtype.kind in "iu":
        index = np.where(key[0] < 0, key[0] + shape[0], key[0]).reshape(-1)
        return index_add(g.reshape(-1, *shape[1:]), index=index, size=shape[0])
    np.add.at(out, key, g)
    return out


def argsort(x: Array, *, axis: int, descending: bool, stable: bool) -> Array:
    kind: Any = "stable" if stable else None
    if not descending:
        return np.argsort(x, axis=axis, kind=kind)
    # Sorted from behind and read from behind, so that equal entries keep their order.
    backwards = np.flip(np.argsort(np.flip(x, axis), axis=axis, kind=kind), axis)
    return x.shape[axis] - 1 - backwards


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (argsort, index_add, select, select_back)}
