"""Which pixels a sliding window meets at each of its positions: the links of a convolution.

Integers on the host, worked out for all positions, places and channels at once; ``connectivity``
makes tables of them and layers count with them. May import ``functional.windows`` and
``functional.padding``; knows no layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minitorch_backends.windows import output_sizes
from minitorch_cnn.nn.functional.padding import SOURCES
from minitorch_cnn.nn.functional.windows import (
    Ints,
    Pairs,
    padding_pairs,
    per_dimension,
    positions_of,
)

PADDING_MODES = ("zeros", *SOURCES)
IntArray = np.ndarray[Any, np.dtype[np.integer[Any]]]


class WindowLinks(NamedTuple):
    """The links of all windows, sorted by output and input: one entry of each array per link."""

    outputs: IntArray
    inputs: IntArray
    positions: IntArray
    channels: IntArray
    """The output channel."""
    places: IntArray
    """Number of the place in the window, over (channels of the group, *kernel)."""


@dataclass(frozen=True)
class Window:
    """A window that slides over pictures: kernel, stride, padding, dilation, and what pads.

    Parameters
    ----------
    kernel, stride, dilation : tuple of int
        One entry per spatial dimension.
    padding : tuple of (before, after)
    mode : {"zeros", "reflect", "replicate", "circular"}
        Zeros are no input, so a place over them has no link; the other modes see a pixel there.
    """

    kernel: Ints
    stride: Ints
    padding: Pairs
    dilation: Ints
    mode: str = "zeros"

    @classmethod
    def of(
        cls,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        *,
        dims: int,
        name: str,
        mode: str = "zeros",
    ) -> Window:
        """A window from arguments as users write them, checked."""
        kernel = per_dimension(kernel_size, dims, f"{name} kernel_size", least=1)
        strides = per_dimension(stride, dims, f"{name} stride", least=1)
        dilations = per_dimension(dilation, dims, f"{name} dilation", least=1)
        pairs = padding_pairs(padding, kernel, strides, dilations, name)
        if mode not in PADDING_MODES:
            raise ValueError(
                f"{name}: padding_mode {mode!r} is none of {', '.join(map(repr, PADDING_MODES))}"
            )
        return cls(kernel, strides, pairs, dilations, mode)

    def positions(self, sizes: Ints, name: str) -> Ints:
        """Number of positions along each dimension of a picture; none at all is an error."""
        return positions_of(sizes, self.kernel, self.stride, self.padding, self.dilation, name)

    def sees(self, sizes: Ints, positions: Ints | None = None) -> list[IntArray]:
        """Per dimension, which pixel stands under each place at each position; -1 for none.

        ``positions`` may ask for fewer or more of them than fit on the picture.

        >>> Window((2,), (1,), ((1, 0),), (1,)).sees((3,))[0].tolist()
        [[-1, 0], [0, 1], [1, 2]]
        """
        if positions is None:
            window = (self.kernel, self.stride, self.padding, self.dilation)
            positions = output_sizes(sizes, *window)
        found = []
        for d, size in enumerate(sizes):
            before, after = self.padding[d]
            starts = np.arange(positions[d]) * self.stride[d] - before
            pixels = starts[:, None] + np.arange(self.kernel[d]) * self.dilation[d]
            if self.mode == "zeros":
                found.append(np.where((pixels >= 0) & (pixels < size), pixels, -1))
            else:
                found.append(SOURCES[self.mode](size, before, after)[pixels + before])
        return found

    def count_links(self, sizes: Ints, positions: Ints | None = None) -> int:
        """Links of all windows on one channel, without listing them."""
        return math.prod(int((line >= 0).sum()) for line in self.sees(sizes, positions))

    def links(
        self,
        in_channels: int,
        out_channels: int,
        sizes: Ints,
        groups: int,
        positions: Ints | None = None,
    ) -> WindowLinks:
        """All links from a picture ``(in_channels, *sizes)`` to ``(out_channels, *positions)``."""
        pixels = _flat_pixels(self.sees(sizes, positions), sizes)
        positions_count, kernel_count = pixels.shape
        depth, maps, area = in_channels // groups, out_channels // groups, math.prod(sizes)
        # For one output channel: where each window stands, which pixels and places it has there.
        channel = np.arange(depth)[:, None]
        seen = np.broadcast_to((pixels >= 0)[:, None], (positions_count, depth, kernel_count))
        index = _smallest_integers(
            out_channels * positions_count, in_channels * area, out_channels * seen.size
        )
        at = _picked(np.arange(positions_count)[:, None, None], seen, index)
        pixel = _picked(pixels[:, None] + channel * area, seen, index)
        place = _picked(np.arange(kernel_count) + channel * kernel_count, seen, index)
        # All output channels stand before the same windows, each before those of its group.
        number = np.arange(out_channels, dtype=index)[:, None]
        shape = (out_channels, at.size)
        links = WindowLinks(
            outputs=(number * positions_count + at).reshape(-1),
            inputs=(number // maps * (depth * area) + pixel).reshape(-1),
            positions=np.broadcast_to(at, shape).reshape(-1),
            channels=np.broadcast_to(number, shape).reshape(-1),
            places=np.broadcast_to(place, shape).reshape(-1),
        )
        if self.mode == "zeros":  # pixels grow with the places, so the links are in order
            return links
        order = np.lexsort((links.inputs, links.outputs))
        return WindowLinks(*(column[order] for column in links))


def _flat_pixels(lines: list[IntArray], sizes: Ints) -> IntArray:
    """Pixels of the flattened picture, ``(positions, places)``, from those along each dimension."""
    dims = len(lines)
    flat: Any = 0
    outside: Any = False
    for d, line in enumerate(lines):
        shape = [1] * (2 * dims)
        shape[d], shape[dims + d] = line.shape
        along = line.reshape(shape)
        flat = flat * sizes[d] + along
        outside = outside | (along < 0)
    positions, kernel = (math.prod(line.shape[i] for line in lines) for i in (0, 1))
    result: IntArray = np.where(outside, -1, flat).reshape(positions, kernel)
    return result


def _picked(values: IntArray, seen: Any, dtype: Any) -> IntArray:
    result: IntArray = np.broadcast_to(values, seen.shape)[seen].astype(dtype, copy=False)
    return result


def _smallest_integers(*bounds: int) -> Any:
    return np.int32 if max(bounds) < 2**31 else np.int64
