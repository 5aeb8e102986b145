"""Square matrices and their parts: inverse, solution, determinant, Cholesky factor, norms, powers.

Four primitives lean on the array library's ``linalg``; their rules are made of products and of
themselves, so they differentiate to any order. The others are compositions. May import ``linalg``,
``indexing`` and what lies below them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from minitorch_cnn.backend import kernel, namespace
from minitorch_cnn.ops.arguments import axis_index, constant, raw, require_array, require_float
from minitorch_cnn.ops.arrange import roll
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.indexing import tril
from minitorch_cnn.ops.linalg import matmul
from minitorch_cnn.ops.reduce import max as largest
from minitorch_cnn.ops.reduce import min as smallest
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.reduce import vector_norm
from minitorch_cnn.ops.shape import (
    broadcast_to,
    expand_dims,
    matrix_transpose,
    promote,
    reshape,
    sum_to,
)
from minitorch_cnn.primitive import Primitive


def _kernel(name: str, failure: str) -> Callable[..., Any]:
    """The kernel ``name``, with its failure in our words."""

    def compute(*args: Any) -> Any:
        try:
            return kernel(name, args[0])(*args)
        except ValueError:
            raise ValueError(failure) from None

    return compute


def _square(x: Any, name: str) -> Any:
    """``x`` itself if it is a stack of square matrices of floating-point numbers."""
    shape = tuple(raw(require_float(x, name)).shape)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ValueError(f"{name}: expected square matrices, shape (..., n, n), got {shape}")
    return x


def _integer(value: Any, what: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be an integer, got {value!r}") from None


_SINGULAR = (
    "a matrix is singular, so it has no inverse, nor has its determinant a gradient; add a little "
    "to its diagonal, or check where it comes from"
)

_inv: Primitive = Primitive(
    "inv",
    _kernel("inv", _SINGULAR),
    (lambda g, y: -(matrix_transpose(y) @ g @ matrix_transpose(y)),),
    keep="output",
)

_solve: Primitive = Primitive(
    "solve",
    _kernel("solve", _SINGULAR),
    (
        lambda g, a, b: -(_solve(matrix_transpose(a), g) @ matrix_transpose(_solve(a, b))),
        lambda g, a, b: _solve(matrix_transpose(a), g),
    ),
    keep="inputs",
    fit=sum_to,
)

_det: Primitive = Primitive(
    "det",
    lambda x: namespace(x).linalg.det(x),
    (lambda g, x: _each(g * _det(x)) * matrix_transpose(_inv(x)),),
    keep="inputs",
)

_logabsdet = Primitive(
    "logabsdet",
    lambda x: namespace(x).linalg.slogdet(x)[1],
    (lambda g, x: _each(g) * matrix_transpose(_inv(x)),),
    keep="inputs",
)


def _each(x: Any) -> Any:
    """One number for each matrix, to multiply it with."""
    return x[..., None, None]


def _cholesky_rule(g: Any, y: Any) -> Any:
    # I. Murray, "Differentiation of the Cholesky decomposition", 2016, equation 10.
    inverse = _inv(y)
    inner = tril(matrix_transpose(y) @ g)
    inner = (inner + tril(inner, k=-1)) * 0.5
    outer_ = matrix_transpose(inverse) @ inner @ inverse
    return (outer_ + matrix_transpose(outer_)) * 0.5


_cholesky = Primitive(
    "cholesky",
    _kernel("cholesky", "a matrix is not positive definite"),
    (_cholesky_rule,),
    keep="output",
)


def inv(x: Any) -> Any:
    """The inverse of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., n, n)

    Raises
    ------
    ValueError
        If a matrix is singular or not square.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.inv(mt.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    return _inv(_square(x, "inv"))


def solve(x1: Any, x2: Any) -> Any:
    """The ``x`` for which ``x1 @ x`` is ``x2``.

    Parameters
    ----------
    x1 : Tensor, shape (..., n, n)
    x2 : Tensor, shape (n,) or (..., n, k)
        Leading axes broadcast.

    Raises
    ------
    ValueError
        If a matrix is singular or not square, or the sizes differ.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.solve(mt.tensor([[2.0, 0.0], [0.0, 4.0]]), mt.tensor([2.0, 2.0]))
    tensor([1. , 0.5])
    """
    x1, x2 = promote(_square(x1, "solve"), require_float(x2, "solve"))
    shapes = tuple(raw(x1).shape), tuple(raw(x2).shape)
    vector = len(shapes[1]) == 1
    if not shapes[1] or shapes[1][-1 if vector else -2] != shapes[0][-1]:
        raise ValueError(
            f"solve: matrices of shape {shapes[0]} and right sides of shape {shapes[1]}; expected "
            "(..., n, n) and (n,) or (..., n, k)"
        )
    if vector:
        return _solve(x1, expand_dims(x2, 1))[..., 0]
    return _solve(x1, x2)


def det(x: Any) -> Any:
    """The determinant of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., n, n)
        Singular matrices have determinant 0, but no gradient: asking for it is a ValueError.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.det(mt.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(8.)
    """
    return _det(_square(x, "det"))


class SlogdetResult(NamedTuple):
    """What :func:`minitorch_cnn.linalg.slogdet` gives."""

    sign: Any
    logabsdet: Any


def slogdet(x: Any) -> SlogdetResult:
    """Sign and logarithm of the size of each determinant, which neither over- nor underflow.

    Parameters
    ----------
    x : Tensor, shape (..., n, n)

    >>> import minitorch_cnn as mt
    >>> sign, logabsdet = mt.linalg.slogdet(1e-20 * mt.eye(4))
    >>> sign, logabsdet
    (tensor(1.), tensor(-184.2068))
    """
    data = raw(_square(x, "slogdet"))
    sign = namespace(data).linalg.slogdet(data)[0]
    return SlogdetResult(constant(sign, x), _logabsdet(x))


def cholesky(x: Any, upper: bool = False) -> Any:
    """The lower triangular ``y`` with a positive diagonal for which ``y @ y.mT`` is ``x``.

    Parameters
    ----------
    x : Tensor, shape (..., n, n)
        Symmetric and positive definite. The upper triangle is not looked at; the gradient is
        symmetric, as if both were changed together.
    upper : bool
        Give the upper triangular ``y.mT``.

    Raises
    ------
    ValueError
        If a matrix is not positive definite or not square.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.cholesky(mt.tensor([[4.0, 2.0], [2.0, 2.0]]))
    tensor([[2., 0.],
            [1., 1.]])
    """
    lower = _cholesky(_square(x, "cholesky"))
    return matrix_transpose(lower) if upper else lower


def diagonal(x: Any, offset: int = 0) -> Any:
    """Diagonal ``offset`` of the last two axes, above (positive) or below the main one.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.diagonal(mt.tensor([[1, 2], [3, 4]]))
    tensor([1, 4], dtype=int64)
    """
    shape = tuple(raw(require_array(x, "diagonal")).shape)
    if len(shape) < 2:
        raise ValueError(f"diagonal: expected at least 2 dimensions, got {len(shape)}")
    rows, columns = shape[-2:]
    offset = _integer(offset, "diagonal: offset")
    first = offset if offset >= 0 else -offset * columns
    count = min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)
    flat = reshape(x, (*shape[:-2], rows * columns))
    return flat[..., first : first + max(count, 0) * (columns + 1) : columns + 1]


