"""Schedules that multiply the learning rate by something at every step.

Each goes on from the learning rate as it is, so that several can be chained. May import ``base``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minitorch_cnn.optim.lr_scheduler.base import LRScheduler, per_group, require

Lambda = Callable[[int], float]


class _OfFunctions(LRScheduler):
    """Has a function of the step's number for each group."""

    def __init__(
        self, optimizer: Any, lr_lambda: Lambda | Sequence[Lambda], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas = per_group(self, optimizer, "lr_lambda", lr_lambda)
        super().__init__(optimizer, last_epoch)


class LambdaLR(_OfFunctions):
    """The first learning rate times a function of the number of the step.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable or list of callables
        ``lr_lambda(step)`` gives the factor; a list has one for each group.
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If a list has not as many functions as there are groups.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(4)]
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """

    def get_lr(self) -> list[float]:
        return [
            base * factor(self.last_epoch)
            for base, factor in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]


class MultiplicativeLR(_OfFunctions):
    """At every step, the learning rate times a function of the number of the step.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable or list of callables
        ``lr_lambda(step)`` gives the factor; a list has one for each group.
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If a list has not as many functions as there are groups.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda step: 0.5)
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self.get_last_lr()
        return [
            lr * factor(self.last_epoch)
            for lr, factor in zip(self.get_last_lr(), self.lr_lambdas, strict=True)
        ]


class StepLR(LRScheduler):
    """The learning rate times ``gamma`` at every ``step_size``-th step.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
        1 or more.
    gamma : float
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If ``step_size`` is below 1.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Any, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        require(self, step_size >= 1, "1 or more", step_size=step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self._scaled(self.gamma if due else 1)


class MultiStepLR(LRScheduler):
    """The learning rate times ``gamma`` at each of some steps.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        Numbers of steps; one that is named twice counts twice.
    gamma : float
    last_epoch : int
        See :class:`LRScheduler`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.MultiStepLR(optimizer, [1, 3], gamma=0.5)
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self, optimizer: Any, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        now = self.milestones, self.last_epoch
        return self._scaled(self.gamma ** (bisect_right(*now) - bisect_left(*now)))


class ConstantLR(LRScheduler):
    """The learning rate times ``factor`` for the first ``total_iters`` steps.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
        From above 0 to 1.
    total_iters : int
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If ``factor`` is out of range.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Any, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        require(self, 0 < factor <= 1, "0 < factor <= 1", factor=factor)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self._scaled(self.factor)
        return self._scaled(1 / self.factor if self.last_epoch == self.total_iters else 1)


class LinearLR(LRScheduler):
    """The learning rate times a factor that grows evenly: the usual warm-up.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float
        Factor at the first step, from above 0 to 1.
    end_factor : float
        Factor from step ``total_iters`` on, from 0 to 1.
    total_iters : int
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If a factor is out of range.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> [(round(schedule.get_last_lr()[0], 4), schedule.step())[0] for step in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Any,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        require(self, 0 < start_factor <= 1, "0 < start_factor <= 1", start_factor=start_factor)
        require(self, 0 <= end_factor <= 1, "0 <= end_factor <= 1", end_factor=end_factor)
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self._scaled(self.start_factor)
        if self.last_epoch > self.total_iters:
            return self.get_last_lr()
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return self._scaled(1 + rise / before)


class ExponentialLR(LRScheduler):
    """The learning rate times ``gamma`` at every step.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
    last_epoch : int
        See :class:`LRScheduler`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer: Any, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._scaled(self.gamma if self.last_epoch > 0 else 1)


class PolynomialLR(LRScheduler):
    """The learning rate times ``(1 - step / total_iters) ** power``, and 0 from there on.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int
    power : float
    last_epoch : int
        See :class:`LRScheduler`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> schedule = mt.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2)
    >>> [(round(schedule.get_last_lr()[0], 4), schedule.step())[0] for step in range(5)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0]
    """

    def __init__(
        self, optimizer: Any, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if not 0 < self.last_epoch <= self.total_iters:
            return self.get_last_lr()
        left = self.total_iters - self.last_epoch
        return self._scaled((left / (left + 1)) ** self.power)
