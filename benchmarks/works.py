"""What the frameworks are compared in: nets as lists of layers, with their first weights and data.

A peer builds a net from these lists in its own words, so every peer computes the same numbers.
Imports NumPy only: a peer may run in an environment where nothing of this project is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Layer = tuple[Any, ...]
"""``("conv", inputs, outputs, kernel, padding)``, ``("norm", channels)``, ``("relu",)``,
``("pool", size)``, ``("flatten",)`` or ``("dense", inputs, outputs)``."""


@dataclass(frozen=True)
class Work:
    """One thing to be timed.

    Attributes
    ----------
    kind : str
        ``"train"`` for a full step, ``"infer"`` for a forward pass, ``"chain"`` for many
        operations on four numbers.
    targets : tuple of float
        The ratios to PyTorch that are aimed at with NumPy's and with Numba's kernels.
    """

    name: str
    title: str
    kind: str
    layers: tuple[Layer, ...] = ()
    shape: tuple[int, ...] = ()
    batch: int = 1
    optimiser: str = "sgd"
    targets: tuple[float, float] = (1.0, 1.0)
    operations: int = 2000
    seed: int = field(default=0)

    def weights(self) -> list[list[np.ndarray[Any, Any]]]:
        """First weights and offsets of every layer, none for layers that have none."""
        rng = np.random.default_rng(self.seed)
        return [[a.astype(np.float32) for a in _draw(layer, rng)] for layer in self.layers]

    def data(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """One batch of inputs, and labels."""
        rng = np.random.default_rng(self.seed + 1)
        x = rng.standard_normal((self.batch, *self.shape)).astype(np.float32)
        return x, rng.integers(0, 10, self.batch)


def _draw(layer: Layer, rng: np.random.Generator) -> Iterator[np.ndarray[Any, Any]]:
    if layer[0] == "norm":
        yield from (np.ones(layer[1]), np.zeros(layer[1]))
    if layer[0] not in ("conv", "dense"):
        return
    inputs, outputs = layer[1:3]
    window = (layer[3], layer[3]) if layer[0] == "conv" else ()
    bound = 1 / np.sqrt(inputs * np.prod(window, initial=1))
    yield rng.uniform(-bound, bound, (outputs, inputs, *window))
    yield rng.uniform(-bound, bound, outputs)


def lenet(size: int = 28) -> tuple[Layer, ...]:
    side = (size // 2 - 4) // 2
    return (
        ("conv", 1, 6, 5, 2),
        ("relu",),
        ("pool", 2),
        ("conv", 6, 16, 5, 0),
        ("relu",),
        ("pool", 2),
        ("flatten",),
        ("dense", 16 * side * side, 120),
        ("relu",),
        ("dense", 120, 84),
        ("relu",),
        ("dense", 84, 10),
    )


def vgg(
    channels: tuple[int, ...] = (32, 32, 64, 64, 128, 128), size: int = 32
) -> tuple[Layer, ...]:
    """Pairs of 3×3 convolutions with batch norm, each pair followed by pooling."""
    layers: list[Layer] = []
    inputs = 3
    for number, outputs in enumerate(channels):
        layers += [("conv", inputs, outputs, 3, 1), ("norm", outputs), ("relu",)]
        if number % 2:
            layers.append(("pool", 2))
            size //= 2
        inputs = outputs
    return (*layers, ("flatten",), ("dense", inputs * size * size, 10))


def tower(depth: int, channels: int = 32, size: int = 16) -> tuple[Layer, ...]:
    """Equal 3×3 convolutions with batch norm, without pooling between them."""
    one: tuple[Layer, ...] = (("conv", channels, channels, 3, 1), ("norm", channels), ("relu",))
    return (*one * depth, ("pool", size), ("flatten",), ("dense", channels, 10))


MLP: tuple[Layer, ...] = (
    ("dense", 784, 256),
    ("relu",),
    ("dense", 256, 128),
    ("relu",),
    ("dense", 128, 10),
)

_LENET = Work("lenet", "LeNet, batch 64, Adam", "train", lenet(), (1, 28, 28), 64, "adam")
WORKS = {
    work.name: work
    for work in (
        Work("operations", "2,000 tiny operations and back", "chain", targets=(0.6, 0.6)),
        Work("mlp", "MLP, batch 128, momentum", "train", MLP, (784,), 128, targets=(1.1, 1.0)),
        replace(_LENET, targets=(1.4, 0.9)),
        Work(
            "vgg",
            "VGG-small, batch 64, momentum",
            "train",
            vgg(),
            (3, 32, 32),
            64,
            targets=(2.0, 1.3),
        ),
        replace(
            _LENET,
            name="infer-1",
            title="LeNet inference, batch 1",
            kind="infer",
            batch=1,
            targets=(1.2, 0.9),
        ),
        replace(
            _LENET,
            name="infer-256",
            title="LeNet inference, batch 256",
            kind="infer",
            batch=256,
            targets=(1.2, 0.9),
        ),
    )
}
"""The table, by name."""

MEMORY = "vgg"
"""The work whose peak memory is compared, and the ratio that is aimed at."""
MEMORY_TARGET = 1.5


def sweep() -> dict[str, list[tuple[int, Work]]]:
    """Works that differ in one number, by what it is."""

    def variant(value: int, **changes: Any) -> tuple[int, Work]:
        return value, replace(_LENET, name=f"{_LENET.name} {value}", **changes)

    def pair(value: int, channels: int, size: int = 32) -> tuple[int, Work]:
        net = vgg((channels, channels), size)
        return value, Work(f"pair {value}", "two layers", "train", net, (3, size, size), 16)

    def deep(value: int) -> tuple[int, Work]:
        layers = tower(value)
        return value, Work(f"deep {value}", "equal layers", "train", layers, (32, 16, 16), 16)

    return {
        "batch (LeNet)": [
            variant(n, batch=n) for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
        ],
        "channels (two 3×3 layers)": [pair(c, c) for c in (4, 8, 16, 32, 64, 128)],
        "picture side (two 3×3 layers)": [pair(s, 16, s) for s in (8, 16, 32, 64, 128)],
        "depth (3×3 layers of 32 channels)": [deep(d) for d in (1, 2, 4, 6, 8, 10, 12)],
    }
