"""Samples of normalisation of single samples; references are formulas in NumPy."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct, sizes
from op_samples_functional import sample
from references.case import Array


def standardised(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def affine(x: Array, weight: Any, bias: Any, wide: tuple[int, ...]) -> Array:
    x = x if weight is None else x * weight.reshape(wide)
    return x if bias is None else x + bias.reshape(wide)


def layer_norm(
    x: Array, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Array:
    axes = tuple(range(-len(normalized_shape), 0))
    return affine(standardised(x, axes, eps), weight, bias, normalized_shape)


def rms_norm(x: Array, normalized_shape: Any, weight: Any = None, eps: float = 0.0) -> Array:
    axes = tuple(range(-len(normalized_shape), 0))
    out = x / np.sqrt((x * x).mean(axes, keepdims=True) + eps)
    return affine(out, weight, None, normalized_shape)


def per_channel(x: Array) -> tuple[int, ...]:
    return (-1, *(1,) * (x.ndim - 2))


def group_norm(
    x: Array, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Array:
    groups = x.reshape(x.shape[0], num_groups, -1)
    return affine(standardised(groups, (2,), eps).reshape(x.shape), weight, bias, per_channel(x))


def instance_norm(
    x: Array, weight: Any = None, bias: Any = None, *, mean: Any = None, var: Any = None
) -> Array:
    if mean is None:
        normal = standardised(x, tuple(range(2, x.ndim)), 1e-5)
    else:
        wide = per_channel(x)
        normal = (x - mean.reshape(wide)) / np.sqrt(var.reshape(wide) + 1e-5)
    return affine(normal, weight, bias, per_channel(x))


def local_response_norm(
    x: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        around = x[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1]
        out[:, c] = x[:, c] / (k + alpha * (around**2).sum(1) / size) ** beta
    return out


def normalize(x: Array, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Array:
    size = np.abs(x)
    if math.isinf(p):
        norm = (np.max if p > 0 else np.min)(size, axis=dim, keepdims=True)
    else:
        norm = np.sum(size**p, axis=dim, keepdims=True) ** (1 / p)
    return x / np.maximum(norm, eps)


def last_axes() -> Iterator[Sample]:
    for shape, last in (((3, 4), 1), ((2, 3, 2), 2), ((5,), 1), ((2, 3, 1), 2)):
        part = shape[-last:]
        x, weight, bias = distinct(*shape), distinct(*part), distinct(*part)
        case = sizes(shape, part)
        yield sample("layer_norm", case, [x, part], layer_norm)
        yield sample("layer_norm", f"{case}-affine", [x, part, weight, bias], layer_norm)
        yield sample("layer_norm", f"{case}-eps", [x, part, weight], layer_norm, eps=0.1)
        yield sample("rms_norm", f"{case}-default", [x, part], rms_norm)
        yield sample("rms_norm", f"{case}-eps", [x, part, weight], rms_norm, eps=0.1)


def of_channels() -> Iterator[Sample]:
    for shape, groups in (((2, 4), 2), ((2, 2, 3), 1), ((1, 4, 2, 2), 2), ((2, 2, 1, 2, 1), 2)):
        channels = shape[1]
        x, weight, bias = distinct(*shape), distinct(channels), distinct(channels)
        case = case_of(shape, groups=groups)
        if math.prod(shape[1:]) > groups:
            yield sample("group_norm", case, [x, groups], group_norm)
            yield sample("group_norm", f"{case}-affine", [x, groups, weight, bias], group_norm)
        if math.prod(shape[2:]) > 1:
            case = sizes(shape)
            yield instance_sample(case, [x])
            yield instance_sample(f"{case}-affine", [x, weight, bias])
        yield Sample(
            "nn.functional.instance_norm",
            f"{sizes(shape)}-running",
            lambda x, mean, var, *more: functional.instance_norm(
                x, mean, var, *more, use_input_stats=False
            ),
            [x, distinct(channels), distinct(channels, low=0.5), weight, bias],
            lambda x, mean, var, *more: instance_norm(x, *more, mean=mean, var=var),
        )


def instance_sample(case: str, arguments: list[Any]) -> Sample:
    return Sample(
        "nn.functional.instance_norm",
        case,
        lambda x, *more: functional.instance_norm(x, None, None, *more),
        arguments,
        instance_norm,
    )


def responses() -> Iterator[Sample]:
    for shape, size, options in (
        ((2, 4, 2), 3, {"alpha": 1.0}),
        ((1, 3, 2, 2), 2, {"alpha": 0.5, "beta": 0.6, "k": 2.0}),
        ((1, 2, 1, 2, 1), 5, {}),
        ((1, 1, 3), 1, {"alpha": 0.4}),
    ):
        case = case_of(shape, size=size, **options)
        yield sample(
            "local_response_norm", case, [distinct(*shape), size], local_response_norm, **options
        )


def lengths() -> Iterator[Sample]:
    for shape, options in (
        ((2, 3), {}),
        ((2, 3, 2), {"dim": (0, 2)}),
        ((4,), {"dim": 0, "p": 1.0}),
        ((2, 3), {"dim": -1, "p": 3.0}),
        ((2, 3), {"p": math.inf}),
        ((2, 3), {"eps": 50.0}),
        ((0, 3), {}),
    ):
        yield sample(
            "normalize", case_of(shape, **options), [distinct(*shape)], normalize, **options
        )


SAMPLES = [*last_axes(), *of_channels(), *responses(), *lengths()]
