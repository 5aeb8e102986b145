"""MyGrad, which has no optimisers: Adam is written in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

import mygrad
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.peers.adam import Adam
from benchmarks.peers.words import forward
from benchmarks.works import Work


def _conv(x: Any, w: Any, b: Any, padding: int) -> Any:
    return conv_nd(x, w, stride=1, padding=padding) + b.reshape(1, -1, 1, 1)


WORDS: dict[str, Callable[..., Any]] = {
    "conv": _conv,
    "pool": lambda x, size: max_pool(x, (size, size), size),
    "dense": lambda x, w, b: mygrad.matmul(x, w.T) + b,
    "flatten": lambda x: x.reshape(x.shape[0], -1),
    "relu": relu,
}


def version() -> str:
    return installed("mygrad")


def build(work: Work) -> Callable[[], float | None]:
    parameters = [[mygrad.tensor(array) for array in arrays] for arrays in work.weights()]
    every = [(parameter, Adam(parameter.data)) for arrays in parameters for parameter in arrays]
    x, y = work.data()

    def step() -> float:
        loss = softmax_crossentropy(forward(work.layers, parameters, x, WORDS), y)
        loss.backward()
        value = float(loss)
        for parameter, state in every:
            parameter.data -= state.step(parameter.grad)
            parameter.null_grad()
        return value

    return step
