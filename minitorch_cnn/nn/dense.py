"""The dense layer: every output is linked to every input, each link with its own weight.

The first chapter of the derivation; ``local.py`` keeps some of the links, ``conv.py`` ties their
weights. May import ``module``, ``functional`` and ``init``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn.nn import functional, init
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter


class Dense(Module):
    """``y = x @ weight.T + bias``, the layer in which everything is linked to everything.

    Parameters
    ----------
    in_features, out_features : int
        Numbers of inputs and outputs: ``in_features * out_features`` links and as many weights.
    bias : bool
        Whether outputs have an offset of their own.
    rng : numpy.random.Generator, optional
        Where the initial weights come from; the generator of ``mt.seed`` by default.
    dtype, backend : optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
        At first uniform over ``±1 / sqrt(in_features)``.
    bias : Parameter, shape (out_features,), or None

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.Dense(9, 16)
    >>> layer(mt.ones((2, 9))).shape
    (2, 16)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        in_features = count(in_features, "Dense in_features", least=0)
        out_features = count(out_features, "Dense out_features", least=0)
        self.in_features, self.out_features = in_features, out_features
        place = {"dtype": dtype, "backend": backend}
        shape = (out_features, in_features)
        self.weight = Parameter(init.default_uniform(shape, in_features, rng), **place)
        self.bias = (
            Parameter(init.default_uniform((out_features,), in_features, rng), **place)
            if bias
            else None
        )

    def forward(self, x: Any) -> Any:
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_features}, {self.out_features}{bias}"


Linear = Dense
"""PyTorch's name for :class:`Dense`; the same class."""
