"""The directive ``api``: a table of names, and below it what the docstring of each says.

Names are written once and documented on the page itself, so that a reader finds a whole topic in
one place. Also: what a reference in a docstring may leave out.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from minitorch_cnn.primitive import Primitive

_KEPT = {
    "": "nothing for its gradient",
    "inputs": "its inputs for its gradient",
    "first": "its first input for its gradient",
    "other": "each factor whose partner needs a gradient",
    "output": "its result for its gradient",
}


class Api(SphinxDirective):
    """Document names of a module.

    The argument is the module, the content the names, separated by white space. The option
    ``members`` shows the methods and properties of classes too, ``inherited-members`` those of
    their bases but for the ones it names, as in autodoc.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "members": directives.flag,
        "inherited-members": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        module = self.arguments[0]
        names = " ".join(self.content).split()
        values = {name: getattr(import_module(module), name) for name in names}
        lines = [f".. currentmodule:: {module}", "", ".. list-table::", "   :class: api-table"]
        lines += ["   :widths: auto", ""]
        for name, value in values.items():
            role = "class" if inspect.isclass(value) else "func"
            lines += [f"   * - :py:{role}:`{name}`", f"     - {_first_sentence(value)}"]
        for name, value in values.items():
            lines += ["", *self._entry(module, name, value)]
        return self.parse_text_to_nodes("\n".join(lines))

    def _entry(self, module: str, name: str, value: Any) -> list[str]:
        if isinstance(value, Primitive):
            return [f".. autofunction:: {name}{_signature(value)}"]
        if inspect.isclass(value):
            if issubclass(value, BaseException):
                return [f".. autoexception:: {name}"]
            members = [f"   :{option}: {value or ''}" for option, value in self.options.items()]
            bare = "()" if getattr(value, "_is_protocol", False) else ""
            return [f".. autoclass:: {name}{bare}", *members]
        return [f".. autofunction:: {name}"]


class TensorMethods(SphinxDirective):
    """The array functions that tensors also have as methods, as a list of links."""

    def run(self) -> list[nodes.Node]:
        import minitorch_cnn
        from minitorch_cnn.tensor_methods import ArrayMethods

        links = ", ".join(
            f":py:func:`{name} <minitorch_cnn.{name}>`"
            for name, value in sorted(vars(ArrayMethods).items())
            if getattr(minitorch_cnn, name, None) is value
        )
        return self.parse_text_to_nodes(links)


def _own_doc(value: Any) -> str:
    """The docstring of a function or class; of a primitive only one written for itself."""
    if isinstance(value, Primitive) and value.__doc__ == type(value).__doc__:
        return ""
    return inspect.getdoc(value) or ""


def _first_sentence(value: Any) -> str:
    paragraph = " ".join(_own_doc(value).split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0].rstrip(".")


def _signature(primitive: Primitive) -> str:
    signature = inspect.signature(type(primitive).__call__)
    _, *parameters = signature.parameters.values()
    bare = [parameter.replace(annotation=parameter.empty) for parameter in parameters]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _add_gradient(
    app: Sphinx, kind: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """After its first paragraph, say what a primitive keeps for its gradient."""
    if not isinstance(value, Primitive):
        return
    said = "It has no gradient." if value.rules is None else f"Keeps {_KEPT[value.keep]}."
    if getattr(value, "floating", False):
        said += " Integers become float32."
    end = lines.index("") if "" in lines else len(lines)
    lines[end:end] = ["", said]


def _by_last_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element
) -> nodes.Node | None:
    """Resolve ``conv2d`` in a docstring of another module, where one object is meant."""
    if node.get("refdomain") != "py":
        return None
    domain = env.domains["py"]
    target = node["reftarget"]
    matches = [name for name in domain.objects if name.rpartition(".")[2] == target]
    if len(matches) != 1:
        return None
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], matches[0], node, text
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register directives and event handlers."""
    app.add_directive("api", Api)
    app.add_directive("tensor-methods", TensorMethods)
    app.connect("autodoc-process-docstring", _add_gradient, priority=50)
    app.connect("missing-reference", _by_last_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
