"""The dense product: every output is linked to every input, with a weight for each link.

``linear`` is a composition like the convolution, and a primitive stands in for it that adds the
bias to the product where that lies. Its rules are matrix products and sums, so that derivatives of
any order stay among those. May import ``linalg``, ``reduce`` and what lies below them.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.composition import composition
from minitorch_cnn.ops.arguments import raw
from minitorch_cnn.ops.linalg import matmul, product
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import matrix_transpose, reshape
from minitorch_cnn.primitive import Primitive


def _product(x: Any, weight: Any, *bias: Any) -> Any:
    out = product(x, weight.T)
    for offset in bias:
        out += offset
    return out


# The gradient in the weight has the weight's own order in memory, which its later readers like.
_linear = Primitive(
    "linear",
    _product,
    (
        lambda g, x, weight, *_: product(g, weight),
        lambda g, x, weight, *_: product(matrix_transpose(g), x),
        lambda g, *_: total(g, axis=0),
    ),
    keep="other",
)


def _flat_linear(x: Any, weight: Any, bias: Any = None) -> Any:
    given = (weight,) if bias is None else (weight, bias)
    shape = raw(x).shape
    if len(shape) == 2:
        return _linear(x, *given)
    flat = _linear(reshape(x, (math.prod(shape[:-1]), shape[-1])), *given)
    return reshape(flat, (*shape[:-1], raw(flat).shape[1]))


@composition(standin=_flat_linear)
def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """Every output is the sum of all inputs, each times the weight of its link, plus an offset.

    Parameters
    ----------
    x : Tensor, shape (..., in_features)
    weight : Tensor, shape (out_features, in_features)
    bias : Tensor, shape (out_features,), optional

    Returns
    -------
    Tensor, shape (..., out_features)
    """
    out = matmul(x, matrix_transpose(weight))
    return out if bias is None else out + bias
