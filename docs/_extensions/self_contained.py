"""A page must ask no other host for anything: checked after every build, which fails otherwise.

Links that a reader may click are no requests and stay allowed. :func:`foreign_requests` needs
nothing but the standard library, so that it can be tested without Sphinx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_LOADING = {
    "audio": ("src",),
    "embed": ("src",),
    "form": ("action",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
_HARMLESS_LINKS = {"canonical", "author", "license", "help", "bookmark"}
_FOREIGN = re.compile(r"(?:^|[\s,])(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
_IN_SCRIPT = re.compile(r"""(?:from|import|import\()\s*["']((?:https?:)?//[^"']+)""")


def foreign_requests(folder: Path) -> list[str]:
    """Everything in the HTML and CSS files of ``folder`` that makes a browser ask another host."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            addresses = set(_of_page(path.read_text(encoding="utf-8")))
        elif path.suffix == ".css":
            addresses = set(_IN_STYLE.findall(path.read_text(encoding="utf-8")))
        else:
            continue
        found += [f"{path.relative_to(folder)}: {address}" for address in sorted(addresses)]
    return found


def _of_page(text: str) -> Iterator[str]:
    parser = _Page()
    parser.feed(text)
    parser.close()
    yield from parser.found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self._inside = tag if tag in ("style", "script") else ""
        harmless = tag == "link" and set(values.get("rel", "").split()) <= _HARMLESS_LINKS
        if not harmless:
            self.found += [
                values[name]
                for name in _LOADING.get(tag, ())
                if _FOREIGN.search(values.get(name, ""))
            ]
        self.found += _IN_STYLE.findall(values.get("style", ""))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self._inside = ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.found += _IN_STYLE.findall(data)
        elif self._inside == "script":
            self.found += _IN_SCRIPT.findall(data)


def _check(app: Any, error: Exception | None) -> None:
    from sphinx.errors import ExtensionError

    if error is not None or app.builder.format != "html":
        return
    found = foreign_requests(Path(app.outdir))
    if found:
        listed = "\n  ".join(found[:20])
        raise ExtensionError(f"{len(found)} requests to other hosts:\n  {listed}")


def setup(app: Any) -> dict[str, Any]:
    """Check at the end of every build of HTML."""
    app.connect("build-finished", _check, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
