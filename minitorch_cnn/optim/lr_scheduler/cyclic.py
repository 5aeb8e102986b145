"""Schedules along a curve: half a cosine, cycles up and down.

May import ``base``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minitorch_cnn.optim.lr_scheduler.base import (
    LRScheduler,
    per_group,
    require,
    require_optimizer,
)
from minitorch_cnn.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """Down along half a cosine in ``T_max`` steps, and up again in as many.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        1 or more.
    eta_min : float
        Least learning rate.
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If ``T_max`` is below 1.

    Notes
    -----
    Source: I. Loshchilov, F. Hutter, "SGDR", 2017, without the restarts. Each step goes on from the
    learning rate as it is, so that other schedules may be chained.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> [(round(schedule.get_last_lr()[0], 4), schedule.step())[0] for step in range(5)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0]
    """

    def __init__(
        self, optimizer: Any, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        require(self, T_max >= 1, "1 or more", T_max=T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        step, low = self.last_epoch, self.eta_min
        if step == 0:
            return self.get_last_lr()
        if (step - 1 - self.T_max) % (2 * self.T_max) == 0:  # the one before was the lowest
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            pairs = zip(self.base_lrs, self.get_last_lr(), strict=True)
            return [lr + (base - low) * rise for base, lr in pairs]
        height, before = (1 + math.cos(math.pi * t / self.T_max) for t in (step, step - 1))
        return [height / before * (lr - low) + low for lr in self.get_last_lr()]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Down along half a cosine, then back to the top, again and again.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Steps until the first restart, 1 or more.
    T_mult : int
        Each round is so many times as long as the one before, 1 or more.
    eta_min : float
        Least learning rate.
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If ``T_0`` or ``T_mult`` is no integer of 1 or more, or an epoch is negative.

    Notes
    -----
    Source: I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> [(round(schedule.get_last_lr()[0], 4), schedule.step())[0] for step in range(6)]
    [1.0, 0.5, 1.0, 0.8536, 0.5, 0.1464]
    """

    def __init__(
        self,
        optimizer: Any,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        whole = isinstance(T_0, int) and isinstance(T_mult, int)
        require(self, whole and T_0 >= 1, "integers of 1 or more", T_0=T_0)
        require(self, T_mult >= 1, "integers of 1 or more", T_mult=T_mult)
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        self.T_i = T_0
        self.T_cur: float = max(last_epoch, 0)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next step, or to any moment: ``epoch`` may be a fraction.

        ``schedule.step(epoch + batch / batches)`` after each batch counts the rounds in epochs.
        """
        if epoch is None:
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
            super().step()
            return
        require(self, epoch >= 0, "0 or more", epoch=epoch)
        self.T_cur, self.T_i = epoch, self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def begin(self) -> None:
        self.step(0)


class CyclicLR(LRScheduler):
    """Up and down between two learning rates, along straight lines; momentum goes the other way.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr, max_lr : float or list of float
        Lowest and highest learning rate; a list has one for each group.
    step_size_up, step_size_down : int
        Steps of the way up, and of the way down, which is as long if not given.
    mode : {"triangular", "triangular2", "exp_range"}
        How high a cycle rises: all equally, half as high as the one before, or times
        ``gamma ** step``.
    gamma : float
    scale_fn : callable, optional
        Factor of the height, instead of ``mode``.
    scale_mode : {"cycle", "iterations"}
        Whether ``scale_fn`` is given the number of the cycle, from 1, or of the step.
    cycle_momentum : bool
        Move the momentum, or the first of ``betas``, too.
    base_momentum, max_momentum : float or list of float
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If a mode is unknown, or the optimiser has no momentum to move.

    Notes
    -----
    Source: L. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.CyclicLR(
    ...     optimizer, 0.1, 0.5, step_size_up=2, cycle_momentum=False
    ... )
    >>> [(round(schedule.get_last_lr()[0], 4), schedule.step())[0] for step in range(5)]
    [0.1, 0.3, 0.5, 0.3, 0.1]
    """

    def __init__(
        self,
        optimizer: Any,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        require_optimizer(self, optimizer)
        modes = ("triangular", "triangular2", "exp_range")
        require(self, scale_fn is not None or mode in modes, f"one of {modes}", mode=mode)
        self.step_size_up = step_size_up
        self.step_size_down = step_size_up if step_size_down is None else step_size_down
        self.mode, self.gamma, self.scale_fn = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn else "iterations" if mode == modes[2] else "cycle"
        lows = per_group(self, optimizer, "base_lr", base_lr)
        self.max_lrs = per_group(self, optimizer, "max_lr", max_lr)
        self.cycle_momentum = cycle_momentum
        self.base_momentums = per_group(self, optimizer, "base_momentum", base_momentum)
        self.max_momentums = per_group(self, optimizer, "max_momentum", max_momentum)
        if cycle_momentum:
            require_momentum(self, optimizer)
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, lows, strict=True):
                group["lr"] = low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows
        self._set(self.get_lr())

    def get_lr(self) -> list[float]:
        length = self.step_size_up + self.step_size_down
        up = self.step_size_up / length
        cycle = math.floor(1 + self.last_epoch / length)
        place = 1 + self.last_epoch / length - cycle
        height = place / up if place <= up else (place - 1) / (up - 1)
        height *= self._scale(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, strict=True)
            set_momentum(self.optimizer, [high - (high - low) * height for low, high in bounds])
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [low + (high - low) * height for low, high in pairs]

    def _scale(self, number: int) -> float:
        if self.scale_fn is not None:
            return self.scale_fn(number)
        if self.mode == "triangular2":
            return 1 / 2.0 ** (number - 1)
        return self.gamma**number if self.mode == "exp_range" else 1.0


class OneCycleLR(LRScheduler):
    """Once up to a large learning rate, then down to almost nothing; to be told of every batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float or list of float
        Highest learning rate; a list has one for each group.
    total_steps : int, optional
        Or ``epochs`` times ``steps_per_epoch``.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        Which part of the steps leads up, from 0 to 1.
    anneal_strategy : {"cos", "linear"}
    cycle_momentum : bool
        Move the momentum, or the first of ``betas``, the other way.
    base_momentum, max_momentum : float or list of float
    div_factor : float
        The first learning rate is ``max_lr / div_factor``.
    final_div_factor : float
        The last one is the first over this.
    three_phase : bool
        Down as steeply as up, then on to the last learning rate.
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If the number of steps is not known or used up, a setting is out of range, or the optimiser
        has no momentum to move.

    Notes
    -----
    Source: L. Smith, N. Topin, "Super-Convergence", 2018.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.OneCycleLR(
    ...     optimizer, max_lr=1.0, total_steps=5, pct_start=0.5, div_factor=4, cycle_momentum=False
    ... )
    >>> [(round(schedule.get_last_lr()[0], 4), schedule.step())[0] for step in range(5)]
    [0.25, 0.8125, 0.9045, 0.3455, 0.0]
    """

    def __init__(
        self,
        optimizer: Any,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        require_optimizer(self, optimizer)
        if total_steps is None and epochs is not None and steps_per_epoch is not None:
            total_steps = epochs * steps_per_epoch
        known = total_steps is not None and total_steps > 0
        require(self, known, "1 or more, or epochs and steps_per_epoch", total_steps=total_steps)
        require(self, 0 <= pct_start <= 1, "0 to 1", pct_start=pct_start)
        strategies = ("cos", "linear")
        require(
            self,
            anneal_strategy in strategies,
            f"one of {strategies}",
            anneal_strategy=anneal_strategy,
        )
        self.total_steps, self.pct_start = total_steps or 0, pct_start
        self.anneal_strategy, self.three_phase = anneal_strategy, three_phase
        self.max_lrs = per_group(self, optimizer, "max_lr", max_lr)
        self.final_div_factor = final_div_factor
        self.cycle_momentum = cycle_momentum
        self.base_momentums = per_group(self, optimizer, "base_momentum", base_momentum)
        self.max_momentums = per_group(self, optimizer, "max_momentum", max_momentum)
        if cycle_momentum:
            require_momentum(self, optimizer)
        if last_epoch == -1:
            for group, high in zip(optimizer.param_groups, self.max_lrs, strict=True):
                group["initial_lr"] = high / div_factor
        super().__init__(optimizer, last_epoch)

    def _phases(self) -> list[tuple[float, str, str]]:
        """Last step of each phase, and what the learning rate goes from and to."""
        peak = self.pct_start * self.total_steps - 1
        end = float(self.total_steps - 1)
        if self.three_phase:
            return [(peak, "first", "max"), (2 * peak, "max", "first"), (end, "first", "last")]
        return [(peak, "first", "max"), (end, "max", "last")]

    def get_lr(self) -> list[float]:
        step, start = self.last_epoch, 0.0
        require(self, step <= self.total_steps, f"{self.total_steps} steps at most", step=step)
        *phases, (last, *bounds) = self._phases()
        for end, *of_phase in phases:
            if step <= end:
                last, bounds = end, of_phase
                break
            start = end
        share = (step - start) / (last - start) if last != start else 1.0
        heights = {
            "first": self.base_lrs,
            "max": self.max_lrs,
            "last": [base / self.final_div_factor for base in self.base_lrs],
        }
        if self.cycle_momentum:
            rest, peak = self.max_momentums, self.base_momentums
            ends = [peak if bound == "max" else rest for bound in bounds]
            set_momentum(self.optimizer, self._between(share, *ends))
        return self._between(share, *(heights[bound] for bound in bounds))

    def _between(self, share: float, begin: list[float], end: list[float]) -> list[float]:
        if self.anneal_strategy == "linear":
            return [(b - a) * share + a for a, b in zip(begin, end, strict=True)]
        height = math.cos(math.pi * share) + 1
        return [b + (a - b) / 2 * height for a, b in zip(begin, end, strict=True)]


def require_momentum(schedule: LRScheduler, optimizer: Optimizer) -> None:
    """Refuse an optimiser whose momentum cannot be moved."""
    if not {"momentum", "betas"} & set(optimizer.defaults):
        raise ValueError(
            f"{type(schedule).__name__}: {type(optimizer).__name__} has no momentum to move; pass "
            "cycle_momentum=False"
        )


def set_momentum(optimizer: Optimizer, momentums: list[float]) -> None:
    """Set the momentum of each group, or the first of its ``betas``."""
    for group, momentum in zip(optimizer.param_groups, momentums, strict=True):
        if "betas" in group:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum
