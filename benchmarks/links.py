"""A sparse table of links as a product of its own, and as a dense matrix: which is faster when.

    python -m benchmarks.links

Milliseconds for one forward and backward pass (gradients in input and values), the best of
several runs that take turns. ``rule`` is what ``prefer_dense`` chooses, and ``loses`` by how much
where that was the slower way.
"""

from __future__ import annotations

import numpy as np

import minitorch_cnn as mt
from benchmarks.timing import fastest
from minitorch_cnn.ops.links import LinkTable, linked_product, prefer_dense


def random_table(size: int, density: float) -> LinkTable:
    """Links thrown at random: hardly two outputs look at the same inputs."""
    there = np.random.default_rng(0).random((size, size)) < density
    return LinkTable(*np.nonzero(there), there.shape)


def convolution(channels: tuple[int, int], kernel: int, size: int) -> LinkTable:
    """A convolution without padding: all output channels look at the same windows."""
    depth, out = channels[0], channels[1]
    side = size - kernel + 1
    o, r, c, i, a, b = np.ix_(*map(np.arange, (out, side, side, depth, kernel, kernel)))
    outputs, inputs = (o * side + r) * side + c, (i * size + r + a) * size + c + b
    ends = (array.reshape(-1) for array in np.broadcast_arrays(outputs, inputs))
    return LinkTable(*ends, (out * side**2, depth * size**2))


def both_ways(table: LinkTable, batch: int) -> list[float]:
    """Seconds of the sparse and of the dense way."""
    rng = np.random.default_rng(0)
    (n_outputs, n_inputs), links = table.shape, table.outputs.size
    x, values, upstream = (
        mt.tensor(rng.standard_normal(shape).astype(np.float32), requires_grad=True)
        for shape in ((batch, n_inputs), links, (batch, n_outputs))
    )
    cells = mt.tensor(table.outputs * n_inputs + table.inputs)
    empty = mt.zeros(n_outputs * n_inputs)

    def sparse() -> None:
        mt.grad(linked_product(x, values, table), [x, values], upstream)

    def dense() -> None:
        matrix = mt.reshape(mt.index_add(empty, cells, values), (n_outputs, n_inputs))
        mt.grad(x @ matrix.mT, [x, values], upstream)

    sparse()  # blocks are made once
    return fastest(sparse, dense)


def main() -> None:
    tables = [
        (f"random {size}x{size}", random_table(size, density))
        for size in (64, 256, 512, 1024)
        for density in (0.01, 0.1, 0.3)
    ]
    tables += [
        ("conv 1->4, 3x3 on 8x8", convolution((1, 4), 3, 8)),
        ("conv 6->16, 5x5 on 14x14", convolution((6, 16), 5, 14)),
        ("conv 3->16, 3x3 on 16x16", convolution((3, 16), 3, 16)),
    ]
    print(f"{'table':26}{'links':>8}{'entries':>9}{'batch':>6}{'sparse':>9}{'dense':>9}  rule")
    for name, table in tables:
        links, (n_outputs, n_inputs) = table.outputs.size, table.shape
        for batch in (16, 128):
            sparse, dense = both_ways(table, batch)
            chosen = prefer_dense(n_outputs, n_inputs, links)
            lost = (dense / sparse if chosen else sparse / dense) - 1
            print(
                f"{name:26}{links:8}{n_outputs * n_inputs:9}{batch:6}{sparse * 1e3:9.2f}"
                f"{dense * 1e3:9.2f}  {'dense' if chosen else 'sparse'}"
                + (f", loses {lost:.0%}" if lost > 0.1 else "")
            )


if __name__ == "__main__":
    main()
