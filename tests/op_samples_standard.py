"""Samples of what the array API has beyond everyday use: running products, grids, searches."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from op_samples_base import Sample, booleans, case_of, distinct, given, integers, sample, sizes


def running() -> Iterator[Sample]:
    for shape, axis in (((4,), None), ((2, 3), 0), ((2, 5), -1), ((2, 3, 2), -2), ((0,), 0)):
        for include_initial in (False, True):
            options = {"axis": axis, "include_initial": include_initial}
            case = case_of(shape, **options)
            x = distinct(*shape)
            yield sample("cumulative_prod", case, [x], np.cumulative_prod, **options)
    for case, values in (
        ("one-zero", [2.0, 0.0, 3.0, 1.5, -1.0]),
        ("zeros", [0.0, 2.0, 0.0, -1.5]),
        ("long", np.linspace(0.5, 1.5, 9)),
    ):
        yield sample("cumulative_prod", case, [given(values)], np.cumulative_prod)
    x = integers(2, 3)
    yield sample("cumulative_prod", "integers", [x], np.cumulative_prod, order=0, axis=1)
    for op in ("sum", "prod", "cumulative_sum", "cumulative_prod"):
        yield Sample(
            op,
            "dtype",
            lambda x, op=op: getattr(mt, op)(x, axis=1, dtype=mt.float64).to(x.dtype),
            [distinct(2, 3)],
            lambda x, op=op: getattr(np, op)(x, axis=1),
        )
        yield Sample(
            op,
            "small-integers",
            lambda x, op=op: getattr(mt, op)(x.to("int8"), axis=1),
            [integers(2, 3)],
            lambda x, op=op: getattr(np, op)(x, axis=1),
            0,
        )
    for shape, axis, n in (((4,), -1, 1), ((4, 2), 0, 2), ((2, 3), 1, 0), ((2, 2), 0, 3)):
        options = {"axis": axis, "n": n}
        yield sample("diff", case_of(shape, **options), [distinct(*shape)], np.diff, **options)
    yield Sample(
        "diff",
        "both-ends",
        lambda x, y, z: mt.diff(x, axis=0, prepend=y, append=z),
        [distinct(3, 2), distinct(1, 2), distinct(2, 2)],
        lambda x, y, z: np.diff(x, axis=0, prepend=y, append=z),
    )
    yield sample("diff", "numbers", [distinct(2, 3)], np.diff, prepend=1.5, append=0)
    yield sample("diff", "fraction-before-integers", [integers(3)], np.diff, order=0, prepend=0.5)
    yield sample("diff", "integers", [integers(2, 3)], np.diff, order=0, prepend=7)


def wider() -> Iterator[Sample]:
    for shapes in (((2, 1), (3,)), ((), (2,)), ((2, 2),), ((1, 0), (3, 1), ())):
        yield Sample(
            "broadcast_arrays",
            sizes(*shapes),
            mt.broadcast_arrays,
            [distinct(*shape) for shape in shapes],
            lambda *arrays: list(np.broadcast_arrays(*arrays)),
        )
    for indexing in ("xy", "ij"):
        for shapes in (((2,), (3,)), ((2,), (1,), (3,)), ((3,),), ((), (2,)), ((0,), (2,))):
            yield Sample(
                "meshgrid",
                f"{sizes(*shapes)}-{indexing}",
                lambda *arrays, indexing=indexing: mt.meshgrid(*arrays, indexing=indexing),
                [distinct(*shape) for shape in shapes],
                lambda *arrays, indexing=indexing: list(np.meshgrid(*arrays, indexing=indexing)),
            )
    for shape, counts, axis in (
        ((3,), [2, 0, 1], None),
        ((2, 3), [1, 3], 0),
        ((2, 3), [0, 2, 2], -1),
        ((2, 2), [1, 0, 2, 1], None),
        ((2, 3), [2], 1),
        ((0,), [], 0),
    ):
        yield Sample(
            "repeat",
            f"{sizes(shape)}-counts-{counts}-{axis}",
            mt.repeat,
            [distinct(*shape), np.array(counts, np.int64), axis],
            np.repeat,
        )
        yield Sample(
            "repeat",
            f"{sizes(shape)}-list-{counts}-{axis}",
            mt.repeat,
            [distinct(*shape), counts, axis],
            lambda x, counts, axis: np.repeat(x, np.array(counts, np.int64), axis),
        )
    x = distinct(2, 3)
    yield Sample("reshape", "copy", lambda x: mt.reshape(x, (3, 2), copy=True), [x], reshaped)
    yield Sample("astype", "copy", lambda x: mt.astype(x, x.dtype, copy=True), [x], lambda x: x)
    yield Sample("Tensor.clone", "booleans", lambda x: x.clone(), [booleans(3)], lambda x: x, 0)


def reshaped(x: Any) -> Any:
    return np.reshape(x, (3, 2))


def entries() -> Iterator[Sample]:
    for op in ("real", "conj"):
        yield sample(op, "2x3", [distinct(2, 3)], getattr(np, op))
    x, y = distinct(2, 3), distinct(3)
    yield sample("nextafter", "tensors", [x, y], lambda a, b: a)
    yield Sample(
        "nextafter",
        "direction",
        lambda x, y: mt.nextafter(x, y) > x,
        [x, y],
        lambda x, y: y > x,
        0,
    )
    limits = [distinct(2, 3), distinct(3, low=-1.5, high=0), distinct(2, 1, low=0.1, high=1.5)]
    yield Sample("clip", "both-limits-broadcast", mt.clip, limits, np.clip)
    yield sample("clip", "integers-by-numbers", [integers(5), -1, 2], np.clip, order=0)


def searches() -> Iterator[Sample]:
    for shape, options in (
        ((3, 4), {}),
        ((3, 4), {"axis": 0}),
        ((2, 3), {"axis": (0, 1), "keepdims": True}),
        ((0, 2), {"axis": 0}),
        ((), {}),
    ):
        case = case_of(shape, **options)
        n = integers(*shape, low=-1, high=2)
        yield sample("count_nonzero", case, [n], np.count_nonzero, order=0, **options)
    yield sample("count_nonzero", "booleans", [booleans(5)], np.count_nonzero, order=0)
    for case, draw in (("2x3", integers(2, 3, low=0, high=2)), ("booleans", booleans(4))):
        yield sample("nonzero", case, [draw], np.nonzero, order=0)
    ordered = given([-1.5, 0.0, 0.0, 2.0])
    wanted = given([[-2.0, 0.0, 1.0], [2.0, 2.5, -1.5]])
    for side in ("left", "right"):
        yield sample("searchsorted", side, [ordered, wanted], np.searchsorted, order=0, side=side)
    yield sample("searchsorted", "number", [ordered, 0.5], np.searchsorted, order=0)
    yield Sample(
        "searchsorted",
        "sorter",
        lambda x, y: mt.searchsorted(x, y, sorter=mt.argsort(x)),
        [distinct(5), distinct(3)],
        lambda x, y: np.searchsorted(x, y, sorter=np.argsort(x)),
        0,
    )
    for op in ("unique_all", "unique_counts", "unique_inverse", "unique_values"):
        reference = getattr(np, op) if op != "unique_values" else np.unique
        x = given([[2.0, -1.0, 2.0], [0.5, -1.0, 3.0]])
        # Moving one of two equal entries parts them: no finite differences there.
        yield sample(op, "repeated", [x], reference, order=0)
        yield sample(op, "distinct", [distinct(2, 3)], reference)
        yield sample(op, "integers", [integers(2, 5)], reference, order=0)
        yield sample(op, "0d", [distinct()], reference)


SAMPLES = [*running(), *wider(), *entries(), *searches()]
