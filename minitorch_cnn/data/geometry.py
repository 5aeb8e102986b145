"""Batch transforms that move pixels: of pictures, and of the masks that belong to them.

Every sample is moved on its own, all of a batch at once. May import ``sample_random`` and NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.data.sample_random import per_sample

Pair = tuple[int, int]

BLOCK = 1 << 12
"""About as many pixels are worked on at a time, to stay in the cache and in memory that is had."""


class Geometric:
    """Base class: draws once for each sample, and moves some arrays of the batch alike.

    Parameters
    ----------
    moved : sequence of int, default (0,)
        Which arrays of the batch are pictures, or masks that go with them: floats and bytes of
        shape (N, channels, height, width), or integers (N, height, width).
    """

    draws = 1
    """How many numbers a sample needs."""

    def __init__(self, moved: Sequence[int] = (0,)) -> None:
        self.moved = tuple(moved)

    def __call__(self, arrays: Any, rng: np.random.Generator) -> Any:
        if not isinstance(arrays, tuple | list):
            return self._moved_alike([arrays], rng, (0,))[0]
        return type(arrays)(self._moved_alike(list(arrays), rng, self.moved))

    def _moved_alike(
        self, arrays: list[Any], rng: np.random.Generator, moved: Sequence[int]
    ) -> list[Any]:
        name = type(self).__name__
        drawn = None
        for position in moved:
            array = arrays[position]
            is_mask = isinstance(array, np.ndarray) and array.ndim == 3
            pictures = array[:, None] if is_mask else array
            require_pictures(name, pictures)
            if drawn is None:
                drawn = per_sample(rng, len(pictures), self.draws).T
            result = self.move(pictures, drawn, is_mask or array.dtype.kind in "ib")
            arrays[position] = result[:, 0] if is_mask else result
        return arrays

    def move(self, pictures: Any, drawn: Any, labels: bool) -> Any:
        """The pictures (N, channels, height, width), moved as their numbers ``(draws, N)`` say.

        ``labels``: values are classes, of which there is no mean.
        """
        raise TypeError(f"{type(self).__name__} defines no move(...); add one")


class RandomHorizontalFlip(Geometric):
    """Some pictures mirrored left to right.

    Parameters
    ----------
    p : float
        Share of the pictures.
    moved : sequence of int
        Arrays of the batch that are mirrored together, see the how-to on augmentation.

    Raises
    ------
    ValueError
        For a share outside 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> transforms.RandomHorizontalFlip(p=1.0)(np.array([[[[1, 2]]]]), np.random.default_rng(0))
    array([[[[2, 1]]]])
    """

    axis = 3

    def __init__(self, p: float = 0.5, *, moved: Sequence[int] = (0,)) -> None:
        super().__init__(moved)
        self.p = require_share(type(self).__name__, p)

    def move(self, pictures: Any, drawn: Any, labels: bool) -> Any:
        chosen = (drawn[0] < self.p)[:, None, None, None]
        return np.where(chosen, np.flip(pictures, self.axis), pictures)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.p})"


class RandomVerticalFlip(RandomHorizontalFlip):
    """Some pictures turned upside down, as in a mirror.

    Parameters are those of :class:`RandomHorizontalFlip`.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> transforms.RandomVerticalFlip(p=1.0)(np.array([[[[1], [2]]]]), np.random.default_rng(0))
    array([[[[2],
             [1]]]])
    """

    axis = 2


class RandomCrop(Geometric):
    """A part of every picture, of one size, from a place at random.

    Parameters
    ----------
    size : int or (int, int)
        Height and width of the part.
    padding : int
        Pixels of ``fill`` that are put around the picture first.
    fill : float
        Masks (integers) are filled with 0 unless ``mask_fill`` is given.
    mask_fill : int
    moved : sequence of int
        Arrays of the batch that are cropped together.

    Raises
    ------
    ValueError
        For sizes that are no whole numbers of 1 or more; when called, for smaller pictures.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> pictures = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> transforms.RandomCrop(2)(pictures, np.random.default_rng(0))[0, 0]
    array([[4., 5.],
           [7., 8.]])
    """

    draws = 2

    def __init__(
        self,
        size: int | Pair,
        padding: int = 0,
        fill: float = 0,
        *,
        mask_fill: int = 0,
        moved: Sequence[int] = (0,),
    ) -> None:
        super().__init__(moved)
        sizes = (size, size) if isinstance(size, int | np.integer) else tuple(size)
        if len(sizes) != 2:
            raise ValueError(f"RandomCrop: size={size!r}; expected a height and a width")
        self.size = tuple(_whole("RandomCrop", "size", n, 1) for n in sizes)
        self.padding = _whole("RandomCrop", "padding", padding, 0)
        self.fill, self.mask_fill = fill, mask_fill

    def move(self, pictures: Any, drawn: Any, labels: bool) -> Any:
        room = [
            n + 2 * self.padding - size
            for n, size in zip(pictures.shape[2:], self.size, strict=True)
        ]
        if min(room) < 0:
            raise ValueError(
                f"RandomCrop: pictures of {pictures.shape[2:]} with {self.padding} pixels around "
                f"them are smaller than {self.size}"
            )
        top, left = (np.floor(u * (n + 1)).astype(int) for u, n in zip(drawn, room, strict=True))
        return cropped(
            pictures, self.padding, self.mask_fill if labels else self.fill, top, left, self.size
        )

    def __repr__(self) -> str:
        return f"RandomCrop({self.size}, padding={self.padding}, fill={self.fill})"


class RandomShift(Geometric):
    """Shift every picture by whole pixels, up to ``max_shift`` in each direction.

    Down and right are drawn independently and uniformly from ``-max_shift`` to ``max_shift``. What
    enters at the edge is ``fill``. The pictures are the first array of the batch, of shape
    (N, channels, height, width); all others (labels) pass through.

    Parameters
    ----------
    max_shift : int
        Largest shift in pixels, 0 or more.
    fill : float, default 0
        Value of the pixels that enter; of masks (integers), ``mask_fill``.
    mask_fill : int
    moved : sequence of int
        Arrays of the batch that are shifted together.

    Raises
    ------
    ValueError
        For a negative or fractional ``max_shift``; when called, for pictures of another rank.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> pictures = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> shift = transforms.RandomShift(1)
    >>> shifted, label = shift((pictures, np.array([5])), np.random.default_rng(1))
    >>> shifted[0, 0]
    array([[2., 3., 0.],
           [5., 6., 0.],
           [8., 9., 0.]])
    """

    draws = 2

    def __init__(
        self,
        max_shift: int,
        fill: float = 0,
        *,
        mask_fill: int = 0,
        moved: Sequence[int] = (0,),
    ) -> None:
        super().__init__(moved)
        self.max_shift = _whole("RandomShift", "max_shift", max_shift, 0)
        self.fill, self.mask_fill = fill, mask_fill

    def move(self, pictures: Any, drawn: Any, labels: bool) -> Any:
        edge = self.max_shift
        top, left = np.floor(drawn * (2 * edge + 1)).astype(int)
        return cropped(
            pictures, edge, self.mask_fill if labels else self.fill, top, left, pictures.shape[2:]
        )

    def __repr__(self) -> str:
        return f"RandomShift({self.max_shift}, fill={self.fill})"


class RandomRotation(Geometric):
    """Turn every picture about its centre by an angle at random.

    Between pixels values are interpolated linearly; labels in masks (integers) are taken from the
    nearest pixel.

    Parameters
    ----------
    degrees : float or (float, float)
        Least and largest angle, counter-clockwise; one number stands for ``(-degrees, degrees)``.
    fill : float
        What enters at the corners; in masks, ``mask_fill``.
    mask_fill : int
    moved : sequence of int
        Arrays of the batch that are turned together.

    Raises
    ------
    ValueError
        For a negative number of degrees, or bounds that do not grow.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> pictures = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> transforms.RandomRotation((90, 90))(pictures, np.random.default_rng(0))[0, 0].round(6)
    array([[3., 6., 9.],
           [2., 5., 8.],
           [1., 4., 7.]])
    """

    def __init__(
        self,
        degrees: float | tuple[float, float],
        fill: float = 0,
        *,
        mask_fill: int = 0,
        moved: Sequence[int] = (0,),
    ) -> None:
        super().__init__(moved)
        bounds = degrees if isinstance(degrees, tuple | list) else (-degrees, degrees)
        if len(bounds) != 2 or not bounds[0] <= bounds[1]:
            raise ValueError(
                f"RandomRotation: degrees={degrees}; expected a number of 0 or more, or a least "
                "and a largest angle"
            )
        self.degrees, self.fill, self.mask_fill = tuple(bounds), fill, mask_fill

    def move(self, pictures: Any, drawn: Any, labels: bool) -> Any:
        low, high = self.degrees
        angles = np.deg2rad(low + drawn[0] * (high - low))[:, None, None]
        angles = angles.astype(np.float64 if pictures.dtype == np.float64 else np.float32)
        turned = np.empty_like(pictures)
        step = max(BLOCK // math.prod(pictures.shape[1:]), 1)
        for first in range(0, len(pictures), step):
            some = slice(first, first + step)
            rows, columns = _turned_back(angles[some], *pictures.shape[2:])
            if labels:
                places = _Places(pictures[some], np.rint(rows), np.rint(columns), self.mask_fill)
                turned[some] = places.nearest()
            else:
                turned[some] = _Places(pictures[some], rows, columns, self.fill).between()
        return turned

    def __repr__(self) -> str:
        return f"RandomRotation({self.degrees}, fill={self.fill})"


def cropped(pictures: Any, edge: int, fill: float, top: Any, left: Any, size: Sequence[int]) -> Any:
    """Parts of the pictures with ``edge`` pixels of ``fill`` around them, one of each."""
    count, channels, height, width = pictures.shape
    padded = np.full((count, channels, height + 2 * edge, width + 2 * edge), fill, pictures.dtype)
    padded[:, :, edge : edge + height, edge : edge + width] = pictures
    # All parts of the padded pictures as a view; each picture takes its own.
    parts = np.lib.stride_tricks.sliding_window_view(padded, tuple(size), axis=(2, 3))
    return np.ascontiguousarray(parts[np.arange(count), :, top, left])


def require_pictures(name: str, pictures: Any) -> None:
    """Refuse what is no batch of pictures."""
    if not isinstance(pictures, np.ndarray) or pictures.ndim != 4:
        found = getattr(pictures, "shape", type(pictures).__name__)
        raise ValueError(
            f"{name}: expected a batch whose first array holds pictures of shape "
            f"(N, channels, height, width), got {found}"
        )


def require_share(name: str, p: float) -> float:
    """Refuse what is no share of pictures."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p={p}; expected a share from 0 to 1")
    return p


