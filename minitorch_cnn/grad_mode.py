"""Whether operations are recorded for differentiation: one context variable.

May import ``context_mode``.
"""

from __future__ import annotations

from contextvars import ContextVar

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


class no_grad(set_grad_enabled):
    """Do not record operations: results need no gradient. Context manager and decorator.

    >>> import minitorch_cnn as mt
    >>> @mt.no_grad()
    ... def evaluate():
    ...     return mt.is_grad_enabled()
    >>> evaluate()
    False
    """

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(set_grad_enabled):
    """Record operations again inside a ``no_grad`` block. Context manager and decorator.

    >>> import minitorch_cnn as mt
    >>> with mt.no_grad(), mt.enable_grad():
    ...     mt.is_grad_enabled()
    True
    """

    def __init__(self) -> None:
        super().__init__(True)
