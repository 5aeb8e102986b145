"""Layers that resize pictures. No parameters.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.module import Module


class Upsample(Module):
    """Pictures in another size; see :func:`functional.interpolate`.

    Parameters
    ----------
    size : int or one for each spatial dimension, optional
    scale_factor : float or one for each spatial dimension, optional
        Either this or ``size`` is given.
    mode : {"nearest", "linear", "bilinear", "bicubic", "trilinear", "nearest-exact", "area"}
    align_corners : bool, optional
    recompute_scale_factor : bool, optional

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Upsample(scale_factor=2, mode="bilinear")(mt.ones((1, 1, 3, 4))).shape
    (1, 1, 6, 8)
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        if (size is None) == (scale_factor is None):
            raise ValueError(
                f"{type(self).__name__}: pass either size or scale_factor, and not both"
            )
        self.size = size
        self.scale_factor = _floats(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Any) -> Any:
        settings = (self.mode, self.align_corners, self.recompute_scale_factor)
        return functional.interpolate(x, self.size, self.scale_factor, *settings)

    def extra_repr(self) -> str:
        given = (
            f"size={self.size}"
            if self.scale_factor is None
            else f"scale_factor={self.scale_factor}"
        )
        return f"{given}, mode={self.mode!r}"


def _floats(scale_factor: Any) -> Any:
    """Integer factors as the floats that they stand for, alone or in a tuple."""
    if isinstance(scale_factor, (tuple, list)):
        return tuple(map(_floats, scale_factor))
    return float(scale_factor) if isinstance(scale_factor, int) else scale_factor


class UpsamplingNearest2d(Upsample):
    """Pictures in another size, every pixel that of the nearest one.

    Parameters
    ----------
    size : int or (height, width), optional
    scale_factor : float or (vertical, horizontal), optional

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.UpsamplingNearest2d(scale_factor=2)(mt.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Pictures in another size by bilinear interpolation, the corner pixels staying as they are.

    Parameters
    ----------
    size : int or (height, width), optional
    scale_factor : float or (vertical, horizontal), optional

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.UpsamplingBilinear2d(size=(1, 3))(mt.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1. , 1.5, 2. ]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
