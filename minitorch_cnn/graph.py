"""Nodes and edges of the recorded graph: what is kept of a computation, no mathematics.

A tensor is a box (:class:`Boxed`) around a raw array and, if gradients are wanted, the node that
made it. Nodes hold raw arrays and their parent nodes, never the tensor they made: there are no
reference cycles, so memory goes with the last tensor. Imports nothing of the house.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar, Protocol
from weakref import ref

Array = Any
NEXT_NUMBER = itertools.count(1).__next__
"""Creation numbers: a node's is larger than those of all nodes it was computed from."""

FREED: Any = object()
"""Stands in ``Node.kept`` once a backward pass has given its arrays back."""


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


class HookHandle:
    """Removes a hook again: what ``Tensor.register_hook`` returns; also a context manager."""

    def __init__(self, node: AnyNode, hook: Hook) -> None:
        if node.hooks is None:
            node.hooks = {}
        self._hooks = node.hooks
        self._number = NEXT_NUMBER()
        node.hooks[self._number] = hook

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
    tensors without importing the file above it.
    """

    __slots__ = ("__weakref__", "_data", "_grad", "_node")

    concrete: ClassVar[type[Boxed]]

    _data: Array
    _node: AnyNode | None
    _grad: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not hasattr(Boxed, "concrete"):
            Boxed.concrete = cls


_new = object.__new__


def box(data: Array, node: AnyNode | None) -> Any:
    """A tensor around a sealed raw array."""
    tensor = _new(Boxed.concrete)
    tensor._data = data
    tensor._node = node
    tensor._grad = None
    return tensor
