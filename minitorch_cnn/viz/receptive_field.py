"""What one output sees of the picture, beside the square that is usually drawn for it.

The numbers are those of ``skeleton``; here they become marks. May import ``palette`` and
``skeleton``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minitorch_cnn.viz.palette import OKABE_ITO
from minitorch_cnn.viz.skeleton import Spans, field_of


def receptive_field(model: Any, input_shape: Iterable[int], position: Any = None) -> Any:
    """Draw the square that one output should see, and the pixels that it does see.

    On the left the square that follows from kernels, strides and padding, with its size above; it
    may reach into the padding, beyond the frame of the picture. On the right every pixel by the
    share of the paths through which it is seen, white where there is none, with their number above
    and the same square around them. They differ under dilation, which leaves gaps, at the edges,
    and in how much the middle is preferred.

    Parameters
    ----------
    model, input_shape, position
        As for :func:`seen_pixels`. The square is that of :func:`summary`, and left out where that
        does not know it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        As :func:`seen_pixels`; and for volumes, which have no flat picture.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> net = [mt.nn.Conv2d(1, 4, 3), mt.nn.ReLU(), mt.nn.MaxPool2d(2), mt.nn.Conv2d(4, 4, 3)]
    >>> figure = mt.viz.receptive_field(net, (1, 16, 16), position=(2, 2))
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['8 × 8', '64']
    """
    field = field_of(model, input_shape, position, "receptive_field")
    if field.shares.ndim > 2:
        raise ValueError(
            f"receptive_field: {field.shares.ndim} dimensions have no flat picture; take slices of "
            "viz.seen_pixels(...)"
        )
    return _figure(np.atleast_2d(field.shares), _square(field.spans))


def _square(spans: Spans | None) -> Spans | None:
    """Rows and columns; a line is a picture of one row."""
    return None if spans is None else ((0, 0), *spans)[-2:]


def _figure(shares: np.ndarray[Any, Any], square: Spans | None) -> Any:
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    height, width = shares.shape
    panels = 1 if square is None else 2
    tall = min(max(3.4 * height / width, 0.9), 5.0)
    figure = Figure(figsize=(3.6 * panels + 0.9, tall + 0.7), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    seen = np.ma.masked_equal(shares, 0)
    # The root, because shares at the rim of a deep field are thousands of times smaller.
    scale = PowerNorm(0.5, vmin=0, vmax=float(shares.max()) or 1.0)
    image = axes[-1].imshow(seen, norm=scale, cmap="cividis_r", interpolation="nearest")
    axes[-1].set_title(f"{int((shares > 0).sum()):,}")
    figure.colorbar(image, ax=axes[-1], shrink=0.8, format="%.2g")
    if square is not None:
        (top, bottom), (left, right) = square
        axes[0].set_title(f"{bottom - top + 1} × {right - left + 1}")
        axes[0].add_patch(_box(square, facecolor=OKABE_ITO[5], alpha=0.7))
    for panel in axes:
        _frame(panel, shares.shape, square)
    return figure


def _frame(axes: Any, sizes: tuple[int, ...], square: Spans | None) -> None:
    """The outlines of picture and square, and room for both."""
    from matplotlib.ticker import MaxNLocator

    picture = ((0, sizes[0] - 1), (0, sizes[1] - 1))
    axes.add_patch(_box(picture, fill=False, edgecolor="0.4", linewidth=1.2))
    if square is not None:
        axes.add_patch(_box(square, fill=False, edgecolor=OKABE_ITO[1], linewidth=1.8))
    (top, bottom), (left, right) = (
        (min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(picture, square or picture, strict=True)
    )
    line = sizes[0] == 1
    axes.set(xlim=(left - 1, right + 1), ylim=(bottom + 1, top - 1))
    axes.set_aspect("auto" if line else "equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    if line:
        axes.set_yticks([])
    axes.tick_params(labelsize=8)
    axes.spines[:].set_visible(False)


def _box(square: Spans, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    (top, bottom), (left, right) = square
    return Rectangle((left - 0.5, top - 0.5), right - left + 1, bottom - top + 1, **style)
