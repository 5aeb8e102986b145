"""Samples of ``nn.functional``, with references written as loops and formulas in NumPy."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, distinct, given, integers, sizes
from op_samples_elementwise import SHAPES, erf, sigmoid

Array = np.ndarray


def sample(
    op: str, case: str, arguments: Any, reference: Any, order: int = 2, **options: Any
) -> Sample:
    """A sample whose function and reference take the same options."""
    function = getattr(functional, op)
    return Sample(
        f"nn.functional.{op}",
        case,
        lambda *tensors: function(*tensors, **options),
        arguments,
        lambda *arrays: reference(*arrays, **options),
        order,
    )


def case_of(*shapes: Any, **options: Any) -> str:
    return "-".join([sizes(*shapes), *(f"{k}={v}".replace(" ", "") for k, v in options.items())])


# --- activations ---------------------------------------------------------------------------------


def hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    return np.clip(x, min_val, max_val)


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(x))


def gelu(x: Array, approximate: str = "none") -> Array:
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


def softplus(x: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    return np.where(beta * x > threshold, x, np.log1p(np.exp(beta * x)) / beta)


ACTIVATIONS: dict[str, tuple[Callable[..., Any], list[dict[str, Any]]]] = {
    "elu": (elu, [{}, {"alpha": 0.5}]),
    "gelu": (gelu, [{}, {"approximate": "tanh"}]),
    "hardsigmoid": (lambda x: hardtanh(x + 3, 0, 6) / 6, [{}]),
    "hardswish": (lambda x: x * hardtanh(x + 3, 0, 6) / 6, [{}]),
    "hardtanh": (hardtanh, [{}, {"min_val": -0.5, "max_val": 2.0}]),
    "leaky_relu": (
        lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
        [{}, {"negative_slope": 0.3}],
    ),
    "logsigmoid": (lambda x: np.log(sigmoid(x)), [{}]),
    "mish": (lambda x: x * np.tanh(softplus(x)), [{}]),
    "relu": (lambda x: np.maximum(x, 0), [{}]),
    "relu6": (lambda x: np.clip(x, 0, 6), [{}]),
    "selu": (lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772), [{}]),
    "sigmoid": (sigmoid, [{}]),
    "silu": (lambda x: x * sigmoid(x), [{}]),
    "softplus": (softplus, [{}, {"beta": 2.0, "threshold": 3.0}]),
    "softsign": (lambda x: x / (1 + np.abs(x)), [{}]),
    "tanh": (np.tanh, [{}]),
}


def softmax(x: Array, dim: int) -> Array:
    powers = np.exp(x)
    return powers / np.sum(powers, axis=dim, keepdims=True)


def activations() -> Iterator[Sample]:
    for op, (reference, choices) in ACTIVATIONS.items():
        for options in choices:
            for shape in [*SHAPES, (13,)]:
                x = distinct(*shape, low=-8.0, high=8.0)
                yield sample(op, case_of(shape, **options), [x], reference, **options)
    for op, reference in (
        ("softmax", softmax),
        ("log_softmax", lambda x, dim: np.log(softmax(x, dim))),
    ):
        for shape, dim in (((4,), 0), ((2, 3), 1), ((2, 3), 0), ((2, 3, 2), -2), ((2, 1), 1)):
            yield sample(op, case_of(shape, dim=dim), [distinct(*shape)], reference, dim=dim)


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
    ]:
        arguments = [distinct(*x), distinct(*weight)] + ([distinct(*bias)] if bias else [])
        defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **options}
        yield Sample(
            "nn.functional.locally_connected2d",
            case_of(x, weight, **options),
            lambda x, w, b=None, options=options: functional.locally_connected2d(
                x, w, b, **options
            ),
            arguments,
            lambda x, w, b=None, o=defaults: locally_connected(x, w, b, **o, dims=2),
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


# --- padding, normalisation, dropout -------------------------------------------------------------


def pad(x: Array, pad: Any, mode: str = "constant", value: Any = None) -> Array:
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    if mode == "constant":
        return np.pad(x, pairs, constant_values=value or 0)
    return np.pad(x, pairs, mode={"replicate": "edge", "circular": "wrap"}.get(mode, mode))


def batch_norm(
    x: Array, mean: Any, variance: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Array:
    def wide(values: Array) -> Array:
        return values.reshape(-1, *(1,) * (x.ndim - 2))

    normal = (x - wide(mean)) / np.sqrt(wide(variance) + eps)
    normal = normal if weight is None else normal * wide(weight)
    return normal if bias is None else normal + wide(bias)


def batch_norm_of_batch(x: Array, *args: Any, **options: Any) -> Array:
    axes = (0, *range(2, x.ndim))
    return batch_norm(x, x.mean(axes), x.var(axes), *args, **options)


def dropped(mask_shape: Callable[[Any], Any]) -> Callable[..., Array]:
    def reference(x: Array, p: float, training: bool, seed: int) -> Array:
        if not training:
            return x
        drawn = np.random.default_rng(seed).random(mask_shape(x.shape), dtype=np.float32)
        return x * (drawn >= p) / (1 - p if p < 1 else 1)

    return reference


def normalisations() -> Iterator[Sample]:
    for widths, options in (
        ((1, 2), {}),
        ((1, 0, 2, 1), {"value": 1.5}),
        ((-1, 1), {}),
        ((2, 1), {"mode": "reflect"}),
        ((1, 1, 1, 2), {"mode": "replicate"}),
        ((2, 1, 0, 1), {"mode": "circular"}),
    ):
        x = distinct(1, 3, 4)

        def reference(x: Array, pad_: Any = widths, **options: Any) -> Array:
            if min(pad_) < 0:
                return pad(x[..., 1:], (0, 1), **options)
            return pad(x, pad_, **options)

        def call(x: Any, pad_: Any = widths, options: Any = options) -> Any:
            return functional.pad(x, pad_, **options)

        yield Sample(
            "nn.functional.pad",
            case_of(pad=widths, **options),
            call,
            [x],
            lambda x, r=reference, o=options: r(x, **o),
        )
    for shape in ((4, 2), (3, 2, 2), (2, 2, 2, 2), (2, 1, 1, 2, 3)):
        channels = shape[1]
        x, weight, bias = distinct(*shape), distinct(channels), distinct(channels)

        def of_batch(x: Any, *more: Any, **options: Any) -> Any:
            return functional.batch_norm(x, None, None, *more, training=True, **options)

        name = "nn.functional.batch_norm"
        case = sizes(shape)
        yield Sample(name, f"{case}-training", of_batch, [x, weight, bias], batch_norm_of_batch)
        yield Sample(name, f"{case}-training-plain", of_batch, [x], batch_norm_of_batch)
        yield Sample(
            name,
            f"{case}-training-no-bias",
            lambda x, weight: of_batch(x, weight, eps=0.1),
            [x, weight],
            lambda x, weight: batch_norm_of_batch(x, weight, eps=0.1),
        )
        running = [distinct(channels), distinct(channels, low=0.5, high=2.0)]
        arguments = [x, *running, weight, bias]
        yield Sample(name, f"{case}-running", functional.batch_norm, arguments, batch_norm)
        yield Sample(
            name, f"{case}-running-plain", functional.batch_norm, arguments[:3], batch_norm
        )
    for op, shape, mask_shape in (
        ("dropout", (3, 4), lambda shape: shape),
        ("dropout2d", (2, 3, 2, 2), lambda shape: (*shape[:-2], 1, 1)),
        ("dropout2d", (4, 2, 2), lambda shape: (*shape[:-2], 1, 1)),
    ):
        for p, training in ((0.3, True), (0.3, False), (0.0, True), (1.0, True)):
            function = getattr(functional, op)
            yield Sample(
                f"nn.functional.{op}",
                case_of(shape, p=p, training=training),
                lambda x, p, training, seed, function=function: function(
                    x, p, training, rng=np.random.default_rng(seed)
                ),
                [distinct(*shape), p, training, 5],
                dropped(mask_shape),
            )


# --- losses --------------------------------------------------------------------------------------


def reduced(losses: Array, reduction: str) -> Array:
    return {"none": lambda x: x, "sum": np.sum, "mean": np.mean}[reduction](losses)


def pointwise(formula: Callable[..., Array]) -> Callable[..., Array]:
    def reference(*arrays: Any, reduction: str = "mean", **options: Any) -> Array:
        return reduced(formula(*arrays, **options), reduction)

    return reference


def huber(x: Array, y: Array, delta: float = 1.0) -> Array:
    size = np.abs(x - y)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


def smooth_l1(x: Array, y: Array, beta: float = 1.0) -> Array:
    return np.abs(x - y) if beta == 0 else huber(x, y, beta) / beta


def binary_cross_entropy(p: Array, y: Array, weight: Any = 1.0) -> Array:
    return -weight * (y * np.log(p) + (1 - y) * np.log(1 - p))


def with_logits(x: Array, y: Array, weight: Any = 1.0, pos_weight: Any = 1.0) -> Array:
    return -weight * (pos_weight * y * np.log(sigmoid(x)) + (1 - y) * np.log(sigmoid(-x)))


def kl_div(x: Array, y: Array, log_target: bool = False, reduction: str = "mean") -> Array:
    losses = np.exp(y) * (y - x) if log_target else y * (np.log(np.where(y > 0, y, 1)) - x)
    return np.sum(losses) / len(x) if reduction == "batchmean" else reduced(losses, reduction)


def nll_loss(
    logs: Array,
    labels: Array,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Array:
    logs = np.moveaxis(logs, 1, -1) if logs.ndim > 1 else logs
    classes = logs.shape[-1]
    weight = np.ones(classes) if weight is None else weight
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    factors = weight[safe] * counted
    losses = -np.take_along_axis(logs, safe[..., None], -1)[..., 0] * factors
    if reduction == "mean":
        return np.sum(losses) / np.sum(factors)
    return reduced(losses, reduction)


def cross_entropy(
    scores: Array,
    labels: Array,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    axis = 1 if scores.ndim > 1 else 0
    logs = np.moveaxis(np.log(softmax(scores, axis)), axis, -1)
    classes = logs.shape[-1]
    factors = np.ones(classes) if weight is None else weight
    if labels.dtype.kind == "f":
        target, counted = np.moveaxis(labels, axis, -1), None
    else:
        counted = labels != ignore_index
        target = np.eye(classes)[np.where(counted, labels, 0)] * counted[..., None]
    share = np.sum(target, -1, keepdims=True) if counted is not None else 1.0
    target = (1 - label_smoothing) * target + label_smoothing / classes * share
    losses = -np.sum(target * logs * factors, -1)
    if reduction != "mean":
        return reduced(losses, reduction)
    if counted is None:
        return np.mean(losses)
    return np.sum(losses) / np.sum(factors[np.where(counted, labels, 0)] * counted)


def losses() -> Iterator[Sample]:
    for op, formula, choices in (
        ("mse_loss", lambda x, y: (x - y) ** 2, [{}]),
        ("l1_loss", lambda x, y: np.abs(x - y), [{}]),
        ("huber_loss", huber, [{}, {"delta": 0.4}]),
        ("smooth_l1_loss", smooth_l1, [{}, {"beta": 0.4}, {"beta": 0}]),
    ):
        for options, reduction in itertools.product(choices, ("mean", "sum", "none")):
            options = {**options, "reduction": reduction}
            for shape in ((2, 3), ()):
                arguments = [distinct(*shape), distinct(*shape)]
                case = case_of(shape, **options)
                yield sample(op, case, arguments, pointwise(formula), **options)
    x, y, weight = distinct(2, 3), distinct(2, 3, low=0.05, high=0.95), distinct(3, low=0.5, high=2)
    p = distinct(2, 3, low=0.05, high=0.95)
    for reduction in ("mean", "sum", "none"):
        reference = pointwise(binary_cross_entropy)
        options = {"reduction": reduction}
        yield sample("binary_cross_entropy", reduction, [p, y], reference, **options)
        case = f"weight-{reduction}"
        yield sample("binary_cross_entropy", case, [p, y, weight], reference, **options)
        reference = pointwise(with_logits)
        name = "binary_cross_entropy_with_logits"
        yield sample(name, reduction, [x, y], reference, **options)
        yield sample(name, case, [x, y, weight], reference, **options)
        yield Sample(
            f"nn.functional.{name}",
            f"pos_weight-{reduction}",
            lambda x, y, w, o=options: functional.binary_cross_entropy_with_logits(
                x, y, pos_weight=w, **o
            ),
            [x, y, weight],
            lambda x, y, w, o=options, r=reference: r(x, y, pos_weight=w, **o),
        )
        yield sample("kl_div", reduction, [x, y], kl_div, **options)
    yield sample("kl_div", "batchmean", [x, y], kl_div, reduction="batchmean")
    yield sample("kl_div", "log_target", [x, distinct(2, 3)], kl_div, log_target=True)
    zeros = given(np.array([[0, 1, 0], [1, 0, 1]]))
    yield Sample(
        "nn.functional.kl_div",
        "zeros-in-target",
        lambda x, y: functional.kl_div(x, y.to(x.dtype)),
        [x, zeros],
        kl_div,
    )
    yield from classifications()


def classifications() -> Iterator[Sample]:
    weight = distinct(3, low=0.5, high=2.0)
    for shape in ((4, 3), (2, 3, 2), (1, 3, 2, 2), (3,)):
        label_shape = (shape[0], *shape[2:]) if len(shape) > 1 else ()
        x, y = distinct(*shape), integers(*label_shape, low=0, high=3)
        for op, reference in (("nll_loss", nll_loss), ("cross_entropy", cross_entropy)):
            for reduction in ("mean", "sum", "none"):
                options = {"reduction": reduction}
                yield sample(op, case_of(shape, **options), [x, y], reference, **options)
                case = case_of(shape, **options) + "-weight"
                yield sample(op, case, [x, y, weight], reference, **options)
        options = {"label_smoothing": 0.1}
        yield sample("cross_entropy", case_of(shape, **options), [x, y], cross_entropy, **options)
        case = case_of(shape, **options) + "-weight"
        yield sample("cross_entropy", case, [x, y, weight], cross_entropy, **options)
        soft = distinct(*shape, low=0.1, high=1.0)
        for options in ({}, {"label_smoothing": 0.2}, {"reduction": "none"}, {"reduction": "sum"}):
            case = case_of(shape, **options) + "-soft"
            yield sample("cross_entropy", case, [x, soft], cross_entropy, **options)
            case += "-weight"
            yield sample("cross_entropy", case, [x, soft, weight], cross_entropy, **options)
    some = given(np.array([0, -100, 2, -100]))
    for op, reference in (("nll_loss", nll_loss), ("cross_entropy", cross_entropy)):
        for reduction in ("mean", "sum", "none"):
            options = {"reduction": reduction}
            case = f"ignored-{reduction}"
            yield sample(op, case, [distinct(4, 3), some], reference, **options)
            yield sample(op, f"{case}-weight", [distinct(4, 3), some, weight], reference, **options)
        labels = integers(4, low=0, high=3)
        options = {"ignore_index": 1}
        yield sample(op, "ignore_index=1", [distinct(4, 3), labels], reference, **options)
    options = {"label_smoothing": 0.3, "ignore_index": -100}
    x = distinct(4, 3)
    yield sample("cross_entropy", "ignored-smooth", [x, some], cross_entropy, **options)
    yield sample(
        "cross_entropy", "ignored-smooth-weight", [x, some, weight], cross_entropy, **options
    )
    options["reduction"] = "none"
    yield sample("cross_entropy", "ignored-smooth-none", [x, some], cross_entropy, **options)


SAMPLES = [*activations(), *convolutions(), *pools(), *normalisations(), *losses()]
