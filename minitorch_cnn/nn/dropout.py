"""Dropout layers.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.arguments import fraction
from minitorch_cnn.nn.module import Module


class Dropout(Module):
    """In training, set entries to 0 with probability ``p`` and scale the others up.

    Parameters
    ----------
    p : float
        From 0 to 1.
    inplace : bool
        Changes nothing: tensors are values.
    rng : numpy.random.Generator, optional
        Where masks come from; the generator of ``mt.seed`` by default.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Dropout(0.5).eval()(mt.ones(2))
    tensor([1., 1.])
    """

    function: ClassVar[Callable[..., Any]] = staticmethod(functional.dropout)

    def __init__(
        self, p: float = 0.5, inplace: bool = False, *, rng: np.random.Generator | None = None
    ) -> None:
        self.p = fraction(p, f"{type(self).__name__} p")
        self.inplace = inplace
        self.rng = rng

    def forward(self, input: Any) -> Any:
        return type(self).function(input, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """Dropout of whole channels of ``(N, C, length)``; see :func:`functional.dropout1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Dropout1d(0.5).eval()(mt.ones((1, 1, 1))).shape
    (1, 1, 1)
    """

    function = staticmethod(functional.dropout1d)


class Dropout2d(Dropout):
    """Dropout of whole channels of ``(N, C, height, width)``; see :func:`functional.dropout2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Dropout2d(0.5).eval()(mt.ones((1, 1, 1, 1))).shape
    (1, 1, 1, 1)
    """

    function = staticmethod(functional.dropout2d)


class Dropout3d(Dropout):
    """Dropout of whole channels of ``(N, C, depth, height, width)``.

    See :func:`functional.dropout3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Dropout3d(0.5).eval()(mt.ones((1, 1, 1, 1, 1))).shape
    (1, 1, 1, 1, 1)
    """

    function = staticmethod(functional.dropout3d)


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for nets of SELUs.

    See :func:`functional.alpha_dropout`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AlphaDropout(0.1).eval()(mt.ones(2))
    tensor([1., 1.])
    """

    function = staticmethod(functional.alpha_dropout)


class FeatureAlphaDropout(Dropout):
    """:class:`AlphaDropout` of whole channels of ``(N, C, *spatial)``.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.FeatureAlphaDropout(0.1).eval()(mt.ones((1, 1, 1))).shape
    (1, 1, 1)
    """

    function = staticmethod(functional.feature_alpha_dropout)
