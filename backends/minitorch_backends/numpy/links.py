"""NumPy kernels of the products along the links of a sparse table.

Same names, signatures and meaning as in ``links.py`` one floor up. Windows are gathered piece by
piece into one buffer that stays in the cache, so that memory grows with inputs and outputs, not
with links times pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from minitorch_backends.protocol import Array, Kernel

Blocks = Sequence[tuple[Array, Array, Array]]

BUFFER_BYTES = 1 << 20
"""About as much is gathered at a time."""


def link_product(x: Array, values: Array, *, blocks: Blocks) -> Array:
    entries = np.ascontiguousarray(x.T)
    n_outputs = sum(outputs.size for outputs, _, _ in blocks)
    out = np.empty((n_outputs, x.shape[0]), x.dtype)
    for outputs, inputs, links in blocks:
        for part, windows in _windows(entries, inputs, outputs.shape[1]):
            out[outputs[part]] = values[links[part]] @ windows
    return out.T


def link_weights(x: Array, g: Array, *, blocks: Blocks) -> Array:
    entries, upstream = np.ascontiguousarray(x.T), np.ascontiguousarray(g.T)
    out = np.empty(sum(links.size for _, _, links in blocks), x.dtype)
    for outputs, inputs, links in blocks:
        for part, windows in _windows(entries, inputs, outputs.shape[1]):
            out[links[part]] = upstream[outputs[part]] @ windows.swapaxes(1, 2)
    return out


def _windows(entries: Array, inputs: Array, n_outputs: int) -> Iterator[tuple[slice, Array]]:
    """The entries at ``inputs``, as many positions at a time as the buffer holds."""
    positions, places = inputs.shape
    row = max(places, n_outputs) * entries.shape[1] * entries.itemsize
    step = max(1, BUFFER_BYTES // max(row, 1))
    buffer = np.empty((min(step, positions), places, entries.shape[1]), entries.dtype)
    for start in range(0, positions, step):
        part = slice(start, start + step)
        index = inputs[part]
        # Without "clip", take would gather into a buffer of its own first.
        yield part, np.take(entries, index, axis=0, out=buffer[: len(index)], mode="clip")


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (link_product, link_weights)}
