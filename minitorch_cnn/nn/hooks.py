"""Hooks of a module: functions called before and after its ``forward``.

May import ``graph``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_cnn.graph import HookHandle

Hook = Callable[..., Any]
Hooks = dict[int, tuple[Hook, bool]]


class ForwardHooks:
    """The hooks of one module, by number, with whether each wants keyword arguments."""

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}

    def call(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``module.forward`` between its hooks, each of which may replace what it is shown."""
        for hook, with_kwargs in list(self.before.values()):
            if with_kwargs:
                answer = hook(module, args, kwargs)
                if answer is not None:
                    args, kwargs = _arguments(answer, hook)
            else:
                answer = hook(module, args)
                if answer is not None:
                    args = answer if isinstance(answer, tuple) else (answer,)
        output = module.forward(*args, **kwargs)
        for hook, with_kwargs in list(self.after.values()):
            shown = (args, kwargs) if with_kwargs else (args,)
            answer = hook(module, *shown, output)
            output = output if answer is None else answer
        return output


def register(hooks: Hooks, hook: Hook, prepend: bool, with_kwargs: bool) -> HookHandle:
    """Add a hook to those of one kind, at the end or in front of all."""
    if not callable(hook):
        raise TypeError(
            f"hook: expected a function, got a {type(hook).__name__}; pass it without calling it"
        )
    return HookHandle(hooks, (hook, with_kwargs), prepend=prepend)


def _arguments(answer: Any, hook: Hook) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if not isinstance(answer, tuple) or list(map(type, answer)) != [tuple, dict]:
        raise TypeError(
            f"forward pre-hook {getattr(hook, '__qualname__', hook)} returned {answer!r}; expected "
            "None or (args, kwargs), a tuple and a dict"
        )
    return answer
