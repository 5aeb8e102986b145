"""The directive ``pictures``: Python that is run while the page is built, and what it draws.

The code is shown, and below it every expression of it that is a figure: what shows by itself at the
end of a notebook's cell. An error, or code that draws nothing, fails the build.
"""

from __future__ import annotations

import ast
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def drawn(code: str) -> list[str]:
    """The figures of ``code``, as HTML."""
    names: dict[str, Any] = {"__name__": "__main__"}
    figures = []
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Expr):
            value = eval(compile(ast.Expression(statement.value), "<pictures>", "eval"), names)
            if hasattr(value, "_repr_html_"):
                figures.append(value._repr_html_())
        else:
            exec(compile(ast.Module([statement], []), "<pictures>", "exec"), names)
    return figures


class Pictures(SphinxDirective):
    """Run the content, show it and what it draws."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        figures = drawn(code)
        if not figures:
            raise self.error(f"pictures: nothing is drawn by\n{code}")
        block = nodes.literal_block(code, code, language="python")
        self.set_source_info(block)
        inside = "".join(f"<div>{figure}</div>" for figure in figures)
        return [block, nodes.raw("", f'<div class="pictures">{inside}</div>', format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("pictures", Pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