def _turned_back(angles: Any, height: int, width: int) -> tuple[Any, Any]:
    """Where each pixel of turned pictures comes from: rows and columns ``(N, height, width)``."""
    kind = angles.dtype.type
    cos, sin = np.cos(angles), np.sin(angles)
    down = (np.arange(height) - (height - 1) / 2).astype(kind)[:, None]
    right = (np.arange(width) - (width - 1) / 2).astype(kind)
    rows = (cos * down + kind((height - 1) / 2)) + sin * right
    columns = (cos * right + kind((width - 1) / 2)) - sin * down
    return rows, columns


class _Places:
    """Places ``(N, height, width)`` in pictures, and the values there; ``fill`` outside."""

    def __init__(self, pictures: Any, rows: Any, columns: Any, fill: float) -> None:
        count, channels, height, width = pictures.shape
        # One pixel before and two after, so that the four around any place are there.
        padded = np.full((count, channels, height + 3, width + 3), fill, pictures.dtype)
        padded[:, :, 1:-2, 1:-2] = pictures
        self.y = np.clip(rows, -1, height) + rows.dtype.type(1)
        self.x = np.clip(columns, -1, width) + columns.dtype.type(1)
        self.top, self.left = self.y.astype(np.intp), self.x.astype(np.intp)
        planes = np.arange(count * channels, dtype=np.intp).reshape(count, channels, 1, 1)
        first = (self.top * (width + 3) + self.left)[:, None]
        self.places = first + planes * padded[0, 0].size
        self.flat, self.row = padded.reshape(-1), width + 3

    def nearest(self) -> Any:
        """Values where places are pixels."""
        return self._at(0)

    def between(self) -> Any:
        """Values interpolated between the four pixels around each place."""
        down = np.subtract(self.y, self.top, dtype=self.y.dtype)[:, None]
        right = np.subtract(self.x, self.left, dtype=self.x.dtype)[:, None]
        above = _weighted(self._at(0), self._at(1), right)
        below = _weighted(self._at(self.row), self._at(self.row + 1), right)
        found = _weighted(above, below, down)
        return found if self.flat.dtype.kind == "f" else np.rint(found)

    def _at(self, further: int) -> Any:
        # None is outside, and nobody needs look for some that are.
        return self.flat[further:].take(self.places, mode="clip")


def _weighted(one: Any, other: Any, share: Any) -> Any:
    """``one`` on the way to ``other``, a ``share`` of it."""
    way = np.subtract(other, one, dtype=share.dtype)
    way *= share
    way += one
    return way


def _whole(name: str, what: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{name}: {what} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: {what} must be {least} or more, got {value}")
    return int(value)
