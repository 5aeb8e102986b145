"""Docstrings as they are in the code, made ready for Sphinx's parser of NumPy style.

The code is written to be read as it stands, so a few liberties are taken there: an example need
not have a heading, a star is a star, and the sentence on an attribute may hold a colon.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

_UNDERLINE = re.compile(r"-{3,}")


def complete(app: Sphinx, kind: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Change the lines of a docstring in place."""
    lines[:] = _with_heading([_plain_stars(line) for line in lines])
    if kind in ("attribute", "property"):
        # An empty comment; else what stands before a first colon would be taken for a type.
        lines[:0] = ["..", ""]


def _plain_stars(line: str) -> str:
    """Outside examples and indented text, a star before a word opens no emphasis."""
    if line.startswith((" ", ">>>", "...")):
        return line
    return re.sub(r"(?<=[(, ])\*(?=\w)", r"\\*", line)


def _with_heading(lines: list[str]) -> list[str]:
    """A heading before an example that would otherwise belong to the section above it."""
    section = ""
    for number, line in enumerate(lines):
        if number and _UNDERLINE.fullmatch(line):
            section = lines[number - 1]
        if line.startswith(">>>") and section:
            if not section.startswith("Example"):
                return [*lines[:number], "Examples", "--------", *lines[number:]]
            break
    return lines


def setup(app: Sphinx) -> dict[str, Any]:
    """Run before napoleon, whose priority is 500."""
    app.connect("autodoc-process-docstring", complete, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
