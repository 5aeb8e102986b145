"""Along an axis, step by step: running sums and products, and differences of neighbours.

May import ``reduce``, ``arrange`` and what lies below them.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import backend_of, namespace, native_dtype
from minitorch_cnn.ops.arguments import axis_index, constant, raw, require_array, scalar_dtype
from minitorch_cnn.ops.arrange import concat, flip, pad
from minitorch_cnn.ops.reduce import accumulated
from minitorch_cnn.ops.shape import broadcast_to, linear_pair

_running_sum, _ = linear_pair(
    "cumulative_sum",
    lambda x, *, axis: namespace(x).cumulative_sum(x, axis=axis, dtype=x.dtype),
    "cumulative_sum_back",
    lambda g, *, axis: flip(namespace(g).cumulative_sum(flip(g, axis), axis=axis), axis),
)


def cumulative_sum(
    x: Any, axis: int | None = None, include_initial: bool = False, *, dtype: Any = None
) -> Any:
    """Running sum along ``axis``; ``include_initial`` begins it with 0.

    ``axis`` may be left out for one-dimensional ``x``; ``dtype`` is as for
    :func:`minitorch_cnn.sum`.

    >>> import minitorch_cnn as mt
    >>> mt.cumulative_sum(mt.tensor([1.0, 2.0, 3.0]))
    tensor([1., 3., 6.])
    """
    x = accumulated(require_array(x, "cumulative_sum"), dtype)
    position = _one_axis(x, axis, "cumulative_sum")
    total = _running_sum(x, axis=position)
    return _begun(total, position, 0) if include_initial else total


def cumulative_prod(
    x: Any, axis: int | None = None, include_initial: bool = False, *, dtype: Any = None
) -> Any:
    """Running product along ``axis``; ``include_initial`` begins it with 1.

    ``axis`` may be left out for one-dimensional ``x``; ``dtype`` is as for
    :func:`minitorch_cnn.sum`.

    Notes
    -----
    Every entry is multiplied by the one before it, then by the one two before, four before and so
    on (the scan of Hillis and Steele, "Data parallel algorithms", 1986). Nothing is divided, so
    the gradient is right also where entries are zero.

    >>> import minitorch_cnn as mt
    >>> mt.cumulative_prod(mt.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([ 1.,  2.,  6., 24.])
    """
    x = accumulated(require_array(x, "cumulative_prod"), dtype)
    position = _one_axis(x, axis, "cumulative_prod")
    before = (slice(None),) * position
    step = 1
    while step < raw(x).shape[position]:
        x = x * _begun(x[(*before, slice(None, -step), ...)], position, 1, step)
        step *= 2
    return _begun(x, position, 1) if include_initial else x


def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along ``axis``, taken ``n`` times.

    Parameters
    ----------
    x : Tensor
    n, axis : int
        By position in NumPy's and PyTorch's order.
    prepend, append : Tensor or number, optional
        What to put before and after ``x`` along ``axis`` first (not for ``n=0``, which gives
        ``x``).

    >>> import minitorch_cnn as mt
    >>> mt.diff(mt.tensor([1.0, 4.0, 9.0, 16.0]), n=2)
    tensor([2., 2.])
    """
    position = axis_index(axis, raw(require_array(x, "diff")).ndim, "diff")
    if not isinstance(n, int) or n < 0:
        raise ValueError(f"diff: n must be an integer of 0 or more, got {n!r}")
    if n == 0:
        return x
    ends = [_end(end, x, position) for end in (prepend, append)]
    parts = [part for part in (ends[0], x, ends[1]) if part is not None]
    x = concat(parts, axis=position) if len(parts) > 1 else x
    before = (slice(None),) * position
    for _ in range(n):
        x = x[(*before, slice(1, None), ...)] - x[(*before, slice(None, -1), ...)]
    return x


def _end(end: Any, x: Any, position: int) -> Any:
    """What is put before or after ``x``; a number or 0-d tensor is one entry wide."""
    if end is None:
        return None
    data = raw(x)
    if isinstance(end, (int, float)):
        native = native_dtype(scalar_dtype(data.dtype, end), backend_of(data))
        end = constant(namespace(data).full((), end, dtype=native, device=data.device), x)
    if raw(require_array(end, "diff")).ndim:
        return end
    shape = tuple(data.shape)
    return broadcast_to(end, (*shape[:position], 1, *shape[position + 1 :]))


def _one_axis(x: Any, axis: int | None, name: str) -> int:
    """``axis`` counted from 0; it may be left out where there is but one."""
    ndim = raw(x).ndim
    if axis is None:
        if ndim != 1:
            raise ValueError(f"{name}: name the axis of a tensor of {ndim} dimensions")
        axis = 0
    return axis_index(axis, ndim, name)


def _begun(x: Any, position: int, value: int, count: int = 1) -> Any:
    """``x`` with ``count`` entries ``value`` before it."""
    return pad(x, [(count, 0) if i == position else (0, 0) for i in range(raw(x).ndim)], value)
