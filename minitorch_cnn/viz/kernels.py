"""The kernels of a layer as small pictures. May import ``arguments`` and ``small_pictures``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch_cnn.viz.arguments import real_numbers
from minitorch_cnn.viz.small_pictures import draw_grid


def kernels(
    weight: Any, *, title: str = "Kernels of the first layer", labels: Sequence[str] = ()
) -> Any:
    """Draw one small picture per kernel, all on one scale of colours.

    Parameters
    ----------
    weight : Tensor or array of shape (kernels, height, width), or that of a Conv2d
        Of ``(kernels, height, width)`` or ``(out_channels, 1, height, width)`` the first 32 are
        drawn. ``(out_channels, channels, height, width)`` is drawn as a table, a row for each
        output channel, up to 12 rows and 8 columns. Zero is white, positive weights are red and
        negative ones blue, in a map of colours that does not need red to be told from green.
    title : str
    labels : sequence of str
        One per kernel; numbers if not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        For arrays of other dimensions, empty ones, NaN or infinity, or too few labels.
    """
    weight = real_numbers(weight, "kernels")
    return draw_grid(
        weight, signed=True, name="kernels", title=title, labels=labels, meaning="weight"
    )
