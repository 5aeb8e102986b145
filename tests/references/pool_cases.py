"""Cases of pooling: geometry, what the padding counts for, ties, and negative pictures."""

from itertools import product
from typing import Any

from .case import Case, Draw, FunctionCase, ModuleCase, described, given, label, uniform

# Every row: kernel_size and the options that both kinds of pooling share.
GEOMETRIES: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": 3},
    {"kernel_size": 1},
    {"kernel_size": (3, 2)},
    {"kernel_size": 2, "stride": 1},
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": 2, "stride": 3},
    {"kernel_size": 3, "stride": (2, 1)},
    {"kernel_size": 3, "stride": 1, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": (4, 3), "stride": (3, 2), "padding": (2, 1)},
    {"kernel_size": (2, 3), "padding": (1, 0)},
]
SIZES = ((7, 6), (6, 8))


def max_pool2d(name: str, picture: Draw, **options: Any) -> FunctionCase:
    return FunctionCase(f"max_pool2d-{name}", "max_pool2d", {"input": picture}, options)


def avg_pool2d(name: str, picture: Draw, **options: Any) -> FunctionCase:
    return FunctionCase(f"avg_pool2d-{name}", "avg_pool2d", {"input": picture}, options)


def max_pool_cases() -> list[Case]:
    cases: list[Case] = [
        # Negative pictures: padding counts as minus infinity, never as zero.
        max_pool2d(
            f"{label(size)}-{described(options)}",
            uniform(2, 2, *size, low=-2.0, high=-1.0),
            **options,
        )
        for options in (
            geometry | {"dilation": dilation, "ceil_mode": ceil_mode}
            for geometry, dilation, ceil_mode in product(GEOMETRIES, (1, 2, (1, 2)), (False, True))
        )
        for size in [SIZES[options["ceil_mode"]]]
        if options["dilation"] == 1 or options["kernel_size"] != (4, 3)
    ]
    tied = given([[[[1.0, 1.0, 2.0, 0.0], [1.0, 1.0, 2.0, 2.0], [0.0, 3.0, 3.0, 0.0]]]])
    with_nan = given([[[[1.0, 2.0, 0.5, 3.0], [float("nan"), 0.0, 1.0, 2.0]]]])
    return [
        *cases,
        max_pool2d("constant", given([[[[0.5] * 6] * 5] * 2] * 2), kernel_size=2),
        max_pool2d(
            "constant-overlapping", given([[[[0.5] * 6] * 5]]), kernel_size=3, stride=1, padding=1
        ),
        max_pool2d("ties", tied, kernel_size=2, stride=1),
        max_pool2d("ties-padded", tied, kernel_size=3, stride=2, padding=1),
        max_pool2d("ties-dilated", tied, kernel_size=2, stride=1, dilation=(1, 2)),
        max_pool2d("zeros-of-both-signs", given([[[[-0.0, 0.0], [0.0, -0.0]]]]), kernel_size=2),
        max_pool2d("not-a-number", with_nan, kernel_size=2),
        max_pool2d("unbatched", uniform(3, 5, 6), kernel_size=2),
        max_pool2d("unbatched-padded", uniform(3, 5, 6), kernel_size=3, stride=2, padding=1),
        max_pool2d("whole-picture", uniform(2, 3, 4, 5), kernel_size=(4, 5)),
        ModuleCase("MaxPool2d", "MaxPool2d", uniform(2, 3, 5, 7), (2,)),
        ModuleCase(
            "MaxPool2d-options",
            "MaxPool2d",
            uniform(2, 3, 8, 7),
            ((3, 2), 2, 1, 2),
            {"ceil_mode": True},
        ),
    ]


def avg_pool_cases() -> list[Case]:
    cases: list[Case] = [
        avg_pool2d(f"{label(size)}-{described(options)}", uniform(2, 2, *size), **options)
        for options in (
            geometry
            | {"ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
            | ({"divisor_override": divisor} if divisor else {})
            for geometry, ceil_mode, (count_include_pad, divisor) in product(
                GEOMETRIES, (False, True), ((True, None), (False, None), (True, 5))
            )
        )
        for size in [SIZES[options["ceil_mode"]]]
    ]
    return [
        *cases,
        avg_pool2d(
            "divisor-and-pad-not-counted",
            uniform(2, 1, 5, 5),
            kernel_size=3,
            padding=1,
            count_include_pad=False,
            divisor_override=2,
        ),
        avg_pool2d("negative-divisor", uniform(1, 1, 4, 4), kernel_size=2, divisor_override=-3),
        # The last window would start in the padding on the right: it is left out.
        avg_pool2d(
            "window-in-right-padding",
            uniform(1, 2, 4, 4),
            kernel_size=2,
            stride=3,
            padding=1,
            ceil_mode=True,
        ),
        avg_pool2d("unbatched", uniform(3, 5, 6), kernel_size=2),
        avg_pool2d("unbatched-padded", uniform(3, 5, 6), kernel_size=3, stride=2, padding=1),
        avg_pool2d("whole-picture", uniform(2, 3, 4, 5), kernel_size=(4, 5)),
        ModuleCase("AvgPool2d", "AvgPool2d", uniform(2, 3, 5, 7), (2,)),
        ModuleCase(
            "AvgPool2d-options",
            "AvgPool2d",
            uniform(2, 3, 8, 7),
            ((3, 2), 2, 1, True, False, 5),
        ),
    ]


CASES: list[Case] = [*max_pool_cases(), *avg_pool_cases()]
