"""What cases are made of: numbers, entries, window geometries, indices and blocks of links.

Everything is drawn from one seeded generator, so a case is the same on every machine. Sizes are
small and often 0 or 1, where kernels go wrong. May import ``windows``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np

from minitorch_backends.windows import output_sizes

HostArray: TypeAlias = np.ndarray[Any, Any]
Sizes: TypeAlias = tuple[int, ...]
Arguments: TypeAlias = tuple[list[Any], dict[str, Any]]
"""Of a kernel: positional (arrays, lists of arrays and numbers) and by keyword."""
Option = TypeVar("Option")

TIED = (-math.inf, -1.0, 0.0, 1.0, 2.0, math.nan)
"""Few values, so that extrema are tied; now and then no number."""


class Draw:
    """Draws from a generator seeded with ``seed``; floating-point entries are of ``dtype``."""

    def __init__(self, seed: int | Sequence[int], dtype: Any = np.float64) -> None:
        self.rng = np.random.default_rng(seed)
        self.dtype = np.dtype(dtype)

    def integer(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high, endpoint=True))

    def integers(self, count: int, low: int, high: int) -> Sizes:
        """Several numbers from ``low`` to ``high``, both included."""
        return tuple(self.integer(low, high) for _ in range(count))

    def shape(self, most_axes: int, low: int, high: int, *, least_axes: int = 0) -> Sizes:
        """Sizes from ``low`` to ``high`` of a number of axes that is drawn, too."""
        return self.integers(self.integer(least_axes, most_axes), low, high)

    def among(self, options: Sequence[Option]) -> Option:
        """One of the options."""
        return options[self.integer(0, len(options) - 1)]

    def whether(self) -> bool:
        """True or False."""
        return self.integer(0, 1) == 1

    def entries(self, *shape: int) -> HostArray:
        """Numbers from -2 to 2."""
        return np.asarray(self.rng.uniform(-2, 2, shape), self.dtype)

    def ties(self, *shape: int) -> HostArray:
        """Entries among :data:`TIED`."""
        probabilities = (0.1, 0.2, 0.3, 0.2, 0.1, 0.1)
        return np.asarray(self.rng.choice(TIED, shape, p=probabilities), self.dtype)


def geometry(draw: Draw, *, dilated: bool = True) -> tuple[dict[str, Any], Sizes]:
    """A window, and the spatial sizes of a picture in which it has at least one position."""
    dims = draw.integer(1, 3)
    most = 3 if dims < 3 else 2
    window: dict[str, Any] = {
        "kernel": draw.integers(dims, 1, most),
        "stride": draw.integers(dims, 1, 3),
        "padding": tuple((draw.integer(0, 2), draw.integer(0, 2)) for _ in range(dims)),
        "dilation": draw.integers(dims, 1, most if dilated else 1),
    }
    least = (
        max(1, d * (k - 1) + 1 - sum(p))
        for d, k, p in zip(window["dilation"], window["kernel"], window["padding"], strict=True)
    )
    return window, tuple(size + draw.integer(0, 3) for size in least)


def positions(window: dict[str, Any], sizes: Sizes) -> Sizes:
    """How many positions a window of :func:`geometry` has."""
    dilation = window.get("dilation", (1,) * len(sizes))
    return output_sizes(sizes, window["kernel"], window["stride"], window["padding"], dilation)


def index_key(draw: Draw, shape: Sizes) -> tuple[Any, ...]:
    """An index with at least one array: integers or a mask beside slices, numbers and new axes."""
    count = draw.integer(0, 3)
    together: Sizes = draw.among([(count,), (1,), (), (2, count), (2, 1)])
    parts: list[Any] = []
    axis = 0
    while axis < len(shape):
        size, left = shape[axis], len(shape) - axis
        has_array = _has_array(parts)
        kinds = ["slice", "new axis"] + ["array", "array", "number"] * (size > 0)
        kinds += ["ellipsis"] * (not any(part is Ellipsis for part in parts))
        kinds += ["mask"] * (not has_array)
        kind = draw.among(kinds)
        named = draw.integer(0, left) if kind in ("ellipsis", "mask") else kind != "new axis"
        if kind == "mask":
            mask = np.asarray(draw.rng.random(shape[axis : axis + named]) < 0.5)
            together = (int(np.count_nonzero(mask)),)
            parts.append(mask if named else bool(mask))
        elif kind == "array":
            own = draw.among([together, together[1:], (1,) * len(together)])
            parts.append(np.asarray(draw.rng.integers(-size, size, own)))
        elif kind == "number":
            parts.append(draw.integer(-size, size - 1))
        else:
            others = {"slice": _slice(draw, size), "new axis": None, "ellipsis": Ellipsis}
            parts.append(others[kind])
        axis += named
    return tuple(parts) if _has_array(parts) else (*parts, draw.whether())


def _has_array(parts: list[Any]) -> bool:
    return any(isinstance(part, (np.ndarray, bool)) for part in parts)


def _slice(draw: Draw, size: int) -> slice:
    ends = [None, *range(-size - 1, size + 2)]
    return slice(draw.among(ends), draw.among(ends), draw.among([None, 1, 2, -1, -2]))


def link_blocks(draw: Draw) -> tuple[tuple[tuple[HostArray, HostArray, HostArray], ...], Sizes]:
    """Blocks as ``minitorch_backends.links`` takes them; the numbers of inputs, outputs, links.

    Several outputs look at the same inputs, at few or none, and some at one input twice.
    """
    n_inputs = draw.integer(1, 5)
    sizes = [(*draw.integers(2, 1, 3), draw.integer(0, 4)) for _ in range(draw.integer(1, 3))]
    n_outputs = sum(count * alike for count, alike, _ in sizes)
    n_links = sum(math.prod(size) for size in sizes)
    outputs, links = draw.rng.permutation(n_outputs), draw.rng.permutation(n_links)
    blocks = []
    for count, alike, places in sizes:
        here, outputs = np.split(outputs, [count * alike])
        own, links = np.split(links, [count * alike * places])
        inputs = draw.rng.integers(0, n_inputs, (count, places))
        blocks.append((here.reshape(count, alike), inputs, own.reshape(count, alike, places)))
    return tuple(blocks), (n_inputs, n_outputs, n_links)
