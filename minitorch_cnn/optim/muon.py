"""Muon: momentum whose singular values are all made equal before the step.

May import ``optimizer``, ``rule`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.rule import running_mean
from minitorch_cnn.optim.state import State

COEFFICIENTS = (3.4445, -4.775, 2.0315)
"""Of the polynomial in the singular values: steep at 0, and near 1 whatever comes in."""
ADJUSTMENTS = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    """Each weight matrix steps along its momentum, made orthogonal: no direction is neglected.

    For the weights of hidden layers. Kernels of convolutions are taken as matrices with a row for
    each output channel. Biases and other vectors are another optimiser's, mostly :class:`AdamW`'s.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups with settings of their own.
    lr : float
    weight_decay : float
        Shrinks the parameter by ``lr * weight_decay``.
    momentum : float
        How much of the old mean gradient is kept.
    nesterov : bool
        Step along the mean gradient as it will be after the next step.
    ns_coefficients : (float, float, float)
        Of the polynomial ``a X + b (X Xᵀ) X + c (X Xᵀ)² X`` that is applied ``ns_steps`` times.
    eps : float
        Least norm that a gradient is divided by.
    ns_steps : int
        1 or more.
    adjust_lr_fn : {"original", "match_rms_adamw"}, optional
        How the learning rate follows the shape ``(rows, columns)``: times
        ``sqrt(max(1, rows / columns))``, as without it, or times
        ``0.2 * sqrt(max(rows, columns))``, which gives steps of the size of :class:`AdamW`'s.

    Raises
    ------
    ValueError
        If a setting is out of range, or a parameter has less than two dimensions.

    Notes
    -----
    Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024;
    J. Liu et al., "Muon is Scalable for LLM Training", 2025; in PyTorch's form, which rounds the
    polynomial to bfloat16 where this one computes in the parameter's own dtype.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([[3.0, 0.0], [0.0, 0.1]])
    >>> (p * p).sum().backward()
    >>> mt.optim.Muon([p], lr=0.1, weight_decay=0.0).step()
    >>> (p < mt.tensor([[3.0, 1.0], [1.0, 0.1]])).all().item()  # both entries have moved
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = COEFFICIENTS,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_range(self, group, "momentum", 0.0, 1.0)
        require_range(self, group, "eps", 0.0, math.inf)
        require_range(self, group, "ns_steps", 1, 100)
        if len(group["ns_coefficients"]) != 3:
            raise ValueError(
                f"Muon: ns_coefficients={group['ns_coefficients']}; expected three numbers"
            )
        if group["adjust_lr_fn"] not in ADJUSTMENTS:
            raise ValueError(
                f"Muon: adjust_lr_fn={group['adjust_lr_fn']!r} is none of {ADJUSTMENTS}"
            )
        for number, parameter in enumerate(group["params"]):
            if parameter.ndim < 2:
                raise ValueError(
                    f"Muon: parameter {number} has shape {parameter.shape}, which is no matrix; "
                    "give biases and other vectors to another optimiser, such as AdamW"
                )

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        return {"momentum_buffer": namespace(data).zeros_like(data)}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        xp, keep = namespace(data), group["momentum"]
        mean = running_mean(state["momentum_buffer"], keep, gradient)
        state["momentum_buffer"] = mean
        step = keep * mean + (1 - keep) * gradient if group["nesterov"] else mean
        matrix = xp.reshape(step, (step.shape[0], -1))
        step = xp.reshape(_orthogonal(xp, matrix, group), data.shape)
        rate = group["lr"] * _adjustment(group["adjust_lr_fn"], *matrix.shape)
        return data * (1 - group["lr"] * group["weight_decay"]) - rate * step


def _orthogonal(xp: Any, matrix: Any, group: dict[str, Any]) -> Any:
    """A matrix with the same singular vectors, and values near 1, by Newton-Schulz iteration."""
    a, b, c = group["ns_coefficients"]
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / xp.maximum(xp.sqrt(xp.sum(x * x)), xp.full_like(x[0, 0], group["eps"]))
    for _ in range(group["ns_steps"]):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x


def _adjustment(kind: str | None, rows: int, columns: int) -> float:
    if kind == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))
