"""Functions of two vectors: how alike they are, how far apart, and a product of both.

May import ``ops``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.ops.arguments import (
    axis_index,
    raw,
    require_float,
    require_one_backend,
    require_one_dtype,
)
from minitorch_cnn.ops.elementwise import clip
from minitorch_cnn.ops.linalg import matmul
from minitorch_cnn.ops.precision import half, single
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.reduce import vector_norm
from minitorch_cnn.ops.shape import broadcast_to, reshape, squeeze


@single
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """Cosine of the angle between vectors: ``x1 · x2 / (max(|x1|, eps) max(|x2|, eps))``.

    Parameters
    ----------
    x1, x2 : Tensor
        Of shapes that broadcast; the vectors lie along ``dim`` of the broadcast shape.
    dim : int
    eps : float
        Shortest length that is divided by.

    Returns
    -------
    Tensor, the broadcast shape without ``dim``

    Raises
    ------
    ValueError
        If shapes do not broadcast.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.cosine_similarity(mt.tensor([[3.0, 4.0]]), mt.tensor([[4.0, 3.0]]))
    tensor([0.96])
    """
    x1, x2 = _together(x1, x2, "cosine_similarity")
    axis = axis_index(dim, raw(x1).ndim, "cosine_similarity")
    return total(_unit(x1, axis, eps) * _unit(x2, axis, eps), axis=axis)


@single
def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    """The p-norm of ``x1 - x2 + eps`` along the last axis.

    Parameters
    ----------
    x1, x2 : Tensor
        Of shapes that broadcast.
    p : float
        Which norm; infinity gives the largest difference.
    eps : float
        Keeps the gradient finite between equal vectors.
    keepdim : bool
        Keep the last axis, of size 1.

    Returns
    -------
    Tensor, the broadcast shape without (or with 1 for) the last axis

    Raises
    ------
    ValueError
        If shapes do not broadcast.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.pairwise_distance(mt.tensor([[3.0, 4.0]]), mt.zeros((1, 2)), eps=0.0)
    tensor([5.])
    """
    x1, x2 = _together(x1, x2, "pairwise_distance")
    if not raw(x1).ndim:
        raise ValueError(
            "pairwise_distance: two numbers; expected vectors, of at least 1 dimension"
        )
    return vector_norm(x1 - x2 + eps, axis=-1, keepdims=keepdim, ord=p)


@half
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """``y[k] = input1 @ weight[k] @ input2 + bias[k]`` for every pair of vectors.

    Parameters
    ----------
    input1 : Tensor, shape (*, in1_features)
    input2 : Tensor, shape (*, in2_features)
        With the same leading axes.
    weight : Tensor, shape (out_features, in1_features, in2_features)
    bias : Tensor, shape (out_features,), optional

    Returns
    -------
    Tensor, shape (*, out_features)

    Raises
    ------
    ValueError
        If shapes do not fit.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.bilinear(mt.tensor([2.0]), mt.tensor([3.0]), mt.ones((1, 1, 1)))
    tensor([6.])
    """
    require_one_backend("bilinear", input1=input1, input2=input2, weight=weight, bias=bias)
    require_one_dtype("bilinear", input1=input1, input2=input2, weight=weight, bias=bias)
    first, second = (tuple(raw(require_float(x, "bilinear")).shape) for x in (input1, input2))
    shape = tuple(raw(require_float(weight, "bilinear")).shape)
    if len(shape) != 3:
        raise ValueError(
            f"bilinear: weight of shape {shape}; expected (out_features, in1_features, "
            "in2_features)"
        )
    if first[-1:] != shape[1:2] or second[-1:] != shape[2:] or first[:-1] != second[:-1]:
        raise ValueError(
            f"bilinear: inputs of shapes {first} and {second} with a weight of shape {shape}; "
            f"expected (*, {shape[1]}) and (*, {shape[2]}) with equal leading axes"
        )
    if bias is not None and tuple(raw(bias).shape) != shape[:1]:
        raise ValueError(
            f"bilinear: bias of shape {tuple(raw(bias).shape)}; expected {shape[:1]}, one for each "
            "output"
        )
    row = reshape(input1, (*first[:-1], 1, 1, first[-1]))
    column = reshape(input2, (*second[:-1], 1, second[-1], 1))
    y = squeeze(matmul(matmul(row, weight), column), (-2, -1))
    return y if bias is None else y + bias


def _together(x1: Any, x2: Any, name: str) -> tuple[Any, Any]:
    """Both, checked and broadcast to one shape."""
    require_one_backend(name, x1=require_float(x1, name), x2=require_float(x2, name))
    require_one_dtype(name, x1=x1, x2=x2)
    shapes = [tuple(raw(x).shape) for x in (x1, x2)]
    dims = max(map(len, shapes))
    pairs = zip(*((1,) * (dims - len(shape)) + shape for shape in shapes), strict=True)
    sizes = []
    for a, b in pairs:
        if a != b and 1 not in (a, b):
            raise ValueError(
                f"{name}: x1 of shape {shapes[0]} and x2 of shape {shapes[1]} do not broadcast; "
                "from the right, sizes must be equal or 1"
            )
        sizes.append(b if a == 1 else a)
    return broadcast_to(x1, tuple(sizes)), broadcast_to(x2, tuple(sizes))


def _unit(x: Any, axis: int, eps: float) -> Any:
    """Vectors along ``axis`` over their lengths, which count as at least ``eps``."""
    return x / clip(vector_norm(x, axis=axis, keepdims=True), min=eps)
