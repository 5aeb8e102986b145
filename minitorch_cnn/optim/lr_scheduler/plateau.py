"""A schedule that looks at how training goes.

May import ``base``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.optim.lr_scheduler.base import (
    LRScheduler,
    per_group,
    require,
    require_optimizer,
)


class ReduceLROnPlateau(LRScheduler):
    """The learning rate times ``factor`` whenever a figure has not improved for some epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}
        Whether the figure is to fall, as a loss, or to rise, as an accuracy.
    factor : float
        Below 1.
    patience : int
        So many epochs without improvement are let pass.
    threshold : float
        What counts as an improvement: by more than this, of the best so far with
        ``threshold_mode="rel"``, or as such with ``"abs"``.
    threshold_mode : {"rel", "abs"}
    cooldown : int
        Epochs after a reduction in which none is counted.
    min_lr : float or list of float
        Least learning rate; a list has one for each group.
    eps : float
        Smaller reductions are not made.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in (3.0, 2.0, 2.1, 2.2):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer: Any,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        self.optimizer = require_optimizer(self, optimizer)
        require(self, factor < 1, "below 1", factor=factor)
        require(self, mode in ("min", "max"), "'min' or 'max'", mode=mode)
        right = threshold_mode in ("rel", "abs")
        require(self, right, "'rel' or 'abs'", threshold_mode=threshold_mode)
        self.mode, self.factor, self.patience = mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.eps = cooldown, eps
        self.min_lrs = per_group(self, optimizer, "min_lr", min_lr)
        self.best: float | None = None
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Go on to the next epoch, knowing the figure of the one before: a number or 0-d Tensor."""
        figure = float(metrics)
        self.last_epoch += 1
        if self._is_better(figure):
            self.best, self.num_bad_epochs = figure, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            self._reduce()

    def _is_better(self, figure: float) -> bool:
        if self.best is None:
            return not math.isnan(figure)
        sign = 1 if self.mode == "max" else -1
        margin = self.threshold * (self.best if self.threshold_mode == "rel" else 1)
        bound = self.best + sign * margin
        return figure > bound if self.mode == "max" else figure < bound

    def _reduce(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            reduced = max(group["lr"] * self.factor, least)
            if group["lr"] - reduced > self.eps:
                group["lr"] = reduced
