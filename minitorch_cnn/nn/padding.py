"""Layers that surround pictures, by a constant or by entries of their own. No parameters.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.functional.windows import batched_shape, per_dimension
from minitorch_cnn.nn.module import Module
from minitorch_cnn.ops.arguments import raw, require_array


class _ConstantPad(Module):
    """What padding by a constant in one, two and three dimensions shares."""

    dims: ClassVar[int]

    def __init__(self, padding: Any, value: float) -> None:
        self.padding = per_dimension(padding, 2 * self.dims, f"{type(self).__name__} padding")
        self.value = value

    def forward(self, x: Any) -> Any:
        return functional.pad(x, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    """What padding by zeros in one, two and three dimensions shares."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _EntryPad(Module):
    """What padding by the picture's own entries shares."""

    dims: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Any) -> None:
        self.padding = per_dimension(padding, 2 * self.dims, f"{type(self).__name__} padding")

    def forward(self, x: Any) -> Any:
        name = type(self).__name__
        batched_shape(tuple(raw(require_array(x, name)).shape), self.dims, name)
        return functional.pad(x, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPad(_EntryPad):
    mode = "reflect"


class _ReplicationPad(_EntryPad):
    mode = "replicate"


class _CircularPad(_EntryPad):
    mode = "circular"


class ConstantPad1d(_ConstantPad):
    """Lines, as :class:`ConstantPad2d` has pictures; ``padding``: an integer or (before, after).

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ConstantPad1d(1, 0.5)(mt.ones((1, 1, 3))).shape
    (1, 1, 5)
    """

    dims = 1


class ConstantPad2d(_ConstantPad):
    """Pictures surrounded by ``value``.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Negative widths crop.
    value : float
        What to add.

    Raises
    ------
    ValueError
        If there are not 4 widths, or a picture is too small for them.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ConstantPad2d((1, 1, 0, 0), 0.5)(mt.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[0.5, 1. , 2. , 0.5]]]])
    """

    dims = 2


class ConstantPad3d(_ConstantPad):
    """Volumes, as :class:`ConstantPad2d` has pictures; ``padding``: an integer or six widths.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ConstantPad3d(1, 0.5)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    dims = 3


class ZeroPad1d(_ZeroPad):
    """Lines, as :class:`ZeroPad2d` has pictures; ``padding``: an integer or (before, after).

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ZeroPad1d(1)(mt.ones((1, 1, 3))).shape
    (1, 1, 5)
    """

    dims = 1


class ZeroPad2d(_ZeroPad):
    """Pictures surrounded by zeros.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Negative widths crop.

    Raises
    ------
    ValueError
        If there are not 4 widths, or a picture is too small for them.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ZeroPad2d((1, 1, 0, 0))(mt.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[0., 1., 2., 0.]]]])
    """

    dims = 2


class ZeroPad3d(_ZeroPad):
    """Volumes, as :class:`ZeroPad2d` has pictures; ``padding``: an integer or six widths.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ZeroPad3d(1)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    dims = 3


class ReflectionPad1d(_ReflectionPad):
    """Lines, as :class:`ReflectionPad2d` has pictures; ``padding``: an integer or (before, after).

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReflectionPad1d(1)(mt.ones((1, 1, 3))).shape
    (1, 1, 5)
    """

    dims = 1


class ReflectionPad2d(_ReflectionPad):
    """Pictures mirrored at their edge entries, which are not repeated.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Each smaller than the axis; negative widths crop.

    Raises
    ------
    ValueError
        If there are not 4 widths, or a picture is too small for them.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReflectionPad2d((1, 1, 0, 0))(mt.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[2., 1., 2., 1.]]]])
    """

    dims = 2


class ReflectionPad3d(_ReflectionPad):
    """Volumes, as :class:`ReflectionPad2d` has pictures; ``padding``: an integer or six widths.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReflectionPad3d(1)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    dims = 3


class ReplicationPad1d(_ReplicationPad):
    """Lines, as :class:`ReplicationPad2d` has pictures; ``padding``: an integer or (before, after).

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReplicationPad1d(1)(mt.ones((1, 1, 3))).shape
    (1, 1, 5)
    """

    dims = 1


class ReplicationPad2d(_ReplicationPad):
    """Pictures whose edge entries are repeated.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Negative widths crop.

    Raises
    ------
    ValueError
        If there are not 4 widths, or a picture is too small for them.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReplicationPad2d((1, 1, 0, 0))(mt.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1., 1., 2., 2.]]]])
    """

    dims = 2


class ReplicationPad3d(_ReplicationPad):
    """Volumes, as :class:`ReplicationPad2d` has pictures; ``padding``: an integer or six widths.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReplicationPad3d(1)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    dims = 3


class CircularPad1d(_CircularPad):
    """Lines, as :class:`CircularPad2d` has pictures; ``padding``: an integer or (before, after).

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.CircularPad1d(1)(mt.ones((1, 1, 3))).shape
    (1, 1, 5)
    """

    dims = 1


class CircularPad2d(_CircularPad):
    """Pictures continued from their other side.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        None larger than the axis; negative widths crop.

    Raises
    ------
    ValueError
        If there are not 4 widths, or a picture is too small for them.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.CircularPad2d((1, 1, 0, 0))(mt.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[2., 1., 2., 1.]]]])
    """

    dims = 2


class CircularPad3d(_CircularPad):
    """Volumes, as :class:`CircularPad2d` has pictures; ``padding``: an integer or six widths.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.CircularPad3d(1)(mt.ones((1, 1, 3, 3, 3))).shape
    (1, 1, 5, 5, 5)
    """

    dims = 3
