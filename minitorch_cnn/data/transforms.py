"""Batch transforms: augmentation of whole batches on the host, before they become Tensors.

A transform is any callable ``transform(arrays, rng) -> arrays``: ``arrays`` is the batch as the
dataset gave it (usually a tuple of NumPy arrays: pictures, labels), ``rng`` a NumPy generator that
the loader derives from its seed, the epoch and the batch number. It returns new arrays and leaves
the given ones alone. Imports only NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Compose", "RandomShift"]


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


class RandomShift:
    """Shift every picture by whole pixels, up to ``max_shift`` in each direction.

    Down and right are drawn independently and uniformly from ``-max_shift`` to ``max_shift``. What
    enters at the edge is ``fill``. The pictures are the first array of the batch, of shape
    (N, channels, height, width); all others (labels) pass through.

    Parameters
    ----------
    max_shift : int
        Largest shift in pixels, 0 or more.
    fill : float, default 0
        Value of the pixels that enter.

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
    >>> shifted, label = shift((pictures, np.array([5])), np.random.default_rng(9))
    >>> shifted[0, 0]
    array([[2., 3., 0.],
           [5., 6., 0.],
           [8., 9., 0.]])
    """

    def __init__(self, max_shift: int, fill: float = 0) -> None:
        if isinstance(max_shift, bool) or not isinstance(max_shift, int | np.integer):
            raise ValueError(f"RandomShift: max_shift must be a whole number, got {max_shift!r}")
        if max_shift < 0:
            raise ValueError(f"RandomShift: max_shift must be 0 or more, got {max_shift}")
        self.max_shift = int(max_shift)
        self.fill = fill

    def __call__(self, arrays: Any, rng: np.random.Generator) -> Any:
        if not isinstance(arrays, tuple | list):
            return self._shifted(arrays, rng)
        return (self._shifted(arrays[0], rng), *arrays[1:])

    def _shifted(self, pictures: Any, rng: np.random.Generator) -> Any:
        if not isinstance(pictures, np.ndarray) or pictures.ndim != 4:
            found = getattr(pictures, "shape", type(pictures).__name__)
            raise ValueError(
                "RandomShift: expected a batch whose first array holds pictures of shape "
                f"(N, channels, height, width), got {found}"
            )
        height, width = pictures.shape[2:]
        edge = self.max_shift
        padded = np.pad(
            pictures, ((0, 0), (0, 0), (edge, edge), (edge, edge)), constant_values=self.fill
        )
        # All (2 * edge + 1)^2 crops of the padded pictures as a view; each picture takes its own.
        crops = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
        top, left = rng.integers(0, 2 * edge + 1, size=(2, len(pictures)))
        return np.ascontiguousarray(crops[np.arange(len(pictures)), :, top, left])

    def __repr__(self) -> str:
        return f"RandomShift({self.max_shift}, fill={self.fill})"
