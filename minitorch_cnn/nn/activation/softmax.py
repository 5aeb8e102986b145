"""Activation layers that normalise along an axis.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.activation.base import Activation
from minitorch_cnn.nn.module import Module
from minitorch_cnn.ops.arguments import raw, require_array


class Softmax(Activation):
    """``exp(x) / sum(exp(x))`` along ``dim``: positive numbers that add up to 1.

    See :func:`functional.softmax`. Input and output are of any one shape.

    Parameters
    ----------
    dim : int
        The dimension along which to normalise; it must be given before the layer is called.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Softmax(dim=0)(mt.tensor([0.0, 0.0]))
    tensor([0.5, 0.5])
    """

    function = staticmethod(functional.softmax)
    any_shape = False  # needs an axis

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class LogSoftmax(Activation):
    """``log(softmax(x))`` along ``dim``, safe for entries of any size.

    See :func:`functional.log_softmax`. Input and output are of any one shape.

    Parameters
    ----------
    dim : int
        The dimension along which to normalise; it must be given before the layer is called.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LogSoftmax(dim=0)(mt.tensor([0.0, 1000.0]))
    tensor([-1000.,     0.])
    """

    function = staticmethod(functional.log_softmax)
    any_shape = False  # needs an axis

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Softmin(Activation):
    """``exp(-x) / sum(exp(-x))`` along ``dim``: softmax of ``-x``.

    See :func:`functional.softmin`. Input and output are of any one shape.

    Parameters
    ----------
    dim : int
        The dimension along which to normalise; it must be given before the layer is called.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Softmin(dim=0)(mt.tensor([0.0, 1000.0]))
    tensor([1., 0.])
    """

    function = staticmethod(functional.softmin)
    any_shape = False  # needs an axis

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Softmax2d(Module):
    """Softmax over the channels of every place of a picture.

    See :func:`functional.softmax`. Input and output are of one shape, ``(N, C, height, width)`` or
    ``(C, height, width)``.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Softmax2d()(mt.zeros((2, 1, 1)))
    tensor([[[0.5]],
    <BLANKLINE>
            [[0.5]]])
    """

    def forward(self, x: Any) -> Any:
        shape = tuple(raw(require_array(x, "Softmax2d")).shape)
        if len(shape) not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected (N, C, height, width) or (C, height, width), got {shape}"
            )
        return functional.softmax(x, -3)
