"""Samples of reductions, and of what changes shape, order or place."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from op_samples_base import Sample, booleans, case_of, distinct, given, integers, sample, sizes

INF = float("inf")


# --- reductions ----------------------------------------------------------------------------------

AXES: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((), {}),
    ((3,), {}),
    ((2, 3), {"axis": 0}),
    ((2, 3), {"axis": -1, "keepdims": True}),
    ((2, 3, 2), {"axis": (0, -1)}),
    ((2, 3, 2), {"axis": (2, 0), "keepdims": True}),
    ((2, 1, 3), {"axis": 1}),
    ((2, 3), {"axis": ()}),
]


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    largest = np.max(x, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=True)) + largest
    return total if keepdims else np.squeeze(total, axis=axis)


def spread(function: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, correction: float = 0, **options: Any) -> Any:
        return function(x, ddof=correction, **options)

    return reference


def norm(x: Any, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


def reductions() -> Iterator[Sample]:
    for op, reference in {
        "sum": np.sum,
        "mean": np.mean,
        "max": np.max,
        "min": np.min,
        "prod": np.prod,
        "var": spread(np.var),
        "std": spread(np.std),
        "logsumexp": logsumexp,
        "vector_norm": norm,
    }.items():
        for shape, options in AXES:
            constant = op in ("var", "std") and (shape == () or options.get("axis") in ((), 1))
            if op == "std" and constant:
                continue  # at the root's kink: see test_ops_special.py
            if op == "logsumexp" and options.get("axis") == ():
                continue
            case = case_of(shape, **options)
            yield sample(op, case, [distinct(*shape)], reference, **options)
    for op, reference in (("var", spread(np.var)), ("std", spread(np.std))):
        for correction in (1, 0.5):
            case = f"correction={correction}"
            options = {"axis": 1, "correction": correction}
            yield sample(op, case, [distinct(2, 4)], reference, **options)
    for order in (1, 3, 1.5, -1, INF, -INF):
        x = distinct(2, 3)
        yield sample("vector_norm", f"ord={order}", [x], norm, axis=1, ord=order)
        yield sample("vector_norm", f"all-ord={order}", [x], norm, keepdims=True, ord=order)
    zeros = given([0.0, 1.5, -2.0, 0.0])
    yield sample("vector_norm", "ord=0", [zeros], norm, order=0, ord=0)
    for op, reference in (("sum", np.sum), ("prod", np.prod)):
        yield sample(op, "empty", [distinct(0, 3)], reference)
        yield sample(op, "empty-axis", [distinct(0, 3)], reference, axis=0)
        yield sample(op, "empty-other-axis", [distinct(0, 3)], reference, axis=1, keepdims=True)
        yield sample(op, "integers", [integers(2, 3)], reference, order=0, axis=1)
        yield sample(op, "booleans", [booleans(2, 3)], reference, order=0, axis=1)
    for op, reference in (("max", np.max), ("min", np.min), ("mean", np.mean)):
        yield sample(op, "integers", [integers(2, 3)], reference, order=0, axis=1)
        yield sample(op, "empty-other-axis", [distinct(0, 3)], reference, axis=1)
    yield sample("mean", "booleans", [booleans(2, 3)], np.mean, order=0)
    yield sample("prod", "long", [distinct(2, 7)], np.prod, axis=1)


def searches() -> Iterator[Sample]:
    for op, reference in (("argmax", np.argmax), ("argmin", np.argmin)):
        for shape, options in [
            ((), {}),
            ((4,), {}),
            ((2, 3), {}),
            ((2, 3), {"axis": 0}),
            ((2, 3), {"axis": -1, "keepdims": True}),
            ((0, 3), {"axis": 1}),
        ]:
            case = case_of(shape, **options)
            yield sample(op, case, [distinct(*shape)], reference, order=0, **options)
        yield sample(op, "ties", [integers(3, 4, low=0, high=2)], reference, order=0, axis=1)
    for op, reference in (("any", np.any), ("all", np.all)):
        for shape, options in [*AXES, ((0, 3), {"axis": 0}), ((0, 3), {})]:
            case = case_of(shape, **options)
            yield sample(op, case, [booleans(*shape)], reference, order=0, **options)
        yield sample(op, "numbers", [given([[0.0, -0.5], [0.0, 0.0]])], reference, order=0, axis=1)
    for shape, axis in (((4,), None), ((2, 3), 0), ((2, 3, 2), -2), ((0,), 0), ((2, 0), 1)):
        for include_initial in (False, True):
            options = {"axis": axis, "include_initial": include_initial}
            case = case_of(shape, **options)
            yield sample("cumulative_sum", case, [distinct(*shape)], np.cumulative_sum, **options)
    x = integers(2, 3)
    yield sample("cumulative_sum", "integers", [x], np.cumulative_sum, order=0, axis=1)


# --- shape and order -----------------------------------------------------------------------------


def shapes() -> Iterator[Sample]:
    for shape, new in (
        ((2, 3), (3, 2)),
        ((2, 3), -1),
        ((), (1, 1)),
        ((0, 2), (2, 0, 3)),
        ((4,), (2, -1)),
    ):
        yield Sample(
            "reshape", sizes(shape) + f"-{new}", mt.reshape, [distinct(*shape), new], np.reshape
        )
    for shape, axes in (((2, 3), (1, 0)), ((2, 1, 3), (2, 0, -2)), ((), ())):
        case = sizes(shape) + f"-{axes}"
        yield Sample("permute_dims", case, mt.permute_dims, [distinct(*shape), axes], np.transpose)
    for shape in ((2, 3), (2, 1, 3), (0, 3)):
        x = distinct(*shape)
        yield Sample(
            "matrix_transpose", sizes(shape), mt.matrix_transpose, [x], np.matrix_transpose
        )
    for source, destination in ((0, -1), (-1, 0), ((0, 1), (1, 2)), ((2, 0), (0, 1))):
        arguments = [distinct(2, 3, 2), source, destination]
        yield Sample("moveaxis", f"{source}-{destination}", mt.moveaxis, arguments, np.moveaxis)
    for shape, new in (
        ((3,), (2, 3)),
        ((2, 1), (2, 3)),
        ((), (2, 2)),
        ((1, 0), (3, 0)),
        ((2,), (2,)),
    ):
        case = sizes(shape, new)
        yield Sample(
            "broadcast_to", case, mt.broadcast_to, [distinct(*shape), new], np.broadcast_to
        )
    for shape, axis in (((2, 3), 0), ((2, 3), -1), ((2,), (0, 2)), ((), 0)):
        case = sizes(shape) + f"-{axis}"
        yield Sample("expand_dims", case, mt.expand_dims, [distinct(*shape), axis], np.expand_dims)
    for shape, axis in (((1, 3, 1), None), ((1, 3, 1), 0), ((1, 3, 1), (0, -1)), ((), None)):
        case = sizes(shape) + f"-{axis}"
        yield Sample("squeeze", case, mt.squeeze, [distinct(*shape), axis], np.squeeze)
    for shape, start, end, new in (
        ((2, 3, 2), 0, -1, -1),
        ((2, 3, 2), 1, 2, (2, 6)),
        ((2, 3, 2), 0, 1, (6, 2)),
        ((2, 3), 1, 1, (2, 3)),
        ((), 0, -1, 1),
    ):
        yield Sample(
            "flatten",
            sizes(shape) + f"-{start},{end}",
            lambda x, start, end, new: mt.flatten(x, start, end),
            [distinct(*shape), start, end, new],
            lambda x, start, end, new: np.reshape(x, new),
        )
    x = distinct(2, 3)
    yield Sample("astype", "same", lambda x: mt.astype(x, x.dtype), [x], lambda x: x)
    yield Sample(
        "astype", "integers", lambda x: mt.astype(x, mt.int64), [x], lambda x: x.astype(np.int64), 0
    )
    yield Sample("astype", "booleans", lambda x: mt.astype(x, mt.bool_), [x], lambda x: x != 0, 0)
    yield Sample(
        "astype",
        "from-integers",
        lambda n: mt.astype(n, "float32"),
        [integers(3)],
        lambda n: n.astype(np.float64),
        0,
    )
    yield Sample(
        "astype",
        "there-and-back",
        lambda x: mt.astype(mt.astype(x, mt.float64) * 2, x.dtype),
        [x],
        lambda x: x * 2,
    )


def joined() -> Iterator[Sample]:
    for first, second, axis in (
        ((2,), (3,), 0),
        ((2, 3), (1, 3), 0),
        ((2, 1), (2, 3), -1),
        ((0, 2), (3, 2), 0),
        ((2, 2), (3,), None),
    ):
        yield Sample(
            "concat",
            sizes(first, second) + f"-{axis}",
            lambda x, y, axis: mt.concat([x, y], axis=axis),
            [distinct(*first), distinct(*second), axis],
            lambda x, y, axis: np.concat([x, y], axis=axis),
        )
    yield Sample(
        "concat",
        "three-dtypes",
        lambda x, n, b: mt.concat((x, n, b, x)),
        [distinct(2), integers(3), booleans(2)],
        lambda x, n, b: np.concat((x, n, b, x)),
    )
    for shape, axis in (((3,), 0), ((2, 3), 1), ((2, 3), -1), ((), 0), ((0, 2), 2)):
        yield Sample(
            "stack",
            sizes(shape) + f"-{axis}",
            lambda x, y, axis: mt.stack([x, y], axis=axis),
            [distinct(*shape), distinct(*shape), axis],
            lambda x, y, axis: np.stack([x, y], axis=axis),
        )


def np_split(x: Any, parts: Any, axis: int = 0) -> list[Any]:
    if isinstance(parts, int):
        return np.split(x, list(range(parts, x.shape[axis], parts)), axis)
    return np.split(x, np.cumsum(parts)[:-1], axis)


def rearranged() -> Iterator[Sample]:
    for shape, parts, axis in (
        ((5,), 2, 0),
        ((2, 4), 2, 1),
        ((3, 2), [1, 2], 0),
        ((2, 3), [0, 3], -1),
    ):
        arguments = [distinct(*shape), parts, axis]
        yield Sample("split", sizes(shape) + f"-{parts}-{axis}", mt.split, arguments, np_split)
    for shape, axis in (((3,), 0), ((2, 3), -1), ((2, 1, 2), 1)):
        arguments = [distinct(*shape), axis]
        case = sizes(shape) + f"-{axis}"
        yield Sample(
            "unstack", case, mt.unstack, arguments, lambda x, axis: np.unstack(x, axis=axis)
        )
    for shape, axis in (((3,), None), ((2, 3), 0), ((2, 3), -1), ((2, 2, 2), (0, 2)), ((), None)):
        yield Sample("flip", sizes(shape) + f"-{axis}", mt.flip, [distinct(*shape), axis], np.flip)
    for shape, shift, axis in (
        ((4,), 1, None),
        ((2, 3), 2, None),
        ((2, 3), -1, 1),
        ((2, 3), (1, 2), (0, 1)),
        ((2, 3), 1, (0, 1)),
        ((3,), 7, 0),
        ((0,), 1, 0),
    ):
        case = sizes(shape) + f"-{shift}-{axis}".replace(" ", "")
        yield Sample("roll", case, mt.roll, [distinct(*shape), shift, axis], np.roll)
    for shape, widths, value in (
        ((3,), (1, 2), 0),
        ((2, 3), 1, 1.5),
        ((2, 3), ((0, 1), (2, 0)), -1),
        ((), 2, 0),
        ((0, 2), ((1, 0), (0, 1)), 3),
        ((2, 3), 0, 0),
    ):
        yield Sample(
            "pad",
            sizes(shape) + f"-{widths}-{value}".replace(" ", ""),
            mt.pad,
            [distinct(*shape), widths, value],
            lambda x, widths, value: np.pad(x, widths, constant_values=value),
        )
    yield Sample(
        "pad",
        "crop",
        mt.pad,
        [distinct(3, 4), ((-1, 2), (1, -2)), 9],
        lambda x, widths, value: np.pad(x[1:, :-2], ((0, 2), (1, 0)), constant_values=value),
    )
    yield Sample(
        "pad",
        "integers",
        mt.pad,
        [integers(3), (1, 0), 7],
        lambda x, widths, value: np.pad(x, widths, constant_values=value),
        0,
    )
    for shape, counts in (((3,), 2), ((2, 3), (2, 1)), ((2,), (2, 2)), ((), 3), ((2, 1), 0)):
        yield Sample(
            "tile", sizes(shape) + f"-{counts}", mt.tile, [distinct(*shape), counts], np.tile
        )
    for shape, count, axis in (
        ((3,), 2, None),
        ((2, 3), 2, 0),
        ((2, 3), 3, -1),
        ((2, 2), 0, 1),
        ((), 2, None),
    ):
        arguments = [distinct(*shape), count, axis]
        yield Sample("repeat", sizes(shape) + f"-{count}-{axis}", mt.repeat, arguments, np.repeat)


SAMPLES = [*reductions(), *searches(), *shapes(), *joined(), *rearranged()]
