"""Further cases of losses: counts, margins, many labels, empty batches, older arguments."""

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
from .loss_cases import REDUCTIONS, log_probabilities, probabilities

INFINITE = float("inf")
LEGACY: list[dict[str, Any]] = [
    {"size_average": True},
    {"size_average": False},
    {"reduce": True},
    {"reduce": False},
    {"size_average": False, "reduce": True, "reduction": "none"},
    {"size_average": True, "reduce": False, "reduction": "sum"},
]


def signs(*shape: int) -> Draw:
    """1 or -1, as integers."""
    draw = labels(2, *shape)
    return lambda rng: 2 * draw(rng) - 1


def case(kind: str, function: str, arguments: dict[str, Draw], **options: Any) -> FunctionCase:
    """A case in which targets and weights are constants."""
    name = f"{function}-{kind}-{described(options)}"
    return FunctionCase(name, function, arguments, options, constants=("target", "weight"))


def every_reduction(
    kind: str, function: str, arguments: dict[str, Draw], **options: Any
) -> list[Case]:
    return [
        case(kind, function, arguments, **options, reduction=reduction) for reduction in REDUCTIONS
    ]


# --- numbers and probabilities -------------------------------------------------------------------

PAIRS: list[tuple[str, dict[str, Any]]] = [
    ("mse_loss", {}),
    ("l1_loss", {}),
    ("smooth_l1_loss", {"beta": 0.5}),
    ("huber_loss", {"delta": 0.5}),
    ("poisson_nll_loss", {}),
    ("binary_cross_entropy_with_logits", {}),
    ("kl_div", {"log_target": True}),
    ("soft_margin_loss", {}),
    ("hinge_embedding_loss", {}),
]


def pairs() -> list[Case]:
    cases: list[Case] = []
    for function, options in PAIRS:
        for shape in ((), (1,), (0,), (0, 3), (2, 1, 3)):
            drawn = {"input": uniform(*shape), "target": uniform(*shape)}
            cases += every_reduction(label(shape) or "0d", function, drawn, **options)
        if function != "huber_loss":
            drawn = {"input": uniform(2, 3), "target": uniform(2, 3)}
            cases += [case("older", function, drawn, **options, **older) for older in LEGACY]
    for shape in ((), (0, 3), (2, 1)):
        inside = uniform(*shape, low=0.1, high=0.9)
        drawn = {"input": inside, "target": inside}
        cases += every_reduction(label(shape) or "0d", "binary_cross_entropy", drawn)
        if shape != (2, 1):
            drawn = {"input": uniform(*shape), "target": inside}
            cases.append(case(label(shape) or "0d", "kl_div", drawn, reduction="batchmean"))
    for function in ("mse_loss", "l1_loss", "huber_loss"):
        drawn = {name: uniform(3, 4, low=0.2) for name in ("input", "target", "weight")}
        cases += every_reduction("weighted", function, drawn)
        learned = FunctionCase(f"{function}-learned-weight", function, drawn)
        nothing = {**drawn, "weight": given(np.zeros((3, 4)))}
        empty = {name: uniform(0, 4) for name in drawn}
        cases += [learned, case("weight-of-zeros", function, nothing)]
        cases.append(case("weighted-empty", function, empty))
    large = {"input": given([1e3, -1e3, 0.5, -0.5]), "target": given([0.0, 0.0, 0.0, 0.0])}
    for function in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        cases += every_reduction("large", function, large)
    wide = {"input": uniform(2, 3), "target": uniform(2, 3, low=0), "weight": uniform(2, 1)}
    for function in ("binary_cross_entropy_with_logits", "binary_cross_entropy"):
        inside = uniform(2, 3, low=0.1, high=0.9)
        cases += every_reduction("weight-broadcast", function, {**wide, "input": inside})
    return cases


def poisson() -> list[Case]:
    counts = given([[0.0, 1.0, 2.0], [5.0, 0.5, 1.5]])
    cases: list[Case] = []
    for full, reduction in product((False, True), REDUCTIONS):
        options = {"full": full, "reduction": reduction}
        drawn = {"input": uniform(2, 3), "target": counts}
        cases.append(case("logarithms", "poisson_nll_loss", drawn, **options))
        drawn = {"input": uniform(2, 3, low=0.1, high=4.0), "target": counts}
        cases.append(case("rates", "poisson_nll_loss", drawn, log_input=False, **options))
    drawn = {"input": given([[0.0, 1.0, 0.0], [0.5, 0.0, 3.0]]), "target": counts}
    zero = case("rates-of-zero", "poisson_nll_loss", drawn, log_input=False, eps=1e-3)
    both = {"input": uniform(4), "target": uniform(4, low=1.5, high=4.0)}
    return [
        *cases,
        zero,
        FunctionCase("poisson_nll_loss-learned-target", "poisson_nll_loss", both, {"full": True}),
    ]


