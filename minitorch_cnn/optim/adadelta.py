"""Adadelta: steps as long as the steps of late, over the root of the mean squared gradient.

May import ``optimizer``, ``rule`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.rule import decayed, running_mean
from minitorch_cnn.optim.state import State


class Adadelta(Optimizer):
    """Each step is the gradient times the mean length of steps over that of gradients.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    rho : float
        How much of the old running means of squared gradients and squared steps is kept.
    eps : float
        Added under both roots.
    weight_decay : float
        Adds ``weight_decay * p`` to the gradient.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Notes
    -----
    Source: M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, in PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.Adadelta([p], eps=0.01).step()
    >>> round(p.item(), 4)
    0.6877
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_range(self, group, "rho", 0.0, 1.0 + 1e-16)
        require_range(self, group, "eps", 0.0, math.inf)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        zeros = namespace(data).zeros_like
        return {"step": 0, "square_avg": zeros(data), "acc_delta": zeros(data)}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        xp, rho, eps = namespace(data), group["rho"], group["eps"]
        state["step"] += 1
        data, gradient = decayed(data, gradient, group)
        square = state["square_avg"] = running_mean(state["square_avg"], rho, gradient**2)
        step = gradient * (xp.sqrt(state["acc_delta"] + eps) / xp.sqrt(square + eps))
        state["acc_delta"] = running_mean(state["acc_delta"], rho, step**2)
        return data - group["lr"] * step
