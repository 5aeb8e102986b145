"""Cases of convolution: a grid over every option, hand-picked corners, and the padding modes."""

from functools import partial
from itertools import product
from typing import Any

from .case import Case, Draw, FunctionCase, ModuleCase, described, label, uniform

STRIDES = (1, 2, 3, (2, 1))
PADDINGS = (0, 1, 2, (1, 2), "valid")
DILATIONS = (1, 2, (1, 2))
KERNELS = ((1, 1), (2, 2), (3, 3), (3, 2))
SIZES = ((7, 7), (6, 6), (5, 8))
# Input channels, output channels, groups. The last two are depthwise: one and two kernels each.
CHANNELS = ((2, 3, 1), (4, 2, 2), (3, 3, 3), (2, 4, 2))


def convolution(
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
        "weight": uniform(outputs, inputs // groups, *kernel),
    }
    if bias:
        arguments["bias"] = uniform(outputs)
    geometry = {"input": (*batch, inputs, *size), "weight": (outputs, *kernel), "groups": groups}
    name = f"{function}-{described(geometry | options)}{'' if bias else '-no-bias'}"
    return FunctionCase(name, function, arguments, {"groups": groups, **options})


conv2d = partial(convolution, "conv2d")


def grid() -> list[Case]:
    """All strides, paddings and dilations; kernels, sizes, channels and bias take turns.

    The turns are shifted so that every two options meet in every combination of their values.
    """
    return [
        conv2d(
            CHANNELS[(s + p) % len(CHANNELS)],
            KERNELS[(s + d + p // 2) % len(KERNELS)],
            SIZES[(d + p // 2) % len(SIZES)],
            bias=(p + d) % 2 == 0,
            stride=stride,
            padding=padding,
            dilation=dilation,
        )
        for (s, stride), (p, padding), (d, dilation) in product(
            enumerate(STRIDES), enumerate(PADDINGS), enumerate(DILATIONS)
        )
    ]


def same_padding() -> list[Case]:
    """Padding "same", which allows no stride: uneven where kernel and dilation ask for it."""
    return [
        conv2d(
            CHANNELS[(k + d) % len(CHANNELS)],
            kernel,
            SIZES[(k + d) % len(SIZES)],
            padding="same",
            dilation=dilation,
        )
        for (k, kernel), (d, dilation) in product(enumerate(KERNELS), enumerate(DILATIONS))
    ]


def corners() -> list[Case]:
    return [
        conv2d((2, 3, 1), (3, 3), (5, 5)),
        conv2d((2, 3, 1), (3, 3), (5, 6), batch=()),
        conv2d((4, 2, 2), (2, 3), (5, 6), batch=(), stride=2, padding="valid", bias=False),
        conv2d((2, 2, 1), (2, 2), (5, 5), batch=(), padding="same"),
        conv2d((1, 1, 1), (1, 1), (1, 1), batch=(1,)),
        conv2d((2, 3, 1), (5, 4), (5, 4)),  # the kernel covers the picture
        conv2d((2, 3, 1), (1, 1), (7, 6), stride=3, bias=False),  # windows with gaps
        conv2d((2, 3, 1), (2, 2), (7, 8), stride=(3, 4)),  # rows and columns left over
        conv2d((2, 2, 1), (2, 2), (3, 3), padding=3),  # windows wholly in the padding
        conv2d((2, 2, 1), (2, 3), (1, 1), padding=(1, 2), stride=2),  # a picture of one pixel
        conv2d((2, 2, 1), (4, 1), (6, 5), padding="same", dilation=(1, 3)),  # uneven padding
        conv2d((2, 2, 1), (2, 4), (6, 5), padding="same", dilation=(3, 1)),
        conv2d((6, 4, 2), (3, 3), (5, 5), padding=1, stride=2, batch=(3,)),
        conv2d((1, 6, 1), (5, 5), (9, 9), padding=2, batch=(1,)),
        conv2d((2, 3, 1), (3, 2), (5, 4), batch=(0,), padding=1, stride=2),
        conv2d((4, 2, 2), (2, 2), (3, 3), batch=(0,), padding="same", bias=False),
        conv2d((2, 3, 1), (1, 3), (1, 5)),  # pictures of one row, of one column
        conv2d((2, 3, 1), (3, 1), (4, 1), padding=(1, 0)),
        conv2d((2, 3, 1), (2, 3), (6, 5), stride=(9, 7)),  # strides beyond the picture
        conv2d((2, 2, 1), (4, 4), (5, 4), padding="same"),
        conv2d((2, 2, 1), (2, 2), (4, 5), padding=(4, 3), stride=5, dilation=3),
    ]


def padding_modes() -> list[Case]:
    choices: list[dict[str, Any]] = [
        {"kernel_size": 3, "padding": 1, "stride": 2, "groups": 2},
        {"kernel_size": (2, 3), "padding": (1, 2), "dilation": (2, 1), "bias": False},
        {"kernel_size": (4, 3), "padding": "same", "dilation": (1, 2)},
    ]
    return [
        ModuleCase(
            f"Conv2d-{mode}-{described(options)}{'-unbatched' if batch == () else ''}",
            "Conv2d",
            uniform(*batch, 2, 6, 5),
            (2, 4),
            {"padding_mode": mode, **options},
        )
        for mode, options in product(("zeros", "reflect", "replicate", "circular"), choices)
        for batch in ([(2,), ()] if options["padding"] == 1 else [(2,)])
    ]


def linear() -> list[Case]:
    cases: list[Case] = [
        FunctionCase(
            f"linear-{label(batch) or 'unbatched'}{'' if bias else '-no-bias'}",
            "linear",
            {"input": uniform(*batch, 4), "weight": uniform(3, 4)}
            | ({"bias": uniform(3)} if bias else {}),
        )
        for batch, bias in product([(), (1,), (5,), (2, 3), (2, 1, 3)], (True, False))
    ]
    return [
        *cases,
        ModuleCase("Linear", "Linear", uniform(2, 3, 4), (4, 3)),
        ModuleCase("Linear-no-bias", "Linear", uniform(5, 4), (4, 3), {"bias": False}),
    ]


CASES: list[Case] = [*grid(), *same_padding(), *corners(), *padding_modes(), *linear()]
