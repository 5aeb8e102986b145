"""Curved activations: exponential units, sigmoids, and products with a gate.

May import ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.ops import analytic
from minitorch_cnn.ops.analytic import erf, exp, expm1, log1p, logaddexp
from minitorch_cnn.ops.arguments import axis_index, raw, require_float
from minitorch_cnn.ops.arrange import split
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.precision import single

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
"""The constants of :func:`selu`."""


def _at_most(x: Any, limit: float) -> Any:
    """``x`` where it is at most ``limit``: keeps a branch that is not chosen from overflowing."""
    return where(x > limit, limit, x)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``x`` for positive entries, ``alpha * (exp(x) - 1)`` for the others.

    Parameters
    ----------
    input : Tensor, any shape
    alpha : float
        Minus the limit far below 0, and the slope at 0.
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: D. Clevert et al., "Fast and Accurate Deep Network Learning by ELUs", 2016.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.elu(mt.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    input = require_float(input, "elu")
    return where(input > 0, input, alpha * expm1(_at_most(input, 0.0)))


def selu(input: Any, inplace: bool = False) -> Any:
    """``scale * elu(x, alpha)`` with the constants that keep mean 0 and variance 1.

    ``scale`` is 1.0507009873554805 and ``alpha`` 1.6732632423543772.

    Parameters
    ----------
    input : Tensor, any shape
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: G. Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.selu(mt.tensor([0.0, 1.0]))
    tensor([0.      , 1.0507])
    """
    return SELU_SCALE * elu(require_float(input, "selu"), SELU_ALPHA)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``x`` for positive entries, ``alpha * (exp(x / alpha) - 1)`` for the others.

    Unlike :func:`elu` it has slope 1 at 0 for every ``alpha``.

    Parameters
    ----------
    input : Tensor, any shape
    alpha : float
        Not 0.
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``alpha`` is 0.

    Notes
    -----
    Source: J. Barron, "Continuously Differentiable Exponential Linear Units", 2017.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.celu(mt.tensor([-1.0, 2.0]), alpha=0.5)
    tensor([-0.4323,  2.    ])
    """
    input = require_float(input, "celu")
    if alpha == 0:
        raise ValueError("celu: alpha is divided by and must not be 0")
    return where(input > 0, input, alpha * expm1(_at_most(input, 0.0) / alpha))


def gelu(input: Any, approximate: str = "none") -> Any:
    """``x`` times the normal distribution function at ``x``.

    Parameters
    ----------
    input : Tensor, any shape
    approximate : {"none", "tanh"}
        ``"tanh"`` takes ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``approximate`` is neither.

    Notes
    -----
    Source: D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units", 2016.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.gelu(mt.tensor([0.0, 1.0]))
    tensor([0.        , 0.8413])
    """
    input = require_float(input, "gelu")
    if approximate == "none":
        return input * (0.5 * (1 + erf(input * math.sqrt(0.5))))
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input * input * input)
        return 0.5 * input * (1 + analytic.tanh(inner))
    raise ValueError(f"gelu: approximate={approximate!r} is neither 'none' nor 'tanh'")


def sigmoid(input: Any) -> Any:
    """``1 / (1 + exp(-x))``, safe for entries of any size.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, shape of ``input``

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.sigmoid(mt.tensor([0.0, -1000.0]))
    tensor([0.5, 0. ])
    """
    return analytic.sigmoid(input)


def tanh(input: Any) -> Any:
    """Hyperbolic tangent, ``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, shape of ``input``

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.tanh(mt.tensor([0.0, 1.0]))
    tensor([0.       , 0.7616])
    """
    return analytic.tanh(input)


def silu(input: Any, inplace: bool = False) -> Any:
    """``x * sigmoid(x)``, also called swish.

    Parameters
    ----------
    input : Tensor, any shape
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: S. Elfwing et al., "Sigmoid-Weighted Linear Units", 2017.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.silu(mt.tensor([0.0, 1.0]))
    tensor([0.      , 0.7311])
    """
    return require_float(input, "silu") * sigmoid(input)


@single
def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """``log(1 + exp(beta * x)) / beta``; ``x`` itself where ``beta * x`` exceeds ``threshold``.

    Parameters
    ----------
    input : Tensor, any shape
    beta : float
        Not 0.
    threshold : float
        From where on the curve counts as a straight line.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``beta`` is 0.

    Notes
    -----
    Source: C. Dugas et al., "Incorporating Second-Order Functional Knowledge", 2001.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softplus(mt.tensor([0.0, 100.0]))
    tensor([  0.6931, 100.       ])
    """
    if beta == 0:
        raise ValueError("softplus: beta is divided by and must not be 0")
    scaled = require_float(input, "softplus") * beta
    smooth = log1p(exp(_at_most(scaled, threshold))) / beta
    return where(scaled > threshold, input, smooth)


@single
def logsigmoid(input: Any) -> Any:
    """``log(sigmoid(x))``, safe for entries of any size.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, shape of ``input``

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.logsigmoid(mt.tensor([0.0, -100.0]))
    tensor([  -0.6931, -100.       ])
    """
    return -logaddexp(-require_float(input, "logsigmoid"), 0.0)


def mish(input: Any, inplace: bool = False) -> Any:
    """``x * tanh(softplus(x))``.

    Parameters
    ----------
    input : Tensor, any shape
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.mish(mt.tensor([0.0, 1.0]))
    tensor([0.       , 0.8651])
    """
    return require_float(input, "mish") * tanh(softplus(input))


def softsign(input: Any) -> Any:
    """``x / (1 + |x|)``; the slope at 0 is 1.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, shape of ``input``

    Notes
    -----
    Source: J. Turian et al., "Quadratic Features and Deep Architectures for Chunking", 2009.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.softsign(mt.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.5,  0. ,  0.5])
    """
    return require_float(input, "softsign") / (1 + absolute(input))


def tanhshrink(input: Any) -> Any:
    """``x - tanh(x)``.

    Parameters
    ----------
    input : Tensor, any shape

    Returns
    -------
    Tensor, shape of ``input``

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.tanhshrink(mt.tensor([0.0, 2.0]))
    tensor([0.      , 1.0360])
    """
    return require_float(input, "tanhshrink") - tanh(input)


def glu(input: Any, dim: int = -1) -> Any:
    """``a * sigmoid(b)``, where ``a`` and ``b`` are the two halves of the input along ``dim``.

    Parameters
    ----------
    input : Tensor, any shape
        Of an even size along ``dim``.
    dim : int

    Returns
    -------
    Tensor
        Shape of ``input``, half as long along ``dim``.

    Raises
    ------
    ValueError
        If the size along ``dim`` is odd.

    Notes
    -----
    Source: Y. Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2017.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.glu(mt.tensor([4.0, 0.0]))
    tensor([2.])
    """
    shape = tuple(raw(require_float(input, "glu")).shape)
    axis = axis_index(dim, len(shape), "glu")
    half, odd = divmod(shape[axis], 2)
    if odd:
        raise ValueError(
            f"glu: an input of shape {shape} has the odd size {shape[axis]} along dim {dim}; it is "
            "cut into halves and must be even there"
        )
    content, gate = split(input, [half, half], axis)
    return content * sigmoid(gate)
