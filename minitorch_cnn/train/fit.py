"""``fit``: a training loop for those who want one, over the public interface alone.

To be read as an example of a hand-written loop. What else happens at its turns (stopping early,
writing figures) is callbacks', and how it shows where it is, ``progress``'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.nn import functional
from minitorch_cnn.nn.utils import clip_grad_norm_
from minitorch_cnn.train.callbacks import Callback
from minitorch_cnn.train.checkpoints import Checkpoints
from minitorch_cnn.train.metrics import Metric
from minitorch_cnn.train.progress import Progress

VALIDATION = "validation_"
"""Begins the names of figures over the validation batches."""


@dataclass
class Training:
    """A training as callbacks see it; they may change ``stop``.

    Attributes
    ----------
    model, optimizer
    epochs : int
        How many were asked for.
    epoch : int
        Number of finished epochs.
    step : int
        Number of optimiser steps.
    history : list of dict
        The figures of every finished epoch, by name: ``"epoch"``, ``"loss"``, ``"lr"``, metrics,
        and those over the validation batches with ``"validation_"`` before them.
    stop : bool
        Ends the training after this epoch.
    """

    model: Any
    optimizer: Any
    epochs: int
    epoch: int = 0
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    stop: bool = False


def fit(
    model: Any,
    train: Iterable[Any],
    validation: Iterable[Any] | None = None,
    loss: Callable[[Any, Any], Any] = functional.cross_entropy,
    optimizer: Any = None,
    epochs: int = 1,
    *,
    scheduler: Any = None,
    schedule_every: str = "epoch",
    metrics: Sequence[Metric] = (),
    callbacks: Sequence[Callback] = (),
    accumulate: int = 1,
    clip_norm: float | None = None,
    checkpoints: Checkpoints | None = None,
    progress: bool = True,
) -> Training:
    """Train a model on batches, epoch after epoch.

    Parameters
    ----------
    model : Module
        Put into training mode for the training batches, into evaluation mode for the others.
    train, validation : iterable of (inputs, targets)
        Iterated over once an epoch; mostly a ``DataLoader``.
    loss : callable
        ``loss(outputs, targets)`` gives the mean over the batch.
    optimizer : Optimizer
        Over the parameters of ``model``.
    epochs : int
    scheduler : LRScheduler, optional
        Told of every epoch, or with ``schedule_every="step"`` of every step. A
        ``ReduceLROnPlateau`` is given the validation loss, or without validation the loss.
    metrics : sequence of Metric
        Computed over both kinds of batches.
    callbacks : sequence of Callback
        Called in their order.
    accumulate : int
        So many batches make one step, whose gradient is their mean.
    clip_norm : float, optional
        Gradients are shortened to this norm, all together.
    checkpoints : Checkpoints, optional
        Saved to after every epoch, and gone on from if there are some: a run that was stopped
        ends as one that was not.
    progress : bool
        Show where the training is, on the error stream.

    Returns
    -------
    Training
        With the figures of all epochs in ``history``.

    Raises
    ------
    ValueError
        If there is no optimiser or no batch, or a setting is out of range.
    FloatingPointError
        If the loss is no longer a finite number.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import data, datasets, optim
    >>> _ = mt.seed(0)
    >>> model = mt.nn.Sequential(mt.nn.Dense(2, 16), mt.nn.ReLU(), mt.nn.Dense(16, 2))
    >>> points = mt.rand((200, 2)).numpy()
    >>> above = (points.sum(axis=1) > 1).astype("int64")
    >>> batches = data.DataLoader(data.TensorDataset(points, above), batch_size=20, shuffle=True)
    >>> training = mt.train.fit(
    ...     model,
    ...     batches,
    ...     optimizer=optim.Adam(model.parameters(), lr=0.05),
    ...     epochs=5,
    ...     metrics=[mt.train.metrics.Accuracy()],
    ...     progress=False,
    ... )
    >>> training.history[-1]["accuracy"] > 0.9
    True
    """
    if optimizer is None:
        raise ValueError("fit: no optimizer; pass one, as optim.Adam(model.parameters())")
    if accumulate < 1 or schedule_every not in ("step", "epoch"):
        raise ValueError(
            f"fit: accumulate={accumulate}, schedule_every={schedule_every!r}; expected 1 or more, "
            "and 'step' or 'epoch'"
        )
    training = Training(model, optimizer, epochs)
    parts: dict[str, Any] = {"model": model, "optimizer": optimizer}
    parts |= {"scheduler": scheduler, "loader": train}
    parts = {name: part for name, part in parts.items() if hasattr(part, "state_dict")}
    every_step = scheduler if schedule_every == "step" else None
    with Progress(training, train) if progress else nullcontext() as shown:
        _tell(callbacks, "on_train_begin", training)
        if checkpoints is not None:
            _go_on(training, checkpoints, parts, callbacks)
        while training.epoch < epochs and not training.stop:
            _tell(callbacks, "on_epoch_begin", training)
            lr = optimizer.param_groups[0]["lr"]
            step = _Step(training, loss, accumulate, clip_norm, every_step)
            figures = _epoch(step, train, metrics, shown, callbacks)
            if validation is not None:
                seen = _evaluated(model, validation, loss, metrics)
                figures |= {VALIDATION + name: figure for name, figure in seen.items()}
            training.epoch += 1
            training.history.append({"epoch": training.epoch, "lr": lr, **figures})
            if scheduler is not None and every_step is None:
                _schedule(scheduler, figures)
            if shown is not None:
                shown.epoch()
            _tell(callbacks, "on_epoch_end", training)
            if checkpoints is not None:
                states = [callback.state_dict() for callback in callbacks]
                parts |= {"history": training.history, "callbacks": states}
                checkpoints.save(training.epoch, **parts, progress=_progress(training))
        _tell(callbacks, "on_train_end", training)
    return training


class _Step:
    """One batch: forward, back, and after every ``accumulate``-th the optimiser's step."""

    def __init__(
        self,
        training: Training,
        loss: Callable[[Any, Any], Any],
        accumulate: int,
        clip_norm: float | None,
        scheduler: Any,
    ) -> None:
        self.training, self.loss = training, loss
        self.accumulate, self.clip_norm, self.scheduler = accumulate, clip_norm, scheduler
        self.waiting = 0

    def __call__(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        outputs = self.training.model(inputs)
        loss = self.loss(outputs, targets)
        if self.waiting == 0:
            self.training.optimizer.zero_grad()
        (loss / self.accumulate if self.accumulate > 1 else loss).backward()
        self.waiting += 1
        if self.waiting == self.accumulate:
            self.finish()
        return outputs, loss

    def finish(self) -> None:
        """Move the parameters, if there is a gradient waiting."""
        if self.waiting == 0:
            return
        self.waiting = 0
        if self.clip_norm is not None:
            clip_grad_norm_(list(self.training.model.parameters()), self.clip_norm)
        self.training.optimizer.step()
        if self.scheduler is not None:
            self.scheduler.step()
        self.training.step += 1


def _epoch(
    step: _Step,
    batches: Iterable[Any],
    metrics: Sequence[Metric],
    shown: Progress | None,
    callbacks: Sequence[Callback],
) -> dict[str, Any]:
    step.training.model.train()
    totals = _Totals(metrics)
    for inputs, targets in batches:
        outputs, loss = step(inputs, targets)
        totals.add(outputs, targets, loss)
        if shown is not None:
            shown.batch(totals.mean_loss)
        _tell(callbacks, "on_batch_end", step.training)
    step.finish()
    return totals.figures(step.training)


@no_grad()
def _evaluated(
    model: Any, batches: Iterable[Any], loss: Callable[[Any, Any], Any], metrics: Sequence[Metric]
) -> dict[str, Any]:
    model.eval()
    totals = _Totals(metrics)
    for inputs, targets in batches:
        outputs = model(inputs)
        totals.add(outputs, targets, loss(outputs, targets))
    return totals.figures()


class _Totals:
    """Sums over batches, which stay where the tensors live until the epoch is over."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics, self.samples = metrics, 0
        self.loss: Any = 0.0
        for metric in metrics:
            metric.reset()

    def add(self, outputs: Any, targets: Any, loss: Any) -> None:
        self.samples += len(targets)
        self.loss = self.loss + loss.detach() * len(targets)
        for metric in self.metrics:
            metric.update(outputs, targets)

    def mean_loss(self) -> float:
        return float(self.loss.item() / self.samples)

    def figures(self, training: Training | None = None) -> dict[str, Any]:
        if self.samples == 0:
            raise ValueError("fit: there is no batch to learn from or to score: the data is empty")
        loss = self.mean_loss()
        if training is not None and not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss became {loss} in epoch {training.epoch + 1}: the training diverged (use "
                "a smaller learning rate, or clip_norm=), or the data holds NaN"
            )
        return {"loss": loss, **{metric.name: _plain(metric.compute()) for metric in self.metrics}}


def _progress(training: Training) -> dict[str, Any]:
    return {"steps": training.step, "stop": training.stop}


def _go_on(
    training: Training,
    checkpoints: Checkpoints,
    parts: dict[str, Any],
    callbacks: Sequence[Callback],
) -> None:
    epoch = checkpoints.resume(**parts)
    if epoch is None:
        return
    states = checkpoints.load(epoch)
    training.epoch, training.history = epoch, states["history"]
    training.step, training.stop = states["progress"]["steps"], states["progress"]["stop"]
    if len(states["callbacks"]) != len(callbacks):
        raise ValueError(
            f"fit: the checkpoint is of a training with {len(states['callbacks'])} callbacks, got "
            f"{len(callbacks)}; give the same, or train in another folder"
        )
    for callback, state in zip(callbacks, states["callbacks"], strict=True):
        callback.load_state_dict(state)


def _schedule(scheduler: Any, figures: dict[str, Any]) -> None:
    if hasattr(scheduler, "patience"):
        scheduler.step(figures.get(f"{VALIDATION}loss", figures["loss"]))
    else:
        scheduler.step()


def _tell(callbacks: Sequence[Callback], moment: str, training: Training) -> None:
    for callback in callbacks:
        getattr(callback, moment)(training)


def _plain(figure: Any) -> Any:
    """An array of figures as nested lists, which files can hold."""
    return figure.tolist() if hasattr(figure, "tolist") else figure
