"""RMSprop: steps scaled by a running mean of the squared gradient.

May import ``optimizer`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.state import State, run_step


class RMSprop(Optimizer):
    """``p = p - lr * gradient / (sqrt(mean of gradient**2) + eps)``, with optional momentum.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    alpha : float
        How much of the old running mean is kept.
    eps : float
        Added to the root.
    weight_decay : float
        Adds ``weight_decay * p`` to the gradient.
    momentum : float
    centered : bool
        Take the square of the mean gradient off the mean square: divide by the spread.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Notes
    -----
    Source: T. Tieleman, G. Hinton, "Lecture 6.5, RMSprop", 2012, in PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.RMSprop([p], lr=0.05).step()
    >>> round(p.item(), 4)
    0.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_range(self, group, "alpha", 0.0, math.inf)
        require_range(self, group, "eps", 0.0, math.inf)
        require_range(self, group, "momentum", 0.0, math.inf)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        wanted = {"square_avg": True, "momentum_buffer": group["momentum"] > 0}
        wanted["grad_avg"] = group["centered"]
        zeros = {name: namespace(data).zeros_like(data) for name, use in wanted.items() if use}
        return {"step": 0, **zeros}

    def update_all(
        self,
        arrays: list[Any],
        gradients: list[Any],
        states: list[State],
        group: dict[str, Any],
    ) -> list[Any]:
        for state in states:
            state["step"] += 1
        return run_step(
            "rmsprop_step",
            arrays,
            gradients,
            states,
            [
                "square_avg",
                "grad_avg" if group["centered"] else None,
                "momentum_buffer" if group["momentum"] else None,
            ],
            **{name: group[name] for name in self.defaults if name != "centered"},
        )
