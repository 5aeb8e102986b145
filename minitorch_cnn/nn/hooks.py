"""Hooks of a module: functions called before and after its ``forward``.

Imports nothing of the house but creation numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_cnn.graph import NEXT_NUMBER

Hook = Callable[..., Any]
Hooks = dict[int, tuple[Hook, bool]]


class HookHandle:
    """Removes a hook again; also a context manager."""

    def __init__(self, hooks: Hooks, hook: Hook, prepend: bool, with_kwargs: bool) -> None:
        if not callable(hook):
            raise TypeError(
                f"hook: expected a function, got a {type(hook).__name__}; pass it without calling "
                "it"
            )
        self._hooks = hooks
        self._number = NEXT_NUMBER()
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self._number] = (hook, with_kwargs)
        hooks.update(others)

    def remove(self) -> None:
        """Take the hook off; doing so twice is harmless."""
        self._hooks.pop(self._number, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


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


def _arguments(answer: Any, hook: Hook) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if not isinstance(answer, tuple) or list(map(type, answer)) != [tuple, dict]:
        raise TypeError(
            f"forward pre-hook {getattr(hook, '__qualname__', hook)} returned {answer!r}; expected "
            "None or (args, kwargs), a tuple and a dict"
        )
    return answer
