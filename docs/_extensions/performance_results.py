"""The stored runs of ``benchmarks``: tables, plots, and words on the machine.

The directive ``performance-table`` shows ``works``, ``memory`` or ``class``; the role
``performance`` says one thing of the machine (``cpu``, ``threads``, ...). Plots are drawn before
the pages are read, to ``generated/performance.png`` and ``generated/growth.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

sys.path.insert(0, str(Path(__file__).parents[2]))

from primitive_table import list_table

from benchmarks.compare import OURS, ratio
from benchmarks.plot import REFERENCE, draw
from minitorch_cnn.io import read_json
from minitorch_cnn.viz import save_png

_DATA = Path(__file__).parents[1] / "explanation" / "data"
_STORED = _DATA / "performance.json"
_PICTURES = {"performance": _STORED, "growth": _DATA / "growth.json"}


def _milliseconds(seconds: list[float]) -> str:
    return f"{median(seconds) * 1e3:.3g} ms"


def _works(results: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    header = ("work", "PyTorch", *(f"{ours}, ratio" for ours in OURS))
    rows = []
    for work in results["works"].values():
        reference = work["seconds"][REFERENCE]
        ratios = [ratio(work["seconds"][ours], reference) for ours in OURS]
        cells = [f"{middle:.2f} ({low:.2f} to {high:.2f})" for middle, low, high in ratios]
        rows.append((work["title"], _milliseconds(reference), *cells))
    return header, rows


def _memory(results: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    sizes = {title: median(found) for title, found in results["memory"].items()}
    rows = [
        (_name(title), f"{size / 2**20:.0f} MiB", f"{size / sizes[REFERENCE]:.2f}")
        for title, size in sizes.items()
    ]
    return ("", "peak above the net", "ratio"), rows


def _name(title: str) -> str:
    return "PyTorch" if title == REFERENCE else title


def _class(results: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    seconds = results["works"]["lenet"]["seconds"]
    ordered = sorted(seconds, key=lambda title: median(seconds[title]))
    rows = [(_name(title), _milliseconds(seconds[title])) for title in ordered]
    return ("", "LeNet, batch 64, Adam"), rows


_TABLES = {"works": _works, "memory": _memory, "class": _class}


class PerformanceTable(SphinxDirective):
    """One table of the stored run."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        if self.arguments[0] not in _TABLES:
            raise self.error(f"performance-table: {self.arguments[0]!r} is none of {list(_TABLES)}")
        self.env.note_dependency(str(_STORED))
        header, rows = _TABLES[self.arguments[0]](read_json(_STORED))
        lines = list_table((header[0] or "\\ ", *header[1:]), rows)
        return self.parse_text_to_nodes("\n".join(lines))


class Performance(SphinxRole):
    """A word on the machine of the stored run."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.env.note_dependency(str(_STORED))
        return [nodes.Text(str(read_json(_STORED)["machine"][self.text]))], []


def _draw(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "generated"
    folder.mkdir(exist_ok=True)
    for name, stored in _PICTURES.items():
        save_png(draw(read_json(stored)), folder / f"{name}.png")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, the role and the plots."""
    app.add_directive("performance-table", PerformanceTable)
    app.add_role("performance", Performance())
    app.connect("builder-inited", _draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
