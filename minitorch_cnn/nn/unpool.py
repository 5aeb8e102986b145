"""Max-unpooling layers, which put entries back where max-pooling found them. No parameters.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.functional.windows import per_dimension
from minitorch_cnn.nn.module import Module


class _MaxUnpool(Module):
    """An unpooling function with the window of the pooling that it reverses."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        for name, least in (("kernel_size", 1), ("stride", 1), ("padding", 0)):
            what = f"{type(self).__name__} {name}"
            per_dimension(getattr(self, name), self.dims, what, least=least)

    def forward(self, x: Any, indices: Any, output_size: Any = None) -> Any:
        window = (self.kernel_size, self.stride, self.padding)
        return type(self).function(x, indices, *window, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Entries put back where they were found; see :func:`functional.max_unpool1d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> pooled, indices = mt.nn.MaxPool1d(2, return_indices=True)(mt.ones((1, 1, 4)))
    >>> mt.nn.MaxUnpool1d(2)(pooled, indices).shape
    (1, 1, 4)
    """

    dims = 1
    function = staticmethod(functional.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Entries put back where they were found; see :func:`functional.max_unpool2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> pooled, indices = mt.nn.MaxPool2d(2, return_indices=True)(mt.ones((1, 1, 4, 6)))
    >>> mt.nn.MaxUnpool2d(2)(pooled, indices).shape
    (1, 1, 4, 6)
    """

    dims = 2
    function = staticmethod(functional.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Entries put back where they were found; see :func:`functional.max_unpool3d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> pooled, indices = mt.nn.MaxPool3d(2, return_indices=True)(mt.ones((1, 1, 2, 4, 6)))
    >>> mt.nn.MaxUnpool3d(2)(pooled, indices).shape
    (1, 1, 2, 4, 6)
    """

    dims = 3
    function = staticmethod(functional.max_unpool3d)
