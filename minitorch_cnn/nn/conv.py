"""Convolutional layers: a locally connected layer whose weights are tied over all positions.

The end of the derivation ``dense.py`` -> ``local.py`` -> ``conv.py``. May import those before it,
``functional`` and ``init``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minitorch_cnn.nn import functional, init
from minitorch_cnn.nn.arguments import check_groups
from minitorch_cnn.nn.functional.windows import padding_pairs, per_dimension
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What convolutions of one, two and three dimensions share."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        name = type(self).__name__
        check_groups(in_channels, out_channels, groups, name)
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"{name}: padding_mode {padding_mode!r} is none of "
                f"{', '.join(map(repr, PADDING_MODES))}"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = per_dimension(kernel_size, self.dims, f"{name} kernel_size", least=1)
        self.stride = per_dimension(stride, self.dims, f"{name} stride", least=1)
        self.dilation = per_dimension(dilation, self.dims, f"{name} dilation", least=1)
        self.padding = (
            padding
            if isinstance(padding, str)
            else per_dimension(padding, self.dims, f"{name} padding", least=0)
        )
        self.groups = groups
        self.padding_mode = padding_mode
        # Refuses impossible paddings here rather than at the first picture.
        padding_pairs(self.padding, self.kernel_size, self.stride, self.dilation, name)
        links = in_channels // groups * math.prod(self.kernel_size)
        place = {"dtype": dtype, "backend": backend}
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(init.default_uniform(shape, links, rng), **place)
        self.bias = (
            Parameter(init.default_uniform((out_channels,), links, rng), **place) if bias else None
        )

    def forward(self, x: Any) -> Any:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            name = type(self).__name__
            pairs = padding_pairs(padding, self.kernel_size, self.stride, self.dilation, name)
            widths = [n for pair in reversed(pairs) for n in pair]
            x, padding = functional.pad(x, widths, mode=self.padding_mode), 0
        settings = (self.stride, padding, self.dilation, self.groups)
        return type(self).function(x, self.weight, self.bias, *settings)

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        ones, zeros = (1,) * self.dims, (0,) * self.dims
        text += "" if self.padding == zeros else f", padding={self.padding!r}"
        text += "" if self.dilation == ones else f", dilation={self.dilation}"
        text += "" if self.groups == 1 else f", groups={self.groups}"
        text += "" if self.bias is not None else ", bias=False"
        return text + (
            "" if self.padding_mode == "zeros" else f", padding_mode={self.padding_mode!r}"
        )


class Conv1d(_Convolution):
    """Convolution over one spatial dimension; see :class:`Conv2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Conv1d(2, 4, 3)(mt.ones((1, 2, 8))).shape
    (1, 4, 6)
    """

    dims = 1
    function = staticmethod(functional.conv1d)


class Conv2d(_Convolution):
    """One kernel slides over the picture: local links, weights tied over all positions.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (vertical, horizontal)
    padding : int, (vertical, horizontal), "valid" or "same"
    groups : int
        Channels are cut into so many groups that do not see each other.
    bias : bool
        Whether every output channel has an offset.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        With what the picture is padded.
    rng, dtype, backend
        As for :class:`Dense`.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, *kernel_size)
        At first uniform over ``±1 / sqrt(links of one output)``.
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    ValueError
        If groups do not divide the channels, sizes are not positive, or ``"same"`` meets a stride.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Conv2d(1, 4, 2)(mt.ones((1, 1, 3, 3))).shape
    (1, 4, 2, 2)
    """

    dims = 2
    function = staticmethod(functional.conv2d)


class Conv3d(_Convolution):
    """Convolution over three spatial dimensions; see :class:`Conv2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Conv3d(1, 2, 2)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 2, 2, 2, 2)
    """

    dims = 3
    function = staticmethod(functional.conv3d)
