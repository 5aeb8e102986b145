"""Transposed convolutions, with PyTorch's names and arguments.

Each checks its arguments and calls the composition in ``ops.conv``. May import ``ops``,
``windows`` and ``convolution``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn.functional.convolution import require_bias
from minitorch_cnn.nn.functional.windows import Ints, Pairs, batched_shape, per_dimension
from minitorch_cnn.ops import conv as operations
from minitorch_cnn.ops.arguments import raw, require_float, require_one_backend, require_one_dtype
from minitorch_cnn.ops.arrange import pad
from minitorch_cnn.ops.precision import half
from minitorch_cnn.ops.shape import expand_dims, squeeze


def least_sizes(
    positions: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> tuple[int, ...]:
    """Size of the result along each dimension without ``output_padding``.

    The smallest picture on which a convolution of this window has so many ``positions``; a stride
    of ``s`` gives ``s`` sizes the same number of them.

    >>> least_sizes((4,), (3,), stride=(3,), padding=(1,), dilation=(1,))
    (10,)
    """
    return tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + 1
        for n, k, s, p, d in zip(positions, kernel, stride, padding, dilation, strict=True)
    )


def _transposed_convolution(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
    dims: int,
) -> Any:
    name = f"conv_transpose{dims}d"
    shape = tuple(raw(require_float(weight, name)).shape)
    if len(shape) != dims + 2:
        raise ValueError(
            f"{name}: expected a weight of {dims + 2} dimensions (in, out / groups, *kernel), got "
            f"shape {shape}"
        )
    batched = batched_shape(tuple(raw(require_float(input, name)).shape), dims, name)
    require_one_dtype(name, input=input, weight=weight, bias=bias)
    require_one_backend(name, input=input, weight=weight, bias=bias)
    if not batched:
        settings = (stride, padding, output_padding, groups, dilation)
        batch = expand_dims(input, 0)
        return squeeze(_transposed_convolution(batch, weight, bias, *settings, dims), 0)
    sizes = tuple(raw(input).shape)
    if groups < 1 or shape[0] % groups or sizes[1] != shape[0]:
        raise ValueError(
            f"{name}: an input of {sizes[1]} channels for a weight of shape {shape} and {groups} "
            f"groups; expected {shape[0]} input channels (weight.shape[0]), which groups divides"
        )
    kernel = shape[2:]
    strides = per_dimension(stride, dims, f"{name} stride", least=1)
    dilations = per_dimension(dilation, dims, f"{name} dilation", least=1)
    cropped = per_dimension(padding, dims, f"{name} padding", least=0)
    extra = per_dimension(output_padding, dims, f"{name} output_padding", least=0)
    require_small_output_padding(extra, strides, dilations, name)
    least = least_sizes(sizes[2:], kernel, strides, cropped, dilations)
    whole = tuple(map(sum, zip(least, extra, strict=True)))
    require_positive_sizes(sizes[2:], whole, kernel, cropped, name)
    # The extra entries are first those that the padding would crop at the end, then zeros.
    uncropped = tuple(map(min, extra, cropped))
    pairs: Pairs = tuple((p, p - u) for p, u in zip(cropped, uncropped, strict=True))
    picture = (sizes[0], shape[1] * groups, *map(sum, zip(least, uncropped, strict=True)))
    out = operations.convolve_transpose(
        input,
        weight,
        shape=picture,
        stride=strides,
        padding=pairs,
        dilation=dilations,
        groups=groups,
    )
    zeros = [(0, e - u) for e, u in zip(extra, uncropped, strict=True)]
    require_bias(bias, picture[1], name)
    out = pad(out, [(0, 0), (0, 0), *zeros])
    return out if bias is None else operations.add_bias(out, bias)


def require_positive_sizes(
    positions: Ints, sizes: Ints, kernel: Ints, padding: Ints, name: str
) -> None:
    """Refuse a result that the padding crops to nothing."""
    if min(*positions, *kernel, *sizes) < 1:
        raise ValueError(
            f"{name}: an input of {positions} entries and a kernel of {kernel} with padding "
            f"{padding} leave a picture of size {sizes}; pad (which crops here) less, or use a "
            "larger input or kernel"
        )


def require_small_output_padding(extra: Ints, stride: Ints, dilation: Ints, name: str) -> None:
    """Refuse extra entries at the end that no position could ever have reached."""
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(
            f"{name}: output_padding {extra} must be smaller than stride {stride} or dilation "
            f"{dilation}: it only chooses among the sizes whose convolution has the input's size"
        )


@half
def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """Transposed convolution over one spatial dimension; see :func:`conv_transpose2d`.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> x, w = mt.tensor([[[1.0, 2.0]]]), mt.tensor([[[1.0, 10.0, 100.0]]])
    >>> F.conv_transpose1d(x, w)
    tensor([[[  1.,  12., 120., 200.]]])
    """
    settings = (stride, padding, output_padding, groups, dilation)
    return _transposed_convolution(input, weight, bias, *settings, 1)


@half
def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The adjoint of :func:`conv2d` in its input: each entry lays down the kernel, times itself.

    The table of links of a convolution, turned: it enlarges where the convolution shrinks. (It does
    not undo a convolution, whatever the name "deconvolution" says.)

    Parameters
    ----------
    input : Tensor, shape (N, C, rows, columns) or (C, rows, columns)
    weight : Tensor, shape (C, O / groups, kernel height, kernel width)
        As the convolution from ``O`` to ``C`` channels has it.
    bias : Tensor, shape (O,), optional
    stride, dilation : int or (vertical, horizontal)
        Of that convolution: entries lay their kernels ``stride`` apart.
    padding : int or (vertical, horizontal)
        Of that convolution: so many rows and columns are cropped on every side.
    output_padding : int or (vertical, horizontal)
        So many rows and columns more at the end. With a stride, a convolution has the same number
        of positions on pictures of several sizes; this chooses among them.
    groups : int
        Channels are cut into so many groups that do not see each other.

    Returns
    -------
    Tensor, shape (N, O, height, width)
        With ``height = (rows - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 +
        output_padding``.

    Raises
    ------
    ValueError
        If channels or groups do not fit, the padding crops everything, or ``output_padding`` is
        smaller than neither stride nor dilation.

    Notes
    -----
    The body, in ``ops/conv.py``, is a transposed product at each position, the windows added up.
    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.conv_transpose2d(mt.ones((1, 1, 2, 2)), mt.ones((1, 1, 2, 2)))
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    settings = (stride, padding, output_padding, groups, dilation)
    return _transposed_convolution(input, weight, bias, *settings, 2)


@half
def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """Transposed convolution over three spatial dimensions; see :func:`conv_transpose2d`.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> F.conv_transpose3d(mt.ones((1, 1, 1, 1, 1)), mt.ones((1, 2, 1, 1, 2))).shape
    (1, 2, 1, 1, 2)
    """
    settings = (stride, padding, output_padding, groups, dilation)
    return _transposed_convolution(input, weight, bias, *settings, 3)
