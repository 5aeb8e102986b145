"""The stored run of ``benchmarks.sharing``: tables, a plot, and numbers in sentences.

The directive ``sharing-table`` shows ``accuracy``, ``differences`` or ``fit``; the role ``sharing``
puts one number into a sentence, see ``sharing_report.quote``. The plot is drawn before the pages
are read, to ``generated/sharing.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

sys.path.insert(0, str(Path(__file__).parents[2]))

from primitive_table import list_table

from benchmarks import sharing_report
from minitorch_cnn.io import read_json
from minitorch_cnn.viz import save_png

_STORED = Path(__file__).parents[1] / "explanation" / "data" / "sharing.json"
_TABLES = {
    "accuracy": sharing_report.accuracy_table,
    "differences": sharing_report.difference_table,
    "fit": sharing_report.fit_table,
}


class SharingTable(SphinxDirective):
    """One table for each number of training pictures."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        if self.arguments[0] not in _TABLES:
            raise self.error(f"sharing-table: {self.arguments[0]!r} is none of {list(_TABLES)}")
        self.env.note_dependency(str(_STORED))
        results = read_json(_STORED)
        lines: list[str] = []
        for pictures in results["settings"]["pictures"]:
            header, rows = _TABLES[self.arguments[0]](results, pictures)
            # An empty title would be no cell.
            header = (header[0] or "\\ ", *header[1:])
            lines += ["", f".. rubric:: {pictures} training pictures", ""]
            lines += list_table(header, rows)
        return self.parse_text_to_nodes("\n".join(lines))


class Sharing(SphinxRole):
    """A number of the stored results."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.env.note_dependency(str(_STORED))
        return [nodes.Text(sharing_report.quote(read_json(_STORED), self.text))], []


def _draw(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "generated"
    folder.mkdir(exist_ok=True)
    save_png(sharing_report.plot(read_json(_STORED)), folder / "sharing.png")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, the role and the plot."""
    app.add_directive("sharing-table", SharingTable)
    app.add_role("sharing", Sharing())
    app.connect("builder-inited", _draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
