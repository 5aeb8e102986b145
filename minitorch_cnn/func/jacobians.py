"""All first derivatives of a function, or all second ones, as a function.

May import ``trace`` and ``arguments``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minitorch_cnn.creation import tensor, zeros
from minitorch_cnn.func.arguments import (
    Argnums,
    named_after,
    positions_of,
    require_argnums,
    require_callable,
)
from minitorch_cnn.func.trace import Trace
from minitorch_cnn.ops.arguments import is_floating
from minitorch_cnn.ops.arrange import stack
from minitorch_cnn.ops.shape import reshape


def jacobian(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that computes the Jacobian of ``f``, one backward pass for each output entry.

    Also called ``jacrev``, as in PyTorch. Right for functions with few outputs; with many outputs
    and few inputs use :func:`jacfwd`.

    Parameters
    ----------
    f : callable
        As for :func:`vjp`.
    argnums, has_aux
        As for :func:`grad`.

    Returns
    -------
    callable
        Takes the arguments of ``f``; returns, nested like the output and inside that like the
        argument, tensors of shape ``output.shape + argument.shape``: all partial derivatives of
        each entry of the output. With ``has_aux`` a tuple ``(jacobian, aux)``.

    Raises
    ------
    TypeError, ValueError
        As :func:`grad`; any shape may be returned here.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.func.jacobian(lambda x: x**2)(mt.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    def rows(trace: Trace) -> list[list[Any]]:
        blocks = []
        for k, y in enumerate(trace.outputs):
            pulled = [
                trace.pull(_only(k, basis, len(trace.outputs)), again=True) for basis in _bases(y)
            ]
            blocks.append([_block(y, x, column) for x, column in _columns(trace.inputs, pulled)])
        return blocks

    return _jacobian("jacobian", f, argnums, has_aux, rows)


jacrev = jacobian


def jacfwd(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The same Jacobian as :func:`jacobian`, with one pass for each entry of the arguments.

    Parameters
    ----------
    f, argnums, has_aux
        As for :func:`jacobian`.

    Returns
    -------
    callable
        As of :func:`jacobian`.

    Raises
    ------
    TypeError, ValueError
        As :func:`jacobian`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.func.jacfwd(lambda x: mt.stack([x, x**2]))(mt.tensor(3.0))
    tensor([1., 6.])
    """

    def columns(trace: Trace) -> list[list[Any]]:
        push = trace.pushforward()
        blocks: list[list[Any]] = [[] for _ in trace.outputs]
        for k, x in enumerate(trace.inputs):
            pushed = [push(_only(k, basis, len(trace.inputs))) for basis in _bases(x)]
            for block, (y, column) in zip(blocks, _columns(trace.outputs, pushed), strict=True):
                block.append(_block(y, x, column, axis=-1))
        return blocks

    return _jacobian("jacfwd", f, argnums, has_aux, columns)


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that computes all second derivatives of ``f``.

    The Jacobian of the Jacobian, in reverse mode twice: forward mode costs two passes here.

    Parameters
    ----------
    f, argnums
        As for :func:`jacobian`.

    Returns
    -------
    callable
        Takes the arguments of ``f``; returns, nested like the output, then like the argument, then
        like the argument again, tensors of shape ``output.shape + argument.shape +
        argument.shape``.

    Raises
    ------
    TypeError, ValueError
        As :func:`jacobian`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.func.hessian(lambda x: x[0] ** 2 * x[1])(mt.tensor([3.0, 5.0]))
    tensor([[10.,  6.],
            [ 6.,  0.]])
    """
    require_argnums(argnums, "hessian")
    return jacobian(jacobian(f, argnums), argnums)


def _jacobian(
    name: str,
    f: Callable[..., Any],
    argnums: Argnums,
    has_aux: bool,
    blocks_of: Callable[[Trace], list[list[Any]]],
) -> Callable[..., Any]:
    require_callable(f, name)
    require_argnums(argnums, name)

    @named_after(f)
    def jacobian_function(*args: Any, **kwargs: Any) -> Any:
        trace = Trace(name, f, args, kwargs, positions_of(name, argnums, len(args)), has_aux)
        blocks = [trace.chosen(row, argnums) for row in blocks_of(trace)]
        found = trace.output_structure.unflatten(blocks)
        return (found, trace.aux) if has_aux else found

    return jacobian_function


def _bases(like: Any) -> Iterator[Any]:
    """Tensors like ``like`` with a single 1, at each entry in turn."""
    shape = tuple(like._data.shape)
    for index in np.ndindex(shape):
        host = np.zeros(shape, like.dtype)
        host[index] = 1
        yield tensor(host, backend=like.backend)


def _only(position: int, value: Any, count: int) -> list[Any]:
    return [value if i == position else None for i in range(count)]


def _columns(likes: Sequence[Any], rows: list[list[Any]]) -> Iterator[tuple[Any, list[Any]]]:
    """For each of ``likes``, itself and what every row holds for it."""
    for i, like in enumerate(likes):
        yield like, [row[i] for row in rows]


def _block(y: Any, x: Any, parts: list[Any], axis: int = 0) -> Any:
    """The derivative of ``y`` in ``x`` from its rows or columns."""
    shape = (*y._data.shape, *x._data.shape)
    if not math.prod(shape) or not is_floating(y._data.dtype):
        return zeros(shape, dtype=x.dtype, backend=x.backend)
    return reshape(stack(parts, axis=axis), shape)
