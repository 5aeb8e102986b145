"""Indexing as in NumPy, gathering and its adjoint, scattered addition; sorting through gathers.

May import ``elementwise``, ``shape`` and what lies below them.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minitorch_cnn.backend import (
    NAMESPACES,
    backend_of,
    canonical_dtype,
    is_queued,
    kernel,
    namespace,
    refuse_if,
    surely_all,
)
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import (
    axis_index,
    constant,
    raw,
    require_array,
    require_one_backend,
)
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.shape import broadcast_to, linear_pair, reshape
from minitorch_cnn.primitive import Primitive, owned

Key = tuple[Any, ...]


def _slice_back(g: Any, *, key: Key, shape: tuple[int, ...]) -> Any:
    xp = namespace(g)
    out = xp.zeros(shape, dtype=g.dtype, device=g.device)
    places = tuple(part for part in key if part is not None)
    out[places] = xp.reshape(g, out[places].shape)
    return out


_slice, slice_back = linear_pair(
    "slice", lambda x, *, key, shape: x[key], "slice_back", _slice_back, views=True
)
_select, index_back = linear_pair(
    "index",
    lambda x, *, key, shape: kernel("select", x)(x, key=key),
    "index_back",
    lambda g, *, key, shape: kernel("select_back", g)(g, key=key, shape=shape),
)


def getitem(x: Any, key: Any) -> Any:
    """``x[key]`` as in NumPy: integers, slices, ``...``, None, integer and boolean arrays.

    An entry picked several times by an integer array gets the sum of the gradients.

    Raises
    ------
    IndexError
        For an index out of range, too many indices, or an index of another kind.

    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward()
    >>> x.grad
    tensor([2., 0., 1.])
    """
    parts, by_arrays = parsed_key(key, data := raw(x))
    return (_select if by_arrays else _slice)(x, key=parts, shape=tuple(data.shape))


def parsed_key(key: Any, data: Any) -> tuple[Key, bool]:
    """An index of the raw array ``data`` as its library takes it, and whether it holds arrays."""
    parts = tuple(_key_part(part, data) for part in (key if isinstance(key, tuple) else (key,)))
    shape = tuple(data.shape)
    if any(isinstance(part, bool) or type(part) in NAMESPACES for part in parts):
        if is_queued(data):
            _refuse_outside(parts, shape)
        return parts, True
    named = sum(part is not None and part is not Ellipsis for part in parts)
    if named > len(shape):
        raise IndexError(
            f"index: {named} indices for a tensor of {len(shape)} dimensions, shape {shape}"
        )
    # An ellipsis makes NumPy return a 0-d array, not a scalar, and strict libraries want it.
    full = parts if Ellipsis in parts or named == len(shape) else (*parts, Ellipsis)
    return _within(full, shape, len(shape) - named), False


def _refuse_outside(key: Key, shape: tuple[int, ...]) -> None:
    """Refuse integers out of range, in what a key names of ``shape``.

    For libraries that would not notice. Boolean arrays are theirs: they differ in shape.
    """
    named = [_axes_named(part) for part in key]
    unnamed, axis = len(shape) - sum(named), 0
    if unnamed < 0:
        raise IndexError(
            f"index: {sum(named)} indices for a tensor of {len(shape)} dimensions, shape {shape}"
        )
    for part, axes in zip(key, named, strict=True):
        is_integers = type(part) in NAMESPACES and canonical_dtype(part.dtype).kind != "b"
        if is_integers and math.prod(part.shape):
            xp = namespace(part)
            _refuse_far(xp.astype(part, xp.int64, copy=False), "index", shape[axis])
        elif type(part) is int and not -shape[axis] <= part < shape[axis]:
            raise IndexError(f"index: {part} is out of range for an axis of size {shape[axis]}")
        axis += unnamed if part is Ellipsis else axes


def _axes_named(part: Any) -> int:
    """How many axes a part of a key stands for; an ellipsis, none of its own."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    is_mask = type(part) in NAMESPACES and canonical_dtype(part.dtype).kind == "b"
    return int(part.ndim) if is_mask else 1


def _within(key: Key, shape: tuple[int, ...], unnamed: int) -> Key:
    """``key`` with slices that end inside the axes, as the array API wants them."""
    parts, axis = [], 0
    for part in key:
        if isinstance(part, slice):
            start, stop, step = part.indices(shape[axis])
            nothing = stop <= start if step > 0 else stop >= start
            part = slice(0, 0) if nothing else slice(start, None if stop < 0 else stop, step)
        parts.append(part)
        axis += 0 if part is None else unnamed if part is Ellipsis else 1
    return tuple(parts)


