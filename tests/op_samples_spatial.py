"""Samples of transposed convolution, folding, interpolation, shuffles and padding.

References are loops over single entries in NumPy.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from op_samples_base import Sample, case_of, distinct
from op_samples_functional import sample
from op_samples_windows import each_window, tuples
from references.case import Array

# --- transposed convolution ----------------------------------------------------------------------


def transposed_convolution(dims: int) -> Callable[..., Array]:
    def reference(
        x: Array,
        weight: Array,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Array:
        """Every entry lays down its kernel on a canvas, which is then cropped."""
        batch = x if x.ndim == dims + 2 else x[None]
        kernel, depth = weight.shape[2:], weight.shape[1]
        settings = (stride, padding, output_padding, dilation)
        steps, cropped, extra, spaced = (tuples(setting, dims) for setting in settings)
        spans = [
            (n - 1) * s + d * (k - 1) + 1 + e
            for n, s, d, k, e in zip(batch.shape[2:], steps, spaced, kernel, extra, strict=True)
        ]
        canvas = np.zeros((len(batch), depth * groups, *spans))
        for n, channel in itertools.product(*map(range, batch.shape[:2])):
            first = channel // (batch.shape[1] // groups) * depth
            for position in np.ndindex(*batch.shape[2:]):
                for place in np.ndindex(*kernel):
                    where = tuple(
                        p * s + q * d
                        for p, s, q, d in zip(position, steps, place, spaced, strict=True)
                    )
                    laid = batch[(n, channel, *position)] * weight[(channel, slice(None), *place)]
                    canvas[(n, slice(first, first + depth), *where)] += laid
        out = canvas[(..., *(slice(p, n - p) for p, n in zip(cropped, spans, strict=True)))]
        out = out if bias is None else out + bias.reshape(-1, *(1,) * dims)
        return out if x.ndim == dims + 2 else out[0]

    return reference


TRANSPOSED: list[tuple[int, tuple[int, ...], tuple[int, ...], bool, dict[str, Any]]] = [
    (1, (2, 2, 3), (2, 3, 2), True, {}),
    (1, (2, 3), (2, 1, 3), False, {"stride": 2, "padding": 1, "output_padding": 1}),
    (1, (1, 2, 3), (2, 1, 2), False, {"dilation": 3, "output_padding": 2}),
    (1, (1, 2, 3), (2, 1, 2), False, {"dilation": 4, "output_padding": 3, "padding": 1}),
    (2, (2, 2, 2, 3), (2, 3, 2, 2), True, {}),
    (2, (1, 2, 2, 2), (2, 2, 3, 2), True, {"stride": (2, 1), "padding": (1, 0), "groups": 2}),
    (2, (1, 2, 1, 2), (2, 1, 1, 1), False, {"stride": 3, "output_padding": (2, 1)}),
    (2, (2, 2, 3), (2, 1, 2, 2), True, {"dilation": (1, 2), "stride": 2}),
    (2, (0, 2, 2, 2), (2, 1, 2, 2), True, {}),
    (3, (1, 2, 2, 1, 2), (2, 2, 1, 2, 2), True, {"padding": (0, 0, 1)}),
    (3, (1, 2, 2, 1, 2), (2, 1, 2, 1, 2), False, {"groups": 2, "stride": (1, 2, 2)}),
]


def transposed_convolutions() -> Iterator[Sample]:
    for dims, x, weight, has_bias, options in TRANSPOSED:
        outputs = weight[1] * options.get("groups", 1)
        arguments = [distinct(*x), distinct(*weight)] + [distinct(outputs)] * has_bias
        op, case = f"conv_transpose{dims}d", case_of(x, weight, **options)
        yield sample(op, case, arguments, transposed_convolution(dims), **options)


# --- windows as columns --------------------------------------------------------------------------


def unfold(
    x: Array, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Array:
    kernel, around = tuples(kernel_size, 2), tuples(padding, 2)
    padded = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(p, p) for p in around])
    found = each_window(padded.shape[-2:], kernel, tuples(stride, 2), tuples(dilation, 2))
    rows = x.shape[-3] * math.prod(kernel)
    return np.stack([padded[(..., *place)].reshape(*x.shape[:-3], rows) for _, place in found], -1)


def fold(
    x: Array,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Array:
    kernel, around, sizes = (tuples(v, 2) for v in (kernel_size, padding, output_size))
    channels = x.shape[-2] // math.prod(kernel)
    spans = [n + 2 * p for n, p in zip(sizes, around, strict=True)]
    padded = np.zeros((*x.shape[:-2], channels, *spans))
    found = each_window(padded.shape[-2:], kernel, tuples(stride, 2), tuples(dilation, 2))
    for column, (_, place) in enumerate(found):
        padded[(..., *place)] += x[..., column].reshape(*x.shape[:-2], channels, *kernel)
    return padded[(..., *(slice(p, p + n) for n, p in zip(sizes, around, strict=True)))]


COLUMNS: list[tuple[tuple[int, ...], int, dict[str, Any]]] = [
    ((2, 1, 3, 4), 6, {"kernel_size": 2}),
    ((2, 3, 3), 2, {"kernel_size": (2, 3), "stride": 2, "padding": (0, 1)}),
    ((1, 1, 4, 3), 4, {"kernel_size": 2, "dilation": (2, 1), "padding": (1, 0), "stride": (2, 1)}),
    ((1, 2, 2, 1), 1, {"kernel_size": 1, "stride": 5}),
    ((0, 1, 2, 2), 1, {"kernel_size": 2}),
]


def columns() -> Iterator[Sample]:
    for shape, _, options in COLUMNS:
        yield sample("unfold", case_of(shape, **options), [distinct(*shape)], unfold, **options)
    for shape, positions, options in COLUMNS:
        rows = shape[-3] * math.prod(tuples(options["kernel_size"], 2))
        columns_shape = (*shape[:-3], rows, positions)
        given = {"output_size": shape[-2:], **options}
        case = case_of(columns_shape, **given)
        yield sample("fold", case, [distinct(*columns_shape)], fold, **given)


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


# --- shuffles ------------------------------------------------------------------------------------


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    r = upscale_factor
    out = np.zeros((*x.shape[:-3], x.shape[-3] // r**2, x.shape[-2] * r, x.shape[-1] * r))
    for c, i, j in itertools.product(*map(range, out.shape[-3:])):
        out[..., c, i, j] = x[..., c * r**2 + i % r * r + j % r, i // r, j // r]
    return out


def pixel_unshuffle(x: Array, downscale_factor: int) -> Array:
    r = downscale_factor
    out = np.zeros((*x.shape[:-3], x.shape[-3] * r**2, x.shape[-2] // r, x.shape[-1] // r))
    for c, i, j in itertools.product(*map(range, x.shape[-3:])):
        out[..., c * r**2 + i % r * r + j % r, i // r, j // r] = x[..., c, i, j]
    return out


def channel_shuffle(x: Array, groups: int) -> Array:
    depth = x.shape[1] // groups
    return np.stack([x[:, g * depth + c] for c in range(depth) for g in range(groups)], 1)


def shuffles() -> Iterator[Sample]:
    for shape in ((1, 4, 1, 2), (8, 2, 1), (0, 4, 1, 1), (2, 1, 4, 1, 1)):
        x, case = distinct(*shape), case_of(shape)
        yield sample("pixel_shuffle", case, [x], pixel_shuffle, upscale_factor=2)
    for shape in ((1, 1, 2, 4), (2, 4, 2), (0, 1, 2, 2)):
        x, case = distinct(*shape), case_of(shape)
        yield sample("pixel_unshuffle", case, [x], pixel_unshuffle, downscale_factor=2)
    for shape, groups in (((2, 4, 2), 2), ((1, 6, 1, 2), 3), ((0, 2, 1), 2)):
        x, case = distinct(*shape), case_of(shape, groups=groups)
        yield sample("channel_shuffle", case, [x], channel_shuffle, groups=groups)


# --- padding -------------------------------------------------------------------------------------


def source(mode: str, i: int, size: int, start: int, stop: int) -> int:
    """Where place ``i``, counted from the first entry, takes its entry from."""
    if mode == "circular":
        return start + (i - start) % (stop - start)
    if mode == "replicate":
        return min(size - 1, max(0, i))
    return size - 1 - abs(size - 1 - abs(i))


def pad(x: Array, pad: Any, mode: str) -> Array:
    for axis, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), 1):
        size = x.shape[-axis]
        start, stop = max(0, -before), min(size, size + after)
        places = [source(mode, i, size, start, stop) for i in range(-before, size + after)]
        x = np.take(x, places, -axis)
    return x


def padded() -> Iterator[Sample]:
    for shape, widths in (
        ((2, 3), (2, 1)),
        ((1, 3, 4), (-1, 2, 1, -2)),
        ((1, 2, 2, 3), (1, 1, 0, 1)),
        ((1, 1, 2, 2, 2), (1, 0, 0, 1, 1, 1)),
        ((0, 2, 3), (1, 2)),
    ):
        for mode in ("reflect", "replicate", "circular"):
            if mode != "circular" or widths != (-1, 2, 1, -2) or shape != (1, 3, 4):
                case = case_of(shape, pad=widths, mode=mode)
                yield sample("pad", case, [distinct(*shape)], pad, pad=widths, mode=mode)


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


SAMPLES = [
    *transposed_convolutions(),
    *columns(),
    *resized(),
    *shuffles(),
    *padded(),
    *sampled(),
]
