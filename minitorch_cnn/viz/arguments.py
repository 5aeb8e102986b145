"""What figures are made from, checked: tables of links, arrays, shapes of layers of units.

May import ``host_data`` and ``nn``; draws nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.host_data import host_array
from minitorch_cnn.nn import Connectivity, Module


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


def counts_of(table: Connectivity) -> str:
    """What is in a table, in numbers: the label of its pictures."""
    n_outputs, n_inputs = table.shape
    return (
        f"{n_inputs:,} inputs, {n_outputs:,} outputs, {table.links:,} links, "
        f"{table.weights:,} weights"
    )


def colours_of(table: Connectivity) -> np.ndarray[Any, Any]:
    """For each link the number of its weight, or -1 if no other link shares it."""
    links = np.bincount(table.numbers, minlength=table.weights)
    return np.where(links[table.numbers] > 1, table.numbers, -1)


def real_numbers(data: Any, name: str) -> np.ndarray[Any, Any]:
    """A tensor, an array or nested lists as finite real numbers on the host."""
    array = host_array(data, None)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: NaN and infinity have no colour; replace them by numbers")
    return array


def planes_of(shape: Any, units: int, name: str) -> tuple[int, int, int]:
    """How many pictures the units stand in, and the rows and columns of each.

    ``None`` and ``(n,)`` are one row, ``(height, width)`` is one picture, ``(channels, height,
    width)`` are several.
    """
    if shape is None:
        return 1, 1, units
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if not all(isinstance(n, int) and n >= 1 for n in sizes):
        raise ValueError(f"{name} {shape!r}: expected integers of at least 1")
    if len(sizes) not in (1, 2, 3):
        raise ValueError(
            f"{name} {shape} has {len(sizes)} sizes; expected (n,), (height, width) or (channels, "
            "height, width); channels of rows are (channels, 1, width)"
        )
    if math.prod(sizes) != units:
        raise ValueError(
            f"{name} {shape} holds {math.prod(sizes)} units, but the table has {units}; leave it "
            "out to draw one row"
        )
    channels, rows, columns = (1,) * (3 - len(sizes)) + sizes
    return channels, rows, columns
