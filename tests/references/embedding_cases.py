"""Cases of look-ups: tables, bags in every mode, one-hot vectors; repeated and padded indices."""

from typing import Any

from .case import Case, Draw, FunctionCase, ModuleCase, described, given, label, labels, uniform

ROWS = 5
TABLE = uniform(ROWS, 3)
FLAT = given([1, 4, 1, 0, 2, 1, 4])
OFFSETS = given([0, 2, 2, 5])


def embedding_cases() -> list[Case]:
    choices: list[dict[str, Any]] = [
        {},
        {"padding_idx": 1},
        {"padding_idx": -1},
        {"scale_grad_by_freq": True},
        {"scale_grad_by_freq": True, "padding_idx": 0},
    ]
    cases: list[Case] = [
        FunctionCase(
            f"embedding-{label(shape) or '0d'}-{described(options)}",
            "embedding",
            {"input": labels(ROWS, *shape), "weight": TABLE},
            options,
        )
        for shape in ((), (1,), (6,), (3, 4), (2, 1, 3), (0,), (2, 0))
        for options in choices
    ]
    shortened: list[Case] = [
        FunctionCase(
            f"embedding-{described(options)}",
            "embedding",
            {"input": given([[1, 4], [1, 0]]), "weight": uniform(ROWS, 3, low=-3.0, high=3.0)},
            options,
            updated=("weight",),
        )
        for options in (
            {"max_norm": 1.0},
            {"max_norm": 2.5},
            {"max_norm": 1.0, "norm_type": 1.0},
            {"max_norm": 1.0, "norm_type": 3.0},
        )
    ]
    return [*cases, *shortened]


def bag_cases() -> list[Case]:
    """All but `scale_grad_by_freq`.

    PyTorch 2.13 divides there by the frequency of another row (with indices 1, 1, 2 the gradient
    of row 2 is halved, not that of row 1 alone).
    """
    inputs: list[tuple[str, dict[str, Draw]]] = [
        ("rows", {"input": labels(ROWS, 4, 3)}),
        ("single", {"input": labels(ROWS, 1, 1)}),
        ("offsets", {"input": FLAT, "offsets": OFFSETS}),
        ("empty-at-the-ends", {"input": given([3, 3]), "offsets": given([0, 0, 2])}),
        ("all-empty", {"input": labels(ROWS, 0), "offsets": given([0, 0])}),
        ("no-bags", {"input": labels(ROWS, 0, 3)}),
    ]
    choices: list[dict[str, Any]] = [{}, {"padding_idx": 1}]
    cases: list[Case] = [
        bag(kind, arguments, {"mode": mode, **options})
        for kind, arguments in inputs
        for mode in ("sum", "mean", "max")
        for options in choices
    ]
    for kind, arguments, shape in (("rows", inputs[0][1], (4, 3)), ("offsets", inputs[2][1], (7,))):
        for options in choices:
            weighted = {**arguments, "per_sample_weights": uniform(*shape)}
            cases.append(bag(f"{kind}-weighted", weighted, {"mode": "sum", **options}))
    ends = {"input": FLAT, "offsets": given([0, 3, 7])}
    tied = {"input": given([[2, 0, 1], [3, 3, 2]]), "weight": given([[1.0, 2.0]] * 4)}
    return [
        *cases,
        bag("ends", ends, {"include_last_offset": True, "mode": "sum"}),
        bag("ends", ends, {"include_last_offset": True, "mode": "max"}),
        FunctionCase("embedding_bag-tied", "embedding_bag", tied, {"mode": "max"}),
    ]


def bag(kind: str, arguments: dict[str, Draw], options: dict[str, Any]) -> FunctionCase:
    return FunctionCase(
        f"embedding_bag-{kind}-{described(options)}",
        "embedding_bag",
        {**arguments, "weight": TABLE},
        options,
    )


def one_hot_cases() -> list[Case]:
    return [
        FunctionCase(
            f"one_hot-{label(shape) or '0d'}-{described(options)}",
            "one_hot",
            {"tensor": labels(4, *shape)},
            options,
        )
        for shape, options in (
            ((), {}),
            ((3,), {}),
            ((2, 3), {"num_classes": 4}),
            ((2, 1), {"num_classes": 7}),
            ((0,), {"num_classes": 3}),
            ((2, 0), {"num_classes": 3}),
        )
    ]


def module_cases() -> list[Case]:
    return [
        ModuleCase("Embedding-defaults", "Embedding", labels(ROWS, 2, 3), (ROWS, 3)),
        ModuleCase(
            "Embedding-padded", "Embedding", labels(ROWS, 2, 3), (ROWS, 3), {"padding_idx": -4}
        ),
        ModuleCase("EmbeddingBag-defaults", "EmbeddingBag", labels(ROWS, 2, 3), (ROWS, 3)),
        ModuleCase(
            "EmbeddingBag-offsets",
            "EmbeddingBag",
            FLAT,
            (ROWS, 3),
            {"mode": "sum", "padding_idx": 1},
            targets=(OFFSETS,),
        ),
    ]


CASES: list[Case] = [*embedding_cases(), *bag_cases(), *one_hot_cases(), *module_cases()]
