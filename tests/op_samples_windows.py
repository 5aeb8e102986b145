"""Samples of dense, local, convolutional and pooling functions; references are loops in NumPy."""

import itertools
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct
from op_samples_functional import sample
from references.case import Array

# --- dense, local, convolutional -----------------------------------------------------------------


def linear(x: Array, weight: Array, bias: Any = None) -> Array:
    return x @ weight.T + (0 if bias is None else bias)


def tuples(value: Any, dims: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims


def around(padding: Any, kernel: Any, dilation: Any) -> list[tuple[int, int]]:
    """Padding as pairs."""
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "same":
        spans = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return [(span // 2, span - span // 2) for span in spans]
    return [(p, p) for p in tuples(padding, len(kernel))]


def each_window(shape: Any, kernel: Any, stride: Any, dilation: Any) -> Iterator[tuple[Any, Any]]:
    """Every position with the index arrays of its window in the padded picture."""
    counts = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(shape, kernel, stride, dilation, strict=True)
    ]
    for position in itertools.product(*map(range, counts)):
        yield (
            position,
            np.ix_(
                *(
                    p * s + d * np.arange(k)
                    for p, s, d, k in zip(position, stride, dilation, kernel, strict=True)
                )
            ),
        )


def locally_connected(
    x: Array,
    weight: Array,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    dims: int,
) -> Array:
    """Loops over pictures, outputs and positions; weight (*positions, O, C / groups, *kernel)."""
    outputs, depth, *kernel = weight.shape[dims:]
    stride, dilation = tuples(stride, dims), tuples(dilation, dims)
    pairs = around(padding, kernel, dilation)
    padded = np.pad(x, [(0, 0)] * (x.ndim - dims) + pairs)
    batch = padded if x.ndim == dims + 2 else padded[None]
    out = np.zeros((len(batch), outputs, *weight.shape[:dims]))
    for position, place in each_window(batch.shape[2:], kernel, stride, dilation):
        for n, o in itertools.product(range(len(batch)), range(outputs)):
            first = o // (outputs // groups) * depth
            window = np.stack([batch[n, c][place] for c in range(first, first + depth)])
            out[(n, o, *position)] = np.sum(window * weight[(*position, o)])
    if bias is not None:
        out = out + bias
    return out if x.ndim == dims + 2 else out[0]


def convolution(dims: int) -> Callable[..., Array]:
    def reference(
        x: Array,
        weight: Array,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Array:
        kernel, spaced = weight.shape[2:], tuples(dilation, dims)
        pairs = around(padding, kernel, spaced)
        positions = tuple(
            (n + sum(p) - d * (k - 1) - 1) // s + 1
            for n, p, k, d, s in zip(
                x.shape[-dims:], pairs, kernel, spaced, tuples(stride, dims), strict=True
            )
        )
        tied = np.broadcast_to(weight, (*positions, *weight.shape))
        each = None if bias is None else bias.reshape(-1, *(1,) * dims)
        return locally_connected(x, tied, each, stride, padding, dilation, groups, dims)

    return reference


CONVOLUTIONS: list[tuple[int, tuple[int, ...], tuple[int, ...], bool, dict[str, Any]]] = [
    (1, (2, 2, 5), (3, 2, 3), True, {}),
    (1, (2, 5), (1, 2, 2), False, {"stride": 2, "padding": 1}),
    (1, (1, 4, 6), (2, 2, 3), True, {"dilation": 2, "groups": 2, "padding": "same"}),
    (2, (2, 2, 4, 3), (3, 2, 2, 2), True, {}),
    (2, (1, 2, 3, 3), (2, 2, 1, 1), False, {}),
    (2, (2, 1, 5, 4), (1, 1, 3, 2), False, {"stride": (2, 1), "padding": (1, 0)}),
    (2, (1, 2, 5, 5), (2, 1, 2, 3), True, {"dilation": (3, 1), "groups": 2, "padding": 1}),
    (2, (1, 4, 3, 3), (4, 1, 3, 3), True, {"groups": 4, "padding": "same"}),
    (2, (2, 1, 3, 4), (2, 1, 2, 2), False, {"padding": "same", "dilation": 2}),
    (2, (1, 2, 6, 5), (2, 2, 2, 2), True, {"stride": 3, "padding": "valid"}),
    (2, (2, 4, 3), (3, 2, 2, 2), True, {}),
    (2, (0, 1, 3, 3), (2, 1, 2, 2), True, {}),
    (3, (1, 2, 3, 2, 3), (2, 2, 2, 2, 1), True, {"padding": (0, 1, 0)}),
    (3, (1, 2, 3, 2, 3), (2, 1, 2, 1, 2), False, {"groups": 2, "stride": (1, 2, 1)}),
]


def convolutions() -> Iterator[Sample]:
    for shape in ((3,), (2, 3), (2, 1, 3), (0, 3)):
        arguments = [distinct(*shape), distinct(2, 3), distinct(2)]
        yield sample("linear", case_of(shape), arguments, linear)
        yield sample("linear", case_of(shape) + "-no-bias", arguments[:2], linear)
    for dims, x, weight, has_bias, options in CONVOLUTIONS:
        arguments = [distinct(*x), distinct(*weight)] + [distinct(weight[0])] * has_bias
        case = case_of(x, weight, **options)
        yield sample(f"conv{dims}d", case, arguments, convolution(dims), **options)
    for x, weight, bias, options in [
        ((2, 2, 3, 4), (2, 3, 2, 2, 2, 2), (2, 2, 3), {}),
        (
            (1, 2, 4, 3),
            (2, 3, 2, 1, 3, 1),
            None,
            {"stride": (2, 1), "padding": (1, 0), "groups": 2},
        ),
        ((2, 3, 3), (3, 3, 1, 2, 2, 2), (1, 3, 3), {"padding": "same"}),
        ((1, 1, 3, 3), (1, 1, 2, 1, 2, 2), None, {"dilation": 2}),
        ((2, 2, 5), (2, 2, 1, 3), (2, 2), {"stride": 2, "groups": 2}),
        ((2, 5), (3, 2, 2, 2), None, {"padding": "valid", "dilation": 2}),
        ((1, 1, 3), (3, 1, 1, 3), (1, 3), {"padding": 1}),
        ((1, 2, 2, 3, 2), (1, 2, 2, 2, 2, 2, 2, 1), (2, 1, 2, 2), {}),
        ((1, 1, 2, 2, 2), (2, 1, 1, 1, 1, 1, 2, 2), None, {"stride": (1, 2, 1)}),
    ]:
        dims = len(weight) // 2 - 1
        arguments = [distinct(*x), distinct(*weight)] + ([distinct(*bias)] if bias else [])
        defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "dims": dims, **options}
        reference = partial(locally_connected, **defaults)
        name = f"locally_connected{dims}d"
        function = getattr(functional, name)
        yield Sample(
            f"nn.functional.{name}",
            case_of(x, weight, **options),
            lambda x, w, b=None, f=function, o=options: f(x, w, b, **o),
            arguments,
            reference if bias else partial(reference, bias=None),
        )


# --- pooling -------------------------------------------------------------------------------------


def pool_padding(
    sizes_: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> list[tuple[int, int]]:
    pairs = []
    for n, k, s, p, d in zip(sizes_, kernel, stride, padding, dilation, strict=True):
        free = n + 2 * p - d * (k - 1) - 1
        count = (math.ceil(free / s) if ceil_mode else free // s) + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        pairs.append((p, max(p, (count - 1) * s + d * (k - 1) + 1 - n - p)))
    return pairs


def pooling(dims: int, largest: bool) -> Callable[..., Any]:
    def reference(
        x: Array,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
        return_indices: bool = False,
    ) -> Any:
        kernel, spaced = tuples(kernel_size, dims), tuples(dilation, dims)
        steps = kernel if stride is None else tuples(stride, dims)
        padding = tuples(padding, dims)
        pairs = pool_padding(x.shape[-dims:], kernel, steps, padding, spaced, ceil_mode)
        widths = [(0, 0)] * (x.ndim - dims) + pairs
        padded = np.pad(x, widths, constant_values=-np.inf if largest else 0.0)
        inside = np.pad(np.ones(x.shape[-dims:]), pairs)
        cells = np.pad(np.arange(inside[inside > 0].size).reshape(x.shape[-dims:]), pairs)
        counted = np.pad(np.ones(x.shape[-dims:]), [(p, p) for p in padding], constant_values=1.0)
        counted = np.pad(counted, [(0, b - p) for (_, b), p in zip(pairs, padding, strict=True)])
        values, places = {}, {}
        for position, place in each_window(padded.shape[-dims:], kernel, steps, spaced):
            window = padded[(..., *place)].reshape(*x.shape[:-dims], math.prod(kernel))
            if largest:
                values[position] = window.max(-1)
                places[position] = cells[place].reshape(-1)[window.argmax(-1)]
            else:
                count = (counted if count_include_pad else inside)[place].sum()
                values[position] = window.sum(-1) / (divisor_override or count)
        counts = tuple(n + 1 for n in max(values))

        def laid_out(entries: Any) -> Array:
            return np.stack(list(entries.values()), -1).reshape(*x.shape[:-dims], *counts)

        return (laid_out(values), laid_out(places)) if return_indices else laid_out(values)

    return reference


POOLS: list[tuple[int, tuple[int, ...], dict[str, Any]]] = [
    (1, (2, 1, 5), {"kernel_size": 2}),
    (1, (2, 5), {"kernel_size": 3, "stride": 1, "padding": 1}),
    (2, (1, 2, 4, 5), {"kernel_size": 2}),
    (2, (2, 1, 4, 4), {"kernel_size": (3, 2), "stride": (1, 2)}),
    (2, (1, 1, 4, 5), {"kernel_size": 3, "stride": 2, "padding": 1}),
    (2, (1, 2, 5, 4), {"kernel_size": 2, "stride": 2, "ceil_mode": True}),
    (2, (2, 4, 4), {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}),
    (2, (0, 1, 2, 2), {"kernel_size": 2}),
    (3, (1, 2, 2, 3, 2), {"kernel_size": (1, 2, 2)}),
    (3, (1, 1, 3, 3, 3), {"kernel_size": 2, "stride": 1, "padding": (1, 0, 1)}),
]


def pools() -> Iterator[Sample]:
    for dims, shape, options in POOLS:
        x, case = distinct(*shape), case_of(shape, **options)
        yield sample(f"max_pool{dims}d", case, [x], pooling(dims, True), **options)
        yield sample(f"avg_pool{dims}d", case, [x], pooling(dims, False), **options)
        if options.get("padding"):
            options = {**options, "count_include_pad": False}
            case = case_of(shape, **options)
            yield sample(f"avg_pool{dims}d", case, [x], pooling(dims, False), **options)
    x = distinct(1, 2, 5, 6)
    for options in (
        {"kernel_size": 2, "dilation": 2, "stride": 1},
        {"kernel_size": 2, "return_indices": True},
        {"kernel_size": (2, 3), "dilation": (2, 1), "padding": 1, "return_indices": True},
    ):
        yield sample("max_pool2d", case_of(**options), [x], pooling(2, True), **options)
    options = {"kernel_size": 2, "divisor_override": 3}
    yield sample("avg_pool2d", case_of(**options), [x], pooling(2, False), **options)


SAMPLES = [*convolutions(), *pools()]
