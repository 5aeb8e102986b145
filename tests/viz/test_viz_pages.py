"""The pictures on the pages of docs/: drawn by ``viz``, from tables."""

import importlib.util
import re
import textwrap
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the pages are not installed")


def extension(name):
    """A module of ``docs/_extensions``, without the path that Sphinx would look it up on."""
    pytest.importorskip("sphinx")
    spec = importlib.util.spec_from_file_location(name, DOCS / "_extensions" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_page_counts_what_it_draws(svg, colours):
    figure = extension("links_figure").figure()
    panels = re.findall(r"<figure>(<svg.*?</svg>)(<svg.*?</svg>)<figcaption>(.*?)</fig", figure)
    counts = [re.search(r"(\d+) links, (\d+) weights", caption).groups() for *_, caption in panels]
    assert counts == [("24", "24"), ("12", "12"), ("12", "3")]
    for (net, matrix, _), (links, _) in zip(panels, counts, strict=True):
        assert sum(colours(svg(net), "stroke").values()) == int(links)
        assert sum(colours(svg(matrix), "fill").values()) == int(links)


def blocks():
    for path in sorted(DOCS.rglob("*.rst")):
        text = path.read_text(encoding="utf-8")
        for body in re.findall(r"^\.\. pictures::\n\n((?:   .*\n|\n)+)", text, re.MULTILINE):
            yield textwrap.dedent(body)


@pytest.mark.parametrize("code", list(blocks()))
def test_blocks_of_pictures_draw(code):
    assert extension("pictures").drawn(code)


def test_only_figures_are_shown():
    pictures = extension("pictures")
    assert pictures.drawn("x = 3\nx + 1\nprint\n") == []
