"""The directive ``run``: code that is run while the page is built, with what it prints.

All blocks of a page run in one temporary folder, each in a process of its own, with this very
Python. A command that fails, or warns, fails the build.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

_LIMIT_SECONDS = 300


class Run(SphinxDirective):
    """Run the content, in ``sh`` or ``python``, and show it with its output."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        language = self.arguments[0]
        if language not in ("sh", "python"):
            raise self.error(f"run: language {language!r} is none of sh, python")
        code = "\n".join(self.content)
        words = ["bash", "-euc", code] if language == "sh" else [sys.executable, "-W", "error"]
        done = subprocess.run(
            words,
            input=code if language == "python" else "",
            cwd=self._folder(),
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
        )
        if done.returncode:
            raise self.error(f"run: exit code {done.returncode} of\n{code}\n{done.stderr}")
        shown = [self._block(code, language, "run-code")]
        if done.stdout.strip():
            shown.append(self._block(done.stdout.rstrip(), "text", "run-output"))
        return shown

    def _block(self, text: str, language: str, name: str) -> nodes.Node:
        block = nodes.literal_block(text, text, language=language, classes=[name])
        self.set_source_info(block)
        return block

    def _folder(self) -> str:
        folders = self.env.temp_data.setdefault("run_folders", {})
        if self.env.docname not in folders:
            folders[self.env.docname] = tempfile.TemporaryDirectory(prefix="minitorch-docs-")
        return str(folders[self.env.docname].name)

    def _environment(self) -> dict[str, str]:
        commands = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
        path = os.pathsep.join([*commands, os.environ.get("PATH", "")])
        return {**os.environ, "PATH": path, "COLUMNS": "96", "NO_COLOR": "1"}


def _always_run(app: Sphinx, env: BuildEnvironment, *_: Any) -> list[str]:
    """Pages with output go with the code, not with their own text: read them every time."""
    return sorted(
        name
        for name in env.found_docs
        if "\n.. run::" in env.doc2path(name).read_text(encoding="utf-8")
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("run", Run)
    app.connect("env-get-outdated", _always_run)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
