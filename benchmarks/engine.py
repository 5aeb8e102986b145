"""What the engine itself costs: per operation on tiny tensors, for a long chain, and at import.

    python -m benchmarks.engine

Every figure is the best of several runs beside NumPy's own time in the same process, so the ratio
is what to trust on a busy machine.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from statistics import median

import numpy as np

import minitorch_cnn as mt
from minitorch_cnn import nn, optim

CHAIN = 1000
"""Operations in the chain ``x = x * 1.0001`` on 4 numbers."""


def best(function: Callable[[], object], runs: int = 40) -> float:
    """Seconds of the fastest of ``runs`` calls."""
    fastest = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        function()
        fastest = min(fastest, time.perf_counter() - start)
    return fastest


def numpy_chain() -> None:
    x = np.ones(4, np.float32)
    for _ in range(CHAIN):
        x = x * 1.0001


def chain(x: mt.Tensor, length: int = CHAIN) -> mt.Tensor:
    for _ in range(length):
        x = x * 1.0001
    return x


def cost_per_operation() -> None:
    """Forward, and forward with backward, per operation of the chain."""
    leaf, plain = mt.ones(4, requires_grad=True), mt.ones(4)
    upstream = mt.ones(4)
    rows = {
        "NumPy": best(numpy_chain),
        "not recorded": best(lambda: chain(plain)),
        "recorded": best(lambda: chain(leaf)),
        "forward + backward": best(lambda: chain(leaf).backward(upstream)),
    }
    base = rows["NumPy"]
    print(f"per operation, chain of {CHAIN} on 4 float32 numbers")
    for name, seconds in rows.items():
        microseconds = seconds / CHAIN * 1e6
        print(f"  {name:20} {microseconds:6.2f} us   (NumPy + {microseconds - base * 1e3:.2f})")


def long_chain(length: int = 100_000) -> None:
    """A chain far deeper than Python's stack: forward, backward and freeing it."""
    leaf = mt.ones(4, requires_grad=True)
    start = time.perf_counter()
    out = chain(leaf, length)
    out.backward(mt.ones(4))
    del out
    print(
        f"chain of {length:,} operations, forward + backward: {time.perf_counter() - start:.2f} s"
    )


def memory_of_training(steps: int = 1000) -> None:
    """Growth of memory over many training steps with the garbage collector off."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(36, 10, rng=rng),
    )
    optimiser = optim.Adam(model.parameters(), lr=1e-3)
    pictures = mt.tensor(rng.standard_normal((8, 1, 8, 8)).astype(np.float32))
    labels = mt.tensor(rng.integers(0, 10, 8))

    def step() -> None:
        loss = nn.functional.cross_entropy(model(pictures), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    gc.disable()
    tracemalloc.start()
    for _ in range(2 * steps):  # Python's own free lists fill up
        step()
    before, _ = tracemalloc.get_traced_memory()
    objects = len(gc.get_objects())
    for _ in range(steps):
        step()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    grown = len(gc.get_objects()) - objects
    gc.enable()
    print(
        f"{steps} training steps without garbage collection: {after - before:+d} bytes, "
        f"{grown:+d} objects"
    )


def import_time(runs: int = 7) -> None:
    """Seconds that ``import minitorch_cnn`` adds to ``import numpy``, each in a new process."""
    code = (
        "import time; import numpy; t = time.perf_counter(); import minitorch_cnn; "
        "print(time.perf_counter() - t)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(runs)
    ]
    print(f"import minitorch_cnn after numpy: {median(times):.3f} s (median of {runs})")


if __name__ == "__main__":
    cost_per_operation()
    long_chain()
    memory_of_training()
    import_time()
