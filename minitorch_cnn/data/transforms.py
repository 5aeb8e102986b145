"""Batch transforms: augmentation of whole batches on the host, before they become Tensors.

A transform is any callable ``transform(arrays, rng) -> arrays``: ``arrays`` is the batch as the
dataset gave it (usually a tuple of NumPy arrays: pictures, labels), ``rng`` the generator that the
loader gives (see ``SampleGenerator``), or any NumPy generator. It returns new arrays and leaves the
given ones alone. What moves pixels is in ``geometry``. Imports only NumPy and these neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch_cnn.data.geometry import (
    RandomCrop,
    RandomHorizontalFlip,
    RandomRotation,
    RandomShift,
    RandomVerticalFlip,
    require_pictures,
    require_share,
)
from minitorch_cnn.data.sample_random import per_sample

__all__ = [
    "Compose",
    "Normalize",
    "RandomCrop",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomRotation",
    "RandomShift",
    "RandomVerticalFlip",
    "ToFloat",
]


class Compose:
    """Transforms one after the other, drawing from the same generator.

    Parameters
    ----------
    *transforms : callable
        Functions ``(arrays, rng) -> arrays``, in the order of their application.

    Raises
    ------
    TypeError
        For something that cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> double = lambda arrays, rng: (arrays[0] * 2, *arrays[1:])
    >>> transforms.Compose(double, double)((np.ones(2), 7), np.random.default_rng(0))
    (array([4., 4.]), 7)
    """

    def __init__(self, *transforms: Callable[[Any, np.random.Generator], Any]) -> None:
        for position, transform in enumerate(transforms):
            if not callable(transform):
                raise TypeError(
                    f"Compose: transform {position} is a {type(transform).__name__}, expected "
                    "callables (arrays, rng) -> arrays, each as an argument of its own"
                )
        self.transforms = transforms

    def __call__(self, arrays: Any, rng: np.random.Generator) -> Any:
        for transform in self.transforms:
            arrays = transform(arrays, rng)
        return arrays

    def __repr__(self) -> str:
        return f"Compose({', '.join(map(repr, self.transforms))})"


class _OfPictures:
    """Changes the first array of a batch, the pictures, and hands on the others."""

    def __call__(self, arrays: Any, rng: np.random.Generator) -> Any:
        if not isinstance(arrays, tuple | list):
            return self.changed(arrays, rng)
        return type(arrays)((self.changed(arrays[0], rng), *arrays[1:]))

    def changed(self, pictures: Any, rng: np.random.Generator) -> Any:
        """The pictures ``(N, channels, height, width)``, changed."""
        raise TypeError(f"{type(self).__name__} defines no changed(...); add one")


class ToFloat(_OfPictures):
    """Pictures of bytes, 0 to 255, as float32 from 0 to 1; others as float32 as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> pictures = np.array([[[[0, 51, 255]]]], np.uint8)
    >>> transforms.ToFloat()((pictures, 7), np.random.default_rng(0))[0]
    array([[[[0. , 0.2, 1. ]]]], dtype=float32)
    """

    def changed(self, pictures: Any, rng: np.random.Generator) -> Any:
        floats = np.asarray(pictures).astype(np.float32)
        return floats / 255 if pictures.dtype == np.uint8 else floats

    def __repr__(self) -> str:
        return "ToFloat()"


class Normalize(_OfPictures):
    """``(pictures - mean) / std``, for each channel: what nets learn from most easily.

    Parameters
    ----------
    mean, std : float or sequence of float
        For all channels, or one for each.

    Raises
    ------
    ValueError
        For a ``std`` of 0; when called, for pictures that are no floats, or of other channels.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> pictures = np.array([[[[0.0, 0.5]], [[1.0, 3.0]]]], np.float32)
    >>> transforms.Normalize([0.5, 1.0], [0.5, 2.0])(pictures, np.random.default_rng(0))
    array([[[[-1.,  0.]],
    <BLANKLINE>
            [[ 0.,  1.]]]], dtype=float32)
    """

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        self.mean, self.std = np.array(mean, np.float64), np.array(std, np.float64)
        if (self.std == 0).any():
            raise ValueError(f"Normalize: std={std}; expected numbers other than 0")

    def changed(self, pictures: Any, rng: np.random.Generator) -> Any:
        require_pictures("Normalize", pictures)
        if pictures.dtype.kind != "f":
            raise ValueError(
                f"Normalize: pictures of {pictures.dtype}; put transforms.ToFloat() before it"
            )
        channels = pictures.shape[1]
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values.size not in (1, channels):
                raise ValueError(
                    f"Normalize: {values.size} values of {name} for {channels} channels"
                )
        mean, std = (v.reshape(-1, 1, 1).astype(pictures.dtype) for v in (self.mean, self.std))
        return (pictures - mean) / std

    def __repr__(self) -> str:
        return f"Normalize({self.mean.tolist()}, {self.std.tolist()})"


class RandomErasing(_OfPictures):
    """A rectangle of some pictures is painted over.

    Parameters
    ----------
    p : float
        Share of the pictures.
    scale : (float, float)
        Least and largest share of a picture's area.
    ratio : (float, float)
        Least and largest height over width.
    value : float
        What is painted.

    Raises
    ------
    ValueError
        For a share outside 0 to 1, or bounds that do not grow.

    Notes
    -----
    Source: Z. Zhong et al., "Random Erasing Data Augmentation", 2020. A rectangle that is longer
    than the picture is cut to it.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn.data import transforms
    >>> erase = transforms.RandomErasing(p=1.0, scale=(0.25, 0.25), ratio=(1.0, 1.0))
    >>> erase(np.ones((1, 1, 4, 4)), np.random.default_rng(0))[0, 0]
    array([[1., 1., 1., 1.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.],
           [1., 1., 1., 1.]])
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: tuple[float, float] = (0.02, 0.33),
        ratio: tuple[float, float] = (0.3, 3.3),
        value: float = 0,
    ) -> None:
        self.p = require_share("RandomErasing", p)
        if not 0 <= scale[0] <= scale[1] <= 1 or not 0 < ratio[0] <= ratio[1]:
            raise ValueError(
                f"RandomErasing: scale={scale}, ratio={ratio}; expected bounds that grow, of "
                "scale from 0 to 1, of ratio above 0"
            )
        self.scale, self.ratio, self.value = scale, ratio, value

    def changed(self, pictures: Any, rng: np.random.Generator) -> Any:
        require_pictures("RandomErasing", pictures)
        height, width = pictures.shape[2:]
        chosen, size, shape, down, right = per_sample(rng, len(pictures), 5).T
        area = (self.scale[0] + size * (self.scale[1] - self.scale[0])) * height * width
        low, high = np.log(self.ratio)
        ratio = np.exp(low + shape * (high - low))
        tall = np.clip(np.rint(np.sqrt(area * ratio)), 0, height)
        wide = np.clip(np.rint(np.sqrt(area / ratio)), 0, width)
        rows = _inside(np.floor(down * (height - tall + 1)), tall, height)
        columns = _inside(np.floor(right * (width - wide + 1)), wide, width)
        erased = (chosen < self.p)[:, None, None] & rows[:, :, None] & columns[:, None, :]
        return np.where(erased[:, None], pictures.dtype.type(self.value), pictures)

    def __repr__(self) -> str:
        return f"RandomErasing({self.p}, {self.scale}, {self.ratio}, {self.value})"


def _inside(first: Any, count: Any, length: int) -> Any:
    """For each sample, which places of an axis lie from ``first`` on, ``count`` of them."""
    places = np.arange(length)
    return (places >= first[:, None]) & (places < (first + count)[:, None])
