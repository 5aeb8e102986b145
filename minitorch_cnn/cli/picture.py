"""From a picture file to what the nets were trained on: 28 x 28 pixels, light ink on black.

The recipe for pictures of other sizes is the one MNIST was made with (LeCun et al.,
http://yann.lecun.com/exdb/mnist): the ink fits 20 x 20 pixels, and its centre of mass is in the
middle of 28 x 28. Knows arrays and picture files; no net.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

SIDE = 28
_INK_SIDE = 20
_INK_LEVEL = 0.2
"""Share of the full range above which a pixel counts as ink: paper is not, nor JPEG's ripples."""
_LEAST_CONTRAST = 0.1
_ENOUGH_PIXELS = 1000
_MAX_PICTURES = 100_000


def read_digits(path: Path) -> Any:
    """Read the pictures of a file, ready for a net.

    Parameters
    ----------
    path : pathlib.Path
        A ``.npy`` file, or a picture that Pillow reads: PNG, JPEG and others.

    Returns
    -------
    numpy.ndarray
        float32 of shape (N, 1, 28, 28), from 0 (ground) to 1 (ink); N is 1 but for ``.npy`` files.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no picture, is damaged, or has nothing drawn on it.
    ImportError
        If it needs Pillow, which is not installed.
    """
    if not path.exists():
        raise FileNotFoundError(f"no file {path}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, expected a picture; try {path}/*.png")
    pictures = _read_npy(path) if path.suffix.lower() == ".npy" else _read_picture(path)[None]
    try:
        return np.stack([to_digit(picture) for picture in pictures])[:, None]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def to_digit(grey: Any) -> Any:
    """Bring one grey picture to 28 x 28 pixels with light ink on black.

    Parameters
    ----------
    grey : numpy.ndarray
        float of shape (height, width), from 0 (black) to 1 (white).

    Raises
    ------
    ValueError
        If nothing is drawn on it.

    Examples
    --------
    >>> drawing = np.ones((100, 60))     # white paper
    >>> drawing[20:80, 28:34] = 0        # a black stroke
    >>> digit = to_digit(drawing)
    >>> rows, columns = np.nonzero(digit > 0.5)
    >>> digit.shape, int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
    ((28, 28), 4, 23, 13, 14)
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground = float(np.median(border))
    if ground > 0.5:
        grey, ground = 1 - grey, 1 - ground
    if np.ptp(grey) < _LEAST_CONTRAST:
        raise ValueError("nothing is drawn on the picture: it is of one shade of grey")
    if grey.shape == (SIDE, SIDE):
        return grey.astype(np.float32)
    ink = np.clip((grey - ground) / (grey.max() - ground), 0, 1)
    return _centred(_scaled(_cropped(ink))).astype(np.float32)


def _cropped(ink: Any) -> Any:
    rows = np.flatnonzero((ink > _INK_LEVEL).any(axis=1))
    columns = np.flatnonzero((ink > _INK_LEVEL).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scaled(ink: Any) -> Any:
    """Scale to 20 pixels along the longer side; every new pixel is the mean of what it covers."""
    height, width = ink.shape
    longer = max(height, width)
    new_height = max(1, round(height * _INK_SIDE / longer))
    new_width = max(1, round(width * _INK_SIDE / longer))
    return _coverage(new_height, height) @ ink @ _coverage(new_width, width).T


def _coverage(new: int, old: int) -> Any:
    """Matrix (new, old): the share of old pixel j in new pixel i, rows summing to 1."""
    edges = np.linspace(0, old, new + 1)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)
    overlap = np.minimum(ends, pixels + 1) - np.maximum(starts, pixels)
    return np.clip(overlap, 0, None) * (new / old)


def _centred(ink: Any) -> Any:
    """Place on black 28 x 28 pixels with the centre of mass in the middle, as far as it fits."""
    digit = np.zeros((SIDE, SIDE))
    corner = []
    for axis, length in enumerate(ink.shape):
        mass = ink.sum(axis=1 - axis)
        centre = float(((np.arange(length) + 0.5) * mass).sum() / mass.sum())
        corner.append(min(max(round(SIDE / 2 - centre), 0), SIDE - length))
    top, left = corner
    digit[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return digit


def _read_npy(path: Path) -> Any:
    """Read float (N, height, width), from 0 to 1, from a file of one picture or several."""
    try:
        # Mapped, so that a header that claims more than the file holds allocates nothing.
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path} is not a whole .npy file of numbers ({error})") from None
    if pictures.ndim == 2:
        pictures = pictures[None]
    if pictures.ndim == 4 and pictures.shape[1] == 1:
        pictures = pictures[:, 0]
    if pictures.ndim != 3 or 0 in pictures.shape or len(pictures) > _MAX_PICTURES:
        raise ValueError(
            f"{path} has shape {pictures.shape}, expected one picture (height, width) or several "
            "(N, height, width) or (N, 1, height, width)"
        )
    if pictures.dtype.kind not in "uifb":
        raise ValueError(f"{path} has dtype {pictures.dtype}, expected numbers")
    values = pictures.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{path} holds NaN or infinity; every pixel must be a number")
    top = 1 if pictures.dtype.kind in "fb" else 255
    if values.min() < 0 or values.max() > top:
        raise ValueError(
            f"{path} holds values from {values.min():g} to {values.max():g}, expected 0 to {top} "
            f"for {pictures.dtype}"
        )
    return values / top


def _read_picture(path: Path) -> Any:
    """Read float (height, width), from 0 to 1, with anything that Pillow can open."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ImportError(
            f"reading {path} needs Pillow: pip install 'minitorch-cnn[viz]' (.npy files do not)"
        ) from None
    try:
        with warnings.catch_warnings():
            # Pillow warns of pictures so large that they are likely an attack.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                picture = ImageOps.exif_transpose(opened)
                if picture.mode.startswith("I"):  # 16 bits per pixel
                    return np.asarray(picture, dtype=np.float64) / 65535
                colours = picture.convert("RGBA")
                paper = Image.new("RGBA", colours.size, "white")
                grey = Image.alpha_composite(paper, colours).convert("L")
                grey.thumbnail((_ENOUGH_PIXELS, _ENOUGH_PIXELS))
                return np.asarray(grey, dtype=np.float64) / 255
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ValueError(f"{path} has too many pixels for the picture of a digit") from None
    except Exception as error:  # each of Pillow's decoders has errors of its own
        raise ValueError(f"{path} is not a picture that Pillow can read ({error})") from None
