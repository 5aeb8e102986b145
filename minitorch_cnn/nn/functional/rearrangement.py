"""Functions that move entries: windows to columns and back, pixels and channels shuffled.

May import ``ops`` and ``windows``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.nn.functional.windows import (
    Ints,
    Pairs,
    batched_shape,
    per_dimension,
    positions_of,
)
from minitorch_cnn.ops.arguments import raw, require_array, require_float
from minitorch_cnn.ops.shape import expand_dims, moveaxis, permute_dims, reshape, squeeze
from minitorch_cnn.ops.window import add_windows, windows


def _sliding_window(
    kernel_size: Any, dilation: Any, padding: Any, stride: Any, name: str
) -> dict[str, Any]:
    around = per_dimension(padding, 2, f"{name} padding", least=0)
    pairs: Pairs = tuple((p, p) for p in around)
    return {
        "kernel": per_dimension(kernel_size, 2, f"{name} kernel_size", least=1),
        "stride": per_dimension(stride, 2, f"{name} stride", least=1),
        "padding": pairs,
        "dilation": per_dimension(dilation, 2, f"{name} dilation", least=1),
    }


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """The windows of pictures as columns; a convolution is a matrix product with them.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
    kernel_size, dilation, padding, stride : int or (vertical, horizontal)
        As for :func:`conv2d`; padded with zeros.

    Returns
    -------
    Tensor, shape (N, C * kernel height * kernel width, positions)

    Raises
    ------
    ValueError
        If the window does not fit into the picture.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.unfold(mt.tensor([[[1.0, 2.0, 3.0]]]), (1, 2))
    tensor([[1., 2.],
            [2., 3.]])
    """
    name = "unfold"
    if not batched_shape(tuple(raw(require_float(input, name)).shape), 2, name):
        batch = expand_dims(input, 0)
        return squeeze(unfold(batch, kernel_size, dilation, padding, stride), 0)
    window = _sliding_window(kernel_size, dilation, padding, stride, name)
    pictures, channels, *sizes = raw(input).shape
    positions = positions_of(tuple(sizes), **window, name=name)
    rows = channels * math.prod(window["kernel"])
    return reshape(windows(input, **window), (pictures, rows, math.prod(positions)))


def fold(
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """The adjoint of :func:`unfold`: columns added up where their entries came from.

    Parameters
    ----------
    input : Tensor, shape (N, C * kernel height * kernel width, positions), or without N
    output_size : int or (height, width)
        Of the pictures.
    kernel_size, dilation, padding, stride : int or (vertical, horizontal)
        As :func:`unfold` had them.

    Returns
    -------
    Tensor, shape (N, C, height, width)

    Raises
    ------
    ValueError
        If rows or positions are not those of such windows on pictures of this size.

    >>> import minitorch_cnn as mt
    >>> columns = mt.nn.functional.unfold(mt.ones((1, 1, 3)), (1, 2))
    >>> mt.nn.functional.fold(columns, (1, 3), (1, 2))
    tensor([[[1., 2., 1.]]])
    """
    name = "fold"
    shape = tuple(raw(require_float(input, name)).shape)
    if not batched_shape(shape, 1, name):
        batch = expand_dims(input, 0)
        return squeeze(fold(batch, output_size, kernel_size, dilation, padding, stride), 0)
    window = _sliding_window(kernel_size, dilation, padding, stride, name)
    sizes = per_dimension(output_size, 2, f"{name} output_size", least=1)
    positions = positions_of(sizes, **window, name=name)
    kernel: Ints = window["kernel"]
    places = math.prod(kernel)
    if shape[1] % places or shape[2] != math.prod(positions):
        raise ValueError(
            f"{name}: an input of shape {shape} for windows of {kernel} at {positions} positions "
            f"of a picture of {sizes}; expected (N, C * {places}, {math.prod(positions)})"
        )
    picture = (shape[0], shape[1] // places, *sizes)
    columns = reshape(input, (*picture[:2], *kernel, *positions))
    return add_windows(columns, picture, **window)


def _picture(input: Any, name: str) -> tuple[Ints, int, int, int]:
    """Leading sizes, channels, height and width of pictures."""
    shape = tuple(raw(require_array(input, name)).shape)
    if len(shape) < 3:
        raise ValueError(
            f"{name}: expected an input of 3 or more dimensions (..., C, height, width), got shape "
            f"{shape}"
        )
    return shape[:-3], shape[-3], shape[-2], shape[-1]


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Blocks of channels become blocks of pixels: pictures ``upscale_factor`` times as large.

    Source: Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network", 2016.

    Parameters
    ----------
    input : Tensor, shape (..., C * upscale_factor**2, height, width)
    upscale_factor : int

    Returns
    -------
    Tensor, shape (..., C, height * upscale_factor, width * upscale_factor)

    Raises
    ------
    ValueError
        If the square of the factor does not divide the channels.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.pixel_shuffle(mt.reshape(mt.arange(8), (4, 1, 2)), 2)
    tensor([[[0, 2, 1, 3],
             [4, 6, 5, 7]]], dtype=int64)
    """
    name = "pixel_shuffle"
    (factor,) = per_dimension(upscale_factor, 1, f"{name} upscale_factor", least=1)
    outer, channels, height, width = _picture(input, name)
    if channels % factor**2:
        raise ValueError(
            f"{name}: {channels} channels cannot be cut into blocks of {factor}**2 = {factor**2}; "
            "the square of upscale_factor must divide them"
        )
    depth, n = channels // factor**2, len(outer)
    blocks = reshape(input, (*outer, depth, factor, factor, height, width))
    side_by_side = permute_dims(blocks, (*range(n + 1), n + 3, n + 1, n + 4, n + 2))
    return reshape(side_by_side, (*outer, depth, height * factor, width * factor))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """The inverse of :func:`pixel_shuffle`: blocks of pixels become blocks of channels.

    Parameters
    ----------
    input : Tensor, shape (..., C, height * downscale_factor, width * downscale_factor)
    downscale_factor : int

    Returns
    -------
    Tensor, shape (..., C * downscale_factor**2, height, width)

    Raises
    ------
    ValueError
        If the factor does not divide height and width.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.pixel_unshuffle(mt.reshape(mt.arange(4), (1, 2, 2)), 2).shape
    (4, 1, 1)
    """
    name = "pixel_unshuffle"
    (factor,) = per_dimension(downscale_factor, 1, f"{name} downscale_factor", least=1)
    outer, channels, height, width = _picture(input, name)
    if height % factor or width % factor:
        raise ValueError(
            f"{name}: downscale_factor {factor} must divide height {height} and width {width}; "
            "pad or crop the picture"
        )
    n, rows, columns = len(outer), height // factor, width // factor
    blocks = reshape(input, (*outer, channels, rows, factor, columns, factor))
    stacked = permute_dims(blocks, (*range(n + 1), n + 2, n + 4, n + 1, n + 3))
    return reshape(stacked, (*outer, channels * factor**2, rows, columns))


def channel_shuffle(input: Any, groups: int) -> Any:
    """Channels dealt out like cards: the first of each group, then the second of each, and so on.

    Between two convolutions of ``groups`` it lets every group see all. Source: Zhang et al.,
    "ShuffleNet", 2018.

    Parameters
    ----------
    input : Tensor, shape (N, C, *spatial)
    groups : int

    Raises
    ------
    ValueError
        If groups do not divide the channels, or the input has fewer than 3 dimensions.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.channel_shuffle(mt.reshape(mt.arange(4), (1, 4, 1)), 2).tolist()
    [[[0], [2], [1], [3]]]
    """
    name = "channel_shuffle"
    (hands,) = per_dimension(groups, 1, f"{name} groups", least=1)
    shape = tuple(raw(require_array(input, name)).shape)
    if len(shape) < 3:
        raise ValueError(
            f"{name}: expected an input of 3 or more dimensions (N, C, *spatial), got shape {shape}"
        )
    if shape[1] % hands:
        raise ValueError(f"{name}: groups {hands} must divide the {shape[1]} channels")
    dealt = reshape(input, (shape[0], hands, shape[1] // hands, *shape[2:]))
    return reshape(moveaxis(dealt, 1, 2), shape)
