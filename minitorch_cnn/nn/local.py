"""Locally connected layers: windows as in a convolution, but nothing tied.

Between ``dense.py`` and ``conv.py`` in the derivation; imports nothing from ``conv.py``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.nn import functional, init
from minitorch_cnn.nn.arguments import check_groups
from minitorch_cnn.nn.functional.windows import padding_pairs, per_dimension, positions_of
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter


class LocallyConnected2d(Module):
    """Each output looks at a window of the picture with weights of its own.

    A convolution before its weights are tied: the same windows, but another kernel at every
    position. It is therefore made for one input size.

    Parameters
    ----------
    in_channels, out_channels : int
    input_size : int or (height, width)
        Of the pictures; fixes the number of positions.
    kernel_size, stride, padding, dilation : int or (vertical, horizontal)
        As for :class:`Conv2d`.
    groups : int
    bias : bool
        Whether every output has an offset of its own.
    rng, dtype, backend
        As for :class:`Dense`.

    Attributes
    ----------
    weight : Parameter, shape (rows, columns, out_channels, in_channels / groups, *kernel_size)
    bias : Parameter, shape (out_channels, rows, columns), or None

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.LocallyConnected2d(1, 4, 3, 2)
    >>> layer(mt.ones((1, 1, 3, 3))).shape, layer.weight.size
    ((1, 4, 2, 2), 64)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        name = type(self).__name__
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups = groups
        check_groups(in_channels, out_channels, groups, name)
        self.input_size = per_dimension(input_size, 2, f"{name} input_size", least=1)
        self.kernel_size = per_dimension(kernel_size, 2, f"{name} kernel_size", least=1)
        self.stride = per_dimension(stride, 2, f"{name} stride", least=1)
        self.dilation = per_dimension(dilation, 2, f"{name} dilation", least=1)
        self.padding = (
            padding
            if isinstance(padding, str)
            else per_dimension(padding, 2, f"{name} padding", least=0)
        )
        pairs = padding_pairs(padding, self.kernel_size, self.stride, self.dilation, name)
        self.output_size = positions_of(
            self.input_size, self.kernel_size, self.stride, pairs, self.dilation, name
        )
        links = in_channels // groups * math.prod(self.kernel_size)
        place = {"dtype": dtype, "backend": backend}
        shape = (*self.output_size, out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(init.default_uniform(shape, links, rng), **place)
        offsets = (out_channels, *self.output_size)
        self.bias = Parameter(init.default_uniform(offsets, links, rng), **place) if bias else None

    def forward(self, x: Any) -> Any:
        settings = (self.stride, self.padding, self.dilation, self.groups)
        return functional.locally_connected2d(x, self.weight, self.bias, *settings)

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, input_size={self.input_size}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}"
        )
        text += "" if self.padding == (0, 0) else f", padding={self.padding!r}"
        text += "" if self.dilation == (1, 1) else f", dilation={self.dilation}"
        text += "" if self.groups == 1 else f", groups={self.groups}"
        return text + ("" if self.bias is not None else ", bias=False")
