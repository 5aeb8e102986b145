"""One call of a function with recording, from fresh inputs to its outputs: what transforms share.

A :class:`Trace` answers with products of the function's Jacobian, from the left (``pull``) and from
the right (``pushforward``). It writes to no ``.grad``, and its answers are recorded only where
somebody outside can ask for their gradient. May import ``composition``, ``creation``, ``tree`` and
what lies below them, and ``arguments``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minitorch_cnn.backend import SEALS
from minitorch_cnn.composition import alias
from minitorch_cnn.creation import zeros_like
from minitorch_cnn.engine import propagate
from minitorch_cnn.func.arguments import Argnums
from minitorch_cnn.grad_mode import enable_grad, is_grad_enabled
from minitorch_cnn.graph import AnyNode, Boxed, Leaf, ancestors, box
from minitorch_cnn.ops.arguments import is_floating
from minitorch_cnn.tree import flatten, map_tensors, require_tensors

Entries = Sequence[Any]


class Place(Leaf):
    """A fresh input of a trace; once its owner is gone nobody can ask for its gradient."""

    __slots__ = ()


class Trace:
    """``f`` called once on fresh stand-ins of the arguments it is differentiated in.

    Parameters
    ----------
    name : str
        The transform, for messages.
    f : callable
    args, kwargs
        Its arguments.
    positions : sequence of int
        Those of ``args`` in which to differentiate: trees of floating-point tensors.
    has_aux : bool
        Whether ``f`` returns ``(output, aux)``.
    """

    def __init__(
        self,
        name: str,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        positions: Sequence[int],
        has_aux: bool,
    ) -> None:
        self.name = name
        self.inputs, self.input_structure = flatten(tuple(args[i] for i in positions))
        for i, child in zip(positions, self.input_structure.children, strict=True):
            require_tensors(flatten(args[i])[0], child, f"{name}: argument {i}")
            _require_floating(flatten(args[i])[0], child.paths(f"{name}: argument {i}"))
        recording = is_grad_enabled()
        with enable_grad():
            places = [_fresh(x, recording) for x in self.inputs]
            self.places: list[AnyNode] = [x._node for x, _ in places]
            filled = list(args)
            trees = self.input_structure.unflatten([x for x, _ in places])
            for i, tree in zip(positions, trees, strict=True):
                filled[i] = tree
            result = f(*filled, **kwargs)
        output, aux = _split(name, result) if has_aux else (result, None)
        self.outputs, self.output_structure = flatten(output)
        require_tensors(self.outputs, self.output_structure, f"{name}: the output of the function")
        self.nodes: list[AnyNode | None] = [y._node for y in self.outputs]
        outer = (parent for place in self.places for parent in place.parents)
        self.outer = frozenset(parent for parent in outer if parent is not None)
        made = [*self.outputs, *(x for x in flatten(aux)[0] if isinstance(x, Boxed))]
        self.open = recording and self.reaches_outside(made)
        if not self.open:
            self.outputs = [box(y._data, None) for y in self.outputs]
            aux = map_tensors(lambda x: box(x._data, None), aux)
        self.aux = aux

    @property
    def output(self) -> Any:
        """What the function returned, with history only where it leads outside."""
        return self.output_structure.unflatten(self.outputs)

    def chosen(self, entries: Entries, argnums: Argnums) -> Any:
        """One entry for each input, nested like the arguments that ``argnums`` names."""
        trees = self.input_structure.unflatten(entries)
        return trees if isinstance(argnums, Sequence) else trees[0]

    def reaches_outside(self, tensors: Iterable[Any]) -> bool:
        """Whether tensors depend on leaves other than this trace's that are still there."""
        roots = [x._node for x in tensors if x._node is not None]
        own = frozenset(self.places)
        return any(
            node in self.outer
            or (isinstance(node, Place) and node not in own and node.owner() is not None)
            or (isinstance(node, Leaf) and not isinstance(node, Place))
            for node in ancestors(roots, self.outer.__contains__)
        )

    def records(self, tensors: Iterable[Any]) -> bool:
        """Whether what is computed here from ``tensors`` can be asked for a gradient later."""
        return is_grad_enabled() and (self.open or self.reaches_outside(tensors))

    def pull(self, cotangents: Entries, *, again: bool) -> list[Any]:
        """The gradients in all inputs for a gradient (or None) at each output.

        Without ``again`` the graph is given back on the way.
        """
        given = [(n, c) for n, c in zip(self.nodes, cotangents, strict=True) if n and c is not None]
        record = self.records(c for _, c in given)
        results = propagate(
            [(node, c if record else c._data) for node, c in given],
            targets=frozenset(self.places),
            stop=self.outer,
            create_graph=record,
            retain_graph=record or again,
        )
        return _found(results, self.places, self.inputs, record)

    def pushforward(self) -> Callable[[Entries], list[Any]]:
        """The function that takes a tangent (or None) for each input to one for each output.

        The gradient in the inputs is linear in the gradient ``u`` at the outputs; its own gradient
        in ``u`` is the Jacobian from the other side. So forward mode is reverse mode twice, through
        the same rules. Source: J. Townsend, "A new trick for calculating Jacobian vector products",
        2017.
        """
        zeros = [box(zeros_like(y)._data, None) for y in self.outputs]
        upstream = [
            (box(z._data, Place(z, z.shape, z._data.dtype)) if node else None)
            for node, z in zip(self.nodes, zeros, strict=True)
        ]
        pulled = propagate(
            [(node, u) for node, u in zip(self.nodes, upstream, strict=True) if node],
            targets=frozenset(self.places),
            stop=self.outer,
            create_graph=True,
            retain_graph=True,
        )
        linear = [pulled.get(place) for place in self.places]
        places = [None if u is None else u._node for u in upstream]

        def push(tangents: Entries) -> list[Any]:
            given = [
                (g._node, t)
                for g, t in zip(linear, tangents, strict=True)
                if t is not None and g is not None and g._node is not None
            ]
            record = self.records(t for _, t in given)
            results = propagate(
                [(node, t if record else t._data) for node, t in given],
                targets=frozenset(place for place in places if place is not None),
                stop=self.outer | frozenset(self.places),
                create_graph=record,
                retain_graph=True,
            )
            return _found(results, places, self.outputs, record)

        return push


