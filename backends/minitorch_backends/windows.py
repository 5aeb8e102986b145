"""Window arithmetic: how many positions a sliding window has and which inputs it meets.

Pure integers, shared by every kernel set and by the layers above. Throughout, one tuple entry
stands for one spatial dimension, and ``padding`` holds a ``(before, after)`` pair for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

Pairs = Sequence[tuple[int, int]]


def output_size(
    size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int
) -> int:
    """Number of window positions along one dimension (0 or less: the window does not fit).

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016.

    >>> output_size(7, kernel=3, stride=2, padding=(1, 1), dilation=1)
    4
    """
    before, after = padding
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


def output_sizes(
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
) -> tuple[int, ...]:
    """:func:`output_size` for every spatial dimension."""
    return tuple(map(output_size, sizes, kernel, stride, padding, dilation))


def offsets(
    kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], positions: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Every place inside the window, with the slices of the padded input it visits.

    >>> list(offsets((2,), (1,), (1,), (3,)))
    [((0,), (slice(0, 3, 1),)), ((1,), (slice(1, 4, 1),))]
    """
    for place in product(*map(range, kernel)):
        yield (
            place,
            tuple(
                slice(p * d, p * d + (count - 1) * s + 1, s)
                for p, d, s, count in zip(place, dilation, stride, positions, strict=True)
            ),
        )
