"""PyDyNet."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

import numpy as np
import pydynet.nn.functional as F
from pydynet import Tensor
from pydynet.optim import Adam

from benchmarks.peers.words import forward
from benchmarks.works import Work


def _conv(x: Any, w: Any, b: Any, padding: int) -> Any:
    return F.conv2d(x, w, padding) + b.reshape(1, -1, 1, 1)


WORDS: dict[str, Callable[..., Any]] = {
    "conv": _conv,
    "pool": lambda x, size: F.max_pool2d(x, size, size),
    "dense": lambda x, w, b: x @ w.T + b,
    "flatten": lambda x: x.reshape(x.shape[0], -1),
    "relu": F.relu,
}


def version() -> str:
    return installed("pydynet")


def build(work: Work) -> Callable[[], float | None]:
    parameters = [
        [Tensor(array, dtype=np.float32, requires_grad=True) for array in arrays]
        for arrays in work.weights()
    ]
    optimiser = Adam([parameter for arrays in parameters for parameter in arrays], lr=1e-3)
    x, y = work.data()
    inputs, labels = Tensor(x, dtype=np.float32), Tensor(y)

    def step() -> float:
        loss = F.cross_entropy_loss(forward(work.layers, parameters, inputs, WORDS), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return float(loss.item())

    return step
