"""Samples of losses; references are formulas in NumPy."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from op_samples_base import Sample, case_of, distinct, given, integers
from op_samples_elementwise import sigmoid
from op_samples_functional import sample, softmax
from references.case import Array


def reduced(losses: Array, reduction: str) -> Array:
    return {"none": lambda x: x, "sum": np.sum, "mean": np.mean}[reduction](losses)


def pointwise(formula: Callable[..., Array]) -> Callable[..., Array]:
    def reference(*arrays: Any, reduction: str = "mean", **options: Any) -> Array:
        return reduced(formula(*arrays, **options), reduction)

    return reference


def huber(x: Array, y: Array, delta: float = 1.0) -> Array:
    size = np.abs(x - y)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


def smooth_l1(x: Array, y: Array, beta: float = 1.0) -> Array:
    return np.abs(x - y) if beta == 0 else huber(x, y, beta) / beta


def binary_cross_entropy(p: Array, y: Array, weight: Any = 1.0) -> Array:
    return -weight * (y * np.log(p) + (1 - y) * np.log(1 - p))


def with_logits(x: Array, y: Array, weight: Any = 1.0, pos_weight: Any = 1.0) -> Array:
    return -weight * (pos_weight * y * np.log(sigmoid(x)) + (1 - y) * np.log(sigmoid(-x)))


def kl_div(x: Array, y: Array, log_target: bool = False, reduction: str = "mean") -> Array:
    losses = np.exp(y) * (y - x) if log_target else y * (np.log(np.where(y > 0, y, 1)) - x)
    return np.sum(losses) / len(x) if reduction == "batchmean" else reduced(losses, reduction)


def nll_loss(
    logs: Array,
    labels: Array,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Array:
    logs = np.moveaxis(logs, 1, -1) if logs.ndim > 1 else logs
    classes = logs.shape[-1]
    weight = np.ones(classes) if weight is None else weight
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    factors = weight[safe] * counted
    losses = -np.take_along_axis(logs, safe[..., None], -1)[..., 0] * factors
    if reduction == "mean":
        return np.sum(losses) / np.sum(factors)
    return reduced(losses, reduction)


def cross_entropy(
    scores: Array,
    labels: Array,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    axis = 1 if scores.ndim > 1 else 0
    logs = np.moveaxis(np.log(softmax(scores, axis)), axis, -1)
    classes = logs.shape[-1]
    factors = np.ones(classes) if weight is None else weight
    if labels.dtype.kind == "f":
        target, counted = np.moveaxis(labels, axis, -1), None
    else:
        counted = labels != ignore_index
        target = np.eye(classes)[np.where(counted, labels, 0)] * counted[..., None]
    share = np.sum(target, -1, keepdims=True) if counted is not None else 1.0
    target = (1 - label_smoothing) * target + label_smoothing / classes * share
    losses = -np.sum(target * logs * factors, -1)
    if reduction != "mean":
        return reduced(losses, reduction)
    if counted is None:
        return np.mean(losses)
    return np.sum(losses) / np.sum(factors[np.where(counted, labels, 0)] * counted)


def losses() -> Iterator[Sample]:
    for op, formula, choices in (
        ("mse_loss", lambda x, y: (x - y) ** 2, [{}]),
        ("l1_loss", lambda x, y: np.abs(x - y), [{}]),
        ("huber_loss", huber, [{}, {"delta": 0.4}]),
        ("smooth_l1_loss", smooth_l1, [{}, {"beta": 0.4}, {"beta": 0}]),
    ):
        for options, reduction in itertools.product(choices, ("mean", "sum", "none")):
            options = {**options, "reduction": reduction}
            for shape in ((2, 3), ()):
                arguments = [distinct(*shape), distinct(*shape)]
                case = case_of(shape, **options)
                yield sample(op, case, arguments, pointwise(formula), **options)
    x, y, weight = distinct(2, 3), distinct(2, 3, low=0.05, high=0.95), distinct(3, low=0.5, high=2)
    p = distinct(2, 3, low=0.05, high=0.95)
    for reduction in ("mean", "sum", "none"):
        reference = pointwise(binary_cross_entropy)
        options = {"reduction": reduction}
        yield sample("binary_cross_entropy", reduction, [p, y], reference, **options)
        case = f"weight-{reduction}"
        yield sample("binary_cross_entropy", case, [p, y, weight], reference, **options)
        reference = pointwise(with_logits)
        name = "binary_cross_entropy_with_logits"
        yield sample(name, reduction, [x, y], reference, **options)
        yield sample(name, case, [x, y, weight], reference, **options)
        yield Sample(
            f"nn.functional.{name}",
            f"pos_weight-{reduction}",
            lambda x, y, w, o=options: functional.binary_cross_entropy_with_logits(
                x, y, pos_weight=w, **o
            ),
            [x, y, weight],
            lambda x, y, w, o=options, r=reference: r(x, y, pos_weight=w, **o),
        )
        yield sample("kl_div", reduction, [x, y], kl_div, **options)
    yield sample("kl_div", "batchmean", [x, y], kl_div, reduction="batchmean")
    yield sample("kl_div", "log_target", [x, distinct(2, 3)], kl_div, log_target=True)
    zeros = given(np.array([[0, 1, 0], [1, 0, 1]]))
    yield Sample(
        "nn.functional.kl_div",
        "zeros-in-target",
        lambda x, y: functional.kl_div(x, y.to(x.dtype)),
        [x, zeros],
        kl_div,
    )
    yield from classifications()


def classifications() -> Iterator[Sample]:
    weight = distinct(3, low=0.5, high=2.0)
    for shape in ((4, 3), (2, 3, 2), (1, 3, 2, 2), (3,)):
        label_shape = (shape[0], *shape[2:]) if len(shape) > 1 else ()
        x, y = distinct(*shape), integers(*label_shape, low=0, high=3)
        for op, reference in (("nll_loss", nll_loss), ("cross_entropy", cross_entropy)):
            for reduction in ("mean", "sum", "none"):
                options = {"reduction": reduction}
                yield sample(op, case_of(shape, **options), [x, y], reference, **options)
                case = case_of(shape, **options) + "-weight"
                yield sample(op, case, [x, y, weight], reference, **options)
        options = {"label_smoothing": 0.1}
        yield sample("cross_entropy", case_of(shape, **options), [x, y], cross_entropy, **options)
        case = case_of(shape, **options) + "-weight"
        yield sample("cross_entropy", case, [x, y, weight], cross_entropy, **options)
        soft = distinct(*shape, low=0.1, high=1.0)
        for options in ({}, {"label_smoothing": 0.2}, {"reduction": "none"}, {"reduction": "sum"}):
            case = case_of(shape, **options) + "-soft"
            yield sample("cross_entropy", case, [x, soft], cross_entropy, **options)
            case += "-weight"
            yield sample("cross_entropy", case, [x, soft, weight], cross_entropy, **options)
    some = given(np.array([0, -100, 2, -100]))
    for op, reference in (("nll_loss", nll_loss), ("cross_entropy", cross_entropy)):
        for reduction in ("mean", "sum", "none"):
            options = {"reduction": reduction}
            case = f"ignored-{reduction}"
            yield sample(op, case, [distinct(4, 3), some], reference, **options)
            yield sample(op, f"{case}-weight", [distinct(4, 3), some, weight], reference, **options)
        labels = integers(4, low=0, high=3)
        options = {"ignore_index": 1}
        yield sample(op, "ignore_index=1", [distinct(4, 3), labels], reference, **options)
    options = {"label_smoothing": 0.3, "ignore_index": -100}
    x = distinct(4, 3)
    yield sample("cross_entropy", "ignored-smooth", [x, some], cross_entropy, **options)
    yield sample(
        "cross_entropy", "ignored-smooth-weight", [x, some, weight], cross_entropy, **options
    )
    options["reduction"] = "none"
    yield sample("cross_entropy", "ignored-smooth-none", [x, some], cross_entropy, **options)


SAMPLES = [*losses()]
