"""A locally connected layer at the speed of memory: building it, a training step, what it holds.

    python -m benchmarks.local

A step does little with each weight, so the yardstick is reading: what ``numpy.sum`` takes for the
same arrays in the same run. Each part of a step must read certain arrays, and each is counted once:

- forward: weights, windows, outputs;
- gradient in the weights: windows, gradient of the outputs;
- gradient in the input: weights, gradient of the outputs, gradient of the windows;
- update: weights, their gradient.

What a part writes is not counted. Windows are the unfolded input, which the kernels cut for a few
rows at a time and never hold as a whole.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import minitorch_cnn as mt
from benchmarks.timing import fastest
from minitorch_cnn import nn, optim

BATCH = 16
MEGABYTE = 1 << 20


def normal(*shape: int, requires_grad: bool = False) -> Any:
    rng = np.random.default_rng(0)
    return mt.tensor(rng.standard_normal(shape, dtype=np.float32), requires_grad=requires_grad)


class Layer:
    """``LocallyConnected2d(32, 32, (32, 32), 3)`` with a batch, and the parts of a step on it."""

    def __init__(self) -> None:
        self.module = self.build()
        self.weight = self.module.weight
        self.x = normal(BATCH, 32, 32, 32, requires_grad=True)
        self.pictures = self.x.detach()
        self.upstream = normal(BATCH, 32, 30, 30)
        self.windows = np.zeros((BATCH, 32 * 9, 30 * 30), np.float32)
        self.optimiser = optim.SGD(self.module.parameters(), lr=1e-3)

    @staticmethod
    def build() -> Any:
        return nn.LocallyConnected2d(32, 32, (32, 32), 3)

    def forward(self) -> Any:
        return self.module(self.x)

    def backward(self, x: Any) -> None:
        """Forward, and the gradients that ``x`` and the parameters ask for."""
        self.optimiser.zero_grad()
        self.x.grad = None
        self.module(x).backward(self.upstream)

    def update(self) -> None:
        self.optimiser.step()

    def step(self, x: Any) -> None:
        self.backward(x)
        self.update()


def building(layer: Layer) -> None:
    (seconds,) = fastest(layer.build, runs=25)
    print(f"building it, {layer.weight.size:,} weights: {seconds * 1e3:.1f} ms (bound: 50)")


def speed(layer: Layer) -> None:
    """The parts of a step and the whole, beside the time to read what each of them must."""
    weights, windows = layer.weight.data, layer.windows
    outputs = layer.upstream.data

    def composed() -> None:
        with mt.compositions():
            layer.step(layer.x)

    def gradient(x: Any) -> Callable[[], object]:
        wanted = layer.weight if x is layer.pictures else x
        y = layer.module(x)
        return lambda: mt.grad(y, wanted, layer.upstream, retain_graph=True)

    read_weights, read_windows, read_outputs, *times = fastest(
        *(lambda a=a: np.sum(a) for a in (weights, windows, outputs)),
        layer.forward,
        gradient(layer.pictures),
        gradient(layer.x),
        runs=25,
    )
    reads = [
        read_weights + read_windows + read_outputs,
        read_windows + read_outputs,
        read_weights + read_outputs + read_windows,
        2 * read_weights,
    ]
    layer.step(layer.x)  # leaves the gradient that the update takes
    times += fastest(
        layer.update,
        lambda: layer.step(layer.pictures),
        lambda: layer.step(layer.x),
        composed,
        runs=25,
    )
    names = ["forward", "gradient in the weights", "gradient in the input", "update (SGD)"]
    names += ["step on data", "step, with a gradient in the input", "  the same through the bodies"]
    reads += [reads[0] + reads[1] + reads[3], sum(reads), sum(reads)]
    print(f"\n{f'batch {BATCH}, float32; milliseconds':38}{'took':>7}{'reading':>9}{'ratio':>7}")
    for name, took, read in zip(names, times, reads, strict=True):
        print(f"{name:38}{took * 1e3:7.2f}{read * 1e3:9.2f}{took / read:7.2f}")
    rate, once = weights.nbytes / read_weights / 1e9, reads[0]
    operations = 3 * 2 * BATCH * layer.weight.size / 1e9
    print(
        f"numpy.sum reads the weights at {rate:.0f} GB/s; weights, windows and outputs read once "
        f"in all: {once * 1e3:.2f} ms.\nThe products of a step are {operations:.2f} G operations, "
        f"done at {operations / sum(times[:3]):.0f} G/s"
    )


def memory(layer: Layer) -> None:
    """Peaks that tracemalloc sees, with the weights themselves added; arrays of the caller's not.

    The forward pass is recorded. What the backward pass leaves, the gradients, is in its peak.
    """
    held, unfolded = layer.weight.data.nbytes, layer.windows.nbytes
    print(
        f"\nmemory in MiB; weights {held / MEGABYTE:.1f}, unfolded input {unfolded / MEGABYTE:.1f}"
    )
    parts: dict[str, Callable[[], object]] = {
        "weights, and forward": layer.forward,
        "... and the gradients of weights": lambda: layer.backward(layer.pictures),
        "... and of the input": lambda: layer.backward(layer.x),
    }
    for name, part in parts.items():
        layer.optimiser.zero_grad()
        layer.x.grad = None
        tracemalloc.start()
        part()
        peak = tracemalloc.get_traced_memory()[1] + held
        tracemalloc.stop()
        ratio = peak / (held + unfolded)
        print(f"{name:38}{peak / MEGABYTE:7.1f}, {ratio:.2f} of the two (bound: 1.5)")


def masked_dense(channels: int, size: int) -> None:
    """A step against a dense matrix times a mask of zeros and ones, which does the same.

    The layer above would need a matrix of 28,800 x 32,768 numbers, 3.8 GB, and as large a mask.
    """
    local = nn.LocallyConnected2d(channels, channels, (size, size), 3, bias=False)
    x = normal(BATCH, channels, size, size)
    flat = mt.reshape(x, (BATCH, -1))
    count, (rows, columns) = channels * size**2, local.output_size
    o, r, c, i, a, b = np.ix_(*map(np.arange, (channels, rows, columns, channels, 3, 3)))
    outputs, inputs = (o * rows + r) * columns + c, (i * size + r + a) * size + c + b
    matrix = np.zeros((channels * rows * columns, count), np.float32)
    matrix[outputs, inputs] = local.weight.data.transpose(2, 0, 1, 3, 4, 5)
    mask = mt.tensor((matrix != 0).astype(np.float32))
    dense = nn.Parameter(matrix)
    upstream = normal(BATCH, channels, rows, columns)
    flat_upstream = mt.reshape(upstream, (BATCH, -1))
    steps = {
        "local": optim.SGD([local.weight], lr=1e-3),
        "dense": optim.SGD([dense], lr=1e-3),
    }
    one, other = local(x).detach().numpy(), (flat @ (dense * mask).mT).detach().numpy()
    np.testing.assert_allclose(other.reshape(one.shape), one, rtol=1e-3, atol=1e-4)

    def local_step() -> None:
        steps["local"].zero_grad()
        local(x).backward(upstream)
        steps["local"].step()

    def dense_step() -> None:
        steps["dense"].zero_grad()
        (flat @ (dense * mask).mT).backward(flat_upstream)
        steps["dense"].step()

    fast, slow = fastest(local_step, dense_step, runs=15)
    print(
        f"{channels} channels, {size}x{size}: {local.weight.size:8,} weights {fast * 1e3:7.2f} ms, "
        f"masked matrix of {matrix.size:10,} {slow * 1e3:8.2f} ms: {slow / fast:.0f} times faster"
    )


if __name__ == "__main__":
    layer = Layer()
    building(layer)
    speed(layer)
    memory(layer)
    print("\na step against a masked dense matrix")
    for channels, size in ((8, 8), (8, 16), (4, 32)):
        masked_dense(channels, size)
