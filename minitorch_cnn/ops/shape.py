"""Operations that change the shape and no entry: cast, reshape, transpose, broadcast.

All are linear, so each is declared with its adjoint; the rules of all other operations build on
these. May import ``arguments`` and ``primitive``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch_backends.protocol import Backend
from minitorch_cnn.backend import (
    as_dtype,
    backend_of,
    backend_of_device,
    canonical_dtype,
    namespace,
    native_dtype,
)
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import (
    axis_index,
    axis_tuple,
    common_dtype,
    raw,
    require_array,
    shape_tuple,
)
from minitorch_cnn.primitive import Primitive


def linear_pair(
    name: str,
    compute: Callable[..., Any],
    adjoint_name: str,
    adjoint: Callable[..., Any],
    *,
    views: bool = False,
) -> tuple[Primitive, Primitive]:
    """Two linear primitives of the same parameters, each the gradient rule of the other."""
    forward = Primitive(name, compute, (lambda g, **p: backward(g, **p),), views=views)
    backward = Primitive(adjoint_name, adjoint, (lambda g, **p: forward(g, **p),), views=views)
    return forward, backward


def _cast(x: Any, *, dtype: Any, origin: Any) -> Any:
    return namespace(x).astype(x, native_dtype(dtype, backend_of(x)))


_cast_to, _ = linear_pair(
    "astype", _cast, "astype_back", lambda g, *, dtype, origin: _cast(g, dtype=origin, origin=dtype)
)


_copy = Primitive(
    "copy",
    lambda x: namespace(x).asarray(x, copy=True),
    (lambda g: g,),
)


def astype(x: Any, dtype: Any, *, copy: bool = False, device: Any = None) -> Any:
    """``x`` with another dtype; ``x`` itself if it has it already.

    The gradient is cast back to the dtype of ``x``. Casting to integers or booleans ends the
    graph.

    Parameters
    ----------
    x : Tensor
    dtype : dtype
    copy : bool
        Whether to copy also where the dtype stays. Tensors are values, so it is seldom wanted.
    device : optional
        Where the result lives, as ``x.device`` gives it.

    >>> import minitorch_cnn as mt
    >>> mt.astype(mt.tensor([1.7, -1.7]), mt.int64)
    tensor([ 1, -1], dtype=int64)
    """
    origin = canonical_dtype(raw(require_array(x, "astype")).dtype)
    target = dtype if isinstance(dtype, np.dtype) else as_dtype(dtype)
    if device is not None:
        x = to_backend(x, backend_of_device(device))
    if origin == target:
        return _copy(x) if copy else x
    if target.kind != "f" and isinstance(x, Boxed):
        x = type(x).detach(x)  # type: ignore[attr-defined]
    return _cast_to(x, dtype=target, origin=origin)


_to_backend, _ = linear_pair(
    "to_backend",
    lambda x, *, source, target: target.asarray(source.to_numpy(x), copy=True),
    "from_backend",
    lambda g, *, source, target: source.asarray(target.to_numpy(g), copy=True),
)


def to_backend(x: Any, backend: Backend) -> Any:
    """``x`` in another array library; itself if it lives there. The gradient goes back."""
    home = backend_of(raw(require_array(x, "to")))
    return x if backend is home else _to_backend(x, source=home, target=backend)


def promote(*tensors: Any) -> list[Any]:
    """Tensors cast to the dtype in which they meet."""
    dtypes = [canonical_dtype(raw(t).dtype) for t in tensors]
    if len(set(dtypes)) == 1:
        return list(tensors)
    dtype = common_dtype(dtypes)
    return [astype(t, dtype) for t in tensors]


_reshape, _ = linear_pair(
    "reshape",
    lambda x, *, shape, origin: namespace(x).reshape(x, shape),
    "reshape_back",
    lambda g, *, shape, origin: namespace(g).reshape(g, origin),
    views=True,
)


def clone(x: Any) -> Any:
    """A copy of ``x`` with its own memory, through which gradients flow."""
    return _copy(x)


def reshape(x: Any, shape: int | Sequence[int], *, copy: bool | None = None) -> Any:
    """The same entries in row-major order under another shape; one size may be -1.

    Memory is shared where it can be; ``copy=True`` copies, ``copy=False`` refuses to.

    Raises
    ------
    ValueError
        If the number of entries differs, or ``copy=False`` and a copy would be needed.

    >>> import minitorch_cnn as mt
    >>> mt.reshape(mt.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]], dtype=int64)
    """
    origin = raw(require_array(x, "reshape")).shape
    wanted = shape_tuple(shape, "reshape")
    size, unknown = math.prod(origin), wanted.count(-1)
    known = math.prod(n for n in wanted if n != -1) if unknown else math.prod(wanted)
    fits = size == known if not unknown else unknown == 1 and known and size % known == 0
    if not fits or min(wanted, default=0) < -1:
        raise ValueError(
            f"reshape: a tensor of shape {origin} has {size} entries, which do not fill the shape "
            f"{wanted}; at most one size may be -1 (worked out from the others)"
        )
    if unknown:
        wanted = tuple(size // known if n == -1 else n for n in wanted)
    if copy is not None:
        x = clone(x) if copy else _without_copy(x, wanted)
    return x if wanted == origin else _reshape(x, shape=wanted, origin=tuple(origin))


def _without_copy(x: Any, shape: tuple[int, ...]) -> Any:
    """``x`` itself, if it can be reshaped to ``shape`` without copying."""
    try:
        namespace(raw(x)).reshape(raw(x), shape, copy=False)
    except ValueError:
        raise ValueError(
            f"reshape: a tensor of shape {raw(x).shape} in this memory layout becomes {shape} by "
            "copying alone; leave copy=False out"
        ) from None
    return x


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


_permute_dims, _ = linear_pair(
    "permute_dims",
    lambda x, *, axes: namespace(x).permute_dims(x, axes),
    "permute_dims_back",
    lambda g, *, axes: namespace(g).permute_dims(g, _inverse(axes)),
    views=True,
)


def permute_dims(x: Any, axes: Sequence[int]) -> Any:
    """``x`` with its axes in another order: axis ``i`` of the result is axis ``axes[i]``.

    >>> import minitorch_cnn as mt
    >>> mt.permute_dims(mt.zeros((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    ndim = raw(require_array(x, "permute_dims")).ndim
    order = axis_tuple(axes, ndim, "permute_dims")
    if len(order) != ndim:
        raise ValueError(f"permute_dims: {len(order)} axes for a tensor of {ndim} dimensions")
    return _permute_dims(x, axes=order)


def matrix_transpose(x: Any) -> Any:
    """``x`` with its last two axes swapped.

    >>> import minitorch_cnn as mt
    >>> mt.matrix_transpose(mt.zeros((5, 2, 3))).shape
    (5, 3, 2)
    """
    ndim = raw(require_array(x, "matrix_transpose")).ndim
    if ndim < 2:
        raise ValueError(f"matrix_transpose: expected at least 2 dimensions, got {ndim}")
    return _permute_dims(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """``x`` with the axes ``source`` moved to ``destination``, the others in order.

    >>> import minitorch_cnn as mt
    >>> mt.moveaxis(mt.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    ndim = raw(require_array(x, "moveaxis")).ndim
    start, end = axis_tuple(source, ndim, "moveaxis"), axis_tuple(destination, ndim, "moveaxis")
    if len(start) != len(end):
        raise ValueError(f"moveaxis: {len(start)} source axes but {len(end)} destinations")
    order = [axis for axis in range(ndim) if axis not in start]
    for position, axis in sorted(zip(end, start, strict=True)):
        order.insert(position, axis)
    return _permute_dims(x, axes=tuple(order))


def _sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    xp = namespace(g)
    extra = g.ndim - len(shape)
    axes = (*range(extra), *(i for i, n in enumerate(shape, extra) if n == 1 != g.shape[i]))
    if axes:
        g = xp.sum(g, axis=axes, keepdims=True)
    return xp.reshape(g, shape)


_broadcast_to, _sum_back = linear_pair(
    "broadcast_to",
    lambda x, *, shape, origin: namespace(x).broadcast_to(x, shape),
    "sum_to",
    lambda g, *, shape, origin: _sum_to(g, origin),
    views=True,
)


def broadcast_to(x: Any, shape: int | Sequence[int]) -> Any:
    """``x`` repeated along axes of size 1 (and new leading axes) up to ``shape``, without copying.

    >>> import minitorch_cnn as mt
    >>> mt.broadcast_to(mt.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]], dtype=int64)
    """
    origin = tuple(raw(require_array(x, "broadcast_to")).shape)
    wanted = shape_tuple(shape, "broadcast_to")
    return x if wanted == origin else _broadcast_to(x, shape=wanted, origin=origin)


def broadcast_arrays(*arrays: Any) -> list[Any]:
    """Tensors broadcast to the one shape in which they meet.

    >>> import minitorch_cnn as mt
    >>> [x.shape for x in mt.broadcast_arrays(mt.zeros((2, 1)), mt.zeros(3))]
    [(2, 3), (2, 3)]
    """
    shapes = [tuple(raw(require_array(x, "broadcast_arrays")).shape) for x in arrays]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(
            f"broadcast_arrays: shapes {', '.join(map(str, shapes))} do not meet; sizes must be "
            "equal or 1, counted from the right"
        ) from None
    return [broadcast_to(x, shape) for x in arrays]


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Any]:
    """Coordinates of a grid, one tensor for each of the one-dimensional ``arrays``.

    Parameters
    ----------
    *arrays : Tensor, shape (n_i,)
    indexing : {"xy", "ij"}
        ``"ij"``: the first axis of the results belongs to the first array; ``"xy"``: the first two
        are swapped, as for pictures.

    >>> import minitorch_cnn as mt
    >>> x, y = mt.meshgrid(mt.tensor([1, 2]), mt.tensor([7, 8, 9]), indexing="ij")
    >>> y
    tensor([[7, 8, 9],
            [7, 8, 9]], dtype=int64)
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing {indexing!r}; expected 'xy' or 'ij'")
    shapes = [tuple(raw(require_array(x, "meshgrid")).shape) for x in arrays]
    if any(len(shape) > 1 for shape in shapes):
        raise ValueError(
            f"meshgrid: shapes {', '.join(map(str, shapes))}; expected one-dimensional tensors"
        )
    count = len(arrays)
    lines = [reshape(x, [-1 if i == j else 1 for j in range(count)]) for i, x in enumerate(arrays)]
    grids = broadcast_arrays(*lines)
    if indexing == "ij" or count < 2:
        return grids
    return [permute_dims(grid, (1, 0, *range(2, count))) for grid in grids]


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of :func:`broadcast_to`: add up what broadcasting repeated."""
    return _sum_back(g, shape=tuple(g.shape), origin=tuple(shape))


def expand_dims(x: Any, axis: int | Sequence[int] = 0) -> Any:
    """``x`` with new axes of size 1 at ``axis`` (positions in the result).

    >>> import minitorch_cnn as mt
    >>> mt.expand_dims(mt.zeros((2, 3)), axis=(0, -1)).shape
    (1, 2, 3, 1)
    """
    shape = raw(require_array(x, "expand_dims")).shape
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = axis_tuple(axis, len(shape) + count, "expand_dims")
    sizes = iter(shape)
    return reshape(x, [1 if i in axes else next(sizes) for i in range(len(shape) + count)])


def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """``x`` without the axes ``axis`` of size 1 (None: without all of them).

    >>> import minitorch_cnn as mt
    >>> mt.squeeze(mt.zeros((1, 3, 1)), axis=0).shape
    (3, 1)
    """
    shape = raw(require_array(x, "squeeze")).shape
    if axis is None:
        axes = tuple(i for i, n in enumerate(shape) if n == 1)
    else:
        axes = axis_tuple(axis, len(shape), "squeeze")
        wide = [i for i in axes if shape[i] != 1]
        if wide:
            raise ValueError(
                f"squeeze: axis {wide[0]} of shape {tuple(shape)} has size {shape[wide[0]]}; only "
                "axes of size 1 can be dropped"
            )
    return reshape(x, [n for i, n in enumerate(shape) if i not in axes])


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """``x`` with the axes from ``start_dim`` to ``end_dim`` (both included) made one.

    >>> import minitorch_cnn as mt
    >>> mt.flatten(mt.zeros((2, 3, 4)), 1).shape
    (2, 12)
    """
    shape = raw(require_array(x, "flatten")).shape
    if not shape:
        return reshape(x, (1,))
    first = axis_index(start_dim, len(shape), "flatten")
    last = axis_index(end_dim, len(shape), "flatten")
    if first > last:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    joined = math.prod(shape[first : last + 1])
    return reshape(x, (*shape[:first], joined, *shape[last + 1 :]))
