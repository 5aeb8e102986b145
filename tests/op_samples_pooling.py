"""Samples of adaptive pooling, power pooling and un-pooling; references are loops in NumPy."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from op_samples_base import Sample, case_of, distinct, given
from op_samples_functional import sample
from op_samples_windows import pooling, tuples
from references.case import Array

# --- adaptive pooling ----------------------------------------------------------------------------


def bins(size: int, count: int) -> list[slice]:
    return [slice(i * size // count, math.ceil((i + 1) * size / count)) for i in range(count)]


def adaptive(dims: int, largest: bool) -> Callable[..., Any]:
    def reference(x: Array, output_size: Any, return_indices: bool = False) -> Any:
        spatial = x.shape[-dims:]
        counts = [
            n if count is None else count
            for n, count in zip(spatial, tuples(output_size, dims), strict=True)
        ]
        cells = np.arange(math.prod(spatial)).reshape(spatial)
        values = np.zeros((*x.shape[:-dims], *counts))
        places = np.zeros(values.shape, np.int64)
        every = [list(enumerate(bins(n, c))) for n, c in zip(spatial, counts, strict=True)]
        for chosen in itertools.product(*every):
            position, where = zip(*chosen, strict=True)
            entries = x[(..., *where)].reshape(*x.shape[:-dims], cells[where].size)
            values[(..., *position)] = entries.max(-1) if largest else entries.mean(-1)
            places[(..., *position)] = cells[where].reshape(-1)[entries.argmax(-1)]
        return (values, places) if return_indices else values

    return reference


ADAPTIVE: list[tuple[tuple[int, ...], Any]] = [
    ((2, 2, 5), 3),
    ((2, 4), 7),
    ((1, 2, 5, 4), (3, 2)),
    ((2, 1, 4, 6), 2),
    ((2, 3, 5), (None, 2)),
    ((0, 1, 3, 3), 2),
    ((1, 1, 1, 3), (1, 4)),
    ((1, 2, 4, 3), 1),
    ((1, 1, 3, 2, 4), (2, 1, 3)),
]


def adaptive_pools() -> Iterator[Sample]:
    for shape, size in ADAPTIVE:
        dims = len(shape) - 2 if isinstance(size, int) else len(size)
        dims = dims or 1
        x, case = distinct(*shape), case_of(shape, output_size=size)
        for kind, largest in (("avg", False), ("max", True)):
            name = f"adaptive_{kind}_pool{dims}d"
            yield sample(name, case, [x, size], adaptive(dims, largest))
        case = f"{case}-indices"
        yield sample(name, case, [x, size], adaptive(dims, True), return_indices=True)


# --- power pooling -------------------------------------------------------------------------------


def lp_pooling(dims: int) -> Callable[..., Array]:
    def reference(x: Array, norm_type: float, kernel_size: Any, **window: Any) -> Array:
        if math.isinf(norm_type):
            sign = math.copysign(1.0, norm_type)
            return sign * pooling(dims, True)(sign * np.abs(x), kernel_size, **window)
        means = pooling(dims, False)(x**norm_type, kernel_size, **window)
        return (means * math.prod(tuples(kernel_size, dims))) ** (1 / norm_type)

    return reference


LP_POOLS: list[tuple[tuple[int, ...], Any, dict[str, Any]]] = [
    ((2, 1, 5), 2, {}),
    ((2, 5), 3.0, {"stride": 1}),
    ((1, 2, 4, 5), 2, {"ceil_mode": True}),
    ((1, 2, 4, 5), 1, {"stride": 3}),
    ((1, 1, 4, 4), 0.5, {}),
    ((1, 1, 4, 4), math.inf, {"stride": 1}),
    ((1, 1, 4, 4), -math.inf, {}),
    ((0, 1, 4, 4), 2, {}),
    ((1, 1, 2, 3, 2), 4, {"stride": 1}),
]


def lp_pools() -> Iterator[Sample]:
    for shape, power, options in LP_POOLS:
        dims = max(1, len(shape) - 2)
        x, case = distinct(*shape, low=0.3), case_of(shape, norm_type=power, **options)
        yield sample(f"lp_pool{dims}d", case, [x, power, 2], lp_pooling(dims), **options)
    x = distinct(1, 1, 4, 4, low=-2.0, high=-0.3)
    for power in (2, math.inf):
        yield sample("lp_pool2d", f"negative-{power}", [x, power, (2, 1)], lp_pooling(2))


# --- un-pooling ----------------------------------------------------------------------------------


def unpooling(dims: int) -> Callable[..., Array]:
    def reference(
        x: Array,
        indices: Array,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Array:
        steps = tuples(kernel_size if stride is None else stride, dims)
        sizes = output_size or [
            (n - 1) * s + k - 2 * p
            for n, s, k, p in zip(
                x.shape[-dims:],
                steps,
                tuples(kernel_size, dims),
                tuples(padding, dims),
                strict=True,
            )
        ]
        lead = x.shape[:-dims]
        out = np.zeros((math.prod(lead), math.prod(sizes)))
        rows = x.reshape(len(out), math.prod(x.shape[-dims:]))
        for row, values, places in zip(out, rows, indices.reshape(rows.shape), strict=True):
            for value, place in zip(values, places, strict=True):
                row[place] = value
        return out.reshape(*lead, *sizes)

    return reference


UNPOOLS: list[tuple[int, Any, dict[str, Any]]] = [
    (1, [[[1, 2, 5]], [[0, 3, 4]]], {"kernel_size": 2}),
    (1, [[6, 2]], {"kernel_size": 3, "stride": 4}),
    (2, [[[[0, 3], [9, 14]]]], {"kernel_size": 2}),
    (2, [[[3, 4], [5, 24]]], {"kernel_size": 2, "output_size": (5, 5)}),
    (2, [[[[6, 6, 8], [6, 6, 8], [16, 16, 8]]]], {"kernel_size": 3, "stride": 2, "padding": 1}),
    (3, [[[[[7, 0]]]]], {"kernel_size": (2, 1, 2)}),
]


def unpools() -> Iterator[Sample]:
    for dims, indices, options in UNPOOLS:
        shape = np.shape(indices)
        arguments = [distinct(*shape), given(indices)]
        case = case_of(shape, **options)
        yield sample(f"max_unpool{dims}d", case, arguments, unpooling(dims), **options)
    empty = [distinct(0, 1, 2, 2), given(np.zeros((0, 1, 2, 2), np.int64))]
    yield sample("max_unpool2d", "0x1x2x2", empty, unpooling(2), kernel_size=2)


SAMPLES = [*adaptive_pools(), *lp_pools(), *unpools()]
