"""Schedules made of others: one after the other, or all at once.

May import ``base`` and ``plateau``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from minitorch_cnn.optim.lr_scheduler.base import LRScheduler, require
from minitorch_cnn.optim.lr_scheduler.plateau import ReduceLROnPlateau


class _Combined(LRScheduler):
    """Schedules of one optimiser, and their states."""

    def __init__(self, optimizer: Any, schedulers: Sequence[LRScheduler]) -> None:
        self.schedulers = list(schedulers)
        require(self, bool(self.schedulers), "one or more", schedulers=schedulers)
        self.optimizer = self.schedulers[0].optimizer if optimizer is None else optimizer
        for number, schedule in enumerate(self.schedulers):
            if schedule.optimizer is not self.optimizer:
                raise ValueError(
                    f"{type(self).__name__}: schedule {number} is another optimiser's; all must "
                    "have one"
                )
            if isinstance(schedule, ReduceLROnPlateau):
                raise ValueError(
                    f"{type(self).__name__}: schedule {number} is a ReduceLROnPlateau, which has "
                    "to be told a figure; step it apart"
                )
        self.base_lrs = self.schedulers[0].base_lrs
        self.last_epoch = 0

    def state_dict(self) -> dict[str, Any]:
        own = {name: value for name, value in super().state_dict().items() if name != "schedulers"}
        return {**own, "schedulers": [one.state_dict() for one in self.schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        states = list(state_dict.get("schedulers", ()))
        if len(states) != len(self.schedulers):
            raise ValueError(
                f"{type(self).__name__}: a state of {len(states)} schedules, there are "
                f"{len(self.schedulers)}"
            )
        before = [schedule.state_dict() for schedule in self.schedulers]
        try:
            for schedule, state in zip(self.schedulers, states, strict=True):
                schedule.load_state_dict(state)
            schedules = self.schedulers
            super().load_state_dict(state_dict)
            self.schedulers = schedules
        except ValueError:
            for schedule, state in zip(self.schedulers, before, strict=True):
                schedule.load_state_dict(state)
            raise


class SequentialLR(_Combined):
    """One schedule after the other, each from its beginning: warm-up, then decay.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
    milestones : list of int
        Step at which each of the schedules but the first begins.
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        If there is not one milestone less than schedules, they do not grow, or a schedule is
        another optimiser's.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.optim import lr_scheduler
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> warm_up = lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> decay = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = lr_scheduler.SequentialLR(optimizer, [warm_up, decay], milestones=[3])
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Any,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        super().__init__(optimizer, schedulers)
        right = len(milestones) == len(self.schedulers) - 1
        require(self, right, f"{len(self.schedulers) - 1} of them", milestones=milestones)
        grows = list(milestones) == sorted(set(milestones))
        require(self, grows, "numbers that grow", milestones=milestones)
        self.milestones = list(milestones)
        self.restart()
        self.last_epoch = last_epoch + 1

    def step(self) -> None:
        self.last_epoch += 1
        current = bisect_right(self.milestones, self.last_epoch)
        begins = current > 0 and self.milestones[current - 1] == self.last_epoch
        schedule = self.schedulers[current]
        if begins:
            schedule.restart()
        else:
            schedule.step()

    def begin(self) -> None:
        self.last_epoch = 0
        self.schedulers[0].begin()


class ChainedScheduler(_Combined):
    """Several schedules at once: each multiplies what the one before left.

    Parameters
    ----------
    schedulers : list of LRScheduler
    optimizer : Optimizer, optional
        That of the schedules.

    Raises
    ------
    ValueError
        If there are none, or a schedule is another optimiser's.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.optim import lr_scheduler
    >>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=1.0)
    >>> halved = lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> decay = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = lr_scheduler.ChainedScheduler([halved, decay])
    >>> [(schedule.get_last_lr()[0], schedule.step())[0] for step in range(4)]
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Any = None) -> None:
        super().__init__(optimizer, schedulers)

    def step(self) -> None:
        for schedule in self.schedulers:
            schedule.step()

    def begin(self) -> None:
        for schedule in self.schedulers:
            schedule.begin()
