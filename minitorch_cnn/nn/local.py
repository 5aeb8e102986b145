"""Locally connected layers: every output looks through a window of its own, nothing is tied.

Between ``dense.py`` and ``conv.py`` in the derivation: here is what all layers with sliding windows
share, and the layers that keep the links of a window without tying their weights. Imports nothing
from ``conv.py``; a convolution names the layer that it ties.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.arguments import check_groups
from minitorch_cnn.nn.connectivity import Connectivity
from minitorch_cnn.nn.dense import Linked
from minitorch_cnn.nn.functional.windows import Ints, per_dimension
from minitorch_cnn.nn.window_links import Window
from minitorch_cnn.ops.arguments import raw, require_array
from minitorch_cnn.ops.shape import broadcast_to, reshape
from minitorch_cnn.tensor import Tensor


class SlidingWindow(Linked):
    """What layers share that look at pictures through a window: its settings and its links.

    A layer of this kind keeps the links of the window; whether it also ties their weights over the
    positions is what ``tied_over_positions`` says.
    """

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]
    tied_over_positions: ClassVar[bool]

    def _set_window(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: int,
        padding_mode: str,
    ) -> None:
        name = type(self).__name__
        check_groups(in_channels, out_channels, groups, name)
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
        _ = self.window  # refuses what is impossible here rather than at the first picture

    @property
    def window(self) -> Window:
        """The window that slides."""
        settings = (self.kernel_size, self.stride, self.padding, self.dilation)
        name = type(self).__name__
        return Window.of(*settings, dims=self.dims, name=name, mode=self.padding_mode)

    @property
    def links_of_one_output(self) -> int:
        """Places of the window, over all channels that an output sees."""
        return self.in_channels // self.groups * math.prod(self.kernel_size)

    def forward(self, x: Any) -> Any:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            widths = [n for pair in reversed(self.window.padding) for n in pair]
            x, padding = functional.pad(x, widths, mode=self.padding_mode), 0
        settings = (self.stride, padding, self.dilation, self.groups)
        return type(self).function(x, self.weight, self.bias, *settings)

    def connectivity(self, input_shape: Any = None) -> Connectivity:
        """The links of the window at all positions of pictures ``(in_channels, *sizes)``."""
        sizes = self._sizes(input_shape)
        positions = self.output_shape(input_shape)[1:]
        settings = (self.in_channels, self.out_channels, sizes, self.groups, positions)
        return Connectivity.of_window(self.window, *settings, tied=self.tied_over_positions)

    def count_links(self, input_shape: Any = None) -> int:
        """The number of links, worked out dimension by dimension."""
        sizes = self._sizes(input_shape)
        pairs = self.in_channels // self.groups * self.out_channels
        return pairs * self.window.count_links(sizes)

    def table_shape(self, input_shape: Any = None) -> tuple[int, ...]:
        """Numbers of outputs and inputs, flattened."""
        inputs = self.in_channels * math.prod(self._sizes(input_shape))
        return (math.prod(self.output_shape(input_shape)), inputs)

    def output_shape(self, input_shape: Any = None) -> tuple[int, ...]:
        """``(out_channels, *positions)`` for pictures ``(in_channels, *sizes)``."""
        sizes = self._sizes(input_shape)
        return (self.out_channels, *self.window.positions(sizes, type(self).__name__))

    def _sizes(self, input_shape: Any) -> Ints:
        """Height, width and so on of ``(channels, *sizes)``, checked."""
        return picture_sizes(input_shape, self.in_channels, self.dims, type(self).__name__)

    def _settings(self) -> dict[str, Any]:
        """The arguments that make another layer with this window."""
        names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation")
        settings = {name: getattr(self, name) for name in (*names, "groups", "padding_mode")}
        place = {"dtype": self.weight.dtype, "backend": self.weight.backend}
        return settings | place | {"bias": self.bias is not None}

    def extra_repr(self) -> str:
        ones, zeros = (1,) * self.dims, (0,) * self.dims
        text = f"kernel_size={self.kernel_size}, stride={self.stride}"
        text += "" if self.padding == zeros else f", padding={self.padding!r}"
        text += "" if self.dilation == ones else f", dilation={self.dilation}"
        text += "" if self.groups == 1 else f", groups={self.groups}"
        text += "" if self.bias is not None else ", bias=False"
        mode = "" if self.padding_mode == "zeros" else f", padding_mode={self.padding_mode!r}"
        return text + mode


class _LocallyConnected(SlidingWindow):
    """What locally connected layers of one, two and three dimensions share."""

    tied_over_positions = False
    tied_layer: ClassVar[Any]
    """The convolution that ties this layer; it names itself here (:func:`ties`)."""

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
        padding_mode: str = "zeros",
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        settings = (kernel_size, stride, padding, dilation, groups, padding_mode)
        self._set_window(in_channels, out_channels, *settings)
        name = type(self).__name__
        self.input_size = per_dimension(input_size, self.dims, f"{name} input_size", least=1)
        self.output_size = self.window.positions(self.input_size, name)
        kernel = (out_channels, in_channels // groups, *self.kernel_size)
        offsets = (out_channels, *self.output_size) if bias else None
        place = {"dtype": dtype, "backend": backend}
        shape = (*self.output_size, *kernel)
        self._draw(shape, offsets, self.links_of_one_output, rng, **place)

    def forward(self, x: Any) -> Any:
        shape = tuple(raw(require_array(x, type(self).__name__)).shape)
        if shape[-self.dims - 1 :] != (self.in_channels, *self.input_size):
            raise ValueError(
                f"{type(self).__name__}: an input of shape {shape}; the layer is made for pictures "
                f"of shape {(self.in_channels, *self.input_size)}, with or without a batch axis"
            )
        return super().forward(x)

    def _sizes(self, input_shape: Any) -> Ints:
        if input_shape is not None and super()._sizes(input_shape) != self.input_size:
            raise ValueError(
                f"{type(self).__name__}: an input of shape {tuple(input_shape)}; the layer is made "
                f"for pictures of size {self.input_size}"
            )
        return self.input_size

    def output_bias(self, input_shape: Any = None) -> Tensor | None:
        """The bias of each output, flattened, or None."""
        return None if self.bias is None else self.bias.reshape((-1,))

    def tie(self) -> Any:
        """The convolution nearest to this layer: each weight the mean of those at all positions.

        Returns
        -------
        Conv1d, Conv2d or Conv3d
            A new layer with the same window; of a layer that :meth:`Conv2d.as_local` made, exactly
            the one that it was made from.

        Examples
        --------
        >>> import minitorch_cnn as mt
        >>> conv = mt.nn.Conv2d(1, 4, 2)
        >>> bool((conv.as_local((1, 3, 3)).tie().weight == conv.weight).all())
        True
        """
        conv = type(self).tied_layer(**self._settings(), rng=np.random.default_rng(0))
        return conv.project(self)

    def extra_repr(self) -> str:
        channels = f"{self.in_channels}, {self.out_channels}"
        return f"{channels}, input_size={self.input_size}, {super().extra_repr()}"


class LocallyConnected1d(_LocallyConnected):
    """Windows along one dimension with weights of their own; see :class:`LocallyConnected2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LocallyConnected1d(2, 4, 8, 3)(mt.ones((1, 2, 8))).shape
    (1, 4, 6)
    """

    dims = 1
    function = staticmethod(functional.locally_connected1d)


class LocallyConnected2d(_LocallyConnected):
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
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
    rng, dtype, backend
        As for :class:`Dense`.

    Attributes
    ----------
    weight : Parameter, shape (rows, columns, out_channels, in_channels / groups, *kernel_size)
    bias : Parameter, shape (out_channels, rows, columns), or None

    Raises
    ------
    ValueError
        As :class:`Conv2d`, or if the window does not fit into the picture.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.LocallyConnected2d(1, 4, 3, 2)
    >>> layer(mt.ones((1, 1, 3, 3))).shape, layer.weight.size
    ((1, 4, 2, 2), 64)
    """

    dims = 2
    function = staticmethod(functional.locally_connected2d)


class LocallyConnected3d(_LocallyConnected):
    """Windows in three dimensions with weights of their own; see :class:`LocallyConnected2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LocallyConnected3d(1, 2, 3, 2)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 2, 2, 2, 2)
    """

    dims = 3
    function = staticmethod(functional.locally_connected3d)


def ties(local: type[_LocallyConnected]) -> Callable[[Any], Any]:
    """Class decorator: this convolution is what ``local.tie()`` makes, and ``as_local`` unties."""

    def named(conv: Any) -> Any:
        local.tied_layer, conv.untied_layer = conv, local
        return conv

    return named


def bias_everywhere(bias: Tensor, positions: Ints) -> Tensor:
    """The bias of each channel at all positions, ``(channels, *positions)``."""
    column = reshape(bias, (*bias.shape, *(1,) * len(positions)))
    everywhere: Tensor = broadcast_to(column, (*bias.shape, *positions))
    return everywhere


def picture_sizes(input_shape: Any, channels: int, dims: int, name: str) -> Ints:
    """The spatial sizes of ``(channels, *sizes)``, checked."""
    shape = tuple(input_shape) if isinstance(input_shape, (tuple, list)) else ()
    if len(shape) != dims + 1:
        sizes = ", ".join(("depth", "height", "width")[-dims:] if dims > 1 else ["length"])
        raise ValueError(
            f"{name}: expected input_shape=({channels}, {sizes}), the shape of an input without "
            f"its batch axis, got {input_shape!r}"
        )
    if shape[0] != channels:
        raise ValueError(
            f"{name}: an input of shape {shape} has {shape[0]} channels; expected {channels}"
        )
    return per_dimension(shape[-dims:], dims, f"{name} input_shape", least=1)
