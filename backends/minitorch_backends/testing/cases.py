"""Arguments for every kernel: shapes, windows and indices of all kinds, drawn from a seed.

A new kernel gets its cases here, in ``number_cases`` or in ``training_cases``: a function of a
:class:`~minitorch_backends.testing.draw.Draw`, listed under the kernel's name. May import these,
``draw``, ``placement`` and ``portable``.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minitorch_backends import portable
from minitorch_backends.protocol import Array, Backend
from minitorch_backends.testing.draw import (
    Arguments,
    Draw,
    HostArray,
    geometry,
    index_key,
    link_blocks,
    positions,
)
from minitorch_backends.testing.number_cases import NUMBER_CASES
from minitorch_backends.testing.placement import LAYOUTS, leaves, moved, placed
from minitorch_backends.testing.training_cases import TRAINING_CASES


@dataclass(frozen=True)
class KernelCase:
    """One call of a kernel, its arrays on the host.

    Attributes
    ----------
    name : str
        Of the kernel, as in ``minitorch_backends.portable.KERNELS``.
    inputs : tuple
        Its positional arguments: arrays, lists of arrays and numbers.
    parameters : dict
        Its keyword arguments; arrays among them, also those within tuples, are NumPy's.
    layouts : tuple of str
        How the arrays of each input lie in the memory of a backend; see ``testing.LAYOUTS``.
    """

    name: str
    inputs: tuple[Any, ...]
    parameters: dict[str, Any]
    layouts: tuple[str, ...]

    def on(self, backend: Backend) -> tuple[list[Array], dict[str, Any]]:
        """The arguments as arrays of a backend."""
        inputs = [
            moved(values, partial(placed, backend, layout=layout))
            for values, layout in zip(self.inputs, self.layouts, strict=True)
        ]
        return inputs, moved(self.parameters, lambda a: backend.asarray(a, copy=True))

    def in_float64(self) -> Arguments:
        """The arguments with every floating-point array widened."""

        def widened(values: HostArray) -> HostArray:
            return values.astype(np.float64) if values.dtype.kind == "f" else values

        return moved(list(self.inputs), widened), moved(self.parameters, widened)

    def __str__(self) -> str:
        inputs = [
            _described(values, layout)
            for values, layout in zip(self.inputs, self.layouts, strict=True)
        ]
        named = [f"{key}={_short(value)}" for key, value in self.parameters.items()]
        return f"{self.name}({', '.join(inputs + named)})"


def _described(value: Any, layout: str) -> str:
    """An input by the dtype, shape and layout of its arrays."""
    if isinstance(value, list):
        return f"[{', '.join(_described(part, layout) for part in value)}]"
    return f"<{value.dtype} {value.shape} {layout}>" if hasattr(value, "dtype") else repr(value)


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array({value.tolist()})" if value.size <= 12 else f"<{value.dtype} {value.shape}>"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_short, value))})"
    return repr(value)


def kernel_cases(name: str, *, count: int = 40, dtype: Any = None) -> list[KernelCase]:
    """Cases of a kernel, the smallest first; the same ones every time.

    Parameters
    ----------
    name : str
        Of a function in ``minitorch_backends.portable``.
    count : int
    dtype : dtype, optional
        Of all floating-point arrays; float64 and float32 in turn by default.

    Raises
    ------
    ValueError
        For a name that no kernel has.

    Examples
    --------
    >>> from minitorch_backends.testing import kernel_cases
    >>> cases = kernel_cases("sum_pool", count=3, dtype="float32")
    >>> [case.inputs[0].dtype.name for case in cases]
    ['float32', 'float32', 'float32']
    >>> cases[0].parameters.keys()
    dict_keys(['shape', 'kernel', 'stride', 'padding'])
    """
    if name not in CASES:
        raise ValueError(f"no kernel is called {name!r}; expected one of {', '.join(CASES)}")
    cases = []
    for number in range(count):
        own = ("float64", "float32")[number % 2] if dtype is None else dtype
        draw = Draw([zlib.crc32(name.encode()), number], own)
        inputs, parameters = CASES[name](draw)
        layouts = tuple(draw.among(LAYOUTS) for _ in inputs)
        cases.append(KernelCase(name, tuple(inputs), parameters, layouts))
    return sorted(cases, key=lambda case: sum(values.size for values in leaves(case.inputs)))


# --- padding and windows -------------------------------------------------------------------------


def _batch_and_channels(draw: Draw) -> tuple[int, int]:
    return draw.integer(0, 2), draw.integer(1, 2)


def _pad(draw: Draw) -> Arguments:
    shape = draw.shape(3, 0, 3)
    widths = [draw.integers(2, 0, 2) for _ in shape]
    return [draw.entries(*shape)], {"widths": widths, "value": draw.among([0, -1.5])}


def _unfold(draw: Draw) -> Arguments:
    window, sizes = geometry(draw)
    return [draw.entries(*_batch_and_channels(draw), *sizes)], window


def _fold(draw: Draw) -> Arguments:
    window, sizes = geometry(draw)
    outer = _batch_and_channels(draw)
    columns = draw.entries(*outer, *window["kernel"], *positions(window, sizes))
    return [columns], {"shape": (*outer, *sizes), **window}


def convolution(draw: Draw) -> dict[str, Any]:
    """Everything that the kernels of convolutions and of local layers are called with."""
    window, sizes = geometry(draw)
    out, kernel = positions(window, sizes), window.pop("kernel")
    window["groups"] = groups = draw.integer(1, 3)
    batch, depth = _batch_and_channels(draw)
    outputs = groups * draw.integer(1, 2)
    shape = (batch, groups * depth, *sizes)
    return {
        "x": draw.entries(*shape),
        "tied": draw.entries(outputs, depth, *kernel),
        "free": draw.entries(*out, outputs, depth, *kernel),
        "g": draw.entries(batch, outputs, *out),
        "shape": shape,
        "kernel": kernel,
        "window": window,
    }


def _convolution(*inputs: str, keyword: str = "") -> Callable[[Draw], Arguments]:
    """One of the kernels of a convolution, by what it takes."""

    def arguments(draw: Draw) -> Arguments:
        drawn = convolution(draw)
        first = {keyword: drawn[keyword]} if keyword else {}
        return [drawn[name] for name in inputs], {**first, **drawn["window"]}

    return arguments


# --- pooling -------------------------------------------------------------------------------------


def _max_pool(draw: Draw) -> Arguments:
    window, sizes = geometry(draw)
    # A window must meet an entry: no more padding than half of it, no step over the picture.
    window["padding"] = tuple(
        (min(before, size // 2), min(after, size // 2))
        for (before, after), size in zip(window["padding"], window["kernel"], strict=True)
    )
    least = (d * k for d, k in zip(window["dilation"], window["kernel"], strict=True))
    return [draw.ties(*_batch_and_channels(draw), *map(max, sizes, least))], window


def _max_pool_input(draw: Draw) -> Arguments:
    (x,), window = _max_pool(draw)
    index = portable.max_pool(x, **window)[1]
    return [draw.entries(*index.shape)], {"index": index, "shape": x.shape, **window}


def _pick(draw: Draw) -> Arguments:
    window, sizes = geometry(draw)
    shape = (*_batch_and_channels(draw), *sizes)
    index = draw.rng.integers(0, math.prod(sizes), (*shape[:2], *positions(window, sizes)))
    return [draw.entries(*shape)], {"index": index, "shape": shape}


def _place(draw: Draw) -> Arguments:
    _, parameters = _pick(draw)
    return [draw.entries(*parameters["index"].shape)], parameters


def _sum_pool(draw: Draw, *, back: bool = False) -> Arguments:
    window, sizes = geometry(draw, dilated=False)
    shape = (*_batch_and_channels(draw), *sizes)
    del window["dilation"]
    own = (*shape[:2], *positions(window, sizes)) if back else shape
    return [draw.entries(*own)], {"shape": shape, **window}


# --- links and indices ---------------------------------------------------------------------------


def _link(draw: Draw, *, back: bool = False) -> Arguments:
    blocks, (n_inputs, n_outputs, n_links) = link_blocks(draw)
    batch = draw.integer(0, 3)
    second = draw.entries(batch, n_outputs) if back else draw.entries(n_links)
    return [draw.entries(batch, n_inputs), second], {"blocks": blocks}


def _index_add(draw: Draw) -> Arguments:
    size = draw.integer(0, 4)
    index = draw.rng.integers(0, size, draw.integer(0, 6)) if size else np.empty(0, np.int64)
    return [draw.entries(len(index), *draw.shape(2, 0, 3))], {"index": index, "size": size}


def _select(draw: Draw, *, back: bool = False) -> Arguments:
    shape = draw.shape(3, 0, 3, least_axes=1)
    key = index_key(draw, shape)
    if back:
        return [draw.entries(*np.empty(shape)[key].shape)], {"key": key, "shape": shape}
    return [draw.entries(*shape)], {"key": key}


def _argsort(draw: Draw) -> Arguments:
    shape = draw.shape(3, 0, 4, least_axes=1)
    axis, descending = draw.integer(0, len(shape) - 1), draw.whether()
    parameters = {"axis": axis, "descending": descending, "stable": True}
    return [np.nan_to_num(draw.ties(*shape))], parameters


CASES: dict[str, Callable[[Draw], Arguments]] = {
    "pad": _pad,
    "unfold": _unfold,
    "fold": _fold,
    "conv": _convolution("x", "tied"),
    "conv_input": _convolution("g", "tied", keyword="shape"),
    "conv_weight": _convolution("x", "g", keyword="kernel"),
    "local": _convolution("x", "free"),
    "local_input": _convolution("g", "free", keyword="shape"),
    "local_weight": _convolution("x", "g", keyword="kernel"),
    "link_product": _link,
    "link_weights": lambda draw: _link(draw, back=True),
    "max_pool_values": _max_pool,
    "max_pool": _max_pool,
    "pick": _pick,
    "place": _place,
    "max_pool_input": _max_pool_input,
    "sum_pool": _sum_pool,
    "sum_pool_input": lambda draw: _sum_pool(draw, back=True),
    "argsort": _argsort,
    "index_add": _index_add,
    "select": _select,
    "select_back": lambda draw: _select(draw, back=True),
    **NUMBER_CASES,
    **TRAINING_CASES,
}
"""Name of a kernel -> arguments of one call."""
