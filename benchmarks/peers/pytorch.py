"""PyTorch on the CPU."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import nn, optim

from benchmarks.works import Layer, Work

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))


def version() -> str:
    return torch.__version__


def _layer(layer: Layer) -> Any:
    if layer[0] == "conv":
        return nn.Conv2d(*layer[1:4], padding=layer[4])
    makers = {
        "norm": nn.BatchNorm2d,
        "relu": nn.ReLU,
        "pool": nn.MaxPool2d,
        "flatten": nn.Flatten,
        "dense": nn.Linear,
    }
    return makers[layer[0]](*layer[1:])


def build(work: Work) -> Callable[[], Any]:
    if work.kind == "chain":
        start, one = torch.ones(4, requires_grad=True), torch.ones(4)

        def chain() -> Any:
            start.grad, x = None, start
            for _ in range(work.operations // 2):
                x = x * 1.0001 + one
            x.sum().backward()
            return start.grad

        return chain
    model = nn.Sequential(*map(_layer, work.layers))
    with torch.no_grad():
        for layer, arrays in zip(model, work.weights(), strict=True):
            for parameter, array in zip(layer.parameters(), arrays, strict=True):
                parameter.copy_(torch.tensor(array))
    x, y = map(torch.tensor, work.data())
    if work.kind == "infer":

        def infer() -> Any:
            with torch.no_grad():
                return model(x)

        return infer
    optimiser: Any = (
        optim.Adam(model.parameters(), lr=1e-3)
        if work.optimiser == "adam"
        else optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
    )

    def step() -> float:
        loss = nn.functional.cross_entropy(model(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return step
