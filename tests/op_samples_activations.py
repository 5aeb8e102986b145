"""Samples of shrinkage, gates, learned and drawn slopes; references are formulas in NumPy."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct
from op_samples_elementwise import SHAPES, sigmoid
from op_samples_functional import elu, sample, softmax
from references.case import Array


def celu(x: Array, alpha: float = 1.0) -> Array:
    return elu(x / alpha) * alpha


def hardshrink(x: Array, lambd: float = 0.5) -> Array:
    return x * (np.abs(x) > lambd)


def softshrink(x: Array, lambd: float = 0.5) -> Array:
    return np.sign(x) * np.maximum(np.abs(x) - lambd, 0)


def threshold(x: Array, threshold: float, value: float) -> Array:
    return np.where(x > threshold, x, value)


def rrelu(x: Array, lower: float = 1 / 8, upper: float = 1 / 3) -> Array:
    return np.where(x > 0, x, x * (lower + upper) / 2)


ACTIVATIONS: dict[str, tuple[Callable[..., Any], list[dict[str, Any]]]] = {
    "celu": (celu, [{}, {"alpha": 0.5}]),
    "hardshrink": (hardshrink, [{}, {"lambd": 2.1}]),
    "rrelu": (rrelu, [{}, {"lower": 0.2, "upper": 0.6}]),
    "softshrink": (softshrink, [{}, {"lambd": 2.1}]),
    "tanhshrink": (lambda x: x - np.tanh(x), [{}]),
    "threshold": (threshold, [{"threshold": 0.3, "value": -2.0}]),
}


def prelu(x: Array, weight: Array) -> Array:
    if weight.size > 1:
        weight = weight.reshape(-1, *(1,) * (x.ndim - 2))
    return np.where(x > 0, x, x * weight)


def glu(x: Array, dim: int = -1) -> Array:
    content, gate = np.split(x, 2, axis=dim)
    return content * sigmoid(gate)


def drawn_slopes(x: Array, lower: float, upper: float, seed: int) -> Array:
    return np.where(x > 0, x, x * np.random.default_rng(seed).uniform(lower, upper, x.shape))


def gumbel_softmax(x: Array, tau: float, hard: bool, dim: int, seed: int) -> Array:
    soft = softmax((x + np.random.default_rng(seed).gumbel(size=x.shape)) / tau, dim)
    return np.asarray(soft == soft.max(axis=dim, keepdims=True), x.dtype) if hard else soft


def activations() -> Iterator[Sample]:
    for op, (reference, choices) in ACTIVATIONS.items():
        for options in choices:
            for shape in [*SHAPES, (13,)]:
                x = distinct(*shape, low=-6.0, high=6.0)
                yield sample(op, case_of(shape, **options), [x], reference, **options)
    for shape, slopes in (((2, 3), (3,)), ((2, 3, 2), (3,)), ((2, 3), (1,)), ((4,), (1,))):
        arguments = [distinct(*shape), distinct(*slopes)]
        yield sample("prelu", case_of(shape, slopes), arguments, prelu)
    yield sample("prelu", "one-number", [distinct(2, 3), distinct()], prelu)
    for shape, dim in (((4,), -1), ((2, 3), 0), ((2, 4, 3), 1)):
        yield sample("glu", case_of(shape, dim=dim), [distinct(*shape)], glu, dim=dim)
    for shape, dim in (((4,), 0), ((2, 3), 1), ((2, 1), 1)):

        def softmin(x: Array, dim: int) -> Array:
            return softmax(-x, dim)

        yield sample("softmin", case_of(shape, dim=dim), [distinct(*shape)], softmin, dim=dim)


def draws() -> Iterator[Sample]:
    for shape in ((3, 4), ()):
        yield Sample(
            "nn.functional.rrelu",
            f"{case_of(shape)}-training",
            lambda x, lower, upper, seed: functional.rrelu(
                x, lower, upper, training=True, rng=np.random.default_rng(seed)
            ),
            [distinct(*shape), 0.2, 0.7, 3],
            drawn_slopes,
        )
    for shape, dim in (((4,), -1), ((2, 3), 0), ((2, 3, 2), 1)):
        for tau, hard in ((1.0, False), (0.5, False), (0.5, True)):
            yield Sample(
                "nn.functional.gumbel_softmax",
                case_of(shape, dim=dim, tau=tau, hard=hard),
                lambda x, tau, hard, dim, seed: functional.gumbel_softmax(
                    x, tau, hard, dim=dim, rng=np.random.default_rng(seed)
                ),
                [distinct(*shape), tau, hard, dim, 3],
                gumbel_softmax,
                0 if hard else 2,  # the gradient of a hard draw is not its own
            )


SAMPLES = [*activations(), *draws()]
