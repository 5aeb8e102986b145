"""A grid of small pictures on one scale of colours: what kernels and feature maps share.

matplotlib is imported when a picture is drawn, and figures are made without pyplot. Knows arrays
and matplotlib; nothing of layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

MOST_PICTURES = 32
"""Of a row of pictures; the others are left out."""

MOST_ROWS, MOST_COLUMNS = 12, 8
"""Of a table of pictures."""


def scale_of(values: np.ndarray[Any, Any], *, signed: bool) -> Any:
    """From numbers to colours, for all pictures of a figure.

    Signed numbers lie around zero, which is white, with red above and blue below; others go from
    dark to light. Both maps are read without telling red from green.

    Returns
    -------
    matplotlib.cm.ScalarMappable
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    if signed:
        limit = float(np.abs(values).max()) or 1.0
        return ScalarMappable(Normalize(-limit, limit), cmap="RdBu_r")
    low, high = float(values.min()), float(values.max())
    return ScalarMappable(Normalize(low, high if high > low else low + 1.0), cmap="cividis")


def shown_of(
    pictures: np.ndarray[Any, Any], labels: Sequence[str], name: str
) -> tuple[np.ndarray[Any, Any], list[str], int]:
    """The pictures that are drawn, the label over each, and how many stand in a row.

    Parameters
    ----------
    pictures : array of shape (n, height, width) or (rows, columns, height, width)
        A row is broken into rows of up to eight.
    labels : sequence of str
        One for each; their numbers if not given.

    Examples
    --------
    >>> import numpy as np
    >>> shown_of(np.zeros((3, 5, 5)), (), "kernels")[1:]
    (['0', '1', '2'], 3)
    >>> shown_of(np.zeros((2, 2, 5, 5)), (), "kernels")[1:]
    (['0, 0', '0, 1', '1, 0', '1, 1'], 2)
    """
    if pictures.ndim not in (3, 4) or 0 in pictures.shape:
        raise ValueError(
            f"{name}: expected pictures of shape (n, height, width) or (rows, columns, height, "
            f"width), none of them empty, got {pictures.shape}"
        )
    if pictures.ndim == 4 and pictures.shape[1] > 1:
        chosen = pictures[:MOST_ROWS, :MOST_COLUMNS]
        columns = chosen.shape[1]
        names = [f"{row}, {column}" for row in range(len(chosen)) for column in range(columns)]
        row = chosen.reshape(-1, *chosen.shape[2:])
    else:
        row = pictures.reshape(-1, *pictures.shape[-2:])[:MOST_PICTURES]
        columns = min(8, len(row)) if len(row) > 6 else len(row)
        names = [str(number) for number in range(len(row))]
    if labels:
        if len(labels) < len(row):
            raise ValueError(f"{name}: {len(labels)} labels for {len(row)} pictures")
        names = [str(label) for label in labels[: len(row)]]
    return row, names, columns


def draw_grid(
    pictures: np.ndarray[Any, Any],
    *,
    signed: bool,
    name: str,
    title: str = "",
    labels: Sequence[str] = (),
    meaning: str = "",
) -> Any:
    """The pictures in a grid, with one bar of colours beside it, which ``meaning`` stands at.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    shown, names, columns = shown_of(pictures, labels, name)
    rows = math.ceil(len(shown) / columns)
    scale = scale_of(shown, signed=signed)
    height, width = shown.shape[1:]
    # Wide pictures get wide places, so that small ones stay readable.
    across = 1.05 * min(max(width / height, 1.0), 3.0)
    figure = Figure(figsize=(across * columns + 1.2, 1.15 * rows + 0.6), layout="constrained")
    if title:
        figure.suptitle(title)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    for axes, picture, label in zip(grid.flat, shown, names, strict=False):
        axes.imshow(picture, norm=scale.norm, cmap=scale.cmap, interpolation="nearest")
        axes.set_title(label, fontsize=8, pad=2)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("0.6")
    shrink = max(0.4, 0.95 - 0.1 * rows)
    figure.colorbar(scale, ax=grid, label=meaning, shrink=shrink, aspect=12)
    return figure
