"""Checkpointing: a part of a graph that is computed again in the backward pass, not kept.

The part runs once with recording, which shows what it depends on; then its graph is dropped, and
one node stands for it whose parents are the nodes outside. When a gradient reaches that node, the
function runs again, just as before, and the gradient goes back through the graph it makes. May
import ``engine``, ``replay``, ``tree`` and what lies below them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from typing import Any, NamedTuple

from minitorch_cnn.backend import namespace
from minitorch_cnn.engine import propagate
from minitorch_cnn.grad_mode import is_grad_enabled
from minitorch_cnn.graph import FREED, NEXT_NUMBER, AnyNode, Boxed, GraphError, Node, ancestors, box
from minitorch_cnn.primitive import freed
from minitorch_cnn.replay import Journal
from minitorch_cnn.tree import Structure, flatten, map_tensors


def checkpoint(
    f: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``f(*args, **kwargs)``, recomputed in the backward pass instead of kept in memory.

    Values and gradients are those of ``f``, of any order; what ``f`` computes on its way is freed
    when it returns and computed a second time when a gradient gets there.

    Parameters
    ----------
    f : callable
        A module or a function; may capture parameters and other tensors. Returns tensors in nested
        tuples, lists and dicts, beside anything else.
    *args, **kwargs
        Its arguments.
    use_reentrant : bool, optional
        PyTorch's choice between two ways; here there is one, and it changes nothing.
    preserve_rng_state : bool
        Draw the same random numbers again (dropout drops the same entries), whichever of this
        package's functions draws them and from whichever generator. False saves the copies of
        generator states, for functions that draw nothing.

    Returns
    -------
    object
        What ``f`` returns.

    Raises
    ------
    GraphError
        In the backward pass: if a parameter was overwritten since, the graph was freed, or ``f``
        gives another result when run again.

    Notes
    -----
    The second run starts from what the first one met: modes such as ``compositions()``, random
    states, and tensors that ``f`` overwrites, such as running statistics, which are put back
    afterwards: they are updated once. What else ``f`` reads, such as ``model.training``, must not
    change in between; outputs are compared, so that a change is an error. The outputs share one
    node: to call ``backward`` on several of them one after the other, pass ``retain_graph=True``.

    Source: T. Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([1.0, 2.0], requires_grad=True)
    >>> y = mt.checkpoint(lambda x: mt.exp(mt.sin(x) * 2), x)
    >>> y.sum().backward()
    >>> bool(mt.all(x.grad == mt.func.grad(lambda x: mt.exp(mt.sin(x) * 2).sum())(x)))
    True
    """
    if not callable(f):
        raise TypeError(
            f"checkpoint: expected a function, got a {type(f).__name__}; write checkpoint(f, x), "
            "not checkpoint(f(x))"
        )
    if not is_grad_enabled():
        return f(*args, **kwargs)
    start = NEXT_NUMBER()
    # Copies, since f may overwrite an argument.
    saved = map_tensors(lambda x: box(x._data, x._node), (args, kwargs))
    with Journal() as journal:
        entries, structure = flatten(f(*args, **kwargs))
    inner = {
        position: y._node
        for position, y in enumerate(entries)
        if isinstance(y, Boxed) and isinstance(y._node, Node) and y._node.number > start
    }
    outside = _outside(inner, start)
    if not outside:
        return structure.unflatten(entries)
    context = copy_context()
    outputs = {position: entries[position]._data for position in inner}
    run = _Run(f, saved[0], saved[1], context, journal, preserve_rng_state, structure, outputs)
    segment = Node(_SEGMENT, tuple(outside), run, {}, NEXT_NUMBER(), (), None)
    for position, node in inner.items():
        where = {"position": position}
        stand_in = Node(_OUTPUT, (segment,), (), where, NEXT_NUMBER(), node.shape, node.dtype)
        entries[position] = box(entries[position]._data, stand_in)
    return structure.unflatten(entries)


