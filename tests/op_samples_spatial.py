"""Samples of transposed convolution, folding, shuffles and padding.

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


SAMPLES = [
    *transposed_convolutions(),
    *columns(),
    *shuffles(),
    *padded(),
]
