"""Cases of pooling at its corners: indices, empty batches, sizes of 1, wide strides, and powers."""

from itertools import product
from math import inf
from typing import Any

from .case import Case, FunctionCase, ModuleCase, described, label, uniform

SIZES: dict[int, tuple[int, ...]] = {1: (9,), 2: (6, 7), 3: (4, 5, 3)}
BATCHES: tuple[tuple[int, ...], ...] = ((2, 2), (3,), (0, 2))


def case(function: str, shape: tuple[int, ...], **options: Any) -> FunctionCase:
    return FunctionCase(
        f"{function}-{label(shape)}-{described(options)}",
        function,
        {"input": uniform(*shape, low=-2.0, high=-1.0)},
        options,
    )


def index_cases() -> list[Case]:
    choices: list[dict[str, Any]] = [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 1, "padding": 1},
        {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
        {"kernel_size": 2, "stride": 2, "dilation": 2, "ceil_mode": True},
        {"kernel_size": 1, "stride": 4},
    ]
    return [
        case(f"max_pool{dims}d", (*batch, *SIZES[dims]), **options, return_indices=True)
        for dims, batch, options in product(SIZES, BATCHES, choices)
    ]


def avg_pool_cases() -> list[Case]:
    choices: list[dict[str, Any]] = [
        {"kernel_size": 2, "stride": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"kernel_size": 2, "stride": 5, "padding": 1, "count_include_pad": False},
        {"kernel_size": 3, "padding": 1, "ceil_mode": True, "count_include_pad": False},
    ]
    return [
        case(f"avg_pool{dims}d", (*batch, *SIZES[dims]), **options)
        for dims, batch, options in product(SIZES, BATCHES, choices)
    ]


def small_cases() -> list[Case]:
    """One entry along an axis, one window for everything, and strides wider than the picture."""
    pools = ("max_pool", "avg_pool")
    return [
        *(case(f"{pool}1d", (2, 1, 1), kernel_size=1, stride=7) for pool in pools),
        *(case(f"{pool}1d", (1, 2, 1), kernel_size=2, padding=1) for pool in pools),
        *(case(f"{pool}2d", (1, 2, 1, 5), kernel_size=(1, 2), stride=(3, 4)) for pool in pools),
        *(case(f"{pool}2d", (2, 1, 1, 1), kernel_size=1) for pool in pools),
        *(case(f"{pool}2d", (2, 1, 3, 1), kernel_size=3, padding=1) for pool in pools),
        *(case(f"{pool}2d", (1, 1, 8, 7), kernel_size=2, stride=9) for pool in pools),
        *(case(f"{pool}3d", (1, 1, 1, 4, 1), kernel_size=(1, 3, 1), stride=5) for pool in pools),
        *(case(f"{pool}3d", (2, 1, 2, 2, 2), kernel_size=2, ceil_mode=True) for pool in pools),
        case("avg_pool2d", (3, 5, 5), kernel_size=2, divisor_override=-3),
        case("avg_pool3d", (0, 1, 3, 3, 3), kernel_size=2, divisor_override=3),
    ]


def lp_pool_cases() -> list[Case]:
    windows: list[dict[str, Any]] = [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 1},
        {"kernel_size": 2, "stride": 3, "ceil_mode": True},
        {"kernel_size": 1, "stride": 2},
    ]
    powers = (1, 2, 2.0, 4, inf, -inf)
    cases: list[Case] = [
        case(f"lp_pool{dims}d", (2, 1, *SIZES[dims]), norm_type=power, **window)
        for dims, power, window in product(SIZES, powers, windows)
    ]
    positive = [
        FunctionCase(
            f"lp_pool{dims}d-positive-{power}",
            f"lp_pool{dims}d",
            {"input": uniform(1, 2, *SIZES[dims], low=0.1, high=2.0)},
            {"norm_type": power, "kernel_size": 2},
        )
        for dims, power in product(SIZES, (3, 0.5, 1.5, -1.0))
    ]
    zeros = FunctionCase(
        "lp_pool2d-zeros",
        "lp_pool2d",
        {"input": uniform(1, 1, 4, 4, low=0.0, high=0.0)},
        {"norm_type": 2, "kernel_size": 2},
    )
    empty = [case("lp_pool2d", (0, 1, 4, 4), norm_type=2, kernel_size=2)]
    unbatched = [case("lp_pool3d", (2, 4, 4, 4), norm_type=2, kernel_size=2)]
    return [*cases, *positive, zeros, *empty, *unbatched]


def module_cases() -> list[Case]:
    choices: list[tuple[str, tuple[int, ...], tuple[Any, ...], dict[str, Any]]] = [
        ("MaxPool1d", (0, 2, 6), (2, 3, 1, 1, False, True), {}),
        ("MaxPool2d", (3, 6, 7), (3, 2, 1, 1, False, True), {}),
        ("MaxPool3d", (2, 4, 5, 6), (2, 1, 0, 2), {"ceil_mode": True}),
        ("AvgPool1d", (2, 6), (3, 2, 1, True, False), {}),
        ("AvgPool2d", (0, 2, 6, 7), (3, 2, 1, True, False, 4), {}),
        ("AvgPool3d", (2, 4, 5, 6), (2, 3, 1, True, False, 4), {}),
        ("LPPool1d", (2, 3, 7), (2, 3), {"stride": 2, "ceil_mode": True}),
        ("LPPool2d", (2, 3, 6, 5), (2, (3, 2), 2, True), {}),
        ("LPPool3d", (1, 4, 4, 5), (inf, 2), {}),
    ]
    return [
        ModuleCase(
            f"{layer}-{label(shape)}-{label(arguments)}", layer, uniform(*shape), arguments, options
        )
        for layer, shape, arguments, options in choices
    ]


CASES: list[Case] = [
    *index_cases(),
    *avg_pool_cases(),
    *small_cases(),
    *lp_pool_cases(),
    *module_cases(),
]
