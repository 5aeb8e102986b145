"""Where a gradient comes from: every term that was added up into the gradient of one weight.

From the weight forward, through operations that only put its entries elsewhere (reshape, transpose,
broadcast, ...), to the operations that use it. There, each place of the result that is linked to
the weight gives one term: how the place depends on the weight (its *input*) times the gradient that
arrives there (its *upstream*). Both come from the same rules as the gradient itself: the first from
a rule differentiated in its upstream gradient, in which every rule is linear. May import
``receipt`` and what lies below it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minitorch_cnn import engine
from minitorch_cnn.backend import NAMESPACES, SEALS, backend_of, canonical_dtype, namespace
from minitorch_cnn.grad_mode import enable_grad
from minitorch_cnn.graph import NEXT_NUMBER, AnyNode, Leaf, Node, Pass, ancestors, box
from minitorch_cnn.receipt import GradientReceipt, Term
from minitorch_cnn.tensor import Tensor

CARRIERS = frozenset({"astype", "from_backend", "pad", "roll", "to_backend"})
"""Operations that put entries elsewhere, besides those whose result may be a view."""


def explain_grad(
    parameter: Tensor, index: int | Sequence[int], output: Tensor | None = None
) -> GradientReceipt:
    """The receipt of one weight's gradient: every term that was added up, and the engine's number.

    Without ``output``, what is explained is ``parameter.grad`` as the last ``backward`` left it (or
    several, if they add up). Passes through up to 256 operations that hold up to 1 MiB of float32
    can be looked back at, until ``.grad`` is set to None. With ``output``, its gradient is computed
    on the spot; the graph is kept and no ``.grad`` is written, so call it before
    ``output.backward()``.

    Parameters
    ----------
    parameter : Tensor
        That the gradient is of; any shape.
    index : int or sequence of int
        Which entry of it, one integer for each axis; ``()`` for a 0-d tensor.
    output : Tensor, optional
        The recorded result, of one element, that is differentiated.

    Returns
    -------
    GradientReceipt
        Prints as a table, in notebooks too. ``terms`` holds operation, position, input and
        upstream of each term; ``total`` is their sum and ``gradient`` the engine's number.

    Raises
    ------
    ValueError
        If there is no gradient, if its pass was too large to be remembered, if ``.grad`` was set by
        hand, or if ``output`` does not depend on ``parameter``.
    GraphError
        If the graph of ``output`` was freed or a parameter it needs was overwritten.
    IndexError, TypeError
        If ``index`` is not one entry of ``parameter``; if an argument is no Tensor.

    Notes
    -----
    A weight that is tied over positions has one term for each: its gradient is the sum over its
    links. For products (convolutions, matrix products, ``*``) links whose input happens to be 0 are
    listed too; padding is no link of a convolution. Hooks in the graph run again.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> w = mt.tensor([2.0], requires_grad=True)
    >>> loss = (w * mt.tensor([3.0, 5.0])).sum()
    >>> loss.backward()
    >>> mt.explain_grad(w, 0)
    gradient of weight [0] of (1,)
    operation  position  input  upstream  input * upstream
    multiply   [0]           3         1                 3
    multiply   [1]           5         1                 5
    ------------------------------------------------------
    sum of 2 terms                                       8
    engine                                               8
    difference                                           0
    """
    node = _node_of(parameter)
    place = _place(index, parameter.shape)
    if output is not None:
        terms, gradient = _terms(_pass_to(output, parameter), node, place, 1)
        return GradientReceipt(parameter, place, tuple(terms), gradient)
    before, passes = _remembered(parameter)
    gradient = _entry(parameter.grad.data, place)  # type: ignore[union-attr]
    found: list[Term] = []
    if before is not None and _entry(before, place) != 0:
        found.append(Term("gradient before", 0, place, _entry(before, place), 1.0, 0))
    for number, past in enumerate(passes, 1):
        with _as_it_was(past):
            found += _terms(past, node, place, number)[0]
    return GradientReceipt(parameter, place, tuple(found), gradient)


# --- what is asked -------------------------------------------------------------------------------


def _node_of(parameter: Any) -> AnyNode:
    if not isinstance(parameter, Tensor):
        raise TypeError(f"explain_grad: expected a Tensor, got a {type(parameter).__name__}")
    if parameter._node is None:
        raise ValueError(
            f"explain_grad: the tensor of shape {parameter.shape} needs no gradient; make it with "
            "requires_grad=True before computing the output"
        )
    return parameter._node


def _place(index: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """``index`` as one non-negative integer for each axis."""
    parts = tuple(index) if isinstance(index, (tuple, list)) else (index,)
    numbers = []
    for part in parts:
        if isinstance(part, bool) or not hasattr(part, "__index__"):
            raise TypeError(
                f"explain_grad: index {index!r} holds a {type(part).__name__}; expected one "
                f"integer for each axis of the shape {shape}"
            )
        numbers.append(operator.index(part))
    if len(numbers) != len(shape):
        raise IndexError(
            f"explain_grad: index {index!r} has {len(numbers)} integers; expected {len(shape)}, "
            f"one for each axis of the shape {shape}"
        )
    for axis, (number, size) in enumerate(zip(numbers, shape, strict=True)):
        if not -size <= number < size:
            raise IndexError(
                f"explain_grad: index {number} is out of range for axis {axis} of the shape {shape}"
            )
    return tuple(n % size for n, size in zip(numbers, shape, strict=True))


def _pass_to(output: Any, parameter: Tensor) -> Pass:
    """A pass that starts at ``output``, checked."""
    if not isinstance(output, Tensor):
        raise TypeError(
            f"explain_grad: output is a {type(output).__name__}; expected the Tensor to be "
            "differentiated, such as the loss"
        )
    if output.size != 1:
        raise ValueError(
            f"explain_grad: output has shape {output.shape}; reduce it to one number first (.sum() "
            "or .mean())"
        )
    if output._node is None or parameter._node not in ancestors([output._node]):
        raise ValueError(
            f"explain_grad: output does not depend on the tensor of shape {parameter.shape} "
            "through recorded operations"
        )
    xp = namespace(output._data)
    return Pass(output._node, xp.ones_like(output._data))


def _remembered(parameter: Tensor) -> tuple[Any, tuple[Pass, ...]]:
    """The passes that the gradient of ``parameter`` is the sum of, and what was there before."""
    gradient = parameter.grad
    advice = (
        "pass the output: mt.explain_grad(parameter, index, loss), before loss.backward() or after "
        "loss.backward(retain_graph=True)"
    )
    if gradient is None:
        raise ValueError(
            f"explain_grad: the tensor of shape {parameter.shape} has no .grad; call "
            f"loss.backward() first, or {advice}"
        )
    record = getattr(gradient, "_record", None)
    if record is None:
        raise ValueError(
            "explain_grad: how this .grad came about is not remembered: the backward pass was too "
            f"large for that, or .grad was set by hand (clipped, moved); {advice}"
        )
    if any(parameter._node not in ancestors([past.node]) for past in record[1]):
        raise ValueError(
            "explain_grad: the tensor was moved to another backend or dtype, or tied, after the "
            f"backward pass; compute the loss again and {advice}"
        )
    return record  # type: ignore[no-any-return]


# --- how it came about ---------------------------------------------------------------------------


@contextmanager
def _as_it_was(past: Pass) -> Iterator[None]:
    """Give nodes back what they held, for as long as it takes to look at them.

    What they hold are the arrays of that time, so that a parameter overwritten since (by an
    optimiser's step) is no obstacle.
    """
    held = past.held or []
    now = [(node, node.kept) for node, _ in held]
    leaves = [node for node in ancestors([past.node]) if isinstance(node, Leaf)]
    overwritten = [leaf.overwritten for leaf in leaves]
    for node, kept in held:
        node.kept = kept
    for leaf in leaves:
        leaf.overwritten = 0
    try:
        yield
    finally:
        for node, kept in now:
            node.kept = kept
        for leaf, number in zip(leaves, overwritten, strict=True):
            leaf.overwritten = number


def _terms(
    past: Pass, weight: AnyNode, place: tuple[int, ...], number: int
) -> tuple[list[Term], float]:
    """The terms that one pass added to the gradient of ``weight``, and its whole gradient there."""
    links, carriers = _uses(past, weight)
    targets = frozenset({weight, *carriers, *(node for node, _ in links)})
    upstream = engine.propagate([(past.node, past.seed)], targets=targets, retain_graph=True)
    gradient = _entry(upstream[weight], place)
    if weight is past.node:
        return [Term("output", 0, place, 1.0, gradient, number)], gradient
    carried = {weight: _one_hot(upstream[weight], place)}
    for node in carriers:
        if node in upstream and node.parents[0] in carried:
            image = _response(node, 0, carried[node.parents[0]], upstream[node])
            if image is not None:
                carried[node] = image
    terms: list[Term] = []
    for node, argument in links:
        parent = node.parents[argument]
        if node in upstream and parent in carried:
            terms += _terms_at(node, argument, carried[parent], upstream[node], number)
    if weight.hooks:  # what hooks of the weight itself made of the sum
        products = [term.product for term in terms]
        changed = gradient - sum(products)
        rounding = float(np.finfo(canonical_dtype(weight.dtype)).eps) * sum(map(abs, products))
        if abs(changed) > 64 * rounding:
            terms.append(Term("hooks of the weight", 0, place, 1.0, changed, number))
    return terms, gradient


def _uses(past: Pass, weight: AnyNode) -> tuple[list[tuple[Node, int]], list[Node]]:
    """Which arguments of which operations the weight is, and what carries it there."""
    links: list[tuple[Node, int]] = []
    carriers: dict[AnyNode, None] = {}
    for node in ancestors([past.node]):
        if isinstance(node, Leaf):
            continue
        arguments = [i for i, p in enumerate(node.parents) if p is weight or p in carriers]
        primitive = node.primitive
        if arguments and node.dtype is None:
            raise ValueError(
                "explain_grad: the weight is used inside mt.checkpoint, which dropped the "
                "operations whose terms would be listed; call the function without checkpoint"
            )
        moves = len(node.parents) == 1 and (primitive.views or primitive.name in CARRIERS)
        if arguments and moves and not node.hooks and node is not past.node:
            carriers[node] = None
            continue
        links += [(node, argument) for argument in arguments]
    return links, [node for node in carriers if isinstance(node, Node)]


def _terms_at(node: Node, argument: int, carried: Any, upstream: Any, number: int) -> list[Term]:
    """One term for every place of the result that is linked to the weight."""
    response = _response(node, argument, carried, upstream)
    if response is None:
        return []
    inputs, gradients = _host(response), _host(upstream)
    linked = inputs != 0
    if node.primitive.keep == "other":  # a link whose input is 0 shows if all inputs are 1
        pattern = _response(node, argument, carried, upstream, partner_of_ones=True)
        linked |= _host(pattern) != 0
    places = np.argwhere(linked).tolist()
    values = zip(places, inputs[linked].tolist(), gradients[linked].tolist(), strict=True)
    name = node.primitive.name
    return [Term(name, argument, tuple(place), x, u, number) for place, x, u in values]


def _response(
    node: Node, argument: int, change: Any, upstream: Any, *, partner_of_ones: bool = False
) -> Any:
    """How the result of ``node`` changes if one argument changes by ``change``; None: not at all.

    The rule for the argument is linear in the upstream gradient; the adjoint of that map, which is
    its own derivative, is what is asked for. Each argument has a leaf of its own here, so that one
    tensor passed twice is told apart.
    """
    probe = box(SEALS[type(upstream)](namespace(upstream).ones_like(upstream)), None)
    probe.requires_grad_()
    places = tuple(p if p is None else Leaf(probe, p.shape, p.dtype) for p in node.parents)
    kept = tuple(map(_ones_like, node.kept)) if partner_of_ones else node.kept
    twin = Node(node.primitive, places, kept, node.params, NEXT_NUMBER(), node.shape, node.dtype)
    here = places[argument]
    table: dict[AnyNode, Any] = {}
    with enable_grad():
        node.primitive.pull(twin, probe, table, lambda place: place is here, True)
    rule = table[here]._node  # type: ignore[index]
    if rule is None:
        return None
    return engine.propagate([(rule, change)], targets=frozenset({probe._node})).get(probe._node)


def _ones_like(kept: Any) -> Any:
    if kept is None:
        return None
    return namespace(kept).ones_like(kept) if type(kept) in NAMESPACES else type(kept)(1)


def _one_hot(like: Any, place: tuple[int, ...]) -> Any:
    host = np.zeros(tuple(like.shape))
    host[place] = 1.0
    return namespace(like).astype(backend_of(like).asarray(host, copy=True), like.dtype)


def _host(array: Any) -> np.ndarray[Any, Any]:
    host: np.ndarray[Any, Any] = backend_of(array).to_numpy(array)
    return host


def _entry(array: Any, place: tuple[int, ...]) -> float:
    return float(_host(array)[place])
