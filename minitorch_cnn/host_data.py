"""What users pass as data, as NumPy arrays: numbers, nested lists, anything with ``__array__``.

The default dtypes are decided here: real numbers become float32 and integers int64, arrays and
tensors keep their own, also inside lists. May import ``backend`` and ``graph``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of, float32, int64
from minitorch_cnn.graph import Boxed

NUMBERS = (int, float, np.number, np.bool_)


def host_array(data: Any, dtype: np.dtype[Any] | None) -> np.ndarray[Any, Any]:
    """``data`` as a NumPy array, of its default dtype unless ``dtype`` is wanted.

    Raises
    ------
    ValueError
        For ragged lists, and integers that do not fit ``dtype``.
    TypeError
        For text, None and other objects that are no numbers.
    """
    arrays: list[np.dtype[Any]] = []
    plain = _plain(data, arrays)
    try:
        array = np.asarray(plain)
        if dtype is not None and dtype.kind + array.dtype.kind in ("ii", "ui"):
            array = np.asarray(plain, dtype=dtype)  # refuses what would wrap around
    except OverflowError as error:
        raise ValueError(f"tensor: a number in the data does not fit: {error}") from None
    except ValueError as error:
        raise ValueError(
            f"tensor: the data has no one shape or does not fit a dtype ({error}); all rows must "
            "have equal lengths"
        ) from None
    if array.dtype.kind in "OSU":
        raise _refusal(data)
    if hasattr(data, "__array__") or array.dtype.kind not in "biuf":
        return array
    return array.astype(dtype or _default_dtype(array, arrays), copy=False)


def _plain(data: Any, arrays: list[np.dtype[Any]]) -> Any:
    """Tensors inside lists as host arrays; notes the dtypes of all arrays met."""
    if isinstance(data, Boxed):
        data = backend_of(data._data).to_numpy(data._data)
    if isinstance(data, (list, tuple)):
        return [_plain(item, arrays) for item in data]
    if isinstance(data, np.ndarray):
        arrays.append(data.dtype)
    return data


def _default_dtype(array: np.ndarray[Any, Any], inside: list[np.dtype[Any]]) -> np.dtype[Any]:
    """The dtype of a list: that of the arrays in it if they are of its kind."""
    own = [dtype for dtype in inside if dtype.kind == array.dtype.kind]
    if own:
        return np.result_type(*own)
    if array.dtype.kind == "f" or array.size == 0:
        return float32
    return int64 if array.dtype.kind == "i" else array.dtype


def _refusal(data: Any) -> Exception:
    """Why ``data``, of which NumPy can only make objects or text, is no tensor."""
    for entry in _entries(data):
        if not isinstance(entry, NUMBERS):
            return TypeError(
                f"tensor: the data holds a {type(entry).__name__}; expected numbers, nested lists "
                "of them, or arrays"
            )
    return ValueError("tensor: an integer in the data does not fit int64; pass it as a float")


def _entries(data: Any) -> Iterator[Any]:
    if isinstance(data, np.ndarray):
        data = data.ravel().tolist()
    if isinstance(data, (list, tuple)):
        for item in data:
            yield from _entries(item)
    else:
        yield data
