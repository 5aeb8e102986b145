"""Pictures in folders, one for each class, read when they are asked for.

Imports ``data``, and Pillow when a picture is read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from minitorch_cnn.data import Dataset

ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}
)
MODES = {"L": 1, "RGB": 3}


class PictureFolder(Dataset):
    """The pictures of a folder that has a subfolder for each class.

    ``folder/cat/1.png``, ``folder/dog/2.jpg``, ... Classes are numbered in the order of their
    names, pictures come in that of theirs; hidden files and other kinds are passed over. Needs
    ``pillow``.

    Parameters
    ----------
    path : str or path
    size : int or (int, int), optional
        Height and width that every picture is scaled to; needed for batches unless all have one
        size.
    mode : {"RGB", "L"}
        In colour or grey.

    Attributes
    ----------
    classes : tuple of str
    files : list of pathlib.Path
    labels : array of int64

    Raises
    ------
    ValueError
        If there are no subfolders, or one has no pictures; when a picture is read, if it is
        damaged: its path is named.
    ImportError
        If Pillow is not installed.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        size: int | tuple[int, int] | None = None,
        mode: str = "RGB",
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"folder: mode={mode!r}; expected 'RGB' or 'L'")
        self.size = (size, size) if isinstance(size, int) else size
        self.mode = mode
        root = Path(path)
        if not root.is_dir():
            raise ValueError(f"{root} is no folder; expected one with a subfolder for each class")
        folders = sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith("."))
        if not folders:
            raise ValueError(f"{root} has no subfolders; expected one for each class of pictures")
        self.classes = tuple(folder.name for folder in folders)
        found = [_pictures(folder) for folder in folders]
        self.files = [file for files in found for file in files]
        self.labels = np.repeat(np.arange(len(folders)), [len(files) for files in found])

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Any) -> tuple[Any, int]:
        """A picture, float32 of shape (channels, height, width) from 0 to 1, and its class."""
        return self._picture(self.files[index]), int(self.labels[index])

    def _picture(self, path: Path) -> Any:
        try:
            from PIL import Image
        except ImportError:
            raise ImportError(
                "pictures are read with Pillow: pip install 'minitorch-cnn[viz]'"
            ) from None
        try:
            with Image.open(path) as file:
                picture = file.convert(self.mode)
                if self.size is not None:
                    picture = picture.resize(self.size[::-1], Image.Resampling.BILINEAR)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"{path} is no picture, or damaged: {error}; remove it") from None
        values = np.asarray(picture, np.float32) / 255
        return values[None] if self.mode == "L" else np.ascontiguousarray(values.transpose(2, 0, 1))


def folder(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    mode: str = "RGB",
) -> PictureFolder:
    """The pictures of a folder that has a subfolder for each class; see :class:`PictureFolder`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> from minitorch_cnn import datasets
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for number, kind in enumerate(("cat", "dog")):
    ...         place = pathlib.Path(name, kind)
    ...         place.mkdir()
    ...         Image.new("RGB", (8, 6), (255 * number, 0, 0)).save(place / "1.png")
    ...     pictures = datasets.folder(name, size=4)
    ...     x, y = pictures[1]
    >>> pictures.classes, x.shape, float(x[0, 0, 0]), y
    (('cat', 'dog'), (3, 4, 4), 1.0, 1)
    """
    return PictureFolder(path, size, mode)


def _pictures(folder: Path) -> list[Path]:
    found = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".") and file.is_file()
    )
    if not found:
        raise ValueError(f"{folder} has no pictures; remove it, or put some there")
    return found
