"""Sets that are drawn: shapes with their masks, and points that no line parts.

The same for the same seed. Imports NumPy, ``data`` and the one random generator.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.data import TensorDataset

SHAPES = ("background", "disc", "square", "triangle")
PER_PICTURE = 3
"""At most as many shapes are in a picture."""


def synthetic_shapes(
    count: int, size: int = 32, *, noise: float = 0.05, seed: int | None = None
) -> TensorDataset:
    """Pictures of discs, squares and triangles on a shaded ground, with the class of every pixel.

    One to three shapes a picture, of any size, place, angle and shade; later ones cover earlier
    ones. For segmentation.

    Parameters
    ----------
    count : int
        Number of pictures.
    size : int
        Height and width, 8 or more.
    noise : float
        Spread of the noise on every pixel.
    seed : int, optional
        None draws from ``mt.random.default_rng()``.

    Returns
    -------
    TensorDataset
        Of (picture, mask): float32 of shape (1, size, size), about 0 to 1, and int64 of shape
        (size, size): 0 for the ground, 1 to 3 for disc, square and triangle; with ``classes``.

    Raises
    ------
    ValueError
        For a count below 1 or a size below 8.

    Examples
    --------
    >>> from minitorch_cnn import datasets
    >>> shapes = datasets.synthetic_shapes(10, seed=0)
    >>> picture, mask = shapes[0]
    >>> picture.shape, mask.shape, shapes.classes
    ((1, 32, 32), (32, 32), ('background', 'disc', 'square', 'triangle'))
    """
    if count < 1 or size < 8:
        raise ValueError(
            f"synthetic_shapes: count={count}, size={size}; expected 1 or more, and 8 or more"
        )
    rng = _generator(seed)
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    down, right = axis[:, None], axis[None, :]
    slope = rng.uniform(-0.3, 0.3, (2, count, 1, 1)).astype(np.float32)
    ground = rng.uniform(0.1, 0.5, (count, 1, 1)).astype(np.float32)
    pictures = ground + slope[0] * down + slope[1] * right
    masks = np.zeros((count, size, size), np.int64)
    shapes = rng.integers(1, PER_PICTURE + 1, count)
    for number in range(PER_PICTURE):
        kind = rng.integers(1, len(SHAPES), count)
        inside = _inside(rng, kind, down, right) & (number < shapes)[:, None, None]
        shade = rng.uniform(0.3, 0.6, (count, 1, 1)).astype(np.float32)
        pictures = np.where(inside, ground + shade, pictures)
        masks = np.where(inside, kind[:, None, None], masks)
    pictures = pictures + noise * rng.standard_normal(pictures.shape, dtype=np.float32)
    dataset = TensorDataset(pictures[:, None].astype(np.float32), masks)
    dataset.classes = SHAPES
    return dataset


def _inside(rng: np.random.Generator, kind: Any, down: Any, right: Any) -> Any:
    """Which pixels a shape of each picture covers."""
    count = len(kind)
    sizes, angles = rng.uniform(0.18, 0.32, count), rng.uniform(0, 2 * np.pi, count)
    rows, columns = rng.uniform(0.2, 0.8, (2, count))
    drawn = (sizes, angles, rows, columns, kind)
    radius, turn, y, x, which = (v[:, None, None].astype(np.float32) for v in drawn)
    along = np.cos(turn) * (right - x) + np.sin(turn) * (down - y)
    across = np.cos(turn) * (down - y) - np.sin(turn) * (right - x)
    # Distances to the sides, as shares of the radius: of a disc, a square, a triangle.
    disc = np.sqrt(along**2 + across**2)
    square = np.maximum(abs(along), abs(across)) * 1.15
    slanted = np.sqrt(0.75, dtype=np.float32) * abs(across) + along / 2
    triangle = np.maximum(slanted, -along) * 1.6
    distance = np.where(which == 1, disc, np.where(which == 2, square, triangle))
    return distance < radius


def moons(count: int, noise: float = 0.1, *, seed: int | None = None) -> TensorDataset:
    """Two half circles that reach into each other.

    Parameters
    ----------
    count : int
        Number of points, 2 or more.
    noise : float
        Spread of the noise on both coordinates.
    seed : int, optional
        None draws from ``mt.random.default_rng()``.

    Returns
    -------
    TensorDataset
        Of (point, class): float32 of shape (2,) and int64, in an order at random.

    Notes
    -----
    Places and classes are those of scikit-learn's ``make_moons``.

    Examples
    --------
    >>> from minitorch_cnn import datasets
    >>> points, labels = datasets.moons(100, seed=0).arrays
    >>> points.shape, points.dtype, labels.sum()
    ((100, 2), dtype('float32'), np.int64(50))
    """
    _require_two("moons", count, 2)
    outer = np.linspace(0, np.pi, count // 2)
    inner = np.linspace(0, np.pi, count - count // 2)
    points = np.concatenate(
        [
            np.stack([np.cos(outer), np.sin(outer)], axis=1),
            np.stack([1 - np.cos(inner), 0.5 - np.sin(inner)], axis=1),
        ]
    )
    labels = np.repeat([0, 1], [len(outer), len(inner)])
    return _shuffled(points, labels, noise, seed)


def spirals(
    count: int,
    classes: int = 2,
    *,
    turns: float = 1.0,
    noise: float = 0.02,
    seed: int | None = None,
) -> TensorDataset:
    """Spirals that wind around each other, one for each class.

    Parameters
    ----------
    count : int
        Number of points, at least one for each class.
    classes : int
        2 or more.
    turns : float
        How often each goes round.
    noise : float
        Spread of the noise on both coordinates.
    seed : int, optional
        None draws from ``mt.random.default_rng()``.

    Returns
    -------
    TensorDataset
        Of (point, class): float32 of shape (2,), about -1 to 1, and int64, in an order at random.

    Examples
    --------
    >>> from minitorch_cnn import datasets
    >>> points, labels = datasets.spirals(90, classes=3, seed=0).arrays
    >>> points.shape, sorted(set(labels.tolist()))
    ((90, 2), [0, 1, 2])
    """
    _require_two("spirals", count, classes)
    labels = np.arange(count) % classes
    radius = 0.1 + 0.9 * (np.arange(count) // classes) / max((count - 1) // classes, 1)
    angle = 2 * np.pi * (turns * radius + labels / classes)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _shuffled(points, labels, noise, seed)


def _shuffled(points: Any, labels: Any, noise: float, seed: int | None) -> TensorDataset:
    rng = _generator(seed)
    order = rng.permutation(len(points))
    noisy = points + noise * rng.standard_normal(points.shape)
    return TensorDataset(noisy[order].astype(np.float32), labels[order].astype(np.int64))


def _require_two(name: str, count: int, classes: int) -> None:
    if classes < 2 or count < classes:
        raise ValueError(
            f"{name}: {count} points in {classes} classes; expected 2 classes or more, and as many "
            "points"
        )


def _generator(seed: int | None) -> np.random.Generator:
    return random.default_rng() if seed is None else np.random.default_rng(seed)
