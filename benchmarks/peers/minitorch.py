"""This project."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

import minitorch_cnn as mt
from benchmarks.works import Layer, Work
from minitorch_cnn import nn, optim


def version() -> str:
    """Of all that computes; without Numba there is nothing to tell from the NumPy kernels."""
    versions = f"{mt.__version__}, NumPy {np.__version__}"
    if os.environ.get("MINITORCH_KERNELS") == "numpy":
        return versions
    return f"{versions}, Numba {import_module('numba').__version__}"


def _layer(layer: Layer) -> Any:
    if layer[0] == "conv":
        return nn.Conv2d(*layer[1:4], padding=layer[4])
    if layer[0] == "dense":
        return nn.Dense(*layer[1:])
    makers = {"norm": nn.BatchNorm2d, "relu": nn.ReLU, "pool": nn.MaxPool2d, "flatten": nn.Flatten}
    return makers[layer[0]](*layer[1:])


def build(work: Work) -> Callable[[], Any]:
    if work.kind == "chain":
        start, one = mt.ones(4, requires_grad=True), mt.ones(4)

        def chain() -> Any:
            start.grad, x = None, start
            for _ in range(work.operations // 2):
                x = x * 1.0001 + one
            x.sum().backward()
            return start.grad

        return chain
    model = nn.Sequential(*map(_layer, work.layers))
    for layer, arrays in zip(model, work.weights(), strict=True):
        for parameter, array in zip(layer.parameters(), arrays, strict=True):
            parameter.assign_(mt.tensor(array))
    x, y = map(mt.tensor, work.data())
    if work.kind == "infer":

        def infer() -> Any:
            with mt.no_grad():
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
