"""Finding entries: where they are not zero, where they belong in an order, which ones there are.

What is found is an index, through which no gradient passes; entries that come with it are taken by
gathers, through which it does. May import ``indexing`` and what lies below it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from minitorch_cnn.backend import namespace
from minitorch_cnn.ops.arguments import constant, raw, require_array
from minitorch_cnn.ops.indexing import take
from minitorch_cnn.ops.shape import promote, reshape
from minitorch_cnn.primitive import Primitive


def nonzero(x: Any) -> tuple[Any, ...]:
    """Where ``x`` is not zero: one int64 tensor of indices for every axis, in row-major order.

    >>> import minitorch_cnn as mt
    >>> mt.nonzero(mt.tensor([[0.0, 2.0], [3.0, 0.0]]))
    (tensor([0, 1], dtype=int64), tensor([1, 0], dtype=int64))
    """
    data = raw(require_array(x, "nonzero"))
    if data.ndim == 0:
        raise ValueError("nonzero: a 0-d tensor has no axes to index; reshape it to (1,) first")
    return tuple(constant(index, x) for index in namespace(data).nonzero(data))


_searchsorted = Primitive(
    "searchsorted", lambda x1, x2, *, side: namespace(x1).searchsorted(x1, x2, side=side)
)


def searchsorted(x1: Any, x2: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where each entry of ``x2`` would have to be put into ``x1`` so that it stays in order.

    Parameters
    ----------
    x1 : Tensor, shape (n,)
        In ascending order, also through ``sorter``.
    x2 : Tensor or number
    side : {"left", "right"}
        Before or after entries that are equal.
    sorter : Tensor of integers, shape (n,), optional
        Indices that sort ``x1``, as :func:`minitorch_cnn.argsort` gives them.

    Returns
    -------
    Tensor of int64, shape of x2
        Positions from 0 to n.

    >>> import minitorch_cnn as mt
    >>> mt.searchsorted(mt.tensor([1.0, 2.0, 3.0]), mt.tensor([0.5, 2.0, 9.0]))
    tensor([0, 1, 3], dtype=int64)
    """
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side {side!r}; expected 'left' or 'right'")
    data = raw(require_array(x1, "searchsorted"))
    if data.ndim != 1:
        raise ValueError(f"searchsorted: x1 has {data.ndim} dimensions; expected one")
    if isinstance(x2, (int, float)):
        x2 = constant(namespace(data).asarray(x2, device=data.device), x1)
    x1, x2 = promote(x1, require_array(x2, "searchsorted"))
    if sorter is not None:
        x1 = take(x1, sorter)
    return _searchsorted(x1, x2, side=side)


class UniqueAll(NamedTuple):
    """What :func:`minitorch_cnn.unique_all` gives."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """What :func:`minitorch_cnn.unique_counts` gives."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """What :func:`minitorch_cnn.unique_inverse` gives."""

    values: Any
    inverse_indices: Any


def unique_all(x: Any) -> UniqueAll:
    """The different entries of ``x`` in ascending order, where they are and how often.

    Every NaN is an entry of its own; 0 and -0 are one. The gradient of a value goes to its first
    occurrence.

    Returns
    -------
    UniqueAll
        ``values`` and ``counts``, of shape (u,); ``indices`` of first occurrences in the flattened
        ``x``, of shape (u,); ``inverse_indices``, which make ``x`` of ``values``, of the shape of
        ``x``.

    >>> import minitorch_cnn as mt
    >>> found = mt.unique_all(mt.tensor([3, 1, 3]))
    >>> found.values, found.counts
    (tensor([1, 3], dtype=int64), tensor([1, 2], dtype=int64))
    """
    data = raw(require_array(x, "unique_all"))
    xp = namespace(data)
    _, indices, inverse, counts = xp.unique_all(data)
    places = [constant(xp.astype(index, xp.int64), x) for index in (indices, inverse, counts)]
    values = take(reshape(x, (-1,)), places[0])
    return UniqueAll(values, places[0], reshape(places[1], tuple(data.shape)), places[2])


def unique_counts(x: Any) -> UniqueCounts:
    """The different entries of ``x`` and how often each occurs; see :func:`unique_all`.

    >>> import minitorch_cnn as mt
    >>> mt.unique_counts(mt.tensor([3, 1, 3])).counts
    tensor([1, 2], dtype=int64)
    """
    found = unique_all(require_array(x, "unique_counts"))
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any) -> UniqueInverse:
    """The different entries of ``x`` and which of them each entry is; see :func:`unique_all`.

    >>> import minitorch_cnn as mt
    >>> mt.unique_inverse(mt.tensor([3, 1, 3])).inverse_indices
    tensor([1, 0, 1], dtype=int64)
    """
    found = unique_all(require_array(x, "unique_inverse"))
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any) -> Any:
    """The different entries of ``x`` in ascending order; see :func:`unique_all`.

    >>> import minitorch_cnn as mt
    >>> mt.unique_values(mt.tensor([3, 1, 3]))
    tensor([1, 3], dtype=int64)
    """
    return unique_all(require_array(x, "unique_values")).values
