"""Modes that hold inside a ``with`` block or a decorated function: one context variable each.

A context variable is per thread and per async task, so one task's mode is never seen by another.
Imports nothing of the house.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


class ContextMode:
    """A value of a context variable, set inside a ``with`` block or a decorated function.

    A mode whose arguments are optional decorates with and without parentheses.
    """

    def __new__(cls, *args: Any, **options: Any) -> Any:
        mode = super().__new__(cls)
        if len(args) != 1 or not callable(args[0]):
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(args[0])

    def __init__(self, variable: ContextVar[Any], value: Any) -> None:
        self._variable = variable
        self._value = value
        self._tokens: list[Token[Any]] = []

    def __enter__(self) -> None:
        self._tokens.append(self._variable.set(self._value))

    def __exit__(self, *error: object) -> None:
        self._variable.reset(self._tokens.pop())

    def __call__(self, function: _Function) -> _Function:
        variable, value = self._variable, self._value
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            # A generator's body runs later, interleaved with its caller: the mode would leak.
            raise TypeError(
                f"{function.__qualname__} is a generator; put `with {type(self).__name__}():` "
                "inside it, around the code the mode is for"
            )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def waited(*args: Any, **kwargs: Any) -> Any:
                with ContextMode(variable, value):
                    return await function(*args, **kwargs)

            return waited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with ContextMode(variable, value):
                return function(*args, **kwargs)

        return called  # type: ignore[return-value]
