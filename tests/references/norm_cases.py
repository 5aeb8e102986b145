"""Cases of batch normalisation: the function, the modules, and their statistics over steps."""

from itertools import product
from typing import Any

import numpy as np

from .case import Case, Draw, FunctionCase, ModuleCase, described, given, label, uniform

SHAPES = ((6, 3), (4, 3, 5), (2, 3, 4, 3))


def batch_norm(
    name: str, x: Draw, channels: int, *, affine: bool = True, tracked: bool = True, **options: Any
) -> FunctionCase:
    arguments: dict[str, Draw] = {"input": x}
    if tracked:
        arguments["running_mean"] = uniform(channels)
        arguments["running_var"] = uniform(channels, low=0.5, high=2.0)
    else:
        options = {"running_mean": None, "running_var": None, **options}
    if affine:
        arguments |= {"weight": uniform(channels, low=-1.0, high=2.0), "bias": uniform(channels)}
    return FunctionCase(
        f"batch_norm-{name}",
        "batch_norm",
        arguments,
        options,
        updated=[name for name in ("running_mean", "running_var") if tracked],
    )


def function_cases() -> list[Case]:
    choices: list[tuple[bool, dict[str, Any]]] = [
        (True, {}),
        (True, {"training": True}),
        (True, {"training": True, "momentum": 0.4, "eps": 1e-2}),
        (True, {"training": False, "eps": 1e-2}),
        (False, {"training": True}),
    ]
    cases: list[Case] = [
        batch_norm(
            f"{label(shape)}-{described({'affine': affine, 'tracked': tracked} | options)}",
            uniform(*shape, low=-2.0, high=3.0),
            shape[1],
            affine=affine,
            tracked=tracked,
            **options,
        )
        for shape, affine, (tracked, options) in product(SHAPES, (True, False), choices)
    ]
    return [
        *cases,
        batch_norm("constant-channels", given(np.full((4, 2, 4), 0.5)), 2, training=True),
        # The mean of squares less the square of the mean would lose nine digits here.
        batch_norm("far-from-zero", uniform(4, 2, 8, low=2000.0, high=2001.0), 2, training=True),
        batch_norm("momentum-zero", uniform(4, 2, 3), 2, training=True, momentum=0.0),
        batch_norm("momentum-one", uniform(4, 2, 3), 2, training=True, momentum=1.0),
        batch_norm("one-picture", uniform(1, 2, 3, 3), 2, training=True),
    ]


def module_cases() -> list[Case]:
    choices: list[dict[str, Any]] = [
        {},
        {"momentum": 0.3, "eps": 1e-3},
        {"momentum": None},
        {"affine": False},
        {"track_running_stats": False},
        {"affine": False, "track_running_stats": False},
    ]
    layers = (("BatchNorm1d", (6, 3)), ("BatchNorm1d", (4, 3, 5)), ("BatchNorm2d", (2, 3, 4, 3)))
    cases: list[Case] = [
        ModuleCase(
            f"{layer}-{label(shape)}-{described(options)}",
            layer,
            uniform(*shape, low=-2.0, high=3.0),
            (3,),
            options,
            steps=3,
        )
        for (layer, shape), options in product(layers, choices)
    ]
    resumed = ModuleCase(
        "BatchNorm2d-cumulative-average-resumed",
        "BatchNorm2d",
        uniform(2, 2, 3, 3),
        (2,),
        {"momentum": None},
        steps=2,
        state={"num_batches_tracked": 4},
    )
    return [*cases, resumed]


CASES: list[Case] = [*function_cases(), *module_cases()]
