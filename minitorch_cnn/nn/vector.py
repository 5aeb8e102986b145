"""Layers on two vectors: how alike they are, how far apart, and a learned product of both.

May import ``module``, ``functional`` and ``init``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn.nn import functional, init
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter


class CosineSimilarity(Module):
    """Cosine of the angle between vectors; see :func:`functional.cosine_similarity`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.CosineSimilarity()(mt.tensor([[3.0, 4.0]]), mt.tensor([[4.0, 3.0]]))
    tensor([0.96])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        self.dim, self.eps = dim, eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return functional.cosine_similarity(x1, x2, self.dim, self.eps)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, eps={self.eps}"


class PairwiseDistance(Module):
    """The p-norm of the difference of vectors; see :func:`functional.pairwise_distance`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.PairwiseDistance(eps=0.0)(mt.tensor([[3.0, 4.0]]), mt.zeros((1, 2)))
    tensor([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Any, x2: Any) -> Any:
        return functional.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)

    def extra_repr(self) -> str:
        return f"p={self.norm}, eps={self.eps}, keepdim={self.keepdim}"


class Bilinear(Module):
    """``y[k] = x1 @ weight[k] @ x2 + bias[k]``; see :func:`functional.bilinear`.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
        Lengths of both inputs and of the output.
    bias : bool
        Whether outputs have an offset of their own.
    rng : numpy.random.Generator, optional
        Where the initial weights come from; the generator of ``mt.seed`` by default.
    dtype, backend : optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in1_features, in2_features)
        At first uniform over ``±1 / sqrt(in1_features)``, like the bias.
    bias : Parameter, shape (out_features,), or None

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Bilinear(3, 4, 2)(mt.ones((5, 3)), mt.ones((5, 4))).shape
    (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        self.in1_features = count(in1_features, "Bilinear in1_features")
        self.in2_features = count(in2_features, "Bilinear in2_features")
        self.out_features = count(out_features, "Bilinear out_features")
        place = {"dtype": dtype, "backend": backend}
        shape = (self.out_features, self.in1_features, self.in2_features)
        fan = self.in1_features
        self.weight = Parameter(init.default_uniform(shape, fan, rng), **place)
        self.bias = Parameter(init.default_uniform(shape[:1], fan, rng), **place) if bias else None

    def forward(self, input1: Any, input2: Any) -> Any:
        return functional.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
