"""Lion: steps of one length, along the sign of a mean gradient.

May import ``optimizer``, ``rule`` and ``state``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer
from minitorch_cnn.optim.rule import require_betas, running_mean
from minitorch_cnn.optim.state import State


class Lion(Optimizer):
    """``p = p - lr * (sign(mean gradient) + weight_decay * p)``; keeps one array a parameter.

    Every entry moves by ``lr``, so that should be three to ten times smaller than Adam's, and
    ``weight_decay`` as many times larger.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    betas : (float, float)
        How much of the old mean gradient a step follows, and how much of it is kept for the next.
    weight_decay : float
        Shrinks the parameter by ``lr * weight_decay``.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Notes
    -----
    Source: X. Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2.
    PyTorch has no such class.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.Lion([p], lr=0.25).step()
    >>> round(p.item(), 4)
    0.75
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_betas(self, group)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        return {"exp_avg": namespace(data).zeros_like(data)}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        followed, kept = group["betas"]
        mean = state["exp_avg"]
        sign = namespace(data).sign(followed * mean + (1 - followed) * gradient)
        state["exp_avg"] = running_mean(mean, kept, gradient)
        return data * (1 - group["lr"] * group["weight_decay"]) - group["lr"] * sign
