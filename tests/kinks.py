"""Every kink of every public operation: where it is, and which gradient stands there.

Read by ``test_kinks.py``, which evaluates each row, and by the tables of the documentation. A row
lists the operations it holds for, a place, the gradient in words, and a check: an expression with
``slope``, the gradients of the sum of a function in each of its arguments.
"""

from dataclasses import dataclass
from typing import Any

import minitorch_cnn as mt
from minitorch_cnn import nn


@dataclass(frozen=True)
class Kink:
    """Operations by public name, the place and gradient in words, and a check with its result."""

    operations: tuple[str, ...]
    place: str
    gradient: str
    check: str
    result: Any


def slope(function: Any, *values: Any) -> Any:
    """Gradients of the sum of ``function(*values)``, as Python numbers."""
    tensors = [mt.tensor(value, requires_grad=True) for value in values]
    function(*tensors).sum().backward()
    gradients = [None if x.grad is None else x.grad.tolist() for x in tensors]
    return gradients[0] if len(gradients) == 1 else gradients


NAMES = {"mt": mt, "F": nn.functional, "slope": slope}
"""What a check may name."""


def kink(operations: str, place: str, gradient: str, check: str, result: Any) -> Kink:
    """A row; operations are separated by spaces, ``F.`` stands for ``nn.functional.``."""
    names = tuple(name.replace("F.", "nn.functional.") for name in operations.split())
    return Kink(names, place, gradient, check, result)


