"""Adagrad: steps scaled by the root of the sum of all squared gradients so far.

May import ``optimizer``, ``rule`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.rule import decayed
from minitorch_cnn.optim.state import State


class Adagrad(Optimizer):
    """``p = p - lr * gradient / (sqrt(sum of gradient**2) + eps)``.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    lr_decay : float
        At step ``t``, counted from 0, the learning rate is ``lr / (1 + t * lr_decay)``.
    weight_decay : float
        Adds ``weight_decay * p`` to the gradient.
    initial_accumulator_value : float
        What the sums of squares begin with.
    eps : float
        Added to the root.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Notes
    -----
    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods", 2011, in PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.Adagrad([p], lr=0.5).step()
    >>> round(p.item(), 4)
    0.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        for setting in ("lr_decay", "initial_accumulator_value", "eps"):
            require_range(self, group, setting, 0.0, math.inf)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        start = group["initial_accumulator_value"]
        return {"step": 0, "sum": namespace(data).full_like(data, start)}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        rate = group["lr"] / (1 + state["step"] * group["lr_decay"])
        state["step"] += 1
        data, gradient = decayed(data, gradient, group)
        state["sum"] += gradient**2
        return data - rate * (gradient / (namespace(data).sqrt(state["sum"]) + group["eps"]))