def _key_part(part: Any, data: Any) -> Any:
    """One part of an index in the form the array library takes."""
    if part is None or part is Ellipsis or type(part) in (int, bool):
        return part
    if isinstance(part, slice):
        return slice(*(None if v is None else operator.index(v) for v in _bounds(part)))
    loose = not isinstance(part, Boxed)
    part = raw(part)
    if type(part) not in NAMESPACES and isinstance(part, (list, tuple, range)):
        part = np.asarray(part, dtype=None if len(part) else np.int64)
    if type(part) not in NAMESPACES:
        try:
            return operator.index(part)
        except TypeError:
            raise IndexError(
                f"index: {type(part).__name__} is no index; use integers, slices, ..., None, or "
                "arrays of integers or booleans"
            ) from None
    if canonical_dtype(part.dtype).kind not in "iub":
        raise IndexError(
            f"index: an array of dtype {part.dtype} is no index; convert it to int64 or bool"
        )
    if part.ndim == 0 and canonical_dtype(part.dtype).kind != "b":
        return int(part)
    beside = _beside(part, data, "index")
    return owned(beside) if loose else beside  # a graph keeps it, while its owner may write to it


def _beside(index: Any, data: Any, name: str) -> Any:
    """An index array in the library of ``data``; from the host it is brought there."""
    if isinstance(index, (np.ndarray, np.generic)):
        return backend_of(data).asarray(index, copy=False)
    require_one_backend(name, input=data, index=index)
    return index


def _bounds(part: slice) -> tuple[Any, Any, Any]:
    return part.start, part.stop, part.step


_take, _take_back = linear_pair(
    "take",
    lambda x, *, index, axis, shape: namespace(x).take(x, index, axis=axis),
    "take_back",
    lambda g, *, index, axis, shape: _scatter_rows(g, index, axis, shape[axis]),
)


def _scatter_rows(g: Any, index: Any, axis: int, size: int) -> Any:
    rows = namespace(g).moveaxis(g, axis, 0)
    out = kernel("index_add", g)(rows, index=index, size=size)
    return namespace(g).moveaxis(out, 0, axis)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Slices of ``x`` at ``indices`` (of any shape) along ``axis``.

    ``axis`` may be left out for one-dimensional ``x``. A slice taken several times gets the sum of
    the gradients.

    >>> import minitorch_cnn as mt
    >>> mt.take(mt.tensor([[1, 2], [3, 4]]), mt.tensor([1, 1, 0]), axis=0)
    tensor([[3, 4],
            [3, 4],
            [1, 2]], dtype=int64)
    """
    shape = tuple(raw(require_array(x, "take")).shape)
    if axis is None:
        if len(shape) != 1:
            raise ValueError(f"take: name the axis of a tensor of {len(shape)} dimensions")
        axis = 0
    position = axis_index(axis, len(shape), "take")
    index = _index_array(indices, x, "take", shape[position])
    flat = namespace(index).reshape(index, (-1,))
    out = _take(x, index=flat, axis=position, shape=shape)
    return reshape(out, (*shape[:position], *index.shape, *shape[position + 1 :]))


def gather(x: Any, index: Any) -> Any:
    """Rows of ``x`` at a raw integer array of the same backend that is known to be in range."""
    return _take(x, index=index, axis=0, shape=tuple(raw(x).shape))


def add_at(values: Any, index: Any, size: int) -> Any:
    """The adjoint of :func:`gather`: ``values[i]`` added up at ``index[i]`` in ``size`` rows."""
    shape = (size, *raw(values).shape[1:])
    return _take_back(values, index=index, axis=0, shape=shape)


def _index_array(indices: Any, x: Any, name: str, size: int) -> Any:
    """Integer indices as a raw array beside ``x``, checked and counted from the front."""
    data = raw(x)
    index = raw(indices)
    if type(index) not in NAMESPACES:
        index = np.asarray(index, dtype=None if np.size(index) else np.int64)
    if canonical_dtype(index.dtype).kind not in "iu":
        raise TypeError(f"{name}: indices must be integers, got dtype {index.dtype}")
    index = _beside(index, data, name)
    xp = namespace(index)
    index = xp.astype(index, xp.int64, copy=False)
    if math.prod(index.shape):
        _refuse_far(index, name, size)
        if not surely_all(index >= 0):
            index = xp.where(index < 0, index + size, index)
    return xp.astype(index, xp.int64)  # a copy: what a graph keeps may be written to outside


def _refuse_far(index: Any, name: str, size: int) -> None:
    """Refuse entries of a raw integer array that no entry along an axis of ``size`` has."""
    xp = namespace(index)

    def error() -> IndexError:
        return IndexError(
            f"{name}: indices from {int(xp.min(index))} to {int(xp.max(index))} for an axis of "
            f"size {size}; they must lie in {-size} to {size - 1}"
        )

    refuse_if((index < -size) | (index >= size), error)


_take_along, _ = linear_pair(
    "take_along_axis",
    lambda x, *, index, axis, shape: namespace(x).take_along_axis(x, index, axis=axis),
    "take_along_axis_back",
    lambda g, *, index, axis, shape: _scatter_along(g, index, axis, shape),
)


def _scatter_along(g: Any, index: Any, axis: int, shape: tuple[int, ...]) -> Any:
    """Add ``g`` into zeros of ``shape`` at ``index`` along ``axis``, as one flat addition."""
    xp = namespace(g)
    size = math.prod(shape)
    cells = xp.reshape(xp.arange(size, dtype=xp.int64, device=g.device), shape)
    places = xp.take_along_axis(cells, index, axis=axis)
    flat = kernel("index_add", g)(xp.reshape(g, (-1,)), index=xp.reshape(places, (-1,)), size=size)
    return xp.reshape(flat, shape)


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Any:
    """Entries of ``x`` at ``indices`` along ``axis``; other axes go side by side and broadcast.

    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> mt.take_along_axis(x, mt.tensor([[1], [0]]), axis=1)
    tensor([[2.],
            [3.]])
    """
    shape = tuple(raw(require_array(x, "take_along_axis")).shape)
    position = axis_index(axis, len(shape), "take_along_axis")
    index = _index_array(indices, x, "take_along_axis", shape[position])
    if index.ndim != len(shape):
        raise ValueError(
            f"take_along_axis: indices have {index.ndim} dimensions, the tensor {len(shape)}; they "
            "must have equally many"
        )
    around = [max(a, b) for a, b in zip(shape, index.shape, strict=True)]
    full = tuple(shape[position] if i == position else n for i, n in enumerate(around))
    wide = tuple(index.shape[position] if i == position else n for i, n in enumerate(around))
    index = namespace(index).broadcast_to(index, wide)
    return _take_along(broadcast_to(x, full), index=index, axis=position, shape=full)


def index_add(x: Any, index: Any, values: Any, axis: int = 0) -> Any:
    """``x`` with slice ``values[i]`` added at ``index[i]`` along ``axis``; equal indices add up.

    Parameters
    ----------
    x : Tensor
    index : Tensor of integers, shape (n,)
    values : Tensor
        Shape of ``x`` with ``n`` along ``axis``.

    >>> import minitorch_cnn as mt
    >>> mt.index_add(mt.zeros(3), mt.tensor([0, 0, 2]), mt.ones(3))
    tensor([2., 0., 1.])
    """
    shape = tuple(raw(require_array(x, "index_add")).shape)
    position = axis_index(axis, len(shape), "index_add")
    require_one_backend("index_add", x=x, values=require_array(values, "index_add"))
    places = _index_array(index, x, "index_add", shape[position])
    expected = (*shape[:position], *places.shape, *shape[position + 1 :])
    given = tuple(raw(values).shape)
    if places.ndim != 1 or given != expected:
        raise ValueError(
            f"index_add: values of shape {given} at {tuple(places.shape)} indices along axis "
            f"{position} of shape {shape}; expected one-dimensional indices and values {expected}"
        )
    return x + _take_back(values, index=places, axis=position, shape=shape)


_argsort = Primitive(
    "argsort",
    lambda x, **order: kernel("argsort", x)(x, **order),
)


def argsort(x: Any, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Indices that sort ``x`` along ``axis``; equal entries keep their order.

    >>> import minitorch_cnn as mt
    >>> mt.argsort(mt.tensor([3.0, 1.0, 2.0]))
    tensor([1, 2, 0], dtype=int64)
    """
    position = axis_index(axis, raw(require_array(x, "argsort")).ndim, "argsort")
    return _argsort(x, axis=position, descending=descending, stable=stable)