def _fresh(x: Any, recording: bool) -> tuple[Any, Any]:
    """A stand-in for ``x`` with a node of its own, and the owner that keeps its place open.

    The owner lives as long as the function runs; later, a trace of something that uses this one
    knows by it that the place needs no history.
    """
    if recording and x._node is not None:
        return alias(x), None
    owner = box(x._data, None)
    return box(x._data, Place(owner, tuple(x._data.shape), x._data.dtype)), owner


def _found(
    results: dict[AnyNode, Any], places: Sequence[AnyNode | None], like: Entries, record: bool
) -> list[Any]:
    """The result at each place as a tensor; zeros where there is none."""
    values = [None if place is None else results.get(place) for place in places]
    return [
        zeros_like(x)
        if value is None
        else value
        if record
        else box(SEALS[type(value)](value), None)
        for value, x in zip(values, like, strict=True)
    ]


def _require_floating(entries: Entries, paths: Sequence[str]) -> None:
    for x, path in zip(entries, paths, strict=True):
        if not is_floating(x._data.dtype):
            raise TypeError(
                f"{path} has dtype {x.dtype}; only floating-point tensors are differentiated. Cast "
                "it with .to(mt.float32), or leave it out: choose others with argnums, or let the "
                "function capture it"
            )


def _split(name: str, result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(
            f"{name}: with has_aux=True the function must return a tuple (output, aux); it "
            f"returned a {type(result).__name__}"
        )
    return result
