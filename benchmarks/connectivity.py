"""Tables of links: what making one costs, and making others of it.

    python -m benchmarks.connectivity

Milliseconds, the best of several runs, and how many millions of links that is in a second. The
first table, 64 maps of 3x3 on a picture in colour, should take less than ``LIMIT`` seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.timing import fastest
from minitorch_cnn.nn import Connectivity

LIMIT = 0.2
"""Seconds for the table of a convolution from 32x32x3 to 64 maps."""


def row(name: str, function: Callable[[], object], links: int, runs: int = 5) -> float:
    """Time ``function``, print a line about it, and return the seconds it took."""
    (seconds,) = fastest(function, runs=runs)
    rate = links / seconds / 1e6
    print(f"  {name:44}{links:11,} links{seconds * 1e3:10.2f} ms{rate:9.1f} M links/s")
    return seconds


def making() -> None:
    print("making a table")
    for maps in (64, 128):
        for kind in (Connectivity.conv, Connectivity.local):
            links = kind(3, maps, 3, (32, 32)).links
            name = f"{kind.__name__}: 32x32x3 to {maps} maps of 3x3"
            seconds = row(name, lambda kind=kind, maps=maps: kind(3, maps, 3, (32, 32)), links)
            if (kind, maps) == (Connectivity.conv, 64) and seconds > LIMIT:
                print(f"  slower than the limit of {LIMIT} s")
    row("dense: 3072 to 500", lambda: Connectivity.dense(3072, 500), 3072 * 500)
    labels = np.random.default_rng(0).integers(-1, 1000, (1000, 1000))
    made = Connectivity.from_matrix_of_labels
    row("from 1000x1000 labels", lambda: made(labels), made(labels).links)


def making_others() -> None:
    """The same table each time: 32x32x3 to 64 maps of 3x3."""
    conv = Connectivity.conv(3, 64, 3, (32, 32))
    local = Connectivity.local(3, 64, 3, (32, 32))
    mask = conv.outputs % 3 > 0
    kernels = np.arange(conv.weights) // 4
    print("tables of a table of 32x32x3 to 64 maps")
    row("tie its outputs, map by map", lambda: local.tie(30 * 30), local.links)
    row("tie its weights, four by four", lambda: conv.tie(weights=kernels), conv.links)
    row("untie", conv.untie, conv.links)
    row("transpose", conv.transpose, conv.links)
    same = local.tie(30 * 30)
    row("compare", lambda: conv == same, conv.links)
    columns = (conv.outputs[mask], conv.inputs[mask], conv.numbers[mask])
    windows = Connectivity(*columns, conv.shape)
    row("restrict to two thirds of its outputs", lambda: local.restrict(windows), conv.links)


def making_a_convolution() -> None:
    """The derivation on a picture of 28x28: all links, tied, and windows of 3x3."""
    dense, windows = Connectivity.dense(784, 4 * 26 * 26), Connectivity.local(1, 4, 3, (28, 28))
    tied = dense.tie(26 * 26)
    print("the derivation: 28x28 to 4 maps")
    row("tie all links", lambda: dense.tie(26 * 26), dense.links)
    row("restrict to windows", lambda: dense.restrict(windows), dense.links)
    row("restrict copies to windows", lambda: tied.restrict(windows), tied.links)


def products() -> None:
    print("composing 8 maps of 3x3 with 8 maps of 3x3 (links of the product)")
    for size in (8, 16, 32):
        first = Connectivity.conv(1, 8, 3, (size, size))
        second = Connectivity.conv(8, 8, 3, (size - 2, size - 2))
        links = second.compose(first).links
        row(f"on {size}x{size}", lambda: second.compose(first), links, runs=3)  # noqa: B023


if __name__ == "__main__":
    making()
    making_others()
    making_a_convolution()
    products()
