"""Cases of transposed convolution: a grid over every option, corners, and `output_size`."""

from functools import partial
from itertools import product
from typing import Any

from .case import Case, Draw, FunctionCase, ModuleCase, described, uniform

# Stride and output padding, which go together: one of two numbers must exceed the second.
STEPS: list[tuple[Any, Any]] = [(1, 0), (2, 0), (2, 1), (3, (2, 1)), ((2, 1), (1, 0))]
PADDINGS = (0, 1, (2, 1))
DILATIONS = (1, 2, (1, 3))
KERNELS = ((1, 1), (2, 2), (3, 3), (3, 2))
SIZES = ((3, 4), (2, 3))
# Input channels, output channels, groups. The last is depthwise, with two kernels each.
CHANNELS = ((2, 3, 1), (4, 2, 2), (2, 4, 2))


def transposed(
    function: str,
    channels: tuple[int, int, int],
    kernel: tuple[int, ...],
    size: tuple[int, ...],
    *,
    bias: bool = True,
    batch: tuple[int, ...] = (2,),
    **options: Any,
) -> FunctionCase:
    inputs, outputs, groups = channels
    arguments: dict[str, Draw] = {
        "input": uniform(*batch, inputs, *size),
        "weight": uniform(inputs, outputs // groups, *kernel),
    }
    if bias:
        arguments["bias"] = uniform(outputs)
    geometry = {"input": (*batch, inputs, *size), "out": outputs, "kernel": kernel}
    name = f"{function}-{described(geometry | options)}-groups={groups}{'' if bias else '-no-bias'}"
    return FunctionCase(name, function, arguments, {"groups": groups, **options})


transposed1d = partial(transposed, "conv_transpose1d")
transposed2d = partial(transposed, "conv_transpose2d")
transposed3d = partial(transposed, "conv_transpose3d")


def grid() -> list[Case]:
    """All steps, paddings and dilations; kernels, sizes, channels and bias take turns."""
    return [
        transposed2d(
            CHANNELS[(s + p) % len(CHANNELS)],
            KERNELS[2 + (s + d) % 2] if padding != 0 else KERNELS[(s + d) % len(KERNELS)],
            SIZES[(d + p) % len(SIZES)],
            bias=(p + d) % 2 == 0,
            batch=(1 + d % 2,),
            stride=stride,
            padding=padding,
            output_padding=extra,
            dilation=dilation,
        )
        for (s, (stride, extra)), (p, padding), (d, dilation) in product(
            enumerate(STEPS), enumerate(PADDINGS), enumerate(DILATIONS)
        )
    ]


def corners() -> list[Case]:
    one, grouped = (2, 3, 1), (4, 6, 2)
    return [
        transposed1d(one, (3,), (4,)),
        transposed1d(one, (3,), (4,), batch=()),
        transposed1d(one, (3,), (4,), batch=(0,)),
        transposed1d(one, (3,), (1,), stride=7),
        transposed1d(grouped, (2,), (4,), stride=5, output_padding=4),  # gaps between the kernels
        transposed1d(one, (2,), (3,), dilation=4, output_padding=3, bias=False),
        transposed1d(one, (2,), (3,), dilation=4, output_padding=3, padding=1),
        transposed1d(one, (4,), (3,), padding=2, output_padding=1, stride=2),
        transposed1d(one, (1,), (1,)),
        transposed2d(one, (3, 2), (3, 4), batch=(), stride=2, output_padding=1),
        transposed2d(one, (3, 2), (3, 4), batch=(0,), stride=2, padding=1),
        transposed2d(grouped, (2, 3), (3, 2), batch=(), bias=False),
        transposed2d((1, 1, 1), (1, 1), (1, 1), batch=(1,)),
        transposed2d((3, 3, 3), (4, 4), (3, 1), stride=2, padding=1),  # depthwise, twice as large
        transposed2d(one, (2, 2), (2, 3), stride=(7, 6), output_padding=(6, 3)),
        transposed2d(one, (5, 4), (1, 2), padding=(2, 1)),  # one entry of height remains
        transposed3d(one, (2, 2, 2), (2, 3, 2)),
        transposed3d(one, (2, 2, 2), (2, 3, 2), batch=(), stride=2, bias=False),
        transposed3d(one, (2, 1, 2), (2, 2, 1), batch=(0,)),
        transposed3d(grouped, (2, 3, 1), (2, 2, 3), stride=(2, 1, 3), output_padding=(1, 0, 2)),
        transposed3d(one, (2, 3, 2), (2, 2, 2), padding=(1, 0, 1), dilation=(1, 2, 3)),
    ]


def modules() -> list[Case]:
    line, picture, solid = uniform(2, 2, 4), uniform(2, 2, 4, 3), uniform(1, 2, 2, 3, 2)
    choices: list[tuple[str, Draw, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = [
        ("ConvTranspose1d", line, (2, 3, 3, 2, 1, 1), {}, {}),
        ("ConvTranspose1d", line, (2, 3, 3, 3), {"padding": 1}, {"output_size": (11,)}),
        ("ConvTranspose1d", uniform(2, 4), (2, 3, 3, 3), {}, {"output_size": (3, 14)}),
        ("ConvTranspose2d", picture, (2, 4, 3), {"stride": 2, "padding": 1, "groups": 2}, {}),
        ("ConvTranspose2d", picture, (2, 4, (3, 2), 3), {"bias": False}, {"output_size": (12, 9)}),
        # An output_size takes the place of output_padding.
        (
            "ConvTranspose2d",
            picture,
            (2, 4, 3, 3, 1, 2),
            {"dilation": (1, 2)},
            {"output_size": (2, 4, 10, 10)},
        ),
        ("ConvTranspose3d", solid, (2, 2, 2), {"stride": (1, 2, 3)}, {}),
        ("ConvTranspose3d", solid, (2, 2, 2, 2), {}, {"output_size": (4, 7, 5)}),
    ]
    return [
        ModuleCase(
            f"{layer}-{described(dict(enumerate(arguments)) | options | keywords)}",
            layer,
            x,
            arguments,
            options,
            keywords=keywords,
        )
        for layer, x, arguments, options, keywords in choices
    ]


CASES: list[Case] = [*grid(), *corners(), *modules()]
