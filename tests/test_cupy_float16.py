"""float16 on CuPy: long sums are taken in float32 and rounded once, forward and backward.

Each operation adds up thousands of positive terms, which a float16 sum would stop short of (next to
512 is 512.5, so smaller terms than a quarter are lost). Results in float64 on NumPy, from the same
rounded inputs, are the reference. On a GPU and on emulated CUDA; skipped where neither is there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn.backend import get_backend
from minitorch_cnn.nn import functional as F

try:
    get_backend("cupy")
except (ValueError, mt.BackendUnavailable) as unavailable:
    pytest.skip(str(unavailable), allow_module_level=True)

EPS = float(np.finfo(np.float16).eps)

# What is computed, the shapes of its inputs, and how many units in the last place of the largest
# entry it may be off: one, unless values that are rounded on the way weigh more.
OPERATIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]], float]] = {
    "matmul": (lambda x, y: x @ y, [(3, 4096), (4096, 2)], 1),
    "linear": (F.linear, [(3, 3000), (2, 3000), (2,)], 1),
    "conv1d": (F.conv1d, [(2, 3, 3000), (2, 3, 1000), (2,)], 1),
    "conv2d": (lambda x, w: F.conv2d(x, w, padding=1), [(2, 512, 4, 4), (3, 512, 3, 3)], 1),
    "conv2d-1x1": (F.conv2d, [(2, 4096, 2, 2), (3, 4096, 1, 1)], 1),
    "conv2d-depthwise": (
        lambda x, w: F.conv2d(x, w, groups=2),
        [(2, 2, 60, 60), (2, 1, 50, 50)],
        1,
    ),
    "conv2d-weight": (F.conv2d, [(2, 2, 64, 64), (2, 2, 3, 3)], 1),
    "conv_transpose2d": (F.conv_transpose2d, [(2, 4096, 2, 2), (4096, 2, 1, 1)], 1),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 60), [(1, 2, 60, 60)], 1),
    # Moments and their gradients are rounded, and the input's gradient is a small difference.
    "batch_norm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        [(8, 2, 24, 24), (2,), (2,)],
        24,
    ),
    "sum": (lambda x: mt.sum(x, axis=1), [(2, 4096)], 1),
    "mean": (lambda x: mt.mean(x, axis=1), [(2, 4096)], 1),
    "softmax": (lambda x: F.softmax(x, 1), [(2, 4096)], 1),
    # The gradient is taken from the result, logarithms around -8 that are rounded to 1/128.
    "log_softmax": (lambda x: F.log_softmax(x, 1), [(2, 4096)], 12),
    "index_add": (
        lambda x: mt.index_add(mt.zeros_like(x[:1]), mt.zeros(4096, dtype=mt.int64), x),
        [(4096, 2)],
        1,
    ),
}


def results(name: str, backend: str, dtype: Any) -> list[np.ndarray[Any, Any]]:
    """The value and the gradient in every input, for inputs around a half and an upstream of them.

    The upstream follows the first input, so that no gradient of a normalisation cancels out.
    """
    function, shapes, _ = OPERATIONS[name]
    rng = np.random.default_rng(0)
    with mt.use_backend(backend):
        inputs = [rng.uniform(0.25, 0.75, shape).astype(np.float16) for shape in shapes]
        tensors = [mt.tensor(x.astype(dtype), requires_grad=True) for x in inputs]
        y = function(*tensors)
        upstream = np.resize(inputs[0], y.shape) ** 2
        y.backward(mt.tensor(upstream.astype(dtype)))
        return [x.numpy() for x in (y.detach(), *(t.grad for t in tensors))]


@pytest.mark.parametrize("name", OPERATIONS)
def test_sums_are_rounded_once(name: str) -> None:
    found, expected = results(name, "cupy", np.float16), results(name, "numpy", np.float64)
    tolerance = OPERATIONS[name][2] * EPS
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == np.float16
        error = np.max(np.abs(a - b)) / np.max(np.abs(b))
        assert error <= tolerance


def test_sums_in_float16_would_fail() -> None:
    """The check above tells the two kinds of sum apart."""
    terms = np.random.default_rng(0).uniform(0.25, 0.75, (2, 4096)).astype(np.float16).prod(axis=0)
    running = np.cumsum(terms, dtype=np.float16)[-1]
    assert abs(running / np.sum(terms, dtype=np.float64) - 1) > 2 * 24 * EPS
