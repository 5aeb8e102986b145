"""Pooling layers: the largest entry or the mean of each window. No parameters.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.functional.power_pooling import check_norm_type
from minitorch_cnn.nn.functional.windows import per_dimension
from minitorch_cnn.nn.module import Module


class _Pool(Module):
    """A pooling function with its settings."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]
    shown: ClassVar[tuple[str, ...]] = ("kernel_size", "stride", "padding")
    kernel_size: Any
    stride: Any

    def __init__(self, **settings: Any) -> None:
        if settings["stride"] is None:
            settings["stride"] = settings["kernel_size"]
        for name, least in (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            if name in settings:  # refused here rather than at the first picture
                what = f"{type(self).__name__} {name}"
                per_dimension(settings[name], self.dims, what, least=least)
        self._names = tuple(settings)
        vars(self).update(settings)

    def forward(self, x: Any) -> Any:
        return type(self).function(x, **{name: getattr(self, name) for name in self._names})

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


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

    dims = 1
    function = staticmethod(functional.max_pool1d)


class MaxPool2d(_MaxPool):
    """Largest entry of each window; see :func:`functional.max_pool2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MaxPool2d(2)(mt.ones((1, 1, 4, 6))).shape
    (1, 1, 2, 3)
    """

    dims = 2
    function = staticmethod(functional.max_pool2d)


class MaxPool3d(_MaxPool):
    """Largest entry of each window; see :func:`functional.max_pool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.MaxPool3d(2)(mt.ones((1, 1, 2, 2, 2))).shape
    (1, 1, 1, 1, 1)
    """

    dims = 3
    function = staticmethod(functional.max_pool3d)


class AvgPool1d(_Pool):
    """Mean of each window; see :func:`functional.avg_pool1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AvgPool1d(2)(mt.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    dims = 1
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

    dims = 2
    function = staticmethod(functional.avg_pool2d)


class AvgPool3d(_AvgPool):
    """Mean of each window; see :func:`functional.avg_pool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.AvgPool3d(2)(mt.ones((1, 1, 2, 2, 2))).shape
    (1, 1, 1, 1, 1)
    """

    dims = 3
    function = staticmethod(functional.avg_pool3d)


class _LPPool(_Pool):
    shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__(
            norm_type=check_norm_type(norm_type, type(self).__name__),
            kernel_size=kernel_size,
            stride=stride,
            ceil_mode=ceil_mode,
        )


class LPPool1d(_LPPool):
    """Root of the sum of powers of each window; see :func:`functional.lp_pool1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LPPool1d(2, 2)(mt.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    dims = 1
    function = staticmethod(functional.lp_pool1d)


class LPPool2d(_LPPool):
    """Root of the sum of powers of each window; see :func:`functional.lp_pool2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LPPool2d(2, 2)(mt.ones((1, 1, 4, 6))).shape
    (1, 1, 2, 3)
    """

    dims = 2
    function = staticmethod(functional.lp_pool2d)


class LPPool3d(_LPPool):
    """Root of the sum of powers of each window; see :func:`functional.lp_pool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LPPool3d(2, 2)(mt.ones((1, 1, 2, 2, 2))).shape
    (1, 1, 1, 1, 1)
    """

    dims = 3
    function = staticmethod(functional.lp_pool3d)
