"""Window geometries, indices and tables of links drawn by hypothesis.

The first two are those of the kernels' cases, which the test kit of backends draws from a seed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minitorch_backends.testing.draw import Draw, Sizes, geometry, index_key
from minitorch_cnn.ops.links import LinkTable


def drawn(make: Callable[[Draw], Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 2**32 - 1).map(lambda seed: make(Draw(seed)))


def geometries() -> st.SearchStrategy[tuple[dict[str, Any], Sizes]]:
    """A window, and the spatial sizes of a picture in which it has at least one position."""
    return drawn(geometry)


def keys(shape: Sizes) -> st.SearchStrategy[tuple[Any, ...]]:
    """An index with at least one array: integers or a mask beside slices, numbers and new axes."""
    return drawn(lambda draw: index_key(draw, shape))


@st.composite
def link_tables(draw: Any) -> LinkTable:
    """Outputs that look at few, many or no inputs, some of them at the same; links in any order."""
    n_outputs, n_inputs = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    windows = [
        rng.integers(0, n_inputs, draw(st.integers(0, n_inputs + 1)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    looks = [windows[number] for number in rng.integers(0, len(windows), n_outputs)]
    outputs = np.repeat(np.arange(n_outputs), [len(window) for window in looks])
    inputs = np.concatenate(looks)
    order = rng.permutation(len(inputs)) if draw(st.booleans()) else np.lexsort((inputs, outputs))
    return LinkTable(outputs[order], inputs[order], (n_outputs, n_inputs))
