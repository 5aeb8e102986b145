"""The directive ``links-figure``: six inputs, four outputs, three layers, drawn link by link.

Each layer is a table of links, drawn by ``viz`` as a net and as the matrix that it multiplies by.
The style sheet sets the CSS variables of the colours, so that the figure follows the theme; the
numbers below it are counted from the tables.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from minitorch_cnn import viz
from minitorch_cnn.nn import Connectivity

_PIXELS, _OUTPUTS, _WINDOW = 6, 4, 3

_LAYERS = [
    ("Dense", "every output sees every input", Connectivity.dense(_PIXELS, _OUTPUTS)),
    ("Local", "every output sees a window", Connectivity.local(1, 1, _WINDOW, (_PIXELS,))),
    (
        "Local and tied",
        "all windows share their weights: a convolution",
        Connectivity.conv(1, 1, _WINDOW, (_PIXELS,)),
    ),
]


def figure() -> str:
    """The three layers side by side."""
    panels = []
    for name, explanation, table in _LAYERS:
        net, matrix = viz.net_diagram(table), viz.weight_matrix(table)
        count = f"{table.links} links, {table.weights} weights"
        panels.append(
            f"<figure>{net.text}{matrix.text}<figcaption><strong>{name}</strong>"
            f"<br>{explanation}<br><span>{count}</span></figcaption></figure>"
        )
    return '<div class="links-figure">' + "".join(panels) + "</div>"


class LinksFigure(SphinxDirective):
    """The figure, for HTML only."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", figure(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("links-figure", LinksFigure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
