"""The matrix that a layer multiplies by: tied entries in one colour, or every entry by its value.

:func:`cells_of` says which cell has which colour, :func:`weight_matrix` turns it into marks: text
for small matrices, a matplotlib figure for large ones. May import ``arguments``, ``palette``,
``small_pictures`` and ``svg``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn.nn import Connectivity
from minitorch_cnn.viz.arguments import colours_of, counts_of, real_numbers, table_of
from minitorch_cnn.viz.palette import BACKGROUND, NEGATIVE, OWN, POSITIVE, colour, paint, variable
from minitorch_cnn.viz.small_pictures import scale_of
from minitorch_cnn.viz.svg import SVG, Attributes, Point, element, painted, squares, words

MOST_CELLS = 10_000
"""Larger matrices are drawn as pixels."""

_LARGEST, _LEAST = 22.0, 4.0  # sides of a cell
_WIDEST, _MARGIN = 640.0, 2.0
_SEEN_ALONE = 12.0  # cells of this side stand apart, also those without a link


@dataclass(frozen=True)
class Cells:
    """The entries that have a link, and what gives them their colour.

    ``colours`` are numbers of weights, -1 where no other link shares it; ``values`` are the weights
    themselves, where they are given.
    """

    shape: tuple[int, int]
    rows: np.ndarray[Any, Any]
    columns: np.ndarray[Any, Any]
    colours: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any] | None = None


def cells_of(table: Connectivity, theta: Any = None) -> Cells:
    """Which cells have a link, and their colours; arguments as for :func:`weight_matrix`.

    Examples
    --------
    >>> from minitorch_cnn.nn import Connectivity
    >>> cells = cells_of(Connectivity.conv(1, 1, kernel_size=2, input_size=(3,)), [0.5, -1.0])
    >>> cells.rows.tolist(), cells.columns.tolist(), cells.colours.tolist(), cells.values.tolist()
    ([0, 0, 1, 1], [0, 1, 1, 2], [0, 1, 0, 1], [0.5, -1.0, 0.5, -1.0])
    """
    labels = table.labels()  # refuses several links in one cell
    values = None
    if theta is not None:
        given = real_numbers(theta, "weight_matrix: theta").reshape(-1)
        if given.size != table.weights:
            raise ValueError(
                f"weight_matrix: theta has {given.size} entries, but the table has {table.weights} "
                "weights"
            )
        values = given[table.numbers]
    shape = (labels.shape[0], labels.shape[1])
    return Cells(shape, table.outputs, table.inputs, colours_of(table), values)


def weight_matrix(
    connectivity: Connectivity, theta: Any = None, *, label: str | None = None
) -> Any:
    """Draw the matrix of a layer, a row for each output and a column for each input.

    Parameters
    ----------
    connectivity : Connectivity
        Such as ``layer.connectivity(input_shape)``.
    theta : Tensor or array_like, optional
        The weights, as many as the table has. Entries are then shaded by value: positive ones
        vermilion, negative ones blue, zero blank. Without them tied entries have one colour, and
        entries of a weight that no other link shares are grey.
    label : str, optional
        What screen readers say; the counts of inputs, outputs, links and weights if not given.

    Returns
    -------
    SVG, or matplotlib.figure.Figure for more than 10,000 cells

    Raises
    ------
    TypeError
        If ``connectivity`` is no table.
    ValueError
        If there are not as many weights as the table has, or several links stand in one cell.

    Examples
    --------
    >>> from minitorch_cnn import nn, viz
    >>> table = nn.Connectivity.conv(1, 4, kernel_size=2, input_size=(3, 3))
    >>> viz.weight_matrix(table)
    SVG(202 x 356, '9 inputs, 16 outputs, 64 links, 16 weights')
    """
    table = table_of(connectivity, "weight_matrix")
    cells = cells_of(table, theta)
    if cells.shape[0] * cells.shape[1] > MOST_CELLS:
        return _pixels(cells)
    return _text(cells, label or counts_of(table))


# --- as text --------------------------------------------------------------------------------------


def _text(cells: Cells, label: str) -> SVG:
    rows, columns = cells.shape
    step = min(max(_WIDEST / max(rows, columns, 1), _LEAST), _LARGEST)
    gap = 2.0 if step >= _SEEN_ALONE else 0.5
    elements = [_empty(cells, step, gap)]
    if cells.values is None:
        for number in np.unique(cells.colours):
            corners = _corners(cells, cells.colours == number, step)
            style = painted("fill", paint(None if number < 0 else int(number)))
            elements.append(element("path", d=squares(corners, step - gap), **style))
    else:
        elements += _shaded(cells, cells.values, step, gap)
    width, height = columns * step + 2 * _MARGIN, rows * step + 2 * _MARGIN
    if cells.values is not None and cells.values.size:
        elements += _scale(cells.values, height)
        width, height = max(width, 150.0), height + 34
    return SVG.of(elements, width, height, label)


def _corners(cells: Cells, chosen: Any, step: float) -> list[Point]:
    places = zip(cells.rows[chosen].tolist(), cells.columns[chosen].tolist(), strict=True)
    return [_corner(row, column, step) for row, column in places]


def _corner(row: int, column: int, step: float) -> Point:
    return _MARGIN + column * step, _MARGIN + row * step


def _empty(cells: Cells, step: float, gap: float) -> str:
    """The cells without a link: apart if that can be seen, else the ground of all."""
    rows, columns = cells.shape
    style: Attributes = {"fill": "currentColor", "fill_opacity": 0.1}
    if step < _SEEN_ALONE:
        size: Attributes = {"width": columns * step - gap, "height": rows * step - gap}
        return element("rect", x=_MARGIN, y=_MARGIN, **size, **style)
    empty = np.ones(cells.shape, bool)
    empty[cells.rows, cells.columns] = False
    corners = [_corner(row, column, step) for row, column in np.argwhere(empty).tolist()]
    return element("path", d=squares(corners, step - gap), **style)


def _shaded(cells: Cells, values: np.ndarray[Any, Any], step: float, gap: float) -> list[str]:
    """Cells by value, on a blank ground: in hundredths of the largest."""
    largest = float(np.abs(values).max(initial=0)) or 1.0
    shades = np.rint(100 * values / largest).astype(int)
    everywhere = _corners(cells, np.ones(values.size, bool), step)
    ground = painted("fill", BACKGROUND)
    elements = [element("path", d=squares(everywhere, step - gap), **ground)]
    for shade in np.unique(shades[shades != 0]).tolist():
        corners = _corners(cells, shades == shade, step)
        elements.append(
            element(
                "path",
                d=squares(corners, step - gap),
                fill_opacity=abs(shade) / 100,
                **painted("fill", _sign(shade)),
            )
        )
    return elements


def _sign(value: float) -> tuple[str, str]:
    return variable("negative", NEGATIVE) if value < 0 else variable("positive", POSITIVE)


def _scale(values: np.ndarray[Any, Any], top: float) -> list[str]:
    """A row of swatches from the most negative colour to the most positive one, with numbers."""
    largest = float(np.abs(values).max(initial=0)) or 1.0
    side, left = 14.0, 40.0
    elements = []
    for position, share in enumerate((-1.0, -0.5, 0.0, 0.5, 1.0)):
        x, y = left + position * side, top + 8
        square: Attributes = {"x": x, "y": y, "width": side - 1, "height": side - 1}
        colour = painted("fill", _sign(share))
        elements.append(element("rect", **square, fill_opacity=abs(share), **colour))
    for x, anchor, value in ((left - 5, "end", -largest), (left + 5 * side + 4, "start", largest)):
        text = f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
        place: Attributes = {"x": x, "y": top + 19, "text_anchor": anchor}
        elements.append(element("text", words(text), **place, font_size=12, fill="currentColor"))
    return elements


# --- as pixels ------------------------------------------------------------------------------------


def pixels_of(cells: Cells) -> np.ndarray[Any, Any]:
    """The matrix as a picture, shape (rows, columns, 3), from 0 to 1; white where there is no link.

    Examples
    --------
    >>> from minitorch_cnn.nn import Connectivity
    >>> pixels_of(cells_of(Connectivity.dense(1, 2)))[:, 0, 0]
    array([0.50196078, 0.50196078])
    """
    used, of_link = np.unique(cells.colours, return_inverse=True)
    colours = [OWN if number < 0 else colour(int(number)) for number in used]
    table = [[int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)] for text in colours]
    picture = np.ones((*cells.shape, 3))
    picture[cells.rows, cells.columns] = np.reshape(table, (-1, 3))[of_link.reshape(-1)]
    return picture


def _pixels(cells: Cells) -> Any:
    from matplotlib.figure import Figure

    rows, columns = cells.shape
    longest = max(rows, columns)
    size = (max(1.5, 7 * columns / longest) + 1.2, max(1.5, 7 * rows / longest) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    if cells.values is None:
        axes.imshow(pixels_of(cells), aspect="auto")
    else:
        matrix = np.full(cells.shape, np.nan)
        matrix[cells.rows, cells.columns] = cells.values
        scale = scale_of(cells.values, signed=True)
        axes.set_facecolor("0.88")
        # Smaller pictures than the matrix blend colours, so that no row is left out.
        colours = {"norm": scale.norm, "cmap": scale.cmap, "interpolation_stage": "rgba"}
        axes.imshow(matrix, aspect="auto", **colours)
        figure.colorbar(scale, ax=axes, shrink=0.6)
    return figure
