"""Storing results: one compressed `.npz` per family of cases, next to this file.

All values of a family lie in one float64 vector beside a table of names, shapes and types:
thousands of tiny arrays stored one by one would take more room for headers than for values.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .case import Results

SEPARATOR = "/"


def path_of(family: str) -> Path:
    return Path(__file__).parent / f"{family}.npz"


def save(family: str, results: Mapping[str, Results]) -> None:
    """Write the results of a family's cases, by case name and by quantity."""
    flat = {
        f"{case}{SEPARATOR}{quantity}": array
        for case, quantities in results.items()
        for quantity, array in quantities.items()
    }
    np.savez_compressed(
        path_of(family),
        names=np.array(list(flat)),
        shapes=np.array([" ".join(map(str, array.shape)) for array in flat.values()]),
        dtypes=np.array([array.dtype.name for array in flat.values()]),
        values=np.concatenate([array.ravel().astype(np.float64) for array in flat.values()]),
    )


def load(family: str) -> dict[str, Results]:
    """The stored results of a family, in the order in which they were recorded."""
    with np.load(path_of(family), allow_pickle=False) as file:
        table = zip(*(file[part].tolist() for part in ("names", "shapes", "dtypes")), strict=True)
        values = file["values"]
    results: dict[str, Results] = {}
    start = 0
    for name, written, dtype in table:
        shape = tuple(map(int, written.split()))
        end = start + math.prod(shape)
        case, _, quantity = name.partition(SEPARATOR)
        results.setdefault(case, {})[quantity] = values[start:end].reshape(shape).astype(dtype)
        start = end
    return results
