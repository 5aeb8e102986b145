"""What loss layers share: a function, its reduction and its settings.

Weights are buffers, so that they move with the module. May import ``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.nn.functional.loss.reduction import chosen_reduction
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Buffer
from minitorch_cnn.tensor import Tensor


class Loss(Module):
    """A loss function with its settings, which are attributes and may be changed."""

    function: ClassVar[Callable[..., Any]]
    more_reductions: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        reduction: str,
        size_average: bool | None = None,
        reduce: bool | None = None,
        **settings: Any,
    ) -> None:
        name = type(self).__name__
        settings["reduction"] = chosen_reduction(
            name, reduction, size_average, reduce, self.more_reductions
        )
        self._names = tuple(settings)
        for key, value in settings.items():
            setattr(self, key, Buffer(value) if isinstance(value, Tensor) else value)

    def forward(self, *tensors: Any, **named: Any) -> Any:
        settings = {name: getattr(self, name) for name in self._names}
        return type(self).function(*tensors, **named, **settings)

    def extra_repr(self) -> str:
        return ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name in self._names
            if not isinstance(getattr(self, name), Buffer)
        )
