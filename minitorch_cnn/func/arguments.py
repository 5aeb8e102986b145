"""What every transform does with the function it is given and with ``argnums``.

May import what lies below the package.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])
Argnums = int | Sequence[int]


def require_callable(f: Any, name: str) -> None:
    """Refuse, with a TypeError, what cannot be called."""
    if not callable(f):
        raise TypeError(
            f"{name}: expected a function, got a {type(f).__name__}; write {name}(f)(x), not "
            f"{name}(f(x))"
        )


def require_argnums(argnums: Any, name: str) -> list[int]:
    """``argnums`` as a list of integers; a TypeError for anything else, such as the arguments."""
    given = list(argnums) if isinstance(argnums, (tuple, list, range)) else [argnums]
    try:
        return [operator.index(i) for i in given]
    except TypeError:
        raise TypeError(
            f"{name}: argnums is a {type(argnums).__name__}; expected an integer or a tuple of "
            f"them. The arguments go to the function that {name} gives: {name}(f)(x)"
        ) from None


def named_after(f: Callable[..., Any]) -> Callable[[_Function], _Function]:
    """Give a function the name and docstring of ``f``.

    Not its attributes: ``f`` may be a module.
    """

    def decorate(function: _Function) -> _Function:
        return functools.wraps(f, updated=())(function)  # type: ignore[return-value]

    return decorate


def positions_of(name: str, argnums: Argnums, count: int) -> list[int]:
    """``argnums`` as numbers from 0, checked against the number of arguments."""
    found = require_argnums(argnums, name)
    wrong = [i for i in found if not -count <= i < count]
    if wrong or not found:
        raise ValueError(
            f"{name}: argnums {argnums!r}, but the function was called with {count} positional "
            "arguments; name some of them, and pass what to differentiate in by position"
        )
    found = [i % count for i in found]
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: argnums {argnums!r} names the same argument twice")
    return found
