"""Nodes and edges of the recorded graph: what is kept of a computation, no mathematics.

A tensor is a box (:class:`Boxed`) around a raw array and, if gradients are wanted, the node that
made it. Nodes hold raw arrays and their parent nodes, never the tensor they made: there are no
reference cycles, so memory goes with the last tensor. Imports nothing of the house.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, ClassVar, Protocol
from weakref import ref

Array = Any
NEXT_NUMBER = itertools.count(1).__next__
"""Creation numbers: a node's is larger than those of all nodes it was computed from."""

FREED: Any = object()
"""Stands in ``Node.kept`` once a backward pass has given its arrays back."""


RECORDED_NODES = 256
RECORDED_ENTRIES = 2**18
"""Up to which size a backward pass is remembered; so many entries are 1 MiB in float32."""

RETAIN = 0
"""The number of the hook that keeps a computed tensor's gradient; all others are positive."""


class GraphError(ValueError, RuntimeError):
    """The recorded graph cannot answer: freed already, or its arrays were overwritten.

    A ``ValueError`` like every mistake in use here; also a ``RuntimeError``, which is what PyTorch
    raises and what scripts written for it may catch.
    """


class Maker(Protocol):
    """What makes tensors and takes their gradients further back: a primitive, as a rule."""

    name: str
    keep: Any
    views: bool

    def pull(
        self,
        node: Node,
        g: Any,
        table: dict[AnyNode, Any],
        wanted: Callable[[AnyNode], bool] | None,
        create_graph: bool,
    ) -> None:
        """Add the gradients in the node's (wanted) inputs to ``table``; ``g`` is its result's."""


class Node:
    """One recorded operation: what made a tensor, from which parents, and what its rule needs.

    ``origin``, the user's line that called it, is set inside ``detect_anomaly`` alone.
    """

    __slots__ = (
        "dtype",
        "hooks",
        "kept",
        "number",
        "origin",
        "params",
        "parents",
        "primitive",
        "shape",
    )

    overwritten: ClassVar[int] = 0
    origin: Any

    def __init__(
        self,
        primitive: Maker,
        parents: tuple[Node | Leaf | None, ...],
        kept: Any,
        params: dict[str, Any],
        number: int,
        shape: tuple[int, ...],
        dtype: Any,
    ) -> None:
        self.primitive = primitive
        self.parents = parents
        self.kept = kept
        self.params = params
        self.number = number
        self.shape = shape
        self.dtype = dtype
        self.hooks: dict[int, Hook] | None = None

    def __repr__(self) -> str:
        return f"<{self.primitive.name}>"


class Leaf:
    """The end of the graph at a tensor whose gradient is wanted.

    ``overwritten`` is the creation number at which the tensor was last written to; an older node
    that kept its array can no longer be differentiated.
    """

    __slots__ = ("dtype", "hooks", "number", "overwritten", "owner", "shape")

    parents: ClassVar[tuple[()]] = ()
    kept: ClassVar[tuple[()]] = ()

    def __init__(self, owner: Boxed, shape: tuple[int, ...], dtype: Any) -> None:
        self.owner = ref(owner)
        self.shape = shape
        self.dtype = dtype
        self.number = NEXT_NUMBER()
        self.overwritten = 0
        self.hooks: dict[int, Hook] | None = None

    def __repr__(self) -> str:
        return "<leaf>"


AnyNode = Node | Leaf
Hook = Callable[[Any], Any]

_number = attrgetter("number")


def ancestors(
    roots: Iterable[AnyNode], ends: Callable[[AnyNode], bool] | None = None
) -> list[AnyNode]:
    """The roots and all nodes they were computed from, oldest first; none behind one that ends."""
    found = set(roots)
    waiting = list(found)
    while waiting:
        node = waiting.pop()
        if ends is not None and ends(node):
            continue
        for parent in node.parents:
            if parent is not None and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return sorted(found, key=_number)


class Pass:
    """A backward pass to look back at: where it started, and what its nodes held before.

    A small one is left on the gradients it wrote (``Boxed._record``) and goes with them; a large
    one holds nothing, so that a training gives its arrays back at once.
    """

    __slots__ = ("entries", "held", "node", "seed")

    def __init__(self, node: AnyNode, seed: Array) -> None:
        self.node = node
        self.seed = seed
        self.entries = 0
        self.held: list[tuple[Any, Any]] | None = None

    def hold(self, nodes: list[AnyNode]) -> None:
        """Remember what ``nodes`` hold, if that is little."""
        if len(nodes) > RECORDED_NODES:
            return
        entries, held = math.prod(self.seed.shape), []
        for node in nodes:
            kept = node.kept
            if not kept:
                continue
            if kept is FREED:
                return
            for array in kept:
                if hasattr(array, "shape"):
                    entries += math.prod(array.shape)
            if entries > RECORDED_ENTRIES:
                return
            held.append((node, kept))
        self.entries, self.held = entries, held


class HookHandle:
    """Removes a hook again: what registering one on a tensor or module returns.

    Also a context manager, at whose end the hook goes.
    """

    def __init__(self, hooks: dict[int, Any], entry: Any, *, prepend: bool = False) -> None:
        self._hooks = hooks
        self._number = NEXT_NUMBER()
        others = dict(hooks)
        if prepend:
            hooks.clear()
        hooks[self._number] = entry
        hooks.update(others)

    def remove(self) -> None:
        """Take the hook off; doing so twice is harmless."""
        self._hooks.pop(self._number, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class Boxed:
    """A raw array with the node that made it; ``Tensor`` is the one concrete class.

    ``Boxed.concrete`` is that class, bound when it is defined, so that the engine below can make
    tensors without importing the file above it. ``Boxed.mutable`` is its subclass whose entries can
    be set, which ``asarray(x, copy=True)`` and the array API's namespace make.
    """

    __slots__ = ("__weakref__", "_data", "_grad", "_node", "_record")

    concrete: ClassVar[type[Boxed]]
    mutable: ClassVar[type[Boxed]]

    _data: Array
    _node: AnyNode | None
    _grad: Any
    _record: tuple[Array | None, tuple[Pass, ...]]
    """Of a gradient: what was there before, and the passes it is the sum of; mostly unset."""

    def __init_subclass__(cls, *, mutable: bool = False) -> None:
        super().__init_subclass__()
        if not hasattr(Boxed, "concrete"):
            Boxed.concrete = cls
        if mutable:
            Boxed.mutable = cls


_new = object.__new__


def box(data: Array, node: AnyNode | None) -> Any:
    """A tensor around a sealed raw array."""
    tensor = _new(Boxed.concrete)
    tensor._data = data
    tensor._node = node
    tensor._grad = None
    return tensor


def mutable_box(data: Array, node: AnyNode | None) -> Any:
    """A tensor whose entries can be set, around a sealed raw array."""
    tensor = _new(Boxed.mutable)
    tensor._data = data
    tensor._node = node
    tensor._grad = None
    return tensor
