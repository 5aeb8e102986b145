"""What a table of links is and says: its columns, its counts, its matrix.

``connectivity`` makes tables of each other. May import ``link_columns`` and ``ops``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from minitorch_backends.protocol import Backend
from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import asarray
from minitorch_cnn.nn import link_columns
from minitorch_cnn.nn.link_columns import IntArray
from minitorch_cnn.ops.arguments import raw
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import add_at, gather
from minitorch_cnn.ops.shape import reshape
from minitorch_cnn.tensor import Tensor

_Self = TypeVar("_Self", bound="ConnectionTable")


class ConnectionTable:
    """Columns (output, input, number of the weight), sorted, and what follows from them."""

    def __init__(
        self, outputs: Any, inputs: Any, numbers: Any, shape: Any, *, weights: int | None = None
    ) -> None:
        columns = link_columns.checked_columns(outputs, inputs, numbers, shape, weights)
        order = np.lexsort((columns[1], columns[0]))
        outputs, inputs, numbers = (column[order] for column in columns)
        self._set(outputs, inputs, numbers, tuple(map(int, shape)), weights)

    def _set(
        self,
        outputs: IntArray,
        inputs: IntArray,
        numbers: IntArray,
        shape: tuple[int, ...],
        weights: int | None = None,
        places: IntArray | None = None,
    ) -> None:
        self.outputs, self.inputs, self.numbers, self.places = outputs, inputs, numbers, places
        self.shape = shape
        self.weights = (int(numbers.max(initial=-1)) + 1) if weights is None else weights
        self._beside: dict[str, tuple[Any, Any]] = {}
        self._lock()

    def _lock(self) -> None:
        for column in (self.outputs, self.inputs, self.numbers, self.places):
            if column is not None:
                column.flags.writeable = False

    @classmethod
    def _of(cls: type[_Self], *columns_and_facts: Any) -> _Self:
        """A table of columns that are known to be right and in order; arguments of ``_set``."""
        table = cls.__new__(cls)
        table._set(*columns_and_facts)
        return table

    @property
    def links(self) -> int:
        """How many connections there are."""
        return int(self.outputs.size)

    @property
    def reuse(self) -> float:
        """Links per weight."""
        return self.links / self.weights if self.weights else 0.0

    def labels(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Which weight stands where in the matrix, shape (n_outputs, n_inputs); -1 for no link.

        Raises
        ------
        ValueError
            If several links run between the same two units.
        """
        self._require_single_links("labels")
        matrix = np.full(self.shape, -1, np.int64)
        matrix[self.outputs, self.inputs] = self.numbers
        return matrix

    def matrix(self, theta: Any) -> Tensor:
        """The matrix of the layer with weights ``theta``, shape (n_outputs, n_inputs).

        Each link gathers its weight, so the gradient of a weight is the sum over its links.

        Parameters
        ----------
        theta : Tensor or array_like
            ``weights`` entries in any shape, such as the kernel of a convolution.

        Raises
        ------
        ValueError
            If it has another number of entries.

        Examples
        --------
        >>> import minitorch_cnn as mt
        >>> kernel = mt.tensor([1.0, 2.0], requires_grad=True)
        >>> matrix = mt.nn.Connectivity.conv(1, 1, kernel_size=2, input_size=(3,)).matrix(kernel)
        >>> matrix
        tensor([[1., 2., 0.],
                [0., 1., 2.]], made_by=reshape)
        >>> matrix.sum().backward()
        >>> kernel.grad
        tensor([2., 2.])
        """
        values = self.spread(theta)
        n_outputs, n_inputs = self.shape
        _, cells = self._indices(backend_of(raw(values)))
        matrix: Tensor = reshape(add_at(values, cells, n_outputs * n_inputs), self.shape)
        return matrix

    def spread(self, theta: Any) -> Tensor:
        """The weight of each link, shape (links,)."""
        theta = theta if isinstance(theta, Tensor) else asarray(theta)
        if theta.size != self.weights:
            raise ValueError(
                f"Connectivity: theta of shape {theta.shape} has {theta.size} entries; this table "
                f"has {self.weights} weights"
            )
        numbers, _ = self._indices(backend_of(raw(theta)))
        values: Tensor = gather(reshape(theta, (-1,)), numbers)
        return values

    def entries(self, matrix: Any) -> Tensor:
        """The entry of ``matrix`` (n_outputs, n_inputs) at each link, shape (links,)."""
        self._require_single_links("project")
        matrix = matrix if isinstance(matrix, Tensor) else asarray(matrix)
        if matrix.shape != self.shape:
            raise ValueError(
                f"Connectivity.project: a matrix of shape {matrix.shape} for a table of "
                f"{self.shape} (outputs, inputs)"
            )
        _, cells = self._indices(backend_of(raw(matrix)))
        entries: Tensor = gather(reshape(matrix, (-1,)), cells)
        return entries

    def values_in(self, other: ConnectionTable, theta: Tensor) -> Tensor:
        """What another table of this shape with weights ``theta`` has at each link; 0 for none."""
        values = other.spread(theta)
        if link_columns.same_links(self, other):
            return values
        for table in (self, other):
            table._require_single_links("project")
        ours, theirs = (link_columns.cells(t.outputs, t.inputs, t.shape[1]) for t in (self, other))
        at, there = link_columns.where_found(ours, theirs)
        home = backend_of(raw(values))
        found = gather(values, home.asarray(at, copy=False))
        present: Tensor = asarray(there.astype(values.dtype), backend=home)
        return found * present  # type: ignore[no-any-return]

    def project(self, matrix: Any) -> Tensor:
        """Weights whose matrix is nearest to ``matrix``: the mean over the links of each weight.

        Nearest by the sum of squared differences; 0 for a weight that no link uses. A matrix of
        this structure gives back its weights exactly.

        Raises
        ------
        ValueError
            If the matrix has another shape, or several links run between the same two units.

        Examples
        --------
        >>> import minitorch_cnn as mt
        >>> table = mt.nn.Connectivity.conv(1, 1, kernel_size=2, input_size=(3,))
        >>> table.project([[1.0, 2.0, 9.0], [9.0, 3.0, 2.0]])
        tensor([2., 2.])
        """
        return self.mean_over_links(self.entries(matrix))

    def links_of_weights(self, like: Tensor) -> Tensor:
        """How many links each weight has, shape (weights,), in dtype and backend of ``like``."""
        counts = np.bincount(self.numbers, minlength=self.weights).astype(like.dtype)
        links: Tensor = asarray(counts, backend=like.backend)
        return links

    def mean_over_links(self, values: Tensor) -> Tensor:
        """For each weight the mean of ``values`` (links,) over its links; of equal ones exactly."""
        home = backend_of(raw(values))
        numbers, _ = self._indices(home)
        if not self.links:
            return add_at(values, numbers, self.weights)  # type: ignore[no-any-return]
        first = link_columns.first_links(self.numbers, self.weights)
        first_values = gather(values, home.asarray(first, copy=False))
        # Differences from the first, so that the mean of equal values is that very value.
        differences = add_at(values - gather(first_values, numbers), numbers, self.weights)
        links = self.links_of_weights(values)
        means: Tensor = where(links > 0, first_values + differences / links.clip(1), 0.0)
        return means

    def rank(self, theta: Any = None) -> int:
        """Rank of the matrix, in float64: how many outputs do not follow from the others.

        ``theta`` is drawn from a fixed generator if not given, which tells the rank for almost all
        weights.

        >>> from minitorch_cnn.nn import Connectivity
        >>> Connectivity.dense(9, 16).tie(4).rank()
        4
        """
        if theta is None:
            theta = np.random.default_rng(0).standard_normal(self.weights)
        theta = np.asarray(theta.numpy() if isinstance(theta, Tensor) else theta, np.float64)
        return int(np.linalg.matrix_rank(self.matrix(asarray(theta, backend="numpy")).numpy()))

    def plot(self, kind: str | None = None, **options: Any) -> Any:
        """A picture of the table, as :func:`minitorch_cnn.viz.plot` draws it.

        ``kind`` is ``"net"`` (units and a line per link) or ``"matrix"``; by size if not given.
        """
        # By name: pictures are made of tables and stand above them.
        return import_module("minitorch_cnn.viz").plot(self, kind, **options)

    def __repr__(self) -> str:
        n_outputs, n_inputs = self.shape
        return (
            f"Connectivity({n_inputs} inputs, {n_outputs} outputs: {self.links} links, "
            f"{self.weights} weights)"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ConnectionTable):
            return NotImplemented
        return (
            self.shape == other.shape
            and link_columns.same_links(self, other)
            and link_columns.same_ties(self, other)
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.links))

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_beside": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock()  # copies and unpickled arrays may be written to

    def _indices(self, home: Backend) -> tuple[Any, Any]:
        """Number of each link's weight and its cell in the flat matrix, as arrays of a backend."""
        if home.name not in self._beside:
            cells = link_columns.cells(self.outputs, self.inputs, self.shape[1])
            self._beside[home.name] = (
                home.asarray(self.numbers.astype(np.int64), copy=False),
                home.asarray(cells, copy=False),
            )
        return self._beside[home.name]

    def _require_single_links(self, what: str) -> None:
        if link_columns.has_parallel_links(self.outputs, self.inputs):
            raise ValueError(
                f"Connectivity.{what}: several links run between the same two units, so an entry "
                "of the matrix is a sum of weights; this needs tables with one link per entry"
            )
