"""autograd, which has no layers and no optimisers: both are written in its NumPy."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

import autograd.numpy as np
from autograd import value_and_grad

from benchmarks.peers.adam import Adam
from benchmarks.peers.words import forward
from benchmarks.works import Work


def _conv(x: Any, w: Any, b: Any, padding: int) -> Any:
    """Windows are the shifted pictures, one for each place of the kernel."""
    outputs, _, *kernel = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="constant")
    rows, columns = (n - k + 1 for n, k in zip(x.shape[2:], kernel, strict=True))
    shifted = [
        x[:, :, i : i + rows, j : j + columns] for i in range(kernel[0]) for j in range(kernel[1])
    ]
    windows = np.reshape(np.stack(shifted, axis=2), (len(x), -1, rows * columns))
    y = np.matmul(np.reshape(w, (outputs, -1)), windows) + np.reshape(b, (-1, 1))
    return np.reshape(y, (len(x), outputs, rows, columns))


def _pool(x: Any, size: int) -> Any:
    n, c, h, w = x.shape
    blocks = np.reshape(x, (n, c, h // size, size, w // size, size))
    return np.max(np.max(blocks, axis=5), axis=3)


WORDS: dict[str, Callable[..., Any]] = {
    "conv": _conv,
    "pool": _pool,
    "dense": lambda x, w, b: np.dot(x, w.T) + b,
    "flatten": lambda x: np.reshape(x, (len(x), -1)),
    "relu": lambda x: np.maximum(x, 0),
}


def version() -> str:
    return installed("autograd")


def build(work: Work) -> Callable[[], float | None]:
    parameters = work.weights()
    states = [[Adam(array) for array in arrays] for arrays in parameters]
    x, y = work.data()

    def loss(parameters: Any) -> Any:
        scores = forward(work.layers, parameters, x, WORDS)
        scores = scores - np.max(scores, axis=1, keepdims=True)
        right = scores[np.arange(len(y)), y]
        return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - right)

    loss_and_gradients = value_and_grad(loss)

    def step() -> float:
        value, gradients = loss_and_gradients(parameters)
        for arrays, of_arrays, of_states in zip(parameters, gradients, states, strict=True):
            for array, gradient, state in zip(arrays, of_arrays, of_states, strict=True):
                array -= state.step(gradient)
        return float(value)

    return step
