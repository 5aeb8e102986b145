"""Scaling of the loss, so that gradients in float16 are not lost.

May import ``optimizer`` and what lies below it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.graph import box
from minitorch_cnn.optim.optimizer import Optimizer


class GradScaler:
    """Multiplies the loss, divides the gradients, and skips steps in which one overflowed.

    Parameters
    ----------
    init_scale : float
    growth_factor : float
        The scale times this after ``growth_interval`` steps without an overflow.
    backoff_factor : float
        The scale times this after an overflow.
    growth_interval : int
    enabled : bool
        False makes it do nothing, so that a script need not ask.

    Raises
    ------
    ValueError
        If a factor or the interval is out of range.

    Notes
    -----
    Names, defaults and arithmetic are PyTorch's. Source: P. Micikevicius et al., "Mixed Precision
    Training", 2018.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> optimizer, scaler = mt.optim.SGD([p], lr=0.25), mt.optim.GradScaler()
    >>> with mt.autocast():
    ...     loss = (p * p).sum()
    >>> scaler.scale(loss).backward()
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> p.item(), scaler.get_scale()
    (0.5, 65536.0)
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        right = init_scale > 0 and growth_factor > 1 and 0 < backoff_factor < 1
        if not right or growth_interval < 1:
            raise ValueError(
                f"GradScaler: init_scale={init_scale}, growth_factor={growth_factor}, "
                f"backoff_factor={backoff_factor}, growth_interval={growth_interval}; expected "
                "above 0, above 1, between 0 and 1, and 1 or more"
            )
        self._scale, self.growth_factor = init_scale, growth_factor
        self.backoff_factor, self.growth_interval = backoff_factor, growth_interval
        self.enabled = enabled
        self._good_steps = 0
        self._overflowed: dict[int, bool] = {}

    def scale(self, loss: Any) -> Any:
        """The loss times the scale, in float32: to call ``backward`` on."""
        return loss.to("float32") * self._scale if self.enabled else loss

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients by the scale, once a step: to clip them before it.

        Raises
        ------
        ValueError
            If that was done already since the last :meth:`update`.
        """
        if not self.enabled:
            return
        if id(optimizer) in self._overflowed:
            raise ValueError(
                "GradScaler: these gradients are unscaled already; call update() first"
            )
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        checks = []
        with no_grad():
            for parameter in parameters:
                if parameter.grad is None:
                    continue
                array = parameter.grad._data * (1 / self._scale)
                parameter.grad = box(array, None)
                checks.append(parameter.grad.isfinite().all())
        # Read back together, at the end.
        self._overflowed[id(optimizer)] = not all(check.item() for check in checks)

    def step(self, optimizer: Optimizer) -> Any:
        """Let the optimiser step, unless a gradient overflowed; gives what its step gives."""
        if not self.enabled:
            return optimizer.step()
        if id(optimizer) not in self._overflowed:
            self.unscale_(optimizer)
        return None if self._overflowed[id(optimizer)] else optimizer.step()

    def update(self) -> None:
        """Adapt the scale; to be called after the step of every optimiser."""
        if not self.enabled or not self._overflowed:
            return
        if any(self._overflowed.values()):
            self._scale, self._good_steps = self._scale * self.backoff_factor, 0
        else:
            self._good_steps += 1
            if self._good_steps == self.growth_interval:
                grown = self._scale * self.growth_factor
                self._scale = grown if math.isfinite(grown) else self._scale
                self._good_steps = 0
        self._overflowed = {}

    def get_scale(self) -> float:
        """The scale as it is; 1 where it does nothing."""
        return self._scale if self.enabled else 1.0

    def state_dict(self) -> dict[str, Any]:
        """All that the steps to come depend on, as plain values."""
        return {"scale": self._scale, "good_steps": self._good_steps}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on as the scaler did whose :meth:`state_dict` this is.

        Raises
        ------
        ValueError
            If it is another thing's state.
        """
        if set(state_dict) != {"scale", "good_steps"}:
            raise ValueError(
                f"GradScaler: a state holds 'scale' and 'good_steps', got {sorted(state_dict)}"
            )
        self._scale, self._good_steps = state_dict["scale"], state_dict["good_steps"]
        self._overflowed = {}
