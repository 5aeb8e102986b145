"""Readable bodies and the kernels that stand in for them.

A layer function is written as a composition of plain operations: its *body*. Where a kernel
computes the same faster, the kernel stands in; ``with mt.compositions():`` runs the bodies instead,
with equal values. Two forms: :func:`composition` puts an equivalent function in place of a body,
and :class:`Fused` is a primitive whose gradient is a kernel too; being no recordable operations,
such a gradient is differentiated further through the body. May import ``engine`` and ``primitive``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from minitorch_cnn import engine
from minitorch_cnn.context_mode import ContextMode
from minitorch_cnn.graph import FREED, AnyNode, Boxed, Node
from minitorch_cnn.primitive import Primitive, freed, overwritten

_Function = TypeVar("_Function", bound=Callable[..., Any])

_RUN_BODIES: ContextVar[bool] = ContextVar("compositions", default=False)
run_bodies = _RUN_BODIES.get
"""Whether bodies run here instead of the kernels that stand in for them."""


class compositions(ContextMode):
    """Run every layer function through its readable body instead of a kernel.

    Context manager and decorator.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> x, w = mt.ones((1, 1, 3, 3)), mt.ones((1, 1, 2, 2))
    >>> with mt.compositions():
    ...     print(F.conv2d(x, w))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """

    def __init__(self) -> None:
        super().__init__(_RUN_BODIES, True)


def composition(standin: Callable[..., Any]) -> Callable[[_Function], _Function]:
    """Decorate a body with the function that stands in for it (same arguments, equal values)."""

    def decorate(body: _Function) -> _Function:
        @functools.wraps(body)
        def chosen(*args: Any, **kwargs: Any) -> Any:
            return body(*args, **kwargs) if run_bodies() else standin(*args, **kwargs)

        return chosen  # type: ignore[return-value]

    return decorate


class Fused(Primitive):
    """A primitive with a kernel for its gradient and a body for everything beyond.

    Parameters
    ----------
    name : str
    compute : callable
        The forward kernel, as for :class:`Primitive`; may return a residual for ``backward``.
    backward : callable
        ``backward(g, *inputs, *residual, **params)``: the gradients in all inputs, raw arrays.
    body : callable
        ``body(*tensors, **params)``: the same value as a composition of recorded operations.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        backward: Callable[..., tuple[Any, ...]],
        body: Callable[..., Any],
        *,
        residual: bool = False,
    ) -> None:
        super().__init__(name, compute, (), keep="inputs", residual=residual)
        self.backward = backward
        self.body = body

    def __call__(self, *args: Any, **params: Any) -> Any:
        if run_bodies():
            return self.body(*args, **params)
        return super().__call__(*args, **params)

    def pull(
        self,
        node: Node,
        g: Any,
        table: dict[AnyNode, Any],
        wanted: Callable[[AnyNode], bool] | None,
        create_graph: bool,
    ) -> None:
        kept = node.kept
        if kept is FREED:
            raise freed(self.name)
        for position, parent in enumerate(node.parents):
            if parent is not None and parent.overwritten > node.number:
                raise overwritten(node, position)
        needed = [p is not None and (wanted is None or wanted(p)) for p in node.parents]
        if create_graph:
            inputs = self.rebox(node, kept)[: len(node.parents)]
            gradients = self.through_body(inputs, g, needed, node.params)
        else:
            gradients = list(self.backward(g, *kept, **node.params))
        for position, parent in enumerate(node.parents):
            if parent is None or not needed[position]:
                continue
            gradient = gradients[position]
            data = gradient._data if create_graph else gradient
            if data.shape != parent.shape or data.dtype != parent.dtype:
                raise self.misfit(position, data, parent)
            before = table.get(parent)
            table[parent] = gradient if before is None else before + gradient

    def through_body(
        self, inputs: tuple[Any, ...], g: Any, needed: list[bool], params: dict[str, Any]
    ) -> list[Any]:
        """Recorded gradients, by differentiating the body at the same inputs."""
        # Aliases make each argument a place of its own, also where one tensor is passed twice.
        aliases = [alias(x) if isinstance(x, Boxed) else x for x in inputs]
        places = [a._node if n else None for a, n in zip(aliases, needed, strict=True)]
        targets = frozenset(place for place in places if place is not None)
        out = self.body(*aliases, **params)
        results = engine.propagate(
            [(out._node, g)], targets=targets, stop=targets, create_graph=True, retain_graph=True
        )
        return [None if place is None else results[place] for place in places]


alias = Primitive("alias", lambda x: x, (lambda g: g,), views=True)
