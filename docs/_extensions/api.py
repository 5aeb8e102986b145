"""The directive ``api``: a table of names, and below it what the docstring of each says.

Names are written once and documented on the page itself, so that a reader finds a whole topic in
one place. What is a primitive has no def statement to take a signature from; it is shown through
its text and its gradient rules.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Api(SphinxDirective):
    """Document names of a module.

    The argument is the module, the content the names, separated by white space. The option
    ``members`` shows the methods of classes too.
    """

    required_arguments = 1
    has_content = True
    option_spec = {"members": directives.flag}

    def run(self) -> list[nodes.Node]:
        module = self.arguments[0]
        names = " ".join(self.content).split()
        found = import_module(module)
        lines = [f".. currentmodule:: {module}", "", ".. autosummary::", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in names]
        for name in names:
            lines += ["", *self.entry(module, name, getattr(found, name))]
        return self.parse_text_to_nodes("\n".join(lines))

    def entry(self, module: str, name: str, value: Any) -> list[str]:
        if inspect.isclass(value):
            members = ["   :members:"] if "members" in self.options else []
            return [f".. autoclass:: {name}", *members]
        if callable(value):
            return [f".. autofunction:: {name}"]
        return [f".. autodata:: {name}", "   :no-value:"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("api", Api)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
