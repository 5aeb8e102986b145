"""Samples of ``mt.linalg``: inverse, solution, determinant, Cholesky factor, norms and powers."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from op_samples_base import Sample, case_of, distinct, integers, sample, sizes
from references.case import Array, Draw


def regular(*shape: int) -> Draw:
    """Matrices far from singular."""

    def draw(rng: np.random.Generator) -> Array:
        return rng.uniform(-0.5, 0.5, shape) + 2 * np.eye(shape[-1])

    return draw


def positive(x: Any) -> Any:
    """A positive definite matrix, on tensors and arrays alike."""
    ones = np.eye(x.shape[-1])
    if isinstance(x, mt.Tensor):
        return x @ x.mT + mt.tensor(ones, dtype=x.dtype)
    return x @ np.matrix_transpose(x) + ones


def square() -> Iterator[Sample]:
    for op in ("inv", "det", "slogdet"):
        for shape in ((1, 1), (3, 3), (2, 2, 2), (0, 2, 2)):
            yield sample(f"linalg.{op}", sizes(shape), [regular(*shape)], getattr(np.linalg, op))
    for matrix, right in (
        ((2, 2), (2,)),
        ((2, 2), (2, 3)),
        ((3, 2, 2), (2, 1)),
        ((2, 2), (3, 2, 1)),
    ):
        arguments = [regular(*matrix), distinct(*right)]
        yield sample("linalg.solve", sizes(matrix, right), arguments, np.linalg.solve)
    yield sample("linalg.solve", "vector-for-all", [regular(2, 2, 2), distinct(2)], np.linalg.solve)
    for shape in ((1, 1), (3, 3), (2, 2, 2)):
        for upper in (False, True):
            yield Sample(
                "linalg.cholesky",
                f"{sizes(shape)}-{upper}",
                lambda x, upper=upper: mt.linalg.cholesky(positive(x), upper=upper),
                [distinct(*shape)],
                lambda x, upper=upper: np.linalg.cholesky(positive(x), upper=upper),
            )
    for n in (-2, -1, 0, 1, 2, 5):
        arguments = [regular(2, 2, 2), n]
        yield sample("linalg.matrix_power", str(n), arguments, np.linalg.matrix_power)


def parts() -> Iterator[Sample]:
    for shape, offset in (((3, 3), 0), ((2, 4), 1), ((4, 2), -1), ((2, 2, 3), -1), ((2, 3), 5)):
        x = distinct(*shape)
        case = case_of(shape, offset=offset)
        yield sample("linalg.diagonal", case, [x], np.linalg.diagonal, offset=offset)
        yield sample("linalg.trace", case, [x], np.linalg.trace, offset=offset)
    yield sample("linalg.trace", "integers", [integers(2, 2)], np.linalg.trace, order=0)
    yield sample("linalg.outer", "3,2", [distinct(3), distinct(2)], np.linalg.outer)
    for first, second, axis in (((3,), (3,), -1), ((2, 3), (3,), -1), ((3, 2), (3, 2), -2)):
        arguments = [distinct(*first), distinct(*second)]
        case = f"{sizes(first, second)}-{axis}"
        yield sample("linalg.cross", case, arguments, np.linalg.cross, axis=axis)
    for ord in ("fro", 1, -1, np.inf, -np.inf):
        for keepdims in (False, True):
            options = {"ord": ord, "keepdims": keepdims}
            arguments = [distinct(2, 2, 3)]
            yield sample(
                "linalg.matrix_norm", case_of(**options), arguments, matrix_norm, **options
            )


def matrix_norm(x: Any, ord: Any, keepdims: bool) -> Any:
    return np.linalg.matrix_norm(x, ord=ord, keepdims=keepdims)


SAMPLES = [*square(), *parts()]
