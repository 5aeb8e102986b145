"""DeZero."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

import numpy as np

np.int = int  # DeZero was written when NumPy still had this name

import dezero.functions as F  # noqa: E402
from dezero import Parameter, as_variable  # noqa: E402
from dezero.optimizers import Adam  # noqa: E402

from benchmarks.peers.words import forward  # noqa: E402
from benchmarks.works import Work  # noqa: E402

WORDS: dict[str, Callable[..., Any]] = {
    "conv": lambda x, w, b, padding: F.conv2d(x, w, b, 1, padding),
    "pool": lambda x, size: F.pooling(x, size, size),
    "dense": lambda x, w, b: F.linear(x, F.transpose(w), b),
    "flatten": F.flatten,
    "relu": F.relu,
}


def version() -> str:
    return installed("dezero")


def build(work: Work) -> Callable[[], float | None]:
    parameters = [[Parameter(array) for array in arrays] for arrays in work.weights()]
    every = [parameter for arrays in parameters for parameter in arrays]
    x, y = work.data()
    optimiser = Adam()  # its step is that of PyTorch up to where eps is added

    def step() -> float:
        loss = F.softmax_cross_entropy(forward(work.layers, parameters, as_variable(x), WORDS), y)
        for parameter in every:
            parameter.cleargrad()
        loss.backward()
        optimiser.t += 1
        for parameter in every:
            optimiser.update_one(parameter)
        return float(loss.data)

    return step
