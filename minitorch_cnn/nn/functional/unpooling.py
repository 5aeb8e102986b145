"""Max-unpooling: entries put back where max-pooling found them, and zeros everywhere else.

Each function checks its arguments and calls the operation in ``ops.pool``. May import ``ops`` and
``windows``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import canonical_dtype, namespace, refuse_if
from minitorch_cnn.nn.functional.windows import Ints, batched_shape, per_dimension
from minitorch_cnn.ops import pool as operations
from minitorch_cnn.ops.arguments import raw, require_array, require_float, require_one_backend
from minitorch_cnn.ops.shape import expand_dims, squeeze


def _max_unpool(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
    dims: int,
) -> Any:
    name = f"max_unpool{dims}d"
    shape = tuple(raw(require_float(input, name)).shape)
    index = raw(require_array(indices, f"{name} indices"))
    if canonical_dtype(index.dtype).kind not in "iu":
        raise TypeError(
            f"{name}: indices of dtype {index.dtype}; expected integers, as max_pool{dims}d gives "
            "with return_indices=True"
        )
    require_one_backend(name, input=input, indices=indices)
    if tuple(index.shape) != shape:
        raise ValueError(
            f"{name}: indices have shape {tuple(index.shape)}, the input {shape}; they must be "
            "equal"
        )
    if not batched_shape(shape, dims, name):
        settings = (kernel_size, stride, padding, output_size, dims)
        return squeeze(_max_unpool(expand_dims(input, 0), expand_dims(index, 0), *settings), 0)
    sizes = _unpooled_sizes(shape[2:], kernel_size, stride, padding, output_size, name)
    _check_indices(index, sizes, name)
    return operations.unpool(input, namespace(index).astype(index, namespace(index).int64), sizes)


def _unpooled_sizes(
    pooled: Ints, kernel_size: Any, stride: Any, padding: Any, output_size: Any, name: str
) -> Ints:
    """The size before pooling; strides greater than 1 leave several to choose from."""
    dims = len(pooled)
    kernel = per_dimension(kernel_size, dims, f"{name} kernel_size", least=1)
    steps = kernel if stride is None else per_dimension(stride, dims, f"{name} stride", least=1)
    around = per_dimension(padding, dims, f"{name} padding", least=0)
    usual = tuple(
        (n - 1) * s + k - 2 * p for n, k, s, p in zip(pooled, kernel, steps, around, strict=True)
    )
    if 0 in pooled:
        raise ValueError(f"{name}: an input of spatial shape {pooled} has no entries")
    if output_size is None:
        if min(usual) < 1:
            raise ValueError(
                f"{name}: kernel {kernel}, stride {steps} and padding {around} make an output of "
                f"{usual}; pad less"
            )
        return usual
    wanted = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,)
    if len(wanted) not in (dims, dims + 2):
        raise ValueError(
            f"{name}: output_size {output_size!r}; expected {dims} sizes, or the {dims + 2} of a "
            "whole shape"
        )
    sizes = per_dimension(wanted[-dims:], dims, f"{name} output_size", least=1)
    for axis, (size, n, s) in enumerate(zip(sizes, usual, steps, strict=True)):
        if not n - s < size < n + s:
            raise ValueError(
                f'{name}: invalid output_size "{sizes}" (dim {axis} must be between {n - s} and '
                f"{n + s}, both excluded); leave it out for {usual}"
            )
    return sizes


def _check_indices(index: Any, sizes: Ints, name: str) -> None:
    if 0 in index.shape:
        return
    xp = namespace(index)
    cells = math.prod(sizes)

    def error() -> ValueError:
        return ValueError(
            f"{name}: indices from {int(xp.min(index))} to {int(xp.max(index))}; an output of "
            f"{'x'.join(map(str, sizes))} has places from 0 to {cells - 1}: give the kernel_size, "
            "stride and padding of the pooling, and its input's size as output_size"
        )

    refuse_if((index < 0) | (index >= cells), error)


def max_unpool1d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Entries put back where :func:`max_pool1d` found them; see :func:`max_unpool2d`.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> x = mt.tensor([[[1.0, 3.0, 5.0, 2.0]]])
    >>> F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2)
    tensor([[[0., 3., 5., 0.]]])
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Entries put back where :func:`max_pool2d` found them, and zeros everywhere else.

    Parameters
    ----------
    input : Tensor, shape (N, C, rows, columns) or (C, rows, columns)
    indices : Tensor of integers, shape of ``input``
        Places in the flattened output, as ``return_indices=True`` gives them.
    kernel_size, stride, padding : int or (vertical, horizontal)
        Those of the pooling; ``stride`` is ``kernel_size`` unless given.
    output_size : tuple of int, optional
        ``(height, width)``, or the whole shape of the pooled picture. Pooling with a stride gives
        pictures of several sizes the same output; the smallest that loses no entry is taken unless
        this says otherwise.

    Returns
    -------
    Tensor, shape (N, C, height, width) or (C, height, width)
        Where an index is repeated, as overlapping windows may do, the last of its entries stays
        and gets the whole gradient.

    Raises
    ------
    ValueError
        If shapes differ, an index lies outside of the output, or the pooling makes nothing of
        ``input``'s size from ``output_size``.

    Notes
    -----
    Source: M. Zeiler et al., "Adaptive deconvolutional networks for mid and high level feature
    learning", 2011. PyTorch's values are the same; its gradient also reaches entries that another
    one has overwritten, which is not the derivative.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> x = mt.tensor([[[1.0, 2.0], [4.0, 3.0]]])
    >>> pooled, indices = F.max_pool2d(x, 2, return_indices=True)
    >>> F.max_unpool2d(pooled, indices, 2)
    tensor([[[0., 0.],
             [4., 0.]]])
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Entries put back where :func:`max_pool3d` found them; see :func:`max_unpool2d`.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> pooled, indices = F.max_pool3d(mt.ones((1, 2, 2, 2)), 2, return_indices=True)
    >>> F.max_unpool3d(pooled, indices, 2).sum()
    tensor(1.)
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 3)