def gaussian() -> list[Case]:
    name = "gaussian_nll_loss"
    cases: list[Case] = []
    shapes: list[tuple[int, ...]] = [(2, 3), (2, 1), (2,), (1, 3)]
    for var, full in product(shapes, (False, True)):
        drawn = {
            "input": uniform(2, 3),
            "target": uniform(2, 3),
            "var": uniform(*var, low=0.2, high=2.0),
        }
        for reduction in REDUCTIONS:
            options = {"full": full, "reduction": reduction}
            cases.append(
                FunctionCase(f"{name}-var={label(var)}-{described(options)}", name, drawn, options)
            )
    pair = {"input": uniform(2, 3), "target": uniform(2, 3)}
    narrow = {"input": uniform(2, 3), "target": uniform(2, 1), "var": uniform(2, 3, low=0.2)}
    small = {**pair, "var": given([[0.0, 1e-8, 1e-6], [0.1, 0.5, 1e-3]])}
    limits = {"input": uniform(4), "target": uniform(4), "var": given([0.0, 0.1, 0.2, 1.0])}
    unbatched = {"input": uniform(), "target": uniform(), "var": uniform(low=0.2)}
    return [
        *cases,
        FunctionCase(f"{name}-var-as-number", name, pair, {"var": 0.5}),
        FunctionCase(f"{name}-target-broadcast", name, narrow),
        FunctionCase(f"{name}-least-variance", name, small, {"reduction": "none"}),
        FunctionCase(f"{name}-least-variance-eps", name, limits, {"eps": 0.2}),
        FunctionCase(f"{name}-0d", name, unbatched),
        *every_reduction(
            "empty", name, {k: uniform(0, 3, low=0) for k in ("input", "target", "var")}
        ),
    ]


# --- margins -------------------------------------------------------------------------------------


def margins() -> list[Case]:
    cases: list[Case] = []
    for shape in ((4, 3), (5,), (0, 3), (2, 1), ()):
        kind = label(shape) or "0d"
        two = {"input1": uniform(*shape), "input2": uniform(*shape), "target": signs(*shape)}
        cases += every_reduction(kind, "margin_ranking_loss", two, margin=0.3)
        one = {"input": uniform(*shape, low=0.0, high=2.0), "target": signs(*shape)}
        cases += every_reduction(f"{kind}-distances", "hinge_embedding_loss", one, margin=1.2)
        cases += every_reduction(f"{kind}-signs", "soft_margin_loss", one)
    for shape in ((4, 3), (3,), (0, 3), (4, 1)):
        drawn = {
            "input1": uniform(*shape),
            "input2": uniform(*shape),
            "target": signs(*shape[:-1]),
        }
        for margin in (0.0, 0.4, -0.5):
            cases += every_reduction(label(shape), "cosine_embedding_loss", drawn, margin=margin)
    # Exactly at the margin: 1 - (1 - 0) and 0.5 - (1 - 0.5) for a pair that ranks rightly.
    tied = {"input1": given([1.0, 0.5]), "input2": given([0.0, 1.0]), "target": given([1, -1])}
    kinks = {"input": given([1.0, 0.0, 1.0, 0.0]), "target": given([1, 1, -1, -1])}
    neither = {"input": given([1.0, 2.0, 0.5]), "target": given([0, 2, 0])}
    origin = {"input1": given([[0.0, 0.0], [1.0, 0.0]]), "input2": given([[1.0, 2.0], [2.0, 0.0]])}
    away = {"input": given([600.0, -600.0, 0.0, 40.0]), "target": given([1, -1, 1, -1])}
    return [
        *cases,
        case("kinks", "margin_ranking_loss", tied, margin=1.0, reduction="none"),
        case("kinks-half", "margin_ranking_loss", tied, margin=0.5, reduction="none"),
        case("kinks", "hinge_embedding_loss", kinks, reduction="none"),
        case("neither-sign", "hinge_embedding_loss", neither, reduction="none"),
        case("origin", "cosine_embedding_loss", {**origin, "target": given([1, -1])}),
        case("aligned", "cosine_embedding_loss", {**origin, "target": given([-1, 1])}, margin=0.1),
        case("large", "soft_margin_loss", away, reduction="none"),
        *[case("older", "margin_ranking_loss", tied, **older) for older in LEGACY],
        *[
            case("older", "cosine_embedding_loss", {**origin, "target": given([1, -1])}, **older)
            for older in LEGACY
        ],
    ]


