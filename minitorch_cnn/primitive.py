"""How an operation and its gradient are declared: one :class:`Primitive` for each.

A primitive says what it computes on raw arrays, one gradient rule for each input, what the rules
need (``keep``) and how a gradient that grew by broadcasting is brought back (``fit``). Rules are
written in operators and public op names, which take raw arrays and tensors alike: a plain backward
runs them on raw arrays, ``create_graph`` runs the same rules on tensors and so records them.

May import ``graph``, ``grad_mode``, ``anomaly`` and ``backend``; knows no particular operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import MethodType
from typing import Any, Literal, get_args

from minitorch_cnn.anomaly import watching
from minitorch_cnn.backend import NAMESPACES, SEALS, SWITCHES, backend_of, switch_device
from minitorch_cnn.grad_mode import GRAD_ENABLED
from minitorch_cnn.graph import FREED, NEXT_NUMBER, AnyNode, Boxed, GraphError, Node, box

Rule = Callable[..., Any] | None
Keep = Literal["", "inputs", "first", "other", "output"]

PRIMITIVES: dict[str, Primitive] = {}
"""Every declared primitive by name; tests, the op table of the docs and drawings read it."""

PYTHON_SCALARS = frozenset({float, int, bool})
"""Numbers stay Python numbers down to the array operator, so they never change a dtype."""

_grad_enabled = GRAD_ENABLED.get


class Primitive:
    """A differentiable operation on tensors or raw arrays.

    Parameters
    ----------
    name : str
        Unique; shown in errors and drawings.
    compute : callable
        ``compute(*arrays, **params)`` on raw arrays (and Python scalars).
    rules : sequence of callable, or None
        One for each input, ``rule(g, *kept, **params)``; None: not differentiable, so results never
        need a gradient. A single callable serves any number of inputs: ``rule(position, g, ...)``.
    keep : {"", "inputs", "first", "other", "output"}
        What the rules need besides ``g``: nothing; all inputs; the first alone (the rest
        arrive as None); of a product, only the factors whose partner needs a gradient (the rest,
        and what is added to the product, arrive as None); or the result.
    fit : callable, optional
        ``fit(g, shape)`` reduces a gradient to its input's shape. Only broadcasting operations
        have one; for all others a gradient of another shape is an error.
    views : bool
        The result may share memory with an input.
    residual : bool
        ``compute`` returns ``(result, residual)``; the residual, a constant such as an index, is
        handed to the rules as last positional argument.
    unrecorded : callable, optional
        Stands in for ``compute`` where nothing is recorded: it gives the result alone, for less.
    doc : str
        The docstring, for operations that are public themselves.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        rules: Sequence[Rule] | Rule | None = None,
        *,
        keep: Keep = "",
        fit: Callable[[Any, tuple[int, ...]], Any] | None = None,
        views: bool = False,
        residual: bool = False,
        unrecorded: Callable[..., Any] | None = None,
        doc: str = "",
    ) -> None:
        if name in PRIMITIVES:
            raise ValueError(
                f"primitive {name!r} is declared twice; choose another name (to run a notebook "
                f"cell again, first take the old one off: PRIMITIVES.pop({name!r}))"
            )
        if keep not in get_args(Keep):
            raise ValueError(
                f"primitive {name!r}: keep={keep!r} is none of "
                f"{', '.join(map(repr, get_args(Keep)))}"
            )
        self.name = name
        self.compute = compute
        self.rules = tuple(rules) if isinstance(rules, (tuple, list)) else rules
        self.keep = keep
        self.fit = fit
        self.views = views
        self.residual = residual
        self.unrecorded = unrecorded or (self._without_residual if residual else compute)
        self.__name__ = name
        self.__doc__ = doc or None
        self.guards = views or keep in ("inputs", "other")
        PRIMITIVES[name] = self

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __get__(self, instance: Any, owner: type) -> Any:
        """As a class attribute, a primitive is a method of the tensor it is looked up on."""
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **params: Any) -> Any:
        raw = []
        parents: list[AnyNode | None] = []
        boxed = tracked = loose = False
        for argument in args:
            if isinstance(argument, Boxed):
                boxed = True
                node = argument._node
                raw.append(argument._data)
                parents.append(node)
                if node is not None:
                    tracked = True
            else:
                loose = True
                raw.append(argument)
                parents.append(None)
        if not boxed:  # inside a gradient rule of a plain backward: raw arrays, nothing to record
            return self.unrecorded(*raw, **params)
        if loose or SWITCHES or len(set(map(type, raw))) > 1:
            self.check_backends(raw)
        if SWITCHES:
            switch_device(raw)
        recorded = tracked and self.rules is not None and _grad_enabled()
        try:
            out = (self.compute if recorded else self.unrecorded)(*raw, **params)
        except (ValueError, TypeError, IndexError, OverflowError) as error:
            raise self.explained(error, raw) from error
        residual: tuple[Any, ...] = ()
        if recorded and self.residual:
            out, residual = out[0], out[1:]
        out = SEALS[type(out)](out)
        made = None
        if recorded:
            if loose and self.keep and self.keep != "output":
                raw = [owned(x) if a is x else x for x, a in zip(raw, args, strict=True)]
            kept = (*self.kept(raw, parents, out), *residual)
            made = Node(self, tuple(parents), kept, params, NEXT_NUMBER(), out.shape, out.dtype)
        if (watch := watching()) is not None:
            out = watch.result(self.name, raw, params, out, made)
        return box(out, made)

    def _without_residual(self, *raw: Any, **params: Any) -> Any:
        return self.compute(*raw, **params)[0]

    def check_backends(self, raw: Iterable[Any]) -> None:
        """Refuse what is no array, and arrays of different libraries; name each and the mend."""
        arrays = [(i, a) for i, a in enumerate(raw) if type(a) not in PYTHON_SCALARS]
        for position, array in arrays:
            if type(array) not in NAMESPACES:
                raise TypeError(
                    f"{self.name}: argument {position} is a {type(array).__name__}; expected a "
                    "Tensor or a number: make one with mt.tensor(...)"
                )
        homes = (backend_of(a) if SWITCHES else NAMESPACES[type(a)] for _, a in arrays)
        if len({id(home) for home in homes}) > 1:
            where = ", ".join(
                f"argument {position} of shape {array.shape} on {backend_of(array).name!r}"
                for position, array in arrays
            )
            raise TypeError(
                f"{self.name}: arguments live on different backends ({where}); bring them together "
                f"with .to({backend_of(arrays[0][1]).name!r})"
            )

    def explained(self, error: Exception, raw: Iterable[Any]) -> Exception:
        """An array library's error, with the operation and the arguments it met."""
        arguments = ", ".join(
            f"{array.dtype} {tuple(array.shape)}" if hasattr(array, "shape") else repr(array)
            for array in raw
        )
        kind = next((k for k in (TypeError, IndexError) if isinstance(error, k)), ValueError)
        hint = (
            " Shapes broadcast from the right where sizes are equal or 1: mend one with reshape or "
            "expand_dims."
            if self.fit is not None and isinstance(error, ValueError)
            else ""
        )
        return kind(f"{self.name}({arguments}): {error}.{hint}")

    def kept(self, raw: list[Any], parents: list[AnyNode | None], out: Any) -> tuple[Any, ...]:
        """What the rules will need, and no more."""
        if self.keep == "output":
            return (out,)
        if self.keep == "inputs":
            return tuple(raw)
        if self.keep == "first":
            return (raw[0], *(None for _ in raw[1:]))
        if self.keep == "other":
            first, second, *added = parents
            return (
                raw[0] if second is not None else None,
                raw[1] if first is not None else None,
                *(None for _ in added),
            )
        return ()

    def pull(
        self,
        node: Node,
        g: Any,
        table: dict[AnyNode, Any],
        wanted: Callable[[AnyNode], bool] | None,
        create_graph: bool,
    ) -> None:
        """Add the gradients in the node's (wanted) inputs to ``table``; ``g`` is its result's."""
        kept = node.kept
        if kept is FREED:
            raise freed(self.name)
        if create_graph:
            kept = self.rebox(node, kept)
        rules: Any = self.rules
        params, guards = node.params, self.guards
        for position, parent in enumerate(node.parents):
            if parent is None:
                continue
            if guards and parent.overwritten > node.number and self.needs(position, kept):
                raise overwritten(node, position)
            if wanted is not None and not wanted(parent):
                continue
            if callable(rules):
                gradient = rules(position, g, *kept, **params)
            elif params:
                gradient = rules[position](g, *kept, **params)
            else:
                gradient = rules[position](g, *kept)
            data = gradient._data if create_graph else gradient
            if data.shape != parent.shape and self.fit is not None:
                gradient = self.fit(gradient, parent.shape)
                data = gradient._data if create_graph else gradient
            if data.shape != parent.shape or data.dtype != parent.dtype:
                raise self.misfit(position, data, parent)
            before = table.get(parent)
            table[parent] = gradient if before is None else before + gradient

    def needs(self, position: int, kept: tuple[Any, ...]) -> bool:
        """Whether the array of an input was kept (a view of it counts)."""
        return self.keep != "other" or kept[position] is not None

    def rebox(self, node: Node, kept: tuple[Any, ...]) -> tuple[Any, ...]:
        """Kept raw arrays as tensors with their own history, so that rules are recorded."""
        if self.keep == "output":
            return (box(kept[0], node), *kept[1:])
        if not self.keep:
            return kept
        count = len(node.parents)
        boxed = (
            box(array, parent) if type(array) in NAMESPACES else array
            for array, parent in zip(kept[:count], node.parents, strict=True)
        )
        return (*boxed, *kept[count:])

    def misfit(self, position: int, gradient: Any, parent: AnyNode) -> TypeError:
        """The error for a rule that returned another shape or dtype than its input's."""
        return TypeError(
            f"{self.name}: its gradient rule for argument {position} gave shape {gradient.shape}, "
            f"dtype {gradient.dtype}; the argument has shape {parent.shape}, dtype {parent.dtype}. "
            "The rule is wrong: it must return a gradient like its input"
        )


def owned(x: Any) -> Any:
    """A copy of a raw array, to which its owner may write while a graph keeps it."""
    return backend_of(x).asarray(x, copy=True) if hasattr(x, "shape") else x


def freed(name: str) -> GraphError:
    """The error for a second backward pass through a node whose arrays were given back."""
    return GraphError(
        f"{name}: its kept arrays were freed by an earlier backward pass; call the first one with "
        "retain_graph=True, or compute the result again"
    )


def overwritten(node: Node, position: int) -> GraphError:
    """The error for a node whose input was overwritten after it was recorded."""
    parent = node.parents[position]
    shape = () if parent is None else parent.shape
    return GraphError(
        f"{node.primitive.name}: argument {position}, a tensor of shape {shape}, was overwritten "
        "(optimiser step, assign_ or load_state_dict) after this graph was recorded; call backward "
        "before the write, or compute the result again"
    )
