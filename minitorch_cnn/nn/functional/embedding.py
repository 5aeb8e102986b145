"""Rows of a table looked up by integers: embeddings, sums over bags of them, one-hot vectors.

Gradients in the table are dense. May import ``ops``.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minitorch_cnn.backend import (
    backend_of,
    canonical_dtype,
    kernel,
    namespace,
    refuse_if,
    surely_all,
)
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_array,
    require_float,
    require_one_backend,
    require_one_dtype,
)
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.indexing import index_add, take, take_along_axis
from minitorch_cnn.ops.precision import widest
from minitorch_cnn.ops.reduce import argmax, vector_norm
from minitorch_cnn.ops.shape import reshape
from minitorch_cnn.primitive import Primitive


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """Rows of the table ``weight`` at the indices ``input``.

    Parameters
    ----------
    input : Tensor of integers, any shape
        From 0 to ``num_embeddings - 1``.
    weight : Tensor, shape (num_embeddings, embedding_dim)
    padding_idx : int, optional
        This row gets no gradient; negative counts from the end.
    max_norm : float, optional
        Rows that are looked up and longer than this are shortened to it, in ``weight`` itself,
        before the look-up.
    norm_type : float
        Which norm ``max_norm`` limits.
    scale_grad_by_freq : bool
        Divide the gradient of each row by how often ``input`` holds its index.
    sparse : bool
        Only False: gradients are dense.

    Returns
    -------
    Tensor, shape (*input.shape, embedding_dim)

    Raises
    ------
    ValueError
        If an index has no row (naming it and its position), ``weight`` is no matrix, or
        ``sparse=True``.
    TypeError
        If ``input`` holds no integers.

    >>> import minitorch_cnn as mt
    >>> table = mt.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> rows = mt.nn.functional.embedding(mt.tensor([1, 1]), table)
    >>> rows.sum().backward()
    >>> table.grad
    tensor([[0., 0.],
            [2., 2.]])
    """
    index = _checked_table(input, weight, sparse, "embedding")
    padding = _row_number(padding_idx, raw(weight).shape[0], "embedding")
    if max_norm is not None:
        _shorten_rows(index, weight, max_norm, norm_type, "embedding")
    return _rows(index, weight, padding, scale_grad_by_freq)


@widest
def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Sum, mean or largest entries of the rows of each bag of indices.

    Parameters
    ----------
    input : Tensor of integers, shape (B, L) or (n,)
        B bags of L indices each, or all bags one after the other, cut at ``offsets``.
    weight : Tensor, shape (num_embeddings, embedding_dim)
    offsets : Tensor of integers, shape (B,), optional
        Where each bag begins in a one-dimensional ``input``.
    max_norm, norm_type, scale_grad_by_freq, sparse
        As for :func:`embedding`.
    mode : {"mean", "sum", "max"}
        An empty bag gives zeros. Of equal largest entries, the first gets the gradient.
    per_sample_weights : Tensor, shape of ``input``, optional
        Factor of each row, for ``mode="sum"``.
    include_last_offset : bool
        ``offsets`` has one entry more, the end of the last bag.
    padding_idx : int, optional
        Indices equal to this are left out of their bags.

    Returns
    -------
    Tensor, shape (B, embedding_dim)

    Raises
    ------
    ValueError
        If an index has no row, offsets do not begin at 0 or decrease, or arguments exclude each
        other.
    TypeError
        If ``input`` or ``offsets`` hold no integers.

    >>> import minitorch_cnn as mt
    >>> table = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> mt.nn.functional.embedding_bag(mt.tensor([[0, 1], [1, 1]]), table)
    tensor([[2., 3.],
            [3., 4.]])
    """
    name = "embedding_bag"
    if mode not in ("mean", "sum", "max"):
        raise ValueError(f"{name}: mode {mode!r} is none of 'mean', 'sum', 'max'")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError(f"{name}: scale_grad_by_freq is for mode 'sum' or 'mean', not 'max'")
    index = _checked_table(input, weight, sparse, name)
    padding = _row_number(padding_idx, raw(weight).shape[0], name)
    starts = _bag_starts(index, offsets, include_last_offset)
    factors = _checked_factors(index, weight, per_sample_weights, mode)
    index = namespace(index).reshape(index, (-1,))
    if max_norm is not None:
        _shorten_rows(index, weight, max_norm, norm_type, name)
    rows = _rows(index, weight, padding, scale_grad_by_freq)
    lengths = np.diff(starts)
    if mode == "max" and index.shape[0]:
        return _largest_of_bags(rows, lengths, None if padding is None else index != padding)
    if factors is not None:
        rows = rows * reshape(factors, (-1, 1))
    xp, data = namespace(raw(rows)), raw(rows)
    if padding is not None:
        rows = where(constant(xp.expand_dims(index != padding, axis=1), rows), rows, 0)
    bags = _beside(np.repeat(np.arange(lengths.size), lengths), rows)
    zeros = xp.zeros((lengths.size, data.shape[1]), dtype=data.dtype, device=data.device)
    sums = index_add(constant(zeros, rows), bags, rows)
    if mode == "sum" or not index.shape[0]:
        return sums
    counted = xp.ones_like(index) if padding is None else xp.astype(index != padding, index.dtype)
    counts = kernel("index_add", counted)(counted, index=raw(bags), size=lengths.size)
    divisors = xp.astype(xp.maximum(counts, 1), data.dtype)
    return sums / constant(xp.expand_dims(divisors, axis=1), rows)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Vectors of zeros with a 1 at each index: a last axis of ``num_classes`` is added.

    Parameters
    ----------
    tensor : Tensor of integers, any shape
        From 0 to ``num_classes - 1``.
    num_classes : int
        -1: one more than the largest index.

    Returns
    -------
    Tensor of int64, shape (*tensor.shape, num_classes)

    Raises
    ------
    ValueError
        If an index lies outside, or there is none to tell the number of classes from.
    TypeError
        If ``tensor`` holds no integers.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.one_hot(mt.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]], dtype=int64)
    """
    index = _integers(tensor, "one_hot", "tensor")
    xp = namespace(index)
    size = operator.index(num_classes)
    if size == -1:
        if not index.size:
            raise ValueError(
                f"one_hot: no index in a tensor of shape {tuple(index.shape)} to tell the number "
                "of classes from; pass num_classes"
            )
        size = max(int(xp.max(index)) + 1, 1)
    elif size < 1:
        raise ValueError(f"one_hot: num_classes={size}; expected at least 1, or -1 for the largest")
    _check_range(index, size, "one_hot", "classes")
    classes = xp.arange(size, dtype=xp.int64, device=index.device)
    return constant(xp.astype(xp.expand_dims(index, axis=-1) == classes, xp.int64), tensor)


# --- arguments -----------------------------------------------------------------------------------


def _integers(x: Any, name: str, what: str) -> Any:
    """The raw array of integers ``x``, as int64."""
    data = raw(require_array(x, name))
    if canonical_dtype(data.dtype).kind not in "iu":
        raise TypeError(
            f"{name}: {what} is of dtype {data.dtype}; expected integers: convert with "
            ".to(mt.int64)"
        )
    return namespace(data).astype(data, namespace(data).int64)


def _host(array: Any) -> np.ndarray[Any, Any]:
    return backend_of(array).to_numpy(array)  # type: ignore[no-any-return]


def _beside(host: np.ndarray[Any, Any], x: Any) -> Any:
    """Host numbers in the library of ``x``."""
    return constant(backend_of(raw(x)).asarray(host, copy=False), x)


def _check_range(index: Any, size: int, name: str, what: str) -> None:
    """Refuse the first index outside 0 to ``size - 1``, naming it and its position."""
    outside = (index < 0) | (index >= size)

    def error() -> ValueError:
        position = tuple(map(int, np.argwhere(_host(outside))[0]))
        return ValueError(
            f"{name}: index {int(index[position])} at position {position} of an input of shape "
            f"{tuple(index.shape)} is out of range; there are {size} {what}: expected 0 to "
            f"{size - 1}"
        )

    refuse_if(outside, error)


def _checked_table(input: Any, weight: Any, sparse: bool, name: str) -> Any:
    """The raw indices of a look-up, int64, once everything about it has been checked."""
    if sparse:
        raise ValueError(f"{name}: sparse=True is not provided: gradients are dense; leave it out")
    index = _integers(input, name, "input")
    shape = tuple(raw(require_float(weight, name)).shape)
    if len(shape) != 2:
        raise ValueError(
            f"{name}: weight has shape {shape}; expected (num_embeddings, embedding_dim)"
        )
    require_one_backend(name, input=input, weight=weight)
    _check_range(index, shape[0], name, "rows in the table")
    return index


def _row_number(padding_idx: int | None, count: int, name: str) -> int | None:
    """``padding_idx`` counted from the front."""
    if padding_idx is None:
        return None
    number = operator.index(padding_idx)
    if not -count <= number < count:
        raise ValueError(
            f"{name}: padding_idx={number} is no row of a table of {count}; expected {-count} to "
            f"{count - 1}"
        )
    return number % count


def _bag_starts(index: Any, offsets: Any, include_last_offset: bool) -> np.ndarray[Any, Any]:
    """Where each bag begins in the flat input, and at last where the last one ends."""
    shape = tuple(index.shape)
    if len(shape) == 2:
        if offsets is not None:
            raise ValueError(
                f"embedding_bag: offsets with an input of shape {shape}, whose rows are the bags; "
                "leave offsets out, or pass a one-dimensional input"
            )
        starts: np.ndarray[Any, Any] = np.arange(shape[0] + 1) * shape[1]
        return starts
    if len(shape) != 1:
        raise ValueError(
            f"embedding_bag: input of shape {shape}; expected (B, L), or (n,) with offsets"
        )
    if offsets is None:
        raise ValueError("embedding_bag: a one-dimensional input needs offsets, where bags begin")
    starts = _host(_integers(offsets, "embedding_bag", "offsets"))
    if starts.ndim != 1:
        raise ValueError(f"embedding_bag: offsets of shape {starts.shape}; expected (B,)")
    if include_last_offset and not starts.size:
        raise ValueError("embedding_bag: include_last_offset=True needs at least one offset")
    if not include_last_offset:
        starts = np.append(starts, shape[0])
    if starts.size > 1 and (starts[0] != 0 or np.any(np.diff(starts) < 0)):
        raise ValueError(
            f"embedding_bag: offsets {starts.tolist()} for {shape[0]} indices; expected 0 first, "
            "then numbers that do not decrease, up to the number of indices"
        )
    if starts[-1] != shape[0]:
        raise ValueError(
            f"embedding_bag: the last bag ends at {starts[-1]}, the input has {shape[0]} indices; "
            "they must be equal"
        )
    return starts


def _checked_factors(index: Any, weight: Any, factors: Any, mode: str) -> Any:
    """``per_sample_weights``, checked."""
    if factors is None:
        return None
    if mode != "sum":
        raise ValueError(f"embedding_bag: per_sample_weights are for mode 'sum', not {mode!r}")
    shape = tuple(raw(require_float(factors, "embedding_bag")).shape)
    if shape != tuple(index.shape):
        raise ValueError(
            f"embedding_bag: per_sample_weights of shape {shape} for an input of shape "
            f"{tuple(index.shape)}; they must be equal"
        )
    require_one_backend("embedding_bag", weight=weight, per_sample_weights=factors)
    require_one_dtype("embedding_bag", weight=weight, per_sample_weights=factors)
    return factors


# --- rows ----------------------------------------------------------------------------------------


_scale_gradient = Primitive(
    "scale_gradient",
    lambda x, *, factor: x,
    (lambda g, *, factor: g * constant(factor, g),),
    views=True,
)
"""``x`` itself, whose gradient is multiplied by the raw array ``factor``."""


def _rows(index: Any, weight: Any, padding: int | None, by_frequency: bool) -> Any:
    """Rows of ``weight``; those of ``padding`` without gradient."""
    rows = take(weight, index, axis=0)
    xp = namespace(index)
    if by_frequency:
        counts = xp.take(_frequencies(index, weight), xp.reshape(index, (-1,)))
        rows = _scale_gradient(rows, factor=xp.reshape(1 / counts, (*index.shape, 1)))
    if padding is not None:
        blocked = constant(xp.expand_dims(index == padding, axis=-1), rows)
        rows = where(blocked, constant(raw(rows), rows), rows)
    return rows


def _frequencies(index: Any, weight: Any) -> Any:
    """How often each row of ``weight`` is looked up, a raw array in its dtype."""
    data = raw(weight)
    flat = namespace(data).reshape(index, (-1,))
    ones = namespace(data).ones(flat.shape, dtype=data.dtype, device=data.device)
    return kernel("index_add", data)(ones, index=flat, size=data.shape[0])


def _shorten_rows(index: Any, weight: Any, max_norm: float, norm_type: float, name: str) -> None:
    """Overwrite the rows of ``weight`` that are looked up and longer than ``max_norm``."""
    if not isinstance(weight, Boxed):
        raise TypeError(f"{name}: max_norm overwrites the table, which must be a Tensor for that")
    table: Any = weight
    data = raw(table)
    xp = namespace(data)
    lengths = vector_norm(data, axis=1, ord=norm_type)
    too_long = (_frequencies(index, weight) > 0) & (lengths > max_norm)
    if not surely_all(~too_long):
        # 1e-7 as in PyTorch, so that rounding leaves no row longer than the limit.
        factors = xp.where(too_long, max_norm / (lengths + 1e-7), xp.ones_like(lengths))
        table.assign_(data * xp.expand_dims(factors, axis=1))


def _largest_of_bags(rows: Any, lengths: np.ndarray[Any, Any], kept: Any) -> Any:
    """Largest entries of each bag, from a table with a bag's positions in each row.

    ``kept`` is a raw mask of the positions that count; None: all do.
    """
    most = max(lengths.max(), 1)
    filled = np.arange(most) < lengths[:, None]
    table = np.zeros(filled.shape, dtype=np.int64)
    table[filled] = np.arange(lengths.sum())
    places, present = _beside(table, rows), raw(_beside(filled, rows))
    xp = namespace(present)
    if kept is not None:
        taken = xp.take(kept, xp.reshape(raw(places), (-1,)))
        present = present & xp.reshape(taken, present.shape)
    members = take(rows, places, axis=0)
    masked = where(constant(xp.expand_dims(present, axis=-1), rows), members, -float("inf"))
    first = argmax(raw(masked), axis=1, keepdims=True)
    largest = reshape(
        take_along_axis(members, constant(first, rows), axis=1), (len(table), raw(rows).shape[1])
    )
    some = xp.any(present, axis=1, keepdims=True)
    return where(constant(some, rows), largest, 0)
