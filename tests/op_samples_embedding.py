"""Samples of look-ups; references index in NumPy.

Where the gradient is not that of the value (padding, scaling by frequency) order is 0: those
gradients have tests of their own.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct, given, integers
from references.case import Array

ROWS = 4


def looked_up(weight: Array, index: Array) -> Array:
    return weight[index]


def bags_of(weight: Array, bags: Any, mode: str, factors: Any = None) -> Array:
    rows = []
    for number, bag in enumerate(bags):
        members = weight[list(bag)]
        if factors is not None:
            members = members * np.asarray(factors[number])[:, None]
        if not len(bag):
            rows.append(np.zeros(weight.shape[1], weight.dtype))
        else:
            rows.append(getattr(members, mode)(axis=0))
    return np.stack(rows)


def embeddings() -> Iterator[Sample]:
    name = "nn.functional.embedding"

    def call(weight: Any, index: Any, **options: Any) -> Any:
        return functional.embedding(index, weight, **options)

    for shape in ((), (1,), (5,), (2, 3), (0,)):
        arguments = [distinct(ROWS, 2), integers(*shape, low=0, high=ROWS)]
        yield Sample(name, case_of(shape), call, arguments, looked_up)
    for options in ({"padding_idx": 1}, {"scale_grad_by_freq": True}):
        yield Sample(
            name,
            case_of((4,), **options),
            lambda weight, index, options=options: call(weight, index, **options),
            [distinct(ROWS, 2), given([1, 1, 0, 3])],
            looked_up,
            order=0,
        )


def bags() -> Iterator[Sample]:
    name = "nn.functional.embedding_bag"
    table = distinct(ROWS, 3)
    for mode in ("sum", "mean", "max"):
        yield Sample(
            name,
            case_of((2, 3), mode=mode),
            lambda weight, index, mode=mode: functional.embedding_bag(index, weight, mode=mode),
            [table, given([[0, 1, 3], [2, 0, 2]])],
            lambda weight, index, mode=mode: bags_of(weight, index, mode),
        )
        yield Sample(
            name,
            case_of((5,), mode=mode, offsets=True),
            lambda weight, index, offsets, mode=mode: functional.embedding_bag(
                index, weight, offsets, mode=mode
            ),
            [table, given([0, 1, 3, 2, 0]), given([0, 3, 3])],
            lambda weight, index, offsets, mode=mode: bags_of(
                weight, (index[:3], [], index[3:]), mode
            ),
        )
        yield Sample(
            name,
            case_of((2, 3), mode=mode, padding_idx=2),
            lambda weight, index, mode=mode: functional.embedding_bag(
                index, weight, mode=mode, padding_idx=2
            ),
            [table, given([[0, 2, 3], [2, 2, 2]])],
            lambda weight, index, mode=mode: bags_of(weight, ([0, 3], []), mode),
        )
    yield Sample(
        name,
        case_of((2, 2), weighted=True),
        lambda weight, factors, index: functional.embedding_bag(
            index, weight, mode="sum", per_sample_weights=factors
        ),
        [table, distinct(2, 2), given([[0, 1], [1, 1]])],
        lambda weight, factors, index: bags_of(weight, index, "sum", factors),
    )


def one_hots() -> Iterator[Sample]:
    for shape, classes in (((), 4), ((3,), 4), ((2, 2), 6), ((0,), 4)):
        yield Sample(
            "nn.functional.one_hot",
            case_of(shape, num_classes=classes),
            functional.one_hot,
            [integers(*shape, low=0, high=4), classes],
            lambda index, classes: np.eye(classes, dtype=np.int64)[index],
        )


SAMPLES = [*embeddings(), *bags(), *one_hots()]
