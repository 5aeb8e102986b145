"""Arrays, window geometries and indices drawn by hypothesis."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minitorch_backends.windows import output_sizes
from minitorch_cnn.ops.links import LinkTable
from references.case import Array

TIED = [-math.inf, -1.0, 0.0, 1.0, 2.0, math.nan]


@st.composite
def arrays(draw: Any, *shape: int, dtype: Any = None, kind: str = "numbers") -> Array:
    """Entries row-major, transposed, every second one read backwards, or one row repeated."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind == "ties":  # few values, so that extrema are tied; now and then no number
        values = rng.choice(TIED, shape, p=[0.1, 0.2, 0.3, 0.2, 0.1, 0.1])
    else:
        values = rng.uniform(-2, 2, shape)
    values = np.asarray(values, dtype or draw(st.sampled_from([np.float64, np.float32])))
    layout = draw(st.sampled_from(["row-major", "transposed", "strided", "repeated"]))
    if layout == "transposed":
        values = values.T.copy().T
    elif layout == "strided" and values.ndim:
        values = np.repeat(values, 2, axis=-1)[..., ::-2]
    elif layout == "repeated" and values.ndim and values.shape[0]:
        values = np.broadcast_to(values[:1], values.shape)
    values.setflags(write=False)
    return values


@st.composite
def geometries(draw: Any, *, dilated: bool = True) -> tuple[dict[str, Any], tuple[int, ...]]:
    """A window, and the spatial sizes of a picture in which it has at least one position."""
    dims = draw(st.integers(1, 3))
    most = 3 if dims < 3 else 2

    def numbers(low: int, high: int) -> Any:
        return st.tuples(*[st.integers(low, high)] * dims)

    window = {
        "kernel": draw(numbers(1, most)),
        "stride": draw(numbers(1, 3)),
        "padding": draw(st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * dims)),
        "dilation": draw(numbers(1, most if dilated else 1)),
    }
    least = [
        max(1, d * (k - 1) + 1 - sum(p))
        for d, k, p in zip(window["dilation"], window["kernel"], window["padding"], strict=True)
    ]
    sizes = tuple(n + draw(st.integers(0, 3)) for n in least)
    return window, sizes


def positions(window: dict[str, Any], sizes: tuple[int, ...]) -> tuple[int, ...]:
    ones = (1,) * len(sizes)
    dilation = window.get("dilation", ones)
    return output_sizes(sizes, window["kernel"], window["stride"], window["padding"], dilation)


@st.composite
def keys(draw: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """An index with at least one array: integers or a mask beside slices, numbers and new axes."""
    count = draw(st.integers(0, 3))
    together: tuple[int, ...] = draw(st.sampled_from([(count,), (1,), (), (2, count), (2, 1)]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    parts: list[Any] = []
    axis = 0
    while axis < len(shape):
        size, left = shape[axis], len(shape) - axis
        kinds = ["slice", "newaxis"] + ["array", "array", "number"] * (size > 0)
        kinds += ["ellipsis"] * (not any(p is Ellipsis for p in parts))
        kinds += ["mask"] * (not any(isinstance(p, (np.ndarray, bool)) for p in parts))
        kind = draw(st.sampled_from(kinds))
        named = 1
        if kind == "newaxis":
            parts.append(None)
            named = 0
        elif kind == "ellipsis":
            parts.append(Ellipsis)
            named = draw(st.integers(0, left))
        elif kind == "slice":
            parts.append(draw(st.slices(size)))
        elif kind == "number":
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "array":
            own = draw(st.sampled_from([together, together[1:], (1,) * len(together)]))
            parts.append(np.asarray(rng.integers(-size, size, own)))
        else:
            named = draw(st.integers(0, left))
            mask = np.asarray(rng.random(shape[axis : axis + named]) < 0.5)
            together = (int(np.count_nonzero(mask)),)
            parts.append(mask if named else bool(mask))
        axis += named
    if not any(isinstance(p, (np.ndarray, bool)) for p in parts):
        parts.append(draw(st.booleans()))
    return tuple(parts)


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
