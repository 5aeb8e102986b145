"""A dense product of which only some links are there: the linear product of a sparse table.

``linked_product`` is the readable body: gather the input of every link, multiply by the link's
value, add up at its output. Two kernels stand in for it, the product and its adjoint in the values;
turning the table gives the adjoint in the input, so derivatives of any order stay among the two.
May import ``indexing`` and what lies below it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_backends.protocol import Array, Backend
from minitorch_cnn.backend import backend_of, namespace
from minitorch_cnn.backend import kernel as find_kernel
from minitorch_cnn.composition import composition
from minitorch_cnn.ops.arguments import constant, raw
from minitorch_cnn.ops.indexing import index_add, take
from minitorch_cnn.primitive import Primitive

HostArray = np.ndarray[Any, Any]
Blocks = tuple[tuple[Array, Array, Array], ...]


class LinkTable:
    """Which input each output is linked to, on the host, and on each backend that asked for it.

    Parameters
    ----------
    outputs, inputs : array of int, shape (links,)
        The ends of each link, in any order; two ends may be linked several times.
    shape : (n_outputs, n_inputs)
    """

    def __init__(self, outputs: HostArray, inputs: HostArray, shape: tuple[int, int]) -> None:
        self.outputs, self.inputs = (np.asarray(a, dtype=np.int64) for a in (outputs, inputs))
        self.shape = shape
        for name, ends, size in (
            ("outputs", self.outputs, shape[0]),
            ("inputs", self.inputs, shape[1]),
        ):
            if ends.ndim != 1 or ends.shape != self.outputs.shape:
                raise ValueError(
                    f"LinkTable: outputs of shape {self.outputs.shape} and inputs of shape "
                    f"{self.inputs.shape}; expected one number each for every link"
                )
            if ends.size and not 0 <= ends.min() <= ends.max() < size:
                raise ValueError(
                    f"LinkTable: {name} from {ends.min()} to {ends.max()}; expected 0 to {size - 1}"
                )
        self._placed: dict[tuple[str, bool | None], Any] = {}

    def __repr__(self) -> str:
        return f"LinkTable(links={self.outputs.size}, shape={self.shape})"

    def ends(self, like: Array) -> tuple[Array, Array]:
        """``outputs`` and ``inputs`` beside the raw array ``like``."""
        home = backend_of(like)
        found = self._placed.get((home.name, None))
        if found is None:
            found = tuple(home.asarray(ends, copy=False) for ends in (self.outputs, self.inputs))
            self._placed[home.name, None] = found
        return found

    def blocks(self, like: Array, turned: bool) -> Blocks:
        """The table, or the table turned, in the blocks that kernels take, beside ``like``."""
        home = backend_of(like)
        found = self._placed.get((home.name, turned))
        if found is None:
            ends = (self.outputs, self.inputs) if not turned else (self.inputs, self.outputs)
            blocks = blocks_of(*ends, self.shape[turned])
            found = self._placed[home.name, turned] = _moved(blocks, home)
        return found


def _moved(blocks: Blocks, home: Backend) -> Blocks:
    return tuple(tuple(home.asarray(part, copy=False) for part in block) for block in blocks)


def blocks_of(outputs: HostArray, inputs: HostArray, n_outputs: int) -> Blocks:
    """Outputs that look at the same inputs, together; see ``minitorch_backends.links``.

    A convolution has one block for its inner positions, with all output channels, and a few for
    its edges; a table without any order has one block for each number of links per output.
    """
    order = np.lexsort((inputs, outputs))
    lengths = np.bincount(outputs, minlength=n_outputs)
    ends = np.cumsum(lengths)
    # Outputs with the same inputs have the same sum of marks, and so end up side by side.
    marks = np.random.default_rng(0).integers(2**62, size=int(inputs.max(initial=-1)) + 1)
    sums = np.concatenate([[0], np.cumsum(marks[inputs[order]])])
    alike = np.lexsort((sums[ends] - sums[ends - lengths], lengths))
    blocks: list[tuple[Array, Array, Array]] = []
    for places in np.unique(lengths):
        rows = alike[lengths[alike] == places]
        links = order[(ends - lengths)[rows][:, None] + np.arange(places)]
        windows = inputs[links]
        new = np.concatenate([[True], (windows[1:] != windows[:-1]).any(axis=1)])
        first = np.flatnonzero(new)
        counts = np.diff(first, append=len(rows))
        for count in np.unique(counts):
            start = first[counts == count]
            members = start[:, None] + np.arange(count)
            blocks.append((rows[members], windows[start], links[members]))
    if not blocks:  # no output at all
        none = np.empty(0, np.int64)
        blocks.append((none.reshape(0, 1), none.reshape(0, 0), none.reshape(0, 1, 0)))
    return tuple(blocks)


def _kernel(name: str) -> Any:
    def compute(x: Any, other: Any, *, table: LinkTable, turned: bool) -> Any:
        return find_kernel(name, x)(x, other, blocks=table.blocks(x, turned))

    return compute


# With g for outputs: <product(x, values), g> = <x, turned product(g, values)>
# = <values, weights(x, g)>.

_product: Primitive = Primitive(
    "link_product",
    _kernel("link_product"),
    (
        lambda g, x, v, *, table, turned: _product(g, v, table=table, turned=not turned),
        lambda g, x, v, **p: _weights(x, g, **p),
    ),
    keep="other",
)
_weights: Primitive = Primitive(
    "link_weights",
    _kernel("link_weights"),
    (
        lambda u, x, g, *, table, turned: _product(g, u, table=table, turned=not turned),
        lambda u, x, g, **p: _product(x, u, **p),
    ),
    keep="other",
)


def _linked_product(x: Any, values: Any, table: LinkTable) -> Any:
    sizes, links = tuple(raw(x).shape), tuple(raw(values).shape)
    if len(sizes) != 2 or sizes[1] != table.shape[1] or links != table.outputs.shape:
        raise ValueError(
            f"linked_product: an input of shape {sizes} and values of shape {links} for {table}; "
            f"expected (N, {table.shape[1]}) and {table.outputs.shape}"
        )
    return _product(x, values, table=table, turned=False)


@composition(standin=_linked_product)
def linked_product(x: Any, values: Any, table: LinkTable) -> Any:
    """For each output, the sum over its links of the link's value times its input.

    Parameters
    ----------
    x : Tensor, shape (N, n_inputs)
    values : Tensor, shape (links,)
        One for each link of the table.
    table : LinkTable

    Returns
    -------
    Tensor, shape (N, n_outputs)
        ``x @ matrix.T`` for the matrix that holds the values.
    """
    data = raw(x)
    outputs, inputs = table.ends(data)
    products = take(x, inputs, axis=1) * values
    zeros = namespace(data).zeros(
        (data.shape[0], table.shape[0]), dtype=data.dtype, device=data.device
    )
    return index_add(constant(zeros, x), outputs, products, axis=1)


def prefer_dense(n_outputs: int, n_inputs: int, links: int) -> bool:
    """Whether the dense matrix, made anew from the values at each step, is the faster way.

    Measured on NumPy, forwards and backwards, for batches of 1 to 256 and links between 0.3 % and
    all (``python -m benchmarks.links``). The dense way costs time for every entry of the matrix,
    most of it for making the matrix and taking its gradient apart; the sparse way costs about three
    times as much for every link that shares its window with no other output, and for any table
    about as much as 2**15 entries. The rule therefore keeps the matrix at three times the memory of
    the values, beyond that of a small one.

    >>> prefer_dense(16, 9, links=64), prefer_dense(65_536, 3072, links=1_696_512)
    (True, False)
    """
    return n_outputs * n_inputs <= 2**15 + 3 * links
