"""The least time a step can take on this machine: its products at the speed of the best product,
its bytes at the speed of a copy.

Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model",
2009. Imports NumPy and ``works``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.timing import fastest
from benchmarks.works import Work, operations_and_bytes


@dataclass(frozen=True)
class Limits:
    """What was measured: floating-point operations and bytes copied, per second."""

    flops: float
    bandwidth: float

    def seconds(self, work: Work) -> float:
        """The larger of the two times that a work cannot go below.

        >>> Limits(2e9, 1e9).seconds(Work("", "", "infer", (("dense", 10, 100),), (10,), 1000))
        0.001
        """
        operations, size = operations_and_bytes(work)
        return max(operations / self.flops, size / self.bandwidth)


def measure(threads: int) -> Limits:
    """Time a matrix product, and a copy larger than caches, with as many threads as NumPy has."""
    side, size = 1024, 1 << 26
    a, b = (np.ones((side, side), np.float32) for _ in range(2))
    out = np.empty_like(a)
    source, target = np.ones(size, np.uint8), np.empty(size, np.uint8)
    product, copy = fastest(
        lambda: np.matmul(a, b, out=out), lambda: np.copyto(target, source), runs=15
    )
    return Limits(2 * side**3 / product, 2 * size / copy)
