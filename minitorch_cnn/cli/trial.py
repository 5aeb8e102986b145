"""A training so small that it runs in the blink of an eye, to see that a backend computes."""

from __future__ import annotations

import minitorch_cnn as mt
from minitorch_cnn import nn, optim, random


def small_training(backend: str, steps: int = 3) -> list[float]:
    """The losses of a small convolutional net, from the same start on every backend.

    Examples
    --------
    >>> first, second, third = small_training("numpy")
    >>> first > second > third
    True
    """
    generator = random.default_rng().bit_generator
    state = generator.state
    try:
        mt.seed(0)
        with mt.use_backend(backend):
            net = nn.Sequential(
                nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dense(36, 3)
            )
            optimizer = optim.Adam(net.parameters(), lr=0.01)
            pictures, labels = mt.rand(6, 1, 8, 8), mt.tensor([0, 1, 2, 0, 1, 2])
            return [_step(net, optimizer, pictures, labels) for _ in range(steps)]
    finally:
        generator.state = state


def _step(net: nn.Module, optimizer: optim.Adam, pictures: mt.Tensor, labels: mt.Tensor) -> float:
    loss = nn.functional.cross_entropy(net(pictures), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.item())
