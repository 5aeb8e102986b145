"""Pooling layers: the largest entry or the mean of each window. No parameters.

The mean is linear, a table of links with fixed weights. May import ``dense`` and what it stands on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minitorch_cnn.creation import asarray
from minitorch_cnn.nn import functional
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.connectivity import Connectivity
from minitorch_cnn.nn.dense import Linked
from minitorch_cnn.nn.functional.pooling import average_window
from minitorch_cnn.nn.functional.power_pooling import check_norm_type
from minitorch_cnn.nn.functional.windows import Ints, per_dimension
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.window_links import Window
from minitorch_cnn.tensor import Tensor


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


class _Average(_Pool, Linked):
    """Means of windows: the links of each channel, with weights that nobody learns."""

    bias = None
    default_dtype = "float32"

    def connectivity(self, input_shape: Any = None) -> Connectivity:
        """The links of the windows of pictures ``(channels, *sizes)``, within each channel.

        All share one weight, 1 / (entries of a window), but for windows at the border that are
        divided by fewer.
        """
        channels, sizes, window, divisors = self._windows(input_shape)
        links = window.links(channels, channels, sizes, groups=channels)
        _, which = np.unique(divisors, return_inverse=True)
        numbers = which.reshape(-1)[links.positions]
        shape = (channels * divisors.size, channels * math.prod(sizes))
        return Connectivity(links.outputs, links.inputs, numbers, shape)

    def count_links(self, input_shape: Any = None) -> int:
        """The number of links, worked out dimension by dimension."""
        channels, sizes, window, _ = self._windows(input_shape)
        return channels * window.count_links(sizes)

    def theta(self, input_shape: Any = None) -> Tensor:
        """What entries are multiplied by, as the table numbers it; float64."""
        *_, divisors = self._windows(input_shape)
        factors: Tensor = asarray(1 / np.unique(divisors))
        return factors

    def _windows(self, input_shape: Any) -> tuple[int, Ints, Window, np.ndarray[Any, Any]]:
        """Channels and sizes of the picture, the window, and its divisor at each position."""
        name = type(self).__name__
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) != self.dims + 1:
            raise ValueError(
                f"{name}: expected the shape of an input without its batch, (channels, {self.dims} "
                f"sizes), got {input_shape!r}"
            )
        channels = count(input_shape[0], f"{name} channels")
        sizes = per_dimension(tuple(input_shape[1:]), self.dims, f"{name} input_shape", least=1)
        names = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
        settings = {key: getattr(self, key) for key in names}
        override = getattr(self, "divisor_override", None)
        kernel, stride, padding, divisors = average_window(
            sizes, **settings, divisor_override=override, name=name
        )
        return channels, sizes, Window(kernel, stride, padding, (1,) * self.dims), divisors


class AvgPool1d(_Average):
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


class _AvgPool(_Average):
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
