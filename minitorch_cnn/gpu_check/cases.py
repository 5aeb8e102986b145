"""What each kernel is called with: realistic shapes, and the ones in which kernels go wrong.

Arrays are NumPy's, of float64; the checks cast them. All come from one seeded generator, so every
machine compares the same numbers. ``CASES`` has the arguments of every kernel, ``adjoints`` pairs
of kernels of which each is the other's adjoint. May import ``minitorch_backends.windows`` and the
link tables of ``ops``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minitorch_backends import portable
from minitorch_backends.loss import log_softmax
from minitorch_backends.windows import output_sizes
from minitorch_cnn.ops.links import LinkTable

HostArray = np.ndarray[Any, Any]
Draw = np.random.Generator


class Case(NamedTuple):
    """One call of a kernel."""

    label: str
    arrays: list[Any]
    parameters: dict[str, Any]


class Adjoint(NamedTuple):
    """A linear kernel and its adjoint, as maps of the array in whose place a case has None."""

    name: str
    forth: Case
    back_name: str
    back: Case
    x_shape: tuple[int, ...]
    y_shape: tuple[int, ...]


# --- windows --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Windows:
    """Windows over pictures; what ``stride`` and the others mean is in ``portable.py``."""

    label: str
    sizes: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    @property
    def geometry(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}

    @property
    def positions(self) -> tuple[int, ...]:
        return tuple(output_sizes(self.sizes, self.kernel, **self.geometry))


SAME = Windows("3x3 with padding", (14, 14), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
UNEVEN = Windows("uneven, strided and dilated", (13, 17), (3, 2), (2, 3), ((1, 0), (0, 1)), (2, 1))
POINTWISE = Windows("1x1", (9, 9), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1))
LINE = Windows("one dimension", (70,), (5,), (2,), ((2, 1),), (1,))
BLOCK = Windows("three dimensions", (5, 6, 7), (2, 3, 2), (1, 2, 1), ((1, 1),) * 3, (1, 1, 1))
POOLING = Windows("2x2", (12, 12), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
OVERLAPPING = Windows("3x3, overlapping", (15, 13), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1))
WINDOWS = (SAME, UNEVEN, POINTWISE, LINE, BLOCK)
POOLINGS = (POOLING, OVERLAPPING, LINE, BLOCK)

BATCH, CHANNELS = 3, 4


def _unfold(rng: Draw) -> Iterator[Case]:
    for w in WINDOWS:
        x = rng.standard_normal((BATCH, CHANNELS, *w.sizes))
        yield Case(w.label, [x], {"kernel": w.kernel, **w.geometry})


def _fold(rng: Draw) -> Iterator[Case]:
    for w in WINDOWS:
        columns = rng.standard_normal((BATCH, CHANNELS, *w.kernel, *w.positions))
        shape = (BATCH, CHANNELS, *w.sizes)
        yield Case(w.label, [columns], {"shape": shape, "kernel": w.kernel, **w.geometry})


# --- convolutions, with shared weights and with weights of each position's own ------------------


class Triad(NamedTuple):
    """Arrays of a map of ``x`` and ``w`` to what has the shape of ``g``."""

    label: str
    x: HostArray
    w: HostArray
    g: HostArray
    kernel: tuple[int, ...]
    window: dict[str, Any]

    @property
    def to_input(self) -> dict[str, Any]:
        return {"shape": self.x.shape, **self.window}

    @property
    def to_weight(self) -> dict[str, Any]:
        return {"kernel": self.kernel, **self.window}


LAYERS = (
    (SAME, "", BATCH, 8, 16, 1),
    (UNEVEN, "", BATCH, 3, 5, 1),
    (UNEVEN, ", two groups", BATCH, 6, 4, 2),
    (UNEVEN, ", depthwise", BATCH, 6, 12, 6),
    (POINTWISE, "", BATCH, 7, 5, 1),
    (LINE, "", BATCH, 3, 4, 1),
    (BLOCK, "", BATCH, 2, 3, 1),
    (SAME, ", no pictures", 0, 2, 3, 1),
)
"""Windows, what else is special, batch, channels, outputs and groups."""


def _triads(rng: Draw, *, free: bool) -> Iterator[Triad]:
    for w, remark, batch, channels, outputs, groups in LAYERS:
        own = w.positions if free else ()
        yield Triad(
            w.label + remark,
            rng.standard_normal((batch, channels, *w.sizes)),
            rng.standard_normal((*own, outputs, channels // groups, *w.kernel)),
            rng.standard_normal((batch, outputs, *w.positions)),
            w.kernel,
            {**w.geometry, "groups": groups},
        )


def _of_triads(make: Callable[[Triad], tuple[list[Any], dict[str, Any]]], free: bool) -> Any:
    def cases(rng: Draw) -> Iterator[Case]:
        for t in _triads(rng, free=free):
            yield Case(t.label, *make(t))

    return cases


def _convolution(name: str, free: bool) -> dict[str, Callable[[Draw], Iterator[Case]]]:
    return {
        name: _of_triads(lambda t: ([t.x, t.w], t.window), free),
        f"{name}_input": _of_triads(lambda t: ([t.g, t.w], t.to_input), free),
        f"{name}_weight": _of_triads(lambda t: ([t.x, t.g], t.to_weight), free),
    }


# --- links ----------------------------------------------------------------------------------------


def _table(rng: Draw) -> LinkTable:
    """Half of the outputs look at one window, the others at inputs of their own."""
    window = rng.permutation(40)[:9]
    looks = [window if i % 2 else rng.permutation(40)[: i % 7] for i in range(30)]
    outputs = np.repeat(np.arange(30), [len(inputs) for inputs in looks])
    return LinkTable(outputs, np.concatenate(looks), (30, 40))


def _links(rng: Draw, *, back: bool) -> Iterator[Case]:
    table = _table(rng)
    for turned in (False, True):
        n_outputs, n_inputs = table.shape[::-1] if turned else table.shape
        x = rng.standard_normal((BATCH, n_inputs))
        other = rng.standard_normal((BATCH, n_outputs) if back else table.outputs.size)
        blocks = table.blocks(np.empty(0), turned)
        yield Case("turned" if turned else "as it is", [x, other], {"blocks": blocks})


# --- pooling --------------------------------------------------------------------------------------


def _max_pool(rng: Draw) -> Iterator[Case]:
    for w in POOLINGS:
        x = rng.standard_normal((BATCH, CHANNELS, *w.sizes))
        yield Case(w.label, [x], {"kernel": w.kernel, **w.geometry})
        ties = np.round(x)
        ties[0, 0].flat[::5] = np.nan
        yield Case(f"{w.label}, ties and NaN", [ties], {"kernel": w.kernel, **w.geometry})


def _max_pool_input(rng: Draw) -> Iterator[Case]:
    for label, (x,), window in _max_pool(rng):
        index = portable.max_pool(x, **window)[1]
        g = rng.standard_normal(index.shape)
        yield Case(label, [g], {"index": index, "shape": x.shape, **window})


def _picked(rng: Draw, *, back: bool) -> Iterator[Case]:
    shape, positions = (BATCH, CHANNELS, 6, 7), (3, 4)
    index = rng.integers(0, math.prod(shape[2:]), (BATCH, CHANNELS, *positions))
    x = rng.standard_normal(index.shape if back else shape)
    yield Case("entries at random", [x], {"index": index, "shape": shape})


def _sum_pool(rng: Draw, *, back: bool) -> Iterator[Case]:
    for w in POOLINGS:
        shape = (BATCH, CHANNELS, *w.sizes)
        x = rng.standard_normal((*shape[:2], *w.positions) if back else shape)
        geometry = {"kernel": w.kernel, "stride": w.stride, "padding": w.padding}
        yield Case(w.label, [x], {"shape": shape, **geometry})


# --- indices --------------------------------------------------------------------------------------


def _argsort(rng: Draw) -> Iterator[Case]:
    x = rng.standard_normal((5, 300))
    for descending in (False, True):
        order = {"axis": 1, "descending": descending, "stable": True}
        yield Case(f"random, {descending=}", [x], order)
        yield Case(f"with ties, {descending=}", [np.round(x)], order)
    yield Case("along the first axis", [x], {"axis": 0, "descending": False, "stable": True})


def _index_add(rng: Draw) -> Iterator[Case]:
    rows = rng.standard_normal((500, 6))
    yield Case("often the same row", [rows], {"index": rng.integers(0, 9, 500), "size": 10})
    yield Case("each row once", [rows], {"index": rng.permutation(500), "size": 500})
    none = np.empty(0, np.int64)
    yield Case("nothing to add", [rows[:0]], {"index": none, "size": 3})


SHAPE = (6, 5, 4)


def _keys(rng: Draw) -> dict[str, tuple[Any, ...]]:
    rows, columns = rng.integers(-6, 6, (7, 1)), rng.integers(0, 5, 3)
    return {
        "rows": (rows[:, 0],),
        "two index arrays and a slice": (rows, slice(None, None, 2), rng.integers(0, 4, 3)),
        "side by side, behind dots": (..., columns, rng.integers(0, 4, 3)),
        "a mask": (slice(1, None), rng.random((5, 4)) < 0.4),
    }


def _select(rng: Draw, *, back: bool) -> Iterator[Case]:
    for label, key in _keys(rng).items():
        x = rng.standard_normal(SHAPE)
        if back:
            g = rng.standard_normal(x[key].shape)
            yield Case(label, [g], {"key": key, "shape": SHAPE})
        else:
            yield Case(label, [x], {"key": key})


# --- channels, classes, entries -------------------------------------------------------------------


def _pad(rng: Draw) -> Iterator[Case]:
    x = rng.standard_normal((2, 3, 5, 4))
    yield Case("pictures", [x], {"widths": [(0, 0), (0, 0), (1, 2), (3, 0)], "value": -1.5})
    yield Case("batch and channels", [x], {"widths": [(1, 0), (0, 2), (0, 0), (0, 0)], "value": 0})


def _channels(rng: Draw) -> Iterator[tuple[str, list[HostArray]]]:
    """Label, entries, a gradient, and weight, bias, mean and variance of the channels."""
    for label, shape in (("pictures", (8, 5, 7, 9)), ("rows", (64, 11))):
        x, g = 3 + 2 * rng.standard_normal(shape), rng.standard_normal(shape)
        weight, bias = rng.standard_normal((2, shape[1]))
        mean, variance = portable.moments(x)
        yield label, [x, g, weight, bias, mean, variance]


def _moments(rng: Draw) -> Iterator[Case]:
    for label, (x, *_) in _channels(rng):
        yield Case(label, [x], {})


def _batch_norm(rng: Draw) -> Iterator[Case]:
    for label, (x, _, weight, bias, mean, variance) in _channels(rng):
        parameters = {"mean": mean, "variance": variance, "eps": 1e-5}
        yield Case(label, [x, weight, bias], parameters)


def _batch_norm_backward(rng: Draw) -> Iterator[Case]:
    for label, (x, g, weight, _, mean, variance) in _channels(rng):
        parameters = {"mean": mean, "variance": variance, "eps": 1e-5}
        yield Case(label, [g, x, weight], parameters)


def _softmax(rng: Draw) -> Iterator[Case]:
    x = rng.standard_normal((33, 10))
    yield Case("classes", [x], {"axis": 1})
    yield Case("large entries", [80 * x], {"axis": 1})
    yield Case("1,500 entries in a row", [rng.standard_normal((4, 1500))], {"axis": 1})
    yield Case("channels", [rng.standard_normal((3, 6, 5, 4))], {"axis": 1})


def _cross_entropy(rng: Draw, *, back: bool) -> Iterator[Case]:
    for label, size, classes in (("10 classes", 64, 10), ("1,500 classes", 5, 1500)):
        logits, labels = rng.standard_normal((size, classes)), rng.integers(0, classes, size)
        arrays = [rng.random(size), log_softmax(logits, axis=1)] if back else [logits]
        yield Case(label, arrays, {"labels": labels})


def _erf(rng: Draw) -> Iterator[Case]:
    yield Case("from -7 to 7", [np.linspace(-7, 7, 999)], {})


CASES: dict[str, Callable[[Draw], Iterator[Case]]] = {
    "pad": _pad,
    "unfold": _unfold,
    "fold": _fold,
    **_convolution("conv", free=False),
    **_convolution("local", free=True),
    "link_product": lambda rng: _links(rng, back=False),
    "link_weights": lambda rng: _links(rng, back=True),
    "max_pool_values": _max_pool,
    "max_pool": _max_pool,
    "max_pool_input": _max_pool_input,
    "pick": lambda rng: _picked(rng, back=False),
    "place": lambda rng: _picked(rng, back=True),
    "sum_pool": lambda rng: _sum_pool(rng, back=False),
    "sum_pool_input": lambda rng: _sum_pool(rng, back=True),
    "argsort": _argsort,
    "index_add": _index_add,
    "select": lambda rng: _select(rng, back=False),
    "select_back": lambda rng: _select(rng, back=True),
    "moments": _moments,
    "batch_norm": _batch_norm,
    "batch_norm_backward": _batch_norm_backward,
    "log_softmax": _softmax,
    "softmax": _softmax,
    "softmax_cross_entropy": lambda rng: _cross_entropy(rng, back=False),
    "softmax_cross_entropy_backward": lambda rng: _cross_entropy(rng, back=True),
    "erf": _erf,
}
"""Kernel -> its cases, drawn from a generator."""


# --- adjoints -------------------------------------------------------------------------------------

PAIRS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("unfold", "fold", ("kernel", "stride", "padding", "dilation")),
    ("pick", "place", ("index", "shape")),
    ("pick", "max_pool_input", ("index", "shape")),
    ("sum_pool", "sum_pool_input", ("shape", "kernel", "stride", "padding")),
    ("select", "select_back", ("key",)),
)
"""A linear kernel of one array, its adjoint, and which of the adjoint's parameters it takes."""


