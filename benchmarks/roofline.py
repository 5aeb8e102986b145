"""The least time a step can take on this machine: its products at the speed of the best product,
its bytes at the speed of a copy.

Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model",
2009. Imports NumPy, ``timing`` and ``works``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.timing import fastest
from benchmarks.works import Work

NUMBER = 4
"""Bytes of a float32."""
PASSES_OVER_PARAMETERS = {"sgd": 8, "adam": 10}
"""Each is read both ways and its gradient written; an update reads both and its own one or two
averages, and writes all but the gradient."""


@dataclass(frozen=True)
class Limits:
    """What was measured: floating-point operations and bytes copied, per second."""

    flops: float
    bandwidth: float

    def seconds(self, work: Work) -> float:
        """The larger of the two times that a work cannot go below.

        >>> net = (("dense", 99, 1000),)
        >>> Limits(flops=1e6, bandwidth=1e12).seconds(Work("", "", "infer", net, (99,), batch=10))
        1.98
        """
        operations, size = operations_and_bytes(work)
        return max(operations / self.flops, size / self.bandwidth)


def measure(threads: int) -> Limits:
    """Time a matrix product with the threads that NumPy has, and a copy larger than caches."""
    side, size = 1024, 1 << 26
    a, b = (np.ones((side, side), np.float32) for _ in range(2))
    out = np.empty_like(a)
    sources = [np.ones(size // threads, np.uint8) for _ in range(threads)]
    targets = [np.empty_like(source) for source in sources]
    with ThreadPoolExecutor(threads) as pool:
        product, copy = fastest(
            lambda: np.matmul(a, b, out=out),
            lambda: list(pool.map(np.copyto, targets, sources)),
            runs=15,
        )
    return Limits(2 * side**3 / product, 2 * sum(source.size for source in sources) / copy)


def operations_and_bytes(work: Work) -> tuple[float, float]:
    """Floating-point operations of the products of a run, and bytes that must be moved.

    A training step computes each product three times: forward, and for both gradients (once less
    in the first layer). Every layer's result is written and read once each way.
    """
    training = work.kind == "train"
    shape, flops, entries, parameters = work.shape, 0.0, 0.0, 0.0
    for layer in work.layers:
        product = 0.0
        if layer[0] == "conv":
            shape = (layer[2], *(n + 2 * layer[4] - layer[3] + 1 for n in shape[1:]))
            weights = layer[1] * layer[2] * layer[3] ** 2
            product = 2.0 * weights * np.prod(shape[1:])
            parameters += weights + layer[2]
        elif layer[0] == "dense":
            shape, product = (layer[2],), 2.0 * layer[1] * layer[2]
            parameters += layer[1] * layer[2] + layer[2]
        elif layer[0] == "norm":
            parameters += 2 * layer[1]
        elif layer[0] == "pool":
            shape = (shape[0], *(n // layer[1] for n in shape[1:]))
        elif layer[0] == "flatten":
            shape = (int(np.prod(shape)),)
            continue  # nothing is moved
        flops += product * (1 if not training else 3 if flops else 2)
        entries += float(np.prod(shape))
    moved = (4 if training else 2) * entries * work.batch
    moved += (PASSES_OVER_PARAMETERS[work.optimiser] if training else 1) * parameters
    return flops * work.batch, NUMBER * moved


def growth(before: Work, after: Work) -> float:
    """How many times as much there is to do: products or bytes, whichever grow more."""
    pairs = zip(operations_and_bytes(before), operations_and_bytes(after), strict=True)
    return max(b / a for a, b in pairs)
