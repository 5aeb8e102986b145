"""How fast: memory, matrix products, and layers against NumPy on this machine's CPU.

For the CuPy backend. On an emulated device everything runs, on tiny sizes, and no time is shown.
May import ``timing``, ``steps``, ``children`` and ``report``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_backends.protocol import Backend
from minitorch_cnn import nn
from minitorch_cnn.backend import use_backend
from minitorch_cnn.gpu_check.kernels import relative_error
from minitorch_cnn.gpu_check.report import Outcome
from minitorch_cnn.gpu_check.steps import lenet_step
from minitorch_cnn.gpu_check.timing import milliseconds, wall_milliseconds

MEANINGLESS = "ran; its time means nothing"
COPIED_BYTES, COPIED_BYTES_EMULATED = 1 << 28, 1 << 20
SIDE, SIDE_EMULATED = 4096, 64
BATCHES, BATCHES_QUICK, BATCHES_EMULATED = (1, 8, 64, 512), (1, 8, 64), (1, 2)
TOLERANCES = {"float32": 1e-4, "float16": 1e-2}
TOLERANCE_TF32 = 1e-2
"""For sums of 4096 products; float16 and TF32 keep 11 bits of what is multiplied."""


def check_bandwidth(home: Any, *, emulated: bool) -> Iterator[Outcome]:
    """A copy reads and writes each byte once."""
    import cupy

    with home.device:
        size = min(COPIED_BYTES, home.memory().free // 8)
        count = (COPIED_BYTES_EMULATED if emulated else size) // 4
        source = cupy.arange(count, dtype="float32")
        target = cupy.empty_like(source)
        time = milliseconds(lambda: cupy.copyto(target, source))
        same = bool((source == target).all())
    name = "memory bandwidth"
    if not same:
        yield Outcome("fail", name, f"a copy of {4 * count} bytes differs from its source")
    elif emulated:
        yield Outcome("ok", name, MEANINGLESS)
    else:
        rate = 2 * 4 * count / time / 1e6
        detail = f"{rate:.0f} GB/s, copying {4 * count / 1e6:.0f} MB"
        yield Outcome("ok", name, detail, {"gigabytes_per_second": rate, "bytes": 4 * count})


def check_products(home: Any, *, emulated: bool) -> Iterator[Outcome]:
    rounded = os.environ.get("CUPY_TF32", "0") not in ("", "0")
    for dtype, tolerance in TOLERANCES.items():
        if dtype == "float32" and rounded:
            yield product_rate(home, "TF32", dtype, TOLERANCE_TF32, emulated=emulated)
        else:
            yield product_rate(home, dtype, dtype, tolerance, emulated=emulated)


def product_rate(home: Any, title: str, dtype: str, tolerance: float, *, emulated: bool) -> Outcome:
    """The rate of a square matrix product, one row of which is compared with NumPy's."""
    import cupy

    side = SIDE_EMULATED if emulated else SIDE
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, side, side), np.float32).astype(dtype)
    with home.device:
        on_device = cupy.asarray(a), cupy.asarray(b)
        out = cupy.empty_like(on_device[0])
        time = milliseconds(lambda: cupy.matmul(*on_device, out=out))
        row = cupy.asnumpy(out[side // 3])
    error = relative_error(row, a[side // 3].astype(np.float64) @ b.astype(np.float64))
    name, figures = f"matrix product, {title}", {"side": side, "relative_error": error}
    if not error <= tolerance:
        detail = f"relative error {error:.1e}, at most {tolerance:.0e}"
        return Outcome("fail", name, detail, figures)
    if emulated:
        return Outcome("ok", name, f"{MEANINGLESS}; relative error {error:.1e}", figures)
    rate = 2 * side**3 / time / 1e9
    detail = f"{rate:.1f} TFLOP/s at {side}x{side}, relative error {error:.1e}"
    return Outcome("ok", name, detail, {**figures, "teraflops": rate})


# --- the table ------------------------------------------------------------------------------------


def _convolution(home: Backend, size: int) -> Callable[[], Any]:
    return _forward_and_backward(home, lambda: nn.Conv2d(16, 32, 3, padding=1), (size, 16, 32, 32))


def _dense(home: Backend, size: int) -> Callable[[], Any]:
    return _forward_and_backward(home, lambda: nn.Dense(1024, 1024), (size, 1024))


def _forward_and_backward(
    home: Backend, make: Callable[[], nn.Module], shape: tuple[int, ...]
) -> Callable[[], Any]:
    with use_backend(home):
        layer, x = make(), mt.rand(*shape)

    def run() -> None:
        for parameter in layer.parameters():
            parameter.grad = None
        layer(x).sum().backward()

    return run


WORK: dict[str, Callable[[Any, int], Callable[[], Any]]] = {
    "conv 16 to 32, 32x32": _convolution,
    "dense 1024 to 1024": _dense,
    "step of LeNet": lenet_step,
}


def check_table(home: Any, reference: Backend, *, quick: bool, emulated: bool) -> Iterator[Outcome]:
    """Forward and backward on both, and the smallest batch with which the device is faster."""
    for name, make in WORK.items():
        if emulated:
            for size in BATCHES_EMULATED:
                make(home, size)()
            home.synchronize()
            yield Outcome("ok", f"speed, {name}", MEANINGLESS)
            continue
        rows = []
        for size in BATCHES_QUICK if quick else BATCHES:
            times = [wall_milliseconds(make(b, size), b) for b in (reference, home)]
            rows.append({"batch": size, "cpu_ms": times[0], "gpu_ms": times[1]})
        yield table_outcome(name, rows)


def table_outcome(name: str, rows: list[dict[str, float]]) -> Outcome:
    """A table in one line: times on CPU and GPU for each batch size."""
    wins = [row["batch"] for row in rows if row["gpu_ms"] < row["cpu_ms"]]
    cells = ", ".join(f"{r['batch']:.0f}: {r['cpu_ms']:.2f}/{r['gpu_ms']:.2f}" for r in rows)
    figures = {"rows": rows, "crossover": wins[0] if wins else None}
    ends = f"GPU faster from batch {wins[0]:.0f}" if wins else "GPU slower at every size"
    detail = f"{ends} (CPU/GPU in ms for batch {cells})"
    return Outcome("ok" if wins else "warn", f"speed, {name}", detail, figures)
