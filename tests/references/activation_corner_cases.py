"""Cases of activations where it is easy to be wrong, and of all that have arguments.

Kinks and the numbers next to them, infinities and saturation, inputs without a batch, without
entries or with sizes of 1; the slopes that are learned, drawn or random; every layer. What is
random is compared where chance does not matter: bounds that are equal, one class, certain odds.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .case import Case, Draw, FunctionCase, ModuleCase, described, given, label, uniform

FUNCTIONS: list[tuple[str, dict[str, Any], list[float]]] = [
    ("relu", {"inplace": False}, [0.0]),
    ("relu6", {}, [0.0, 6.0]),
    ("leaky_relu", {}, [0.0]),
    ("leaky_relu", {"negative_slope": -0.5}, [0.0]),
    ("rrelu", {}, [0.0]),
    ("rrelu", {"lower": 0.2, "upper": 0.6, "training": False}, [0.0]),
    ("rrelu", {"lower": 0.25, "upper": 0.25, "training": True}, [0.0]),
    ("elu", {}, [0.0]),
    ("elu", {"alpha": 0.5}, [0.0]),
    ("celu", {}, [0.0]),
    ("celu", {"alpha": 2.0}, [0.0]),
    ("celu", {"alpha": 0.125}, [0.0]),
    ("selu", {}, [0.0]),
    ("softplus", {}, [20.0]),
    ("softplus", {"beta": 2.0, "threshold": 3.0}, [1.5]),
    ("softplus", {"beta": -2.0, "threshold": 3.0}, [-1.5]),
    ("logsigmoid", {}, [0.0]),
    ("sigmoid", {}, [0.0]),
    ("tanh", {}, [0.0]),
    ("tanhshrink", {}, [0.0]),
    ("hardtanh", {}, [-1.0, 1.0]),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}, [-0.5, 2.0]),
    ("hardtanh", {"min_val": 1.0, "max_val": 1.0}, [1.0]),
    ("hardsigmoid", {}, [-3.0, 3.0]),
    ("hardswish", {}, [-3.0, 3.0]),
    ("hardshrink", {}, [-0.5, 0.5]),
    ("hardshrink", {"lambd": 2.0}, [-2.0, 2.0]),
    ("hardshrink", {"lambd": 0.0}, [0.0]),
    ("hardshrink", {"lambd": -1.0}, [-1.0, 0.0, 1.0]),
    ("softshrink", {}, [-0.5, 0.5]),
    ("softshrink", {"lambd": 2.0}, [-2.0, 2.0]),
    ("softshrink", {"lambd": 0.0}, [0.0]),
    ("threshold", {"threshold": 0.1, "value": 20.0}, [0.1]),
    ("threshold", {"threshold": -1, "value": 0}, [-1.0]),
    ("gelu", {}, [0.0]),
    ("silu", {}, [0.0]),
    ("mish", {}, [20.0]),
    ("softsign", {}, [0.0]),
]
"""Function, arguments, and the points where pieces meet."""

NO_NUMBER_AT_INFINITY = {"gelu", "mish", "silu", "hardswish", "softsign"}
"""An infinity times or over another one, also in PyTorch."""

EXTREME = [-1e30, -1e4, -745.0, -100.0, -40.0, -20.5, 20.5, 40.0, 100.0, 710.0, 1e4, 1e30]
SHAPES: list[tuple[int, ...]] = [(), (3,), (1, 1), (0, 3), (2, 0), (2, 1, 2)]


ALONG: list[tuple[tuple[int, ...], int]] = [
    ((4,), 0),
    ((4,), -1),
    ((2, 4), 1),
    ((2, 6), -2),
    ((4, 1), 0),
    ((0, 4), 1),
    ((2, 0), 1),
    ((2, 4, 3, 2), 1),
    ((4, 3, 2), -3),
]
"""Shapes with a dimension to go along; its size is even."""


def pointwise() -> Iterator[Case]:
    met = set()
    for function, options, kinks in FUNCTIONS:
        finite = function in NO_NUMBER_AT_INFINITY
        values = {
            "kinks": [near for x in kinks for near in (x, *np.nextafter(x, [-math.inf, math.inf]))],
            "extreme": EXTREME if finite else [-math.inf, *EXTREME, math.inf],
            "zeros": [0.0, -0.0],
        }
        draws: dict[str, Draw] = {kind: given(numbers) for kind, numbers in values.items()}
        if function not in met:
            draws |= {label(shape) or "0d": uniform(*shape, low=-4, high=4) for shape in SHAPES}
        met.add(function)
        for kind, draw in draws.items():
            name = f"{function}-{described(options)}-{kind}"
            yield FunctionCase(name, function, {"input": draw}, options)


def learned() -> Iterator[Case]:
    for shape, weight in (
        ((), ()),
        ((), (1,)),
        ((3,), (1,)),
        ((0,), (1,)),
        ((2, 3), ()),
        ((2, 3), (1,)),
        ((2, 3), (3,)),
        ((2, 1), (1,)),
        ((0, 3), (3,)),
        ((2, 0), (0,)),
        ((1, 3, 1), (3,)),
        ((2, 3, 4), (3,)),
        ((2, 3, 2, 2), (3,)),
        ((2, 3, 2, 2), (1,)),
    ):
        draws = {"input": uniform(*shape), "weight": uniform(*weight)}
        yield FunctionCase(f"prelu-{label(shape)}-{label(weight)}", "prelu", draws)
    for kind, values in (("zeros", [0.0, -0.0]), ("extreme", [*EXTREME, math.inf])):
        for weight in (0.25, -1.0, 0.0):
            draws = {"input": given([[x] for x in values]), "weight": given([weight])}
            yield FunctionCase(f"prelu-{kind}-{weight}", "prelu", draws)


def along_a_dimension() -> Iterator[Case]:
    for function in ("glu", "softmax", "log_softmax", "softmin"):
        for shape, dim in ALONG:
            draw = uniform(*shape, low=-3, high=3)
            name = f"{function}-{label(shape)}-{dim}"
            yield FunctionCase(name, function, {"input": draw}, {"dim": dim})
        draw = given([[1e4, -1e4, 0.0, 710.0], [-1e4, -1e4, 1e4, 1e4], [0.0, 0.0, -800.0, 40.0]])
        yield FunctionCase(f"{function}-extreme", function, {"input": draw}, {"dim": 1})
        if function != "glu":
            sign = -1.0 if function == "softmin" else 1.0
            excluded = given(
                [[sign * -math.inf, 0.0, 1.0], [sign * -math.inf, 0.0, -math.inf * sign]]
            )
            yield FunctionCase(f"{function}-excluded", function, {"input": excluded}, {"dim": 1})
    yield FunctionCase("glu-default", "glu", {"input": uniform(2, 3, 4)})
    certain = given([[0.0, 1e9, -1e9], [1e9, 0.0, 0.0], [-math.inf, 0.0, -math.inf]])
    for hard in (False, True):
        for kind, draw, dim in (
            ("certain", certain, -1),
            ("one-class", uniform(3, 1, 2), 1),
            ("no-rows", uniform(0, 3), 1),
        ):
            options = {"tau": 0.5, "hard": hard, "dim": dim}
            name = f"gumbel_softmax-{kind}-hard={hard}"
            yield FunctionCase(name, "gumbel_softmax", {"logits": draw}, options)


LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("ReLU", {"inplace": False}),
    ("ReLU6", {"inplace": False}),
    ("LeakyReLU", {}),
    ("PReLU", {}),
    ("PReLU", {"num_parameters": 4}),
    ("PReLU", {"num_parameters": 1, "init": 0.5}),
    ("RReLU", {"lower": 0.25, "upper": 0.25}),
    ("ELU", {}),
    ("CELU", {}),
    ("CELU", {"alpha": 0.5}),
    ("SELU", {}),
    ("GELU", {}),
    ("SiLU", {}),
    ("Mish", {}),
    ("GLU", {}),
    ("GLU", {"dim": 1}),
    ("Sigmoid", {}),
    ("LogSigmoid", {}),
    ("Tanh", {}),
    ("Tanhshrink", {}),
    ("Softsign", {}),
    ("Softplus", {}),
    ("Hardtanh", {}),
    ("Hardsigmoid", {}),
    ("Hardswish", {}),
    ("Hardshrink", {}),
    ("Hardshrink", {"lambd": 1.0}),
    ("Softshrink", {}),
    ("Softshrink", {"lambd": 1.0}),
    ("Threshold", {"threshold": 0.5, "value": -2.0}),
    ("Softmax", {"dim": -1}),
    ("Softmax2d", {}),
    ("LogSoftmax", {"dim": 2}),
    ("Softmin", {"dim": 1}),
]


def layers() -> Iterator[Case]:
    for layer, options in LAYERS:
        draw = uniform(2, 4, 3, 2, low=-4, high=4)
        yield ModuleCase(f"{layer}-{described(options)}", layer, draw, options=options)
    yield ModuleCase("Softmax2d-unbatched", "Softmax2d", uniform(4, 3, 2))
    yield ModuleCase("PReLU-unbatched", "PReLU", uniform(4))


CASES: list[Case] = [*pointwise(), *learned(), *along_a_dimension(), *layers()]
