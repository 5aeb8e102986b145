"""Whether operations are recorded for differentiation: one context variable.

May import ``context_mode``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ClassVar

from minitorch_cnn.context_mode import ContextMode

GRAD_ENABLED: ContextVar[bool] = ContextVar("grad_enabled", default=True)


def is_grad_enabled() -> bool:
    """Whether operations on tensors are being recorded here.

    >>> import minitorch_cnn as mt
    >>> mt.is_grad_enabled()
    True
    """
    return GRAD_ENABLED.get()


class set_grad_enabled(ContextMode):
    """Record operations or not, inside a ``with`` block or a decorated function.

    Parameters
    ----------
    mode : bool
        True records, False does not.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.grad_mode import set_grad_enabled
    >>> with set_grad_enabled(False):
    ...     mt.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        super().__init__(GRAD_ENABLED, mode)


class _FixedMode(set_grad_enabled):
    """A mode with a name of its own, which decorates with and without parentheses."""

    fixed: ClassVar[bool]

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        mode = super().__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)

    def __init__(self) -> None:
        super().__init__(self.fixed)


class no_grad(_FixedMode):
    """Do not record operations: results need no gradient. Context manager and decorator.

    >>> import minitorch_cnn as mt
    >>> @mt.no_grad()
    ... def evaluate():
    ...     return mt.is_grad_enabled()
    >>> evaluate()
    False
    """

    fixed = False


class enable_grad(_FixedMode):
    """Record operations again inside a ``no_grad`` block. Context manager and decorator.

    >>> import minitorch_cnn as mt
    >>> with mt.no_grad(), mt.enable_grad():
    ...     mt.is_grad_enabled()
    True
    """

    fixed = True
