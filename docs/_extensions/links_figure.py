"""The directive ``links-figure``: six inputs, four outputs, three layers, drawn link by link.

Each link is drawn twice, as a line and as an entry of the matrix that the layer multiplies by.
Links of one colour share one weight. Colours come from the style sheet, so that the figure follows
the theme; the numbers below it are counted from what is drawn.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_INPUTS, _OUTPUTS, _WINDOW = 6, 4, 3
_STEP, _CELL, _RADIUS = 44, 22, 8

Links = dict[tuple[int, int], int]


def _layers() -> list[tuple[str, str, Links]]:
    """Name, explanation and links of each layer: (output, input) -> number of its weight."""
    every = [(row, column) for row in range(_OUTPUTS) for column in range(_INPUTS)]
    window = [(row, column) for row, column in every if 0 <= column - row < _WINDOW]
    return [
        ("Dense", "every output sees every input", {link: n for n, link in enumerate(every)}),
        ("Local", "every output sees a window", {link: n for n, link in enumerate(window)}),
        (
            "Local and tied",
            "all windows share their weights: a convolution",
            {(row, column): column - row for row, column in window},
        ),
    ]


def _drawing(name: str, links: Links) -> str:
    weights = len(set(links.values()))
    tied = weights < len(links)
    width = _INPUTS * _STEP
    top, bottom = 14, 112
    left = (width - _OUTPUTS * _STEP) / 2
    matrix_left, matrix_top = (width - _INPUTS * _CELL) / 2, 142
    height = matrix_top + _OUTPUTS * _CELL + 2

    def input_x(column: int) -> float:
        return (column + 0.5) * _STEP

    def output_x(row: int) -> float:
        return left + (row + 0.5) * _STEP

    def style(link: tuple[int, int]) -> str:
        return f"weight-{links[link]}" if tied else "weight-own"

    parts = [
        f'<line class="{style(link)}" x1="{input_x(link[1])}" y1="{bottom}" '
        f'x2="{output_x(link[0])}" y2="{top}"/>'
        for link in links
    ]
    dots = [(output_x(row), top) for row in range(_OUTPUTS)]
    dots += [(input_x(column), bottom) for column in range(_INPUTS)]
    parts += [f'<circle class="unit" cx="{x}" cy="{y}" r="{_RADIUS}"/>' for x, y in dots]
    for row in range(_OUTPUTS):
        for column in range(_INPUTS):
            kind = style((row, column)) if (row, column) in links else "no-link"
            parts.append(
                f'<rect class="{kind}" x="{matrix_left + column * _CELL + 1}" '
                f'y="{matrix_top + row * _CELL + 1}" width="{_CELL - 2}" height="{_CELL - 2}"/>'
            )
    label = f"{name}: {_INPUTS} inputs, {_OUTPUTS} outputs, {len(links)} links, {weights} weights"
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        + "".join(parts)
        + "</svg>"
    )


def _figure() -> str:
    panels = []
    for name, explanation, links in _layers():
        count = f"{len(links)} links, {len(set(links.values()))} weights"
        panels.append(
            f"<figure>{_drawing(name, links)}<figcaption><strong>{name}</strong>"
            f"<br>{explanation}<br><span>{count}</span></figcaption></figure>"
        )
    return '<div class="links-figure">' + "".join(panels) + "</div>"


class LinksFigure(SphinxDirective):
    """The figure, for HTML only."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", _figure(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("links-figure", LinksFigure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
