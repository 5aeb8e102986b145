"""Dense, locally connected and convolutional functions, with PyTorch's names and arguments.

Each checks its arguments and calls the composition in ``ops.dense`` or ``ops.conv``. May import
``ops`` and ``windows``.
"""

from __future__ import annotations

from typing import Any

from minitorch_backends.windows import output_sizes
from minitorch_cnn.nn.functional.windows import (
    batched_shape,
    padding_pairs,
    per_dimension,
    positions_of,
)
from minitorch_cnn.ops import conv as operations
from minitorch_cnn.ops import dense
from minitorch_cnn.ops.arguments import raw, require_float, require_one_dtype
from minitorch_cnn.ops.precision import half
from minitorch_cnn.ops.shape import expand_dims, squeeze


@half
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """The dense layer: ``input @ weight.T + bias``; every output is linked to every input.

    Parameters
    ----------
    input : Tensor, shape (..., in_features)
    weight : Tensor, shape (out_features, in_features)
    bias : Tensor, shape (out_features,), optional

    Returns
    -------
    Tensor, shape (..., out_features)

    Raises
    ------
    ValueError
        If the numbers of features differ.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.linear(mt.tensor([[1.0, 2.0]]), mt.tensor([[3.0, 4.0]]), mt.tensor([0.5]))
    tensor([[11.5]])
    """
    features = raw(require_float(input, "linear")).shape
    shape = raw(require_float(weight, "linear")).shape
    if len(shape) != 2 or not features or features[-1] != shape[1]:
        raise ValueError(
            f"linear: an input of shape {tuple(features)} for a weight of shape {tuple(shape)} "
            "(out_features, in_features); the last size of the input must be in_features"
        )
    if bias is not None and tuple(raw(bias).shape) != (shape[0],):
        raise ValueError(
            f"linear: a bias of shape {tuple(raw(bias).shape)} for {shape[0]} outputs; expected "
            f"({shape[0]},)"
        )
    require_one_dtype("linear", input=input, weight=weight, bias=bias)
    return dense.linear(input, weight, bias)


def _convolution(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    dims: int,
) -> Any:
    name = f"conv{dims}d"
    shape = tuple(raw(require_float(weight, name)).shape)
    if len(shape) != dims + 2:
        raise ValueError(
            f"{name}: expected a weight of {dims + 2} dimensions (out, in / groups, *kernel), got "
            f"shape {shape}"
        )
    batched = batched_shape(tuple(raw(require_float(input, name)).shape), dims, name)
    require_one_dtype(name, input=input, weight=weight, bias=bias)
    if not batched:
        batch = expand_dims(input, 0)
        out = _convolution(batch, weight, bias, stride, padding, dilation, groups, dims)
        return squeeze(out, 0)
    sizes = tuple(raw(input).shape)
    if groups < 1 or shape[0] % groups or sizes[1] != shape[1] * groups:
        raise ValueError(
            f"{name}: an input of {sizes[1]} channels for a weight of shape {shape} and {groups} "
            f"groups; expected {shape[1] * groups} input channels (weight.shape[1] * groups) and "
            "output channels that groups divides"
        )
    strides = per_dimension(stride, dims, f"{name} stride", least=1)
    dilations = per_dimension(dilation, dims, f"{name} dilation", least=1)
    pairs = padding_pairs(padding, shape[2:], strides, dilations, name)
    positions_of(sizes[2:], shape[2:], strides, pairs, dilations, name)
    require_bias(bias, shape[0], name)
    return operations.convolve(
        input, weight, bias, stride=strides, padding=pairs, dilation=dilations, groups=groups
    )


def require_bias(bias: Any, channels: int, name: str) -> None:
    """Refuse a bias that is not one number for each output channel, or None."""
    if bias is not None and tuple(raw(bias).shape) != (channels,):
        raise ValueError(
            f"{name}: a bias of shape {tuple(raw(bias).shape)} for {channels} output channels; "
            f"expected ({channels},)"
        )


