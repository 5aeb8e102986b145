"""What every figure that is text has to hold."""

import re
import xml.etree.ElementTree as ET

import pytest

SPACE = "{http://www.w3.org/2000/svg}"


def checked_svg(text: str) -> ET.Element:
    """The root of an SVG that is well formed, labelled in numbers, and asks nobody for anything."""
    root = ET.fromstring(text)
    assert root.tag == f"{SPACE}svg"
    assert root.get("role") == "img"
    assert re.search(r"\d", root.get("aria-label"))
    assert not re.search(r"(?:href|src|url\(|@import|//(?!www\.w3\.org/2000/svg))", text)
    assert not root.findall(".//*[@id]"), "ids would clash where a figure is shown twice"
    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    for x, y in points(root):
        assert -0.01 <= x <= width + 0.01, "something is cut off"
        assert -0.01 <= y <= height + 0.01, "something is cut off"
    for text_element in root.iter(f"{SPACE}text"):
        assert not re.search(r"[A-Za-z]{2}", text_element.text), "words would need translating"
    return root


def points(root: ET.Element):
    """Corners of rectangles, extremes of circles, and absolute points of paths."""
    for circle in root.iter(f"{SPACE}circle"):
        x, y, r = (float(circle.get(name)) for name in ("cx", "cy", "r"))
        yield from ((x - r, y - r), (x + r, y + r))
    for rect in root.iter(f"{SPACE}rect"):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        yield from ((x, y), (x + w, y + h))
    for path in root.iter(f"{SPACE}path"):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d")):
            yield float(x), float(y)


def drawn_colours(root: ET.Element, kind: str) -> dict[str, int]:
    """How many lines or squares the paths of each themed colour hold."""
    found: dict[str, int] = {}
    for path in root.iter(f"{SPACE}path"):
        style = re.fullmatch(rf"{kind}:(var\(.*\))", path.get("style", ""))
        if style:
            found[style[1]] = found.get(style[1], 0) + path.get("d").count("M")
    return found


@pytest.fixture
def svg():
    """``checked_svg``, for tests that draw."""
    return checked_svg


@pytest.fixture
def colours():
    """``drawn_colours``."""
    return drawn_colours