def triplets() -> list[Case]:
    cases: list[Case] = []
    names = ("anchor", "positive", "negative")
    for shape in ((4, 3), (3,), (0, 3), (4, 1), (2, 2, 3)):
        drawn = {name: uniform(*shape) for name in names}
        for options in ({}, {"swap": True}, {"margin": 0.3}):
            cases += every_reduction(label(shape), "triplet_margin_loss", drawn, **options)
            with_distance = "triplet_margin_with_distance_loss"
            cases += every_reduction(label(shape), with_distance, drawn, **options)
    drawn = {name: uniform(4, 3) for name in names}
    for p in (1, 3.0, 1.5, INFINITE):
        cases.append(case("norm", "triplet_margin_loss", drawn, p=p, swap=True))
    cases.append(case("norm", "triplet_margin_loss", drawn, eps=0.1))
    same = {name: given([[1.0, 2.0]]) for name in names}
    cases += [case("all-equal", "triplet_margin_loss", same, swap=swap) for swap in (False, True)]
    return cases + [case("older", "triplet_margin_loss", drawn, **older) for older in LEGACY]


def many_labels(*shape: int) -> Draw:
    """Some right classes in each row, each once, ended by -1; what follows does not count."""

    def draw(rng: np.random.Generator) -> Array:
        rows = np.argsort(rng.random(shape), axis=-1)
        for row in rows.reshape(-1, shape[-1]):
            row[int(rng.random() * (shape[-1] + 1)) :][:1] = -1
        return rows

    return draw


def classes() -> list[Case]:
    cases: list[Case] = []
    for shape in ((4, 3), (3,), (1, 1), (1, 3)):
        kind = label(shape)
        one = {"input": uniform(*shape), "target": labels(shape[-1], *shape[:-1])}
        weight = {"weight": uniform(shape[-1], low=0.2, high=2.0)}
        for p, margin in product((1, 2), (1.0, 0.3)):
            options = {"p": p, "margin": margin}
            cases += every_reduction(kind, "multi_margin_loss", one, **options)
            weighted = f"{kind}-weighted"
            cases += every_reduction(weighted, "multi_margin_loss", {**one, **weight}, **options)
        several = {"input": uniform(*shape), "target": many_labels(*shape)}
        cases += every_reduction(kind, "multilabel_margin_loss", several)
    # PyTorch's means over no row at all are 0 for the hinges, not NaN: only what has no mean.
    empty = {"input": uniform(0, 3), "target": labels(3, 0)}
    cases.append(case("empty", "multi_margin_loss", empty, reduction="none"))
    empty = {"input": uniform(0, 3), "target": labels(3, 0, 3)}
    cases.append(case("empty", "multilabel_margin_loss", empty, reduction="none"))
    for shape in ((4, 3), (3,), (0, 3), (4, 1), (2, 3, 2)):
        drawn = {"input": uniform(*shape, low=-4, high=4), "target": uniform(*shape, low=0)}
        cases += every_reduction(label(shape), "multilabel_soft_margin_loss", drawn)
        drawn["weight"] = uniform(shape[-1], low=0.2, high=2.0)
        cases += every_reduction(f"{label(shape)}-weighted", "multilabel_soft_margin_loss", drawn)
    scores = given([[1.0, 0.0, 2.0, 0.5], [0.25, 0.25, -0.75, 1.25]])
    right = given([[0, 2, -1, 3], [-1, 0, 1, 2]])
    twice = given([[1, 1, 0, -1], [3, 2, 1, 0]])
    kinks = {"input": scores, "target": given([0, 3])}
    return [
        *cases,
        *(case("kinks", "multi_margin_loss", kinks, p=p, reduction="none") for p in (1, 2)),
        case("kinks", "multilabel_margin_loss", {"input": scores, "target": right}),
        case("twice-named", "multilabel_margin_loss", {"input": scores, "target": twice}),
        *[case("older", "multi_margin_loss", kinks, **older) for older in LEGACY],
        *[
            case("older", "multilabel_margin_loss", {"input": scores, "target": right}, **older)
            for older in LEGACY
        ],
    ]


