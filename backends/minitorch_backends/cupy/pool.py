"""CuPy kernels of pooling: one thread for each window on the way there, each entry on the way back.

On the way back every entry looks at the windows that hold it, so nothing is added by two threads.

Same names, signatures and meaning as in ``portable.py``; may import the files beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_backends.cupy.geometry import PARAMETERS, STEPS, Window, in_memory, split
from minitorch_backends.cupy.launch import Elementwise, empty
from minitorch_backends.protocol import Array, Kernel
from minitorch_backends.windows import Pairs, output_sizes

Ints = Sequence[int]

_POSITION = split("i", n="N", c="C", o0="O0", o1="O1", o2="O2")
_OVER_THE_WINDOW = """
for (int k0 = 0; k0 < K0; ++k0) {
    int a0 = o0 * S0 - P0 + k0 * D0;
    if (a0 < 0 || a0 >= I0) continue;
    for (int k1 = 0; k1 < K1; ++k1) {
        int a1 = o1 * S1 - P1 + k1 * D1;
        if (a1 < 0 || a1 >= I1) continue;
        for (int k2 = 0; k2 < K2; ++k2) {
            int a2 = o2 * S2 - P2 + k2 * D2;
            if (a2 < 0 || a2 >= I2) continue;
            ptrdiff_t cell = ((ptrdiff_t)a0 * I1 + a1) * I2 + a2;
            T value = x[n * picture_step + c * channel_step + cell];
            VISIT
        }
    }
}
"""
_ENTRY = split("i", p="", a0="I0", a1="I1", a2="I2")
_OVER_THE_WINDOWS_OF_AN_ENTRY = """
typename Wider<T>::type sum = 0;
for (int k0 = 0; k0 < K0; ++k0) {
    int t0 = a0 + P0 - k0 * D0, o0 = t0 / S0;
    if (t0 < 0 || t0 % S0 || o0 >= O0) continue;
    for (int k1 = 0; k1 < K1; ++k1) {
        int t1 = a1 + P1 - k1 * D1, o1 = t1 / S1;
        if (t1 < 0 || t1 % S1 || o1 >= O1) continue;
        for (int k2 = 0; k2 < K2; ++k2) {
            int t2 = a2 + P2 - k2 * D2, o2 = t2 / S2;
            if (t2 < 0 || t2 % S2 || o2 >= O2) continue;
            ptrdiff_t window = ((p * O0 + o0) * O1 + o1) * O2 + o2;
            VISIT
        }
    }
}
x = sum;
"""

largest_value_of = Elementwise(
    "max_pool_values",
    f"raw T x, {STEPS}, int32 C, {PARAMETERS}",
    "T best",
    _POSITION
    + "T most = 0; bool found = false;"
    + _OVER_THE_WINDOW.replace(
        "VISIT",
        "if (!found || value > most || value != value) { most = value; found = true; }",
    )
    + "best = most;",
)
largest_of = Elementwise(
    "max_pool",
    f"raw T x, {STEPS}, int32 C, {PARAMETERS}",
    "T best, int64 index",
    _POSITION
    + "T most = 0; ptrdiff_t found = -1;"
    # The first of equal entries stays; as in PyTorch, NaN wins over every number.
    + _OVER_THE_WINDOW.replace(
        "VISIT",
        "if (found < 0 || value > most || (value != value && most == most)) "
        "{ most = value; found = cell; }",
    )
    + "best = most; index = found;",
)
largest_back = Elementwise(
    "max_pool_input",
    f"raw T g, raw int64 index, {PARAMETERS}",
    "T x",
    _ENTRY
    + "ptrdiff_t cell = ((ptrdiff_t)a0 * I1 + a1) * I2 + a2;"
    + _OVER_THE_WINDOWS_OF_AN_ENTRY.replace(
        "VISIT", "if (index[window] == cell) sum += g[window];"
    ),
)
sum_of = Elementwise(
    "sum_pool",
    f"raw T x, {STEPS}, int32 C, {PARAMETERS}",
    "T y",
    _POSITION
    + "typename Wider<T>::type sum = 0;"
    + _OVER_THE_WINDOW.replace("VISIT", "sum += value;")
    + "y = sum;",
)
sum_back = Elementwise(
    "sum_pool_input",
    f"raw T g, {PARAMETERS}",
    "T x",
    _ENTRY + _OVER_THE_WINDOWS_OF_AN_ENTRY.replace("VISIT", "sum += g[window];"),
)


def max_pool_values(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> Array:
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    window = Window(x.shape[2:], positions, kernel, stride, padding, dilation)
    out = empty((*x.shape[:2], *positions), x)
    return largest_value_of(*in_memory(x), x.shape[1], *window.numbers, out)


def max_pool(
    x: Array, *, kernel: Ints, stride: Ints, padding: Pairs, dilation: Ints
) -> tuple[Array, Array]:
    positions = output_sizes(x.shape[2:], kernel, stride, padding, dilation)
    window = Window(x.shape[2:], positions, kernel, stride, padding, dilation)
    shape = (*x.shape[:2], *positions)
    out = empty(shape, x), empty(shape, x, "int64")
    best, index = largest_of(*in_memory(x), x.shape[1], *window.numbers, *out)
    return best, index


def max_pool_input(
    g: Array,
    *,
    index: Array,
    shape: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Pairs,
    dilation: Ints,
) -> Array:
    window = Window(shape[2:], g.shape[2:], kernel, stride, padding, dilation)
    return largest_back(g, index, *window.numbers, empty(shape, g))


def sum_pool(x: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    ones = (1,) * len(kernel)
    positions = output_sizes(shape[2:], kernel, stride, padding, ones)
    window = Window(shape[2:], positions, kernel, stride, padding, ones)
    out = empty((*shape[:2], *positions), x)
    return sum_of(*in_memory(x), x.shape[1], *window.numbers, out)


def sum_pool_input(g: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pairs) -> Array:
    ones = (1,) * len(kernel)
    window = Window(shape[2:], g.shape[2:], kernel, stride, padding, ones)
    return sum_back(g, *window.numbers, empty(shape, g))


KERNELS: dict[str, Kernel] = {
    f.__name__: f for f in (max_pool_values, max_pool, max_pool_input, sum_pool, sum_pool_input)
}
