"""The matrix that a layer multiplies by: tied entries in one colour, or every entry by its value.

:func:`cells_of` says which cell has which colour, :func:`weight_matrix` turns it into marks: text
for small matrices, a matplotlib figure for large ones. May import ``arguments``, ``grids``,
``palette``, ``small_pictures`` and ``svg``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn.nn import Connectivity
from minitorch_cnn.viz.arguments import colours_of, counts_of, real_numbers, table_of
from minitorch_cnn.viz.grids import short
from minitorch_cnn.viz.palette import BACKGROUND, NEGATIVE, OWN, POSITIVE, colour, paint, variable
from minitorch_cnn.viz.small_pictures import scale_of
from minitorch_cnn.viz.svg import SVG, Attributes, element, painted, squares, words

MOST_CELLS, LONGEST_SIDE = 10_000, 300
"""Matrices of more cells, or more rows or columns, are drawn as pixels."""

_LARGEST, _LEAST = 22.0, 4.0  # sides of a cell
_WIDEST, _MARGIN = 640.0, 2.0
_SCALE = 150.0, 34.0  # width and height of the scale of values
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
    SVG
        Or a matplotlib.figure.Figure for more than 10,000 cells, or 300 rows or columns.

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
    if cells.shape[0] * cells.shape[1] > MOST_CELLS or max(cells.shape) > LONGEST_SIDE:
        return _pixels(cells)
    return _text(cells, label or counts_of(table))


# --- as text --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Squares:
    """How large the cells are, and where the first one stands."""

    left: float
    step: float
    gap: float

    def path(self, places: Any) -> str:
        """The data of a path of the cells at (row, column)."""
        corners = [
            (self.left + column * self.step, _MARGIN + row * self.step) for row, column in places
        ]
        return squares(corners, self.step - self.gap)


def _text(cells: Cells, label: str) -> SVG:
    rows, columns = cells.shape
    step = min(max(_WIDEST / max(rows, columns, 1), _LEAST), _LARGEST)
    width, height = columns * step + 2 * _MARGIN, rows * step + 2 * _MARGIN
    below: list[str] = []
    if cells.values is not None and cells.values.size:
        width = max(width, _SCALE[0])
        below = _scale(cells.values, width / 2, height)
        height += _SCALE[1]
    left = (width - columns * step) / 2
    grid = _Squares(left, step, 2.0 if step >= _SEEN_ALONE else 0.5)
    filled = _coloured(cells, grid) if cells.values is None else _shaded(cells, cells.values, grid)
    return SVG.of([_empty(cells, grid), *filled, *below], width, height, label)


def _empty(cells: Cells, grid: _Squares) -> str:
    """The cells without a link: apart if that can be seen, else the ground of all."""
    rows, columns = cells.shape
    style: Attributes = {"fill": "currentColor", "fill_opacity": 0.1}
    if grid.step < _SEEN_ALONE:
        sides = {"width": columns * grid.step, "height": rows * grid.step}
        return element("rect", x=grid.left, y=_MARGIN, **sides, **style)
    empty = np.ones(cells.shape, bool)
    empty[cells.rows, cells.columns] = False
    return element("path", d=grid.path(np.argwhere(empty).tolist()), **style)


def _places(cells: Cells, chosen: Any = slice(None)) -> list[tuple[int, int]]:
    return list(zip(cells.rows[chosen].tolist(), cells.columns[chosen].tolist(), strict=True))


def _coloured(cells: Cells, grid: _Squares) -> list[str]:
    """Cells by weight."""
    elements = []
    for number in np.unique(cells.colours).tolist():
        style = painted("fill", paint(None if number < 0 else number))
        path = grid.path(_places(cells, cells.colours == number))
        elements.append(element("path", d=path, **style))
    return elements


def _shaded(cells: Cells, values: np.ndarray[Any, Any], grid: _Squares) -> list[str]:
    """Cells by value, on a blank ground: in hundredths of the largest."""
    shades = np.rint(100 * values / _largest(values)).astype(int)
    elements = [element("path", d=grid.path(_places(cells)), **painted("fill", BACKGROUND))]
    for shade in np.unique(shades[shades != 0]).tolist():
        path = grid.path(_places(cells, shades == shade))
        style = painted("fill", _sign(shade))
        elements.append(element("path", d=path, fill_opacity=abs(shade) / 100, **style))
    return elements


def _largest(values: np.ndarray[Any, Any]) -> float:
    return float(np.abs(values).max(initial=0)) or 1.0


def _sign(value: float) -> tuple[str, str]:
    return variable("negative", NEGATIVE) if value < 0 else variable("positive", POSITIVE)


def _scale(values: np.ndarray[Any, Any], middle: float, top: float) -> list[str]:
    """A row of swatches from the most negative colour to the most positive one, with numbers."""
    largest, side = _largest(values), 14.0
    left, right = middle - 2.5 * side, middle + 2.5 * side
    elements = []
    for position, share in enumerate((-1.0, -0.5, 0.0, 0.5, 1.0)):
        x = left + position * side
        square: Attributes = {"x": x, "y": top + 8, "width": side - 1, "height": side - 1}
        colour = painted("fill", _sign(share))
        elements.append(element("rect", **square, fill_opacity=abs(share), **colour))
    for x, anchor, value in ((left - 5, "end", -largest), (right + 4, "start", largest)):
        place: Attributes = {"x": x, "y": top + 19, "text_anchor": anchor, "font_size": 12}
        elements.append(element("text", words(short(value)), **place, fill="currentColor"))
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
