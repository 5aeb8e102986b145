"""Cases of unfolding and folding, and of shuffled pixels and channels."""

from typing import Any

from .case import Case, FunctionCase, ModuleCase, described, label, uniform

# Every row: kernel_size and the other settings of a window, and a picture.
WINDOWS: list[tuple[dict[str, Any], tuple[int, int]]] = [
    ({"kernel_size": 2}, (3, 4)),
    ({"kernel_size": 1}, (2, 3)),
    ({"kernel_size": (3, 2), "stride": 2}, (5, 4)),
    ({"kernel_size": 3, "padding": 1, "stride": (2, 1)}, (4, 5)),
    ({"kernel_size": (2, 3), "dilation": (3, 2), "padding": (1, 2)}, (5, 4)),
    ({"kernel_size": 2, "dilation": 2, "padding": 1, "stride": 2}, (4, 5)),
    ({"kernel_size": 2, "stride": 9}, (4, 12)),  # gaps between the windows
    ({"kernel_size": (4, 5)}, (4, 5)),  # a window as large as the picture
    ({"kernel_size": 1}, (1, 1)),
    ({"kernel_size": 2, "padding": 2}, (1, 1)),  # windows wholly in the padding
]


def positions(window: dict[str, Any], size: tuple[int, int]) -> int:
    count = 1
    for axis, n in enumerate(size):
        settings = {"dilation": 1, "padding": 0, "stride": 1, **window}
        k, d, p, s = (
            value if isinstance(value, int) else value[axis]
            for value in (settings[key] for key in ("kernel_size", "dilation", "padding", "stride"))
        )
        count *= (n + 2 * p - d * (k - 1) - 1) // s + 1
    return count


def places(window: dict[str, Any]) -> int:
    kernel = window["kernel_size"]
    return kernel**2 if isinstance(kernel, int) else kernel[0] * kernel[1]


def window_cases() -> list[Case]:
    cases: list[Case] = []
    for row, (window, size) in enumerate(WINDOWS):
        for batch in ((2,), ()) if row in (0, 3) else ((2,),) if row else ((0,),):
            cases += window_pair(window, size, batch)
    return [*cases, *window_pair(*WINDOWS[1], (0,)), *window_pair(*WINDOWS[4], (1,))]


def window_pair(
    window: dict[str, Any], size: tuple[int, int], batch: tuple[int, ...]
) -> list[Case]:
    picture = (*batch, 2, *size)
    columns = (*batch, 2 * places(window), positions(window, size))
    return [
        FunctionCase(
            f"unfold-{label(picture)}-{described(window)}",
            "unfold",
            {"input": uniform(*picture)},
            window,
        ),
        FunctionCase(
            f"fold-{label(columns)}-{label(size)}-{described(window)}",
            "fold",
            {"input": uniform(*columns)},
            {"output_size": size, **window},
        ),
    ]


SHUFFLES: list[tuple[str, tuple[int, ...], str, int]] = [
    ("pixel_shuffle", (2, 8, 2, 3), "upscale_factor", 2),
    ("pixel_shuffle", (9, 1, 2), "upscale_factor", 3),
    ("pixel_shuffle", (2, 1, 4, 2, 1), "upscale_factor", 2),
    ("pixel_shuffle", (1, 3, 2, 2), "upscale_factor", 1),
    ("pixel_unshuffle", (2, 2, 4, 6), "downscale_factor", 2),
    ("pixel_unshuffle", (1, 3, 6), "downscale_factor", 3),
    ("pixel_unshuffle", (2, 1, 2, 2, 4), "downscale_factor", 2),
    ("channel_shuffle", (2, 6, 2, 3), "groups", 2),
    ("channel_shuffle", (2, 6, 1), "groups", 3),
    ("channel_shuffle", (1, 4, 1, 2, 2), "groups", 4),
    ("channel_shuffle", (0, 4, 2, 2), "groups", 2),
    ("channel_shuffle", (2, 3, 2), "groups", 1),
]


def shuffle_cases() -> list[Case]:
    return [
        FunctionCase(
            f"{function}-{label(shape)}-{option}={number}",
            function,
            {"input": uniform(*shape)},
            {option: number},
        )
        for function, shape, option, number in SHUFFLES
    ]


def modules() -> list[Case]:
    return [
        ModuleCase("Unfold", "Unfold", uniform(2, 2, 5, 6), ((2, 3), 2, 1, (2, 1))),
        ModuleCase("Unfold-unbatched", "Unfold", uniform(2, 5, 6), (2,)),
        ModuleCase("Fold", "Fold", uniform(2, 12, 20), ((5, 6), (2, 3), (2, 1), (1, 0), 1)),
        ModuleCase("PixelShuffle", "PixelShuffle", uniform(2, 8, 2, 3), (2,)),
        ModuleCase("PixelUnshuffle", "PixelUnshuffle", uniform(2, 2, 4, 6), (2,)),
        ModuleCase("ChannelShuffle", "ChannelShuffle", uniform(2, 6, 2, 2), (3,)),
    ]


CASES: list[Case] = [*window_cases(), *shuffle_cases(), *modules()]
