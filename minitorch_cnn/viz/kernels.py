"""The kernels of a layer as small pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

_MAX_KERNELS = 32


def kernels(
    weight: Any, *, title: str = "Kernels of the first layer", labels: Sequence[str] = ()
) -> Any:
    """Draw one small picture per kernel, all on one scale of colours.

    Parameters
    ----------
    weight : array of shape (kernels, height, width)
        The first 32 are drawn. Zero is white, positive weights are red and negative ones blue, in
        a map of colours that does not need red to be told from green.
    title : str
    labels : sequence of str
        One per kernel; numbers if not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    shown = weight[:_MAX_KERNELS]
    columns = min(8, len(shown)) if len(shown) > 6 else len(shown)
    rows = math.ceil(len(shown) / columns)
    limit = float(abs(shown).max()) or 1.0
    colours = ScalarMappable(Normalize(-limit, limit), cmap="RdBu_r")
    figure = Figure(figsize=(1.05 * columns + 1.2, 1.15 * rows + 0.6), layout="constrained")
    figure.suptitle(title)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    labels = labels or [str(number) for number in range(len(shown))]
    for axes, kernel, label in zip(grid.flat, shown, labels, strict=False):
        axes.imshow(kernel, norm=colours.norm, cmap=colours.cmap, interpolation="nearest")
        axes.set_title(label, fontsize=8, pad=2)
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("0.6")
    figure.colorbar(colours, ax=grid, label="weight", shrink=max(0.4, 0.95 - 0.1 * rows), aspect=12)
    return figure
