"""A table of links as a net: units as circles, a line for each link, tied links in one colour.

:func:`net_of` says where everything stands, :func:`net_diagram` turns it into marks. May import
``arguments``, ``palette`` and ``svg``.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minitorch_cnn.nn import Connectivity
from minitorch_cnn.viz.arguments import colours_of, counts_of, planes_of, table_of
from minitorch_cnn.viz.palette import BACKGROUND, paint
from minitorch_cnn.viz.svg import SVG, Attributes, Point, element, number, painted, segments

MOST_LINKS = 2_000
"""More lines than that are one dark patch, and megabytes."""

MOST_UNITS = 2_000

_STEP = 44.0  # between neighbours of a row
_BACK = (16.0, 24.0)  # from a row to the one behind it: to the right, and up
_GAP = 28.0  # between pictures of one layer
_RADIUS = 8.0
_MARGIN = 6.0  # around everything
_LAYERS = (98.0, 220.0)  # least and largest distance between the layers
_WIDEST = 900.0  # wider nets are scaled down
_THIN, _LINE, _STRONG = 1.0, 1.6, 2.6  # widths of lines
_MANY_LINKS = 100  # are drawn thin


@dataclass(frozen=True)
class Link:
    """One line: the units it joins, the weight that gives it its colour (-1: grey), its strength.

    ``strong`` is None where nothing is highlighted.
    """

    input: int
    output: int
    colour: int
    strong: bool | None = None


@dataclass(frozen=True)
class Net:
    """Where everything stands, in pixels from the upper left corner."""

    width: float
    height: float
    scale: float
    inputs: tuple[Point, ...]
    outputs: tuple[Point, ...]
    planes: tuple[tuple[Point, ...], ...]  # the corners of each picture of several rows
    links: tuple[Link, ...]
    highlight: int | None = None


def net_of(
    table: Connectivity, input_shape: Any = None, output_shape: Any = None, highlight: Any = None
) -> Net:
    """Places of units and colours of links; arguments as for :func:`net_diagram`.

    Examples
    --------
    >>> from minitorch_cnn.nn import Connectivity
    >>> net = net_of(Connectivity.conv(1, 1, kernel_size=2, input_size=(3,)))
    >>> [(link.input, link.output, link.colour) for link in net.links]
    [(0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)]
    """
    n_outputs, n_inputs = table.shape
    if table.links > MOST_LINKS or n_inputs + n_outputs > MOST_UNITS:
        raise ValueError(
            f"net_diagram: {table.links:,} links between {n_inputs + n_outputs:,} units are too "
            f"many to draw (at most {MOST_LINKS:,} and {MOST_UNITS:,}); take a smaller picture, or "
            "viz.weight_matrix(connectivity)"
        )
    if highlight is not None and not 0 <= operator.index(highlight) < n_outputs:
        raise ValueError(
            f"net_diagram: highlight={highlight} is no output; they are 0 to {n_outputs - 1}"
        )
    above = _Layer(planes_of(output_shape, n_outputs, "net_diagram: output_shape"))
    below = _Layer(planes_of(input_shape, n_inputs, "net_diagram: input_shape"))
    width = max(above.width, below.width)
    least, largest = _LAYERS
    between = min(max(0.3 * width, least), largest)
    scale = min(1.0, _WIDEST / (width + 2 * _MARGIN))
    top = (_MARGIN + (width - above.width) / 2, _MARGIN)
    inside = above.height - above.edge[1] - below.edge[1]  # between the units of two rows
    bottom = (_MARGIN + (width - below.width) / 2, _MARGIN + inside + between)
    links = zip(table.inputs, table.outputs, colours_of(table), strict=True)
    return Net(
        scale * (width + 2 * _MARGIN),
        scale * (bottom[1] + below.height + _MARGIN),
        scale,
        below.units(bottom, scale),
        above.units(top, scale),
        above.outlines(top, scale) + below.outlines(bottom, scale),
        tuple(
            Link(int(i), int(o), int(c), None if highlight is None else o == highlight)
            for i, o, c in links
        ),
        highlight,
    )


class _Layer:
    """Units in one or several pictures side by side, each lying on the floor, seen from above."""

    def __init__(self, planes: tuple[int, int, int]) -> None:
        self.channels, self.rows, self.columns = planes
        self._lean = (self.rows - 1) * _BACK[0]
        self._pitch = self.columns * _STEP + _GAP
        # What there is around the middle of the outermost units: circles, or half a step.
        around = ((_STEP + _BACK[0]) / 2, _BACK[1] / 2)
        self.edge = (_RADIUS, _RADIUS) if self.rows == 1 else around
        self.width = (self.channels - 1) * self._pitch + max(self.columns - 1, 0) * _STEP
        self.width += self._lean + 2 * self.edge[0]
        self.height = (self.rows - 1) * _BACK[1] + 2 * self.edge[1]

    def units(self, corner: Point, scale: float) -> tuple[Point, ...]:
        """The middle of each unit, channel by channel and row by row."""
        return tuple(
            self._place(corner, scale, channel, row, column)
            for channel in range(self.channels)
            for row in range(self.rows)
            for column in range(self.columns)
        )

    def outlines(self, corner: Point, scale: float) -> tuple[tuple[Point, ...], ...]:
        """The four corners of each picture, half a step around its units."""
        if self.rows == 1:
            return ()
        last_row, last_column = self.rows - 0.5, self.columns - 0.5
        around = [(-0.5, -0.5), (-0.5, last_column), (last_row, last_column), (last_row, -0.5)]
        return tuple(
            tuple(self._place(corner, scale, channel, *place) for place in around)
            for channel in range(self.channels)
        )

    def _place(self, corner: Point, scale: float, channel: int, row: float, column: float) -> Point:
        right = channel * self._pitch + column * _STEP + self._lean - row * _BACK[0]
        down = row * _BACK[1]
        x, y = corner[0] + self.edge[0] + right, corner[1] + self.edge[1] + down
        return scale * x, scale * y


# --- marks ----------------------------------------------------------------------------------------


def net_diagram(
    connectivity: Connectivity,
    *,
    input_shape: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
    highlight: int | None = None,
    label: str | None = None,
) -> SVG:
    """Draw the units of a layer and a line for each link: tied links have one colour.

    Inputs stand below, outputs above. A link whose weight no other link shares is grey.

    Parameters
    ----------
    connectivity : Connectivity
        Such as ``layer.connectivity(input_shape)``.
    input_shape, output_shape : tuple of int, optional
        How the units stand: ``(n,)`` in a row, ``(height, width)`` in a picture, ``(channels,
        height, width)`` in several. One row if not given.
    highlight : int, optional
        The number of an output: its links are drawn strongly, the others faintly.
    label : str, optional
        What screen readers say; the counts of inputs, outputs, links and weights if not given.

    Returns
    -------
    SVG

    Raises
    ------
    TypeError
        If ``connectivity`` is no table.
    ValueError
        If a shape does not fit, ``highlight`` is no output, or there are more than 2,000 links.

    Examples
    --------
    >>> from minitorch_cnn import nn, viz
    >>> table = nn.Connectivity.conv(1, 4, kernel_size=2, input_size=(3, 3))
    >>> viz.net_diagram(table, input_shape=(3, 3), output_shape=(4, 2, 2))
    SVG(... x ..., '9 inputs, 16 outputs, 64 links, 16 weights')
    """
    table = table_of(connectivity, "net_diagram")
    net = net_of(table, input_shape, output_shape, highlight)
    weak = [link for link in net.links if not link.strong]
    strong = [link for link in net.links if link.strong]
    elements = [*_planes(net), *_lines(net, weak), _circles(net, net.inputs + net.outputs)]
    if net.highlight is not None:  # over the other units, which would hide it
        ends = tuple(net.inputs[link.input] for link in strong)
        elements += [*_lines(net, strong), _circles(net, ends)]
        elements.append(_circles(net, (net.outputs[net.highlight],), full=True))
    return SVG.of(elements, net.width, net.height, label or counts_of(table))


def _planes(net: Net) -> list[str]:
    outlines = "".join(
        "M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners) + "z"
        for corners in net.planes
    )
    if not outlines:
        return []
    ground: Attributes = {"fill": "currentColor", "fill_opacity": 0.05}
    return [element("path", d=outlines, stroke="currentColor", stroke_opacity=0.25, **ground)]


def _lines(net: Net, links: list[Link]) -> list[str]:
    """One path for all lines of a colour."""
    paths: dict[int, list[tuple[Point, Point]]] = {}
    for link in links:
        ends = net.inputs[link.input], net.outputs[link.output]
        paths.setdefault(link.colour, []).append(ends)
    if net.highlight is None:
        width, opacity = _THIN if len(net.links) > _MANY_LINKS else _LINE, None
    else:
        width, opacity = (_STRONG, None) if links and links[0].strong else (_THIN, 0.2)
    return [
        element(
            "path",
            d=segments(ends),
            fill="none",
            stroke_width=net.scale * width,
            stroke_opacity=opacity,
            **painted("stroke", paint(None if colour < 0 else colour)),
        )
        for colour, ends in sorted(paths.items())
    ]


def _circles(net: Net, places: tuple[Point, ...], *, full: bool = False) -> str:
    inside: Attributes = {"fill": "currentColor"} if full else painted("fill", BACKGROUND)
    circles = [element("circle", cx=x, cy=y, r=net.scale * _RADIUS) for x, y in places]
    width = net.scale * _LINE
    return element("g", *circles, stroke="currentColor", stroke_width=width, **inside)
