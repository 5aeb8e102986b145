"""Samples of the dropout family; references draw the same mask in NumPy."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct
from references.case import Array

Shape = tuple[int, ...]


def kept(shape: Shape, p: float, seed: int) -> Array:
    """32 bits of NumPy's Philox for each entry, keyed by the generator's next two numbers."""
    key = np.random.default_rng(seed).integers(2**63, size=2).astype(np.uint64)
    words = np.random.Philox(key=key).random_raw(-(-math.prod(shape) // 2))
    numbers = words.astype("<u8").view("<u4")[: math.prod(shape)]
    return (numbers >= p * 2**32).reshape(shape)


def dropped(mask_shape: Callable[[Shape], Shape]) -> Callable[..., Array]:
    def reference(x: Array, p: float, training: bool, seed: int) -> Array:
        if not training:
            return x
        return x * kept(mask_shape(x.shape), p, seed) / (1 - p if p < 1 else 1)

    return reference


def saturated(mask_shape: Callable[[Shape], Shape]) -> Callable[..., Array]:
    def reference(x: Array, p: float, training: bool, seed: int) -> Array:
        if not training or p == 0:
            return x
        if p == 1:
            return 0 * x
        low = -1.0507009873554805 * 1.6732632423543772
        a = 1 / math.sqrt((1 - p) * (1 + p * low**2))
        return a * np.where(kept(mask_shape(x.shape), p, seed), x, low) - a * p * low

    return reference


def whole(dims: int) -> Callable[[Shape], Shape]:
    return lambda shape: (*shape[:-dims], *(1,) * dims)


def features(shape: Shape) -> Shape:
    return (*shape[:2], *(1,) * (len(shape) - 2))


def samples() -> Iterator[Sample]:
    for op, shapes, reference in (
        ("dropout", [(3, 4), (), (0, 2)], dropped(lambda shape: shape)),
        ("dropout1d", [(2, 3, 4), (3, 4), (0, 3, 4)], dropped(whole(1))),
        ("dropout2d", [(2, 3, 2, 2), (4, 2, 2)], dropped(whole(2))),
        ("dropout3d", [(2, 3, 1, 2, 2), (4, 1, 2, 2)], dropped(whole(3))),
        ("alpha_dropout", [(3, 4), ()], saturated(lambda shape: shape)),
        ("feature_alpha_dropout", [(3, 4), (2, 3, 2), (2, 3, 2, 1)], saturated(features)),
    ):
        function = getattr(functional, op)

        def call(x: Any, p: float, training: bool, seed: int, function: Any = function) -> Any:
            return function(x, p, training, rng=np.random.default_rng(seed))

        for shape in shapes:
            for p, training in ((0.3, True), (0.3, False), (0.0, True), (1.0, True)):
                yield Sample(
                    f"nn.functional.{op}",
                    case_of(shape, p=p, training=training),
                    call,
                    [distinct(*shape), p, training, 5],
                    reference,
                )


SAMPLES = list(samples())
