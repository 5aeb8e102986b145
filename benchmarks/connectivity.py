"""What making tables of links costs: time for each step, and memory per link.

    python -m benchmarks.connectivity

The table is that of a convolution from 3 to 64 channels, 3 x 3 with padding, on 32 x 32 pixels;
it is to be made in under 0.2 seconds. The best of several runs that take turns.
"""

from __future__ import annotations

import tracemalloc

import numpy as np

from benchmarks.timing import fastest
from minitorch_cnn.nn import Connectivity


def table() -> Connectivity:
    """The table that the figures are about."""
    return Connectivity.conv(3, 64, 3, (32, 32), padding=1)


def bytes_for_each_link() -> tuple[float, float]:
    """What one link takes at the peak of making the table, and afterwards."""
    tracemalloc.start()
    made = table()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / made.links, kept / made.links


def main() -> None:
    """Print the table of times."""
    conv = table()
    local = conv.untie()
    theta = np.zeros(conv.weights, np.float32)
    positions = conv.shape[0] // 64
    small = Connectivity.conv(8, 8, 3, (16, 16))
    after = Connectivity.conv(8, 8, 3, (14, 14))
    steps = {
        "make it": table,
        "untie it": conv.untie,
        "tie its untied form again": lambda: local.tie(positions),
        "compare both": lambda: local.tie(positions) == conv,
        "turn it": conv.transpose,
        "look up the weight of each link": lambda: conv.spread(theta),
        "compose 8 -> 8 -> 8 channels on 16 x 16": lambda: after.compose(small),
    }
    times = fastest(*steps.values(), runs=5)
    peak, kept = bytes_for_each_link()
    print(
        f"{conv.links:,} links, {conv.weights:,} weights; {kept:.0f} bytes per link kept, "
        f"{peak:.0f} at the peak"
    )
    for what, seconds in zip(steps, times, strict=True):
        print(f"{what:42} {1000 * seconds:8.1f} ms")


if __name__ == "__main__":
    main()
