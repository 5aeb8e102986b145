"""Resizing by interpolation, in PyTorch's modes and by its rules for coordinates.

Every mode is separable: along each axis, an entry of the result is a weighted sum of a few
neighbours. Which neighbours and weights is worked out on the host; the values are gathered and
multiplied by ``ops``, so gradients of any order follow. May import ``ops``, ``resampling`` and
``windows``.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from minitorch_cnn.backend import backend_of, canonical_dtype
from minitorch_cnn.nn.functional.resampling import neighbours
from minitorch_cnn.nn.functional.windows import Ints, per_dimension
from minitorch_cnn.ops.arguments import constant, raw, require_float
from minitorch_cnn.ops.indexing import take
from minitorch_cnn.ops.reduce import sum as total

DIMENSIONS = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "trilinear": (3,),
    "bicubic": (2,),
    "lanczos": (2,),
}
"""Mode -> the numbers of spatial dimensions it is for."""

LINEAR = ("linear", "bilinear", "trilinear")
WITHOUT_CORNERS = ("nearest", "nearest-exact", "area")
ANTIALIASED = ("bilinear", "bicubic", "lanczos")


def interpolate(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Pictures (or lines, or volumes) in another size.

    Parameters
    ----------
    input : Tensor, shape (N, C, *spatial)
        With one, two or three spatial dimensions.
    size : int or one for each spatial dimension, optional
        Of the result; either this or ``scale_factor`` is given.
    scale_factor : float or one for each spatial dimension, optional
        The size of the result is that of the input times this, rounded down.
    mode : str
        ``"nearest"``; ``"nearest-exact"``, which counts from the middle of the pixels;
        ``"linear"``, ``"bilinear"`` or ``"trilinear"`` for one, two or three dimensions;
        ``"bicubic"`` for two; ``"area"``, the mean of the pixels that a pixel of the result covers;
        ``"lanczos"``, for two dimensions and with ``antialias``.
    align_corners : bool, optional
        For the linear modes and bicubic. True: the middles of the corner pixels stay where they
        are. False (also by default): the outer edges of the picture do.
    recompute_scale_factor : bool, optional
        True: take coordinates from the two sizes instead of from the ``scale_factor`` given, which
        differ where sizes were rounded.
    antialias : bool
        Widen the filter when shrinking, so that every pixel counts (bilinear, bicubic, lanczos).

    Returns
    -------
    Tensor, shape (N, C, *size)

    Raises
    ------
    ValueError
        For an unknown mode or one for another number of dimensions, for neither or both of size and
        scale, and for sizes below 1.
    TypeError
        If the input does not hold floating-point numbers, or sizes are no numbers.

    Notes
    -----
    Cubic weights: R. Keys, "Cubic convolution interpolation for digital image processing", 1981,
    with a = -0.75, or -0.5 with ``antialias``.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn.nn import functional as F
    >>> x = mt.tensor([[[0.0, 4.0]]])
    >>> F.interpolate(x, 4)
    tensor([[[0., 0., 4., 4.]]])
    >>> F.interpolate(x, 4, mode="linear")
    tensor([[[0., 1., 3., 4.]]])
    """
    shape = tuple(raw(require_float(input, "interpolate")).shape)
    _check_mode(shape, mode, align_corners, antialias)
    sizes, scales = _target(shape[2:], size, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("interpolate: recompute_scale_factor=True goes with scale_factor only")
    if recompute_scale_factor or mode == "area":
        scales = (None,) * len(sizes)
    if min(*shape[1:], *sizes) < 1:
        raise ValueError(
            f"interpolate: from an input of shape {shape} to the size {sizes}; every size must be "
            "at least 1 (an empty batch may be)"
        )
    settings: dict[str, Any] = {
        "corners": bool(align_corners),
        "antialias": antialias,
        "dtype": canonical_dtype(raw(input).dtype),
    }
    for axis, (old, new, given) in enumerate(zip(shape[2:], sizes, scales, strict=True), 2):
        scale = _followed(given, mode, len(sizes), old, new, antialias)
        if new != old or scale not in (None, 1):
            input = _weighted(input, axis, *neighbours(mode, old, new, scale, **settings))
    return input


def _check_mode(shape: Ints, mode: str, align_corners: bool | None, antialias: bool) -> None:
    """Refuse modes that are unknown or for other inputs, and options that are not for a mode."""
    if mode not in DIMENSIONS:
        raise ValueError(
            f"interpolate: mode {mode!r} is none of {', '.join(map(repr, DIMENSIONS))}"
        )
    if len(shape) - 2 not in DIMENSIONS[mode]:
        dims = " or ".join(str(n + 2) for n in DIMENSIONS[mode])
        fitting = ", ".join(repr(m) for m, n in DIMENSIONS.items() if len(shape) - 2 in n)
        raise ValueError(
            f"interpolate: mode {mode!r} expects an input of {dims} dimensions (N, C, *spatial), "
            f"got shape {shape}" + (f"; modes for it are {fitting}" if fitting else "")
        )
    if align_corners is not None and mode in WITHOUT_CORNERS:
        raise ValueError(
            f"interpolate: align_corners is not for mode {mode!r}; leave it out (it is for the "
            "linear modes and bicubic)"
        )
    if antialias and mode not in ANTIALIASED:
        raise ValueError(
            f"interpolate: antialias=True is for {', '.join(map(repr, ANTIALIASED))}, not for "
            f"mode {mode!r}"
        )
    if mode == "lanczos" and (align_corners or not antialias):
        raise ValueError(
            "interpolate: mode 'lanczos' needs antialias=True and knows no align_corners=True"
        )


def _target(sizes: Ints, size: Any, scale_factor: Any) -> tuple[Ints, tuple[float | None, ...]]:
    """Sizes of the result and the factor given for each dimension, if any."""
    dims = len(sizes)
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: pass either size or scale_factor, and not both")
    if size is not None:
        return per_dimension(size, dims, "interpolate size", least=1), (None,) * dims
    given = tuple(scale_factor) if isinstance(scale_factor, (tuple, list)) else (scale_factor,)
    scales = given * dims if len(given) == 1 else given
    if not all(isinstance(s, numbers.Real) for s in scales):
        raise TypeError(
            f"interpolate: scale_factor must be a number or a tuple of {dims}, got {scale_factor!r}"
        )
    if len(scales) != dims or not all(0 < s < math.inf for s in scales):
        raise ValueError(
            f"interpolate: expected one positive scale_factor or a tuple of {dims}, got "
            f"{scale_factor!r}"
        )
    return tuple(int(n * s) for n, s in zip(sizes, scales, strict=True)), scales


def _followed(
    scale: float | None, mode: str, dims: int, old: int, new: int, antialias: bool
) -> float | None:
    """The factor that coordinates follow; PyTorch passes over it where the size stays or doubles.

    Staying matters to filters and to the linear modes, both to the nearest pixel of a picture.
    """
    if new == old and (antialias or mode in LINEAR):
        return None
    if mode == "nearest" and dims == 2 and new in (old, 2 * old):
        return None
    return scale


def _weighted(x: Any, axis: int, index: Any, weights: Any) -> Any:
    """Weighted sums of entries along ``axis``; ``index`` and ``weights`` are (new size, taps)."""
    if index.shape[1] == 1:  # a single neighbour, of weight 1
        return take(x, index[:, 0], axis)
    gathered = take(x, index, axis)
    data = raw(x)
    home = backend_of(data)
    laid_out = weights.reshape(*weights.shape, *(1,) * (data.ndim - axis - 1))
    factors = home.asarray(laid_out.astype(canonical_dtype(data.dtype)), copy=True)
    return total(gathered * constant(factors, x), axis=axis + 1)
