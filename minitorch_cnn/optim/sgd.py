"""Stochastic gradient descent, with momentum.

May import ``optimizer`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.state import State, run_step


class SGD(Optimizer):
    """``p = p - lr * v`` with ``v = momentum * v + (1 - dampening) * gradient``.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    momentum : float
    dampening : float
        Of the gradient that enters the momentum.
    weight_decay : float
        Adds ``weight_decay * p`` to the gradient.
    nesterov : bool
        Look ahead by one momentum step; needs momentum and no dampening.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Notes
    -----
    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep
    learning", 2013, in PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.SGD([p], lr=0.25).step()
    >>> p.item()
    0.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_range(self, group, "momentum", 0.0, math.inf)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and a dampening of 0")

    def update_all(
        self,
        arrays: list[Any],
        gradients: list[Any],
        states: list[State],
        group: dict[str, Any],
    ) -> list[Any]:
        dampening = group["dampening"]
        if group["momentum"] and "momentum_buffer" not in states[0]:
            dampening = 0.0  # the first gradient enters whole
            for data, state in zip(arrays, states, strict=True):
                state["momentum_buffer"] = namespace(data).zeros_like(data)
        return run_step(
            "sgd_step",
            arrays,
            gradients,
            states,
            ["momentum_buffer" if group["momentum"] else None],
            dampening=dampening,
            **{name: group[name] for name in self.defaults if name != "dampening"},
        )
