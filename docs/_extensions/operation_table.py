"""The directives ``operation-table`` and ``kink-table``: what the tests know, as tables.

Rows are read from the registry of public operations, their samples and the list of kinks in
``tests/``, so that a table says what is checked and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from primitive_table import list_table

from kinks import KINKS
from minitorch_backends import portable
from minitorch_cnn.backend import BackendUnavailable, backend_names, get_backend
from minitorch_cnn.primitive import PRIMITIVES
from public_operations import ARRAY_FUNCTIONS, PUBLIC, Findings, findings

_PARTS = (
    ("Array functions", ""),
    ("Linear algebra", "linalg."),
    ("Layers as functions", "nn.functional."),
    ("Operators and methods of a tensor", "Tensor."),
)
_HEADER = ("operation", "gradient through", "order tested", "at kinks", "kernels")


class OperationTable(SphinxDirective):
    """One table for array functions, one for layers and one for methods; a row for each name."""

    def run(self) -> list[nodes.Node]:
        found = findings()
        own = own_kernels()
        lines: list[str] = []
        for title, prefix in _PARTS:
            names = [name for name in sorted(PUBLIC) if _part(name) == prefix]
            rows = [_row(name, name.removeprefix(prefix), found[name], own) for name in names]
            lines += ["", f".. rubric:: {title}", "", *list_table(_HEADER, rows)]
        return self.parse_text_to_nodes("\n".join(lines))


class KinkTable(SphinxDirective):
    """One row for each kink: where, which gradient, and the check that shows it."""

    def run(self) -> list[nodes.Node]:
        rows = [
            (
                f"{_short(kink.operations)} {kink.place}",
                kink.gradient,
                f"``{kink.check}``",
                f"``{kink.result}``",
            )
            for kink in KINKS
        ]
        header = ("function and place", "gradient", "check", "gives")
        return self.parse_text_to_nodes("\n".join(list_table(header, rows)))


def own_kernels() -> dict[str, list[str]]:
    """Kernel -> the backends, of those that can be used here, that have one of their own."""
    own: dict[str, list[str]] = {name: [] for name in portable.KERNELS}
    for backend in backend_names():
        try:
            kernels = get_backend(backend).kernels
        except BackendUnavailable:
            continue
        for name in kernels:
            own.setdefault(name, []).append(backend)
    return own


def _part(name: str) -> str:
    return next((p for _, p in _PARTS if p and name.startswith(p)), "")


def _row(name: str, shown: str, found: Findings, own: dict[str, list[str]]) -> tuple[str, ...]:
    kinks = "; ".join(f"{k.gradient} {k.place}" for k in KINKS if name in k.operations)
    kernels = (f"``{k}`` ({', '.join(own[k]) or 'portable'})" for k in sorted(found.kernels))
    return (
        _link(name, shown),
        _gradient(name, found),
        str(found.order) if found.order else "–",
        kinks or "–",
        ", ".join(kernels) or "–",
    )


def _link(name: str, shown: str) -> str:
    if name.startswith("Tensor."):
        return f"``{shown}``"
    return f":py:func:`{shown} <minitorch_cnn.{name}>`"


def _gradient(name: str, found: Findings) -> str:
    if not found.order:
        return "has none"
    value: Any = ARRAY_FUNCTIONS.get(name)
    own = getattr(value, "name", name.rpartition(".")[2])
    if found.primitives == {own} or (own in PRIMITIVES and own not in found.primitives):
        return "a rule of its own"
    return ", ".join(f"``{p}``" for p in sorted(found.primitives)) or "its input itself"


def _short(operations: tuple[str, ...]) -> str:
    names = [name.rpartition(".")[2] for name in operations if not name.startswith("Tensor.")]
    return ", ".join(f"``{name}``" for name in dict.fromkeys(names))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("operation-table", OperationTable)
    app.add_directive("kink-table", KinkTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
