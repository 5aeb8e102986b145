"""Products with a Jacobian, from both sides, and with a Hessian; neither is ever made.

May import ``gradients``, ``trace`` and ``arguments``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch_cnn.engine import checked_seed
from minitorch_cnn.func.arguments import require_callable
from minitorch_cnn.func.gradients import grad
from minitorch_cnn.func.trace import Trace
from minitorch_cnn.graph import Boxed
from minitorch_cnn.tree import Structure, flatten_like


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``f(*primals)``, and the function that multiplies its Jacobian from the left.

    Parameters
    ----------
    f : callable
        Returns a tensor or a tree of tensors; with ``has_aux`` a tuple of it and anything else.
    *primals : tree of Tensor
        Where to evaluate it.
    has_aux : bool
        Whether ``f`` returns ``(output, aux)``.

    Returns
    -------
    output : tree of Tensor
    vjp_function : callable
        Takes a gradient nested like ``output`` (one argument, or the entries of a tuple one by one)
        and gives a tuple with the gradient in each of the primals. Can be called any number of
        times. Outputs that are no floating-point tensors, or do not depend on the primals, pass
        nothing on.
    aux
        With ``has_aux`` alone.

    Raises
    ------
    TypeError, ValueError
        If arguments do not fit; messages name the place in the tree.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> output, pull = mt.func.vjp(lambda x, y: x * y, mt.tensor([1.0, 2.0]), mt.tensor([3.0, 4.0]))
    >>> pull(mt.ones(2))
    (tensor([3., 4.]), tensor([1., 2.]))
    """
    require_callable(f, "vjp")
    trace = Trace("vjp", f, primals, {}, range(len(primals)), has_aux)

    def vjp_function(*cotangents: Any) -> Any:
        entries = _checked(
            "vjp",
            cotangents[0] if len(cotangents) == 1 else cotangents,
            "the gradient",
            trace.outputs,
            trace.output_structure,
            "the output",
            "gradient",
        )
        return trace.input_structure.unflatten(trace.pull(entries, again=True))

    return (trace.output, vjp_function, *([trace.aux] if has_aux else []))


def jvp(f: Callable[..., Any], primals: Any, tangents: Any, *, has_aux: bool = False) -> Any:
    """``f(*primals)``, and its derivative along ``tangents``: the Jacobian times them.

    Parameters
    ----------
    f : callable
        As for :func:`vjp`.
    primals : tuple of trees of Tensor
        Where to evaluate it; a single Tensor stands for a tuple of one.
    tangents : tuple of trees of Tensor
        The direction, nested like ``primals``.
    has_aux : bool
        Whether ``f`` returns ``(output, aux)``.

    Returns
    -------
    output, tangent_out : tree of Tensor
        Outputs that are no floating-point tensors, or do not depend on the primals, have the
        tangent 0.
    aux
        With ``has_aux`` alone.

    Raises
    ------
    TypeError, ValueError
        If arguments do not fit; messages name the place in the tree.

    Notes
    -----
    Computed by reverse mode twice: the gradient ``u -> J^T u`` is linear in ``u``, and its own
    gradient along ``v`` is ``J v``. So each gradient rule serves forward mode as well.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> x, v = mt.tensor([1.0, 2.0]), mt.tensor([1.0, 0.0])
    >>> mt.func.jvp(lambda x: x**2, (x,), (v,))
    (tensor([1., 4.]), tensor([2., 0.]))
    """
    require_callable(f, "jvp")
    trace = Trace("jvp", f, _as_tuple("jvp", "primals", primals), {}, _every(primals), has_aux)
    entries = _checked(
        "jvp",
        _as_tuple("jvp", "tangents", tangents),
        "tangents",
        trace.inputs,
        trace.input_structure,
        "primals",
        "tangent",
    )
    tangent_out = trace.output_structure.unflatten(trace.pushforward()(entries))
    return (trace.output, tangent_out, *([trace.aux] if has_aux else []))


def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The Hessian of ``f`` times a vector, without ever making the Hessian.

    Parameters
    ----------
    f : callable
        Returns a floating-point Tensor of shape ``()``.
    primals, tangents
        As for :func:`jvp`.

    Returns
    -------
    tree of Tensor
        Nested like the primal if there is one; otherwise a tuple with one for each.

    Raises
    ------
    TypeError, ValueError
        As :func:`jvp`.

    Notes
    -----
    The derivative of the gradient along ``tangents``, at the cost of a few gradients. Source:
    B. Pearlmutter, "Fast exact multiplication by the Hessian", 1994.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> x, v = mt.tensor([1.0, 2.0]), mt.tensor([1.0, 10.0])
    >>> mt.func.hvp(lambda x: (x**3).sum(), (x,), (v,))
    tensor([  6., 120.])
    """
    every = tuple(_every(primals))
    _, product = jvp(grad(f, every[0] if len(every) == 1 else every), primals, tangents)
    return product


def _checked(
    name: str,
    tree: Any,
    what: str,
    likes: Sequence[Any],
    structure: Structure,
    like: str,
    noun: str,
) -> list[Any]:
    """The entries of a tree that must be nested, shaped and typed like others."""
    entries = flatten_like(structure, tree, f"{name}: {what}", like)
    return [
        checked_seed(y, entry, f"{name}: {like}{path}", noun)
        for y, entry, path in zip(likes, entries, structure.paths(), strict=True)
    ]


def _as_tuple(name: str, what: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, Boxed):
        return (values,)
    if not isinstance(values, (tuple, list)):
        raise TypeError(
            f"{name}: {what} is a {type(values).__name__}; expected a tuple with one entry for "
            f"each argument of the function, such as ({what[:-1]},)"
        )
    return tuple(values)


def _every(primals: Any) -> range:
    return range(len(primals) if isinstance(primals, (tuple, list)) else 1)
