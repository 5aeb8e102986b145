"""Cases of losses: every reduction, with the weights, shapes and kinks that each of them allows."""

from itertools import product
from typing import Any

import numpy as np

from .case import (
    Array,
    Case,
    Draw,
    FunctionCase,
    ModuleCase,
    described,
    given,
    label,
    labels,
    uniform,
)

REDUCTIONS = ("none", "sum", "mean")
CLASSES = 3
# The shapes of the classes' scores: unbatched, batched, and with further dimensions.
SCORES = ((CLASSES,), (5, CLASSES), (3, CLASSES, 2), (2, CLASSES, 2, 2))


def without_classes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return () if len(shape) == 1 else (shape[0], *shape[2:])


def probabilities(*shape: int) -> Draw:
    def draw(rng: np.random.Generator) -> Array:
        weights = rng.random(shape) + 0.1
        return np.asarray(weights / weights.sum(axis=0 if len(shape) == 1 else 1, keepdims=True))

    return draw


def log_probabilities(*shape: int) -> Draw:
    draw = probabilities(*shape)
    return lambda rng: np.log(draw(rng))


def labels_with_ignored(ignored: int, *shape: int) -> Draw:
    """Labels of which every third, beginning with the second, is the ignored one.

    The first is never ignored: the mean over no label at all is not a number.
    """

    def draw(rng: np.random.Generator) -> Array:
        target = labels(CLASSES, *shape)(rng)
        target.reshape(-1)[0] = 0
        target.reshape(-1)[1::3] = ignored
        return target

    return draw


def classification(
    function: str,
    shape: tuple[int, ...],
    scores: Draw,
    target: Draw,
    weighted: bool,
    kind: str,
    options: dict[str, Any],
) -> FunctionCase:
    arguments = {"input": scores, "target": target}
    if weighted:
        arguments["weight"] = uniform(CLASSES, low=0.2, high=2.0)
    parts = [function, label(shape), kind, *(["weighted"] if weighted else []), described(options)]
    return FunctionCase("-".join(parts), function, arguments, options, constants=("weight",))


def targets(shape: tuple[int, ...]) -> list[tuple[str, Draw, dict[str, Any]]]:
    """Class indices without and with ignored ones: what it is, how it is drawn, its options."""
    indices = without_classes(shape)
    ignored = [(-100, {}), (1, {"ignore_index": 1})] if indices else []
    return [("indices", labels(CLASSES, *indices), {})] + [
        (f"ignoring{index}", labels_with_ignored(index, *indices), options)
        for index, options in ignored
    ]


def cross_entropy_cases() -> list[Case]:
    cases: list[Case] = []
    for shape, reduction, weighted, smoothing in product(
        SCORES, REDUCTIONS, (False, True), ({}, {"label_smoothing": 0.2})
    ):
        scores = uniform(*shape, low=-3.0, high=3.0)
        for kind, target, more in [*targets(shape), ("probabilities", probabilities(*shape), {})]:
            options = {"reduction": reduction, **more, **smoothing}
            cases.append(
                classification("cross_entropy", shape, scores, target, weighted, kind, options)
            )
    extreme = {"input": given([[1e3, -1e3, 0.0], [500.0, 500.0, -700.0]]), "target": given([1, 0])}
    return [*cases, FunctionCase("cross_entropy-extreme", "cross_entropy", extreme)]


def nll_cases() -> list[Case]:
    return [
        classification(
            "nll_loss",
            shape,
            log_probabilities(*shape),
            target,
            weighted,
            kind,
            {"reduction": reduction, **more},
        )
        for shape, reduction, weighted in product(SCORES, REDUCTIONS, (False, True))
        for kind, target, more in targets(shape)
    ]


def regression_cases() -> list[Case]:
    functions: list[tuple[str, dict[str, Any]]] = [
        ("mse_loss", {}),
        ("l1_loss", {}),
        ("smooth_l1_loss", {}),
        ("smooth_l1_loss", {"beta": 0.3}),
        ("smooth_l1_loss", {"beta": 0.0}),
        ("huber_loss", {}),
        ("huber_loss", {"delta": 0.4}),
    ]
    # Differences of exactly 0 and of exactly 1 (the default bend), to both sides.
    kinks = {"input": given([1.0, 2.0, -1.0, 0.5]), "target": given([1.0, 1.0, 0.0, 0.25])}
    return [
        FunctionCase(
            f"{function}-{described(options | {'reduction': reduction})}-{kind}",
            function,
            arguments,
            {**options, "reduction": reduction},
        )
        for (function, options), reduction in product(functions, REDUCTIONS)
        for kind, arguments in (
            ("ordinary", {"input": uniform(3, 4), "target": uniform(3, 4)}),
            ("kinks", kinks),
        )
    ]


