"""The directives ``primitive-table`` and ``kernel-table``: what is declared, read from the code."""

from __future__ import annotations

import inspect
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from minitorch_backends import portable
from minitorch_backends.numpy import backend as numpy_backend
from minitorch_cnn.composition import Fused
from minitorch_cnn.primitive import PRIMITIVES, Primitive

_HEADER = ("name", "gradient rules", "keeps", "broadcasts", "may be a view")


class PrimitiveTable(SphinxDirective):
    """One table for each file of operations, one row for each primitive."""

    def run(self) -> list[nodes.Node]:
        files: dict[str, list[tuple[str, ...]]] = {}
        file = ""
        for name, primitive in PRIMITIVES.items():
            file = _file(primitive) or file
            files.setdefault(file, []).append(_row(name, primitive))
        lines: list[str] = []
        for file, rows in files.items():
            lines += ["", f".. rubric:: {file}", "", *list_table(_HEADER, rows)]
        return self.parse_text_to_nodes("\n".join(lines))


class KernelTable(SphinxDirective):
    """One row for each kernel: what it computes, and whether NumPy has one of its own."""

    def run(self) -> list[nodes.Node]:
        fast = numpy_backend().kernels
        rows = [
            (
                f"``{name}``",
                _first_paragraph(kernel),
                "its own" if name in fast else "portable",
            )
            for name, kernel in sorted(portable.KERNELS.items())
        ]
        header = ("kernel", "what it computes", "on NumPy")
        return self.parse_text_to_nodes("\n".join(list_table(header, rows)))


def _row(name: str, primitive: Primitive) -> tuple[str, ...]:
    rules = primitive.rules
    if isinstance(primitive, Fused):
        count = "a kernel; its body beyond"
    elif rules is None:
        count = "none"
    else:
        count = "one for any input" if callable(rules) else str(sum(r is not None for r in rules))
    kept = {"": "–", "inputs": "inputs", "output": "output"}
    kept |= {"first": "the first input", "other": "the other factor"}
    keeps = kept[primitive.keep] if count != "none" else "–"
    if primitive.residual:
        keeps = "residual" if keeps == "–" else f"{keeps}, residual"
    return (
        f"``{name}``",
        count,
        keeps,
        "yes" if primitive.fit is not None else "–",
        "yes" if primitive.views else "–",
    )


def _file(primitive: Primitive) -> str:
    """The module whose functions the declaration is made of, such as ``ops/reduce.py``."""
    rules = primitive.rules
    parts = [primitive.compute, *([rules] if callable(rules) else rules or ())]
    for part in parts:
        module = getattr(part, "__module__", None) or ""
        if module.startswith("minitorch_cnn."):
            return module.removeprefix("minitorch_cnn.").replace(".", "/") + ".py"
    return ""


def _first_paragraph(kernel: Any) -> str:
    text = " ".join((inspect.getdoc(kernel) or "").split("\n\n")[0].split())
    return re.sub(r":\w+:`(\w+)`", r"``\1``", text)  # kernels have no entries to link to


def list_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Lines of a table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for row in (header, *rows):
        first, *others = row
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return lines


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("primitive-table", PrimitiveTable)
    app.add_directive("kernel-table", KernelTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
