"""Nets in the words of a framework that has functions but no layers.

``words`` maps the kind of a layer to ``function(x, *arrays, *numbers)``: the layer's parameters and
the numbers that are left in its description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.works import Layer

NUMBERS = {"conv": slice(4, 5), "pool": slice(1, 2)}
"""Of a layer's description, what is not told by its parameters: the padding, the size."""


def forward(
    layers: Sequence[Layer],
    parameters: Sequence[Sequence[Any]],
    x: Any,
    words: Mapping[str, Callable[..., Any]],
) -> Any:
    for layer, arrays in zip(layers, parameters, strict=True):
        x = words[layer[0]](x, *arrays, *layer[NUMBERS.get(layer[0], slice(0))])
    return x
