"""Adaptive pooling layers: the size of the output is given. No parameters.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.functional.adaptive_pooling import bins_per_dimension
from minitorch_cnn.nn.module import Module


class _AdaptivePool(Module):
    """An adaptive pooling function with the size of its output."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def __init__(self, output_size: Any) -> None:
        bins_per_dimension(output_size, (1,) * self.dims, type(self).__name__)  # refused early
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        return type(self).function(x, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveMaxPool(_AdaptivePool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, x: Any) -> Any:
        return type(self).function(x, self.output_size, self.return_indices)


class AdaptiveAvgPool1d(_AdaptivePool):
    """Mean of each bin; see :func:`functional.adaptive_avg_pool1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AdaptiveAvgPool1d(4)(mt.ones((2, 3, 7))).shape
    (2, 3, 4)
    """

    dims = 1
    function = staticmethod(functional.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptivePool):
    """Mean of each bin; see :func:`functional.adaptive_avg_pool2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AdaptiveAvgPool2d((4, None))(mt.ones((2, 3, 7, 5))).shape
    (2, 3, 4, 5)
    """

    dims = 2
    function = staticmethod(functional.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptivePool):
    """Mean of each bin; see :func:`functional.adaptive_avg_pool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AdaptiveAvgPool3d((4, None, 1))(mt.ones((2, 3, 7, 5, 4))).shape
    (2, 3, 4, 5, 1)
    """

    dims = 3
    function = staticmethod(functional.adaptive_avg_pool3d)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Largest entry of each bin; see :func:`functional.adaptive_max_pool1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AdaptiveMaxPool1d(4)(mt.ones((2, 3, 7))).shape
    (2, 3, 4)
    """

    dims = 1
    function = staticmethod(functional.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Largest entry of each bin; see :func:`functional.adaptive_max_pool2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AdaptiveMaxPool2d((4, None))(mt.ones((2, 3, 7, 5))).shape
    (2, 3, 4, 5)
    """

    dims = 2
    function = staticmethod(functional.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Largest entry of each bin; see :func:`functional.adaptive_max_pool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AdaptiveMaxPool3d((4, None, 1))(mt.ones((2, 3, 7, 5, 4))).shape
    (2, 3, 4, 5, 1)
    """

    dims = 3
    function = staticmethod(functional.adaptive_max_pool3d)
