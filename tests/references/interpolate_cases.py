"""Cases of interpolation: every mode, up and down, by sizes and by factors that are no integers.

Left out is what PyTorch itself gets wrong: with `antialias`, results of one column; and gradients
where a size stays although the factor is not 1 (they are not those of its own values).
"""

from typing import Any

from .case import Case, FunctionCase, ModuleCase, described, label, uniform

SHAPES = {1: (2, 2, 5), 2: (2, 1, 5, 4), 3: (1, 2, 3, 4, 2)}

TARGETS: dict[int, list[dict[str, Any]]] = {
    1: [
        {"size": 8},
        {"size": (3,)},
        {"size": 1},
        {"size": 5},
        {"scale_factor": 2},
        {"scale_factor": 2.6},
        {"scale_factor": 0.7},
        {"scale_factor": 2.5, "recompute_scale_factor": True},
    ],
    2: [
        {"size": (7, 9)},
        {"size": (2, 3)},
        {"size": 6},
        {"size": (11, 2)},
        {"scale_factor": 2},
        {"scale_factor": 0.5},
        {"scale_factor": (1.5, 2.3)},
        {"scale_factor": (0.7, 1.9)},
        {"scale_factor": (0.7, 1.9), "recompute_scale_factor": True},
    ],
    3: [
        {"size": (5, 2, 3)},
        {"size": 4},
        {"scale_factor": (1.5, 0.6, 2.7)},
        {"scale_factor": 2, "recompute_scale_factor": False},
    ],
}

NEAREST: dict[int, list[str]] = {dims: ["nearest", "nearest-exact", "area"] for dims in (1, 2, 3)}
SMOOTH: dict[int, list[str]] = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}

CORNERS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((2, 1, 1), {"size": 4, "mode": "linear"}),
    ((2, 1, 1), {"size": 4, "mode": "linear", "align_corners": True}),
    ((2, 1, 1), {"size": 3, "mode": "nearest"}),
    ((1, 1, 1, 1), {"size": (3, 4), "mode": "bicubic"}),
    ((1, 1, 1, 3), {"size": (2, 5), "mode": "bicubic", "align_corners": True}),
    ((1, 1, 2, 2), {"size": (1, 1), "mode": "bicubic", "align_corners": True}),
    ((1, 1, 6, 5), {"size": (1, 1), "mode": "area"}),
    ((1, 1, 3, 2), {"size": (7, 5), "mode": "area"}),
    ((1, 1, 2, 3), {"scale_factor": 9.5, "mode": "bilinear"}),
    ((1, 1, 20, 17), {"scale_factor": 0.1, "mode": "bilinear"}),
    ((1, 2, 5), {"scale_factor": 1.1, "mode": "linear"}),  # the size stays
    ((1, 2, 4, 3), {"scale_factor": (1.2, 2.1), "mode": "bilinear"}),
    ((1, 1, 4, 5), {"scale_factor": (1.1, 2.1), "mode": "nearest"}),  # stays, doubles
    ((0, 2, 3), {"size": 5, "mode": "nearest"}),
    ((0, 2, 3), {"scale_factor": 2, "mode": "linear"}),
    ((0, 2, 3, 4), {"size": (5, 2), "mode": "bilinear"}),
    ((0, 2, 3, 4), {"size": (5, 2), "mode": "bicubic"}),
    ((0, 2, 3, 4), {"size": (5, 2), "mode": "area"}),
    ((0, 2, 2, 3, 2), {"size": (3, 2, 4), "mode": "trilinear"}),
]

ANTIALIASED: list[dict[str, Any]] = [
    {"size": (3, 2)},
    {"size": (10, 13)},
    {"size": (2, 9), "align_corners": True},
    {"scale_factor": (0.6, 0.4)},
    {"scale_factor": (0.6, 1.7)},
    {"scale_factor": (0.6, 0.4), "recompute_scale_factor": True},
]


def interpolation(shape: tuple[int, ...], options: dict[str, Any]) -> Case:
    name = f"interpolate-{label(shape)}-{described(options)}"
    return FunctionCase(name, "interpolate", {"input": uniform(*shape)}, options)


def grid() -> list[Case]:
    cases = []
    for dims, targets in TARGETS.items():
        for target in targets:
            cases += [
                interpolation(SHAPES[dims], target | {"mode": mode}) for mode in NEAREST[dims]
            ]
            cases += [
                interpolation(SHAPES[dims], target | {"mode": mode, "align_corners": corners})
                for mode in SMOOTH[dims]
                for corners in (False, True)
            ]
    return cases


def antialiased() -> list[Case]:
    return [
        interpolation((1, 2, 7, 6), target | {"mode": mode, "antialias": True})
        for mode in ("bilinear", "bicubic", "lanczos")
        for target in ANTIALIASED
        if mode != "lanczos" or "align_corners" not in target
    ]


def modules() -> list[Case]:
    picture = uniform(2, 2, 3, 4)
    choices: list[tuple[str, dict[str, Any]]] = [
        ("Upsample", {"scale_factor": 2}),
        ("Upsample", {"size": (5, 3), "mode": "bicubic", "align_corners": True}),
        ("Upsample", {"scale_factor": (1.4, 2.6), "mode": "bilinear"}),
        (
            "Upsample",
            {"scale_factor": 1.4, "mode": "bilinear", "recompute_scale_factor": True},
        ),
        ("UpsamplingNearest2d", {"scale_factor": 3}),
        ("UpsamplingNearest2d", {"size": (5, 3)}),
        ("UpsamplingBilinear2d", {"scale_factor": 2.5}),
        ("UpsamplingBilinear2d", {"size": 5}),
    ]
    return [
        ModuleCase(f"{layer}-{described(options)}", layer, picture, (), options)
        for layer, options in choices
    ]


CASES: list[Case] = [
    *grid(),
    *(interpolation(shape, options) for shape, options in CORNERS),
    *antialiased(),
    *modules(),
]
