"""Cases of adaptive pooling: bins that fit, overlap or repeat entries, ties and special numbers."""

from itertools import product
from math import inf, nan
from typing import Any

from .case import Case, Draw, FunctionCase, ModuleCase, given, label, uniform

# For every number of dimensions: spatial sizes and the sizes of outputs.
CHOICES: dict[int, tuple[tuple[tuple[int, ...], ...], tuple[Any, ...]]] = {
    1: (((7,), (6,), (1,)), (1, 2, 3, 5, 7, 9)),
    2: (((6, 8), (7, 5), (1, 3)), (1, 2, (3, 2), (5, None), (None, 3), (7, 4), (8, 11))),
    3: (((4, 3, 5), (2, 2, 2)), (1, 2, (3, None, 2), (5, 2, 7))),
}
POOLS: tuple[tuple[str, dict[str, Any]], ...] = (("avg", {}), ("max", {"return_indices": True}))


def case(kind: str, dims: int, name: str, x: Draw, size: Any, **options: Any) -> FunctionCase:
    function = f"adaptive_{kind}_pool{dims}d"
    return FunctionCase(
        f"{function}-{name}-{label(size)}", function, {"input": x}, {"output_size": size, **options}
    )


def grid() -> list[Case]:
    return [
        case(kind, dims, label(sizes), uniform(2, 2, *sizes), size, **options)
        for (kind, options), (dims, (shapes, outputs)) in product(POOLS, CHOICES.items())
        for sizes, size in product(shapes, outputs)
    ]


def corner_cases() -> list[Case]:
    cases: list[Case] = []
    for (kind, options), (dims, (shapes, _)) in product(POOLS, CHOICES.items()):
        for lead, size in product(((0, 2), (2,), (1, 1)), (1, 3)):
            shape = (*lead, *shapes[0])
            cases.append(case(kind, dims, f"lead-{label(shape)}", uniform(*shape), size, **options))
    tied = given([[[[1.0, 1.0, 2.0, 0.0], [1.0, 1.0, 2.0, 2.0], [0.0, 3.0, 3.0, 0.0]]]])
    special = given([[[[1.0, -inf, 0.5, 3.0], [nan, 0.0, 1.0, 2.0], [inf, 0.0, -inf, 1.0]]]])
    return [
        *cases,
        *(case("max", 2, "ties", tied, size, return_indices=True) for size in (1, 2, (3, 2), 5)),
        *(case(kind, 2, "special", special, size) for kind in ("avg", "max") for size in (2, 3)),
        case("max", 2, "constant", given([[[[0.5] * 5] * 4]]), (3, 2), return_indices=True),
        case("max", 2, "values-alone", uniform(1, 2, 5, 4), (3, 2)),
    ]


def module_cases() -> list[Case]:
    sizes: dict[int, tuple[Any, ...]] = {1: (3,), 2: ((3, None), 4), 3: ((2, None, 3),)}
    return [
        ModuleCase(
            f"Adaptive{kind}Pool{dims}d-{label(size)}",
            f"Adaptive{kind}Pool{dims}d",
            uniform(2, 2, *CHOICES[dims][0][0]),
            (size,),
        )
        for kind, dims in product(("Avg", "Max"), sizes)
        for size in sizes[dims]
    ]


CASES: list[Case] = [*grid(), *corner_cases(), *module_cases()]
