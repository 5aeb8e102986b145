"""What hypothesis draws for these tests, and how a result is compared with NumPy's."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minitorch_cnn as mt
from cuda_emulator import emulator

Array = np.ndarray[Any, np.dtype[Any]]
Draw = Callable[[Any], Any]

# On emulated CUDA, where nearly every example of another dtype is a kernel to compile, a few do.
FEW = settings(max_examples=4 if emulator.available() else 12)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.5, 1e30, -1e-30, np.inf, -np.inf, np.nan]


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0) -> Any:
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=3)


def entries(dtype: Any, low: int | None = None, high: int | None = None) -> Any:
    """Entries with all that is special: limits of integers, infinities, NaN and both zeros."""
    if dtype.kind == "b":
        return st.booleans()
    if dtype.kind == "f":
        if low is not None:
            return st.floats(low, high, width=32)
        return st.sampled_from(SPECIAL) | st.floats(-10, 10, width=32)
    info = np.iinfo(dtype)
    first = int(info.min) if low is None else max(low, int(info.min))
    last = int(info.max) if high is None else min(high, int(info.max))
    return st.integers(first, last) | st.integers(max(first, -3), min(last, 3))


def arrays(dtype: Any, shape: Any, **limits: Any) -> Any:
    return hnp.arrays(dtype, shape, elements=entries(dtype, **limits), fill=st.nothing())


def same(found: Any, expected: Any, dtype: Any = None, tolerance: float = 4) -> None:
    """Equal shape, dtype and entries; floats to a few units in the last place, signs of 0 too."""
    expected = np.asarray(expected)
    assert isinstance(found, mt.Tensor)
    assert found.dtype == (expected.dtype if dtype is None else dtype)
    assert found.shape == expected.shape
    values = found.detach().numpy()
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(values, expected)
        return
    eps = float(np.finfo(found.dtype).eps)
    np.testing.assert_allclose(values, expected, rtol=tolerance * eps, atol=tolerance * eps)
    zero = (expected == 0) & (values == 0)
    np.testing.assert_array_equal(np.signbit(values[zero]), np.signbit(expected[zero]))


def quietly(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """The result, without NumPy's warnings about 1/0 and the like."""
    with np.errstate(all="ignore"):
        return function(*args, **options)


def tensors(arrays_: Sequence[Any]) -> list[Any]:
    return [mt.tensor(a) if isinstance(a, np.ndarray) else a for a in arrays_]


def drawn(test: Callable[..., None]) -> Callable[..., None]:
    """The test on a few examples of what it draws from its argument ``data``."""
    return FEW(given(data=st.data())(test))
