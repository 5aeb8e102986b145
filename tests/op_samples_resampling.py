"""Samples of interpolation and of sampling at the places of a grid.

References are loops over single entries in NumPy.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from op_samples_base import Sample, case_of, distinct
from op_samples_functional import sample
from op_samples_windows import tuples
from references.case import Array

# --- interpolation -------------------------------------------------------------------------------


def cubic(x: float, a: float) -> float:
    x = abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def lanczos(x: float) -> float:
    if x == 0:
        return 1.0
    y = math.pi * x
    return 3 * math.sin(y) * math.sin(y / 3) / y**2 if abs(x) < 3 else 0.0


FILTERS: dict[str, tuple[int, Callable[[float], float]]] = {
    "bilinear": (1, lambda x: max(0.0, 1 - abs(x))),
    "bicubic": (2, lambda x: cubic(x, -0.5)),
    "lanczos": (3, lanczos),
}


def row(mode: str, i: int, old: int, step: float, corners: bool, antialias: bool) -> Array:
    """Weights of all old entries in the new entry ``i``."""
    out = np.zeros(old)
    middle = (i + 0.5) * step
    place = i * step if corners else middle - 0.5
    if mode == "area":
        covered = range(math.floor(i * step), math.ceil((i + 1) * step))
        out[list(covered)] = 1 / len(covered)
    elif antialias:
        radius, weight = FILTERS[mode]
        wide = max(step, 1.0)
        first = max(0, math.floor(middle - radius * wide + 0.5))
        for j in range(first, min(old, math.floor(middle + radius * wide + 0.5))):
            out[j] = weight((j + 0.5 - middle) / wide)
        out /= out.sum()
    elif mode.startswith("nearest"):
        out[min(old - 1, math.floor(middle if mode == "nearest-exact" else i * step))] = 1.0
    elif mode == "bicubic":
        for j in range(math.floor(place) - 1, math.floor(place) + 3):
            out[min(old - 1, max(0, j))] += cubic(place - j, -0.75)
    else:
        place = min(old - 1.0, max(0.0, place))
        for j in range(old):
            out[j] = max(0.0, 1 - abs(place - j))
    return out


def interpolate(
    x: Array,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Array:
    dims = x.ndim - 2
    factors = tuples(scale_factor, dims)
    given = tuples(size, dims)
    for axis, (old, new, factor) in enumerate(zip(x.shape[2:], given, factors, strict=True), 2):
        if new is None:
            new = math.floor(old * factor)
        if size is not None or recompute_scale_factor or mode == "area":
            factor = new / old
        step = (old - 1) / max(new - 1, 1) if align_corners else 1 / factor
        rows = [row(mode, i, old, step, bool(align_corners), antialias) for i in range(new)]
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ np.stack(rows, 1), -1, axis)
    return x


RESIZED: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((1, 2, 3), {"size": 5}),
    ((2, 1, 5), {"scale_factor": 0.7, "mode": "nearest-exact"}),
    ((1, 1, 5), {"size": 3, "mode": "area"}),
    ((1, 2, 3), {"scale_factor": 2.5, "mode": "linear"}),
    ((1, 1, 1), {"size": 2, "mode": "linear", "align_corners": True}),
    ((0, 1, 2), {"size": 3, "mode": "linear"}),
    ((1, 1, 2, 3), {"scale_factor": 2}),
    ((1, 1, 3, 2), {"size": (2, 5), "mode": "bilinear"}),
    ((1, 1, 3, 2), {"size": (5, 3), "mode": "bilinear", "align_corners": True}),
    (
        (1, 1, 3, 2),
        {"scale_factor": (1.5, 2.3), "mode": "bilinear", "recompute_scale_factor": True},
    ),
    ((1, 1, 3, 4), {"size": (4, 3), "mode": "bicubic"}),
    ((1, 1, 2, 2), {"scale_factor": (1.7, 1.3), "mode": "bicubic"}),
    ((1, 1, 3, 2), {"size": (4, 2), "mode": "bicubic", "align_corners": True}),
    ((1, 1, 5, 4), {"size": (2, 3), "mode": "area"}),
    ((1, 1, 5, 4), {"size": (2, 6), "mode": "bilinear", "antialias": True}),
    ((1, 1, 5, 4), {"scale_factor": (0.5, 0.6), "mode": "bicubic", "antialias": True}),
    ((1, 1, 5, 3), {"size": (2, 4), "mode": "lanczos", "antialias": True}),
    ((1, 1, 2, 1, 2), {"size": (3, 2, 1), "mode": "trilinear"}),
    ((1, 1, 2, 2, 2), {"scale_factor": (1.5, 1, 2), "mode": "nearest"}),
]


def resized() -> Iterator[Sample]:
    for shape, options in RESIZED:
        case = case_of(shape, **options)
        yield sample("interpolate", case, [distinct(*shape)], interpolate, **options)


# --- sampling ------------------------------------------------------------------------------------


def mirrored(i: float, size: int, corners: bool) -> float:
    """A place brought back by mirrors on the corner pixels, or on the edges of the picture."""
    low, high = (0.0, size - 1.0) if corners else (-0.5, size - 0.5)
    while not low <= i <= high:
        i = 2 * low - i if i < low else 2 * high - i
    return i


def look_up(at: float, size: int, mode: str, padding: str, corners: bool) -> dict[int, float]:
    """Weight of each entry of an axis at a place."""

    def moved(i: float) -> float:
        i = mirrored(i, size, corners) if padding == "reflection" else i
        return i if padding == "zeros" else min(size - 1, max(0, i))

    weights: dict[int, float] = {}
    if mode == "bicubic":
        for i in range(math.floor(at) - 1, math.floor(at) + 3):
            place = int(moved(i))
            weights[place] = weights.get(place, 0.0) + cubic(at - i, -0.75)
    elif mode == "nearest":
        weights[round(moved(at))] = 1.0
    else:
        left = math.floor(moved(at))
        weights = {left: left + 1 - moved(at), left + 1: moved(at) - left}
    return {i: weight for i, weight in weights.items() if 0 <= i < size}


def grid_sample(
    x: Array,
    grid: Array,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> Array:
    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]))
    for n, *place in np.ndindex(*grid.shape[:-1]):
        along = []
        for size, at in zip(x.shape[2:], grid[(n, *place)][::-1], strict=True):
            pixel = (at + 1) / 2 * (size - 1) if align_corners else ((at + 1) * size - 1) / 2
            along.append(look_up(pixel, size, mode, padding_mode, align_corners))
        for corner in itertools.product(*along):
            weight = math.prod(w[i] for w, i in zip(along, corner, strict=True))
            out[(n, slice(None), *place)] += weight * x[(n, slice(None), *corner)]
    return out


def affine_grid(theta: Array, size: Any, align_corners: bool = False) -> Array:
    out = np.zeros((size[0], *size[2:], len(size) - 2))
    for n, *place in np.ndindex(*out.shape[:-1]):
        at = [
            (0.0 if m == 1 else 2 * i / (m - 1) - 1) if align_corners else (2 * i + 1) / m - 1
            for i, m in zip(place, size[2:], strict=True)
        ]
        out[(n, *place)] = theta[n] @ np.array([*at[::-1], 1.0])
    return out


SAMPLED: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((1, 2, 3, 2), (1, 2, 2, 2), {}),
    ((2, 1, 2, 3), (2, 1, 3, 2), {"padding_mode": "border", "align_corners": True}),
    ((1, 1, 3, 3), (1, 2, 2, 2), {"padding_mode": "reflection"}),
    ((1, 1, 3, 2), (1, 2, 2, 2), {"mode": "bicubic"}),
    ((1, 1, 3, 2), (1, 1, 2, 2), {"mode": "bicubic", "padding_mode": "border"}),
    (
        (1, 1, 3, 3),
        (1, 1, 2, 2),
        {"mode": "bicubic", "padding_mode": "reflection", "align_corners": True},
    ),
    ((1, 2, 3, 3), (1, 2, 2, 2), {"mode": "nearest"}),
    ((1, 1, 2, 3, 2), (1, 1, 2, 1, 3), {}),
    ((1, 1, 2, 2, 2), (1, 2, 1, 1, 3), {"mode": "nearest", "padding_mode": "reflection"}),
    ((0, 1, 2, 2), (0, 1, 2, 2), {}),
]


def sampled() -> Iterator[Sample]:
    for shape, places, options in SAMPLED:
        grid = distinct(*places, low=-1.4, high=1.4)
        case, arguments = case_of(shape, places, **options), [distinct(*shape), grid]
        yield sample("grid_sample", case, arguments, grid_sample, **options)
    for size in ((2, 1, 2, 3), (1, 1, 2, 1, 2)):
        theta = distinct(size[0], len(size) - 2, len(size) - 1)
        for options in ({"size": size}, {"size": size, "align_corners": True}):
            yield sample("affine_grid", case_of(**options), [theta], affine_grid, **options)


SAMPLES = [*resized(), *sampled()]
