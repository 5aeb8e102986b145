"""Samples of activations, padding and normalisation; references are formulas in NumPy."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import op_samples_base as base
from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct, sizes
from op_samples_elementwise import SHAPES, erf, sigmoid
from references.case import Array


def sample(op: str, *args: Any, **options: Any) -> Sample:
    """A sample of ``nn.functional``."""
    return base.sample(f"nn.functional.{op}", *args, **options)


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


# --- padding, normalisation ---------------------------------------------------------------------


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


SAMPLES = [*activations(), *normalisations()]
