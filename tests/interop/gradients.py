"""One comparison for all libraries: a function of theirs on tensors and on NumPy arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

import minitorch_cnn as mt

STEP = 1e-6


def check(function: Callable[..., Any], *arrays: np.ndarray[Any, Any]) -> None:
    """Equal values, and the gradient in every array against central differences."""
    rng = np.random.default_rng(0)
    expected = np.asarray(function(*arrays))
    tensors = [mt.tensor(array, requires_grad=True) for array in arrays]
    out = function(*tensors)
    assert isinstance(out, mt.Tensor)
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-9, atol=1e-12)
    weights = rng.normal(size=expected.shape)
    (out * mt.tensor(weights)).sum().backward()
    for position, (array, tensor) in enumerate(zip(arrays, tensors, strict=True)):
        direction = rng.normal(size=array.shape)
        ends = []
        for sign in (1, -1):
            moved = [*arrays]
            moved[position] = array + sign * STEP * direction
            ends.append((np.asarray(function(*moved)) * weights).sum())
        slope = (ends[0] - ends[1]) / (2 * STEP)
        assert tensor.grad is not None, f"argument {position} got no gradient"
        got = (tensor.grad.numpy() * direction).sum()
        np.testing.assert_allclose(got, slope, rtol=1e-4, atol=1e-6)
