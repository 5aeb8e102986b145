"""Cases of padding: every mode in every number of dimensions, cropping, limits and layers."""

from itertools import product
from typing import Any

from .case import Case, FunctionCase, ModuleCase, described, label, uniform

MODES = ("constant", "reflect", "replicate", "circular")

# Shapes with widths that all modes take; the last axis comes first.
COMMON: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((2, 4), (1, 2)),
    ((2, 3, 4), (3, 0)),
    ((2, 3, 4), (1, 2, 2, 0)),
    ((2, 2, 3, 4), (3, 1, 0, 2)),
    ((1, 2, 3, 4), (1, 0, 2, 1, 1, 1)),
    ((2, 1, 3, 2, 4), (2, 1, 1, 1, 0, 2)),
    ((0, 2, 3), (1, 1)),
    ((0, 2, 3, 4), (1, 2, 2, 1)),
    ((0, 2, 2, 2, 3), (1, 1, 1, 1, 1, 1)),
    ((2, 4), (-1, 2)),
    ((2, 3, 4), (2, -2, -1, 1)),
    ((2, 1, 4, 5), (-1, -2, -1, 0)),
    ((1, 2, 3, 4, 4), (-1, 2, 1, -1, 1, 1)),
    ((2, 3, 4), (0, 0)),
]

# What one mode takes and others do not.
SPECIAL: list[tuple[str, tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ("constant", (2, 3), (1, 2), {"value": -1.5}),
    ("constant", (3,), (2, 1), {}),
    ("constant", (2, 3), (1, 0, 2, 1), {"value": 0.5}),
    ("constant", (1, 2, 1, 2, 2), (1, 1), {}),
    ("constant", (2, 1, 2), (1, 0, 0, 1, 1, 2), {"value": 2.0}),
    ("constant", (2, 3), (-3, 1), {"value": 3.0}),
    ("constant", (2, 3), (-2, -1), {}),
    ("constant", (2, 3), (), {}),
    ("constant", (2, 0, 3), (1, 1, 1, 0), {"value": 1.0}),
    ("reflect", (2, 1, 3), (2, 2), {}),
    ("reflect", (1, 2, 3), (-3, 1), {}),  # cropped entries are still mirrored
    ("replicate", (2, 1, 1), (4, 5), {}),
    ("replicate", (1, 2, 3), (-3, 1), {}),
    ("replicate", (1, 1, 2, 3), (7, 0, 0, 6), {}),
    ("circular", (2, 1, 3), (3, 3), {}),
    ("circular", (2, 2, 1), (1, 1), {}),
    ("circular", (1, 2, 3), (-2, 1), {}),  # cropped entries are not wrapped around
]


def function_cases() -> list[Case]:
    rows = [(mode, *row, {}) for mode, row in product(MODES, COMMON)]
    return [
        FunctionCase(
            f"pad-{mode}-{label(shape)}-{described({'pad': widths} | options)}",
            "pad",
            {"input": uniform(*shape)},
            {"pad": widths, "mode": mode, **options},
        )
        for mode, shape, widths, options in [*rows, *SPECIAL]
    ]


def modules() -> list[Case]:
    shapes = {1: (2, 2, 4), 2: (2, 2, 4, 3), 3: (1, 2, 3, 3, 4)}
    widths = {1: (2, 1), 2: (1, 2, 0, 3), 3: (1, 2, 0, 1, 2, 1)}
    return [
        ModuleCase(
            f"{kind}{dims}d-{label(padding)}-{label(shape)}",
            f"{kind}{dims}d",
            uniform(*shape),
            (padding, 0.5) if kind == "ConstantPad" else (padding,),
        )
        for kind in ("ConstantPad", "ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad")
        for dims in (1, 2, 3)
        for padding, shape in ((1, shapes[dims][1:]), (widths[dims], shapes[dims]))
    ]


CASES: list[Case] = [*function_cases(), *modules()]
