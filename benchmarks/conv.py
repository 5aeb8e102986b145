"""How convolution cuts its windows: both orders on the layers of two small nets, and the choice.

    python -m benchmarks.conv

Each layer is run with its windows cut channels first and channels last, and its input gradient as
folded products and as a convolution; all take turns in one run. A star marks what
``minitorch_backends.numpy.conv`` chooses. Times are milliseconds of one call, batch 64, float32;
the rate counts the multiplications and additions of the product, in billions a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.timing import fastest
from minitorch_backends.numpy import conv as kernels

BATCH = 64
# Channels, size, outputs, kernel, padding, groups.
LAYERS = {
    "LeNet 1": (1, 28, 6, 5, 2, 1),
    "LeNet 2": (6, 14, 16, 5, 0, 1),
    "VGG-small 1": (3, 32, 32, 3, 1, 1),
    "VGG-small 2": (32, 32, 32, 3, 1, 1),
    "VGG-small 3": (32, 16, 64, 3, 1, 1),
    "VGG-small 4": (64, 16, 64, 3, 1, 1),
    "VGG-small 5": (64, 8, 128, 3, 1, 1),
    "VGG-small 6": (128, 8, 128, 3, 1, 1),
    "depthwise": (64, 16, 64, 3, 1, 64),
    "four groups": (64, 16, 64, 3, 1, 4),
    "1 x 1": (64, 16, 64, 1, 0, 1),
}


def forced(choice: str, answer: bool, function: Callable[[], Any]) -> Callable[[], Any]:
    """``function`` with the kernels' own choice replaced."""

    def call() -> Any:
        with mock.patch.object(kernels, choice, return_value=answer):
            return function()

    return call


def layer(
    name: str, channels: int, size: int, outputs: int, kernel: int, padding: int, groups: int
) -> None:
    rng = np.random.default_rng(0)
    positions = size + 2 * padding - kernel + 1
    x = rng.standard_normal((BATCH, channels, size, size), np.float32)
    w = rng.standard_normal((outputs, channels // groups, kernel, kernel), np.float32)
    g = rng.standard_normal((BATCH, outputs, positions, positions), np.float32)
    window: Any = {
        "stride": (1, 1),
        "padding": ((padding, padding),) * 2,
        "dilation": (1, 1),
        "groups": groups,
    }
    parts: dict[str, Callable[[], Any]] = {
        "result": lambda: kernels.conv(x, w, **window),
        "weight gradient": lambda: kernels.conv_weight(x, g, kernel=w.shape[2:], **window),
        "input gradient": lambda: kernels.conv_input(g, w, shape=x.shape, **window),
    }
    last = kernels.channels_last(x, w.shape[1], w.shape[2:])
    folds = kernels.folds(w, groups)
    ways = {
        "result": ("channels_last", ("first", "last"), last),
        "weight gradient": ("channels_last", ("first", "last"), last),
        "input gradient": ("folds", ("convolved", "folded"), folds),
    }
    times = fastest(
        *(
            forced(choice, answer, parts[part])
            for part, (choice, _, _) in ways.items()
            for answer in (False, True)
        ),
        runs=15,
    )
    work = 2 * math.prod(g.shape) * math.prod(w.shape[1:]) / 1e9
    for number, (part, (_, names, chosen)) in enumerate(ways.items()):
        pair = times[2 * number : 2 * number + 2]
        cells = [
            f"{label:>10} {seconds * 1e3:6.2f}{'*' if chosen == answer else ' '}"
            for label, seconds, answer in zip(names, pair, (False, True), strict=True)
        ]
        lost = pair[chosen] / min(pair)
        rate = work / pair[chosen]
        print(f"{name:12} {part:16}{''.join(cells)}  {lost:5.2f} of the better, {rate:5.0f} G/s")


if __name__ == "__main__":
    for label, sizes in LAYERS.items():
        layer(label, *sizes)
