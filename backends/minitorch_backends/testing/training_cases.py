"""Arguments of the kernels of training: biases, normalisation, losses, masks and optimisers.

May import ``draw``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_backends.testing.draw import Arguments, Draw, HostArray

# --- around a product, and normalisation ---------------------------------------------------------


def _channels(draw: Draw) -> HostArray:
    return draw.entries(*draw.integers(2, 1, 3), *draw.shape(2, 1, 3))


def _matmul(draw: Draw) -> Arguments:
    """Now and then one that is large enough to be cut."""
    links = draw.integer(1, 3)
    rows, columns = draw.among([draw.integers(2, 0, 4), (2000 // links, 300)])
    batch = draw.shape(1, 1, 2)
    return [draw.entries(*batch, rows, links), draw.entries(*batch, links, columns)], {}


def _add_bias(draw: Draw) -> Arguments:
    x = _channels(draw)
    return [x, draw.entries(x.shape[1])], {"in_place": False}


def _relu_input(draw: Draw) -> Arguments:
    """Infinite and NaN gradients are stopped like all others."""
    y = np.asarray(np.maximum(draw.ties(*draw.shape(3, 0, 3)), 0))
    return [draw.ties(*y.shape), y], {}


def _running_moments(draw: Draw) -> Arguments:
    """Running statistics may be of another dtype than those of the batch."""
    channels = draw.integer(1, 3)
    mean, variance, new_mean, new_variance = (draw.entries(channels) for _ in range(4))
    new = [new_mean, abs(new_variance)]
    if draw.whether():
        new = [values.astype(np.float32) for values in new]
    return [mean, abs(variance), *new], {
        "momentum": draw.among([0.0, 0.1, 1.0]),
        "count": draw.integer(2, 9),
    }


def _batch_norm(draw: Draw, *, back: bool = False) -> Arguments:
    x = _channels(draw)
    weight, bias, mean, variance = (draw.entries(x.shape[1]) for _ in range(4))
    inputs = [draw.entries(*x.shape), x, weight] if back else [x, weight, bias]
    return inputs, {"mean": mean, "variance": abs(variance), "eps": 1e-3}


def _along_an_axis(draw: Draw) -> Arguments:
    shape = draw.shape(3, 1, 4, least_axes=1)
    return [draw.entries(*shape)], {"axis": draw.integer(0, len(shape) - 1)}


# --- losses and masks ----------------------------------------------------------------------------


def _cross_entropy(draw: Draw, *, back: bool = False) -> Arguments:
    count, classes = draw.integer(0, 4), draw.integer(1, 4)
    scale = 1 if back else draw.among([1, 300])  # the exponential of the larger overflows
    rows = np.asarray(scale * draw.entries(count, classes), draw.dtype)
    inputs = [draw.entries(count), rows] if back else [rows]
    return inputs, {"labels": draw.rng.integers(0, classes, count)}


def _mean_cross_entropy(draw: Draw, *, back: bool = False) -> Arguments:
    """Some labels are ignored, now and then all."""
    (*_, rows), parameters = _cross_entropy(draw, back=back)
    labels, ignored = parameters["labels"], draw.among([-100, 0, rows.shape[1] - 1])
    labels[draw.rng.random(labels.shape) < 0.3] = ignored
    count = np.asarray((labels != ignored).sum(), draw.dtype)
    inputs = [draw.entries(), rows, count] if back else [rows]
    return inputs, {"labels": labels, "ignored": ignored}


def _any_wrong_label(draw: Draw) -> Arguments:
    labels = draw.rng.integers(-2, 5, draw.integer(0, 5))
    return [labels], {"classes": draw.integer(1, 5), "ignored": draw.among([-2, 0])}


def _random_mask(draw: Draw) -> Arguments:
    """Blocks of the generator that are used whole and in part; all dropped, and none."""
    key = tuple(draw.rng.integers(0, 2**63, 2).tolist())
    drop = draw.among([0.0, 0.25, 0.5, 1.0])
    parameters = {"shape": draw.shape(2, 0, 7), "key": key, "drop": drop, "value": 1.5}
    return [draw.entries(2)], parameters


# --- optimisers ----------------------------------------------------------------------------------


class _Several:
    """Lists of arrays of the shapes of several parameters."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.shapes = [draw.shape(3, 0, 3) for _ in range(draw.integer(1, 3))]

    def __call__(self) -> list[HostArray]:
        return [self.draw.entries(*shape) for shape in self.shapes]

    def squares(self) -> list[HostArray]:
        """Above the square of every mean."""
        return [np.asarray(abs(values) + 5, self.draw.dtype) for values in self()]

    def perhaps(self, make: Callable[[], list[HostArray]]) -> list[HostArray]:
        """Of what an optimiser keeps only with some settings."""
        return make() if self.draw.whether() else []


def _settings(draw: Draw) -> dict[str, Any]:
    decay = draw.among([0.0, 0.1])
    return {"lr": draw.among([0.5, 0.01]), "weight_decay": decay, "maximize": draw.whether()}


def _sgd_step(draw: Draw) -> Arguments:
    several = _Several(draw)
    shares = {"momentum": draw.among([0.9, 0.25]), "dampening": draw.among([0.0, 0.25])}
    inputs = [several(), several(), several.perhaps(several)]
    return inputs, {**_settings(draw), **shares, "nesterov": draw.whether()}


def _adam_step(draw: Draw) -> Arguments:
    several = _Several(draw)
    largest = several.perhaps(several.squares)
    inputs = [several(), several(), several(), several.squares(), largest]
    more = {"step": draw.integer(1, 5), "betas": (0.9, draw.among([0.5, 0.99]))}
    more |= {"eps": draw.among([1e-8, 0.1]), "decoupled": draw.whether()}
    return inputs, {**_settings(draw), **more}


def _rmsprop_step(draw: Draw) -> Arguments:
    several = _Several(draw)
    kept = [several.squares(), several.perhaps(several), several.perhaps(several)]
    more = {"alpha": 0.9, "momentum": draw.among([0.5, 0.9]), "eps": draw.among([1e-8, 0.1])}
    return [several(), several(), *kept], {**_settings(draw), **more}


TRAINING_CASES: dict[str, Callable[[Draw], Arguments]] = {
    "matmul": _matmul,
    "add_bias": _add_bias,
    "relu": lambda draw: ([draw.ties(*draw.shape(3, 0, 3))], {}),
    "relu_input": _relu_input,
    "moments": lambda draw: ([_channels(draw)], {}),
    "running_moments": _running_moments,
    "batch_norm": _batch_norm,
    "batch_norm_backward": lambda draw: _batch_norm(draw, back=True),
    "log_softmax": _along_an_axis,
    "softmax": _along_an_axis,
    "softmax_cross_entropy": _cross_entropy,
    "softmax_cross_entropy_backward": lambda draw: _cross_entropy(draw, back=True),
    "mean_cross_entropy": _mean_cross_entropy,
    "mean_cross_entropy_backward": lambda draw: _mean_cross_entropy(draw, back=True),
    "any_wrong_label": _any_wrong_label,
    "random_mask": _random_mask,
    "sgd_step": _sgd_step,
    "adam_step": _adam_step,
    "rmsprop_step": _rmsprop_step,
}
"""Name of a kernel -> arguments of one call."""
