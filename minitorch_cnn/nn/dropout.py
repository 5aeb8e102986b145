"""Dropout layers.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

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
    rng : numpy.random.Generator, optional
        Where masks come from; the generator of ``mt.seed`` by default.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Dropout(0.5).eval()(mt.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None) -> None:
        self.p = fraction(p, f"{type(self).__name__} p")
        self.rng = rng

    def forward(self, x: Any) -> Any:
        return functional.dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Dropout2d(Dropout):
    """Dropout of whole channels of ``(N, C, height, width)``.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Dropout2d(0.5).eval()(mt.ones((1, 1, 1, 1))).shape
    (1, 1, 1, 1)
    """

    def forward(self, x: Any) -> Any:
        return functional.dropout2d(x, self.p, self.training, rng=self.rng)
