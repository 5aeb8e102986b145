"""The pages of docs/: every example runs, every command exists, every public name is documented.

The pages are read as text, so that no documentation tool is needed.
"""

import doctest
import importlib.util
import re
import shlex
import sys
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

import minitorch_cnn as mt
from minitorch_cnn.cli.arguments import build_parser
from minitorch_cnn.primitive import PRIMITIVES

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(
    path
    for path in DOCS.rglob("*.rst")
    if path.relative_to(DOCS).parts[0] not in ("_build", "auto_tutorials", "generated")
)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
BLOCK = re.compile(
    r"^(?P<indent> *)\.\. (?P<directive>code-block|run):: (?P<language>\w+)\n"
    r"(?:(?P=indent) +:.*\n)*\n(?P<body>(?:(?P=indent) +.*\n|[ ]*\n)+)",
    re.MULTILINE,
)

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the pages are not installed")


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path, monkeypatch):
    """Run in an empty folder; give back what pages declare and draw."""
    monkeypatch.chdir(tmp_path)
    declared = set(PRIMITIVES)
    state = mt.random.default_rng().bit_generator.state
    yield
    mt.random.default_rng().bit_generator.state = state
    for name in set(PRIMITIVES) - declared:
        del PRIMITIVES[name]


def name_of(path):
    return path.relative_to(DOCS).as_posix()


def has_code(path):
    text = path.read_text(encoding="utf-8")
    return ">>> " in text or ".. code-block:: python" in text


def blocks_of(text, language, *directives):
    """Line number and code of each block of a language."""
    for match in BLOCK.finditer(text):
        if match["language"] == language and match["directive"] in directives:
            yield text.count("\n", 0, match.start()), textwrap.dedent(match["body"]).strip() + "\n"


def examples_of(path):
    """Doctests and whole blocks of Python, in the order of the page, in one namespace.

    Blocks under ``run`` are left out: building the page runs them, and shows what they print.
    """
    text = path.read_text(encoding="utf-8")
    parser = doctest.DocTestParser()
    examples = parser.get_examples(text, path.name)
    assert len(examples) == text.count(">>> "), "an example stands where doctest does not see it"
    blocks = list(blocks_of(text, "python", "code-block"))
    for number, (line, _) in enumerate(blocks):
        examples.append(doctest.Example(f"exec(blocks[{number}], globals())\n", "", lineno=line))
    examples.sort(key=lambda example: example.lineno)
    namespace = {"__name__": "__main__"}
    namespace["blocks"] = [compile(block, name_of(path), "exec") for _, block in blocks]
    return doctest.DocTest(examples, namespace, name_of(path), str(path), 0, text)


@pytest.mark.parametrize("path", [path for path in PAGES if has_code(path)], ids=name_of)
def test_examples_run(path):
    test = examples_of(path)
    assert test.examples
    report = []
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    failed, _ = runner.run(test, out=report.append)
    assert not failed, "".join(report)


@pytest.mark.parametrize(
    "path", [path for path in PAGES if ":: sh\n" in path.read_text(encoding="utf-8")], ids=name_of
)
def test_commands_exist(path):
    targets = re.findall(r"^([a-z]+):", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
    for _, block in blocks_of(path.read_text(encoding="utf-8"), "sh", "code-block", "run"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[0] == "make":
                assert words[1] in targets, line
            elif words[0] == "minitorch-cnn" and "--help" not in words:
                build_parser().parse_args(words[1:])


MODULES = (
    "minitorch_cnn",
    "minitorch_cnn.data",
    "minitorch_cnn.data.transforms",
    "minitorch_cnn.datasets",
    "minitorch_cnn.func",
    "minitorch_cnn.inspection",
    "minitorch_cnn.io",
    "minitorch_cnn.ledger",
    "minitorch_cnn.linalg",
    "minitorch_cnn.nn",
    "minitorch_cnn.nn.functional",
    "minitorch_cnn.nn.init",
    "minitorch_cnn.nn.utils",
    "minitorch_cnn.nn.utils.parametrizations",
    "minitorch_cnn.nn.utils.parametrize",
    "minitorch_cnn.optim",
    "minitorch_cnn.testing",
    "minitorch_cnn.train",
    "minitorch_cnn.viz",
)


def documented_names():
    """What the pages of the reference list, as dotted names."""
    names = set()
    for path in (DOCS / "reference").glob("*.rst"):
        text = path.read_text(encoding="utf-8")
        for module, body in re.findall(r"^\.\. api:: (\S+)\n((?:   .*\n|\n)*)", text, re.MULTILINE):
            words = re.sub(r"^ +:.*$", "", body, flags=re.MULTILINE).split()
            names |= {f"{module}.{word}" for word in words}
        names |= set(re.findall(r"^\.\. py:data:: (\S+)", text, re.MULTILINE))
    return names


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_in_the_reference(module):
    found = import_module(module)
    public = getattr(found, "__all__", None) or [
        name
        for name, value in vars(found).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    ]
    public = [name for name in public if not isinstance(getattr(found, name), type(sys))]
    listed = documented_names()
    missing = [
        name
        for name in public
        if f"{module}.{name}" not in listed
        # mt.save is io.save, and stands in one place
        and not (f"minitorch_cnn.{name}" in listed and getattr(mt, name) is getattr(found, name))
    ]
    assert not missing


@pytest.fixture(scope="module")
def self_contained():
    path = DOCS / "_extensions" / "self_contained.py"
    spec = importlib.util.spec_from_file_location("self_contained", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/a.css">',
        '<link rel="preconnect" href="https://fonts.example/">',
        '<img src="http://example.org/a.png" alt="">',
        '<img srcset="a.png 1x, https://example.org/b.png 2x" alt="">',
        '<iframe src="https://example.org/"></iframe>',
        "<style>@import 'https://example.org/a.css';</style>",
        '<p style="background: url(https://example.org/a.png)">x</p>',
        '<script type="module">import { a } from "https://cdn.example/a.js";</script>',
    ],
)
def test_a_request_to_another_host_is_found(html, tmp_path, self_contained):
    (tmp_path / "page.html").write_text(f"<html><body>{html}</body></html>")
    assert len(self_contained.foreign_requests(tmp_path)) == 1


def test_a_style_sheet_that_asks_another_host_is_found(tmp_path, self_contained):
    (tmp_path / "a.css").write_text("@font-face { src: url('https://fonts.example/a.woff2'); }")
    assert self_contained.foreign_requests(tmp_path) == ["a.css: https://fonts.example/a.woff2"]


def test_own_files_and_links_to_click_are_no_requests(tmp_path, self_contained):
    (tmp_path / "page.html").write_text(
        '<link rel="canonical" href="https://example.org/"><link rel="stylesheet" href="a.css">'
        '<script src="_static/a.js"></script><a href="https://example.org/">read</a>'
        '<img src="data:image/png;base64,AA//AA==" alt=""><pre>url(https://example.org/)</pre>'
    )
    (tmp_path / "a.css").write_text("a { background: url(../b.png); }")
    assert self_contained.foreign_requests(tmp_path) == []
