"""Cases of max-unpooling: geometry, output sizes, empty batches, and indices in any order."""

from math import prod
from typing import Any

import numpy as np

from .case import Array, Case, Draw, FunctionCase, ModuleCase, described, label, uniform

# Every row: the shape of the input, the size of the output, and the options.
ROWS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 2, 3), (6,), {"kernel_size": 2}),
    ((2, 3), (7,), {"kernel_size": 2, "output_size": (7,)}),
    ((2, 2, 3), (5,), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ((0, 2, 3), (6,), {"kernel_size": 2}),
    ((2, 1, 1), (4,), {"kernel_size": 4, "stride": 7}),
    ((1, 2, 4), (4,), {"kernel_size": 1, "stride": 1}),
    ((2, 2, 2, 3), (4, 6), {"kernel_size": 2}),
    ((2, 2, 2, 3), (5, 6), {"kernel_size": 2, "output_size": (5, 6)}),
    ((2, 2, 2, 3), (5, 7), {"kernel_size": 2, "output_size": (2, 2, 5, 7)}),
    ((3, 2, 2), (4, 6), {"kernel_size": (2, 3)}),
    ((1, 1, 3, 2), (6, 5), {"kernel_size": (2, 3), "stride": (2, 2)}),
    ((1, 2, 2, 2), (4, 3), {"kernel_size": (4, 3), "stride": (4, 2), "padding": (2, 1)}),
    ((0, 1, 2, 2), (4, 4), {"kernel_size": 2}),
    ((2, 1, 1, 1), (3, 3), {"kernel_size": 3}),
    ((1, 2, 2, 1), (9, 3), {"kernel_size": 3, "stride": 6}),
    ((1, 2, 2, 1, 3), (4, 2, 6), {"kernel_size": 2}),
    ((2, 2, 1, 2), (4, 3, 5), {"kernel_size": 2, "output_size": (4, 3, 5)}),
    ((1, 1, 2, 2, 2), (3, 4, 3), {"kernel_size": (3, 2, 3), "stride": 2, "padding": (1, 0, 1)}),
    ((0, 1, 2, 2, 2), (4, 4, 4), {"kernel_size": 2}),
]


def places(shape: tuple[int, ...], sizes: tuple[int, ...]) -> Draw:
    """Places in an output of ``sizes``, none twice in one picture."""
    lead = shape[: len(shape) - len(sizes)]

    def draw(rng: np.random.Generator) -> Array:
        order = np.argsort(rng.random((*lead, prod(sizes))), axis=-1)
        return np.asarray(order[..., : prod(shape[len(lead) :])].reshape(shape), dtype=np.int64)

    return draw


def function_cases() -> list[Case]:
    return [
        FunctionCase(
            f"max_unpool{len(sizes)}d-{label(shape)}-{described(options)}",
            f"max_unpool{len(sizes)}d",
            {"input": uniform(*shape), "indices": places(shape, sizes)},
            options,
        )
        for shape, sizes, options in ROWS
    ]


def module_cases() -> list[Case]:
    return [
        ModuleCase(
            f"MaxUnpool{len(sizes)}d-{label(shape)}",
            f"MaxUnpool{len(sizes)}d",
            uniform(*shape),
            arguments,
            targets=[places(shape, sizes)],
        )
        for shape, sizes, arguments in [
            ((2, 2, 3), (6,), (2,)),
            ((2, 2, 3), (5, 7), (3, 2, (0, 0))),
            ((1, 2, 2, 2, 2), (3, 3, 3), (3, 2, 1)),
        ]
    ]


CASES: list[Case] = [*function_cases(), *module_cases()]
