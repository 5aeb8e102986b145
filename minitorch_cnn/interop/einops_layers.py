"""einops' patterns as layers: ``Rearrange`` and ``Reduce``, for use in ``nn.Sequential``.

einops brings the pattern, its checks and its text; a module is all that is added. Not imported with
the package: it needs einops. May import everything below the package.
"""

from __future__ import annotations

from einops.layers import RearrangeMixin, ReduceMixin

from minitorch_cnn.nn.module import Module
from minitorch_cnn.tensor import Tensor


class Rearrange(RearrangeMixin, Module):
    """``einops.rearrange`` as a layer.

    Parameters
    ----------
    pattern : str
        Such as ``"b c h w -> b (c h w)"``.
    **axes_lengths : int
        Sizes of axes that the pattern splits off.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.interop.einops_layers import Rearrange
    >>> Rearrange("b (h w) -> b h w", h=2)(mt.ones((3, 8))).shape
    (3, 2, 4)
    """

    def forward(self, x: Tensor) -> Tensor:
        return self._apply_recipe(x)  # type: ignore[no-any-return, no-untyped-call]


class Reduce(ReduceMixin, Module):
    """``einops.reduce`` as a layer.

    Parameters
    ----------
    pattern : str
        Such as ``"b c (h 2) (w 2) -> b c h w"``.
    reduction : {"max", "min", "sum", "mean", "prod"}
        What to do with the axes that are missing on the right.
    **axes_lengths : int
        Sizes of axes that the pattern splits off.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.interop.einops_layers import Reduce
    >>> Reduce("b c h w -> b c", "mean")(mt.ones((2, 3, 4, 4))).shape
    (2, 3)
    """

    def forward(self, x: Tensor) -> Tensor:
        return self._apply_recipe(x)  # type: ignore[no-any-return, no-untyped-call]
