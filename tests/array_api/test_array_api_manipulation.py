"""What changes shape, order or place, and products of matrices, beside NumPy."""

from typing import Any

import numpy as np
import pytest
from draws import arrays, drawn, quietly, same, shapes, tensors
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from standard import EVERY, NUMBERS, PROMOTION, common

import minitorch_cnn as mt

DTYPES = st.sampled_from(EVERY)


def array(data: Any, **sides: int) -> Any:
    return data.draw(arrays(data.draw(DTYPES), data.draw(shapes(**sides))))


def axis_of(data: Any, ndim: int) -> int:
    return int(data.draw(st.integers(-ndim, ndim - 1)))


def axes_of(data: Any, ndim: int, size: int | None = None) -> tuple[int, ...]:
    least, most = (0, ndim) if size is None else (size, size)
    order = st.lists(
        st.integers(-ndim, ndim - 1) if ndim else st.nothing(),
        unique_by=lambda axis: axis % ndim,
        min_size=least,
        max_size=most,
    )
    return tuple(data.draw(order))


@drawn
def test_expand_dims_and_squeeze(backend: str, data: Any) -> None:
    x = array(data)
    axis = axis_of(data, x.ndim + 1)
    wide = mt.expand_dims(mt.tensor(x), axis=axis)
    same(wide, np.expand_dims(x, axis))
    same(mt.squeeze(wide, axis), x)


@drawn
def test_permute_flip_roll_and_moveaxis(backend: str, data: Any) -> None:
    x = array(data)
    t = mt.tensor(x)
    order = axes_of(data, x.ndim, x.ndim)
    same(mt.permute_dims(t, order), np.transpose(x, order))
    some = axes_of(data, x.ndim)
    same(mt.flip(t, axis=some), np.flip(x, some))
    same(mt.flip(t), np.flip(x))
    shift = tuple(data.draw(st.integers(-4, 4)) for _ in some)
    same(mt.roll(t, shift, axis=some), np.roll(x, shift, some) if some else x)
    same(mt.roll(t, 2), np.roll(x, 2))
    target = axes_of(data, x.ndim, len(some))
    same(mt.moveaxis(t, some, target), np.moveaxis(x, some, target))
    if x.ndim > 1:
        same(mt.matrix_transpose(t), np.matrix_transpose(x))
        same(t.mT, np.matrix_transpose(x))


@drawn
def test_reshape(backend: str, data: Any) -> None:
    x = array(data)
    new = data.draw(st.permutations(x.shape)) if x.ndim else (1, 1)
    for copy in (None, True):
        same(mt.reshape(mt.tensor(x), tuple(new), copy=copy), np.reshape(x, tuple(new)))
    if x.size:
        same(mt.reshape(mt.tensor(x), (-1,), copy=False), np.reshape(x, (-1,)))


@drawn
def test_broadcasting(backend: str, data: Any) -> None:
    both = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
    given = [data.draw(arrays(data.draw(DTYPES), shape)) for shape in both.input_shapes]
    found = mt.broadcast_arrays(*tensors(given))
    for y, x, expected in zip(found, given, np.broadcast_arrays(*given), strict=True):
        same(y, expected, x.dtype)
    same(
        mt.broadcast_to(mt.tensor(given[0]), both.result_shape),
        np.asarray(np.broadcast_to(given[0], both.result_shape)),
    )


@drawn
def test_concat_stack_and_unstack(backend: str, data: Any) -> None:
    shape = data.draw(shapes(min_dims=1))
    axis = axis_of(data, len(shape))
    first, second = data.draw(st.sampled_from([p for p, met in PROMOTION.items() if met]))
    met = common(first, second)
    wide = list(shape)
    wide[axis] = data.draw(st.integers(0, 3))
    parts = [data.draw(arrays(first, shape)), data.draw(arrays(second, tuple(wide)))]
    same(mt.concat(tensors(parts), axis=axis), np.concat(parts, axis=axis).astype(met), met)
    same(mt.concat(tensors(parts), axis=None), np.concat(parts, axis=None).astype(met), met)
    equal = [parts[0], data.draw(arrays(second, shape))]
    stacked = mt.stack(tuple(tensors(equal)), axis=axis)
    same(stacked, np.stack(equal, axis=axis).astype(met), met)
    for y, expected in zip(mt.unstack(stacked, axis=axis), equal, strict=True):
        same(y, expected.astype(met), met)


