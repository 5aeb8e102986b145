"""This project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import minitorch_cnn as mt
from benchmarks.works import Layer, Work
from minitorch_cnn import nn, optim


def version() -> str:
    return mt.__version__


def _layer(layer: Layer) -> Any:
    if layer[0] == "conv":
        return nn.Conv2d(*layer[1:4], padding=layer[4])
    if layer[0] == "dense":
        return nn.Dense(*layer[1:])
    makers = {"norm": nn.BatchNorm2d, "relu": nn.ReLU, "pool": nn.MaxPool2d, "flatten": nn.Flatten}
    return makers[layer[0]](*layer[1:])


def build(work: Work) -> Callable[[], float | None]:
    if work.kind == "chain":
        start, one = mt.ones(4, requires_grad=True), mt.ones(4)

        def chain() -> None:
            x = start
            for _ in range(work.operations // 2):
                x = x * 1.0001 + one
            x.sum().backward()

        return chain
    model = nn.Sequential(*map(_layer, work.layers))
    for layer, arrays in zip(model, work.weights(), strict=True):
        for parameter, array in zip(layer.parameters(), arrays, strict=True):
            parameter.assign_(mt.tensor(array))
    x, y = map(mt.tensor, work.data())
    if work.kind == "infer":

        def infer() -> None:
            with mt.no_grad():
                model(x)

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