@half
def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Convolution over one spatial dimension; see :func:`conv2d`.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.conv1d(mt.tensor([[[1.0, 2.0, 3.0]]]), mt.tensor([[[1.0, -1.0]]]))
    tensor([[[-1., -1.]]])
    """
    return _convolution(input, weight, bias, stride, padding, dilation, groups, 1)


@half
def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Convolution (cross-correlation, as everywhere in deep learning) of pictures.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
    weight : Tensor, shape (O, C / groups, kernel height, kernel width)
    bias : Tensor, shape (O,), optional
    stride, padding, dilation : int or (vertical, horizontal)
        ``padding`` may also be ``"valid"`` (none) or ``"same"`` (output as large as the input;
        stride 1 only; for even windows the extra row and column come after).
    groups : int
        Channels are cut into so many groups that do not see each other.

    Returns
    -------
    Tensor, shape (N, O, rows, columns)
        With ``rows = (height + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1``.

    Raises
    ------
    ValueError
        If channels, groups or sizes do not fit; the values are named.

    Notes
    -----
    The body, in ``ops/conv.py``, is a locally connected product with one weight broadcast over all
    positions. Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning",
    2016.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.conv2d(mt.ones((1, 1, 3, 3)), mt.ones((1, 1, 2, 2)), stride=1)
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _convolution(input, weight, bias, stride, padding, dilation, groups, 2)


@half
def conv3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Convolution over three spatial dimensions; see :func:`conv2d`.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.conv3d(mt.ones((1, 1, 2, 2, 2)), mt.ones((1, 1, 2, 2, 2)))
    tensor([[[[[8.]]]]])
    """
    return _convolution(input, weight, bias, stride, padding, dilation, groups, 3)


def _locally_connected(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    dims: int,
) -> Any:
    name = f"locally_connected{dims}d"
    shape = tuple(raw(require_float(weight, name)).shape)
    if len(shape) != 2 * dims + 2:
        raise ValueError(
            f"{name}: expected a weight of {2 * dims + 2} dimensions (*positions, out, in / groups,"
            f" *kernel), got shape {shape}"
        )
    batched = batched_shape(tuple(raw(require_float(input, name)).shape), dims, name)
    require_one_dtype(name, input=input, weight=weight, bias=bias)
    if not batched:
        batch = expand_dims(input, 0)
        settings = (stride, padding, dilation, groups, dims)
        return squeeze(_locally_connected(batch, weight, bias, *settings), 0)
    sizes = tuple(raw(input).shape)
    kernel, (outputs, depth) = shape[dims + 2 :], shape[dims : dims + 2]
    strides = per_dimension(stride, dims, f"{name} stride", least=1)
    dilations = per_dimension(dilation, dims, f"{name} dilation", least=1)
    pairs = padding_pairs(padding, kernel, strides, dilations, name)
    positions = output_sizes(sizes[2:], kernel, strides, pairs, dilations)
    if positions != shape[:dims] or sizes[1] != depth * groups or outputs % groups:
        raise ValueError(
            f"{name}: an input of shape {sizes} has windows at {positions} positions; the weight "
            f"of shape {shape} is for positions {shape[:dims]} and {depth * groups} channels in "
            f"{groups} groups. The layer is made for one input size"
        )
    if bias is not None and tuple(raw(bias).shape) != (outputs, *positions):
        raise ValueError(
            f"{name}: a bias of shape {tuple(raw(bias).shape)} for {outputs} output channels at "
            f"{positions} positions; expected ({outputs}, *positions)"
        )
    out = operations.locally_connected(
        input, weight, stride=strides, padding=pairs, dilation=dilations, groups=groups
    )
    return out if bias is None else out + bias


@half
def locally_connected1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Windows along one dimension, nothing tied; see :func:`locally_connected2d`.

    ``weight`` has shape (positions, O, C / groups, kernel), ``bias`` (O, positions).

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.locally_connected1d(mt.ones((1, 1, 3)), mt.tensor([[[[1.0, 2.0]]], [[[3.0, 4.0]]]]))
    tensor([[[3., 7.]]])
    """
    return _locally_connected(input, weight, bias, stride, padding, dilation, groups, 1)


@half
def locally_connected2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """A convolution whose kernel is another one at every position: local links, nothing tied.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
    weight : Tensor, shape (rows, columns, O, C / groups, kernel height, kernel width)
        One kernel for every position of the window.
    bias : Tensor, shape (O, rows, columns), optional
    stride, padding, dilation, groups
        As for :func:`conv2d`.

    Returns
    -------
    Tensor, shape (N, O, rows, columns)

    Raises
    ------
    ValueError
        If the weight's positions are not those of the window on this input, or channels differ.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.locally_connected2d(mt.ones((1, 1, 2, 2)), mt.ones((1, 2, 1, 1, 2, 1)))
    tensor([[[[2., 2.]]]])
    """
    return _locally_connected(input, weight, bias, stride, padding, dilation, groups, 2)


@half
def locally_connected3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Windows in three dimensions, nothing tied; see :func:`locally_connected2d`.

    ``weight`` has shape (*positions, O, C / groups, *kernel), ``bias`` (O, *positions).

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.locally_connected3d(mt.ones((1, 1, 2, 2, 2)), mt.ones((1, 1, 2, 1, 1, 2, 2, 1)))
    tensor([[[[[4., 4.]]]]])
    """
    return _locally_connected(input, weight, bias, stride, padding, dilation, groups, 3)
