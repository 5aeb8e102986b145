"""NAdam: Adam with Nesterov's momentum.

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


class NAdam(Optimizer):
    """Adam that steps along the mean gradient as it will be after the next step.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    betas : (float, float)
        How much of the old running means of the gradient and of its square is kept.
    eps : float
        Added to the root.
    weight_decay : float
        Adds ``weight_decay * p`` to the gradient.
    momentum_decay : float
        How fast the momentum warms up: at step ``t`` it is
        ``betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay))``.
    decoupled_weight_decay : bool
        Shrink the parameter itself by ``lr * weight_decay`` instead.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Notes
    -----
    Source: T. Dozat, "Incorporating Nesterov Momentum into Adam", 2016, in PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.NAdam([p], lr=0.5).step()
    >>> round(p.item(), 4)
    0.4718
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_betas(self, group)
        require_range(self, group, "eps", 0.0, math.inf)
        require_range(self, group, "momentum_decay", 0.0, math.inf)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        zeros = namespace(data).zeros_like
        return {"step": 0, "mu_product": 1.0, "exp_avg": zeros(data), "exp_avg_sq": zeros(data)}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        state["step"] = step = state["step"] + 1
        first, second = group["betas"]
        momentum, following = (
            first * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (step, step + 1)
        )
        state["mu_product"] = product = state["mu_product"] * momentum
        data, gradient = decayed(data, gradient, group)
        mean = state["exp_avg"] = running_mean(state["exp_avg"], first, gradient)
        square = state["exp_avg_sq"] = running_mean(state["exp_avg_sq"], second, gradient**2)
        root = namespace(data).sqrt(square / (1 - second**step)) + group["eps"]
        here = group["lr"] * (1 - momentum) / (1 - product)
        ahead = group["lr"] * following / (1 - product * following)
        return data - (here * gradient + ahead * mean) / root