def sort(x: Any, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """``x`` sorted along ``axis``; the gradient goes back to where each entry came from.

    >>> import minitorch_cnn as mt
    >>> mt.sort(mt.tensor([3.0, 1.0, 2.0]), descending=True)
    tensor([3., 2., 1.])
    """
    order = argsort(x, axis=axis, descending=descending, stable=stable)
    return take_along_axis(x, order, axis=axis)


def _band(x: Any, k: int, name: str, lower: bool) -> Any:
    """``x`` with zeros above (``lower``) or below diagonal ``k`` of its last two axes."""
    data = raw(require_array(x, name))
    if data.ndim < 2:
        raise ValueError(f"{name}: expected at least 2 dimensions, got {data.ndim}")
    xp = namespace(data)
    ones = xp.ones(data.shape[-2:], dtype=xp.int64, device=data.device)
    mask = (xp.tril(ones, k=k) if lower else xp.triu(ones, k=k)) != 0
    return where(constant(mask, x), x, False if xp.isdtype(data.dtype, "bool") else 0)


def tril(x: Any, k: int = 0) -> Any:
    """``x`` with zeros above diagonal ``k`` of its last two axes.

    >>> import minitorch_cnn as mt
    >>> mt.tril(mt.ones((2, 2)))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _band(x, k, "tril", lower=True)


def triu(x: Any, k: int = 0) -> Any:
    """``x`` with zeros below diagonal ``k`` of its last two axes.

    >>> import minitorch_cnn as mt
    >>> mt.triu(mt.ones((2, 2)))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return _band(x, k, "triu", lower=False)
