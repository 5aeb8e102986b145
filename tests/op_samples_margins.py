"""Samples of counts, margins, many labels and sequences; references are formulas in NumPy."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct, given, integers
from op_samples_elementwise import sigmoid
from op_samples_functional import sample
from op_samples_losses import pointwise, reduced
from references.case import Array, Draw

REDUCTIONS = ("mean", "sum", "none")


def positive(x: Array) -> Array:
    return np.maximum(x, 0)


def signs(*shape: int) -> Draw:
    draw = integers(*shape, low=0, high=2)
    return lambda rng: np.asarray(2 * draw(rng) - 1)


# --- numbers -------------------------------------------------------------------------------------


def poisson(x: Array, n: Array, log_input: bool = True, full: bool = False) -> Array:
    losses = np.exp(x) - n * x if log_input else x - n * np.log(x + 1e-8)
    stirling = np.where(n > 1, n * np.log(n) - n + np.log(2 * math.pi * n) / 2, 0)
    return losses + stirling if full else losses


def gaussian(x: Array, y: Array, var: Any, full: bool = False) -> Array:
    var = var[..., None] if np.ndim(var) == x.ndim - 1 and np.ndim(var) else var
    return (np.log(var) + (x - y) ** 2 / var + (math.log(2 * math.pi) if full else 0)) / 2


def numbers() -> Iterator[Sample]:
    rates = distinct(2, 3, low=0.2, high=4.0)
    for full, reduction in itertools.product((False, True), REDUCTIONS):
        options = {"full": full, "reduction": reduction}
        for log_input, x in ((True, distinct(2, 3)), (False, rates)):
            more = {**options, "log_input": log_input}
            name, reference = "poisson_nll_loss", pointwise(poisson)
            yield sample(name, case_of((2, 3), **more), [x, rates], reference, **more)
        for shape in ((2, 3), (2, 1), (2,)):
            arguments = [distinct(2, 3), distinct(2, 3), distinct(*shape, low=0.3, high=2.0)]
            case = case_of((2, 3), shape, **options)
            yield sample("gaussian_nll_loss", case, arguments, pointwise(gaussian), **options)
    arguments = [distinct(2, 3), distinct(2, 3), 0.5]
    yield sample("gaussian_nll_loss", "var-as-number", arguments, pointwise(gaussian))
    weights = [distinct(2, 3), distinct(2, 3), distinct(2, 3, low=0.5, high=2.0)]
    for op, formula in (("mse_loss", np.square), ("l1_loss", np.abs)):

        def averaged(x: Array, y: Array, weight: Array, formula: Any = formula) -> Any:
            return np.sum(formula(x - y) * weight) / np.sum(weight)

        yield weighted(op, weights, averaged)
    near = [distinct(2, 3, low=-0.3, high=0.3), distinct(2, 3, low=-0.3, high=0.3), weights[2]]
    yield weighted("huber_loss", near, lambda x, y, w: np.mean((x - y) ** 2 / 2 * w))


def weighted(op: str, arguments: Any, reference: Any) -> Sample:
    function = getattr(functional, op)
    return Sample(
        f"nn.functional.{op}",
        "weighted",
        lambda x, y, weight: function(x, y, weight=weight),
        arguments,
        reference,
    )


# --- margins -------------------------------------------------------------------------------------


def ranking(a: Array, b: Array, y: Array, margin: float = 0.0) -> Array:
    return positive(margin - y * (a - b))


def hinge(x: Array, y: Array, margin: float = 1.0) -> Array:
    return np.where(y == 1, x, positive(margin - x))


def cosine(a: Array, b: Array, y: Array, margin: float = 0.0) -> Array:
    inner = np.sum(a * b, -1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.where(y == 1, 1 - inner, positive(inner - margin))


def triplet(
    a: Array, b: Array, c: Array, margin: float = 1.0, p: float = 2.0, swap: bool = False
) -> Array:
    def distance(x: Array, y: Array) -> Array:
        return np.linalg.norm(x - y + 1e-6, p, axis=-1)

    far = np.minimum(distance(a, c), distance(b, c)) if swap else distance(a, c)
    return positive(margin + distance(a, b) - far)


def margins() -> Iterator[Sample]:
    for reduction, shape in itertools.product(REDUCTIONS, ((4, 3), ())):
        options = {"reduction": reduction}
        case = case_of(shape, **options)
        pair = [distinct(*shape), distinct(*shape), signs(*shape)]
        more = {**options, "margin": 0.4}
        yield sample("margin_ranking_loss", case, pair, pointwise(ranking), **more)
        yield sample("hinge_embedding_loss", case, pair[1:], pointwise(hinge), **options)

        def soft(x: Array, y: Array) -> Array:
            return np.log1p(np.exp(-x * y))

        yield sample("soft_margin_loss", case, pair[1:], pointwise(soft), **options)
    for shape in ((4, 3), (3,)):
        pair = [distinct(*shape), distinct(*shape), signs(*shape[:-1])]
        for reduction in REDUCTIONS:
            options = {"margin": -0.2, "reduction": reduction}
            case = case_of(shape, **options)
            yield sample("cosine_embedding_loss", case, pair, pointwise(cosine), **options)
        points = [distinct(*shape, low=-2, high=2) for _ in range(3)]
        for more in ({}, {"swap": True}, {"p": 3.0}, {"p": 1, "margin": 2.0}):
            for reduction in REDUCTIONS:
                options = {**more, "reduction": reduction}
                case = case_of(shape, **options)
                yield sample("triplet_margin_loss", case, points, pointwise(triplet), **options)
                if "p" not in more:
                    op = "triplet_margin_with_distance_loss"
                    yield sample(op, case, points, pointwise(triplet), **options)


# --- many classes --------------------------------------------------------------------------------


def multi_margin(x: Array, y: Array, weight: Any = None, p: int = 1, margin: float = 1.0) -> Array:
    losses = []
    classes = x.shape[-1]
    for row, right in zip(x.reshape(-1, classes), np.atleast_1d(y), strict=True):
        hinges = positive(margin - row[right] + np.delete(row, right)) ** p
        losses.append(np.sum(hinges) / classes * (1 if weight is None else weight[right]))
    return np.array(losses).reshape(y.shape)


def multilabel_margin(x: Array, y: Array) -> Array:
    losses = []
    for row, named in zip(np.atleast_2d(x), np.atleast_2d(y), strict=True):
        right = list(itertools.takewhile(lambda label: label >= 0, named))
        wrong = np.delete(row, right)
        losses.append(sum(np.sum(positive(1 - row[i] + wrong)) for i in right) / len(row))
    return np.array(losses).reshape(x.shape[:-1])


def multilabel_soft_margin(x: Array, y: Array, weight: Any = 1.0) -> Array:
    return np.mean(-weight * (y * np.log(sigmoid(x)) + (1 - y) * np.log(sigmoid(-x))), -1)


def classes() -> Iterator[Sample]:
    weight = distinct(3, low=0.5, high=2.0)
    for shape, reduction in itertools.product(((4, 3), (3,)), REDUCTIONS):
        x, y = distinct(*shape), integers(*shape[:-1], low=0, high=3)
        options: dict[str, Any] = {"reduction": reduction}
        for more in ({}, {"p": 2}, {"margin": 0.3}):
            whole = {**more, **options}
            case = case_of(shape, **whole)
            yield sample("multi_margin_loss", case, [x, y], pointwise(multi_margin), **whole)
        yield Sample(
            "nn.functional.multi_margin_loss",
            f"{case_of(shape, **options)}-weight",
            lambda x, y, w, o=options: functional.multi_margin_loss(x, y, weight=w, **o),
            [x, y, weight],
            lambda x, y, w, o=options: pointwise(multi_margin)(x, y, w, **o),
        )
        named = [[2, -1, 0], [0, 2, -1], [-1, 1, 1], [1, 0, 2]]
        several = given(named if len(shape) > 1 else named[1])
        case = case_of(shape, **options)
        reference = pointwise(multilabel_margin)
        yield sample("multilabel_margin_loss", case, [x, several], reference, **options)
        arguments = [x, distinct(*shape, low=0.05, high=0.95)]
        op, reference = "multilabel_soft_margin_loss", pointwise(multilabel_soft_margin)
        yield sample(op, case, arguments, reference, **options)
        yield sample(op, f"{case}-weight", [*arguments, weight], reference, **options)


# --- sequences -----------------------------------------------------------------------------------


def ctc_loss(
    logs: Array,
    targets: Array,
    steps: Any,
    lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
) -> Array:
    """By listing every alignment."""
    batch = logs if logs.ndim == 3 else logs[:, None]
    ends = np.cumsum(lengths)
    losses = []
    for i, (time, length) in enumerate(zip(steps, lengths, strict=True)):
        joined = targets[ends[i] - length : ends[i]]
        wanted = list(targets[i, :length] if targets.ndim == 2 else joined)
        ways = [
            sum(batch[t, i, label] for t, label in enumerate(path))
            for path in itertools.product(range(batch.shape[2]), repeat=time)
            if [k for k, _ in itertools.groupby(path) if k != blank] == wanted
        ]
        losses.append(-np.log(np.sum(np.exp(ways))))
    if reduction == "mean":
        return np.mean(np.array(losses) / np.maximum(lengths, 1))
    found = reduced(np.array(losses), reduction)
    return found if logs.ndim == 3 or reduction == "sum" else found[0]


def sequences() -> Iterator[Sample]:
    logs = distinct(5, 2, 3, low=-3.0, high=-0.1)
    padded, joined = given([[1, 2], [2, 0]]), given([1, 1, 2])
    for reduction in REDUCTIONS:
        options = {"reduction": reduction}
        arguments = [logs, padded, [5, 4], [2, 1]]
        yield sample("ctc_loss", f"padded-{reduction}", arguments, ctc_loss, **options)
        arguments = [logs, joined, [4, 5], [2, 1]]
        yield sample("ctc_loss", f"joined-{reduction}", arguments, ctc_loss, **options)
        arguments = [distinct(4, 3, low=-3.0, high=-0.1), given([2, 1]), [4], [2]]
        yield sample("ctc_loss", f"unbatched-{reduction}", arguments, ctc_loss, **options)
    arguments = [logs, given([[1, 0], [0, 0]]), [5, 3], [2, 0]]
    yield sample("ctc_loss", "blank=2", arguments, ctc_loss, blank=2)


SAMPLES = [*numbers(), *margins(), *classes(), *sequences()]