def trace(x: Any, offset: int = 0, dtype: Any = None) -> Any:
    """Sum of diagonal ``offset`` of the last two axes; ``dtype`` as for :func:`minitorch_cnn.sum`.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.trace(mt.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    return total(diagonal(require_array(x, "trace"), offset), axis=-1, dtype=dtype)


def outer(x1: Any, x2: Any) -> Any:
    """All products of entries of two vectors, shape (n, m).

    >>> import minitorch_cnn as mt
    >>> mt.linalg.outer(mt.tensor([1.0, 2.0]), mt.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    for x in (x1, x2):
        if raw(require_array(x, "outer")).ndim != 1:
            raise ValueError(f"outer: expected vectors, got a shape of {tuple(raw(x).shape)}")
    return expand_dims(x1, 1) * x2


def cross(x1: Any, x2: Any, axis: int = -1) -> Any:
    """The cross product of vectors of three entries along ``axis``; other axes broadcast.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.cross(mt.tensor([1.0, 0.0, 0.0]), mt.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    for x in (x1, x2):
        shape = tuple(raw(require_array(x, "cross")).shape)
        if shape[axis_index(axis, len(shape), "cross")] != 3:
            raise ValueError(f"cross: expected 3 entries along axis {axis}, got shape {shape}")
    turned = x1 * roll(x2, -1, axis=axis) - roll(x1, -1, axis=axis) * x2
    return roll(turned, -1, axis=axis)


def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    """A norm of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., n, m)
    keepdims : bool
    ord : {"fro", 1, -1, inf, -inf}
        The root of the sum of squares; the largest or smallest sum of sizes along a column (1, -1)
        or along a row (inf, -inf). Norms of singular values are not offered.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.matrix_norm(mt.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(5.)
    """
    ndim = raw(require_float(x, "matrix_norm")).ndim
    if ndim < 2:
        raise ValueError(f"matrix_norm: expected at least 2 dimensions, got {ndim}")
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"matrix_norm: ord {ord!r}; expected 'fro', 1, -1, inf or -inf")
    along, across = (-2, -1) if ord in (1, -1) else (-1, -2)
    sums = total(absolute(x), axis=along, keepdims=True)
    norm = (largest if ord > 0 else smallest)(sums, axis=across, keepdims=True)
    return norm if keepdims else reshape(norm, tuple(raw(x).shape[:-2]))


def matrix_power(x: Any, n: int) -> Any:
    """Each matrix multiplied ``n`` times with itself; the inverse for negative ``n``.

    >>> import minitorch_cnn as mt
    >>> mt.linalg.matrix_power(mt.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    data = raw(_square(x, "matrix_power"))
    power = _integer(n, "matrix_power: n")
    if power < 0:
        return matrix_power(inv(x), -power)
    if power == 0:
        one = namespace(data).eye(data.shape[-1], dtype=data.dtype, device=data.device)
        return broadcast_to(constant(one, x), tuple(data.shape))
    if power == 1:
        return x
    half = matrix_power(x, power // 2)
    squared = matmul(half, half)
    return matmul(squared, x) if power % 2 else squared
