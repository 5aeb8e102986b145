"""Further cases of activations: shrinkage, gates, learned slopes; shapes, kinks and infinities."""

from typing import Any

from .case import Case, Draw, FunctionCase, ModuleCase, described, given, label, uniform

INFINITE = float("inf")

# Functions that the first family does not know, with their arguments.
NEW: list[tuple[str, dict[str, Any]]] = [
    ("celu", {}),
    ("celu", {"alpha": 0.7}),
    ("celu", {"alpha": 2.0}),
    ("hardshrink", {}),
    ("hardshrink", {"lambd": 1.5}),
    ("hardshrink", {"lambd": -1.0}),
    ("softshrink", {}),
    ("softshrink", {"lambd": 1.5}),
    ("softshrink", {"lambd": 0.0}),
    ("tanhshrink", {}),
    ("threshold", {"threshold": 0.5, "value": -7.0}),
    ("threshold", {"threshold": -1.0, "value": 3.0}),
    ("rrelu", {}),
    ("rrelu", {"lower": 0.2, "upper": 0.9}),
    ("rrelu", {"lower": 0.3, "upper": 0.3, "training": True}),
    ("leaky_relu", {"negative_slope": -0.2}),
    ("elu", {"alpha": -0.5}),
    ("hardtanh", {"min_val": 1.0, "max_val": 1.0}),
]
# The points where the slope jumps, and their neighbours.
KINKS: list[tuple[str, dict[str, Any], list[float]]] = [
    ("celu", {"alpha": 0.7}, [0.0, -0.0]),
    ("elu", {"alpha": 0.5}, [0.0, -0.0]),
    ("hardshrink", {}, [-0.5, 0.5, 0.0, -0.0]),
    ("hardshrink", {"lambd": 0.0}, [0.0, -0.0]),
    ("softshrink", {}, [-0.5, 0.5, 0.0]),
    ("softshrink", {"lambd": 0.0}, [0.0]),
    ("tanhshrink", {}, [0.0]),
    ("threshold", {"threshold": 0.5, "value": -7.0}, [0.5, 0.25, 0.75]),
    ("rrelu", {}, [0.0, -0.0]),
    ("leaky_relu", {"negative_slope": 0.0}, [0.0, -0.0]),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}, [-0.5, 2.0]),
    ("softplus", {"beta": 2.0, "threshold": 4.0}, [2.0]),
]
# Those for which PyTorch gives numbers at plus and minus infinity.
AT_INFINITY: list[tuple[str, dict[str, Any]]] = [
    *(("relu", {}), ("leaky_relu", {}), ("relu6", {}), ("hardtanh", {}), ("hardsigmoid", {})),
    *(("elu", {}), ("selu", {}), ("celu", {"alpha": 0.7}), ("sigmoid", {}), ("tanh", {})),
    *(("softplus", {}), ("logsigmoid", {}), ("tanhshrink", {}), ("hardshrink", {})),
    *(("softshrink", {}), ("threshold", {"threshold": 0.5, "value": 7.0}), ("rrelu", {})),
]
EVERY: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ("relu", "relu6", "leaky_relu", "hardtanh", "hardsigmoid")),
    *((name, {}) for name in ("hardswish", "elu", "selu", "celu", "silu", "mish", "rrelu")),
    *((name, {}) for name in ("gelu", "sigmoid", "tanh", "softplus", "softsign", "logsigmoid")),
    *((name, {}) for name in ("hardshrink", "softshrink", "tanhshrink")),
    ("threshold", {"threshold": 0.5, "value": 7.0}),
]
SHAPES: list[tuple[int, ...]] = [(), (1,), (0,), (0, 3), (1, 1), (2, 1, 3)]
EXTREME = [[-1e3, -100.0, -40.0, -20.5], [20.5, 40.0, 100.0, 1e3]]

MODULES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid")),
    *((name, {}) for name in ("Tanhshrink", "Hardshrink", "Softshrink", "CELU", "ELU", "GELU")),
    ("LeakyReLU", {"negative_slope": 0.3}),
    ("ELU", {"alpha": 0.3}),
    ("CELU", {"alpha": 0.7}),
    ("Hardtanh", {"min_val": -1.5, "max_val": 0.5}),
    ("Hardswish", {}),
    ("Hardshrink", {"lambd": 1.5}),
    ("Softshrink", {"lambd": 1.5}),
    ("Threshold", {"threshold": 0.5, "value": -7.0}),
    ("RReLU", {"lower": 0.4, "upper": 0.4}),
    ("GLU", {"dim": 0}),
    ("GLU", {}),
    ("Softmin", {"dim": 1}),
    ("LogSoftmax", {"dim": -1}),
    ("PReLU", {}),
    ("PReLU", {"num_parameters": 3, "init": 0.1}),
]