@drawn
def test_repeat_and_tile(backend: str, data: Any) -> None:
    x = array(data, min_dims=1)
    axis = axis_of(data, x.ndim)
    t = mt.tensor(x)
    count = data.draw(st.integers(0, 3))
    same(mt.repeat(t, count, axis=axis), np.repeat(x, count, axis))
    same(mt.repeat(t, count), np.repeat(x, count))
    counts = data.draw(arrays(np.dtype("i8"), (x.shape[axis],), low=0, high=3))
    same(mt.repeat(t, mt.tensor(counts), axis=axis), np.repeat(x, counts, axis))
    repetitions = tuple(data.draw(st.lists(st.integers(0, 2), max_size=4)))
    same(mt.tile(t, repetitions), np.tile(x, repetitions))


@drawn
def test_meshgrid_tril_and_triu(backend: str, data: Any) -> None:
    dtype = data.draw(DTYPES)
    lines = [
        data.draw(arrays(dtype, data.draw(st.integers(0, 3))))
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    indexing = data.draw(st.sampled_from(["xy", "ij"]))
    grids = mt.meshgrid(*tensors(lines), indexing=indexing)
    for y, expected in zip(grids, np.meshgrid(*lines, indexing=indexing), strict=True):
        same(y, expected)
    x, k = array(data, min_dims=2), data.draw(st.integers(-4, 4))
    for name in ("tril", "triu"):
        same(getattr(mt, name)(mt.tensor(x), k=k), getattr(np, name)(x, k=k))


@drawn
def test_take_and_take_along_axis(backend: str, data: Any) -> None:
    x = array(data, min_dims=1, min_side=1)
    axis = axis_of(data, x.ndim)
    size = x.shape[axis]
    within = {"low": -size, "high": size - 1}
    index = data.draw(arrays(np.dtype("i8"), data.draw(st.integers(0, 3)), **within))
    same(mt.take(mt.tensor(x), mt.tensor(index), axis=axis), np.take(x, index, axis))
    shape = list(x.shape)
    shape[axis] = data.draw(st.integers(0, 3))
    along = data.draw(arrays(np.dtype("i8"), tuple(shape), **within))
    found = mt.take_along_axis(mt.tensor(x), mt.tensor(along), axis=axis)
    same(found, np.take_along_axis(x, along, axis))


@drawn
def test_matmul(backend: str, data: Any) -> None:
    n, k, m = (data.draw(st.integers(0, 3)) for _ in range(3))
    batch = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=2))
    first, second = batch.input_shapes
    pairs: list[tuple[Any, Any]] = [((*first, n, k), (*second, k, m)), ((k,), (k,))]
    pairs += [((k,), (*second, k, m)), ((*first, n, k), (k,))]
    dtypes = data.draw(
        st.sampled_from([p for p, met in PROMOTION.items() if met and met.kind != "b"])
    )
    met = common(*dtypes)
    limits = {"low": -4, "high": 4} if met.kind == "f" else {}
    for shapes_ in pairs:
        a, b = (data.draw(arrays(d, s, **limits)) for d, s in zip(dtypes, shapes_, strict=True))
        expected = quietly(np.matmul, a.astype(met), b.astype(met))
        same(mt.matmul(mt.tensor(a), mt.tensor(b)), expected, met, tolerance=1000)
        same(mt.tensor(a) @ mt.tensor(b), expected, met, tolerance=1000)


@drawn
def test_tensordot_and_vecdot(backend: str, data: Any) -> None:
    dtype = data.draw(st.sampled_from(NUMBERS))
    limits = {"low": -4, "high": 4} if dtype.kind == "f" else {}
    shape = data.draw(shapes(min_dims=1))
    a = data.draw(arrays(dtype, (2, *shape), **limits))
    b = data.draw(arrays(dtype, (*shape, 2), **limits))
    for axes in (0, len(shape), ((1,), (0,))):
        found = mt.tensordot(mt.tensor(a), mt.tensor(b), axes=axes)
        same(found, quietly(np.tensordot, a, b, axes), dtype, tolerance=1000)
    c = data.draw(arrays(dtype, shape, **limits))
    axis = data.draw(st.integers(-len(shape), -1))
    expected = quietly(np.vecdot, a, np.broadcast_to(c, a.shape), axis=axis)
    same(mt.vecdot(mt.tensor(a), mt.tensor(c), axis=axis), expected, dtype, tolerance=1000)


