"""Adam and AdamW: steps scaled by running means of the gradient and of its square.

May import ``optimizer``, ``rule`` and ``state``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

from minitorch_cnn.backend import namespace
from minitorch_cnn.optim.optimizer import Optimizer, require_range
from minitorch_cnn.optim.rule import require_betas
from minitorch_cnn.optim.state import State, run_step


class Adam(Optimizer):
    """Each parameter's step is its mean gradient over the root of its mean squared gradient.

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
        Adds ``weight_decay * p`` to the gradient (:class:`AdamW` shrinks ``p`` instead).
    amsgrad : bool
        Use the largest mean square so far.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Notes
    -----
    Source: D. Kingma, J. Ba, "Adam", 2015; amsgrad: S. Reddi et al., 2018; in PyTorch's form.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> (p * p).sum().backward()
    >>> mt.optim.Adam([p], lr=0.5).step()
    >>> round(p.item(), 4)
    0.5
    """

    decoupled: ClassVar[bool] = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        require_range(self, group, "eps", 0.0, math.inf)
        require_betas(self, group)

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        names = ("exp_avg", "exp_avg_sq", *(("max_exp_avg_sq",) if group["amsgrad"] else ()))
        return {"step": 0, **{name: namespace(data).zeros_like(data) for name in names}}

    def update_all(
        self,
        arrays: list[Any],
        gradients: list[Any],
        states: list[State],
        group: dict[str, Any],
    ) -> list[Any]:
        step = states[0]["step"] + 1
        for state in states:
            state["step"] = step
        return run_step(
            "adam_step",
            arrays,
            gradients,
            states,
            ["exp_avg", "exp_avg_sq", "max_exp_avg_sq" if group["amsgrad"] else None],
            step=step,
            decoupled=self.decoupled,
            **{name: group[name] for name in self.defaults if name != "amsgrad"},
        )


class AdamW(Adam):
    """:class:`Adam` with weight decay apart from the gradient: ``p`` shrinks by ``lr * decay``.

    Parameters are those of :class:`Adam`; ``weight_decay`` is 0.01 unless given.

    Notes
    -----
    Source: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> p.grad = mt.zeros(1)
    >>> mt.optim.AdamW([p], lr=0.5, weight_decay=0.5).step()
    >>> p.item()
    0.75
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
