"""Operations that put entries elsewhere: join, split, flip, roll, pad, repeat.

All are linear, so each primitive is declared with its adjoint. May import ``shape`` and what lies
below it.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of, canonical_dtype, kernel, namespace
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import (
    axis_index,
    axis_tuple,
    constant,
    is_array,
    raw,
    require_array,
    require_one_backend,
    shape_tuple,
)
from minitorch_cnn.ops.precision import widest
from minitorch_cnn.ops.shape import broadcast_to, expand_dims, linear_pair, promote, reshape
from minitorch_cnn.primitive import Primitive


def _piece(axis: int, start: int, stop: int, ndim: int) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, slice(start, stop), *(slice(None),) * (ndim - axis - 1))


def _concat_rule(position: int, g: Any, *, axis: int, ends: tuple[int, ...]) -> Any:
    start = ends[position - 1] if position else 0
    return g[_piece(axis, start, ends[position], g.ndim)]


_concat = Primitive(
    "concat",
    lambda *xs, axis, ends: namespace(xs[0]).concat(xs, axis=axis),
    _concat_rule,
)


@widest
def concat(tensors: Sequence[Any], axis: int | None = 0) -> Any:
    """Tensors joined along an existing axis (None: flattened first).

    >>> import minitorch_cnn as mt
    >>> mt.concat([mt.tensor([1, 2]), mt.tensor([3])])
    tensor([1, 2, 3], dtype=int64)
    """
    parts = promote(*(require_array(t, "concat") for t in _several(tensors, "concat")))
    if axis is None:
        parts, axis = [reshape(t, (-1,)) for t in parts], 0
    shapes = [tuple(raw(t).shape) for t in parts]
    position = axis_index(axis, len(shapes[0]), "concat")
    rests = {(*shape[:position], *shape[position + 1 :]) for shape in shapes}
    if len(rests) > 1 or len({len(shape) for shape in shapes}) > 1:
        raise ValueError(
            f"concat: shapes {', '.join(map(str, shapes))} differ outside axis {position}; they "
            "must be equal there"
        )
    ends, end = [], 0
    for shape in shapes:
        end += shape[position]
        ends.append(end)
    return _concat(*parts, axis=position, ends=tuple(ends))


@widest
def stack(tensors: Sequence[Any], axis: int = 0) -> Any:
    """Tensors of one shape joined along a new axis.

    >>> import minitorch_cnn as mt
    >>> mt.stack([mt.tensor([1, 2]), mt.tensor([3, 4])], axis=1)
    tensor([[1, 3],
            [2, 4]], dtype=int64)
    """
    parts = [require_array(t, "stack") for t in _several(tensors, "stack")]
    shapes = {tuple(raw(t).shape) for t in parts}
    if len(shapes) > 1:
        raise ValueError(f"stack: shapes differ: {', '.join(map(str, sorted(shapes)))}")
    position = axis_index(axis, len(next(iter(shapes))) + 1, "stack")
    return concat([expand_dims(t, position) for t in parts], axis=position)


def _several(tensors: Any, name: str) -> list[Any]:
    if isinstance(tensors, Boxed) or not isinstance(tensors, Sequence):
        tensors = list(tensors) if hasattr(tensors, "__iter__") else tensors
    if not isinstance(tensors, (list, tuple)) or not tensors:
        raise ValueError(f"{name}: expected a list of at least one Tensor, got {tensors!r}")
    return list(tensors)


def split(x: Any, split_size_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Any, ...]:
    """``x`` cut along ``axis`` into pieces of one size (the last may be smaller) or of given sizes.

    >>> import minitorch_cnn as mt
    >>> [piece.shape for piece in mt.split(mt.zeros((5, 2)), 2)]
    [(2, 2), (2, 2), (1, 2)]
    """
    shape = raw(require_array(x, "split")).shape
    position = axis_index(axis, len(shape), "split")
    size = shape[position]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step < 1:
            raise ValueError(f"split: the size of a piece must be at least 1, got {step}")
        sizes = [min(step, size - start) for start in range(0, size, step)] or [0]
    else:
        sizes = [operator.index(n) for n in split_size_or_sections]
        if sum(sizes) != size or min(sizes, default=0) < 0:
            raise ValueError(
                f"split: sections {sizes} add up to {sum(sizes)}; axis {position} has size {size}"
            )
    pieces, start = [], 0
    for n in sizes:
        pieces.append(x[_piece(position, start, start + n, len(shape))])
        start += n
    return tuple(pieces)


def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    """The slices of ``x`` along ``axis``, each without that axis.

    >>> import minitorch_cnn as mt
    >>> [row.tolist() for row in mt.unstack(mt.tensor([[1, 2], [3, 4]]))]
    [[1, 2], [3, 4]]
    """
    shape = raw(require_array(x, "unstack")).shape
    position = axis_index(axis, len(shape), "unstack")
    before = (slice(None),) * position
    after = (slice(None),) * (len(shape) - position - 1)
    return tuple(x[(*before, i, *after)] for i in range(shape[position]))


def _flip_compute(x: Any, *, axes: tuple[int, ...]) -> Any:
    return namespace(x).flip(x, axis=axes)


_flip: Primitive = Primitive(
    "flip", _flip_compute, (lambda g, *, axes: _flip(g, axes=axes),), views=True
)


def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """``x`` with the order of entries reversed along ``axis`` (None: along all axes).

    >>> import minitorch_cnn as mt
    >>> mt.flip(mt.tensor([1, 2, 3]))
    tensor([3, 2, 1], dtype=int64)
    """
    return _flip(x, axes=axis_tuple(axis, raw(require_array(x, "flip")).ndim, "flip"))


_roll, _ = linear_pair(
    "roll",
    lambda x, *, shift, axis: namespace(x).roll(x, shift, axis=axis),
    "roll_back",
    lambda g, *, shift, axis: namespace(g).roll(g, tuple(-s for s in shift), axis=axis),
)


def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Any:
    """``x`` shifted along ``axis``; what leaves at one end enters at the other.

    With ``axis=None`` the flattened tensor is rolled and given back in its shape.

    >>> import minitorch_cnn as mt
    >>> mt.roll(mt.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2], dtype=int64)
    """
    shape = raw(require_array(x, "roll")).shape
    if axis is None:
        return reshape(roll(reshape(x, (-1,)), shift, axis=0), shape)
    axes = axis_tuple(axis, len(shape), "roll")
    shifts = shape_tuple(shift, "roll")
    if len(shifts) == 1:
        shifts = shifts * len(axes)
    if len(shifts) != len(axes):
        raise ValueError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    return _roll(x, shift=shifts, axis=axes) if axes else x


def _crop_compute(x: Any, *, widths: Any, value: float) -> Any:
    return x[tuple(slice(w[0], n - w[1]) for n, w in zip(x.shape, widths, strict=True))]


_pad = Primitive(
    "pad",
    lambda x, *, widths, value: kernel("pad", x)(x, widths=widths, value=value),
    (lambda g, *, widths, value: _crop(g, widths=widths, value=0),),
)
_crop: Primitive = Primitive(
    "crop",
    _crop_compute,
    (lambda g, *, widths, value: _pad(g, widths=widths, value=0),),
    views=True,
)


def pad(x: Any, pad_width: int | Sequence[Any], constant_value: float = 0) -> Any:
    """``x`` surrounded by a constant; ``pad_width`` as in NumPy.

    Parameters
    ----------
    x : Tensor
    pad_width : int, (before, after), or a sequence of (before, after) for every axis
        How many entries to add. Negative widths crop.
    constant_value : float
        What to add.

    >>> import minitorch_cnn as mt
    >>> mt.pad(mt.tensor([1, 2]), (1, 2))
    tensor([0, 1, 2, 0, 0], dtype=int64)
    """
    ndim = raw(require_array(x, "pad")).ndim
    widths = _widths(pad_width, ndim)
    cut = tuple((max(0, -a), max(0, -b)) for a, b in widths)
    grown = tuple((max(0, a), max(0, b)) for a, b in widths)
    if any(map(any, cut)):
        if any(n < a + b for n, (a, b) in zip(raw(x).shape, cut, strict=True)):
            raise ValueError(f"pad: widths {widths} crop more than the shape {raw(x).shape} has")
        x = _crop(x, widths=cut, value=0)
    return _pad(x, widths=grown, value=constant_value) if any(map(any, grown)) else x


def _widths(pad_width: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    if isinstance(pad_width, int):
        return ((pad_width, pad_width),) * ndim
    pairs: list[Any] = [shape_tuple(p, "pad") if isinstance(p, Sequence) else p for p in pad_width]
    if len(pairs) == 2 and all(isinstance(p, int) for p in pairs):
        return ((pairs[0], pairs[1]),) * ndim
    if len(pairs) != ndim or not all(isinstance(p, tuple) and len(p) == 2 for p in pairs):
        raise ValueError(
            f"pad: pad_width {pad_width!r} for a tensor of {ndim} dimensions; expected an integer, "
            "one (before, after), or one (before, after) for every axis"
        )
    return tuple(pairs)


def tile(x: Any, repetitions: int | Sequence[int]) -> Any:
    """``x`` laid side by side ``repetitions`` times along every axis, as in NumPy.

    >>> import minitorch_cnn as mt
    >>> mt.tile(mt.tensor([1, 2]), 2)
    tensor([1, 2, 1, 2], dtype=int64)
    """
    shape = tuple(raw(require_array(x, "tile")).shape)
    counts = shape_tuple(repetitions, "tile")
    if min(counts, default=0) < 0:
        raise ValueError(f"tile: repetitions must be 0 or more, got {repetitions!r}")
    counts = (1,) * (len(shape) - len(counts)) + counts
    shape = (1,) * (len(counts) - len(shape)) + shape
    spread = [n for count, size in zip(counts, shape, strict=True) for n in (1, size)]
    wanted = [n for pair in zip(counts, shape, strict=True) for n in pair]
    joined = [count * size for count, size in zip(counts, shape, strict=True)]
    return reshape(broadcast_to(reshape(x, spread), wanted), joined)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each entry of ``x`` ``repeats`` times along ``axis`` (None: of the flattened tensor).

    Parameters
    ----------
    x : Tensor
    repeats : int, or Tensor of integers of shape (1,) or (size along axis,)
        One count for all, or one for each slice along ``axis``.
    axis : int, optional

    >>> import minitorch_cnn as mt
    >>> mt.repeat(mt.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2], dtype=int64)
    >>> mt.repeat(mt.tensor([1, 2]), mt.tensor([0, 3]))
    tensor([2, 2, 2], dtype=int64)
    """
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    shape = raw(require_array(x, "repeat")).shape
    position = axis_index(axis, len(shape), "repeat")
    size = shape[position]
    counts = _counts(repeats, x, size)
    if isinstance(counts, int):  # no index is needed
        wanted = (*shape[: position + 1], counts, *shape[position + 1 :])
        joined = (*shape[:position], size * counts, *shape[position + 1 :])
        return reshape(broadcast_to(expand_dims(x, position + 1), wanted), joined)
    xp = namespace(counts)
    rows = xp.arange(size, dtype=xp.int64, device=counts.device)
    before = (slice(None),) * position
    return x[(*before, constant(xp.repeat(rows, counts), x), ...)]


def _counts(repeats: Any, x: Any, size: int) -> Any:
    """How often each of ``size`` slices is repeated: one integer, or a raw array of them."""
    counts = raw(repeats) if is_array(repeats) else np.asarray(repeats)
    if 0 in counts.shape:
        counts = np.zeros(0, np.int64)
    one_each = counts.ndim == 1 and counts.shape[0] == size
    integers = canonical_dtype(counts.dtype).kind in "iu"
    if not integers or not (one_each or tuple(counts.shape) in ((), (1,))):
        raise ValueError(
            f"repeat: repeats must be one integer or one for each of {size} entries, got "
            f"{repeats!r}"
        )
    if isinstance(counts, (np.ndarray, np.generic)):
        counts = backend_of(raw(x)).asarray(counts, copy=False)
    require_one_backend("repeat", input=x, repeats=counts)
    xp = namespace(counts)
    if 0 not in counts.shape and int(xp.min(counts)) < 0:
        raise ValueError(f"repeat: repeats must be 0 or more, got {repeats!r}")
    return xp.astype(counts, xp.int64) if one_each else int(xp.reshape(counts, ()))
