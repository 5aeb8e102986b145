"""The gradient of a function, as a function.

May import ``trace`` and ``arguments``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_cnn.creation import ones_like
from minitorch_cnn.func.arguments import (
    Argnums,
    named_after,
    positions_of,
    require_argnums,
    require_callable,
)
from minitorch_cnn.func.trace import Trace
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import is_floating


def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes the gradient of ``f``.

    Parameters
    ----------
    f : callable
        Returns a floating-point Tensor of shape ``()``; with ``has_aux`` a tuple of it and
        anything else. Positional arguments may be trees of tensors (nested tuples, lists, dicts).
    argnums : int or tuple of int
        In which positional arguments to differentiate.
    has_aux : bool
        Whether ``f`` returns ``(output, aux)``.

    Returns
    -------
    callable
        Takes the arguments of ``f``; returns the gradient, nested like the argument (a tuple of
        them if ``argnums`` is one), with ``has_aux`` a tuple ``(gradient, aux)``. Gradients are
        recorded only if something outside needs a gradient: tensors that ``f`` captures, or the
        arguments themselves.

    Raises
    ------
    TypeError, ValueError
        If an argument holds something other than floating-point tensors, ``f`` returns no scalar,
        or ``argnums`` does not fit.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> cubic = lambda x: x**3
    >>> mt.func.grad(cubic)(mt.tensor(2.0)).item()
    12.0
    >>> mt.func.grad(mt.func.grad(cubic))(mt.tensor(2.0)).item()
    12.0
    """
    both = _value_and_grad("grad", f, argnums, has_aux)

    @named_after(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(args, kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that computes ``f`` and its gradient; JAX's name and order of results.

    Parameters
    ----------
    f, argnums, has_aux
        As for :func:`grad`.

    Returns
    -------
    callable
        Takes the arguments of ``f``; returns ``(value, gradient)``, with ``has_aux``
        ``((value, aux), gradient)``.

    Raises
    ------
    TypeError, ValueError
        As :func:`grad`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> value, gradient = mt.func.value_and_grad(lambda x: x**2)(mt.tensor(3.0))
    >>> value.item(), gradient.item()
    (9.0, 6.0)
    """
    both = _value_and_grad("value_and_grad", f, argnums, has_aux)

    @named_after(f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        return both(args, kwargs)

    return value_and_gradient


def _value_and_grad(
    name: str, f: Callable[..., Any], argnums: Argnums, has_aux: bool
) -> Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, Any]]:
    require_callable(f, name)
    require_argnums(argnums, name)

    def both(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        trace = Trace(name, f, args, kwargs, positions_of(name, argnums, len(args)), has_aux)
        output = trace.output
        if not isinstance(output, Boxed):
            raise TypeError(
                f"{name}: the function returned a {type(output).__name__}; expected one Tensor of "
                "shape (). If it returns more, let it return (output, aux) and pass has_aux=True"
            )
        if output._data.shape != () or not is_floating(output._data.dtype):
            raise ValueError(
                f"{name}: the function returned a tensor of shape {tuple(output._data.shape)}, "
                f"{output._data.dtype}; expected a floating-point one of shape (): reduce it with "
                ".sum() or .mean(), or use mt.func.vjp or mt.func.jacobian"
            )
        gradients = trace.pull([ones_like(output)], again=False)
        return (output, trace.aux) if has_aux else output, trace.chosen(gradients, argnums)

    return both
