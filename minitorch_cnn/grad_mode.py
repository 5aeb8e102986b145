"""Whether operations are recorded for differentiation: one context variable.

A context variable is per thread and per async task, so one task's ``no_grad`` is never seen by
another. Imports nothing of the house.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, ClassVar, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])

GRAD_ENABLED: ContextVar[bool] = ContextVar("grad_enabled", default=True)


def is_grad_enabled() -> bool:
    """Whether operations on tensors are being recorded here.

    >>> import minitorch_cnn as mt
    >>> mt.is_grad_enabled()
    True
    """
    return GRAD_ENABLED.get()


class set_grad_enabled:
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
        self.mode = mode
        self._tokens: list[Token[bool]] = []

    def __enter__(self) -> None:
        self._tokens.append(GRAD_ENABLED.set(self.mode))

    def __exit__(self, *error: object) -> None:
        GRAD_ENABLED.reset(self._tokens.pop())

    def __call__(self, function: _Function) -> _Function:
        mode = self.mode
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            # A generator's body runs later, interleaved with its caller: the mode would leak.
            raise TypeError(
                f"{function.__qualname__} is a generator; put `with {type(self).__name__}():` "
                "inside it, around the code that must not be recorded"
            )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def waited(*args: Any, **kwargs: Any) -> Any:
                with set_grad_enabled(mode):
                    return await function(*args, **kwargs)

            return waited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with set_grad_enabled(mode):
                return function(*args, **kwargs)

        return called  # type: ignore[return-value]


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
