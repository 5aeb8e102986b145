"""CuPy kernels of the convolution triad: windows gathered into one matrix, one matrix product.

Columns are ``(C * kernel, N * positions)``, so that the product over a whole batch is a single
two-dimensional one, and the other two products of the triad read transposed views of the same
layout without a copy. Padding is never stored: the gathering kernel puts zeros. Results keep the
product's layout in memory (channels outermost) and are seen as ``(N, C, *spatial)``.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from minitorch_backends.cupy.geometry import (
    PARAMETERS,
    STEPS,
    Window,
    channels_outermost,
    in_memory,
    split,
)
from minitorch_backends.cupy.launch import Elementwise, Reduction, empty
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, output_sizes

Ints = Sequence[int]

COLUMN_BYTES = 1 << 28
"""About as much memory is used for columns at a time; larger batches go in parts."""

# --- kernels ------------------------------------------------------------------------------------

_WINDOW_ENTRY = """
int a0 = o0 * S0 - P0 + k0 * D0, a1 = o1 * S1 - P1 + k1 * D1, a2 = o2 * S2 - P2 + k2 * D2;
bool inside = a0 >= 0 && a0 < I0 && a1 >= 0 && a1 < I1 && a2 >= 0 && a2 < I2;
ptrdiff_t at = n * picture_step + c * channel_step + ((ptrdiff_t)a0 * I1 + a1) * I2 + a2;
column = inside ? x[at] : T(0);
"""
_KERNEL = {"k0": "K0", "k1": "K1", "k2": "K2"}
_PLACE = {"o0": "O0", "o1": "O1", "o2": "O2"}

columns_of = Elementwise(
    "columns",
    f"raw T x, {STEPS}, int32 N, int32 C, {PARAMETERS}",
    "T column",
    split("i", c="C", **_KERNEL, n="N", **_PLACE) + _WINDOW_ENTRY,
)
unfolded_of = Elementwise(
    "unfold",
    f"raw T x, {STEPS}, int32 N, int32 C, {PARAMETERS}",
    "T column",
    split("i", n="N", c="C", **_KERNEL, **_PLACE) + _WINDOW_ENTRY,
)


def _gathering(name: str, column: str) -> Elementwise:
    """The adjoint: every entry of the picture looks up the windows that hold it, in order."""
    return Elementwise(
        name,
        f"raw T columns, int32 N, int32 C, {PARAMETERS}",
        "T x",
        split("i", n="N", c="C", a0="I0", a1="I1", a2="I2")
        + f"""
typename Wider<T>::type sum = 0;
for (int k0 = 0; k0 < K0; ++k0) {{
    int t0 = a0 + P0 - k0 * D0, o0 = t0 / S0;
    if (t0 < 0 || t0 % S0 || o0 >= O0) continue;
    for (int k1 = 0; k1 < K1; ++k1) {{
        int t1 = a1 + P1 - k1 * D1, o1 = t1 / S1;
        if (t1 < 0 || t1 % S1 || o1 >= O1) continue;
        for (int k2 = 0; k2 < K2; ++k2) {{
            int t2 = a2 + P2 - k2 * D2, o2 = t2 / S2;
            if (t2 < 0 || t2 % S2 || o2 >= O2) continue;
            ptrdiff_t at = {column};
            sum += columns[at];
        }}
    }}
}}
x = sum;
""",
    )


_ENTRY = "((({outer}) * O0 + o0) * O1 + o1) * O2 + o2"
_PLACE_OF_KERNEL = "(({outer} * K0 + k0) * K1 + k1) * K2 + k2"
from_columns = _gathering(
    "from_columns",
    _ENTRY.format(outer="(" + _PLACE_OF_KERNEL.format(outer="(ptrdiff_t)c") + ") * N + n"),
)
folded_of = _gathering(
    "fold", _ENTRY.format(outer=_PLACE_OF_KERNEL.format(outer="((ptrdiff_t)n * C + c)"))
)

each_channel_alone = Elementwise(
    "depthwise",
    f"raw T x, raw T w, int32 C, int32 M, {PARAMETERS}",
    "T y",
    split("i", n="N", q="C * M", o0="O0", o1="O1", o2="O2")
    + """
