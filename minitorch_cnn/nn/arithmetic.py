"""Convolution arithmetic: the size that a window gives.

Pure integers, by the formulas that the layers use. The other way round is in ``size_solver``. May
import ``functional``'s window arguments; computes nothing on arrays.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn.functional.transposed_convolution import (
    least_sizes,
    require_small_output_padding,
)
from minitorch_cnn.nn.functional.windows import padding_pairs, per_dimension, positions_of


def conv_output_size(
    input_size: Any, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Any:
    """Number of positions of a window: the output size of a convolution or pooling.

    Parameters
    ----------
    input_size, kernel_size, stride, dilation : int or tuple of int
    padding : int, tuple of int, "valid" or "same"

    Returns
    -------
    int, or tuple of int where an argument is a tuple
        ``(input_size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.

    Raises
    ------
    ValueError
        If the window does not fit, or tuples differ in length.

    Notes
    -----
    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> nn.conv_output_size(28, 5), nn.conv_output_size(32, 3, stride=2, padding=1)
    (24, 16)
    >>> nn.conv_output_size((28, 32), 5, stride=(1, 2))
    (24, 14)
    """
    name = "conv_output_size"
    given = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
    dims = _dimensions(name, input_size=input_size, padding=padding, **given)
    sizes = per_dimension(input_size, dims or 1, f"{name} input_size", least=0)
    kernel, strides, dilations = (
        per_dimension(value, dims or 1, f"{name} {what}", least=1) for what, value in given.items()
    )
    pairs = padding_pairs(padding, kernel, strides, dilations, name)
    found = positions_of(sizes, kernel, strides, pairs, dilations, name)
    return found if dims else found[0]


def conv_transpose_output_size(
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
) -> Any:
    """The output size of a transposed convolution.

    Parameters
    ----------
    input_size, kernel_size, stride, padding, output_padding, dilation : int or tuple of int

    Returns
    -------
    int, or tuple of int where an argument is a tuple
        ``(input_size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + 1 +
        output_padding``.

    Raises
    ------
    ValueError
        If nothing is left, ``output_padding`` is smaller than neither stride nor dilation, or
        tuples differ in length.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> nn.conv_transpose_output_size(16, 4, stride=2, padding=1)
    32
    """
    name = "conv_transpose_output_size"
    given = {"input_size": input_size, "kernel_size": kernel_size, "stride": stride}
    given |= {"padding": padding, "dilation": dilation, "output_padding": output_padding}
    dims = _dimensions(name, **given)
    sizes, kernel, strides, cropped, dilations, extra = (
        per_dimension(value, dims or 1, f"{name} {what}", least=0 if "padding" in what else 1)
        for what, value in given.items()
    )
    require_small_output_padding(extra, strides, dilations, name)
    least = least_sizes(sizes, kernel, strides, cropped, dilations)
    found = tuple(map(sum, zip(least, extra, strict=True)))
    if min(found) < 1:
        raise ValueError(
            f"{name}: {sizes} entries and a kernel of {kernel} with padding {cropped} leave a size "
            f"of {found}; pad (which crops here) less, or use a larger input or kernel"
        )
    return found if dims else found[0]


def _dimensions(name: str, **values: Any) -> int:
    """How many dimensions the tuples among the arguments have; 0 if there is none."""
    tuples = {what: v for what, v in values.items() if isinstance(v, (tuple, list))}
    if len({len(v) for v in tuples.values()}) > 1:
        met = ", ".join(f"{what}={v!r}" for what, v in tuples.items())
        raise ValueError(f"{name}: tuples differ in length: {met}; give one entry a dimension")
    return max(map(len, tuples.values()), default=0)