KINKS = [
    kink("relu F.relu", "at 0", "0", "slope(mt.relu, 0.0)", 0.0),
    kink("abs", "at 0", "0", "slope(mt.abs, 0.0)", 0.0),
    kink(
        "sign floor ceil round trunc floor_divide",
        "anywhere",
        "0",
        "slope(mt.floor, 1.0)",
        0.0,
    ),
    kink(
        "maximum minimum",
        "at equal numbers",
        "half to each",
        "slope(mt.maximum, 1.0, 1.0)",
        [0.5, 0.5],
    ),
    kink(
        "max min",
        "at equal extrema",
        "shared equally",
        "slope(mt.max, [2.0, 2.0, 1.0])",
        [0.5, 0.5, 0.0],
    ),
    kink(
        "F.max_pool1d F.max_pool2d F.max_pool3d F.adaptive_max_pool1d F.adaptive_max_pool2d"
        " F.adaptive_max_pool3d",
        "at equal extrema",
        "all to the first",
        "slope(lambda x: F.max_pool2d(x, 2), [[[1.0, 1.0], [1.0, 1.0]]])",
        [[[1.0, 0.0], [0.0, 0.0]]],
    ),
    kink(
        "clip",
        "at its edges",
        "1",
        "slope(lambda x: mt.clip(x, 0, 1), [-0.5, 0.0, 1.0, 1.5])",
        [0.0, 1.0, 1.0, 0.0],
    ),
    kink("F.hardtanh F.relu6", "at their edges", "0", "slope(F.relu6, [0.0, 6.0])", [0.0, 0.0]),
    kink("F.hardsigmoid", "at its edges", "0", "slope(F.hardsigmoid, [-3.0, 3.0])", [0.0, 0.0]),
    kink(
        "F.hardswish",
        "at its edges",
        "0 below, 1 above",
        "slope(F.hardswish, [-3.0, 3.0])",
        [0.0, 1.0],
    ),
    kink(
        "F.elu F.celu F.selu",
        "at 0",
        "that of the exponential",
        "slope(lambda x: F.elu(x, 2.0), 0.0)",
        2.0,
    ),
    kink(
        "F.leaky_relu F.prelu F.rrelu",
        "at 0",
        "the slope below 0",
        "slope(F.prelu, [0.0], [0.25])",
        [[0.25], [0.0]],
    ),
    kink(
        "F.hardshrink F.softshrink",
        "at both edges",
        "0",
        "slope(lambda x: F.softshrink(x, 0.5), [-0.5, 0.5])",
        [0.0, 0.0],
    ),
    kink(
        "F.threshold",
        "at the threshold",
        "0",
        "slope(lambda x: F.threshold(x, 1.0, 0.0), 1.0)",
        0.0,
    ),
    kink(
        "F.softplus F.mish",
        "at ``threshold``",
        "that of the curve",
        "slope(lambda x: F.softplus(x, 1.0, threshold=0.0), 0.0)",
        0.5,
    ),
    kink(
        "F.hinge_embedding_loss",
        "at the margin",
        "that of the line",
        "slope(lambda x: F.hinge_embedding_loss(x, mt.tensor([-1.0])), [1.0])",
        [-1.0],
    ),
    kink(
        "F.margin_ranking_loss",
        "at the margin",
        "that of the line",
        "slope(lambda x, y: F.margin_ranking_loss(x, y, mt.tensor([1.0])), [1.0], [1.0])",
        [[-1.0], [1.0]],
    ),
    kink(
        "F.cosine_embedding_loss",
        "at the margin",
        "that of the line",
        "slope(lambda x: F.cosine_embedding_loss(x, mt.tensor([[0.0, 1.0]]), mt.tensor([-1.0])),"
        " [[1.0, 0.0]])",
        [[0.0, 1.0]],
    ),
    kink(
        "F.triplet_margin_loss F.triplet_margin_with_distance_loss",
        "at the margin",
        "that of the line",
        "slope(lambda x: F.triplet_margin_loss(x, mt.tensor([[2.0]]), mt.tensor([[4.0]]),"
        " margin=2.0, eps=0.0), [[2.0]])",
        [[1.0]],
    ),
    kink(
        "F.multi_margin_loss F.multilabel_margin_loss",
        "at the margin",
        "0",
        "slope(lambda x: F.multi_margin_loss(x, mt.tensor([0])), [[1.0, 0.0]])",
        [[0.0, 0.0]],
    ),
    kink(
        "F.l1_loss",
        "at equal numbers",
        "0",
        "slope(lambda x: F.l1_loss(x, mt.tensor(1.0)), 1.0)",
        0.0,
    ),
    kink(
        "vector_norm linalg.matrix_norm",
        "at the origin",
        "0",
        "slope(mt.vector_norm, [0.0, 0.0])",
        [0.0, 0.0],
    ),
    kink(
        "F.lp_pool1d F.lp_pool2d F.lp_pool3d",
        "where a window is all 0",
        "0",
        "slope(lambda x: F.lp_pool1d(x, 2, 2), [[0.0, 0.0]])",
        [[0.0, 0.0]],
    ),
    kink("std", "at equal numbers", "0", "slope(mt.std, [1.0, 1.0])", [0.0, 0.0]),
    kink("pow Tensor.__pow__", "in ``x**0`` at 0", "0", "slope(lambda x: x**0, 0.0)", 0.0),
    kink(
        "pow Tensor.__pow__ Tensor.__rpow__",
        "in the ``y`` of ``x**y``, at ``x`` = 0",
        "0",
        "slope(mt.pow, 0.0, 2.0)",
        [0.0, 0.0],
    ),
    kink(
        "remainder",
        "where ``y`` divides ``x`` in ``x % y``",
        "1, and less the quotient",
        "slope(lambda x, y: x % y, 4.0, 2.0)",
        [1.0, -2.0],
    ),
    kink(
        "sort",
        "at equal numbers",
        "kept in their order",
        "slope(lambda x: mt.sort(x)[0], [1.0, 1.0])",
        [1.0, 0.0],
    ),
    kink(
        "F.grid_sample",
        "in the grid, at an edge of the picture with borders",
        "0",
        "slope(lambda x, grid: F.grid_sample(x, grid, padding_mode='border', align_corners=True),"
        " [[[[1.0, 2.0]]]], [[[[1.0, 0.0]]]])[1]",
        [[[[0.0, 0.0]]]],
    ),
    kink(
        "F.cosine_similarity",
        "of a vector shorter than ``eps``",
        "that of a fixed length, unlike PyTorch's",
        "slope(lambda x: F.cosine_similarity(x, mt.tensor([1.0, 0.0]), 0, eps=0.5), [0.0, 0.25])",
        [2.0, 0.0],
    ),
    kink(
        "F.embedding_bag",
        "with equal largest entries",
        "all to the first",
        "slope(lambda x: F.embedding_bag(mt.tensor([[1, 0]]), x, mode='max'), [[1.0], [1.0]])",
        [[0.0], [1.0]],
    ),
    kink(
        "F.scaled_dot_product_attention",
        "of a query that may see no key",
        "0, and so is the value",
        "slope(lambda q: F.scaled_dot_product_attention(q, q, q, mt.tensor([[False]])), [[1.0]])",
        [[0.0]],
    ),
    kink(
        "unique_values unique_all unique_counts unique_inverse",
        "at equal numbers",
        "to the first",
        "slope(mt.unique_values, [1.0, 1.0])",
        [1.0, 0.0],
    ),
    kink(
        "F.normalize",
        "of the origin",
        "that of a division by ``eps``",
        "slope(lambda x: F.normalize(x, dim=0, eps=0.5), [0.0, 0.0])",
        [2.0, 2.0],
    ),
    kink(
        "F.pairwise_distance",
        "of equal vectors, with ``eps`` 0",
        "0",
        "slope(lambda x: F.pairwise_distance(x, x.detach(), eps=0.0), [1.0, 2.0])",
        [0.0, 0.0],
    ),
    kink(
        "where",
        "anywhere",
        "to the chosen side only",
        "slope(lambda x: mt.where(x > 0, x, 2 * x), 0.0)",
        2.0,
    ),
]

SMOOTH: dict[str, str] = {
    "logsumexp": "chooses only where every entry is -inf",
    "nn.functional.adaptive_avg_pool1d": "chooses by position",
    "nn.functional.adaptive_avg_pool2d": "chooses by position",
    "nn.functional.adaptive_avg_pool3d": "chooses by position",
    "nn.functional.cross_entropy": "chooses by label",
    "nn.functional.ctc_loss": "chooses by label and length",
    "nn.functional.embedding": "chooses by index",
    "nn.functional.huber_loss": "its slope is continuous; the second derivative jumps",
    "nn.functional.kl_div": "chooses only where a target is 0",
    "nn.functional.max_unpool2d": "chooses by index",
    "nn.functional.mse_loss": "chooses only where the weights add up to 0",
    "nn.functional.nll_loss": "chooses by label",
    "nn.functional.poisson_nll_loss": "chooses by target",
    "nn.functional.smooth_l1_loss": "its slope is continuous; the second derivative jumps",
    "nn.functional.softsign": "its slope is continuous; the second derivative jumps",
    "tril": "chooses by position",
    "triu": "chooses by position",
}
"""Operations that are made of kinked ones and have no kink themselves, and why."""