def named(function: str, options: dict[str, Any], kind: str) -> str:
    return f"{function}-{described(options)}-{kind}"


def element_wise() -> list[Case]:
    cases: list[Case] = []
    for function, options in NEW:
        for kind, draw in (
            ("ordinary", uniform(2, 5, 3, low=-4, high=4)),
            ("extreme", given(EXTREME)),
        ):
            cases.append(
                FunctionCase(named(function, options, kind), function, {"input": draw}, options)
            )
    for function, options, points in KINKS:
        name = named(function, options, "kinks")
        cases.append(FunctionCase(name, function, {"input": given(points)}, options))
    for function, options in AT_INFINITY:
        ends = {"input": given([-INFINITE, INFINITE])}
        cases.append(FunctionCase(named(function, options, "infinite"), function, ends, options))
    for function, options in EVERY:
        for shape in SHAPES:
            name = named(function, options, f"shape={label(shape) or '0d'}")
            arguments = {"input": uniform(*shape, low=-4, high=4)}
            cases.append(FunctionCase(name, function, arguments, options))
    return cases


def prelu() -> list[Case]:
    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        *(((2, 3), (1,)), ((2, 3), (3,)), ((2, 3, 4), (3,)), ((2, 3, 2, 2), (3,))),
        *(((2, 3), ()), ((5,), (1,)), ((), ()), ((0, 3), (3,)), ((2, 1, 3), (1,))),
    ]
    cases: list[Case] = [
        FunctionCase(
            f"prelu-{label(shape) or '0d'}-{label(slopes) or '0d'}",
            "prelu",
            {"input": uniform(*shape), "weight": uniform(*slopes, low=-0.5, high=0.5)},
        )
        for shape, slopes in pairs
    ]
    kinks = {"input": given([[0.0, -0.0], [-1.0, 1.0]]), "weight": given([0.25, 2.0])}
    return [*cases, FunctionCase("prelu-kinks", "prelu", kinks)]


def along_an_axis() -> list[Case]:
    cases: list[Case] = []
    for function in ("softmax", "log_softmax", "softmin"):
        shapes: list[tuple[tuple[int, ...], int]] = [
            *(((4,), 0), ((1,), 0), ((0, 3), 1), ((2, 1), 1), ((2, 3, 2), -2), ((2, 3, 2, 2), 1)),
        ]
        for shape, dim in shapes:
            arguments = {"input": uniform(*shape, low=-4, high=4)}
            name = f"{function}-{label(shape)}-dim={dim}"
            cases.append(FunctionCase(name, function, arguments, {"dim": dim}))
        extreme = {"input": given([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3]])}
        cases.append(FunctionCase(f"{function}-extreme", function, extreme, {"dim": 1}))
    for shape, dim in (((4,), -1), ((0, 4), -1), ((2, 3), 0), ((2, 4, 3), 1), ((3, 2, 1), 1)):
        arguments = {"input": uniform(*shape, low=-4, high=4)}
        cases.append(FunctionCase(f"glu-{label(shape)}-dim={dim}", "glu", arguments, {"dim": dim}))
    extreme = {"input": given([1e3, 2.0, 3.0, -1e3, 1e3, 0.0])}
    return [*cases, FunctionCase("glu-extreme", "glu", extreme)]


def modules() -> list[Case]:
    picture: Draw = uniform(2, 3, 2, low=-4, high=4)
    cases: list[Case] = [
        ModuleCase(f"{layer}-{described(options)}-module", layer, picture, options=options)
        for layer, options in MODULES
    ]
    return [
        *cases,
        ModuleCase("Softmax2d", "Softmax2d", uniform(2, 3, 2, 2)),
        ModuleCase("Softmax2d-unbatched", "Softmax2d", uniform(3, 2, 2)),
        ModuleCase("PReLU-of-a-picture", "PReLU", uniform(2, 3, 2, 2), (3,)),
    ]


CASES: list[Case] = [*element_wise(), *prelu(), *along_an_axis(), *modules()]
