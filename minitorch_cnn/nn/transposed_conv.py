"""Transposed convolutional layers: the links of a convolution, from its outputs to its inputs.

May import ``local`` and what it stands on.
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
from minitorch_cnn.nn.functional.transposed_convolution import (
    least_sizes,
    require_positive_sizes,
    require_small_output_padding,
)
from minitorch_cnn.nn.functional.windows import Ints, batched_shape, per_dimension
from minitorch_cnn.nn.local import bias_everywhere, picture_sizes
from minitorch_cnn.nn.window_links import Window
from minitorch_cnn.ops.arguments import raw, require_array
from minitorch_cnn.tensor import Tensor


class _TransposedConvolution(Linked):
    """What transposed convolutions of one, two and three dimensions share."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        name = type(self).__name__
        check_groups(in_channels, out_channels, groups, name)
        if padding_mode != "zeros":
            raise ValueError(
                f"{name}: padding_mode {padding_mode!r} has no transpose; only 'zeros' is known"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = per_dimension(kernel_size, self.dims, f"{name} kernel_size", least=1)
        self.stride = per_dimension(stride, self.dims, f"{name} stride", least=1)
        self.padding = per_dimension(padding, self.dims, f"{name} padding", least=0)
        self.dilation = per_dimension(dilation, self.dims, f"{name} dilation", least=1)
        self.output_padding = per_dimension(
            output_padding, self.dims, f"{name} output_padding", least=0
        )
        # Refused here rather than at the first picture.
        require_small_output_padding(self.output_padding, self.stride, self.dilation, name)
        self.groups = groups
        self.padding_mode = padding_mode
        # As PyTorch counts them: along the links of the convolution that this is the transpose of.
        links = out_channels // groups * math.prod(self.kernel_size)
        shape = (in_channels, out_channels // groups, *self.kernel_size)
        offsets = (out_channels,) if bias else None
        self._draw(shape, offsets, links, rng, dtype=dtype, backend=backend)

    def forward(self, x: Any, output_size: Any = None) -> Any:
        """The transposed convolution of ``x``; ``output_size`` replaces ``output_padding``.

        Parameters
        ----------
        x : Tensor, shape (N, in_channels, *positions) or (in_channels, *positions)
        output_size : int or sequence of int, optional
            Spatial sizes of the result (those of batch and channels before them are passed over).

        Raises
        ------
        ValueError
            If no ``output_padding`` gives this size; the message names those that are possible.
        """
        extra = self.output_padding if output_size is None else self._missing(x, output_size)
        settings = (self.stride, self.padding, extra, self.groups, self.dilation)
        return type(self).function(x, self.weight, self.bias, *settings)

    def _missing(self, x: Any, output_size: Any) -> Ints:
        """The ``output_padding`` that makes a result of ``output_size``."""
        name = type(self).__name__
        shape = tuple(raw(require_array(x, name)).shape)
        batched_shape(shape, self.dims, name)
        if isinstance(output_size, (tuple, list)) and len(output_size) == len(shape):
            output_size = output_size[-self.dims :]
        wanted = per_dimension(output_size, self.dims, f"{name} output_size", least=1)
        positions = shape[-self.dims :]
        window = (self.kernel_size, self.stride, self.padding, self.dilation)
        least = least_sizes(positions, *window)
        most = tuple(n + s - 1 for n, s in zip(least, self.stride, strict=True))
        if not all(a <= n <= b for a, n, b in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"{name}: output_size {wanted} is out of reach; from an input of {positions} the "
                f"possible sizes are {least} to {most}"
            )
        return tuple(n - a for n, a in zip(wanted, least, strict=True))

    def connectivity(self, input_shape: Any = None) -> Connectivity:
        """The table of a convolution, turned, for inputs ``(in_channels, *positions)``.

        Of the convolution from this layer's outputs to its inputs, that is: every link runs the
        other way, with the same weight.
        """
        positions, sizes = self._positions_and_sizes(input_shape)
        channels = (self.out_channels, self.in_channels)
        turned = Connectivity.of_window(
            self._window(), *channels, sizes, self.groups, positions, tied=True
        )
        return turned.transpose()

    def count_links(self, input_shape: Any = None) -> int:
        """The number of links, worked out dimension by dimension."""
        positions, sizes = self._positions_and_sizes(input_shape)
        pairs = self.in_channels // self.groups * self.out_channels
        return pairs * self._window().count_links(sizes, positions)

    def output_bias(self, input_shape: Any = None) -> Tensor | None:
        """The bias of each output, flattened: that of its channel everywhere."""
        _, sizes = self._positions_and_sizes(input_shape)
        return None if self.bias is None else bias_everywhere(self.bias, sizes).reshape((-1,))

    def _window(self) -> Window:
        pairs = tuple((p, p) for p in self.padding)
        return Window(self.kernel_size, self.stride, pairs, self.dilation)

    def _positions_and_sizes(self, input_shape: Any) -> tuple[Ints, Ints]:
        """Sizes of the input and of the output, which are positions and picture of the window."""
        name = type(self).__name__
        positions = picture_sizes(input_shape, self.in_channels, self.dims, name)
        window = (self.kernel_size, self.stride, self.padding, self.dilation)
        least = least_sizes(positions, *window)
        sizes = tuple(map(sum, zip(least, self.output_padding, strict=True)))
        require_positive_sizes(positions, sizes, self.kernel_size, self.padding, name)
        return positions, sizes

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        ones, zeros = (1,) * self.dims, (0,) * self.dims
        text += "" if self.padding == zeros else f", padding={self.padding}"
        text += "" if self.dilation == ones else f", dilation={self.dilation}"
        text += "" if self.output_padding == zeros else f", output_padding={self.output_padding}"
        text += "" if self.groups == 1 else f", groups={self.groups}"
        return text + ("" if self.bias is not None else ", bias=False")


class ConvTranspose1d(_TransposedConvolution):
    """Transposed convolution over one spatial dimension; see :class:`ConvTranspose2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ConvTranspose1d(2, 4, 3, stride=2)(mt.ones((1, 2, 5))).shape
    (1, 4, 11)
    """

    dims = 1
    function = staticmethod(functional.conv_transpose1d)


class ConvTranspose2d(_TransposedConvolution):
    """Each entry lays down one kernel, times itself; where kernels overlap they add up.

    The links of a :class:`Conv2d` from ``out_channels`` to ``in_channels``, turned; it enlarges
    where that shrinks. See :func:`functional.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (vertical, horizontal)
    padding : int or (vertical, horizontal)
        So many rows and columns are cropped on every side.
    output_padding : int or (vertical, horizontal)
        So many rows and columns more at the end; smaller than stride or dilation.
    groups : int
        Channels are cut into so many groups that do not see each other.
    bias : bool
        Whether every output channel has an offset.
    padding_mode : {"zeros"}
        The only one that has a transpose.
    rng, dtype, backend
        As for :class:`Dense`.

    Attributes
    ----------
    weight : Parameter, shape (in_channels, out_channels / groups, *kernel_size)
        At first uniform over ``±1 / sqrt(out_channels / groups * entries of the kernel)``.
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    ValueError
        If groups do not divide the channels, sizes are not positive, or ``output_padding`` is
        smaller than neither stride nor dilation.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.ConvTranspose2d(1, 4, 3, stride=2, padding=1)
    >>> x = mt.ones((1, 1, 3, 3))
    >>> layer(x).shape, layer(x, output_size=(6, 5)).shape
    ((1, 4, 5, 5), (1, 4, 6, 5))
    """

    dims = 2
    function = staticmethod(functional.conv_transpose2d)


class ConvTranspose3d(_TransposedConvolution):
    """Transposed convolution over three spatial dimensions; see :class:`ConvTranspose2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ConvTranspose3d(1, 2, 2)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 2, 4, 4, 4)
    """

    dims = 3
    function = staticmethod(functional.conv_transpose3d)
