"""What activation layers share: a function and its settings.

May import ``module`` and ``creation``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.creation import zeros
from minitorch_cnn.nn.module import Module


class Activation(Module):
    """A function with its settings, which are attributes and may be changed."""

    function: ClassVar[Callable[..., Any]]
    any_shape: ClassVar[bool] = True

    def __init__(self, **settings: Any) -> None:
        self._names = tuple(settings)
        vars(self).update(settings)
        if self.any_shape:  # tried on nothing, so that a wrong setting is refused here
            self.forward(zeros(0, backend="numpy"))

    def settings(self) -> dict[str, Any]:
        """The arguments of the function besides its input."""
        return {name: getattr(self, name) for name in self._names}

    def forward(self, x: Any) -> Any:
        return type(self).function(x, **self.settings())

    def extra_repr(self) -> str:
        return ", ".join(
            f"{name}={value!r}"
            for name, value in self.settings().items()
            if (name, value) != ("inplace", False)
        )
