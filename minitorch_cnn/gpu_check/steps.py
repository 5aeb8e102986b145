"""A training step on the device: the host does not wait for it, and it takes no new memory.

For the CuPy backend. May import ``training``, ``timing`` and ``report``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import minitorch_cnn as mt
from minitorch_cnn import models, nn, optim
from minitorch_cnn.backend import use_backend
from minitorch_cnn.gpu_check.report import Outcome
from minitorch_cnn.gpu_check.timing import milliseconds
from minitorch_cnn.gpu_check.training import digits

WARM_UP, MEASURED = 5, 10
LONGER = 5
"""The device is kept busy for this many times as long as the host takes to issue a step."""
SIDE, SIDE_EMULATED = 2048, 128
"""Of the matrices whose products keep the device busy."""
MEBIBYTE = 1 << 20


def lenet_step(home: Any, size: int) -> Callable[[], Any]:
    """A function that does one step of LeNet, its batch brought from the host each time."""
    pictures, labels = digits(size)
    with use_backend(home):
        net = models.lenet()
        optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def step() -> Any:
        x, y = mt.tensor(pictures, backend=home), mt.tensor(labels, backend=home)
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def check_steps(home: Any, size: int, *, emulated: bool) -> Iterator[Outcome]:
    step = lenet_step(home, size)
    for _ in range(WARM_UP):
        step()
    home.synchronize()
    yield _check_asynchronous(home, step, emulated=emulated)
    yield _check_memory(home, step)


def _check_asynchronous(home: Any, step: Callable[[], Any], *, emulated: bool) -> Outcome:
    """Issue a step while the device is busy with something longer: it must still be busy then."""
    import cupy

    start = time.perf_counter()
    step()
    issued = time.perf_counter() - start
    home.synchronize()
    name = "the host does not wait in a step"
    with home.device:
        keep_busy = _long_work(LONGER * issued * 1e3, SIDE_EMULATED if emulated else SIDE)
        over = cupy.cuda.Event()
        home.synchronize()
        keep_busy()
        over.record()
        if over.done:
            return Outcome("skip", name, "the device was done before the step could be issued")
        start = time.perf_counter()
        step()
        busy, issued = not over.done, time.perf_counter() - start
    home.synchronize()
    total = time.perf_counter() - start
    if not busy:
        return Outcome("fail", name, "it waited until work that was queued before it was done")
    if emulated:
        return Outcome("ok", name, "issued while the device was busy")
    figures = {"issued_ms": issued * 1e3, "until_done_ms": total * 1e3}
    detail = f"issued in {issued * 1e3:.1f} ms while the device was busy for {total * 1e3:.0f} ms"
    return Outcome("ok", name, detail, figures)


def _long_work(least: float, side: int) -> Callable[[], None]:
    """A function that queues matrix products of about ``least`` milliseconds or more."""
    import cupy

    a = cupy.ones((side, side), dtype="float32")
    out = cupy.empty_like(a)
    one = milliseconds(lambda: cupy.matmul(a, a, out=out), repeat=2)
    count = min(200, 1 + int(least / max(one, 1e-3)))

    def queue() -> None:
        for _ in range(count):
            cupy.matmul(a, a, out=out)

    return queue


def _check_memory(home: Any, step: Callable[[], Any]) -> Outcome:
    home.free_memory()
    for _ in range(WARM_UP):
        step()
    home.synchronize()
    before = home.memory().kept
    for _ in range(MEASURED):
        step()
    home.synchronize()
    after = home.memory()
    name = "a warm step takes no new memory"
    figures = {"kept_bytes": before, "kept_later_bytes": after.kept, "free_bytes": after.free}
    if after.kept <= before:
        detail = f"{MEASURED} steps within {before / MEBIBYTE:.1f} MiB of the device"
        return Outcome("ok", name, detail, figures)
    grown = (after.kept - before) / MEBIBYTE
    return Outcome("fail", name, f"{grown:.1f} MiB more in {MEASURED} steps", figures)
