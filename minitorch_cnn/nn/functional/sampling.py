"""Pictures looked up at given places: the sampling half of a spatial transformer.

Source: M. Jaderberg et al., "Spatial transformer networks", 2015. Which entries surround a place is
worked out on raw arrays; the places' share in the weights is written in operators, so gradients of
any order reach the picture and the grid. May import ``ops``, ``resampling`` and ``windows``.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of, canonical_dtype, namespace
from minitorch_cnn.nn.functional.resampling import far_cubic, near_cubic
from minitorch_cnn.nn.functional.windows import Ints
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_float,
    require_one_backend,
    require_one_dtype,
    shape_tuple,
)
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import take_along_axis
from minitorch_cnn.ops.linalg import matmul
from minitorch_cnn.ops.precision import widest
from minitorch_cnn.ops.shape import matrix_transpose, reshape

MODES = ("bilinear", "nearest", "bicubic")
PADDING_MODES = ("zeros", "border", "reflection")
CUBIC = -0.75
"""The parameter of Keys' cubic convolution, PyTorch's choice."""


def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> Any:
    """The places that an affine map sends the pixels of a picture to, for :func:`grid_sample`.

    Parameters
    ----------
    theta : Tensor, shape (N, 2, 3) or (N, 3, 4)
        For each picture the matrix and the offset of the map, on coordinates (x, y) or (x, y, z)
        from -1 to 1.
    size : sequence of int
        Of the result of sampling: (N, C, height, width) or (N, C, depth, height, width).
    align_corners : bool, optional
        True: -1 and 1 are the middles of the corner pixels. False (also by default): they are the
        outer edges of the picture.

    Returns
    -------
    Tensor, shape (N, height, width, 2) or (N, depth, height, width, 3)

    Raises
    ------
    ValueError
        If the shape of ``theta`` and the size do not go together, or a size is below 1.

    >>> import minitorch_cnn as mt
    >>> theta = mt.tensor([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])
    >>> mt.nn.functional.affine_grid(theta, (1, 1, 1, 2), align_corners=True)
    tensor([[[[-0.5,  0. ],
              [ 1.5,  0. ]]]])
    """
    name = "affine_grid"
    shape = tuple(raw(require_float(theta, name)).shape)
    wanted = shape_tuple(size, f"{name} size")
    dims = len(wanted) - 2
    if dims not in (2, 3) or shape != (wanted[0], dims, dims + 1):
        raise ValueError(
            f"{name}: theta of shape {shape} for the size {wanted}; expected (N, 2, 3) for "
            "(N, C, height, width), or (N, 3, 4) for (N, C, depth, height, width)"
        )
    if min(wanted[1:]) < 1:
        raise ValueError(f"{name}: size {wanted}: channels and pixels must be at least 1")
    axes = [_pixel_places(n, bool(align_corners)) for n in wanted[2:]]
    along = np.meshgrid(*axes, indexing="ij")[::-1]  # x first, which runs along the last axis
    places = np.stack([*along, np.ones(wanted[2:])], axis=-1).reshape(-1, dims + 1)
    data = raw(theta)
    base = backend_of(data).asarray(places.astype(canonical_dtype(data.dtype)), copy=True)
    moved = matmul(constant(base, theta), matrix_transpose(theta))
    return reshape(moved, (wanted[0], *wanted[2:], dims))


def _pixel_places(size: int, align_corners: bool) -> Any:
    """Coordinates from -1 to 1 of the pixels along an axis."""
    if align_corners:
        return np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
    return (2 * np.arange(size) + 1) / size - 1


@widest
def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """The values of pictures at the places of a grid.

    Parameters
    ----------
    input : Tensor, shape (N, C, height, width) or (N, C, depth, height, width)
    grid : Tensor, shape (N, rows, columns, 2) or (N, slices, rows, columns, 3)
        Places (x, y) or (x, y, z), x along the last axis of ``input``; -1 and 1 are its ends. NaN
        counts as -1.
    mode : {"bilinear", "nearest", "bicubic"}
        Of a volume, ``"bilinear"`` is trilinear, and there is no ``"bicubic"``. By ``"nearest"``
        the grid gets no gradient.
    padding_mode : {"zeros", "border", "reflection"}
        What lies outside of the picture: nothing; its edge entries; its mirror image.
    align_corners : bool, optional
        True: -1 and 1 are the middles of the corner pixels. False (also by default): they are the
        outer edges of the picture.

    Returns
    -------
    Tensor, shape (N, C, rows, columns) or (N, C, slices, rows, columns)

    Raises
    ------
    ValueError
        If the shapes do not go together, the picture has no pixels, or a mode is unknown.

    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([[[[0.0, 4.0]]]])
    >>> grid = mt.tensor([[[[-1.0, 0.0], [-0.5, 0.0], [0.5, 0.0]]]])
    >>> mt.nn.functional.grid_sample(x, grid, align_corners=True)
    tensor([[[[0., 1., 3.]]]])
    """
    sizes, places = _sizes(input, grid, mode, padding_mode)
    pictures, channels = raw(input).shape[:2]
    flat = reshape(input, (pictures, channels, math.prod(sizes)))
    grid = where(constant(namespace(raw(grid)).isnan(raw(grid)), grid), -1.0, grid)
    look_up = _cubic_neighbours if mode == "bicubic" else _close_neighbours
    along = []
    for axis, size in enumerate(sizes):
        place = reshape(grid[..., len(sizes) - 1 - axis], (pictures, 1, math.prod(places)))
        place = _in_pixels(place, size, bool(align_corners))
        along.append(look_up(place, size, mode, padding_mode, bool(align_corners)))
    out: Any = 0.0
    for corner in itertools.product(*along):
        index = sum(one.index * math.prod(sizes[axis + 1 :]) for axis, one in enumerate(corner))
        inside = functools.reduce(operator.and_, (one.inside for one in corner))
        values = where(constant(inside, input), take_along_axis(flat, index, axis=2), 0.0)
        out = out + math.prod((one.weight for one in corner), start=values)
    return reshape(out, (pictures, channels, *places))


def _in_pixels(place: Any, size: int, align_corners: bool) -> Any:
    """Coordinates from -1 to 1 as places on an axis whose entries lie at 0, 1, 2, ..."""
    if align_corners:
        return (place + 1) / 2 * (size - 1)
    return ((place + 1) * size - 1) / 2


def _sizes(input: Any, grid: Any, mode: str, padding_mode: str) -> tuple[Ints, Ints]:
    """Spatial sizes of the pictures and of the grid, once all fits together."""
    name = "grid_sample"
    shape = tuple(raw(require_float(input, name)).shape)
    places = tuple(raw(require_float(grid, name)).shape)
    require_one_backend(name, input=input, grid=grid)
    require_one_dtype(name, input=input, grid=grid)
    dims = len(shape) - 2
    if dims not in (2, 3) or len(places) != len(shape) or places[-1] != dims:
        raise ValueError(
            f"{name}: a grid of shape {places} for an input of shape {shape}; expected (N, rows, "
            "columns, 2) for (N, C, height, width), or (N, slices, rows, columns, 3) for (N, C, "
            "depth, height, width)"
        )
    if places[0] != shape[0]:
        raise ValueError(
            f"{name}: {places[0]} grids for {shape[0]} pictures; expected one for each"
        )
    if min(shape[2:]) < 1:
        raise ValueError(f"{name}: an input of shape {shape} has no pixels to sample")
    if mode not in MODES or (mode == "bicubic" and dims == 3):
        known = MODES if dims == 2 else MODES[:2]
        raise ValueError(
            f"{name}: mode {mode!r} is none of {', '.join(map(repr, known))} for an input of "
            f"{dims + 2} dimensions"
        )
    if padding_mode not in PADDING_MODES:
        raise ValueError(
            f"{name}: padding_mode {padding_mode!r} is none of "
            f"{', '.join(map(repr, PADDING_MODES))}"
        )
    return shape[2:], places[1:-1]


@dataclass(frozen=True)
class _Neighbour:
    """One neighbour along one axis, for every place (raw arrays but for ``weight``)."""

    index: Any
    inside: Any
    weight: Any


def _close_neighbours(
    places: Any, size: int, mode: str, padding_mode: str, corners: bool
) -> list[_Neighbour]:
    """The nearest entry, or those on both sides of each place."""
    if padding_mode == "reflection":
        sign, offset = _reflection(raw(places), size, corners)
        places = places * constant(sign, places) + constant(offset, places)
    places = _within(places, size, 1) if padding_mode == "zeros" else _clipped(places, size)
    data = raw(places)
    xp = namespace(data)
    if mode == "nearest":
        return [_neighbour(xp.round(data), size, 1.0)]
    left = xp.floor(data)
    part = places - constant(left, places)
    return [_neighbour(left, size, 1 - part), _neighbour(left + 1, size, part)]


def _cubic_neighbours(
    places: Any, size: int, mode: str, padding_mode: str, corners: bool
) -> list[_Neighbour]:
    """Two entries on each side of each place; those outside are looked up by the padding."""
    if padding_mode == "zeros":
        places = _within(places, size, 2)
    left = namespace(raw(places)).floor(raw(places))
    part = places - constant(left, places)
    weights = [
        far_cubic(1 + part, CUBIC),
        near_cubic(part, CUBIC),
        near_cubic(1 - part, CUBIC),
        far_cubic(2 - part, CUBIC),
    ]
    neighbours = []
    for step, weight in zip(range(-1, 3), weights, strict=True):
        index = left + step
        if padding_mode == "reflection":
            sign, offset = _reflection(index, size, corners)
            index = index * sign + offset
        if padding_mode != "zeros":
            index = raw(_clipped(index, size))
        neighbours.append(_neighbour(index, size, weight))
    return neighbours


def _neighbour(index: Any, size: int, weight: Any) -> _Neighbour:
    """Whole numbers as indices into an axis, and where they are inside of it."""
    xp = namespace(index)
    inside = (index >= 0) & (index <= size - 1)
    return _Neighbour(xp.astype(xp.where(inside, index, 0.0), xp.int64), inside, weight)


def _within(places: Any, size: int, reach: int) -> Any:
    """Places from which neighbours may be inside; all others moved to where none is."""
    data = raw(places)
    near = (data >= -reach) & (data <= size - 1 + reach)
    return where(constant(near, places), places, -1.0 - reach)


def _clipped(places: Any, size: int) -> Any:
    """Places moved to the nearest edge; from there on, as at the edge itself, without gradient."""
    data = raw(places)
    xp = namespace(data)
    inside = (data > 0) & (data < size - 1)
    edges = xp.astype(data >= size - 1, data.dtype) * (size - 1)
    return where(constant(inside, places), places, constant(edges, places))


def _reflection(places: Any, size: int, corners: bool) -> tuple[Any, Any]:
    """Sign and offset that bring raw places back into the picture by mirroring at its ends.

    The mirrors stand on the middles of the corner pixels, or on the outer edges of the picture.
    """
    low, span = (0.0, size - 1) if corners else (-0.5, size)
    xp = namespace(places)
    if span == 0:
        return xp.zeros_like(places), xp.zeros_like(places)
    side = xp.where(places < low, xp.full_like(places, -1.0), xp.full_like(places, 1.0))
    flips = xp.floor((places - low) * side / span)
    odd = flips - 2 * xp.floor(flips / 2)
    turn = 1 - 2 * odd
    return side * turn, turn * (-side * low - flips * span) + odd * span + low
