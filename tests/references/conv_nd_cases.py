"""Cases of convolution, pooling and batch normalisation in one and three dimensions."""

from functools import partial
from typing import Any

from .case import Case, Draw, FunctionCase, ModuleCase, described, label, uniform
from .conv_cases import convolution

conv1d = partial(convolution, "conv1d")
conv3d = partial(convolution, "conv3d")


def conv_cases() -> list[Case]:
    return [
        conv1d((2, 3, 1), (3,), (7,)),
        conv1d((2, 3, 1), (3,), (7,), batch=()),
        conv1d((2, 3, 1), (3,), (8,), stride=2, padding=1, bias=False),
        conv1d((2, 3, 1), (2,), (9,), stride=3, dilation=2, padding=1),
        conv1d((2, 3, 1), (4,), (7,), padding="same"),
        conv1d((2, 3, 1), (3,), (7,), padding="same", dilation=2),
        conv1d((4, 2, 2), (2,), (7,), padding="valid"),
        conv1d((3, 6, 3), (3,), (6,), padding=2),
        conv3d((2, 3, 1), (2, 2, 2), (3, 4, 5)),
        conv3d((2, 3, 1), (2, 2, 2), (3, 4, 5), batch=(), bias=False),
        conv3d((2, 3, 1), (3, 2, 1), (4, 5, 4), stride=(2, 1, 3), padding=(1, 0, 2)),
        conv3d((2, 3, 1), (2, 2, 2), (4, 5, 5), stride=2, dilation=(1, 2, 2), padding=1),
        conv3d((2, 3, 1), (2, 3, 1), (3, 3, 4), padding="same", dilation=(1, 1, 2)),
        conv3d((4, 2, 2), (2, 2, 2), (3, 3, 3)),
        conv3d((2, 4, 2), (3, 1, 2), (3, 3, 3), padding=1),
        conv1d((2, 3, 1), (3,), (5,), batch=(0,), padding=1),
        conv1d((2, 3, 1), (1,), (1,)),
        conv1d((2, 3, 1), (3,), (8,), stride=20),
        conv1d((4, 4, 2), (2,), (5,), batch=(), padding="same", dilation=3),
        conv3d((2, 3, 1), (2, 2, 1), (3, 2, 3), batch=(0,), stride=2),
        conv3d((2, 3, 1), (1, 2, 1), (1, 3, 1)),
        conv3d((2, 3, 1), (2, 1, 2), (3, 4, 5), stride=(8, 9, 7), padding=1),
        conv3d((2, 2, 1), (2, 4, 3), (3, 2, 3), batch=(), padding="same"),
    ]


def pool_cases() -> list[Case]:
    choices: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
        ("max_pool1d", (2, 3, 7), {"kernel_size": 2}),
        ("max_pool1d", (3, 8), {"kernel_size": 3, "stride": 2, "padding": 1}),
        ("max_pool1d", (2, 2, 8), {"kernel_size": 2, "dilation": 3, "ceil_mode": True}),
        ("max_pool3d", (2, 2, 4, 5, 4), {"kernel_size": 2}),
        ("max_pool3d", (2, 4, 5, 4), {"kernel_size": (2, 3, 1), "stride": 2, "ceil_mode": True}),
        ("max_pool3d", (1, 2, 4, 4, 5), {"kernel_size": 2, "padding": 1, "dilation": (1, 2, 1)}),
        ("avg_pool1d", (2, 3, 7), {"kernel_size": 2}),
        ("avg_pool1d", (3, 8), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
        ("avg_pool1d", (2, 3, 7), {"kernel_size": 3, "padding": 1, "count_include_pad": False}),
        ("avg_pool3d", (2, 2, 4, 5, 4), {"kernel_size": 2}),
        ("avg_pool3d", (2, 4, 5, 4), {"kernel_size": (2, 3, 1), "stride": 2, "ceil_mode": True}),
        ("avg_pool3d", (1, 2, 3, 4, 4), {"kernel_size": 2, "padding": 1, "divisor_override": 3}),
    ]
    return [
        FunctionCase(
            f"{function}-{label(shape)}-{described(options)}",
            function,
            {"input": uniform(*shape, low=-2.0, high=-1.0)},
            options,
        )
        for function, shape, options in choices
    ]


def module_cases() -> list[Case]:
    line, solid = uniform(2, 2, 7), uniform(2, 2, 3, 4, 5)
    choices: list[tuple[str, Draw, tuple[Any, ...], dict[str, Any]]] = [
        ("Conv1d", line, (2, 4, 3), {"stride": 2, "padding": 1, "groups": 2}),
        ("Conv1d", line, (2, 3, 4), {"padding": "same", "padding_mode": "reflect"}),
        ("Conv3d", solid, (2, 3, 2), {"dilation": (1, 2, 1), "bias": False}),
        ("Conv3d", solid, (2, 3, 2), {"padding": 1, "padding_mode": "circular"}),
        ("MaxPool1d", line, (2, 3), {"ceil_mode": True}),
        ("MaxPool3d", solid, (2,), {"stride": 1, "padding": 1}),
        ("AvgPool1d", line, (3, 2, 1), {"count_include_pad": False}),
        ("AvgPool3d", solid, ((2, 1, 3),), {}),
        ("BatchNorm3d", solid, (2,), {"momentum": 0.3}),
    ]
    return [
        ModuleCase(f"{layer}-{described(options)}", layer, x, arguments, options)
        for layer, x, arguments, options in choices
    ]


CASES: list[Case] = [*conv_cases(), *pool_cases(), *module_cases()]
