"""The one traversal: from outputs back to everything they were computed from.

Gradients are summed in a table while nodes are visited from the newest to the oldest, and leaves
are written at the very end, so a failing pass changes nothing. Iterative: chains of any length
work. Knows nodes and their ``pull``, and no operation; may import ``graph``, ``grad_mode`` and
``backend``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from minitorch_cnn.anomaly import watching
from minitorch_cnn.autocast import autocast
from minitorch_cnn.backend import (
    SEALS,
    SWITCHES,
    backend_of,
    device_of,
    get_backend,
    namespace,
    switch_device,
)
from minitorch_cnn.grad_mode import set_grad_enabled
from minitorch_cnn.graph import (
    FREED,
    RECORDED_ENTRIES,
    RECORDED_NODES,
    RETAIN,
    AnyNode,
    Boxed,
    GraphError,
    Leaf,
    Pass,
    ancestors,
    box,
)


def _leading_to(nodes: Iterable[AnyNode], targets: frozenset[AnyNode]) -> set[AnyNode]:
    """Those of ``nodes`` (oldest first) from which a gradient reaches one of ``targets``."""
    leading: set[AnyNode] = set()
    for node in nodes:
        if node in targets or any(parent in leading for parent in node.parents):
            leading.add(node)
    return leading


def propagate(
    seeds: Sequence[tuple[AnyNode, Any]],
    *,
    targets: frozenset[AnyNode] | None = None,
    stop: frozenset[AnyNode] = frozenset(),
    create_graph: bool = False,
    retain_graph: bool = False,
    memory: Pass | None = None,
) -> dict[AnyNode, Any]:
    """Gradients at ``targets`` (None: at all leaves) for the gradients ``seeds`` at the outputs.

    Values are raw arrays, or tensors under ``create_graph``. Nodes in ``stop`` are not looked
    behind, which makes gradients in them partial derivatives; their hooks, which wait for the whole
    gradient, are not run. ``memory`` is shown all nodes before they give back what they hold.
    """
    nodes = ancestors([node for node, _ in seeds], stop.__contains__ if stop else None)
    if memory is not None:
        memory.hold(nodes)
    wanted: Callable[[AnyNode], bool] | None = None
    if targets is not None:
        leading = _leading_to(nodes, targets)
        wanted = leading.__contains__
        nodes = [node for node in nodes if node in leading]
    table: dict[AnyNode, Any] = {}
    for node, gradient in seeds:
        table[node] = table[node] + gradient if node in table else gradient
    results: dict[AnyNode, Any] = {}
    watch = watching()
    newest, taken = nodes.pop, table.pop
    with set_grad_enabled(create_graph), autocast(enabled=False):
        while nodes:
            node = newest()
            gradient = taken(node, None)
            if gradient is None:
                continue
            if SWITCHES:
                switch_device((gradient._data if isinstance(gradient, Boxed) else gradient,))
            if node.hooks and node not in stop:
                gradient = _run_hooks(node, gradient, create_graph, retain=targets is None)
            if isinstance(node, Leaf):
                results[node] = gradient
                continue
            if targets is not None:
                if node in targets:
                    results[node] = gradient
                if node in stop:
                    continue
            if watch is None:
                node.primitive.pull(node, gradient, table, wanted, create_graph)
            else:
                watch.pull(node, gradient, table, wanted, create_graph)
            if not retain_graph and node.kept:
                node.kept = FREED
    return results


def _run_hooks(node: AnyNode, gradient: Any, create_graph: bool, retain: bool) -> Any:
    hooks = dict(node.hooks or {})
    keep = hooks.pop(RETAIN, None)  # sees the gradient that the others leave
    for hook in [*hooks.values(), *([keep] if retain and keep else [])]:
        shown = gradient if create_graph else box(_sealed(gradient), None)
        answer = hook(shown)
        if answer is None:
            continue
        if not isinstance(answer, Boxed) or answer._data.shape != node.shape:
            raise ValueError(
                f"gradient hook {getattr(hook, '__qualname__', hook)} returned "
                f"{_describe(answer)}; expected None or a Tensor of shape {node.shape}"
            )
        if answer._data.dtype != node.dtype:
            raise TypeError(
                f"gradient hook {getattr(hook, '__qualname__', hook)} returned dtype "
                f"{answer._data.dtype}; expected {node.dtype}: cast it with .to(...)"
            )
        gradient = answer if create_graph else answer._data
    return gradient


def _sealed(array: Any) -> Any:
    return SEALS[type(array)](array)


def _describe(value: Any) -> str:
    if isinstance(value, Boxed):
        return f"a Tensor of shape {value._data.shape}"
    return f"a {type(value).__name__}"


def _ones_like(data: Any) -> Any:
    return _sealed(namespace(data).ones_like(data))


@cache
def _one(backend: str, dtype: Any) -> Any:
    """The gradient with which most backward passes begin: made once, for nobody writes to it."""
    home = get_backend(backend)
    return _sealed(home.xp.ones((), dtype=dtype, device=device_of(home)))


def checked_seed(output: Any, gradient: Any, what: str, noun: str = "gradient") -> Any:
    """The gradient to start from at ``output``, checked; ones for a single element."""
    data = output._data
    owner = "output" if noun == "gradient" else "primal"
    if gradient is None:
        if math.prod(data.shape) != 1:
            raise ValueError(
                f"{what} of a tensor of shape {tuple(data.shape)} needs a gradient of that shape; "
                "reduce it to one number first (.sum() or .mean()), or pass the gradient"
            )
        return box(
            _one(backend_of(data).name, data.dtype) if data.ndim == 0 else _ones_like(data), None
        )
    if not isinstance(gradient, Boxed):
        raise TypeError(
            f"{what}: the {noun} is a {type(gradient).__name__}; expected a Tensor of shape "
            f"{data.shape}: make it with mt.tensor(...)"
        )
    if gradient._data.shape != data.shape:
        raise ValueError(
            f"{what}: the {noun} has shape {gradient._data.shape}; expected {data.shape}, the "
            f"shape of the {owner}"
        )
    if namespace(gradient._data) is not namespace(data) or gradient._data.dtype != data.dtype:
        raise TypeError(
            f"{what}: the {noun} is a {type(gradient._data).__name__} of dtype "
            f"{gradient._data.dtype}; expected the {owner}'s: {type(data).__name__} of "
            f"{data.dtype}. Bring it there with .to(...)"
        )
    return gradient


def _require_node(output: Any, what: str) -> AnyNode:
    if not isinstance(output, Boxed):
        raise TypeError(f"{what}: expected a Tensor, got {_describe(output)}")
    if output._node is None:
        raise GraphError(
            f"{what}: the tensor of shape {output._data.shape} was computed without recording: no "
            "input has requires_grad=True, or it was made under no_grad() or detached"
        )
    return output._node


def backward(output: Any, gradient: Any, *, create_graph: bool, retain_graph: bool | None) -> None:
    """Add the gradient of ``output`` to ``.grad`` of every leaf it was computed from."""
    node = _require_node(output, "backward")
    seed = checked_seed(output, gradient, "backward")
    memory = Pass(node, seed._data)
    results = propagate(
        [(node, seed if create_graph else seed._data)],
        create_graph=create_graph,
        retain_graph=create_graph if retain_graph is None else retain_graph,
        memory=memory,
    )
    owners = []
    for leaf, value in results.items():
        owner = leaf.owner() if isinstance(leaf, Leaf) else None
        if owner is None or owner._node is None:  # gone, or frozen since
            continue
        new = value if create_graph else box(_sealed(value), None)
        if type(new._data) is not type(owner._data) or new._data.dtype != owner._data.dtype:
            raise GraphError(
                f"backward: a tensor of shape {leaf.shape} was moved to another backend or dtype "
                f"({leaf.dtype} then, {owner._data.dtype} now) after this graph was recorded; "
                "compute the result again"
            )
        owners.append((owner, new))
    with set_grad_enabled(create_graph):
        for owner, new in owners:
            before = owner._grad
            owner._grad = new if before is None else before + new
            if memory.held is None:
                continue
            if before is None:
                new._record = (None, (memory,))
            else:
                _remember_sum(owner._grad, before, memory)


def _remember_sum(gradient: Any, before: Any, memory: Pass) -> None:
    """Leave on a gradient the passes that it is the sum of, if they are small together."""
    start, earlier = getattr(before, "_record", (before._data, ()))
    passes = (*earlier, memory)
    entries = sum(past.entries for past in passes)
    nodes = sum(len(past.held or ()) + 1 for past in passes)
    if entries <= RECORDED_ENTRIES and nodes <= RECORDED_NODES:
        gradient._record = (start, passes)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """Gradients of ``outputs`` in ``inputs``; writes to no ``.grad``.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What is differentiated; the gradients of several outputs add up.
    inputs : Tensor or sequence of Tensor
        In what; leaves or results of recorded operations.
    grad_outputs : Tensor or sequence of Tensor or None, optional
        Gradient at each output, of its shape; may be left out for outputs of one element.
    create_graph : bool
        Record the gradients themselves, so that they can be differentiated again.
    retain_graph : bool, optional
        Keep what the graph holds for another pass; ``create_graph`` by default.
    allow_unused : bool
        Give None for an input the outputs do not depend on, instead of an error.

    Returns
    -------
    tuple of Tensor or None
        One gradient for each input, of its shape (a tuple for a single input too, as in PyTorch).

    Raises
    ------
    TypeError, ValueError
        If arguments are no tensors, differ in number or shape, or an input is unused.
    GraphError
        If the graph was freed or never recorded.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> x = mt.tensor(3.0, requires_grad=True)
    >>> (dy,) = mt.grad(x**3, x, create_graph=True)
    >>> dy.item(), mt.grad(dy, x)[0].item()
    (27.0, 18.0)
    """
    outputs = _as_list(outputs)
    targets = _as_list(inputs)
    upstream = [None] * len(outputs) if grad_outputs is None else _as_list(grad_outputs)
    if len(upstream) != len(outputs):
        raise ValueError(
            f"grad: {len(outputs)} outputs but {len(upstream)} grad_outputs; pass one for each "
            "output (None for outputs of one element)"
        )
    seeds = []
    for output, gradient in zip(outputs, upstream, strict=True):
        node = _require_node(output, "grad")
        seed = checked_seed(output, gradient, "grad")
        seeds.append((node, seed if create_graph else seed._data))
    nodes = []
    for position, target in enumerate(targets):
        if not isinstance(target, Boxed) or target._node is None:
            raise ValueError(
                f"grad: input {position} is {_describe(target)} that needs no gradient; make it "
                "with requires_grad=True before computing the outputs"
            )
        nodes.append(target._node)
    results = propagate(
        seeds,
        targets=frozenset(nodes),
        create_graph=create_graph,
        retain_graph=create_graph if retain_graph is None else retain_graph,
    )
    gradients = []
    for position, node in enumerate(nodes):
        value = results.get(node)
        if value is None and not allow_unused:
            raise ValueError(
                f"grad: the outputs do not depend on input {position} (shape {node.shape}); pass "
                "allow_unused=True to get None for it"
            )
        gradients.append(value if value is None or create_graph else box(_sealed(value), None))
    return tuple(gradients)


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        raise TypeError(
            "grad: expected a Tensor or a sequence of them, got a dict; pass list(d.values()), or "
            "use mt.func.grad, which takes nested dicts"
        )
    return [value] if isinstance(value, Boxed) or value is None else list(value)
