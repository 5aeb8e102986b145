"""RAdam: Adam that waits with its scaling until the mean square can be trusted.

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


class RAdam(Optimizer):
    """Adam whose first steps follow the mean gradient, unscaled; then scaling is faded in.

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
    Source: L. Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, in
    PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.RAdam([p], lr=0.25).step()
    >>> round(p.item(), 4)
    0.5
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_betas(self, group)
        require_range(self, group, "eps", 0.0, math.inf)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        zeros = namespace(data).zeros_like
        return {"step": 0, "exp_avg": zeros(data), "exp_avg_sq": zeros(data)}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        state["step"] = step = state["step"] + 1
        first, second = group["betas"]
        data, gradient = decayed(data, gradient, group)
        mean = state["exp_avg"] = running_mean(state["exp_avg"], first, gradient)
        square = state["exp_avg_sq"] = running_mean(state["exp_avg_sq"], second, gradient**2)
        size = group["lr"] / (1 - first**step)
        share = _rectification(second, step)
        if share is None:
            return data - size * mean
        size *= share * math.sqrt(1 - second**step)
        return data - size * (mean / (namespace(data).sqrt(square) + group["eps"]))


def _rectification(second: float, step: int) -> float | None:
    """By how much steps are shortened, from the length of the mean square's memory.

    None where that has seen too few gradients for a finite variance.
    """
    longest = 2 / (1 - second) - 1
    length = longest - 2 * step * second**step / (1 - second**step)
    if length <= 5:
        return None
    spread = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return math.sqrt(spread)
