"""What a function needs to run again just as it ran before.

:class:`Standing` is a value put into its place for a while: a tensor's array, an entry of a dict,
a generator's state. A :class:`Journal` notes what stood where a function changed something while
it ran (tensors it overwrote, generators it drew from), so that it can be put there once more.
Imports nothing of the house.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

_JOURNALS: ContextVar[tuple[Journal, ...]] = ContextVar("journals", default=())
_SUBSTITUTED: ContextVar[tuple[Standing, ...]] = ContextVar("substituted", default=())


class Standing(NamedTuple):
    """A value and the place where it stands: an attribute, or an entry of a dict or list."""

    holder: Any
    key: Any
    value: Any

    def put(self) -> Standing:
        """Put the value there; returns what stood there before."""
        if isinstance(self.holder, (dict, list)):
            before = self.holder[self.key]
            self.holder[self.key] = self.value
        else:
            before = getattr(self.holder, self.key)
            setattr(self.holder, self.key, self.value)
        return Standing(self.holder, self.key, before)


@contextmanager
def standing(values: Iterable[Standing]) -> Iterator[None]:
    """Each of the values in its place inside the ``with`` block, then what stood there before."""
    before = []
    try:
        for value in values:
            before.append(value.put())
        yield
    finally:
        for value in reversed(before):
            value.put()


@contextmanager
def substituted(values: tuple[Standing, ...]) -> Iterator[None]:
    """As :func:`standing`, for values that belong to every function run inside the block."""
    token = _SUBSTITUTED.set(_SUBSTITUTED.get() + values)
    try:
        with standing(values):
            yield
    finally:
        _SUBSTITUTED.reset(token)


class Journal:
    """Notes, inside its ``with`` block, what stood where something was changed first."""

    def __init__(self) -> None:
        self.before: dict[tuple[int, str], Standing] = {}
        self.around = _SUBSTITUTED.get()

    def __enter__(self) -> Journal:
        self._token = _JOURNALS.set((*_JOURNALS.get(), self))
        return self

    def __exit__(self, *error: object) -> None:
        _JOURNALS.reset(self._token)

    def again(self, function: Callable[[], Any], *, random_state: bool = True) -> Any:
        """Run ``function`` from what stood at the start of the block; leave things as they are.

        Without ``random_state`` generators go on from where they are.
        """
        before = [v for v in self.before.values() if random_state or v.key != "state"]
        token = _JOURNALS.set(())
        try:
            with standing((*self.around, *before)):
                return function()
        finally:
            _JOURNALS.reset(token)


def note_change(holder: Any, key: str) -> None:
    """Tell the journals that the attribute ``key`` of ``holder`` is about to change."""
    for journal in _JOURNALS.get():
        place = id(holder), key
        if place not in journal.before:
            journal.before[place] = Standing(holder, key, getattr(holder, key))
