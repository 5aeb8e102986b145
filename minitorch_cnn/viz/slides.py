"""What a sliding window computes at each of its positions: the numbers of the figure.

All of them come from the library: the table of links from ``Connectivity.conv``, the outputs from
``conv2d``. May import ``arguments``, ``grids`` and ``nn``; draws nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn.nn import Connectivity, functional
from minitorch_cnn.nn.functional.windows import Ints, padding_pairs, per_dimension
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.viz.arguments import real_numbers
from minitorch_cnn.viz.grids import short

MOST_PIXELS = 144
"""Of the picture and of the output: a row of the matrix has a cell for each pixel."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Slides:
    """A picture, a kernel, and what comes out of the window at each position.

    ``table`` holds the links; ``corners`` is where the window's first place lies, in rows and
    columns of the picture (negative over the padding); ``sums`` is the arithmetic, as text.
    """

    picture: Array
    kernel: Array
    output: Array
    table: Connectivity
    stride: Ints
    dilation: Ints
    padding: tuple[tuple[int, int], ...]
    corners: tuple[tuple[int, int], ...]
    sums: tuple[str, ...]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Links of a dense layer of that size, links through windows, and weights when tied."""
        return self.picture.size * self.output.size, self.table.links, self.table.weights


def slides_of(
    picture: Any, kernel: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Slides:
    """The numbers of :func:`sliding_window`, which has the same arguments.

    Examples
    --------
    >>> slides = slides_of([[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[1, 2], [3, 4]])
    >>> slides.sums[0]
    '1·0 + 2·1 + 3·3 + 4·4 = 27'
    >>> slides.output.tolist(), slides.counts
    ([[27.0, 37.0], [57.0, 67.0]], (36, 16, 4))
    """
    name = "sliding_window"
    picture, kernel = _matrix(picture, f"{name} picture"), _matrix(kernel, f"{name} kernel")
    steps = per_dimension(stride, 2, f"{name} stride", least=1)
    spread = per_dimension(dilation, 2, f"{name} dilation", least=1)
    pairs = padding_pairs(padding, kernel.shape, steps, spread, name)
    table = Connectivity.conv(1, 1, kernel.shape, picture.shape, steps, padding, spread)
    if max(table.shape) > MOST_PIXELS:
        raise ValueError(
            f"{name}: {table.shape[1]} pixels and {table.shape[0]} outputs are too many to draw "
            f"(at most {MOST_PIXELS} of each); take a smaller picture or a larger stride"
        )
    x, weight = (Tensor(array[None, None], backend="numpy") for array in (picture, kernel))
    output = functional.conv2d(x, weight, None, steps, padding, spread).numpy()[0, 0]
    corners = tuple(
        (row * steps[0] - pairs[0][0], column * steps[1] - pairs[1][0])
        for row, column in np.ndindex(output.shape)
    )
    sums = tuple(_sum(table, number, picture, kernel, output) for number in range(output.size))
    return Slides(picture, kernel, output, table, steps, spread, pairs, corners, sums)


def _matrix(data: Any, name: str) -> Array:
    array = real_numbers(data, name).astype(np.float64)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"{name}: expected (height, width) with at least one pixel, got shape {array.shape}; "
            "choose one sample and one channel"
        )
    return array


def _sum(table: Connectivity, number: int, picture: Array, kernel: Array, output: Array) -> str:
    """The arithmetic of output ``number``, a term for each of its links."""
    mine = table.outputs == number
    weights = kernel.reshape(-1)[table.numbers[mine]].tolist()
    pixels = picture.reshape(-1)[table.inputs[mine]].tolist()
    result = float(output.reshape(-1)[number])
    terms = [f"{_factor(w)}·{_factor(p)}" for w, p in zip(weights, pixels, strict=True)]
    exact = all(_is_shown(n) for n in (*weights, *pixels, result))
    return f"{' + '.join(terms) or '0'} {'=' if exact else '≈'} {short(result)}"


def _is_shown(value: float) -> bool:
    """Whether the text of a number is all of it."""
    return math.isclose(float(short(value).replace("−", "-")), value, abs_tol=1e-12)


def _factor(value: float) -> str:
    return short(value) if value >= 0 else f"({short(value)})"
