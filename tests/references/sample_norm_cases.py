"""Cases of normalisation of single samples: layers, groups, instances, responses and lengths."""

from itertools import product
from math import inf
from typing import Any

import numpy as np

from .case import Case, Draw, FunctionCase, ModuleCase, described, given, label, uniform


def affine(weight: bool, bias: bool, *shape: int) -> dict[str, Draw]:
    drawn: dict[str, Draw] = {}
    if weight:
        drawn["weight"] = uniform(*shape, low=-1.0, high=2.0)
    if bias:
        drawn["bias"] = uniform(*shape)
    return drawn


AFFINE = ((False, False), (True, True), (True, False), (False, True))


def last_axes_cases() -> list[Case]:
    shapes = (((6,), 1), ((4, 5), 1), ((2, 3, 4), 2), ((2, 1), 1), ((0, 3), 1), ((2, 1, 3), 3))
    cases: list[Case] = []
    for (shape, last), (weight, bias), eps in product(shapes, AFFINE, (1e-5, 0.1)):
        part = shape[-last:]
        name = f"{label(shape)}-{label(part)}-{weight}-{bias}-{eps}"
        options = {"normalized_shape": part, "eps": eps}
        x = uniform(*shape, low=-2.0, high=3.0)
        parameters = affine(weight, bias, *part)
        cases.append(
            FunctionCase(f"layer_norm-{name}", "layer_norm", {"input": x, **parameters}, options)
        )
        if not bias:
            cases.append(
                FunctionCase(f"rms_norm-{name}", "rms_norm", {"input": x, **parameters}, options)
            )
    constant, far = given(np.full((2, 4), 0.5)), uniform(3, 8, low=2000.0, high=2001.0)
    zeros = given(np.zeros((2, 4)))
    return [
        *cases,
        FunctionCase(
            "layer_norm-constant", "layer_norm", {"input": constant}, {"normalized_shape": (4,)}
        ),
        FunctionCase("layer_norm-far", "layer_norm", {"input": far}, {"normalized_shape": (8,)}),
        FunctionCase(
            "rms_norm-default", "rms_norm", {"input": constant}, {"normalized_shape": (4,)}
        ),
        FunctionCase("rms_norm-zeros", "rms_norm", {"input": zeros}, {"normalized_shape": (4,)}),
    ]


def group_norm_cases() -> list[Case]:
    shapes = ((2, 6), (1, 4, 3), (2, 4, 3, 2), (2, 2, 1, 2, 3), (0, 4, 3), (2, 4, 1))
    return [
        FunctionCase(
            f"group_norm-{label(shape)}-{groups}-{weight}-{bias}",
            "group_norm",
            {"input": uniform(*shape, low=-2.0, high=3.0), **affine(weight, bias, shape[1])},
            {"num_groups": groups, "eps": 1e-2 if groups == 2 else 1e-5},
        )
        for shape, groups, (weight, bias) in product(shapes, (1, 2), AFFINE)
        # PyTorch's own gradient raises without a weight beside a bias, and for empty batches.
        if weight or not bias
        if shape[0] or not weight
    ]


def instance_norm(name: str, shape: tuple[int, ...], tracked: bool, **options: Any) -> FunctionCase:
    channels = shape[1]
    arguments: dict[str, Draw] = {"input": uniform(*shape, low=-2.0, high=3.0)}
    if tracked:
        arguments["running_mean"] = uniform(channels)
        arguments["running_var"] = uniform(channels, low=0.5, high=2.0)
    if "plain" not in name:
        arguments |= affine(True, True, channels)
    return FunctionCase(
        f"instance_norm-{name}-{label(shape)}-{described(options)}",
        "instance_norm",
        arguments,
        options,
        updated=[name for name in ("running_mean", "running_var") if tracked],
    )


def instance_norm_cases() -> list[Case]:
    shapes = ((2, 3, 4), (1, 2, 3, 2), (2, 2, 1, 2, 3))
    cases: list[Case] = []
    for shape in shapes:
        cases += [
            instance_norm("plain", shape, False),
            instance_norm("affine", shape, False, eps=0.1),
            instance_norm("plain-tracked", shape, True),
            instance_norm("tracked", shape, True, momentum=0.4, eps=0.1),
            instance_norm("running", shape, True, use_input_stats=False),
        ]
    return [
        *cases,
        instance_norm("plain-running", (2, 3, 1), True, use_input_stats=False),
        instance_norm("plain", (0, 3, 2), False),
    ]


def response_cases() -> list[Case]:
    shapes = ((2, 5, 3), (1, 4, 2, 3), (2, 3, 2, 1, 2), (1, 1, 2, 2), (0, 3, 2, 2))
    choices: list[dict[str, Any]] = [
        {"size": 1},
        {"size": 2, "alpha": 0.5},
        {"size": 3, "alpha": 1.0, "beta": 0.5, "k": 2.0},
        {"size": 7, "alpha": 0.3, "k": 0.7},
    ]
    return [
        FunctionCase(
            f"local_response_norm-{label(shape)}-{described(options)}",
            "local_response_norm",
            {"input": uniform(*shape, low=-2.0, high=3.0)},
            options,
        )
        for shape, options in product(shapes, choices)
    ]


