"""Arrays brought to a backend, in every layout that memory may have there, and values compared.

May import ``protocol``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch_backends.protocol import Array, Backend
from minitorch_backends.testing.draw import HostArray

LAYOUTS = ("row-major", "transposed", "strided", "backwards")
"""How an array lies in memory: its axes in order, in reverse order, every second entry of the last
axis, that axis from its end (where the library has such views)."""

TOLERANCES = {"float64": 1e-12, "float32": 2e-5, "float16": 2e-2}
"""Largest relative error by dtype; results of other dtypes must be equal."""


def placed(backend: Backend, values: HostArray, layout: str) -> Array:
    """``values`` as an array of a backend that lies in its memory as ``layout`` says."""
    xp = backend.xp

    def there(array: HostArray) -> Array:
        return backend.asarray(np.array(array, order="C"), copy=True)

    if layout == "transposed":
        return xp.permute_dims(there(values.T), tuple(reversed(range(values.ndim))))
    if layout == "strided" and values.ndim:
        return there(np.repeat(values, 2, axis=-1))[..., ::2]
    if layout == "backwards" and values.ndim:
        return xp.flip(there(values[..., ::-1]), axis=-1)
    return there(values)


def moved(value: Any, convert: Callable[[HostArray], Any]) -> Any:
    """Arguments with their NumPy arrays, also those inside tuples, converted."""
    if isinstance(value, np.ndarray):
        return convert(value)
    if isinstance(value, (tuple, list)):
        return type(value)(moved(v, convert) for v in value)
    if isinstance(value, dict):
        return {k: moved(v, convert) for k, v in value.items()}
    return value


def leaves(value: Any) -> Iterator[Any]:
    """The arrays in tuples and lists, in order; numbers are passed over."""
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from leaves(part)
    elif hasattr(value, "dtype"):
        yield value


def relative_error(found: HostArray, exact: HostArray) -> float:
    """Largest difference over the largest finite entry of ``exact`` (or over 1, if that is less).

    Infinite where one has NaN or an infinity and the other something else.
    """
    found, exact = np.asarray(found, np.float64), np.asarray(exact, np.float64)
    finite = np.isfinite(exact)
    if not np.array_equal(found[~finite], exact[~finite], equal_nan=True):
        return np.inf
    if not np.isfinite(found[finite]).all():
        return np.inf
    scale = np.max(np.abs(exact), initial=1.0, where=finite)
    return float(np.max(np.abs(found[finite] - exact[finite]), initial=0.0) / scale)
