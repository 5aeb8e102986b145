"""Dense layers: every output linked to every input; and what all layers made of links share.

The first chapter of the derivation: ``Dense`` has a weight for each link, ``TiedDense`` shares them
among neurons, ``StructuredDense`` is any table of links. ``local.py`` keeps the links of a window,
``conv.py`` ties their weights. May import ``connectivity``, ``module`` and ``functional``.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from minitorch_cnn.nn import functional, init
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.connectivity import Connectivity
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter
from minitorch_cnn.ops.arguments import raw, require_float, require_one_dtype
from minitorch_cnn.ops.links import LinkTable, linked_product, prefer_dense
from minitorch_cnn.ops.shape import broadcast_to, expand_dims, reshape
from minitorch_cnn.tensor import Tensor


class Linked(Module):
    """A linear layer seen as a table of links with weights in it.

    Base class of all layers that answer :meth:`connectivity`. With the table, the weights as it
    numbers them (:meth:`theta`) and the bias of each output, every such layer is a matrix and an
    offset on flattened inputs, whatever its own way of computing.
    """

    weight: Any
    bias: Any
    default_dtype: ClassVar[str | None] = None
    """Of layers made from one that has no weights of its own."""

    def _draw(
        self,
        weight: tuple[int, ...],
        bias: tuple[int, ...] | None,
        links: int,
        rng: np.random.Generator | None,
        **place: Any,
    ) -> None:
        """First weights and offsets of the given shapes, for outputs of so many ``links``."""
        self.weight = Parameter(init.default_uniform(weight, links, rng), **place)
        self.bias = (
            None if bias is None else Parameter(init.default_uniform(bias, links, rng), **place)
        )

    def connectivity(self, input_shape: Any = None) -> Connectivity:
        """The table of links for inputs of ``input_shape``, without the batch.

        Parameters
        ----------
        input_shape : tuple of int
            ``(channels, *sizes)``; layers that are made for one size can do without.

        Returns
        -------
        Connectivity
            From the flattened input to the flattened output. The bias is not in it.
        """
        raise TypeError(f"{type(self).__name__} defines no connectivity(self, input_shape); add it")

    def count_links(self, input_shape: Any = None) -> int:
        """``connectivity(input_shape).links``, without listing them where that takes long."""
        return self.connectivity(input_shape).links

    def table_shape(self, input_shape: Any = None) -> tuple[int, ...]:
        """``connectivity(input_shape).shape``: numbers of outputs and inputs, flattened."""
        return self.connectivity(input_shape).shape

    def theta(self, input_shape: Any = None) -> Tensor:
        """The weights, flattened, in the order in which the table numbers them."""
        flat: Tensor = reshape(self.weight, (-1,))
        return flat

    def output_bias(self, input_shape: Any = None) -> Tensor | None:
        """The bias of each output, flattened, or None."""
        return self.bias  # type: ignore[no-any-return]

    def as_dense(self, input_shape: Any = None, *, dtype: Any = None, backend: Any = None) -> Dense:
        """The same function as a :class:`Dense` layer on flattened inputs, free to learn apart.

        Parameters
        ----------
        input_shape : tuple of int
            As for :meth:`connectivity`.
        dtype, backend : optional
            Those of this layer if not given.

        Returns
        -------
        Dense
            ``layer(x).flatten(1)`` is ``layer.as_dense(shape)(x.flatten(1))``. It keeps the shape
            as ``input_shape``, for the way back by :meth:`Conv2d.project`.

        Examples
        --------
        >>> import minitorch_cnn as mt
        >>> mt.nn.Conv2d(1, 4, 2, bias=False).as_dense((1, 3, 3))
        Dense(9, 16, bias=False)
        """
        table, theta, bias = self._parts(input_shape, dtype, backend)
        n_outputs, n_inputs = table.shape
        dense = Dense(n_inputs, n_outputs, bias is not None, rng=_unused())
        dense.weight = Parameter(table.matrix(theta))
        dense.bias = None if bias is None else Parameter(bias)
        if input_shape is not None:
            dense.input_shape = tuple(input_shape)
        return dense

    def as_local(self, input_shape: Any = None, *, dtype: Any = None, backend: Any = None) -> Any:
        """The same links and function, with a weight of its own for each link.

        A :class:`StructuredDense` layer on flattened inputs, free to learn apart; convolutions
        give a locally connected layer. Arguments as for :meth:`as_dense`.

        >>> import minitorch_cnn as mt
        >>> mt.nn.TiedDense(9, 16, 4).as_local().weight.shape
        (144,)
        """
        table, theta, bias = self._parts(input_shape, dtype, backend)
        local = StructuredDense(table.untie(), bias is not None, rng=_unused())
        local.weight = Parameter(table.spread(theta))
        local.bias = None if bias is None else Parameter(bias)
        return local

    def _parts(
        self, input_shape: Any, dtype: Any, backend: Any
    ) -> tuple[Connectivity, Tensor, Tensor | None]:
        """The table, its weights and the bias of each output, without history."""
        moved = [to for to in (backend, dtype or self.default_dtype) if to is not None]

        def placed(tensor: Tensor) -> Tensor:
            return tensor.detach().to(*moved) if moved else tensor.detach()

        bias = self.output_bias(input_shape)
        theta = placed(self.theta(input_shape))
        return self.connectivity(input_shape), theta, None if bias is None else placed(bias)


class Dense(Linked):
    """``y = x @ weight.T + bias``, the layer in which everything is linked to everything.

    Parameters
    ----------
    in_features, out_features : int
        Numbers of inputs and outputs: ``in_features * out_features`` links and as many weights.
    bias : bool
        Whether outputs have an offset of their own.
    rng : numpy.random.Generator, optional
        Where the initial weights come from; the generator of ``mt.seed`` by default.
    dtype, backend : optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
        At first uniform over ``±1 / sqrt(in_features)``.
    bias : Parameter, shape (out_features,), or None

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.Dense(9, 16)
    >>> layer(mt.ones((2, 9))).shape
    (2, 16)
    """

    input_shape: tuple[int, ...] | None = None
    """What a layer that this one was made of by ``as_dense`` took for inputs."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        in_features = count(in_features, "Dense in_features", least=0)
        out_features = count(out_features, "Dense out_features", least=0)
        self.in_features, self.out_features = in_features, out_features
        shape = (out_features, in_features)
        offsets = (out_features,) if bias else None
        self._draw(shape, offsets, in_features, rng, dtype=dtype, backend=backend)

    def forward(self, x: Any) -> Any:
        return functional.linear(x, self.weight, self.bias)

    def connectivity(self, input_shape: Any = None) -> Connectivity:
        """All links, each with its own weight; ``input_shape`` is only checked."""
        require_size(input_shape, self.in_features, self)
        return Connectivity.dense(self.in_features, self.out_features)

    def count_links(self, input_shape: Any = None) -> int:
        """``in_features * out_features``."""
        return math.prod(self.table_shape(input_shape))

    def table_shape(self, input_shape: Any = None) -> tuple[int, ...]:
        """``(out_features, in_features)``."""
        require_size(input_shape, self.in_features, self)
        return (self.out_features, self.in_features)

    def extra_repr(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_features}, {self.out_features}{bias}"


