"""Pooling functions, with PyTorch's names, arguments and rounding.

Each checks its arguments and calls the composition in ``ops.pool``. May import ``ops`` and
``windows``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minitorch_backends.windows import output_sizes
from minitorch_cnn.backend import backend_of
from minitorch_cnn.nn.functional.windows import (
    REMEMBERED,
    Ints,
    Pairs,
    batched_shape,
    per_dimension,
    positions_of,
)
from minitorch_cnn.ops import pool as operations
from minitorch_cnn.ops.arguments import constant, raw, require_float
from minitorch_cnn.ops.shape import expand_dims, squeeze


def _window(
    sizes: Ints,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    name: str,
) -> tuple[Ints, Ints, Pairs, Ints]:
    """Kernel, stride, padding and dilation of a pooling window, checked."""
    dims = len(sizes)
    kernel = per_dimension(kernel_size, dims, f"{name} kernel_size", least=1)
    strides = kernel if stride is None else per_dimension(stride, dims, f"{name} stride", least=1)
    around = per_dimension(padding, dims, f"{name} padding", least=0)
    dilations = per_dimension(dilation, dims, f"{name} dilation", least=1)
    pairs = _padded_sides(sizes, kernel, strides, around, dilations, ceil_mode, name)
    return kernel, strides, pairs, dilations


@lru_cache(REMEMBERED)
def _padded_sides(
    sizes: Ints,
    kernel: Ints,
    strides: Ints,
    around: Ints,
    dilations: Ints,
    ceil_mode: bool,
    name: str,
) -> Pairs:
    """Padding before and after each dimension, with the extra end of ceil_mode."""
    for k, p in zip(kernel, around, strict=True):
        if 2 * p > k:
            raise ValueError(
                f"{name}: padding {around} is more than half of the kernel {kernel}: windows would "
                "lie in the padding alone; pad less"
            )
    pairs: Pairs = tuple((p, p) for p in around)
    if ceil_mode:
        pairs = tuple(
            (p, p + _missing(n + 2 * p, n + p, d * (k - 1) + 1, s))
            for n, p, k, s, d in zip(sizes, around, kernel, strides, dilations, strict=True)
        )
    positions_of(sizes, kernel, strides, pairs, dilations, name)
    if any(map(_skips, sizes, strides, around, dilations)):
        raise ValueError(
            f"{name}: with padding {around} and dilation {dilations} a window of {kernel} steps "
            f"over a picture of {sizes} and meets padding alone; pad or dilate less"
        )
    return pairs


def _skips(size: int, stride: int, padding: int, dilation: int) -> bool:
    """Whether a window that begins in the padding before the axis meets none of its entries."""
    return any((start - padding) % dilation >= size for start in range(0, padding, stride))


def _missing(padded: int, last_start: int, span: int, stride: int) -> int:
    """What the last window of ``ceil_mode`` lacks; it must begin before the end padding."""
    count = -((span - padded) // stride) + 1
    if (count - 1) * stride >= last_start:
        count -= 1
    return max(0, (count - 1) * stride + span - padded)


def _max_pool(
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
    dims: int,
) -> Any:
    name = f"max_pool{dims}d"
    if not batched_shape(tuple(raw(require_float(input, name)).shape), dims, name):
        batch = expand_dims(input, 0)
        settings = (kernel_size, stride, padding, dilation, ceil_mode, return_indices, dims)
        out = _max_pool(batch, *settings)
        return tuple(squeeze(o, 0) for o in out) if return_indices else squeeze(out, 0)
    sizes = tuple(raw(input).shape[2:])
    kernel, strides, pairs, dilations = _window(
        sizes, kernel_size, stride, padding, dilation, ceil_mode, name
    )
    window: dict[str, Any] = {
        "kernel": kernel,
        "stride": strides,
        "padding": pairs,
        "dilation": dilations,
    }
    if return_indices:
        return operations.max_pool_with_indices(input, **window)
    return operations.max_pool(input, **window)


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest entry of each window over one dimension; see :func:`max_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.max_pool1d(mt.tensor([[[1.0, 3.0, 2.0, 5.0]]]), 2)
    tensor([[[3., 5.]]])
    """
    return _max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 1)


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest entry of each window of every channel.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
    kernel_size, stride, padding, dilation : int or (vertical, horizontal)
        ``stride`` is ``kernel_size`` unless given. Padding never wins.
    ceil_mode : bool
        Also use a last window that is only partly filled.
    return_indices : bool
        Also return where each entry stood in the flattened picture, int64.

    Returns
    -------
    Tensor, shape (N, C, rows, columns), or a tuple of it and the indices
        Of equal largest entries the first counts, and gets the gradient.

    Raises
    ------
    ValueError
        If the window does not fit or is padded by more than half of it.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.max_pool2d(mt.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 2)
    tensor([[[[4.]]]])
    """
    return _max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 2)


def max_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest entry of each window over three dimensions; see :func:`max_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.max_pool3d(mt.ones((1, 1, 2, 2, 2)), 2).shape
    (1, 1, 1, 1, 1)
    """
    return _max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 3)


