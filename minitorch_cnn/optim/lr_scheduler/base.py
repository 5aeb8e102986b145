"""What all schedules share: the count of steps, the groups' learning rates, the state.

May import the optimiser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minitorch_cnn.optim.optimizer import Optimizer


class LRScheduler:
    """Base class of schedules.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int
        Number of the step before the first one. -1 begins at the optimiser's learning rates; to go
        on with a schedule rather load its :meth:`state_dict`.

    Attributes
    ----------
    last_epoch : int
        Number of steps so far, of training or of epochs.
    base_lrs : list of float
        Learning rate of each group that the schedule set out from.

    Raises
    ------
    TypeError
        For no optimiser.
    ValueError
        For a ``last_epoch`` of an optimiser that was never scheduled.

    Notes
    -----
    A schedule of one's own defines :meth:`get_lr`:

    >>> import minitorch_cnn as mt
    >>> class Halving(mt.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
    >>> schedule = Halving(mt.optim.SGD([mt.nn.Parameter([1.0])], lr=8.0))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [4.0]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = require_optimizer(self, optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{type(self).__name__}: last_epoch={last_epoch}, but group {number} has no "
                    "'initial_lr': it was never scheduled. Leave last_epoch out, and load the "
                    "schedule's state_dict() to go on"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        LRScheduler.step(self)

    def get_lr(self) -> list[float]:
        """The learning rates of step ``last_epoch``, one for each group."""
        raise TypeError(f"{type(self).__name__} defines no get_lr(); add one")

    def step(self) -> None:
        """Go on to the next step; to be called after the optimiser's."""
        self.last_epoch += 1
        self._set(self.get_lr())

    def restart(self) -> None:
        """Go back to the beginning, and to the learning rates set out from."""
        self._set(self.base_lrs)
        self.begin()

    def begin(self) -> None:
        """Take the first step anew, from the learning rates as they are."""
        self.last_epoch = 0
        self._set(self.get_lr())

    def get_last_lr(self) -> list[float]:
        """The learning rates as they are, one for each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """All that the steps to come depend on, besides the optimiser's state: plain values.

        Functions are not among them; the schedule that loads a state has its own.
        """
        return {name: value for name, value in vars(self).items() if _is_plain(value)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on as the schedule did whose :meth:`state_dict` this is.

        Load the optimiser's state as well: it holds the learning rates.

        Raises
        ------
        ValueError
            If it is another schedule's state; nothing has been changed then.
        """
        names, given = sorted(self.state_dict()), sorted(state_dict)
        if names != given:
            raise ValueError(
                f"{type(self).__name__}: a state holds {', '.join(names)}; got {', '.join(given)}. "
                "It is another schedule's"
            )
        groups = len(self.optimizer.param_groups)
        if len(state_dict.get("base_lrs", range(groups))) != groups:
            raise ValueError(
                f"{type(self).__name__}: the state is for {len(state_dict['base_lrs'])} groups, "
                f"the optimiser has {groups}"
            )
        vars(self).update(state_dict)

    def _set(self, lrs: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr

    def _scaled(self, factor: float) -> list[float]:
        """The learning rates as they are, times a number."""
        return [lr * factor for lr in self.get_last_lr()]

    def __repr__(self) -> str:
        settings = [f"{name}={value}" for name, value in self.state_dict().items()]
        return f"{type(self).__name__}({', '.join(settings)})"


def require_optimizer(schedule: LRScheduler, optimizer: Any) -> Optimizer:
    """``optimizer`` itself if it is one, else a TypeError."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{type(schedule).__name__}: expected an optimiser, got a {type(optimizer).__name__}; "
            "pass for example optim.SGD(model.parameters(), lr=0.1)"
        )
    return optimizer


def require(schedule: LRScheduler, right: bool, expected: str, **settings: Any) -> None:
    """Refuse settings, with a word on what was expected, unless they are ``right``."""
    if not right:
        met = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        raise ValueError(f"{type(schedule).__name__}: {met}; expected {expected}")


def per_group(schedule: LRScheduler, optimizer: Optimizer, name: str, value: Any) -> list[Any]:
    """One value for each group, from one for all or from a list of them."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * groups
    require(
        schedule, len(value) == groups, f"one value for each of {groups} groups", **{name: value}
    )
    return list(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not (isinstance(value, (Optimizer, LRScheduler)) or callable(value))