def adjoints(rng: Draw) -> Iterator[Adjoint]:
    """Every pair of kernels that are adjoint to each other, with all its cases."""
    for name, free in (("conv", False), ("local", True)):
        for t in _triads(rng, free=free):
            if t.g.size:
                yield from _triad_adjoints(name, t)
    straight, turned = _links(rng, back=False)
    (x, values), blocks = straight.arrays, straight.parameters
    in_x, back = (Case("", [None, values], c.parameters) for c in (straight, turned))
    upstream = turned.arrays[0].shape
    yield Adjoint("link_product", in_x, "link_product", back, x.shape, upstream)
    in_values = Case("", [x, None], blocks)
    yield Adjoint("link_product", in_values, "link_weights", in_values, values.shape, upstream)
    for name, back_name, kept in PAIRS:
        for case in CASES[back_name](rng):
            forth = Case(case.label, [None], {k: case.parameters[k] for k in kept})
            back = Case(case.label, [None], case.parameters)
            shape = case.parameters["shape"]
            yield Adjoint(name, forth, back_name, back, shape, case.arrays[0].shape)


def _triad_adjoints(name: str, t: Triad) -> Iterator[Adjoint]:
    """A convolution as a map of its pictures, and as one of its weights."""
    of_x, to_x = Case(t.label, [None, t.w], t.window), Case(t.label, [None, t.w], t.to_input)
    yield Adjoint(name, of_x, f"{name}_input", to_x, t.x.shape, t.g.shape)
    of_w, to_w = Case(t.label, [t.x, None], t.window), Case(t.label, [t.x, None], t.to_weight)
    yield Adjoint(name, of_w, f"{name}_weight", to_w, t.w.shape, t.g.shape)
