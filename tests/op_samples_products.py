"""Samples of picking, sorting and adding entries, and of products that contract axes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from op_samples_base import Sample, booleans, case_of, distinct, given, integers, sample, sizes

# --- indexing ------------------------------------------------------------------------------------


def np_index_add(x: Any, index: Any, values: Any, axis: int = 0) -> Any:
    out = np.moveaxis(x.copy(), axis, 0)
    np.add.at(out, index, np.moveaxis(values, axis, 0))
    return np.moveaxis(out, 0, axis)


def np_sort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    return np.take_along_axis(x, np_argsort(x, axis, descending), axis)


def np_argsort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    return np.argsort(-x if descending else x, axis=axis, stable=True)


def picked() -> Iterator[Sample]:
    for shape, index, axis in (
        ((4,), [3, 0, 3, -1], None),
        ((3, 2), [[0, 0], [2, -3]], 0),
        ((2, 3), [1, 1, 2], -1),
        ((2, 3, 2), 1, 1),
        ((2, 3), np.zeros((0,), np.int64), 1),
    ):
        case = f"{sizes(shape)}-{sizes(np.shape(index))}-{axis}"
        yield Sample("take", case, mt.take, [distinct(*shape), given(index), axis], np.take)
    for shape, index, axis in (
        ((2, 3), [[0], [2]], 1),
        ((2, 3), [[1, 0, 1], [1, 1, -1]], 0),
        ((2, 3), [[0, 0, 2, 1]], -1),
        ((1, 3), [[0], [2], [2]], 1),
        ((4,), [2, 2], 0),
    ):
        case = f"{sizes(shape)}-{sizes(np.shape(index))}-{axis}"
        arguments = [distinct(*shape), given(index), axis]
        yield Sample("take_along_axis", case, mt.take_along_axis, arguments, np.take_along_axis)
    for shape, values, index, axis in (
        ((4,), (3,), [1, 1, -1], 0),
        ((3, 2), (4, 2), [0, 2, 0, 0], 0),
        ((2, 3), (2, 2), [2, 2], -1),
        ((2, 3, 2), (2, 1, 2), [1], 1),
        ((3,), (0,), [], 0),
    ):
        arguments = [distinct(*shape), given(np.array(index, np.int64)), distinct(*values), axis]
        case = f"{sizes(shape, values)}-{axis}"
        yield Sample("index_add", case, mt.index_add, arguments, np_index_add)
    for op, reference, order in (("sort", np_sort, 2), ("argsort", np_argsort, 0)):
        for shape, options in [
            ((5,), {}),
            ((5,), {"descending": True}),
            ((3, 4), {"axis": 0}),
            ((3, 4), {"axis": 1, "descending": True}),
            ((0,), {}),
        ]:
            case = case_of(shape, **options)
            yield sample(op, case, [distinct(*shape)], reference, order, **options)
        for descending in (False, True):
            x = integers(3, 6, low=0, high=3)
            yield sample(op, f"ties-{descending}", [x], reference, 0, descending=descending)
    for op, reference in (("tril", np.tril), ("triu", np.triu)):
        for shape, k in (((3, 3), 0), ((2, 4), 1), ((3, 2), -1), ((2, 2, 3), 0), ((2, 2), 5)):
            yield sample(op, f"{sizes(shape)}-{k}", [distinct(*shape)], reference, k=k)
        yield sample(op, "integers", [integers(3, 3)], reference, 0)
        yield sample(op, "booleans", [booleans(3, 3)], reference, 0)


# --- products ------------------------------------------------------------------------------------


def products() -> Iterator[Sample]:
    for first, second in (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((2, 2, 3), (3, 2)),
        ((2, 3), (4, 3, 2)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((3,), (2, 3, 2)),
        ((2, 2, 3), (3,)),
        ((2, 0), (0, 3)),
        ((0, 2), (2, 3)),
        ((0, 2, 3), (3, 2)),
        ((1, 1), (1, 1)),
    ):
        pair = [distinct(*first), distinct(*second)]
        yield Sample("matmul", sizes(first, second), mt.matmul, pair, np.matmul)
    yield Sample("matmul", "integers", mt.matmul, [integers(2, 3), integers(3, 2)], np.matmul, 0)
    for first, second, axis in (
        ((3,), (3,), -1),
        ((2, 3), (3,), -1),
        ((3, 2), (3, 1), -2),
        ((0,), (0,), -1),
    ):
        yield Sample(
            "vecdot",
            f"{sizes(first, second)}-{axis}",
            lambda x, y, axis: mt.vecdot(x, y, axis=axis),
            [distinct(*first), distinct(*second), axis],
            lambda x, y, axis: np.sum(x * y, axis=axis),
        )
    for first, second, axes in (
        ((2, 3, 2), (3, 2, 4), 2),
        ((2,), (3,), 0),
        ((2, 3), (3, 2), 1),
        ((2, 3, 4), (4, 2), ((2, 0), (0, 1))),
        ((2, 3), (2, 3), ((0, 1), (0, 1))),
        ((2, 3), (3, 2), ((-1,), (-2,))),
    ):
        arguments = [distinct(*first), distinct(*second), axes]
        case = sizes(first, second) + f"-{axes}".replace(" ", "")
        yield Sample("tensordot", case, mt.tensordot, arguments, np.tensordot)


EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ji", [(2, 3)]),
    ("ii->", [(3, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iji->ij", [(2, 3, 2)]),
    ("ij->", [(2, 3)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,i->", [(3,), (3,)]),
    ("i,i->i", [(3,), (3,)]),
    ("ij,ij,ij->j", [(2, 3), (2, 3), (2, 3)]),
    ("bij,bjk->bik", [(2, 3, 2), (2, 2, 3)]),
    ("...ij,...jk->...ik", [(2, 3, 2), (2, 2)]),
    ("...i->...", [(2, 1, 3)]),
    ("i...,i...->...", [(3, 2), (3, 1)]),
    ("...ii->...i", [(2, 3, 3)]),
    ("nchw,oc->nohw", [(2, 3, 1, 2), (2, 3)]),
    ("ij,kl->", [(2, 3), (2, 2)]),
    ("ab,bc,cd->ad", [(2, 3), (3, 2), (2, 2)]),
    ("i,->i", [(3,), ()]),
    ("ij,ij->ij", [(1, 3), (2, 1)]),
    ("ij,jk->ik", [(2, 1), (3, 4)]),
    (" i j , j k -> k i ", [(2, 3), (3, 4)]),
]


def einsums() -> Iterator[Sample]:
    for subscripts, shapes in EINSUMS:
        yield Sample(
            "einsum",
            subscripts.replace(" ", "_") + "-" + sizes(*shapes),
            lambda subscripts, *tensors: mt.einsum(subscripts, *tensors),
            [subscripts, *(distinct(*shape) for shape in shapes)],
            np.einsum,
        )


SAMPLES = [*picked(), *products(), *einsums()]
