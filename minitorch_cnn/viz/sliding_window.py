"""A window that slides over a picture, and the row of the dense matrix that it stands for.

The numbers are those of ``slides``; here they become marks. The figure shows its first position
by itself, and a script moves it where there is one. May import ``grids``,
``palette``, ``slides`` and ``svg``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn.nn import Connectivity
from minitorch_cnn.viz.grids import grid, numbers, outline
from minitorch_cnn.viz.palette import paint
from minitorch_cnn.viz.slides import Slides, slides_of
from minitorch_cnn.viz.svg import (
    FONT,
    SVG,
    Attributes,
    HTMLFigure,
    Point,
    element,
    number,
    painted,
    squares,
    words,
)

_BAND = 280.0  # height of the pictures, if their cells are not smaller than the largest
_CELL, _LEAST_CELL = 36.0, 14.0
_SIGN = 36.0  # room for a sign between two pictures
_ROW = 22.0  # largest side of a cell of the matrix
_WIDEST, _LEAST_WIDTH = 640.0, 300.0
_MARGIN, _GAP, _COUNTS = 4.0, 24.0, 30.0
_TINT = 0.4  # letters stay readable on colours of that opacity

_STYLE = (
    ".sliding-window svg{touch-action:manipulation}"
    ".sliding-window svg:focus-visible{outline:2px solid;outline-offset:4px}"
    ".sliding-window [data-position]{cursor:pointer;touch-action:none}"
    ".sliding-window output{display:block;min-height:3em;margin-top:.75em;text-align:center;"
    "font-variant-numeric:tabular-nums}"
)


@dataclass(frozen=True)
class Layout:
    """Sides of cells, and the upper left corner of each part, in pixels."""

    width: float
    height: float
    cell: float
    row: float
    frame: Point  # of the picture with its padding
    picture: Point
    kernel: Point
    output: Point
    matrix: Point


def layout_of(slides: Slides) -> Layout:
    """Where the parts of the figure stand: three pictures in a band, and below it the matrix."""
    (top, bottom), (left, right) = slides.padding
    rows, columns = slides.picture.shape
    high, wide = rows + top + bottom, columns + left + right
    kernel, output = slides.kernel.shape, slides.output.shape
    cells = wide + kernel[1] + output[1]
    room = _WIDEST - 2 * (_MARGIN + _SIGN)
    tallest = max(high, kernel[0], output[0])
    cell = min(_CELL, max(_LEAST_CELL, min(_BAND / tallest, room / cells)))
    band = cell * tallest
    wanted = cell * cells + 2 * (_MARGIN + _SIGN)
    n_outputs, n_inputs = slides.table.shape
    width = max(wanted, _LEAST_WIDTH)
    row = min(_ROW, (width - 2 * _MARGIN) / n_inputs)
    x = (width - wanted) / 2 + _MARGIN
    corners: list[Point] = []
    for sizes in ((high, wide), kernel, output):
        corners.append((x, _MARGIN + (band - cell * sizes[0]) / 2))
        x += cell * sizes[1] + _SIGN
    frame = corners[0]
    inside = frame[0] + left * cell, frame[1] + top * cell
    matrix = (width - row * n_inputs) / 2, _MARGIN + band + _GAP
    height = matrix[1] + row * n_outputs + _COUNTS + _MARGIN
    return Layout(width, height, cell, row, frame, inside, corners[1], corners[2], matrix)


def sliding_window(
    picture: Any,
    kernel: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    label: str | None = None,
) -> HTMLFigure:
    """Draw a kernel that slides over a picture, beside the dense matrix that does the same.

    Above stand the picture with the window, the kernel and the output; below them the matrix, in
    which each weight of the kernel has its colour and the row of this position is lit. Under it are
    counted the links of a dense layer, those through windows, and the weights when they are tied;
    the last line is the arithmetic of the row. Arrow keys, Home and End move the window, and so
    does a click or a touch on an output or a row. Without JavaScript the first position is shown.

    Parameters
    ----------
    picture : Tensor or array_like, shape (height, width)
        Up to 144 pixels.
    kernel : Tensor or array_like, shape (height, width)
    stride, padding, dilation
        As for :func:`conv2d`. Pixels of the padding are 0 and have no column in the matrix.
    label : str, optional
        What screen readers say; the counts if not given.

    Returns
    -------
    HTMLFigure

    Raises
    ------
    TypeError
        If the data are no real numbers.
    ValueError
        If they are no matrices, the window fits nowhere, or the picture is too large.

    Examples
    --------
    >>> from minitorch_cnn import viz
    >>> viz.sliding_window([[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[1, 2], [3, 4]])
    HTMLFigure(... x ..., '9 inputs, 4 outputs: 36 dense links, 16 local links, 4 weights')
    """
    slides = slides_of(picture, kernel, stride=stride, padding=padding, dilation=dilation)
    layout = layout_of(slides)
    n_outputs, n_inputs = slides.table.shape
    dense, local, tied = slides.counts
    label = label or (
        f"{n_inputs} inputs, {n_outputs} outputs: {dense} dense links, {local} local links, "
        f"{tied} weights"
    )
    parts = [
        *_matrix(slides, layout),
        *_picture(slides, layout),
        *_kernel(slides, layout),
        *_output(slides, layout),
        *_counts(slides, layout),
    ]
    cell = layout.cell
    steps = (
        slides.output.shape[1],
        slides.stride[1] * cell,
        slides.stride[0] * cell,
        cell,
        layout.row,
    )
    text = element(
        "div",
        element("style", _STYLE),
        SVG.of(parts, layout.width, layout.height, label).text,
        element("output", words(slides.sums[0]), aria_live="polite"),
        element("script", _script()),
        class_="sliding-window",
        data_steps=" ".join(map(number, steps)),
        data_sums="|".join(slides.sums),
        style=f"max-width:{number(layout.width)}px;font-family:{FONT}",
    )
    return HTMLFigure(text, layout.width, layout.height, label)


def _script() -> str:
    from importlib.resources import files

    return files("minitorch_cnn.viz").joinpath("sliding_window.js").read_text(encoding="utf-8")


# --- parts ----------------------------------------------------------------------------------------


def _sign(text: str, x: float, layout: Layout, size: float) -> str:
    middle = _MARGIN + (layout.matrix[1] - _GAP - _MARGIN) / 2
    place: Attributes = {"x": x - _SIGN / 2, "y": middle + 0.35 * size, "text_anchor": "middle"}
    return element("text", words(text), **place, font_size=size, fill="currentColor")


def _places(slides: Slides, corner: Point, cell: float, spread: tuple[int, ...]) -> list[str]:
    """A coloured cell for each place of the window, ``spread`` cells apart."""
    return [
        element(
            "rect",
            x=corner[0] + column * spread[1] * cell,
            y=corner[1] + row * spread[0] * cell,
            width=cell,
            height=cell,
            fill_opacity=_TINT,
            **painted("fill", paint(row * slides.kernel.shape[1] + column)),
        )
        for row, column in np.ndindex(slides.kernel.shape)
    ]


def _picture(slides: Slides, layout: Layout) -> list[str]:
    cell, (row, column) = layout.cell, slides.corners[0]
    corner = layout.picture[0] + column * cell, layout.picture[1] + row * cell
    spans = [d * (k - 1) + 1 for d, k in zip(slides.dilation, slides.kernel.shape, strict=True)]
    window = element(
        "g",
        *_places(slides, corner, cell, slides.dilation),
        outline(corner, spans[1] * cell, spans[0] * cell),
        class_="window",
    )
    (top, bottom), (left, right) = slides.padding
    rows, columns = slides.picture.shape
    framed = (rows + top + bottom, columns + left + right)
    padded = framed != slides.picture.shape
    return [
        *([grid(layout.frame, framed, cell, 0.2)] if padded else []),
        grid(layout.picture, slides.picture.shape, cell),
        window,
        numbers(layout.picture, slides.picture, cell),
    ]


def _kernel(slides: Slides, layout: Layout) -> list[str]:
    return [
        _sign("⋆", layout.kernel[0], layout, 30),
        *_places(slides, layout.kernel, layout.cell, (1, 1)),
        grid(layout.kernel, slides.kernel.shape, layout.cell),
        numbers(layout.kernel, slides.kernel, layout.cell),
    ]


def _output(slides: Slides, layout: Layout) -> list[str]:
    cell, (x, y) = layout.cell, layout.output
    columns = slides.output.shape[1]
    targets = [
        element(
            "rect",
            x=x + position % columns * cell,
            y=y + position // columns * cell,
            width=cell,
            height=cell,
            data_position=str(position),
        )
        for position in range(slides.output.size)
    ]
    return [
        _sign("=", x, layout, 20),
        element("g", *targets, fill="currentColor", fill_opacity=0.05),
        grid(layout.output, slides.output.shape, cell),
        outline(layout.output, cell, cell, class_="lit-output"),
        numbers(layout.output, slides.output, cell),
    ]


def _matrix(slides: Slides, layout: Layout) -> list[str]:
    """A bar for each row, with its empty cells, and on it the links in the colours of weights."""
    row, (x, y) = layout.row, layout.matrix
    gap = 2.0 if row >= 12 else 0.5
    n_outputs, n_inputs = slides.table.shape
    bar: Attributes = {"x": x, "width": n_inputs * row - gap, "height": row - gap}
    bars = [
        element("rect", y=y + position * row, **bar, data_position=str(position))
        for position in range(n_outputs)
    ]
    ground: Attributes = {"fill": "currentColor", "fill_opacity": 0.1}
    frame = (x - 2, y - 2), n_inputs * row - gap + 4, row - gap + 4
    return [
        element("g", *bars, **ground),
        element("rect", y=y, **bar, **ground, class_="lit-row", pointer_events="none"),
        *_links(slides.table, layout.matrix, row, gap, tied=True),
        outline(*frame, class_="lit-row"),
    ]


def _links(table: Connectivity, corner: Point, step: float, gap: float, *, tied: bool) -> list[str]:
    elements = []
    for weight in np.unique(table.numbers) if tied else [None]:
        mine = slice(None) if weight is None else table.numbers == weight
        places = zip(table.outputs[mine].tolist(), table.inputs[mine].tolist(), strict=True)
        corners = [(corner[0] + c * step, corner[1] + r * step) for r, c in places]
        style = painted("fill", paint(None if weight is None else int(weight)))
        path = squares(corners, step - gap)
        elements.append(element("path", d=path, pointer_events="none", **style))
    return elements


def _counts(slides: Slides, layout: Layout) -> list[str]:
    """Three small matrices, dense, local, tied, and at each its count."""
    small = Connectivity.conv(1, 1, kernel_size=2, input_size=(4,))
    step, y = 5.0, layout.height - _MARGIN - 15.0
    wide = 4 * step + 6
    texts = [f"{count:,}" for count in slides.counts]
    widths = [wide + 8.0 * len(text) for text in texts]
    gap = 26.0
    x = (layout.width - sum(widths) - 2 * gap) / 2
    tables = [(Connectivity.dense(4, 3), False), (small, False), (small, True)]
    elements = []
    for (table, tied), text, width in zip(tables, texts, widths, strict=True):
        size: Attributes = {"x": x, "y": y, "width": 4 * step - 1, "height": 3 * step - 1}
        elements.append(element("rect", **size, fill="currentColor", fill_opacity=0.1))
        elements += _links(table, (x, y), step, 1.0, tied=tied)
        place: Attributes = {"x": x + wide, "y": y + 12.5, "font_size": 14, "fill": "currentColor"}
        elements.append(element("text", words(text), **place))
        x += width + gap
    return elements
