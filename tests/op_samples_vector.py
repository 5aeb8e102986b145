"""Samples of functions of two vectors; references are formulas in NumPy."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import op_samples_base as base
from op_samples_base import Sample, case_of, distinct
from references.case import Array


def sample(op: str, *args: Any, **options: Any) -> Sample:
    return base.sample(f"nn.functional.{op}", *args, **options)


def cosine(a: Array, b: Array, dim: int = 1, eps: float = 1e-8) -> Array:
    def unit(x: Array) -> Array:
        return x / np.maximum(np.sqrt((x * x).sum(axis=dim, keepdims=True)), eps)

    a, b = np.broadcast_arrays(a, b)
    return np.asarray((unit(a) * unit(b)).sum(axis=dim))


def distance(a: Array, b: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Array:
    difference = np.abs(a - b + eps)
    if p == np.inf:
        return np.asarray(difference.max(axis=-1, keepdims=keepdim))
    return np.asarray((difference**p).sum(axis=-1, keepdims=keepdim) ** (1 / p))


def bilinear(x: Array, y: Array, weight: Array, bias: Any = 0) -> Array:
    return np.asarray(np.einsum("...i,kij,...j->...k", x, weight, y) + bias)


def samples() -> Iterator[Sample]:
    for a, b, options in (
        ((2, 3), (2, 3), {}),
        ((2, 3), (1, 3), {"dim": 0}),
        ((3,), (3,), {"dim": -1}),
        ((2, 3), (3,), {"dim": -1, "eps": 10.0}),
    ):
        draws = [distinct(*a), distinct(*b)]
        yield sample("cosine_similarity", case_of(a, b, **options), draws, cosine, **options)
    for a, b, options in (
        ((2, 3), (2, 3), {}),
        ((3,), (3,), {"p": 1.0}),
        ((2, 3), (1, 3), {"p": 3.0, "keepdim": True}),
        ((2, 3), (3,), {"p": float("inf")}),
        ((1, 2), (1, 2), {"eps": 0.5}),
    ):
        draws = [distinct(*a), distinct(*b)]
        yield sample("pairwise_distance", case_of(a, b, **options), draws, distance, **options)
    for batch in ((), (2,), (1, 2)):
        draws = [distinct(*batch, 2), distinct(*batch, 3), distinct(2, 2, 3), distinct(2)]
        yield sample("bilinear", case_of(batch), draws, bilinear)
        yield sample("bilinear", case_of(batch, bias=False), draws[:3], bilinear)


SAMPLES = list(samples())
