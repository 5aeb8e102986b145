"""Cases of sampling at the places of a grid: every mode, padding and alignment."""

from itertools import product
from typing import Any

from .case import Case, FunctionCase, described, given, label, uniform

CORNERS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((1, 2, 1, 1), (1, 2, 3, 2), {}),
    ((1, 2, 1, 1), (1, 2, 3, 2), {"padding_mode": "reflection", "align_corners": True}),
    ((1, 1, 1, 4), (1, 3, 2, 2), {"mode": "bicubic", "padding_mode": "reflection"}),
    ((1, 1, 4, 1), (1, 1, 1, 2), {"padding_mode": "border", "align_corners": True}),
    ((0, 2, 3, 3), (0, 2, 2, 2), {}),
    ((0, 2, 3, 3, 2), (0, 2, 2, 2, 3), {"padding_mode": "border"}),
    ((1, 1, 1, 2, 1), (1, 1, 2, 1, 3), {"align_corners": True}),
]
# On pixels, on edges and far away.
SPECIAL = [[[[-1.0, 0.0], [1.0, 1.0], [0.0, -1.0]], [[3.0, 0.5], [-30.0, 0.1], [1e20, -1.0]]]]


def sampling(shape: tuple[int, ...], grid: Any, name: str, options: dict[str, Any]) -> Case:
    return FunctionCase(
        f"grid_sample-{label(shape)}-{name}-{described(options)}",
        "grid_sample",
        {"input": uniform(*shape), "grid": grid},
        options,
        # PyTorch gives the grid zeros for the nearest pixel; here it has no gradient.
        constants=("grid",) if options.get("mode") == "nearest" else (),
    )


def grid_samples() -> list[Case]:
    cases = []
    for shape, places in (((2, 2, 3, 4), (2, 2, 3, 2)), ((1, 2, 3, 2, 3), (1, 2, 1, 3, 3))):
        for mode, padding, corners in product(
            ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (False, True)
        ):
            options = {"mode": mode, "padding_mode": padding, "align_corners": corners}
            if mode != "bicubic" or len(shape) == 4:
                grid = uniform(*places, low=-2.2, high=2.2)
                cases.append(sampling(shape, grid, label(places), options))
    for mode, padding, corners in product(
        ("bilinear", "bicubic"), ("zeros", "border", "reflection"), (False, True)
    ):
        options = {"mode": mode, "padding_mode": padding, "align_corners": corners}
        cases.append(sampling((1, 2, 3, 5), given(SPECIAL), "special", options))
    return [
        *cases,
        *(
            sampling(shape, uniform(*grid, low=-1.5, high=1.5), label(grid), options)
            for shape, grid, options in CORNERS
        ),
    ]


def affine_grids() -> list[Case]:
    sizes = [(2, 3, 2, 4), (1, 1, 1, 3), (2, 1, 2, 3, 2), (1, 2, 1, 1, 1)]
    return [
        FunctionCase(
            f"affine_grid-{label(size)}-{described(options)}",
            "affine_grid",
            {"theta": uniform(size[0], len(size) - 2, len(size) - 1)},
            {"size": size, **options},
        )
        for size in sizes
        for options in ({}, {"align_corners": True}, {"align_corners": False})
    ]


CASES: list[Case] = [*grid_samples(), *affine_grids()]
