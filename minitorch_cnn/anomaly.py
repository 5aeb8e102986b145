"""Anomaly detection: which operation made a NaN or an infinity, and on which line of the user's.

:class:`detect_anomaly` puts a watch into a context variable. While one is there, operations show it
each result and the engine lets it pull each gradient. May import ``backend``, ``context_mode`` and
``graph``.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from itertools import pairwise
from typing import Any, NamedTuple

import minitorch_backends
from minitorch_cnn.backend import NAMESPACES, canonical_dtype
from minitorch_cnn.context_mode import ContextMode
from minitorch_cnn.graph import AnyNode, Boxed, Node

_HOMES = tuple(
    os.path.join(os.path.dirname(os.path.abspath(file)), "")
    for file in (__file__, str(minitorch_backends.__file__))
)


class AnomalyError(ValueError, RuntimeError):
    """A NaN or an infinity was made where :class:`detect_anomaly` watches.

    A ``ValueError`` like every mistake in use here; also a ``RuntimeError``, which is what PyTorch
    raises and what scripts written for it may catch.
    """


class Origin(NamedTuple):
    """Where the user's code called an operation, and in which layer."""

    file: str
    line: int
    layer: str

    @classmethod
    def here(cls) -> Origin:
        """The innermost line on the stack that is not the library's, and the path of layers."""
        place: tuple[str, int] | None = None
        layers: list[Any] = []
        frame = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            if not code.co_filename.startswith(_HOMES):
                place = place or (code.co_filename, frame.f_lineno)
            elif code.co_qualname == "Module.__call__":
                layers.append(frame.f_locals["self"])
            frame = frame.f_back  # type: ignore[assignment]
        names = [
            next((name for name, below in outer.named_modules() if below is inner), "")
            for inner, outer in pairwise(layers)
        ]
        return cls(*(place or ("<unknown>", 0)), ".".join(filter(None, reversed(names))))

    def __str__(self) -> str:
        import linecache  # for a message alone

        source = linecache.getline(self.file, self.line).strip()
        return f"{self.file}, line {self.line}" + (f": {source}" if source else "")


class Watch:
    """What operations and the engine turn to inside ``detect_anomaly``."""

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan

    def result(
        self, name: str, inputs: Iterable[Any], params: dict[str, Any], out: Any, node: Node | None
    ) -> Any:
        """Look at what the operation ``name`` computed; note the user's line on its node.

        Returns what the operation gives back: ``out`` itself, as long as one only looks.
        """
        if node is not None:
            node.origin = Origin.here()
        if not self.check_nan or not _is_bad(out):
            return out
        raw = list(inputs)
        nan, infinite = _count(out)
        holding_nan = [i for i, x in enumerate(raw) if _count(x)[0]]
        holding_inf = [i for i, x in enumerate(raw) if _count(x)[1]]
        call = f"{name}({', '.join(map(_describe, raw))})"
        if nan and holding_nan:
            raise AnomalyError(
                f"{call}: {_arguments(holding_nan)} already held NaN; this operation did not make "
                "it, it is the first to meet it. Look at the data it was made from. Called at "
                f"{Origin.here()}"
            )
        if not nan and (holding_inf or any(_count(value)[1] for value in params.values())):
            return out  # infinities that are given, such as those of a mask, are meant
        although = (
            f"although its inputs hold no NaN ({_arguments(holding_inf)} held Inf)"
            if holding_inf
            else "although its inputs are finite"
        )
        raise AnomalyError(
            f"{call}: made {_amount(nan, infinite)} in its result of shape {tuple(out.shape)}, "
            f"{although}. Called at {Origin.here()}"
        )

    def pull(
        self,
        node: Node,
        g: Any,
        table: dict[AnyNode, Any],
        wanted: Callable[[AnyNode], bool] | None,
        create_graph: bool,
    ) -> None:
        """Pull the gradient ``g`` through a node, and look at what each input gets."""
        origin: Origin | None = getattr(node, "origin", None)
        own: dict[AnyNode, Any] = {}
        try:
            with watched_by(_Within(self, origin)):
                node.primitive.pull(node, g, own, wanted, create_graph)
        except AnomalyError:  # of an operation within this one
            raise
        except (ValueError, TypeError) as error:
            if len(error.args) == 1:
                error.args = (f"{error.args[0]}. {_recorded(node, origin)}",)
            raise
        for parent, gradient in own.items():
            if self.check_nan and _is_bad(gradient):
                raise self.bad_gradient(node, parent, g, gradient, origin)
            before = table.get(parent)
            total = gradient if before is None else before + gradient
            if self.check_nan and before is not None and _is_bad(total):
                dtype = canonical_dtype(parent.dtype)
                raise AnomalyError(
                    f"backward: {_amount(*_count(total))} in a gradient of shape {parent.shape}, "
                    f"where the finite one of {node.primitive.name} was added to those before: "
                    f"numbers too large for {dtype}. {_recorded(node, origin)}"
                )
            table[parent] = total

    def bad_gradient(
        self, node: Node, parent: AnyNode, g: Any, gradient: Any, origin: Origin | None
    ) -> AnomalyError:
        """The error for a gradient that holds a NaN or an infinity."""
        name = node.primitive.name
        positions = [i for i, other in enumerate(node.parents) if other is parent]
        if _is_bad(g):
            return AnomalyError(
                f"backward of {name}: the gradient that came in, of shape {node.shape}, already "
                f"held {_amount(*_count(g))}; look at the gradient given to backward, and at "
                f"hooks. {_recorded(node, origin)}"
            )
        return AnomalyError(
            f"backward of {name}: made {_amount(*_count(gradient))} in the gradient of "
            f"{_arguments(positions)}, shape {parent.shape}, from a finite gradient of shape "
            f"{node.shape}. {_recorded(node, origin)}"
        )


