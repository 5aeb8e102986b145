"""The settings of a convolution that give a wanted size: convolution arithmetic, turned round.

Pure integers, one dimension at a time, by the formulas that the layers use. May import
``arithmetic`` and ``functional``'s window arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from minitorch_backends.windows import output_size
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.arithmetic import conv_output_size
from minitorch_cnn.nn.functional.transposed_convolution import least_sizes
from minitorch_cnn.nn.functional.windows import per_dimension

NEAREST = 3
"""How many reachable sizes a message names."""

MOST_DISTANT = 4
"""How far it looks for them, in sums of the sizes met."""


@dataclass(frozen=True)
class ConvSetting:
    """One way for a convolution to get from a size to another, along one dimension.

    Attributes
    ----------
    kernel_size, stride, dilation : int
    padding : (int, int)
        Before and after.
    unused : int
        Entries (padding among them) after the last window, which it never reaches because the
        stride does not divide.
    """

    kernel_size: int
    stride: int
    padding: tuple[int, int]
    dilation: int
    unused: int = 0

    @property
    def symmetric(self) -> bool:
        """Whether there is as much padding before as after, as layers take it."""
        return self.padding[0] == self.padding[1]

    def arguments(self) -> dict[str, int]:
        """Keyword arguments for a layer such as :class:`Conv2d`.

        Raises
        ------
        ValueError
            If the padding is not symmetric.

        >>> from minitorch_cnn import nn
        >>> setting = nn.solve_conv(7, 4, kernel_size=3, stride=2)[0]
        >>> nn.Conv1d(1, 1, **setting.arguments())
        Conv1d(1, 1, kernel_size=(3,), stride=(2,), padding=(1,))
        """
        if not self.symmetric:
            raise ValueError(
                f"arguments: a layer pads both ends alike, this setting needs {self.padding}; put "
                "nn.ZeroPad1d, 2d or 3d before it"
            )
        found = {"kernel_size": self.kernel_size, "stride": self.stride}
        return found | {"padding": self.padding[0], "dilation": self.dilation}

    def __str__(self) -> str:
        padding = self.padding[0] if self.symmetric else self.padding
        text = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={padding}"
        text += "" if self.dilation == 1 else f", dilation={self.dilation}"
        return text + (f" ({self.unused} unused)" if self.unused else "")


@dataclass(frozen=True)
class ConvTransposeSetting:
    """One way for a transposed convolution to get from a size to another, along one dimension.

    Attributes
    ----------
    kernel_size, stride, padding, output_padding, dilation : int
    """

    kernel_size: int
    stride: int
    padding: int
    output_padding: int
    dilation: int

    def arguments(self) -> dict[str, int]:
        """Keyword arguments for a layer such as :class:`ConvTranspose2d`."""
        return dict(vars(self))

    def __str__(self) -> str:
        text = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        text += f", output_padding={self.output_padding}" if self.output_padding else ""
        return text + ("" if self.dilation == 1 else f", dilation={self.dilation}")


def solve_conv(
    input_size: int,
    output_size: int,
    kernel_size: int | None = None,
    stride: int | None = None,
    padding: int | tuple[int, int] | None = None,
    dilation: int | None = 1,
) -> list[ConvSetting]:
    """Every convolution (or pooling) that gets from ``input_size`` to ``output_size``.

    What is None is looked for: kernels and strides up to ``input_size``, paddings below the width
    of the window (with more, windows would see padding alone), dilations that make the window no
    wider than the input. For one dimension; several are independent of each other.

    Parameters
    ----------
    input_size, output_size : int
    kernel_size, stride, dilation : int or None
    padding : int, (before, after) or None

    Returns
    -------
    list of ConvSetting
        ``Conv2d(1, 4, **setting.arguments())`` takes one over. A padding ``(before, after)`` is of
        one dimension, where layers read a pair as (vertical, horizontal); ``arguments()`` refuses
        it and says which padding layer to put in front.

        Symmetric paddings before others, then those with least padding, with least dilation, with
        fewest entries unused at the end, with the smallest stride and kernel. Of the unsymmetric
        ones only the most even, with one entry more at the end.

    Raises
    ------
    ValueError
        If there is none; names the sizes nearby that can be reached.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> for setting in nn.solve_conv(7, 4, kernel_size=3, stride=2):
    ...     print(setting)
    kernel_size=3, stride=2, padding=1
    kernel_size=3, stride=2, padding=(1, 2) (1 unused)
    >>> nn.solve_conv(7, 6, kernel_size=3, stride=2)
    Traceback (most recent call last):
    ...
    ValueError: solve_conv: no padding gets from 7 to 6 with kernel_size=3, stride=2, dilation=1;
    nearest: 5 (kernel_size=3, stride=2, padding=2), 4 (kernel_size=3, stride=2, padding=1),
    3 (kernel_size=3, stride=2, padding=0)
    """
    name = "solve_conv"
    size, wanted = (
        count(input_size, f"{name} input_size"),
        count(output_size, f"{name} output_size"),
    )
    given: dict[str, Any] = {
        "kernel_size": _known(kernel_size, f"{name} kernel_size"),
        "stride": _known(stride, f"{name} stride"),
        "padding": None if padding is None else _pair(padding, f"{name} padding"),
        "dilation": _known(dilation, f"{name} dilation"),
    }
    found = sorted(_conv_settings(size, wanted, **given), key=_conv_order)
    if not found:
        # With stride 1 and the most padding.
        reach = [
            size + (sum(given["padding"]) if given["padding"] else 2 * d * (k - 1)) - d * (k - 1)
            for k, d in _windows(given["kernel_size"], given["dilation"], size)
        ]
        raise _unreachable(
            name, size, wanted, given, lambda n: _conv_settings(size, n, **given), max(reach)
        )
    return found


def solve_conv_transpose(
    input_size: int,
    output_size: int,
    kernel_size: int | None = None,
    stride: int | None = None,
    padding: int | None = None,
    output_padding: int | None = None,
    dilation: int | None = 1,
) -> list[ConvTransposeSetting]:
    """Every transposed convolution that gets from ``input_size`` to ``output_size``.

    What is None is looked for: kernels and strides up to ``output_size``, paddings below the width
    of the window, output paddings below the stride or dilation, dilations that make the window no
    wider than the output. For one dimension; several are independent of each other.

    Parameters
    ----------
    input_size, output_size : int
    kernel_size, stride, padding, output_padding, dilation : int or None

    Returns
    -------
    list of ConvTransposeSetting
        Those with least output padding first, then least padding, dilation, stride and kernel.

    Raises
    ------
    ValueError
        If there is none; names the sizes nearby that can be reached.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> for setting in nn.solve_conv_transpose(16, 32, kernel_size=4, stride=2):
    ...     print(setting)
    kernel_size=4, stride=2, padding=1
    >>> for setting in nn.solve_conv_transpose(4, 8, kernel_size=3, stride=2):
    ...     print(setting)
    kernel_size=3, stride=2, padding=1, output_padding=1
    """
    name = "solve_conv_transpose"
    size, wanted = (
        count(input_size, f"{name} input_size"),
        count(output_size, f"{name} output_size"),
    )
    given: dict[str, Any] = {
        "kernel_size": _known(kernel_size, f"{name} kernel_size"),
        "stride": _known(stride, f"{name} stride"),
        "padding": _known(padding, f"{name} padding", least=0),
        "output_padding": _known(output_padding, f"{name} output_padding", least=0),
        "dilation": _known(dilation, f"{name} dilation"),
    }
    found = sorted(_transpose_settings(size, wanted, **given), key=_transpose_order)
    if not found:
        raise _unreachable(
            name, size, wanted, given, lambda n: _transpose_settings(size, n, **given), math.inf
        )
    return found


def invert_conv(
    input_size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> list[ConvTransposeSetting]:
    """Every transposed convolution of this window that restores the size a convolution had.

    With a stride, a convolution has the same number of positions on pictures of several sizes;
    ``output_padding`` says which of them to give back.

    Parameters
    ----------
    input_size, kernel_size, stride, padding, dilation : int
        Of the convolution.

    Returns
    -------
    list of ConvTransposeSetting
        First the one with the same padding: the transpose of that very convolution. Then those
        that get to the same size with another padding.

    Raises
    ------
    ValueError
        If the window does not fit.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> nn.conv_output_size(32, 3, stride=2, padding=1)
    16
    >>> for setting in nn.invert_conv(32, 3, stride=2, padding=1):
    ...     print(setting)
    kernel_size=3, stride=2, padding=1, output_padding=1
    """
    given = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
    window = {what: count(value, f"invert_conv {what}") for what, value in given.items()}
    padding = count(padding, "invert_conv padding", least=0)
    input_size = count(input_size, "invert_conv input_size")
    positions = conv_output_size(input_size, padding=padding, **window)
    reached = input_size + 2 * padding - dilation * (kernel_size - 1) - 1
    rest = reached % stride
    same = ConvTransposeSetting(kernel_size, stride, padding, rest, dilation)
    others = _transpose_settings(positions, input_size, padding=None, output_padding=None, **window)
    return [same, *sorted((s for s in others if s != same), key=_transpose_order)]


def _conv_settings(
    size: int, wanted: int, *, kernel_size: Any, stride: Any, padding: Any, dilation: Any
) -> Iterator[ConvSetting]:
    for k, d in _windows(kernel_size, dilation, size):
        span = d * (k - 1) + 1
        pairs = [padding] if padding else [(t // 2, t - t // 2) for t in range(2 * span - 1)]
        for pair in pairs:
            rest = size + sum(pair) - span
            if rest < 0:
                continue
            # output_size counts rest // stride + 1 positions.
            first = rest // wanted + 1
            last = rest // (wanted - 1) if wanted > 1 else max(first, size, stride or 1)
            strides = range(first, min(last, size) + 1) if stride is None else [stride]
            for s in strides:
                if output_size(size, k, s, pair, d) == wanted:
                    yield ConvSetting(k, s, pair, d, unused=rest - (wanted - 1) * s)


def _conv_order(setting: ConvSetting) -> tuple[Any, ...]:
    least = (sum(setting.padding), setting.dilation, setting.unused)
    return (not setting.symmetric, *least, setting.stride, setting.kernel_size)


def _transpose_settings(
    size: int,
    wanted: int,
    *,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
) -> Iterator[ConvTransposeSetting]:
    for k, d in _windows(kernel_size, dilation, wanted):
        for s in range(1, wanted + 1) if stride is None else [stride]:
            for p in range(d * (k - 1) + 1) if padding is None else [padding]:
                (least,) = least_sizes((size,), (k,), (s,), (p,), (d,))
                extra = wanted - least
                if 0 <= extra < max(s, d) and output_padding in (None, extra):
                    yield ConvTransposeSetting(k, s, p, extra, d)


def _transpose_order(setting: ConvTransposeSetting) -> tuple[int, ...]:
    least = (setting.output_padding, setting.padding, setting.dilation)
    return (*least, setting.stride, setting.kernel_size)


def _windows(kernel_size: Any, dilation: Any, size: int) -> Iterator[tuple[int, int]]:
    """Kernels with dilations: the given ones, or all whose window is no wider than ``size``."""
    for k in range(1, size + 1) if kernel_size is None else [kernel_size]:
        most = 1 if k == 1 else max(1, (size - 1) // (k - 1))
        for d in range(1, most + 1) if dilation is None else [dilation]:
            yield k, d


def _known(value: Any, what: str, *, least: int = 1) -> int | None:
    return None if value is None else count(value, what, least=least)


def _pair(padding: Any, what: str) -> tuple[int, int]:
    before, after = per_dimension(padding, 2, what, least=0)
    return before, after


def _unreachable(
    name: str,
    size: int,
    wanted: int,
    given: dict[str, Any],
    settings: Callable[[int], Iterator[ConvSetting | ConvTransposeSetting]],
    largest: float,
) -> ValueError:
    """The error for a size without settings, with the sizes nearby that have some.

    No size above ``largest`` is looked at.
    """
    fixed = ", ".join(f"{what}={value}" for what, value in given.items() if value is not None)
    open_ = " or ".join(what for what, value in given.items() if value is None)
    nearby: list[str] = []
    for distance in range(1, MOST_DISTANT * (size + wanted)):
        for other in (wanted - distance, wanted + distance):
            setting = next(settings(other), None) if 1 <= other <= largest else None
            if setting is not None and len(nearby) < NEAREST:
                nearby.append(f"{other} ({setting})")
        if len(nearby) == NEAREST:
            break
    hint = f"nearest: {', '.join(nearby)}" if nearby else "no size can be reached"
    what = f"no {open_} gets" if open_ else "these settings do not get"
    return ValueError(f"{name}: {what} from {size} to {wanted} with {fixed}; {hint}")
