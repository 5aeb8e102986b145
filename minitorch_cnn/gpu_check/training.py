"""The same net trained on two backends from the same start, compared after every step.

Weights and batches come from the host, so both runs begin with equal numbers; what differs later is
rounding, and that stays small. Works for any backends. May import ``kernels`` and ``report``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_backends.protocol import Backend
from minitorch_cnn import datasets, models, nn, optim
from minitorch_cnn.backend import use_backend
from minitorch_cnn.gpu_check.cases import HostArray
from minitorch_cnn.gpu_check.kernels import relative_error
from minitorch_cnn.gpu_check.report import Outcome

TOLERANCES = {"float32": 1e-4, "float64": 1e-10}
"""Largest relative difference of a loss, or of a layer's weights, after any step."""


def batch_norm_net() -> nn.Sequential:
    """Convolution, batch normalisation, average pooling: what LeNet does without."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1, groups=2, bias=False),
        nn.BatchNorm2d(16),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dense(16 * 6 * 6, 10),
    )


NETS: dict[str, Callable[[], nn.Sequential]] = {"LeNet": models.lenet, "batch norm": batch_norm_net}


@dataclass(frozen=True)
class Trace:
    """What a training did: the loss of each step, and all weights and buffers after it."""

    losses: list[float]
    states: list[dict[str, HostArray]]


def digits(size: int) -> tuple[HostArray, HostArray]:
    """The first pictures that ship with the package, and their labels."""
    pictures, labels = datasets.mnist_mini()[0][:size]
    return np.asarray(pictures), np.asarray(labels)


def train(make: Callable[[], nn.Module], home: Backend, dtype: str, steps: int, size: int) -> Trace:
    """``steps`` steps of momentum descent on batches of ``size`` digits."""
    pictures, labels = digits(steps * size)
    trace = Trace([], [])
    before = mt.random.default_rng().bit_generator.state
    try:
        with use_backend(home):
            mt.seed(0)
            net = make().to(dtype)
            optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
            for start in range(0, steps * size, size):
                batch = slice(start, start + size)
                x, y = mt.tensor(pictures[batch].astype(dtype)), mt.tensor(labels[batch])
                loss = nn.functional.cross_entropy(net(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                trace.losses.append(loss.item())
                trace.states.append({k: v.numpy().copy() for k, v in net.state_dict().items()})
    finally:
        mt.random.default_rng().bit_generator.state = before
    return trace


def check_training(
    home: Backend, reference: Backend, steps: int = 20, size: int = 32
) -> Iterator[Outcome]:
    """Two nets in float32, and LeNet in float64, where a difference can be no rounding."""
    for title, dtype in (("LeNet", "float32"), ("batch norm", "float32"), ("LeNet", "float64")):
        expected, found = (train(NETS[title], b, dtype, steps, size) for b in (reference, home))
        yield compare(f"{title} trains alike, {dtype}", expected, found, TOLERANCES[dtype])


def compare(name: str, expected: Trace, found: Trace, tolerance: float) -> Outcome:
    """Names the first step after which a loss or an array differs by more than ``tolerance``."""
    largest = {"loss": 0.0, "weights": 0.0}
    for step, (state, reference) in enumerate(zip(found.states, expected.states, strict=True)):
        loss = relative_error(np.array(found.losses[step]), np.array(expected.losses[step]))
        errors = {key: relative_error(state[key], reference[key]) for key in reference}
        worst = max(errors, key=lambda key: errors[key])
        largest["loss"] = max(largest["loss"], loss)
        largest["weights"] = max(largest["weights"], errors[worst])
        if not loss <= tolerance or not errors[worst] <= tolerance:
            detail = (
                f"step {step + 1}: loss {found.losses[step]:.7g} instead of "
                f"{expected.losses[step]:.7g}; relative error of {worst} {errors[worst]:.1e}, at "
                f"most {tolerance:.0e}"
            )
            return Outcome("fail", name, detail, _figures(expected, found, largest))
    detail = (
        f"{len(found.losses)} steps, loss {found.losses[0]:.3f} -> {found.losses[-1]:.3f}; "
        f"relative error of losses {largest['loss']:.1e}, of weights {largest['weights']:.1e}"
    )
    return Outcome("ok", name, detail, _figures(expected, found, largest))


def _figures(expected: Trace, found: Trace, largest: dict[str, float]) -> dict[str, Any]:
    return {"expected": expected.losses, "found": found.losses, "relative_error": largest}