Linear = Dense
"""PyTorch's name for :class:`Dense`; the same class."""


class TiedDense(Linked):
    """A dense layer whose neurons share their weights in groups: all links, fewer weights.

    The step of the derivation that shows why sharing alone is of no use: neurons of one group see
    the same inputs with the same weights, so they are copies. What they lack are windows of their
    own; with them it is a convolution.

    Parameters
    ----------
    in_features, out_features : int
    group_size : int
        So many consecutive outputs share weights and bias; divides ``out_features``.
    bias : bool
    rng, dtype, backend
        As for :class:`Dense`.

    Attributes
    ----------
    weight : Parameter, shape (out_features / group_size, in_features)
    bias : Parameter, shape (out_features / group_size,), or None

    Raises
    ------
    ValueError
        If ``group_size`` does not divide ``out_features``.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.TiedDense(9, 16, group_size=4, bias=False)
    >>> layer.count_links(), layer.weight.size
    (144, 36)
    >>> layer(mt.ones((2, 9))).shape
    (2, 16)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        group_size: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        self.in_features = count(in_features, "TiedDense in_features", least=0)
        self.out_features = count(out_features, "TiedDense out_features", least=0)
        self.group_size = count(group_size, "TiedDense group_size")
        if out_features % group_size:
            raise ValueError(
                f"TiedDense: {out_features} outputs cannot be cut into groups of {group_size}; "
                "group_size must divide out_features"
            )
        shape = (out_features // group_size, in_features)
        offsets = shape[:1] if bias else None
        self._draw(shape, offsets, in_features, rng, dtype=dtype, backend=backend)

    def forward(self, x: Any) -> Any:
        return self._copied(functional.linear(x, self.weight, self.bias))

    def _copied(self, groups: Any) -> Any:
        """The value of each group, ``(..., groups)``, for every neuron of it."""
        each = broadcast_to(expand_dims(groups, -1), (*groups.shape, self.group_size))
        return reshape(each, (*groups.shape[:-1], self.out_features))

    def connectivity(self, input_shape: Any = None) -> Connectivity:
        """All links, shared within groups; ``input_shape`` is only checked."""
        require_size(input_shape, self.in_features, self)
        return Connectivity.dense(self.in_features, self.out_features).tie(self.group_size)

    def count_links(self, input_shape: Any = None) -> int:
        """``in_features * out_features``."""
        require_size(input_shape, self.in_features, self)
        return self.in_features * self.out_features

    def output_bias(self, input_shape: Any = None) -> Tensor | None:
        """The bias of each output: that of its group."""
        return None if self.bias is None else self._copied(self.bias)

    def extra_repr(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_features}, {self.out_features}, group_size={self.group_size}{bias}"


class StructuredDense(Linked):
    """A dense layer with any table of links: local, tied, or both, in whatever way.

    Trains every :class:`Connectivity`, also those for which there is no layer of its own. The
    gradient of a weight is the sum over its links.

    Parameters
    ----------
    connectivity : Connectivity
    bias : bool
        Whether every output has an offset of its own.
    rng, dtype, backend
        As for :class:`Dense`.

    Attributes
    ----------
    weight : Parameter, shape (weights,)
        At first uniform over ``±1 / sqrt(links of one output)``, on average.
    bias : Parameter, shape (n_outputs,), or None
    table : Connectivity

    Raises
    ------
    TypeError
        If ``connectivity`` is no Connectivity.

    Notes
    -----
    Small tables gather their weights into a matrix and multiply by it. In large ones, each link
    multiplies its input by its weight, and the products are summed for each output; both give the
    same to rounding.

    Examples
    --------
    A layer whose matrix is symmetric:

    >>> import minitorch_cnn as mt
    >>> labels = [[0, 1, 2], [1, 3, 4], [2, 4, 5]]
    >>> layer = mt.nn.StructuredDense(mt.nn.Connectivity.from_matrix_of_labels(labels))
    >>> layer
    StructuredDense(3, 3, links=9, weights=6)
    >>> layer(mt.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(
        self,
        connectivity: Connectivity,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        if not isinstance(connectivity, Connectivity):
            raise TypeError(
                f"StructuredDense: expected a Connectivity, got a {type(connectivity).__name__}; "
                "make one with nn.Connectivity.from_matrix_of_labels(labels) or layer.connectivity"
                "(input_shape)"
            )
        self.table = connectivity
        n_outputs, _ = connectivity.shape
        links = round(connectivity.links / n_outputs) if n_outputs else 0
        offsets = (n_outputs,) if bias else None
        self._draw((connectivity.weights,), offsets, links, rng, dtype=dtype, backend=backend)

    def forward(self, x: Any) -> Any:
        n_outputs, n_inputs = self.table.shape
        if prefer_dense(n_outputs, n_inputs, self.table.links):
            return functional.linear(x, self.table.matrix(self.weight), self.bias)
        return self._along_links(x)

    def _along_links(self, x: Any) -> Any:
        """The same without a matrix, for tables that have far fewer links than it has entries."""
        n_outputs, n_inputs = self.table.shape
        shape = tuple(raw(require_float(x, "StructuredDense")).shape)
        if not shape or shape[-1] != n_inputs:
            raise ValueError(
                f"StructuredDense: an input of shape {shape} for a table of {n_inputs} inputs; the "
                "last size of the input must be that"
            )
        require_one_dtype("StructuredDense", input=x, weight=self.weight, bias=self.bias)
        rows = reshape(x, (math.prod(shape[:-1]), n_inputs))
        out = linked_product(rows, self.table.spread(self.weight), self._links)
        out = reshape(out, (*shape[:-1], n_outputs))
        return out if self.bias is None else out + self.bias

    @cached_property
    def _links(self) -> LinkTable:
        n_outputs, n_inputs = self.table.shape
        return LinkTable(self.table.outputs, self.table.inputs, (n_outputs, n_inputs))

    def connectivity(self, input_shape: Any = None) -> Connectivity:
        """The table that this layer was made of; ``input_shape`` is only checked."""
        require_size(input_shape, self.table.shape[1], self)
        return self.table

    def extra_repr(self) -> str:
        n_outputs, n_inputs = self.table.shape
        bias = "" if self.bias is not None else ", bias=False"
        counts = f"links={self.table.links}, weights={self.table.weights}"
        return f"{n_inputs}, {n_outputs}, {counts}{bias}"


def require_size(input_shape: Any, size: int, layer: Module) -> None:
    """Refuse an input shape of another number of entries than ``layer`` takes."""
    if input_shape is None:
        return
    shape = input_shape if isinstance(input_shape, (tuple, list)) else (input_shape,)
    if math.prod(shape) != size:
        raise ValueError(
            f"{type(layer).__name__}: an input of shape {tuple(shape)} has {math.prod(shape)} "
            f"entries; this layer takes {size}"
        )


def _unused() -> np.random.Generator:
    """A generator for weights that are overwritten at once: the shared one stays where it is."""
    return np.random.default_rng(0)
