"""Colours that are told apart, and figures that are text."""

import itertools
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import viz
from minitorch_cnn.viz import palette
from minitorch_cnn.viz.svg import element, number, painted, segments, squares, words

DARK = "#14181E"

VISIONS = {
    "all cones": np.eye(3),
    # Machado, Oliveira, Fernandes 2009, severity 1.
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def linear(colour):
    share = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return linear(colour) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def oklab(colour, vision):
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    seen = np.clip(np.array(vision) @ linear(colour), 0, 1)
    return np.array(to_lab) @ np.cbrt(np.array(to_cones) @ seen)


def least_difference(one, other):
    """For whom they differ least; 0.02 is just seen side by side."""
    return min(np.linalg.norm(oklab(one, v) - oklab(other, v)) for v in VISIONS.values())


def test_the_first_eight_are_told_apart_by_every_vision():
    pairs = itertools.combinations(palette.OKABE_ITO, 2)
    assert min(least_difference(*pair) for pair in pairs) > 0.06


@pytest.mark.parametrize("apart", [1, 2, 3, 4])
def test_close_numbers_are_told_apart_by_every_vision(apart):
    for first in range(100):
        pair = palette.colour(first), palette.colour(first + apart)
        assert least_difference(*pair) > 0.05, (first, apart)


def test_colours_are_seen_on_white_and_on_black():
    for weight in range(60):
        plain, _ = palette.paint(weight)
        if plain != "currentColor":
            assert contrast(plain, "#FFFFFF") > 1.7
            assert contrast(plain, DARK) > 2.3
    plain, _ = palette.paint(None)
    assert min(contrast(plain, ground) for ground in ("#FFFFFF", DARK)) > 3


def test_colours_are_always_the_same():
    assert [palette.colour(n) for n in (0, 7, 8, 30)] == [
        "#0072B2",
        "#D6C700",
        "#008188",
        "#516000",
    ]
    assert palette.colour(1000) == palette.colour(1000 + 45)


def test_a_page_may_set_every_colour():
    assert palette.paint(3) == ("#CC79A7", "var(--weight-3,#CC79A7)")
    assert palette.paint(None) == ("#808080", "var(--weight-own,#808080)")
    assert painted("stroke", palette.paint(3)) == {
        "stroke": "#CC79A7",
        "style": "stroke:var(--weight-3,#CC79A7)",
    }


def test_what_comes_from_data_is_escaped():
    text = element("text", words("<b>&'\""), aria_label='"><script>', class_="a")
    assert text == (
        '<text aria-label="&quot;&gt;&lt;script&gt;" class="a">&lt;b&gt;&amp;\'"</text>'
    )
    assert ET.fromstring(text).get("aria-label") == '"><script>'


def test_numbers_are_short():
    assert " ".join(map(number, (0, -0.001, 10, 2.5, 1 / 3, 100))) == "0 0 10 2.5 0.33 100"
    assert squares([(0, 0.5)], 2) == "M0 0.5h2v2h-2z"
    assert segments([((1, 2), (3, 4.25))]) == "M1 2L3 4.25"


@pytest.fixture
def figure():
    return viz.SVG.of([element("circle", cx=5, cy=5, r=4)], 10, 10, '1 < 2 & "3"')


def test_a_figure_shows_in_notebooks_and_prints_short(figure, svg):
    root = svg(figure._repr_html_())
    assert root.get("aria-label") == '1 < 2 & "3"'
    assert figure.text == figure._repr_html_()
    assert len(str(figure)) < 200  # printing a figure does not pour out its file
    assert repr(figure) == "SVG(10 x 10, '1 < 2 & \"3\"')"


def test_a_figure_is_written_whole_or_not_at_all(figure, tmp_path, svg):
    path = tmp_path / "a.svg"
    figure.save(path)
    root = svg(path.read_text())
    # Alone, the lines have to be seen on a dark ground too.
    assert "color-scheme:light dark" in root[0].text
    with pytest.raises(ValueError, match=r"cannot write .*a\.png.*; name it with the ending \.svg"):
        figure.save(tmp_path / "a.png")
    with pytest.raises(OSError, match="the folder does not exist"):
        figure.save(tmp_path / "no" / "a.svg")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.svg"]


def test_pictures_are_loaded_when_asked_for():
    assert mt.viz is viz
    assert "viz" in dir(mt)
