"""Stochastic gradient descent, with momentum.

May import ``optimizer`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import backend_of
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.state import State, blend


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

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        if group["weight_decay"]:
            gradient = gradient + group["weight_decay"] * data
        momentum = group["momentum"]
        if momentum:
            if "momentum_buffer" not in state:
                velocity = state["momentum_buffer"] = backend_of(data).asarray(gradient, copy=True)
            else:
                part = (1 - group["dampening"]) * gradient
                velocity = blend(state, "momentum_buffer", momentum, part)
            gradient = gradient + momentum * velocity if group["nesterov"] else velocity
        new = -group["lr"] * gradient
        new += data  # in place where the array library can: a large parameter's copy is saved
        return new