class AverageWindow(NamedTuple):
    """The windows of an average pooling, and what the sum of each is divided by."""

    kernel: Ints
    stride: Ints
    padding: Pairs
    divisors: np.ndarray[Any, Any]
    """One for each position."""


def average_window(
    sizes: Ints,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    name: str,
) -> AverageWindow:
    """The windows of an average pooling on pictures of ``sizes``, from arguments as written."""
    kernel, strides, pairs, ones = _window(sizes, kernel_size, stride, padding, 1, ceil_mode, name)
    positions = output_sizes(sizes, kernel, strides, pairs, ones)
    if divisor_override is not None:
        if divisor_override == 0:
            raise ValueError(f"{name}: divisor_override must not be 0")
        return AverageWindow(kernel, strides, pairs, np.full(positions, float(divisor_override)))
    counts = np.ones(())
    for n, k, s, (p, _), length in zip(sizes, kernel, strides, pairs, positions, strict=True):
        start = np.arange(length) * s - p
        low, high = (-p, n + p) if count_include_pad else (0, n)
        line = np.minimum(start + k, high) - np.maximum(start, low)
        counts = counts[..., None] * line
    return AverageWindow(kernel, strides, pairs, counts)


def _average_pool(
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    dims: int,
) -> Any:
    name = f"avg_pool{dims}d"
    if not batched_shape(tuple(raw(require_float(input, name)).shape), dims, name):
        settings = (stride, padding, ceil_mode, count_include_pad, divisor_override, dims)
        return squeeze(_average_pool(expand_dims(input, 0), kernel_size, *settings), 0)
    data = raw(input)
    sizes = tuple(data.shape[2:])
    kernel, strides, pairs, counts = average_window(
        sizes,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
        name,
    )
    sums = operations.sum_pool(input, kernel=kernel, stride=strides, padding=pairs)
    if counts.size and (counts == counts.flat[0]).all():
        return sums / float(counts.flat[0])
    home = backend_of(data)
    per_position = home.xp.astype(home.asarray(counts, copy=False), data.dtype)
    return sums / constant(per_position, input)


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """Mean of each window over one dimension; see :func:`avg_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.avg_pool1d(mt.tensor([[[1.0, 3.0, 2.0, 6.0]]]), 2)
    tensor([[[2., 4.]]])
    """
    return _average_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """Mean of each window of every channel.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
    kernel_size, stride, padding : int or (vertical, horizontal)
        ``stride`` is ``kernel_size`` unless given.
    ceil_mode : bool
        Also use a last window that is only partly filled.
    count_include_pad : bool
        Whether padding counts as entries (zeros) of the mean.
    divisor_override : int, optional
        Divide the sum by this instead of the number of entries.

    Returns
    -------
    Tensor, shape (N, C, rows, columns)

    Raises
    ------
    ValueError
        If the window does not fit or is padded by more than half of it.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.avg_pool2d(mt.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 2)
    tensor([[[[2.5]]]])
    """
    settings = (stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _average_pool(input, kernel_size, *settings, 2)


def avg_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """Mean of each window over three dimensions; see :func:`avg_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.avg_pool3d(mt.ones((1, 1, 2, 2, 2)), 2)
    tensor([[[[[1.]]]]])
    """
    settings = (stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _average_pool(input, kernel_size, *settings, 3)
