"""Finding a learning rate: raise it step by step and watch the loss.

Uses the public interface only; gives back model and optimiser as they were.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from minitorch_cnn import random
from minitorch_cnn.nn import functional

_KEPT = 0.9
"""How much of the running mean of the loss is kept at a step."""
_DIVERGED = 4.0
"""A loss so many times the lowest ends the search."""


@dataclass(frozen=True)
class LearningRates:
    """Learning rates that were tried and the smoothed loss at each."""

    rates: list[float]
    losses: list[float]

    @property
    def suggestion(self) -> float:
        """Where the loss falls most steeply over the logarithm of the rate."""
        slopes = [after - before for before, after in itertools.pairwise(self.losses)]
        return self.rates[min(range(len(slopes)), key=slopes.__getitem__)]

    def plot(self, axes: Any = None) -> Any:
        """Draw the loss over the learning rate; returns matplotlib's axes."""
        if axes is None:
            from matplotlib.figure import Figure

            axes = Figure(figsize=(5, 3), layout="constrained").subplots()
        axes.plot(self.rates, self.losses)
        axes.axvline(self.suggestion, linestyle="--", color="gray")
        axes.set(xscale="log", xlabel="learning rate", ylabel="smoothed loss")
        return axes


def find_learning_rate(
    model: Any,
    batches: Iterable[Any],
    loss: Callable[[Any, Any], Any] = functional.cross_entropy,
    optimizer: Any = None,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
) -> LearningRates:
    """Train for some steps while the learning rate grows from tiny to far too large.

    The model, the optimiser and the generator of ``mt.random`` are given back as they were.

    Parameters
    ----------
    model : Module
    batches : iterable of (inputs, targets)
        Gone through again if there are fewer than ``steps``.
    loss : callable
    optimizer : Optimizer
        Over the parameters of ``model``.
    lowest, highest : float
        First and last learning rate; those between grow by one factor.
    steps : int
        3 or more. It ends sooner if the loss grows to four times its lowest.

    Returns
    -------
    LearningRates

    Raises
    ------
    ValueError
        If there is no optimiser or no batch, or the range is empty.

    Notes
    -----
    Source: L. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import data, optim
    >>> model = mt.nn.Dense(2, 2)
    >>> x, y = mt.ones((64, 2)), mt.zeros(64, dtype="int64")
    >>> batches = data.DataLoader(data.TensorDataset(x, y), batch_size=16)
    >>> found = mt.train.find_learning_rate(
    ...     model, batches, optimizer=optim.SGD(model.parameters(), lr=0.1)
    ... )
    >>> 1e-6 <= found.suggestion <= 10
    True
    """
    if optimizer is None or steps < 3 or not 0 < lowest < highest:
        raise ValueError(
            f"find_learning_rate: optimizer={optimizer}, lowest={lowest}, highest={highest}, "
            f"steps={steps}; expected an optimiser, 0 < lowest < highest, and 3 steps or more"
        )
    weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
    state, generator = optimizer.state_dict(), random.default_rng()
    drawn, mode = copy.deepcopy(generator.bit_generator.state), model.training
    position = copy.deepcopy(batches.state_dict()) if hasattr(batches, "state_dict") else None
    try:
        return _tried(model, batches, loss, optimizer, lowest, highest, steps)
    finally:
        model.load_state_dict(weights)
        model.train(mode)
        optimizer.load_state_dict(state)
        optimizer.zero_grad()
        generator.bit_generator.state = drawn
        if position is not None:
            batches.load_state_dict(position)  # type: ignore[attr-defined]


def _tried(
    model: Any,
    batches: Iterable[Any],
    loss: Callable[[Any, Any], Any],
    optimizer: Any,
    lowest: float,
    highest: float,
    steps: int,
) -> LearningRates:
    model.train()
    rates: list[float] = []
    losses: list[float] = []
    mean = 0.0
    for step, (inputs, targets) in enumerate(itertools.islice(_again(batches), steps)):
        rate = lowest * (highest / lowest) ** (step / (steps - 1))
        for group in optimizer.param_groups:
            group["lr"] = rate
        found = loss(model(inputs), targets)
        optimizer.zero_grad()
        found.backward()
        optimizer.step()
        mean = _KEPT * mean + (1 - _KEPT) * found.item()
        smoothed = mean / (1 - _KEPT ** (step + 1))
        if not math.isfinite(smoothed) or (losses and smoothed > _DIVERGED * min(losses)):
            break
        rates.append(rate)
        losses.append(smoothed)
    if len(rates) < 3:
        raise ValueError(
            f"find_learning_rate: the loss diverged after {len(rates)} steps from {lowest}; begin "
            "lower"
        )
    return LearningRates(rates, losses)


def _again(batches: Iterable[Any]) -> Iterable[Any]:
    while True:
        met = False
        for batch in batches:
            met = True
            yield batch
        if not met:
            raise ValueError("find_learning_rate: there is no batch: the data is empty")