def no_label() -> list[Case]:
    """Cross-entropies of nothing: empty batches, and batches of which every label is ignored."""
    cases: list[Case] = []
    weight = {"weight": given([0.5, 2.0, 1.0])}
    for function in ("cross_entropy", "nll_loss"):
        for shape in ((0, 3), (0, 3, 2), (2, 3, 0)):
            none = {
                "input": uniform(*shape),
                "target": labels(3, *(shape[0], *shape[2:])),
            }
            cases += every_reduction(f"{label(shape)}-empty", function, none)
            cases += every_reduction(f"{label(shape)}-empty-weighted", function, {**none, **weight})
        ignored = {"input": uniform(2, 3), "target": given([-100, -100])}
        cases += every_reduction("all-ignored", function, ignored)
        cases += every_reduction("all-ignored-weighted", function, {**ignored, **weight})
        positive = {"input": uniform(2, 3), "target": given([1, 1])}
        cases += every_reduction("all-ignored", function, positive, ignore_index=1)
        single = {"input": uniform(3), "target": given(-100)}
        cases += every_reduction("unbatched-ignored", function, single)
        weightless = {**positive, "weight": given([1.0, 0.0, 1.0])}
        cases += every_reduction("weight-of-zero", function, weightless)
        drawn = {"input": uniform(2, 3), "target": labels(3, 2)}
        cases += [case("older", function, drawn, **older) for older in LEGACY]
        alone = {"input": uniform(4, 1), "target": labels(1, 4)}
        cases += every_reduction("one-class", function, alone)
    ignored = {"input": uniform(2, 3), "target": given([-100, -100])}
    cases += every_reduction("all-ignored", "cross_entropy", ignored, label_smoothing=0.2)
    soft = {"input": uniform(0, 3), "target": uniform(0, 3)}
    cases += every_reduction("probabilities-empty", "cross_entropy", soft)
    soft = {"input": uniform(2, 3), "target": probabilities(2, 3)}
    cases += every_reduction("probabilities", "cross_entropy", soft, ignore_index=-1)
    learned = FunctionCase("cross_entropy-learned-probabilities", "cross_entropy", soft)
    return [*cases, learned]


def modules() -> list[Case]:
    scores, positive = uniform(4, 3, low=-2, high=2), uniform(4, 3, low=0.2, high=2.0)
    three = [uniform(4, 3), uniform(4, 3)]
    choices: list[tuple[str, Draw, list[Draw], dict[str, Any]]] = [
        ("MSELoss", scores, [scores], {"size_average": False}),
        ("L1Loss", scores, [scores], {"reduce": False}),
        ("SmoothL1Loss", scores, [scores], {"reduction": "sum", "beta": 0.0}),
        ("BCELoss", uniform(4, 3, low=0.1, high=0.9), [uniform(4, 3, low=0)], {"reduce": False}),
        ("BCEWithLogitsLoss", scores, [uniform(4, 3, low=0)], {"size_average": False}),
        ("KLDivLoss", log_probabilities(4, 3), [log_probabilities(4, 3)], {"log_target": True}),
        ("CrossEntropyLoss", scores, [probabilities(4, 3)], {"reduction": "none"}),
        ("NLLLoss", log_probabilities(4, 3), [labels(3, 4)], {"reduce": False}),
        ("PoissonNLLLoss", scores, [positive], {}),
        ("PoissonNLLLoss", positive, [positive], {"log_input": False, "full": True, "eps": 1e-3}),
        ("GaussianNLLLoss", scores, [scores, positive], {}),
        ("GaussianNLLLoss", scores, [scores, positive], {"full": True, "eps": 0.5}),
        ("MarginRankingLoss", scores, [scores, signs(4, 3)], {"margin": 0.5}),
        ("MarginRankingLoss", scores, [scores, signs(4, 3)], {"size_average": False}),
        ("HingeEmbeddingLoss", positive, [signs(4, 3)], {"margin": 1.5, "reduction": "sum"}),
        ("CosineEmbeddingLoss", scores, [scores, signs(4)], {"margin": 0.2}),
        ("TripletMarginLoss", scores, three, {}),
        ("TripletMarginLoss", scores, three, {"margin": 0.5, "p": 3.0, "swap": True}),
        ("TripletMarginWithDistanceLoss", scores, three, {"swap": True, "reduction": "none"}),
        ("MultiMarginLoss", scores, [labels(3, 4)], {"p": 2, "margin": 0.5}),
        ("MultiLabelMarginLoss", scores, [many_labels(4, 3)], {"reduction": "none"}),
        ("MultiLabelSoftMarginLoss", scores, [uniform(4, 3, low=0)], {}),
        ("SoftMarginLoss", scores, [signs(4, 3)], {"reduction": "sum"}),
    ]
    return [
        ModuleCase(f"{layer}-{described(options)}-more", layer, x, options=options, targets=more)
        for layer, x, more, options in choices
    ]


CASES: list[Case] = [
    *pairs(),
    *poisson(),
    *gaussian(),
    *margins(),
    *triplets(),
    *classes(),
    *no_label(),
    *modules(),
]