def normalize_cases() -> list[Case]:
    powers = (2.0, 1, 3.0, 1.5, 0.5, 0, inf, -inf)
    cases: list[Case] = [
        FunctionCase(
            f"normalize-{p}-{dim}-{eps}",
            "normalize",
            {"input": uniform(2, 3, 2)},
            {"p": p, "dim": dim, "eps": eps},
        )
        for p, dim, eps in product(powers, (1, 0, -1, (0, 2)), (1e-12, 1.0))
    ]
    return [
        *cases,
        FunctionCase("normalize-defaults", "normalize", {"input": uniform(3, 4)}),
        FunctionCase(
            "normalize-zeros", "normalize", {"input": given(np.zeros((2, 3)))}, {"eps": 0.5}
        ),
        *(
            FunctionCase(
                f"normalize-some-zeros-{p}",
                "normalize",
                {"input": given([[0.0, 3.0, 0.0, -4.0], [0.0, 0.0, 0.0, 2.0]])},
                {"p": p},
            )
            for p in (0.5, 1, 1.5, 2, 3)
        ),
        FunctionCase("normalize-empty", "normalize", {"input": uniform(0, 3)}),
    ]


def batch_norm_corners() -> list[Case]:
    empty = FunctionCase(
        "batch_norm-empty-evaluation",
        "batch_norm",
        {
            "input": uniform(0, 3, 2),
            "running_mean": uniform(3),
            "running_var": uniform(3, low=0.5, high=2.0),
        },
        updated=["running_mean", "running_var"],
    )
    layers = [
        ModuleCase(
            f"{layer}-{label(shape)}-{described(options)}",
            layer,
            uniform(*shape),
            (2,),
            options,
            steps=2,
        )
        for (layer, shape), options in product(
            (
                ("BatchNorm1d", (3, 2)),
                ("BatchNorm2d", (2, 2, 1, 3)),
                ("BatchNorm3d", (1, 2, 1, 2, 2)),
            ),
            ({"affine": False, "momentum": None}, {"bias": False}, {"eps": 0.1, "momentum": 0.3}),
        )
    ]
    ordered = ModuleCase(
        "BatchNorm2d-by-position", "BatchNorm2d", uniform(2, 3, 2, 2), (3, 0.1, 0.2, False, True)
    )
    return [empty, *layers, ordered]


def module_cases() -> list[Case]:
    choices: list[tuple[str, tuple[int, ...], tuple[Any, ...], dict[str, Any]]] = [
        ("LayerNorm", (2, 3, 4), (4,), {}),
        ("LayerNorm", (2, 3, 4), ((3, 4), 0.1), {}),
        ("LayerNorm", (2, 3, 4), (4, 1e-3, False), {}),
        ("LayerNorm", (2, 3, 4), (4, 1e-3, True, False), {}),
        ("RMSNorm", (2, 3, 4), (4,), {}),
        ("RMSNorm", (2, 3, 4), ((3, 4), 0.1, False), {}),
        ("GroupNorm", (2, 4, 3), (2, 4), {}),
        ("GroupNorm", (2, 4, 3), (4, 4, 0.1), {}),
        ("GroupNorm", (2, 4, 3), (1, 4, 1e-5, False), {}),
        ("GroupNorm", (2, 4, 3), (2, 4), {"bias": False}),
        ("InstanceNorm1d", (2, 3, 4), (3,), {}),
        ("InstanceNorm1d", (3, 4), (3, 0.1, 0.3, True), {}),
        ("InstanceNorm1d", (2, 3, 4), (3, 1e-5, 0.3, True, True), {}),
        ("InstanceNorm1d", (2, 3, 4), (3,), {"momentum": None, "track_running_stats": True}),
        ("InstanceNorm2d", (2, 3, 2, 3), (3,), {"affine": True}),
        ("InstanceNorm2d", (3, 2, 3), (3,), {"track_running_stats": True}),
        ("InstanceNorm2d", (2, 3, 1, 2), (3,), {"affine": True, "bias": False}),
        ("InstanceNorm3d", (2, 2, 1, 2, 2), (2,), {"affine": True, "track_running_stats": True}),
        ("InstanceNorm3d", (2, 1, 2, 2), (2,), {}),
        ("LocalResponseNorm", (2, 4, 3, 2), (3,), {}),
        ("LocalResponseNorm", (2, 4, 3), (2, 0.5, 0.6, 2.0), {}),
    ]
    return [
        ModuleCase(
            f"{layer}-{label(shape)}-{label(arguments)}-{described(options)}",
            layer,
            uniform(*shape, low=-2.0, high=3.0),
            arguments,
            options,
            steps=2,
        )
        for layer, shape, arguments, options in choices
    ]


CASES: list[Case] = [
    *last_axes_cases(),
    *group_norm_cases(),
    *instance_norm_cases(),
    *response_cases(),
    *normalize_cases(),
    *batch_norm_corners(),
    *module_cases(),
]