def binary_cases() -> list[Case]:
    cases: list[Case] = []
    inside = uniform(3, 4, low=0.05, high=0.95)
    for reduction, weighted in product(REDUCTIONS, (False, True)):
        weight = {"weight": uniform(3, 4, low=0.2, high=2.0)} if weighted else {}
        ending = f"{'weighted-' if weighted else ''}reduction={reduction}"
        cases.append(
            FunctionCase(
                f"binary_cross_entropy-{ending}",
                "binary_cross_entropy",
                {"input": inside, "target": uniform(3, 4, low=0.0), **weight},
                {"reduction": reduction},
                constants=("target", "weight"),
            )
        )
        for positive in (False, True):
            more = {"pos_weight": uniform(4, low=0.5, high=3.0)} if positive else {}
            cases.append(
                FunctionCase(
                    f"binary_cross_entropy_with_logits-{'pos_weight-' if positive else ''}{ending}",
                    "binary_cross_entropy_with_logits",
                    {
                        "input": uniform(3, 4, low=-4, high=4),
                        "target": uniform(3, 4, low=0.0),
                        **weight,
                        **more,
                    },
                    {"reduction": reduction},
                    constants=("weight", "pos_weight"),
                )
            )
    saturated = {"input": given([0.0, 1.0, 0.0, 1.0]), "target": given([0.0, 1.0, 1.0, 0.0])}
    logits = [1e3, -1e3, 1e3, -1e3, 40.0, -40.0, 0.0]
    extreme = {"input": given(logits), "target": given([1.0, 0.0, 0.0, 1.0, 0.5, 0.5, 0.0])}
    return [
        *cases,
        FunctionCase(
            "binary_cross_entropy-saturated",
            "binary_cross_entropy",
            saturated,
            {"reduction": "none"},
            constants=("target",),
        ),
        FunctionCase(
            "binary_cross_entropy_with_logits-extreme",
            "binary_cross_entropy_with_logits",
            extreme,
            {"reduction": "none"},
        ),
        FunctionCase(
            "binary_cross_entropy_with_logits-extreme-pos_weight",
            "binary_cross_entropy_with_logits",
            {**extreme, "pos_weight": given([2.0])},
            {"reduction": "none"},
            constants=("pos_weight",),
        ),
    ]


def divergence_cases() -> list[Case]:
    with_zeros = given([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    cases: list[Case] = [
        FunctionCase(
            f"kl_div-log_target={log_target}-reduction={reduction}",
            "kl_div",
            {
                "input": log_probabilities(4, 3),
                "target": (log_probabilities if log_target else probabilities)(4, 3),
            },
            {"reduction": reduction, "log_target": log_target},
        )
        for log_target, reduction in product((False, True), (*REDUCTIONS, "batchmean"))
    ]
    return [
        *cases,
        FunctionCase(
            "kl_div-target-with-zeros",
            "kl_div",
            {"input": log_probabilities(2, 3), "target": with_zeros},
            {"reduction": "sum"},
            constants=("target",),
        ),
    ]


def module_cases() -> list[Case]:
    scores = uniform(4, CLASSES, low=-3.0, high=3.0)
    inside = uniform(3, 4, low=0.05, high=0.95)
    choices: list[tuple[str, Draw, Draw, dict[str, Any]]] = [
        ("CrossEntropyLoss", scores, labels(CLASSES, 4), {}),
        (
            "CrossEntropyLoss",
            scores,
            labels(CLASSES, 4),
            {"reduction": "sum", "label_smoothing": 0.1},
        ),
        ("NLLLoss", log_probabilities(4, CLASSES), labels_with_ignored(1, 4), {"ignore_index": 1}),
        ("MSELoss", uniform(3, 4), uniform(3, 4), {}),
        ("L1Loss", uniform(3, 4), uniform(3, 4), {"reduction": "none"}),
        ("SmoothL1Loss", uniform(3, 4), uniform(3, 4), {"beta": 0.3}),
        ("HuberLoss", uniform(3, 4), uniform(3, 4), {"delta": 0.4}),
        ("BCELoss", inside, uniform(3, 4, low=0.0), {"reduction": "sum"}),
        ("BCEWithLogitsLoss", uniform(3, 4, low=-4), uniform(3, 4, low=0.0), {}),
        ("KLDivLoss", log_probabilities(4, 3), probabilities(4, 3), {"reduction": "batchmean"}),
    ]
    return [
        ModuleCase(f"{layer}-{described(options)}", layer, x, options=options, targets=[target])
        for layer, x, target, options in choices
    ]


CASES: list[Case] = [
    *module_cases(),
    *cross_entropy_cases(),
    *nll_cases(),
    *regression_cases(),
    *binary_cases(),
    *divergence_cases(),
]
