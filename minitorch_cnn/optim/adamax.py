"""Adamax: Adam with the largest gradient in place of the mean square.

May import ``optimizer``, ``rule`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.rule import decayed, require_betas, running_mean
from minitorch_cnn.optim.state import State


class Adamax(Optimizer):
    """Each parameter's step is its mean gradient over its largest gradient of late.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    betas : (float, float)
        How much of the old running mean of the gradient and of the old largest gradient is kept.
    eps : float
        Added to the largest gradient.
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
    Source: D. Kingma, J. Ba, "Adam", 2015, section 7.1, in PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.Adamax([p], lr=0.5).step()
    >>> round(p.item(), 4)
    0.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_betas(self, group)
        require_range(self, group, "eps", 0.0, math.inf)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        zeros = namespace(data).zeros_like
        return {"step": 0, "exp_avg": zeros(data), "exp_inf": zeros(data)}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        xp = namespace(data)
        state["step"] = step = state["step"] + 1
        first, second = group["betas"]
        data, gradient = decayed(data, gradient, group)
        mean = state["exp_avg"] = running_mean(state["exp_avg"], first, gradient)
        largest = xp.maximum(second * state["exp_inf"], xp.abs(gradient) + group["eps"])
        state["exp_inf"] = largest
        return data - group["lr"] / (1 - first**step) * (mean / largest)
