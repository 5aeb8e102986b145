"""Samples of Python's operators, of indexing and of the methods that are no array function."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from op_samples_base import Sample, booleans, distinct, given, integers, sizes

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": operator.pow,
    "divmod": divmod,
}
COMPARISONS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")
}
BITS: dict[str, Callable[..., Any]] = {
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
}


def operators() -> Iterator[Sample]:
    for name, op in ARITHMETIC.items():
        x, y = distinct(2, 3, low=0.3, high=4.7), distinct(3, low=0.6, high=1.9)
        yield Sample(f"Tensor.__{name}__", "tensors", op, [x, y], op)
        yield Sample(f"Tensor.__{name}__", "number", op, [x, 1.5], op)
        yield Sample(f"Tensor.__{name}__", "numpy-number", op, [x, np.float64(1.5)], op)
        yield Sample(f"Tensor.__{name}__", "integers", op, [integers(3, low=1), 2], op, 0)
        yield Sample(f"Tensor.__r{name}__", "number", op, [2.5, y], op)
        yield Sample(f"Tensor.__r{name}__", "numpy-number", op, [np.float64(2.5), y], op)
        yield Sample(f"Tensor.__r{name}__", "integers", op, [5, integers(3, low=1)], op, 0)
    for name, op in COMPARISONS.items():
        yield Sample(f"Tensor.__{name}__", "tensors", op, [distinct(2, 3), distinct(3)], op, 0)
        yield Sample(f"Tensor.__{name}__", "number", op, [distinct(4), 0.0], op, 0)
        yield Sample(f"Tensor.__{name}__", "number-left", op, [0, integers(4)], op, 0)
    for name, op in BITS.items():
        n, m = integers(2, 3), integers(3, low=0)
        yield Sample(f"Tensor.__{name}__", "integers", op, [n, m], op, 0)
        yield Sample(f"Tensor.__r{name}__", "number", op, [3, m], op, 0)
        if "shift" not in name:
            pair = [booleans(2, 3), booleans(3)]
            yield Sample(f"Tensor.__{name}__", "booleans", op, pair, op, 0)
    yield Sample(
        "Tensor.__invert__", "booleans", operator.invert, [booleans(3)], operator.invert, 0
    )
    for name in ("neg", "pos", "abs"):
        op = getattr(operator, name)
        yield Sample(f"Tensor.__{name}__", "3", op, [distinct(3)], op)
    for first, second in (((2, 3), (3, 2)), ((3,), (3,)), ((2, 1, 3), (3, 2))):
        pair = [distinct(*first), distinct(*second)]
        case = sizes(first, second)
        yield Sample("Tensor.__matmul__", case, operator.matmul, pair, operator.matmul)
    yield Sample(
        "Tensor.__rmatmul__",
        "array-left",
        lambda matrix, x: x.__rmatmul__(matrix.detach().data),
        [integers(2, 3), distinct(3, 2)],
        operator.matmul,
    )


KEYS: list[tuple[tuple[int, ...], str, Any]] = [
    ((4,), "integer", 1),
    ((4,), "negative", -1),
    ((2, 3), "row", 1),
    ((2, 3), "entry", (1, -2)),
    ((), "ellipsis-of-0d", ...),
    ((), "empty-key", ()),
    ((5,), "slice", slice(1, 4)),
    ((5,), "step", slice(None, None, 2)),
    ((5,), "backwards", slice(None, None, -1)),
    ((5,), "backwards-from", slice(3, 0, -2)),
    ((5,), "beyond-the-end", slice(2, 99)),
    ((5,), "before-the-start", slice(-99, 2)),
    ((5,), "nothing", slice(4, 2)),
    ((5,), "nothing-backwards", slice(1, 99, -1)),
    ((2, 3), "newaxis", (None, slice(None), None, 0)),
    ((2, 3, 2), "ellipsis", (..., 1)),
    ((2, 3, 2), "ellipsis-between", (0, ..., slice(None, 1))),
    ((2, 3), "ellipsis-too-many", (0, 1, ...)),
    ((4,), "list", [0, 0, 3]),
    ((4,), "array", np.array([[0, -1], [0, 2]])),
    ((4, 2), "rows", np.array([3, 3, 0])),
    ((4,), "no-entries", np.zeros(0, np.int64)),
    ((3, 4), "pairs", (np.array([0, 0, 2]), np.array([1, 1, -1]))),
    ((3, 4), "outer", (np.array([[0], [2]]), np.array([1, 3]))),
    ((2, 3, 4), "side-by-side", (slice(None), np.array([0, 0]), np.array([1, 1]))),
    ((2, 3, 4), "apart", (np.array([0, 1, 1]), slice(1, 3), np.array([2, 0, 0]))),
    ((2, 3, 4), "apart-by-newaxis", (np.array([0, 1]), None, np.array([2, 0]))),
    ((2, 3, 4), "integer-and-array", (1, slice(None), np.array([2, 0, 2]))),
    ((2, 3, 4), "array-and-integer", (slice(None), np.array([2, 0]), -1)),
    ((2, 3, 4), "ellipsis-and-array", (..., np.array([2, 0]))),
    ((2, 3, 4), "array-step", (slice(None, None, -1), np.array([1, 1]))),
    ((4,), "mask", np.array([True, False, True, True])),
    ((2, 3), "full-mask", np.array([[True, False, True], [False, False, True]])),
    ((2, 3), "row-mask", (np.array([False, True]), slice(0, 2))),
    ((2, 3), "column-mask", (slice(None), np.array([False, True, True]))),
    ((2, 3, 2), "mask-of-two-axes", np.array([[True, False, True], [False, True, False]])),
    ((2, 3, 2), "mask-and-array", (np.array([True, True]), slice(None), np.array([0, 1]))),
    ((3,), "nothing-masked", np.zeros(3, bool)),
    ((3,), "true", True),
    ((3,), "false", False),
    ((2, 3), "true-and-array", (True, np.array([1, 1, 0]))),
    ((2, 3), "true-and-slice", (slice(0, 1), True)),
    ((3,), "0d-mask", np.array(True)),
    ((3,), "0d-integer", np.array(1)),
    ((0, 3), "of-nothing", slice(None)),
    ((2, 3), "range", range(1, -1, -1)),
]


def indexing() -> Iterator[Sample]:
    for shape, case, key in KEYS:
        key_on_host = list(key) if isinstance(key, range) else key
        yield Sample(
            "Tensor.__getitem__",
            case,
            lambda x, key=key: x[key],
            [distinct(*shape)],
            lambda x, key=key_on_host: x[key],
        )
    yield Sample(
        "Tensor.__getitem__",
        "tensor",
        lambda x, rows, column: x[rows, column],
        [distinct(3, 2), integers(4, low=0, high=3), 1],
        lambda x, rows, column: x[rows, column],
    )
    yield Sample(
        "Tensor.__getitem__",
        "tensor-mask",
        lambda x: x[x > 0],
        [distinct(3, 2)],
        lambda x: x[x > 0],
    )


def methods() -> Iterator[Sample]:
    x = distinct(2, 3)
    for name, call, reference in (
        ("reshape", lambda x: x.reshape(3, -1), lambda x: x.reshape(3, 2)),
        ("view", lambda x: x.view((3, 2)), lambda x: x.reshape(3, 2)),
        ("permute_dims", lambda x: x.permute_dims(1, 0), np.transpose),
        ("permute", lambda x: x.permute((1, 0)), np.transpose),
        ("transpose", lambda x: x.transpose(0, -1), np.transpose),
        ("mT", lambda x: x.mT, np.transpose),
        ("T", lambda x: x.T, np.transpose),
        ("clone", lambda x: x.clone(), lambda x: x),
        ("to", lambda x: x.to("float64").to(x.dtype), lambda x: x),
        ("astype", lambda x: x.astype(mt.float64).astype(x.dtype), lambda x: x),
    ):
        yield Sample(f"Tensor.{name}", "2x3", call, [x], reference)
    for name, dtype in (
        ("double", "float64"),
        ("float", "float32"),
    ):
        yield Sample(
            f"Tensor.{name}",
            "there-and-back",
            lambda x, name=name: getattr(x * 4, name)().to(x.dtype),
            [given([0.5, -0.25, 1.0])],
            lambda x, dtype=dtype: (x * 4).astype(dtype).astype(np.float64),
            order=0,
        )
    yield Sample("Tensor.long", "2x3", lambda x: x.long(), [x], lambda x: x.astype(np.int64), 0)
    yield Sample(
        "Tensor.int", "2x3", lambda x: x.int().long(), [x], lambda x: x.astype(np.int64), 0
    )
    yield Sample("Tensor.bool", "4", lambda n: n.bool(), [integers(4)], lambda n: n != 0, 0)
    yield Sample(
        "Tensor.to",
        "other-backend-and-back",
        lambda x: x.to("strict").to("numpy").to(x.backend),
        [x],
        lambda x: x,
    )
    yield Sample("Tensor.__iter__", "rows", lambda x: tuple(x), [x], lambda x: tuple(x))


SAMPLES = [*operators(), *indexing(), *methods()]