X = mt.ones((2, 3))
REFUSED: list[tuple[str, Any, type[Exception], str]] = [
    ("broadcast_to", lambda: mt.broadcast_to(X, (2, 4)), ValueError, "broadcast"),
    ("broadcast_arrays", lambda: mt.broadcast_arrays(X, mt.ones(2)), ValueError, r"\(2,\)"),
    ("concat", lambda: mt.concat([X, mt.ones((3, 2))]), ValueError, r"\(3, 2\)"),
    ("concat-nothing", lambda: mt.concat([]), ValueError, "at least one"),
    ("stack", lambda: mt.stack([X, mt.ones(2)]), ValueError, "shapes differ"),
    ("expand_dims", lambda: mt.expand_dims(X, axis=3), ValueError, "axis 3"),
    ("expand_dims-below", lambda: mt.expand_dims(X, axis=-4), ValueError, "axis -4"),
    ("squeeze", lambda: mt.squeeze(X, 0), ValueError, "size 2"),
    ("flip", lambda: mt.flip(X, axis=2), ValueError, "axis 2"),
    ("moveaxis", lambda: mt.moveaxis(X, 0, 2), ValueError, "axis 2"),
    ("permute_dims", lambda: mt.permute_dims(X, (0, 0)), ValueError, "twice"),
    ("permute_dims-few", lambda: mt.permute_dims(X, (0,)), ValueError, "1 axes"),
    ("repeat", lambda: mt.repeat(X, -1), ValueError, "0 or more"),
    ("repeat-many", lambda: mt.repeat(X, mt.tensor([1, 1]), axis=1), ValueError, "each of 3"),
    ("repeat-minus", lambda: mt.repeat(X, [1, -1], axis=0), ValueError, "0 or more"),
    ("repeat-fraction", lambda: mt.repeat(X, [1.5, 1], axis=0), ValueError, "integer"),
    ("reshape", lambda: mt.reshape(X, (4,)), ValueError, "6 entries"),
    ("reshape-no-copy", lambda: mt.reshape(X.mT, (6,), copy=False), ValueError, "copy=False"),
    ("roll", lambda: mt.roll(X, (1, 2), axis=0), ValueError, "2 shifts"),
    ("unstack", lambda: mt.unstack(mt.tensor(1.0)), ValueError, "axis 0"),
    ("take", lambda: mt.take(X, mt.tensor([3]), axis=1), IndexError, "3"),
    ("take-axis", lambda: mt.take(X, mt.tensor([0])), ValueError, "axis"),
    ("take-float", lambda: mt.take(X, mt.tensor([0.0]), axis=0), TypeError, "integers"),
    ("take_along", lambda: mt.take_along_axis(X, mt.tensor([0])), ValueError, "dimensions"),
    ("matmul", lambda: X @ X, ValueError, r"\(2, 3\)"),
    ("matmul-0d", lambda: mt.matmul(X, mt.tensor(1.0)), ValueError, r"\(\)"),
    ("vecdot", lambda: mt.vecdot(X, mt.ones(2)), ValueError, "sizes 3 and 2"),
    ("tensordot", lambda: mt.tensordot(X, X, axes=1), ValueError, "sizes"),
    ("matrix_transpose", lambda: mt.matrix_transpose(mt.ones(2)), ValueError, "2 dimensions"),
    ("T", lambda: mt.ones((2, 2, 2)).T, ValueError, "2 dimensions"),
    ("tril", lambda: mt.tril(mt.ones(2)), ValueError, "2 dimensions"),
    ("meshgrid", lambda: mt.meshgrid(X), ValueError, "one-dimensional"),
    ("meshgrid-indexing", lambda: mt.meshgrid(mt.ones(2), indexing="yx"), ValueError, "'yx'"),
    ("tile", lambda: mt.tile(X, -1), ValueError, "0 or more"),
    ("diff-n", lambda: mt.diff(X, n=-1), ValueError, "-1"),
]


@pytest.mark.parametrize(
    ("call", "error", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
