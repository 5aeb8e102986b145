"""Embeddings: tables of learned vectors, looked up by integers.

May import ``module``, ``functional`` and ``init``.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.nn import functional
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter
from minitorch_cnn.ops.arguments import raw, require_array


class _Table(Module):
    """A learned table of vectors and how it is looked up."""

    padding_idx: int | None

    def _make(
        self,
        shape: tuple[int, int],
        padding_idx: int | None,
        weight: Any,
        freeze: bool,
        sparse: bool,
        rng: np.random.Generator | None,
        place: dict[str, Any],
    ) -> None:
        name = type(self).__name__
        if sparse:
            raise ValueError(f"{name}: sparse=True is not provided: gradients are dense")
        rows, columns = shape
        self.num_embeddings = count(rows, f"{name} num_embeddings", least=0)
        self.embedding_dim = count(columns, f"{name} embedding_dim", least=0)
        self.padding_idx = self._padding(padding_idx, rows)
        if weight is None:
            weight = random.generator(rng).normal(size=shape).astype(np.float32)
            if self.padding_idx is not None:
                weight[self.padding_idx] = 0
        elif tuple(weight.shape) != (rows, columns):
            raise ValueError(
                f"{name}: weight of shape {tuple(weight.shape)}; expected ({rows}, {columns})"
            )
        self.weight = Parameter(weight, not freeze, **place)

    def _padding(self, padding_idx: int | None, rows: int) -> int | None:
        if padding_idx is None:
            return None
        number = operator.index(padding_idx)
        if not -rows <= number < rows:
            raise ValueError(
                f"{type(self).__name__}: padding_idx={number} is no row of a table of {rows}; "
                f"expected {-rows} to {rows - 1}"
            )
        return number % rows

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        for name, default in self._shown:
            value = getattr(self, name)
            if value != default:
                parts.append(f"{name}={value!r}")
        return ", ".join(parts)

    _shown: tuple[tuple[str, Any], ...] = (
        ("padding_idx", None),
        ("max_norm", None),
        ("norm_type", 2.0),
        ("scale_grad_by_freq", False),
    )


class Embedding(_Table):
    """A vector for each integer; see :func:`functional.embedding`.

    Parameters
    ----------
    num_embeddings : int
        Number of vectors.
    embedding_dim : int
        Their length.
    padding_idx : int, optional
        This vector is 0 at first and gets no gradient.
    max_norm, norm_type, scale_grad_by_freq, sparse
        As for :func:`functional.embedding`.
    rng : numpy.random.Generator, optional
        Where the initial weights come from; the generator of ``mt.seed`` by default.
    dtype, backend : optional
        Of the weight.

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)
        At first normally distributed, with mean 0 and variance 1.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> table = mt.nn.Embedding(10, 3)
    >>> table(mt.tensor([[1, 2], [4, 9]])).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        place = {"dtype": dtype, "backend": backend}
        shape = (num_embeddings, embedding_dim)
        self._make(shape, padding_idx, _weight, _freeze, sparse, rng, place)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq = scale_grad_by_freq

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """A layer with a copy of the vectors ``embeddings``, frozen by default.

        >>> import minitorch_cnn as mt
        >>> table = mt.nn.Embedding.from_pretrained(mt.tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> table(mt.tensor(1)), table.weight.requires_grad
        (tensor([3., 4.]), False)
        """
        rows, columns = _matrix_shape(embeddings, cls.__name__)
        return cls(
            rows,
            columns,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight=embeddings,
            _freeze=freeze,
        )

    def forward(self, input: Any) -> Any:
        return functional.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
        )


class EmbeddingBag(_Table):
    """Sum, mean or largest entries of the vectors of each bag of integers.

    See :func:`functional.embedding_bag`.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        Number of vectors and their length.
    max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx
        As for :func:`functional.embedding_bag`.
    rng, dtype, backend
        As for :class:`Embedding`.

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)
        At first normally distributed, with mean 0 and variance 1.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> bags = mt.nn.EmbeddingBag(10, 3, mode="sum")
    >>> bags(mt.tensor([1, 2, 4, 5, 4]), mt.tensor([0, 2])).shape
    (2, 3)
    """

    _shown = (
        *_Table._shown,
        ("mode", None),
        ("include_last_offset", False),
    )

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        place = {"dtype": dtype, "backend": backend}
        shape = (num_embeddings, embedding_dim)
        self._make(shape, padding_idx, _weight, False, sparse, rng, place)
        if mode not in ("mean", "sum", "max"):
            raise ValueError(f"EmbeddingBag: mode {mode!r} is none of 'mean', 'sum', 'max'")
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.mode = scale_grad_by_freq, mode
        self.include_last_offset = include_last_offset

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """A layer with a copy of the vectors ``embeddings``, frozen by default.

        >>> import minitorch_cnn as mt
        >>> bags = mt.nn.EmbeddingBag.from_pretrained(mt.tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> bags(mt.tensor([[0, 1]]))
        tensor([[2., 3.]])
        """
        rows, columns = _matrix_shape(embeddings, cls.__name__)
        layer = cls(
            rows,
            columns,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        layer.weight.requires_grad_(not freeze)
        return layer

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return functional.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )


def _matrix_shape(embeddings: Any, name: str) -> tuple[int, int]:
    shape = tuple(raw(require_array(embeddings, f"{name}.from_pretrained")).shape)
    if len(shape) != 2:
        raise ValueError(
            f"{name}.from_pretrained: embeddings of shape {shape}; expected (num_embeddings, "
            "embedding_dim)"
        )
    return shape
