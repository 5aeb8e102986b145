"""What figures are made from, checked: tables of links, arrays, sizes of pictures.

May import ``host_data`` and ``tensor``; draws nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.host_data import host_array
from minitorch_cnn.nn import Connectivity, Module

Table = Connectivity


def table_of(connectivity: Any, name: str) -> Connectivity:
    """``connectivity``, if it is a table of links."""
    if isinstance(connectivity, Connectivity):
        return connectivity
    fix = (
        "pass layer.connectivity(input_shape)"
        if isinstance(connectivity, Module)
        else "make one with nn.Connectivity.from_matrix_of_labels(labels)"
    )
    raise TypeError(
        f"{name}: expected an nn.Connectivity, got a {type(connectivity).__name__}; {fix}"
    )


def numbers_of(data: Any, name: str) -> np.ndarray[Any, Any]:
    """A tensor, an array or nested lists as real numbers on the host."""
    array = host_array(data, None)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: the numbers hold NaN or infinity, which have no colour")
    return array


def planes_of(shape: Any, units: int, name: str) -> tuple[int, int, int]:
    """How many pictures ``units`` stand in, of how many rows and columns.

    ``None`` and ``(n,)`` are one row, ``(height, width)`` is one picture, ``(channels, height,
    width)`` are several.
    """
    if shape is None:
        return 1, 1, units
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if len(sizes) not in (1, 2, 3):
        raise ValueError(
            f"{name} {shape} has {len(sizes)} sizes; expected (n,), (height, width) or (channels, "
            "height, width); channels of rows are (channels, 1, width)"
        )
    if math.prod(sizes) != units:
        raise ValueError(
            f"{name} {shape} holds {math.prod(sizes)} units, but the table has {units}; leave it "
            "out to draw a row"
        )
    channels, rows, columns = (1,) * (3 - len(sizes)) + sizes
    return channels, rows, columns
