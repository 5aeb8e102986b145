"""Cases of functions of two vectors: axes, norms, broadcasting, zeros and empty batches."""

from itertools import product
from typing import Any

from .case import Case, FunctionCase, ModuleCase, described, given, label, uniform

PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((4,), (4,)),
    ((3, 4), (3, 4)),
    ((3, 4), (1, 4)),
    ((3, 4), (4,)),
    ((2, 3, 4), (2, 1, 4)),
    ((1, 1), (1, 1)),
    ((0, 4), (0, 4)),
]


def cosine_cases() -> list[Case]:
    choices = [
        (shapes, dim)
        for shapes, dim in product(PAIRS, (0, 1, -1))
        if dim < max(map(len, shapes)) and not (dim == 0 and 0 in shapes[0])
    ]
    cases: list[Case] = [
        FunctionCase(
            f"cosine_similarity-{label(a)},{label(b)}-dim={dim}",
            "cosine_similarity",
            {"x1": uniform(*a), "x2": uniform(*b)},
            {"dim": dim},
        )
        for (a, b), dim in choices
    ]
    zeros = {"x1": given([[0.0, 0.0], [1.0, 2.0]]), "x2": given([[1.0, 3.0], [-2.0, -4.0]])}
    return [
        *cases,
        FunctionCase("cosine_similarity-zeros", "cosine_similarity", zeros),
        FunctionCase("cosine_similarity-eps", "cosine_similarity", zeros, {"eps": 1e-3}),
    ]


def distance_cases() -> list[Case]:
    choices: list[dict[str, Any]] = [
        {},
        {"p": 1.0},
        {"p": 3.5},
        {"p": float("inf")},
        {"keepdim": True},
        {"eps": 0.3, "keepdim": True},
    ]
    cases: list[Case] = [
        FunctionCase(
            f"pairwise_distance-{label(a)},{label(b)}-{described(options)}",
            "pairwise_distance",
            {"x1": uniform(*a), "x2": uniform(*b)},
            options,
        )
        for (a, b), options in product(PAIRS, choices)
    ]
    equal = {"x1": given([[0.5, 0.25]]), "x2": given([[0.5, 0.25]])}
    return [
        *cases,
        FunctionCase("pairwise_distance-equal", "pairwise_distance", equal),
        FunctionCase("pairwise_distance-equal-eps=0", "pairwise_distance", equal, {"eps": 0.0}),
        FunctionCase(
            "pairwise_distance-tied",
            "pairwise_distance",
            {"x1": given([[1.0, -2.0, 2.0]]), "x2": given([[0.0, 0.0, 0.0]])},
            {"p": float("inf"), "eps": 0.0},
        ),
    ]


def bilinear_cases() -> list[Case]:
    return [
        FunctionCase(
            f"bilinear-{label(batch) or 'unbatched'}-{'bias' if bias else 'plain'}",
            "bilinear",
            {
                "input1": uniform(*batch, 3),
                "input2": uniform(*batch, 4),
                "weight": uniform(2, 3, 4),
                **({"bias": uniform(2)} if bias else {}),
            },
        )
        for batch, bias in product(((), (1,), (5,), (2, 3), (0,)), (True, False))
    ]


def module_cases() -> list[Case]:
    vectors = uniform(3, 4)
    return [
        ModuleCase("CosineSimilarity", "CosineSimilarity", vectors, targets=(vectors,)),
        ModuleCase(
            "PairwiseDistance",
            "PairwiseDistance",
            vectors,
            (1.0,),
            {"keepdim": True},
            targets=(vectors,),
        ),
        ModuleCase("Bilinear", "Bilinear", vectors, (4, 4, 2), targets=(vectors,)),
        ModuleCase(
            "Bilinear-plain", "Bilinear", vectors, (4, 4, 2), {"bias": False}, targets=(vectors,)
        ),
        ModuleCase("Unflatten", "Unflatten", uniform(2, 6), (1, (3, 2))),
        ModuleCase("Unflatten-last", "Unflatten", uniform(2, 6), (-1, (2, -1, 1))),
    ]


CASES: list[Case] = [*cosine_cases(), *distance_cases(), *bilinear_cases(), *module_cases()]
