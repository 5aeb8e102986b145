"""What the rules of several optimisers have in common, on raw arrays in plain array-API code.

May import ``optimizer`` and ``state``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.optim.optimizer import Optimizer


def decayed(data: Any, gradient: Any, group: dict[str, Any]) -> tuple[Any, Any]:
    """Parameter and gradient after weight decay.

    It adds ``weight_decay * data`` to the gradient, or, decoupled from it, shrinks the parameter by
    ``lr * weight_decay``.
    """
    decay = group["weight_decay"]
    if not decay:
        return data, gradient
    if group.get("decoupled_weight_decay"):
        return data * (1 - group["lr"] * decay), gradient
    return data, gradient + decay * data


def running_mean(mean: Any, keep: float, new: Any) -> Any:
    """``keep * mean + (1 - keep) * new``, in place where the array library can."""
    mean *= keep
    mean += (1 - keep) * new
    return mean


def require_betas(optimizer: Optimizer, group: dict[str, Any]) -> None:
    """Refuse ``betas`` that are not two numbers from 0 to below 1."""
    betas = group["betas"]
    try:
        inside = len(betas) == 2 and all(0 <= beta < 1 for beta in betas)
    except TypeError:
        inside = False
    if not inside:
        raise ValueError(
            f"{type(optimizer).__name__}: betas={betas}; expected two numbers from 0 to below 1"
        )