int c = q / M;
typename Wider<T>::type sum = 0;
for (int k0 = 0; k0 < K0; ++k0) {
    int a0 = o0 * S0 - P0 + k0 * D0;
    if (a0 < 0 || a0 >= I0) continue;
    for (int k1 = 0; k1 < K1; ++k1) {
        int a1 = o1 * S1 - P1 + k1 * D1;
        if (a1 < 0 || a1 >= I1) continue;
        for (int k2 = 0; k2 < K2; ++k2) {
            int a2 = o2 * S2 - P2 + k2 * D2;
            if (a2 < 0 || a2 >= I2) continue;
            sum += typename Wider<T>::type(x[(((n * C + c) * I0 + a0) * I1 + a1) * I2 + a2])
                 * typename Wider<T>::type(w[(((ptrdiff_t)q * K0 + k0) * K1 + k1) * K2 + k2]);
        }
    }
}
y = sum;
""",
)
each_channel_alone_input = Elementwise(
    "depthwise_input",
    f"raw T g, raw T w, int32 C, int32 M, {PARAMETERS}",
    "T x",
    split("i", n="N", c="C", a0="I0", a1="I1", a2="I2")
    + """
typename Wider<T>::type sum = 0;
for (int q = c * M; q < (c + 1) * M; ++q)
for (int k0 = 0; k0 < K0; ++k0) {
    int t0 = a0 + P0 - k0 * D0, o0 = t0 / S0;
    if (t0 < 0 || t0 % S0 || o0 >= O0) continue;
    for (int k1 = 0; k1 < K1; ++k1) {
        int t1 = a1 + P1 - k1 * D1, o1 = t1 / S1;
        if (t1 < 0 || t1 % S1 || o1 >= O1) continue;
        for (int k2 = 0; k2 < K2; ++k2) {
            int t2 = a2 + P2 - k2 * D2, o2 = t2 / S2;
            if (t2 < 0 || t2 % S2 || o2 >= O2) continue;
            sum += typename Wider<T>::type(g[(((n * C * M + q) * O0 + o0) * O1 + o1) * O2 + o2])
                 * typename Wider<T>::type(w[(((ptrdiff_t)q * K0 + k0) * K1 + k1) * K2 + k2]);
        }
    }
}
x = sum;
""",
)
sum_of_products = Reduction(
    "sum_of_products",
    "T a, T b",
    "T total",
    "typename Wider<T>::type(a) * typename Wider<T>::type(b)",
    "a + b",
    "total = a",
    "0",
    "typename Wider<T>::type",
)

# --- the two linear maps between pictures and windows -------------------------------------------


def unfold(x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints) -> Array:
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    window = Window(x.shape[2:], positions, kernel, stride, padding, dilation)
    out = empty((*x.shape[:2], *kernel, *positions), x)
    return unfolded_of(*in_memory(x), *x.shape[:2], *window.numbers, out)


def fold(
    columns: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    positions = columns.shape[2 + len(kernel) :]
    window = Window(shape[2:], positions, kernel, stride, padding, dilation)
    return folded_of(columns, *shape[:2], *window.numbers, empty(shape, columns))


# --- the triad ----------------------------------------------------------------------------------


def conv(x: Array, w: Array, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int) -> Array:
    kernel = w.shape[2:]
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    window = Window(x.shape[2:], positions, kernel, stride, padding, dilation)
    shape = (x.shape[0], w.shape[0], *positions)
    if _is_depthwise(w, groups):
        multiple = w.shape[0] // groups
        return each_channel_alone(x, w, groups, multiple, *window.numbers, empty(shape, x))
    rows = w.reshape(w.shape[0], -1)
    out = empty((w.shape[0], x.shape[0], math.prod(positions)), x)
    for part in _parts(x, kernel, positions):
        columns = _columns(x[part], window)
        _products(rows, columns, groups, out[:, part])
    return _pictures_first(out, positions)


def conv_input(
    g: Array, w: Array, *, shape: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    kernel, positions = w.shape[2:], g.shape[2:]
    window = Window(shape[2:], positions, kernel, stride, padding, dilation)
    out = empty(shape, g)
    if _is_depthwise(w, groups):
        multiple = w.shape[0] // groups
        return each_channel_alone_input(g, w, groups, multiple, *window.numbers, out)
    depth, outputs = w.shape[1] * math.prod(kernel), w.shape[0] // groups
    rows = w.reshape(groups, outputs, depth)
    for part in _parts(out, kernel, positions):
        upstream = _channels_first(g[part])
        columns = empty((groups * depth, upstream.shape[1]), g)
        for group in range(groups):
            here = slice(group * depth, (group + 1) * depth)
            there = slice(group * outputs, (group + 1) * outputs)
            _product(rows[group].T, upstream[there], columns[here])
        pictures = out[part]
        from_columns(columns, *pictures.shape[:2], *window.numbers, pictures)
    return out


def conv_weight(
    x: Array, g: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Array:
    depth, outputs, positions = x.shape[1] // groups, g.shape[1] // groups, g.shape[2:]
    window = Window(x.shape[2:], positions, kernel, stride, padding, dilation)
    places = depth * math.prod(kernel)
    total: Array = None
    for part in _parts(x, kernel, positions):
        columns, upstream = _columns(x[part], window), _channels_first(g[part])
        if depth == 1 and groups > 1:
            sums = sum_of_products(
                columns.reshape(groups, 1, places, -1),
                upstream.reshape(groups, outputs, 1, -1),
                axis=3,
            )
        else:
            sums = empty((groups, outputs, places), x)
            for group in range(groups):
                here = slice(group * places, (group + 1) * places)
                there = slice(group * outputs, (group + 1) * outputs)
                _product(upstream[there], columns[here].T, sums[group])
        total = sums if total is None else total + sums
    return total.reshape(g.shape[1], depth, *kernel)


def _is_depthwise(w: Array, groups: int) -> bool:
    """Whether each output looks at one channel: then a matrix product has nothing to share."""
    return groups > 1 and w.shape[1] == 1


def _parts(x: Array, kernel: Ints, positions: Ints) -> Iterator[slice]:
    """Parts of the batch whose columns fit into the budget; of an empty batch, one."""
    one = x.shape[1] * math.prod(kernel) * math.prod(positions) * x.itemsize
    step = max(1, COLUMN_BYTES // max(1, one))
    for start in range(0, max(1, x.shape[0]), step):
        yield slice(start, start + step)


def _columns(x: Array, window: Window) -> Array:
    """``(C * kernel, N * positions)``; windows of one entry are the picture itself."""
    if window.is_pointwise:
        return _channels_first(x)
    rows = x.shape[1] * math.prod(window.kernel)
    columns = empty((rows, x.shape[0] * math.prod(window.positions)), x)
    return columns_of(*in_memory(x), *x.shape[:2], *window.numbers, columns)


def _channels_first(x: Array) -> Array:
    """``(N, C, *spatial)`` as ``(C, N * spatial)``: a view of what a convolution returned."""
    return channels_outermost(x).reshape(x.shape[1], -1)


def _pictures_first(x: Array, positions: Ints) -> Array:
    """``(C, N, positions)`` seen as ``(N, C, *positions)``."""
    return channels_outermost(x.reshape(*x.shape[:2], *positions))


def _products(rows: Array, columns: Array, groups: int, out: Array) -> None:
    """``out (O, N, positions)``: each group's rows times its columns."""
    outputs, places = rows.shape[0] // groups, columns.shape[0] // groups
    for group in range(groups):
        there = slice(group * outputs, (group + 1) * outputs)
        here = slice(group * places, (group + 1) * places)
        _product(rows[there], columns[here], out[there])


def _product(a: Array, b: Array, out: Array) -> None:
    """``out[...] = a @ b``, straight into ``out`` where it is one piece of memory."""
    import cupy

    if out.size == 0:
        return
    if out.flags.c_contiguous:
        cupy.matmul(a, b, out=out.reshape(a.shape[0], b.shape[1]))
    else:
        out[...] = (a @ b).reshape(out.shape)


KERNELS: dict[str, Kernel] = {f.__name__: f for f in (unfold, fold, conv, conv_input, conv_weight)}
