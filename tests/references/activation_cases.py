"""Cases of activations: ordinary values, values where exponentials overflow, and the kinks."""

from typing import Any

from .case import Case, FunctionCase, ModuleCase, described, given, uniform

FUNCTIONS: list[tuple[str, dict[str, Any]]] = [
    ("relu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.2}),
    ("elu", {}),
    ("elu", {"alpha": 0.7}),
    ("selu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("softplus", {}),
    ("softplus", {"beta": 2.5, "threshold": 3.0}),
    ("log_softmax", {"dim": 1}),
    ("log_softmax", {"dim": 0}),
    ("log_softmax", {"dim": -1}),
    ("softmax", {"dim": 1}),
    ("softmax", {"dim": 0}),
    ("softmax", {"dim": -1}),
    ("hardtanh", {}),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    ("relu6", {}),
    ("mish", {}),
    ("hardswish", {}),
    ("hardsigmoid", {}),
    ("softsign", {}),
    ("logsigmoid", {}),
]
KINKS = {
    "relu": [0.0, -0.0],
    "leaky_relu": [0.0, -0.0],
    "elu": [0.0, -0.0],
    "selu": [0.0, -0.0],
    "softplus": [20.0, 0.0],
    "hardtanh": [-1.0, 1.0],
    "relu6": [0.0, 6.0],
    "hardswish": [-3.0, 3.0],
    "hardsigmoid": [-3.0, 3.0],
    "softsign": [0.0, -0.0],
    "logsigmoid": [0.0, -0.0],
}
MODULES: list[tuple[str, dict[str, Any]]] = [
    ("ReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.2}),
    ("ELU", {"alpha": 0.7}),
    ("SELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("SiLU", {}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("Softplus", {"beta": 2.5, "threshold": 3.0}),
    ("LogSoftmax", {"dim": 1}),
    ("Softmax", {"dim": 1}),
    ("Hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    ("ReLU6", {}),
    ("Mish", {}),
    ("Hardswish", {}),
    ("Hardsigmoid", {}),
    ("Softsign", {}),
    ("LogSigmoid", {}),
    ("Flatten", {}),
    ("Flatten", {"start_dim": 0, "end_dim": 1}),
    ("Dropout", {"p": 0.0}),
    ("Identity", {}),
]
EXTREME = [[-1e3, -100.0, -40.0, -20.5], [20.5, 40.0, 100.0, 1e3], [1e3, 1e3, -1e3, 0.0]]


def cases() -> list[Case]:
    found: list[Case] = []
    for function, options in FUNCTIONS:
        for kind, draw in (
            ("ordinary", uniform(2, 5, 3, low=-8, high=8)),
            ("extreme", given(EXTREME)),
        ):
            name = f"{function}-{described(options)}-{kind}"
            found.append(FunctionCase(name, function, {"input": draw}, options))
    for function, points in KINKS.items():
        found.append(FunctionCase(f"{function}-kinks", function, {"input": given(points)}))
    for layer, options in MODULES:
        draw = uniform(2, 3, 2, low=-8, high=8)
        found.append(ModuleCase(f"{layer}-{described(options)}", layer, draw, options=options))
    return found


CASES = cases()
