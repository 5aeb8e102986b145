"""Pooling layers: the largest entry or the mean of each window. No parameters.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.module import Module


class _Pool(Module):
    """A pooling function with its settings."""

    function: ClassVar[Callable[..., Any]]

    def __init__(self, **settings: Any) -> None:
        if settings["stride"] is None:
            settings["stride"] = settings["kernel_size"]
        vars(self).update(settings)
        self._settings = settings

    def forward(self, x: Any) -> Any:
        return type(self).function(x, **self._settings)

    def extra_repr(self) -> str:
        return ", ".join(
            f"{name}={value}"
            for name, value in self._settings.items()
            if name in ("kernel_size", "stride", "padding")
        )


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            return_indices=return_indices,
            ceil_mode=ceil_mode,
        )


class MaxPool1d(_MaxPool):
    """Largest entry of each window; see :func:`functional.max_pool1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MaxPool1d(2)(mt.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    function = staticmethod(functional.max_pool1d)


class MaxPool2d(_MaxPool):
    """Largest entry of each window; see :func:`functional.max_pool2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MaxPool2d(2)(mt.ones((1, 1, 4, 6))).shape
    (1, 1, 2, 3)
    """

    function = staticmethod(functional.max_pool2d)


class MaxPool3d(_MaxPool):
    """Largest entry of each window; see :func:`functional.max_pool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MaxPool3d(2)(mt.ones((1, 1, 2, 2, 2))).shape
    (1, 1, 1, 1, 1)
    """

    function = staticmethod(functional.max_pool3d)


class AvgPool1d(_Pool):
    """Mean of each window; see :func:`functional.avg_pool1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AvgPool1d(2)(mt.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    function = staticmethod(functional.avg_pool1d)

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
        )


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            divisor_override=divisor_override,
        )


class AvgPool2d(_AvgPool):
    """Mean of each window; see :func:`functional.avg_pool2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AvgPool2d(2)(mt.ones((1, 1, 4, 6))).shape
    (1, 1, 2, 3)
    """

    function = staticmethod(functional.avg_pool2d)


class AvgPool3d(_AvgPool):
    """Mean of each window; see :func:`functional.avg_pool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AvgPool3d(2)(mt.ones((1, 1, 2, 2, 2))).shape
    (1, 1, 1, 1, 1)
    """

    function = staticmethod(functional.avg_pool3d)
