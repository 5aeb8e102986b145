"""Tables of links by loops and union-find: slow, obvious, and all that the tests compare with."""

import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from minitorch_cnn.nn import Connectivity

Link = tuple[int, int, Hashable]
"""Output, input, and a name for its weight."""


def links_of(table: Connectivity) -> list[tuple[int, int, int]]:
    columns = (table.outputs, table.inputs, table.numbers)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def partition(names: Iterable[Hashable]) -> list[int]:
    """For each entry the place of the first of its name: the same for all ways to name them."""
    first: dict[Hashable, int] = {}
    return [first.setdefault(name, place) for place, name in enumerate(names)]


def require_same(table: Connectivity, links: Iterable[Link]) -> None:
    """The same links, with the same of them tied; of tables without parallel links."""
    wanted = sorted(links, key=lambda link: link[:2])
    found = links_of(table)
    assert [link[:2] for link in found] == [link[:2] for link in wanted]
    assert partition(link[2] for link in found) == partition(link[2] for link in wanted)


def ends_of_tied(ties: Iterable[tuple[Hashable, Hashable]]) -> Callable[[Hashable], Hashable]:
    """Union-find: the function gives one name to all that are tied."""
    parent: dict[Hashable, Hashable] = {}

    def end(name: Hashable) -> Hashable:
        while name in parent:
            name = parent[name]
        return name

    for one, other in ties:
        if end(one) != end(other):
            parent[end(one)] = end(other)
    return end


def tied(links: Sequence[Link], labels: Sequence[Hashable]) -> list[Link]:
    """Links of one label share, and what is tied already stays so."""
    end = ends_of_tied(
        (("weight", link[2]), ("label", label)) for link, label in zip(links, labels, strict=True)
    )
    return [(output, input, end(("weight", name))) for output, input, name in links]


def pixel_seen(pixel: int, size: int, mode: str) -> int | None:
    """Which pixel of a line stands at a place on it or beside it; None for zero padding."""
    if 0 <= pixel < size:
        return pixel
    if mode == "zeros":
        return None
    if mode == "circular":
        return pixel % size
    if mode == "replicate":
        return 0 if pixel < 0 else size - 1
    return -pixel if pixel < 0 else 2 * (size - 1) - pixel


def window_links(
    channels: tuple[int, int],
    kernel: Sequence[int],
    sizes: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    mode: str = "zeros",
    tied: bool = True,
) -> tuple[list[tuple[int, int, int]], tuple[int, int], int]:
    """Links, shape and number of weights of a convolution or a locally connected layer."""
    depth, maps = channels[0] // groups, channels[1] // groups
    window = list(zip(sizes, kernel, stride, padding, dilation, strict=True))
    positions = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in window]
    links = []
    for o in range(channels[1]):
        for at in np.ndindex(*positions):
            for c, place in itertools.product(range(depth), np.ndindex(*kernel)):
                pixels = [
                    pixel_seen(a * s + k * d - p, n, mode)
                    for a, k, (n, _, s, p, d) in zip(at, place, window, strict=True)
                ]
                if None in pixels:
                    continue
                output = flat((o, *at), (channels[1], *positions))
                seen = flat((o // maps * depth + c, *pixels), (channels[0], *sizes))
                if tied:
                    number = flat((o, c, *place), (channels[1], depth, *kernel))
                else:
                    shape = (*positions, channels[1], depth, *kernel)
                    number = flat((*at, o, c, *place), shape)
                links.append((output, seen, number))
    ends = (channels[1] * math.prod(positions), channels[0] * math.prod(sizes))
    weights = channels[1] * depth * math.prod(kernel) * (1 if tied else math.prod(positions))
    return links, ends, weights


def flat(index: Sequence[Any], shape: Sequence[int]) -> int:
    """Place of an entry in an array flattened row by row."""
    place = 0
    for i, n in zip(index, shape, strict=True):
        place = place * n + i
    return place