def _outside(inner: Mapping[int, AnyNode], start: int) -> list[AnyNode]:
    """The nodes older than ``start`` that newer ones were computed from directly."""
    found = ancestors(inner.values(), lambda node: node.number < start)
    return [node for node in found if node.number < start]


class _Run(NamedTuple):
    """One run of a function, and all that is needed to repeat it."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    context: Context
    journal: Journal
    random_state: bool
    structure: Structure
    outputs: dict[int, Any]

    def again(self, outside: frozenset[AnyNode]) -> dict[int, AnyNode]:
        """The nodes of the outputs in a second run, checked against the first."""
        args, kwargs = map_tensors(lambda x: box(x._data, x._node), (self.args, self.kwargs))
        start = NEXT_NUMBER()
        result = self.context.copy().run(
            self.journal.again,
            lambda: self.function(*args, **kwargs),
            random_state=self.random_state,
        )
        entries, structure = flatten(result)
        same = structure == self.structure and all(
            isinstance(entries[i], Boxed)
            and _agree(entries[i]._data, array, values=self.random_state)
            for i, array in self.outputs.items()
        )
        nodes = {i: entries[i]._node for i in self.outputs} if same else {}
        if not same or None in nodes.values() or not outside.issuperset(_outside(nodes, start)):
            raise GraphError(
                "checkpoint: run again for the backward pass, the function gave another result or "
                "used other tensors than the first time; it must do the same each time. Has "
                "model.training or a buffer changed, or does it draw its own random numbers?"
            )
        return nodes


def _agree(array: Any, other: Any, *, values: bool) -> bool:
    """Whether two arrays are alike; in ``values`` but for what the order of sums may change."""
    if array.shape != other.shape or array.dtype != other.dtype or type(array) is not type(other):
        return False
    xp = namespace(array)
    if not values or bool(xp.all(array == other)):
        return True
    allowed = xp.finfo(array.dtype).eps ** 0.5 * xp.max(xp.abs(other))
    return not bool(xp.max(xp.abs(array - other)) > allowed)  # NaN agrees with anything


class _Gradients(dict[int, Any]):
    """Gradients at the outputs of one segment, by position."""

    def __add__(self, other: _Gradients) -> _Gradients:
        return _Gradients({**self, **other})


class _Output:
    """What stands for having made one output of a segment."""

    name, keep, views = "checkpoint", "", False

    def pull(
        self,
        node: Node,
        g: Any,
        table: dict[AnyNode, Any],
        wanted: Callable[[AnyNode], bool] | None,
        create_graph: bool,
    ) -> None:
        segment: Any = node.parents[0]
        gradients = _Gradients({node.params["position"]: g})
        before = table.get(segment)
        table[segment] = gradients if before is None else before + gradients


class _Segment:
    """What stands for a part of a graph that was dropped."""

    name, keep, views = "checkpoint", "", False

    def pull(
        self,
        node: Node,
        g: _Gradients,
        table: dict[AnyNode, Any],
        wanted: Callable[[AnyNode], bool] | None,
        create_graph: bool,
    ) -> None:
        if node.kept is FREED:
            raise freed(self.name)
        outside = [parent for parent in node.parents if parent is not None]
        for parent in outside:
            if parent.overwritten > node.number:
                raise GraphError(
                    f"checkpoint: a tensor of shape {parent.shape} that the function uses was "
                    "overwritten (optimiser step, assign_ or load_state_dict) after it ran; call "
                    "backward before the write, or compute the result again"
                )
        nodes = node.kept.again(frozenset(outside))
        targets = [parent for parent in outside if wanted is None or wanted(parent)]
        # Going on from the sums so far keeps the order of summation, and so every bit.
        so_far = [(parent, table.pop(parent)) for parent in targets if parent in table]
        results = propagate(
            [*so_far, *((nodes[position], gradient) for position, gradient in g.items())],
            targets=frozenset(targets),
            stop=frozenset(outside),
            create_graph=create_graph,
            retain_graph=create_graph,
        )
        table.update(results)


_OUTPUT, _SEGMENT = _Output(), _Segment()
