"""One epoch of training, one evaluation, and the learning rate between them.

Plain functions over the public interface, to be read as an example of a hand-written loop. What
happens between epochs (checkpoints, printing, resuming) belongs to the callers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.nn import functional
from minitorch_cnn.tensor import Tensor


@dataclass(frozen=True)
class Score:
    """Mean loss per picture, and the share of pictures whose class was found."""

    loss: float
    accuracy: float


def cosine_decay(lr: float, step: int, steps: int) -> float:
    """Learning rate of step ``step`` of ``steps``: from ``lr`` down to 0 along half a cosine.

    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
    without the restarts. It depends on nothing but the step, so a resumed run needs no state.

    Examples
    --------
    >>> [round(cosine_decay(0.1, step, 4), 4) for step in range(4)]
    [0.1, 0.0854, 0.05, 0.0146]
    """
    return lr * 0.5 * (1.0 + math.cos(math.pi * step / steps))


def train_one_epoch(
    model: Any,
    batches: Iterable[tuple[Tensor, Tensor]],
    optimizer: Any,
    *,
    learning_rate: Callable[[int], float],
    first_step: int = 0,
    report: Callable[[int, float], None] = lambda pictures, loss: None,
    report_every: int = 20,
) -> Score:
    """Train on every batch once, with the cross-entropy of ``model``'s scores.

    Parameters
    ----------
    model : Module
        Takes pictures (N, ...), gives scores (N, classes). Put into training mode.
    batches : iterable of (pictures, labels)
        Labels are int64 (N,).
    optimizer : Optimizer
        Over the parameters of ``model``.
    learning_rate : callable
        Gives the learning rate of a step.
    first_step : int
        Number of the first step of this epoch, counted from the start of the training.
    report : callable
        Told the number of pictures so far and their mean loss, every ``report_every`` steps. Only
        then is the loss read back, because on a GPU reading makes everything wait.

    Returns
    -------
    Score
        Over the batches as they were trained on, while the weights moved.

    Raises
    ------
    FloatingPointError
        If the loss is no longer a finite number.
    """
    model.train()
    totals = _Totals()
    step = first_step
    for step, (pictures, labels) in enumerate(batches, start=first_step):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        scores = model(pictures)
        loss = functional.cross_entropy(scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        totals.add(scores, labels, loss)
        if (step + 1) % report_every == 0:
            report(totals.pictures, _finite(totals.score(), step).loss)
    return _finite(totals.score(), step)


def evaluate(
    model: Any, batches: Iterable[tuple[Tensor, Tensor]], classes: int = 10
) -> tuple[Score, list[list[int]]]:
    """Score ``model`` on batches without training it.

    Returns
    -------
    score : Score
    confusion : list of list of int
        ``confusion[label][answer]`` counts pictures.
    """
    model.eval()
    totals = _Totals()
    confusion = [[0] * classes for _ in range(classes)]
    with no_grad():
        for pictures, labels in batches:
            scores = model(pictures)
            totals.add(scores, labels, functional.cross_entropy(scores, labels))
            answers = scores.argmax(axis=1)
            pairs = zip(labels.numpy().tolist(), answers.numpy().tolist(), strict=True)
            for label, answer in pairs:
                confusion[label][answer] += 1
    return totals.score(), confusion


class _Totals:
    """Sums of loss and right answers; they stay where the tensors live until they are read."""

    def __init__(self) -> None:
        self.pictures = 0
        self._loss: Any = 0.0
        self._right: Any = 0

    @no_grad()
    def add(self, scores: Tensor, labels: Tensor, mean_loss: Tensor) -> None:
        self.pictures += len(labels)
        self._loss = self._loss + mean_loss.detach() * len(labels)
        self._right = self._right + (scores.detach().argmax(axis=1) == labels).sum()

    def score(self) -> Score:
        if self.pictures == 0:
            raise ValueError("there is no batch to learn from or to score: the data is empty")
        return Score(self._loss.item() / self.pictures, self._right.item() / self.pictures)


def _finite(score: Score, step: int) -> Score:
    if not math.isfinite(score.loss):
        raise FloatingPointError(
            f"the loss became {score.loss} by step {step + 1}: the training diverged (use a "
            "smaller learning rate), or the data holds NaN"
        )
    return score
