"""Adaptive pooling: the size of the output is given, and the windows follow from it.

Each function checks its arguments and calls the composition in ``ops.adaptive_pool``. May import
``ops`` and ``windows``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn.functional.windows import Ints, batched_shape, per_dimension
from minitorch_cnn.ops import pool as operations
from minitorch_cnn.ops.adaptive_pool import average_bins, largest_in_bins
from minitorch_cnn.ops.arguments import constant, raw, require_float
from minitorch_cnn.ops.shape import expand_dims, squeeze


def bins_per_dimension(output_size: Any, sizes: Ints, name: str) -> Ints:
    """How many bins each axis is divided into; None keeps the size of the axis."""
    dims = len(sizes)
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(given) == dims:
        given = tuple(n if g is None else g for g, n in zip(given, sizes, strict=True))
    return per_dimension(given, dims, f"{name} output_size", least=0)


def _bins_of(input: Any, output_size: Any, name: str) -> tuple[Ints, Ints]:
    """The sizes of a batch of pictures and how many bins each is divided into."""
    sizes = tuple(raw(input).shape[2:])
    if 0 in sizes:
        raise ValueError(f"{name}: a picture of {sizes} has no entries to fill a bin with")
    return sizes, bins_per_dimension(output_size, sizes, name)


def _adaptive_avg_pool(input: Any, output_size: Any, dims: int) -> Any:
    name = f"adaptive_avg_pool{dims}d"
    if not batched_shape(tuple(raw(require_float(input, name)).shape), dims, name):
        return squeeze(_adaptive_avg_pool(expand_dims(input, 0), output_size, dims), 0)
    _, counts = _bins_of(input, output_size, name)
    for axis, count in enumerate(counts, start=2):
        input = average_bins(input, axis, count)
    return input


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Mean of each of ``output_size`` bins of one dimension; see :func:`adaptive_avg_pool2d`.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.adaptive_avg_pool1d(mt.tensor([[[1.0, 2.0, 6.0]]]), 2)
    tensor([[[1.5, 4. ]]])
    """
    return _adaptive_avg_pool(input, output_size, 1)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Mean of each of ``rows x columns`` bins that every picture is divided into.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
    output_size : int, None or (rows, columns) of them
        None keeps the size of the input. More bins than entries are allowed: entries then stand in
        several of them.

    Returns
    -------
    Tensor, shape (N, C, rows, columns) or (C, rows, columns)

    Raises
    ------
    ValueError
        If a picture has no entries.

    Notes
    -----
    Bin ``i`` of ``n`` along an axis of size ``s`` reaches from ``floor(i s / n)`` to
    ``ceil((i + 1) s / n)``: where ``n`` does not divide ``s``, neighbours may share an entry.

    Source: K. He et al., "Spatial pyramid pooling in deep convolutional networks for visual
    recognition", 2014.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> F.adaptive_avg_pool2d(mt.tensor([[[[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]]]]), (None, 2))
    tensor([[[[1.5, 4. ],
              [3.5, 6. ]]]])
    """
    return _adaptive_avg_pool(input, output_size, 2)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Mean of each bin of three dimensions; see :func:`adaptive_avg_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.adaptive_avg_pool3d(mt.ones((1, 2, 5, 4, 3)), (3, None, 1)).shape
    (1, 2, 3, 4, 1)
    """
    return _adaptive_avg_pool(input, output_size, 3)


def _adaptive_max_pool(input: Any, output_size: Any, return_indices: bool, dims: int) -> Any:
    name = f"adaptive_max_pool{dims}d"
    if not batched_shape(tuple(raw(require_float(input, name)).shape), dims, name):
        out = _adaptive_max_pool(expand_dims(input, 0), output_size, return_indices, dims)
        return tuple(squeeze(o, 0) for o in out) if return_indices else squeeze(out, 0)
    sizes, counts = _bins_of(input, output_size, name)
    if all(count and size % count == 0 for size, count in zip(sizes, counts, strict=True)):
        step = tuple(size // count for size, count in zip(sizes, counts, strict=True))
        window: dict[str, Any] = {"padding": ((0, 0),) * dims, "dilation": (1,) * dims}
        pool = operations.max_pool_with_indices if return_indices else operations.max_pool
        return pool(input, kernel=step, stride=step, **window)
    index = largest_in_bins(input, counts)
    values = operations.pick(input, index)
    return (values, constant(index, input)) if return_indices else values


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Largest entry of each bin of one dimension; see :func:`adaptive_max_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.adaptive_max_pool1d(mt.tensor([[[1.0, 2.0, 6.0]]]), 2)
    tensor([[[2., 6.]]])
    """
    return _adaptive_max_pool(input, output_size, return_indices, 1)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Largest entry of each of ``rows x columns`` bins that every picture is divided into.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
    output_size : int, None or (rows, columns) of them
        As for :func:`adaptive_avg_pool2d`, and so are the bins.
    return_indices : bool
        Also return where each entry stood in the flattened picture, int64.

    Returns
    -------
    Tensor, shape (N, C, rows, columns), or a tuple of it and the indices
        Of equal largest entries the first counts, and gets the gradient.

    Raises
    ------
    ValueError
        If a picture has no entries.

    >>> import minitorch_cnn as mt
    >>> F = mt.nn.functional
    >>> values, indices = F.adaptive_max_pool2d(mt.tensor([[[1.0, 5.0], [3.0, 2.0]]]), 1, True)
    >>> values.item(), indices.item()
    (5.0, 1)
    """
    return _adaptive_max_pool(input, output_size, return_indices, 2)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Largest entry of each bin of three dimensions; see :func:`adaptive_max_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.adaptive_max_pool3d(mt.ones((1, 2, 5, 4, 3)), (3, None, 1)).shape
    (1, 2, 3, 4, 1)
    """
    return _adaptive_max_pool(input, output_size, return_indices, 3)
