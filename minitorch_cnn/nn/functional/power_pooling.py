"""Power-average pooling: from the sum (power 1) to the largest entry (power infinity).

May import ``pooling`` and ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.nn.functional.pooling import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from minitorch_cnn.nn.functional.windows import per_dimension
from minitorch_cnn.ops.analytic import pow as power
from minitorch_cnn.ops.arguments import require_float
from minitorch_cnn.ops.elementwise import abs as absolute
from minitorch_cnn.ops.reduce import root

_MEANS = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}
_LARGEST = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}


def check_norm_type(norm_type: Any, name: str) -> Any:
    """``norm_type`` itself if it is a number other than 0."""
    if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)):
        raise TypeError(f"{name} norm_type: expected a number, got {norm_type!r}")
    if norm_type == 0 or math.isnan(norm_type):
        raise ValueError(f"{name} norm_type: {norm_type} has no root; expected another number")
    return norm_type


def _lp_pool(
    input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: bool, dims: int
) -> Any:
    name = f"lp_pool{dims}d"
    check_norm_type(norm_type, name)
    require_float(input, name)
    window: dict[str, Any] = {"kernel_size": kernel_size, "stride": stride, "ceil_mode": ceil_mode}
    if norm_type == math.inf:
        return _LARGEST[dims](absolute(input), **window)
    if norm_type == -math.inf:
        return -_LARGEST[dims](-absolute(input), **window)
    entries = math.prod(per_dimension(kernel_size, dims, f"{name} kernel_size", least=1))
    return root(_MEANS[dims](power(input, norm_type), **window) * entries, norm_type)


def lp_pool1d(
    input: Any,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Any:
    """Root of the sum of powers of each window over one dimension; see :func:`lp_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.lp_pool1d(mt.tensor([[[3.0, 4.0, 0.0, 2.0]]]), 2, 2)
    tensor([[[5., 2.]]])
    """
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 1)


def lp_pool2d(
    input: Any,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Any:
    """``(sum of x**p)**(1/p)`` of each window of every channel, with ``p = norm_type``.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (C, height, width)
        Powers are taken with the sign, as in PyTorch: windows whose sum of powers is negative give
        NaN unless ``1/p`` is an integer.
    norm_type : float
        The power; 1 gives the sum of a window, infinity its largest entry without the sign, and
        minus infinity its smallest.
    kernel_size, stride : int or (vertical, horizontal)
        ``stride`` is ``kernel_size`` unless given.
    ceil_mode : bool
        Also use a last window that is only partly filled; its mean counts for the whole of it.

    Returns
    -------
    Tensor, shape (N, C, rows, columns) or (C, rows, columns)
        Where a sum of powers is 0 the gradient is 0.

    Raises
    ------
    ValueError
        If the window does not fit, or the power is 0.

    Notes
    -----
    Source: P. Sermanet, S. Chintala, Y. LeCun, "Convolutional neural networks applied to house
    numbers digit classification", 2012.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.lp_pool2d(mt.tensor([[[[1.0, 2.0], [4.0, 2.0]]]]), 2, 2)
    tensor([[[[5.]]]])
    """
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 2)


def lp_pool3d(
    input: Any,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Any:
    """Root of the sum of powers of each window over three dimensions; see :func:`lp_pool2d`.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.lp_pool3d(mt.ones((1, 1, 1, 2, 2)), 2, (1, 2, 2))
    tensor([[[[[2.]]]]])
    """
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 3)
