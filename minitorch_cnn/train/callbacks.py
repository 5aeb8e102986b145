"""What may happen at the turns of ``fit``: stopping early, keeping the best, writing figures.

A callback is told of a training's turns and sees it through ``Training``. Imports files and, when
one is made that needs it, an optional library.
"""

from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path
from typing import Any

from minitorch_cnn.io import save

__all__ = [
    "BestModel",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "JSONLinesLogger",
    "LivePlot",
    "TensorBoardLogger",
]


class Callback:
    """Base class of callbacks: override the turns of interest.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> class StopAt(mt.train.callbacks.Callback):
    ...     def __init__(self, accuracy):
    ...         self.accuracy = accuracy
    ...     def on_epoch_end(self, training):
    ...         training.stop = training.history[-1]["validation_accuracy"] >= self.accuracy
    """

    def state_dict(self) -> dict[str, Any]:
        """What it has to remember if the training is stopped and goes on."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`state_dict` gave; called after :meth:`on_train_begin`."""

    def on_train_begin(self, training: Any) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, training: Any) -> None:
        """Before an epoch's first batch."""

    def on_batch_end(self, training: Any) -> None:
        """After a batch; reading anything from a GPU here makes every step wait."""

    def on_epoch_end(self, training: Any) -> None:
        """After an epoch; its figures are ``training.history[-1]``."""

    def on_train_end(self, training: Any) -> None:
        """After the last epoch."""


class _Monitor(Callback):
    """Watches a figure, and knows when it is better than ever."""

    def __init__(self, monitor: str, mode: str, min_delta: float) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"{type(self).__name__}: mode={mode!r}; expected 'min' or 'max'")
        self.monitor, self.mode, self.min_delta = monitor, mode, min_delta
        self.best: float | None = None

    def on_train_begin(self, training: Any) -> None:
        self.best = None

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best = state["best"]

    def is_better(self, training: Any) -> bool:
        """Whether this epoch's figure is better than those before; it is the best then."""
        figures = training.history[-1]
        if self.monitor not in figures:
            raise ValueError(
                f"{type(self).__name__}: there is no figure {self.monitor!r}; there are "
                f"{', '.join(figures)}. Pass validation batches or metrics to fit"
            )
        figure = float(figures[self.monitor])
        gain = math.inf
        if self.best is not None:
            gain = figure - self.best if self.mode == "max" else self.best - figure
        if math.isnan(figure) or gain <= self.min_delta:
            return False
        self.best = figure
        return True


class EarlyStopping(_Monitor):
    """End the training when a figure has not improved for some epochs.

    Parameters
    ----------
    monitor : str
        Name of the figure, as in ``Training.history``.
    patience : int
        So many epochs without improvement are let pass.
    mode : {"min", "max"}
        Whether the figure is to fall or to rise.
    min_delta : float
        An improvement is more than this.
    restore_best : bool
        Give the model the weights of its best epoch at the end.

    Raises
    ------
    ValueError
        For another mode; while training, for a figure that there is not.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> stop = mt.train.callbacks.EarlyStopping(patience=3, restore_best=True)
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        patience: int = 3,
        mode: str = "min",
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience, self.restore_best = patience, restore_best
        self.waited = 0
        self.weights: dict[str, Any] = {}

    def on_train_begin(self, training: Any) -> None:
        super().on_train_begin(training)
        self.waited, self.weights = 0, {}

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "waited": self.waited, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.waited, self.weights = state["waited"], state["weights"]

    def on_epoch_end(self, training: Any) -> None:
        if self.is_better(training):
            self.waited = 0
            if self.restore_best:
                state = training.model.state_dict()
                self.weights = {name: value.detach().clone() for name, value in state.items()}
            return
        self.waited += 1
        training.stop = training.stop or self.waited > self.patience

    def on_train_end(self, training: Any) -> None:
        if self.weights:
            training.model.load_state_dict(self.weights)


class BestModel(_Monitor):
    """Write the model to a file whenever a figure is better than ever.

    Parameters
    ----------
    path : str or path-like
        The ``*.safetensors`` file, replaced as a whole.
    monitor, mode, min_delta
        As for :class:`EarlyStopping`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> keep = mt.train.callbacks.BestModel(
    ...     "best.safetensors", monitor="validation_accuracy", mode="max"
    ... )
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str = "validation_loss",
        mode: str = "min",
        min_delta: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.path = path

    def on_epoch_end(self, training: Any) -> None:
        if self.is_better(training):
            save(training.model, self.path)


class _Lines(Callback):
    """Writes the history to a text file, anew after every epoch of this training."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def on_epoch_end(self, training: Any) -> None:
        with open(self.path, "w", newline="", encoding="utf-8") as file:
            self.write(training.history, file)

    def write(self, history: list[dict[str, Any]], file: Any) -> None:
        """Write the figures of all epochs."""
        raise TypeError(f"{type(self).__name__} defines no write(...); add one")


class CSVLogger(_Lines):
    """The figures of every epoch as a table with commas.

    Parameters
    ----------
    path : str or path-like

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> log = mt.train.callbacks.CSVLogger("log.csv")
    """

    def write(self, history: list[dict[str, Any]], file: Any) -> None:
        names = list(dict.fromkeys(name for figures in history for name in figures))
        table = csv.DictWriter(file, names)
        table.writeheader()
        table.writerows(history)


class JSONLinesLogger(_Lines):
    """The figures of every epoch as a line of JSON.

    Parameters
    ----------
    path : str or path-like

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> log = mt.train.callbacks.JSONLinesLogger("log.jsonl")
    """

    def write(self, history: list[dict[str, Any]], file: Any) -> None:
        file.writelines(json.dumps(figures) + "\n" for figures in history)


class TensorBoardLogger(Callback):
    """The figures of every epoch for TensorBoard; needs ``tensorboardX``.

    Parameters
    ----------
    folder : str or path-like

    Raises
    ------
    ImportError
        If tensorboardX is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise ImportError(
                "TensorBoardLogger needs tensorboardX: pip install 'minitorch-cnn[tensorboard]'"
            ) from None
        self.writer = SummaryWriter(os.fspath(folder))

    def on_epoch_end(self, training: Any) -> None:
        for name, figure in training.history[-1].items():
            if isinstance(figure, float):
                self.writer.add_scalar(name, figure, training.epoch)
        self.writer.flush()

    def on_train_end(self, training: Any) -> None:
        self.writer.close()


class LivePlot(Callback):
    """The loss of every epoch as a picture, drawn again after each in a notebook.

    Needs ``matplotlib``. Out of a notebook, nothing is shown; ``figure`` is there in any case.

    Attributes
    ----------
    figure : matplotlib.figure.Figure or None
    """

    def __init__(self) -> None:
        self.figure: Any = None

    def on_epoch_end(self, training: Any) -> None:
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(5, 3), layout="constrained")
        axes = self.figure.subplots()
        epochs = [figures["epoch"] for figures in training.history]
        for name in ("loss", "validation_loss"):
            if name in training.history[-1]:
                values = [figures[name] for figures in training.history]
                axes.plot(epochs, values, marker=".", label=name.replace("_", " "))
        axes.set(xlabel="epoch", ylabel="loss")
        axes.legend()
        self._show()

    def _show(self) -> None:
        try:
            from IPython import get_ipython
            from IPython.display import clear_output, display
        except ImportError:
            return
        if get_ipython() is not None:
            clear_output(wait=True)
            display(self.figure)