class _Within(Watch):
    """The watch while a gradient rule runs: what is made belongs to the operation pulled.

    Rules may pass through infinities that they then mask; only what they give is looked at.
    """

    def __init__(self, outer: Watch, origin: Origin | None) -> None:
        super().__init__(outer.check_nan)
        self.origin = origin

    def result(
        self, name: str, inputs: Iterable[Any], params: dict[str, Any], out: Any, node: Node | None
    ) -> Any:
        if node is not None and self.origin is not None:
            node.origin = self.origin
        return out


_WATCH: ContextVar[Watch | None] = ContextVar("detect_anomaly", default=None)
watching = _WATCH.get
"""The watch of this context, None without one; what each operation asks."""


def watched_by(watch: Watch) -> ContextMode:
    """A context manager inside which ``watch`` is shown every operation and gradient rule."""
    return ContextMode(_WATCH, watch)


class detect_anomaly(ContextMode):
    """Raise at the first operation that makes a NaN or an infinity. Context manager and decorator.

    Inside it, an operation whose result holds a NaN or an infinity, although its inputs do not, is
    an error that names it, its arguments and the line of your code that called it. In a backward
    pass the error names the operation whose gradient rule made one, and the line of its *forward*
    call; for that, the forward pass must run inside as well. NaN that arguments held before gets
    a message of its own; infinities that are given, such as the ``-inf`` of a mask, are meant.
    Every result is looked at as it is computed, so this is for debugging.

    Parameters
    ----------
    check_nan : bool
        False checks no values, and only adds the line of the forward call to errors in backward.

    Raises
    ------
    AnomalyError
        Inside; a ``ValueError``.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> with mt.detect_anomaly():
    ...     mt.exp(mt.tensor([1.0, 2.0])) * float("inf")
    tensor([inf, inf])
    >>> x = mt.tensor([3e38, 1.0])
    >>> import numpy
    >>> with mt.detect_anomaly(), numpy.errstate(over="ignore"):
    ...     x * 10.0
    Traceback (most recent call last):
        ...
    minitorch_cnn.anomaly.AnomalyError: multiply(float32 (2,), 10.0): made 1 Inf in its result ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(_WATCH, Watch(bool(check_nan)))


def _raw(x: Any) -> Any:
    return x._data if isinstance(x, Boxed) else x


def _is_bad(x: Any) -> bool:
    """Whether an array holds a NaN or an infinity."""
    array = _raw(x)
    xp = NAMESPACES.get(type(array))
    if xp is None or canonical_dtype(array.dtype).kind != "f":
        return False
    return not bool(xp.all(xp.isfinite(array)))


def _count(x: Any) -> tuple[int, int]:
    """How many NaN and how many infinities an array, or a number, holds."""
    array = _raw(x)
    if isinstance(array, float):
        return int(math.isnan(array)), int(math.isinf(array))
    if not _is_bad(array):
        return 0, 0
    xp = NAMESPACES[type(array)]
    nan, infinite = xp.isnan(array), xp.isinf(array)
    return int(xp.sum(xp.astype(nan, xp.int64))), int(xp.sum(xp.astype(infinite, xp.int64)))


def _amount(nan: int, infinite: int) -> str:
    return " and ".join(f"{n} {what}" for n, what in ((nan, "NaN"), (infinite, "Inf")) if n)


def _arguments(positions: list[int]) -> str:
    word = "argument" if len(positions) == 1 else "arguments"
    return f"{word} {', '.join(map(str, positions))}"


def _describe(x: Any) -> str:
    return f"{canonical_dtype(x.dtype)} {tuple(x.shape)}" if hasattr(x, "shape") else repr(x)


def _recorded(node: Node, origin: Origin | None) -> str:
    """Where the operation of a node was called."""
    if origin is None:
        return (
            f"This {node.primitive.name} was recorded outside detect_anomaly; run the forward pass "
            "inside as well to learn on which line"
        )
    layer = f"in layer {origin.layer!r}, " if origin.layer else ""
    return f"This {node.primitive.name} was called {layer}at {origin}"
