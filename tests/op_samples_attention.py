"""Samples of attention; the reference is the formula in NumPy."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, booleans, case_of, distinct, given
from references.case import Array

NAME = "nn.functional.scaled_dot_product_attention"


def attention(q: Array, k: Array, v: Array, mask: Any = None, scale: Any = None) -> Array:
    scores = q @ np.swapaxes(k, -1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is not None:
        scores = scores + (np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask)
    seen = np.isfinite(scores).any(axis=-1, keepdims=True)
    powers = np.exp(np.where(seen, scores, -np.inf))
    weights = powers / np.where(seen, powers.sum(axis=-1, keepdims=True), 1)
    return np.asarray(weights @ v, dtype=q.dtype)


def shaped(*shapes: tuple[int, ...]) -> list[Any]:
    return [distinct(*shape) for shape in shapes]


def call(q: Any, k: Any, v: Any, mask: Any = None, **options: Any) -> Any:
    return functional.scaled_dot_product_attention(q, k, v, mask, **options)


def samples() -> Iterator[Sample]:
    small = ((2, 2), (3, 2), (3, 1))
    for shapes in (small, ((2, 1, 2), (1, 2, 2), (1, 2, 2)), ((1, 1), (1, 1), (1, 1))):
        yield Sample(NAME, case_of(*shapes), call, shaped(*shapes), attention)
    yield Sample(
        NAME,
        case_of(*small, scale=0.5),
        lambda *tensors: call(*tensors, scale=0.5),
        shaped(*small),
        lambda *arrays: attention(*arrays, scale=0.5),
    )
    blind = given([[True, False, True], [False, False, False]])
    for kind, mask in (("booleans", booleans(2, 3)), ("blind", blind), ("adds", distinct(2, 3))):
        yield Sample(NAME, case_of(*small, mask=kind), call, [*shaped(*small), mask], attention)
    yield Sample(
        NAME,
        case_of(*small, is_causal=True),
        lambda *tensors: call(*tensors, is_causal=True),
        shaped(*small),
        lambda q, k, v: attention(q, k, v, np.tril(np.ones((2, 3), bool))),
    )
    grouped = ((2, 2, 1), (1, 2, 1), (2, 2, 2))
    yield Sample(
        NAME,
        case_of(*grouped, enable_gqa=True),
        lambda *tensors: call(*tensors, enable_gqa=True),
        shaped(*grouped),
        lambda q, k, v: attention(q, np.repeat(k, 2, axis=-3), v),
    )
    yield Sample(
        NAME,
        case_of(*small, dropout_p=1.0),
        lambda *tensors: call(*tensors, dropout_p=1.0),
        shaped(*small),
        lambda q, k, v: np.zeros((2, 1), q.dtype),
    )


SAMPLES = list(samples())
