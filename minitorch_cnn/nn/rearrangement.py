"""Layers that move entries: windows to columns and back, pixels and channels shuffled.

No parameters. May import ``module`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.functional.windows import per_dimension
from minitorch_cnn.nn.module import Module


class Unfold(Module):
    """The windows of pictures as columns; see :func:`functional.unfold`.

    Parameters
    ----------
    kernel_size, dilation, padding, stride : int or (vertical, horizontal)

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Unfold(2)(mt.ones((1, 3, 4, 5))).shape
    (1, 12, 12)
    """

    def __init__(
        self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride
        _check_window(self)

    def forward(self, x: Any) -> Any:
        settings = (self.kernel_size, self.dilation, self.padding, self.stride)
        return functional.unfold(x, *settings)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Columns added up into pictures, the adjoint of :class:`Unfold`; see :func:`functional.fold`.

    Parameters
    ----------
    output_size : int or (height, width)
        Of the pictures.
    kernel_size, dilation, padding, stride : int or (vertical, horizontal)

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Fold((4, 5), 2)(mt.ones((1, 12, 12))).shape
    (1, 3, 4, 5)
    """

    def __init__(
        self,
        output_size: Any,
        kernel_size: Any,
        dilation: Any = 1,
        padding: Any = 0,
        stride: Any = 1,
    ) -> None:
        self.output_size = output_size
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride
        per_dimension(output_size, 2, "Fold output_size", least=1)
        _check_window(self)

    def forward(self, x: Any) -> Any:
        settings = (self.kernel_size, self.dilation, self.padding, self.stride)
        return functional.fold(x, self.output_size, *settings)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )


def _check_window(layer: Unfold | Fold) -> None:
    """Refuse window settings here rather than at the first picture."""
    for name, least in (("kernel_size", 1), ("dilation", 1), ("padding", 0), ("stride", 1)):
        per_dimension(getattr(layer, name), 2, f"{type(layer).__name__} {name}", least=least)


class PixelShuffle(Module):
    """Blocks of channels become blocks of pixels; see :func:`functional.pixel_shuffle`.

    Parameters
    ----------
    upscale_factor : int

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.PixelShuffle(3)(mt.ones((1, 9, 4, 4))).shape
    (1, 1, 12, 12)
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = count(upscale_factor, "PixelShuffle upscale_factor")

    def forward(self, x: Any) -> Any:
        return functional.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Blocks of pixels become blocks of channels; see :func:`functional.pixel_unshuffle`.

    Parameters
    ----------
    downscale_factor : int

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.PixelUnshuffle(3)(mt.ones((1, 1, 12, 12))).shape
    (1, 9, 4, 4)
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = count(downscale_factor, "PixelUnshuffle downscale_factor")

    def forward(self, x: Any) -> Any:
        return functional.pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Channels dealt out over the groups; see :func:`functional.channel_shuffle`.

    Parameters
    ----------
    groups : int

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ChannelShuffle(2)(mt.reshape(mt.arange(4), (1, 4, 1, 1))).tolist()
    [[[[0]], [[2]], [[1]], [[3]]]]
    """

    def __init__(self, groups: int) -> None:
        self.groups = count(groups, "ChannelShuffle groups")

    def forward(self, x: Any) -> Any:
        return functional.channel_shuffle(x, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
