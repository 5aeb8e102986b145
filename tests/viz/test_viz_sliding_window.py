"""The sliding window: its numbers at every position, and what stands in its text."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import nn, viz
from minitorch_cnn.viz.slides import MOST_PIXELS, slides_of
from minitorch_cnn.viz.sliding_window import layout_of

PICTURE, KERNEL = np.arange(9).reshape(3, 3), [[1, 2], [3, 4]]


def value_of(text):
    """What a line of arithmetic adds up to, and what it says."""
    left, sign, right = re.fullmatch(r"(.*) ([=≈]) (.*)", text.replace("−", "-")).groups()
    number = r"\(?(-?[\d.e+-]+?)\)?"
    factors = [re.fullmatch(rf"{number}·{number}", term) for term in left.split(" + ")]
    total = sum(float(f[1]) * float(f[2]) for f in factors) if left != "0" else 0.0
    return total, sign, float(right)


def test_the_arithmetic_of_every_position():
    slides = slides_of(PICTURE, KERNEL)
    assert slides.sums == (
        "1·0 + 2·1 + 3·3 + 4·4 = 27",
        "1·1 + 2·2 + 3·4 + 4·5 = 37",
        "1·3 + 2·4 + 3·6 + 4·7 = 57",
        "1·4 + 2·5 + 3·7 + 4·8 = 67",
    )
    assert slides.corners == ((0, 0), (0, 1), (1, 0), (1, 1))
    assert slides.counts == (36, 16, 4)


@given(st.data())
def test_arithmetic_window_and_matrix_row_say_the_same(data):
    sizes = data.draw(st.tuples(st.integers(3, 6), st.integers(3, 6)))
    kernel_sizes = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride = data.draw(st.integers(1, 3))
    padding = data.draw(st.integers(0, 2))
    dilation = data.draw(st.integers(1, 2))
    spans = [dilation * (k - 1) + 1 for k in kernel_sizes]
    assume(all(span <= n + 2 * padding for span, n in zip(spans, sizes, strict=True)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    picture, kernel = rng.integers(-9, 10, sizes), rng.integers(-9, 10, kernel_sizes)
    slides = slides_of(picture, kernel, stride=stride, padding=padding, dilation=dilation)
    matrix = slides.table.matrix(kernel.astype(float)).numpy()
    assert np.array_equal(matrix @ picture.reshape(-1), slides.output.reshape(-1))
    padded = np.pad(picture, padding)
    for position, (row, column) in enumerate(slides.corners):
        total, sign, said = value_of(slides.sums[position])
        assert sign == "="
        assert total == said == slides.output.reshape(-1)[position]
        places = np.ix_(
            row + padding + dilation * np.arange(kernel_sizes[0]),
            column + padding + dilation * np.arange(kernel_sizes[1]),
        )
        assert (padded[places] * kernel).sum() == said


def test_rounded_arithmetic_says_so():
    slides = slides_of([[1 / 3, 2.5]], [[0.5]])
    assert slides.sums == ("0.5·0.333 ≈ 0.167", "0.5·2.5 = 1.25")


def test_a_window_over_nothing_but_padding_gives_zero():
    assert slides_of([[5.0]], [[2.0]], padding=1).sums[0] == "0 = 0"
    assert slides_of([[5.0]], [[2.0]], padding=1).counts == (9, 1, 1)


def test_same_padding_is_that_of_the_layer():
    slides = slides_of(PICTURE, KERNEL, padding="same")
    x = mt.tensor(PICTURE[None, None].astype("float64"))
    weight = mt.tensor(np.array(KERNEL, "float64")[None, None])
    expected = nn.functional.conv2d(x, weight, padding="same").numpy()[0, 0]
    assert np.array_equal(slides.output, expected)
    assert slides.corners[0] == (0, 0)  # all of the padding is after the picture


def test_tensors_of_any_backend_are_drawn(backend):
    figure = viz.sliding_window(mt.tensor(PICTURE), mt.tensor(KERNEL))
    assert figure.text == viz.sliding_window(PICTURE, KERNEL).text


# --- the figure ----------------------------------------------------------------------------------


def parts(figure):
    """The attributes of the outermost element, the SVG, the output and the script."""
    match = re.fullmatch(
        r"<div (?P<attributes>[^>]*)><style>.*?</style>(?P<svg><svg .*</svg>)"
        r"<output (?P<live>[^>]*)>(?P<output>[^<]*)</output><script>(?P<script>.*)</script></div>",
        figure.text,
        re.DOTALL,
    )
    return match.groupdict()


def test_the_first_state_stands_there_without_a_script(svg):
    part = parts(viz.sliding_window(PICTURE, KERNEL))
    root = svg(part["svg"])
    assert part["output"] == "1·0 + 2·1 + 3·3 + 4·4 = 27"
    assert part["live"] == 'aria-live="polite"'
    assert 'data-steps="2 36 36 36 22"' in part["attributes"]
    assert re.search(r'data-sums="([^"]*)"', part["attributes"])[1].split("|") == list(
        slides_of(PICTURE, KERNEL).sums
    )
    moving = [element.get("class") for element in root.iter() if element.get("class")]
    assert moving == ["lit-row", "lit-row", "window", "lit-output"]
    # No promise of keys before the script has made them work.
    assert root.get("role") == "img"
    assert root.get("tabindex") is None


def test_window_row_and_output_stand_at_the_first_position(svg):
    slides = slides_of(PICTURE, KERNEL)
    layout = layout_of(slides)
    root = svg(parts(viz.sliding_window(PICTURE, KERNEL))["svg"])
    by_class = {e.get("class"): e for e in root.iter() if e.get("class")}
    output, row = by_class["lit-output"], by_class["lit-row"]
    assert (float(output.get("x")), float(output.get("y"))) == layout.output
    assert float(row.get("y")) == layout.matrix[1] - 2
    window = by_class["window"][0]
    assert (float(window.get("x")), float(window.get("y"))) == layout.picture
    places = [place.get("style") for place in by_class["window"][:4]]
    assert [re.search(r"weight-(\d)", style)[1] for style in places] == list("0123")


def test_each_row_and_output_can_be_touched(svg):
    root = svg(parts(viz.sliding_window(PICTURE, KERNEL))["svg"])
    targets = [e.get("data-position") for e in root.iter() if e.get("data-position")]
    assert sorted(targets) == sorted(["0", "1", "2", "3"] * 2)


def test_links_of_the_matrix_have_the_colours_of_their_weights(svg, colours):
    root = svg(parts(viz.sliding_window(PICTURE, KERNEL))["svg"])
    cells = colours(root, "fill")
    small = {"var(--weight-0,#0072B2)": 3, "var(--weight-1,#D55E00)": 3}  # in the third count
    expected = {style: 4 + small.get(style, 0) for style in cells if "own" not in style}
    assert {style: n for style, n in cells.items() if "own" not in style} == expected
    assert len(expected) == 4


def test_numbers_and_counts_are_written(svg):
    root = svg(parts(viz.sliding_window(PICTURE, KERNEL))["svg"])
    texts = [e.text for e in root.iter() if e.tag.endswith("text")]
    numbers = [str(n) for n in range(9)]
    assert texts == [*numbers, "⋆", *"1234", "=", "27", "37", "57", "67", "36", "16", "4"]
    assert root.get("aria-label") == (
        "9 inputs, 4 outputs: 36 dense links, 16 local links, 4 weights"
    )


def test_the_padding_lies_around_the_picture():
    slides = slides_of(PICTURE, KERNEL, padding=(1, 2), stride=2)
    layout = layout_of(slides)
    assert layout.picture[0] - layout.frame[0] == pytest.approx(2 * layout.cell)
    assert layout.picture[1] - layout.frame[1] == pytest.approx(layout.cell)


@pytest.mark.parametrize("side", [2, 6, 12])
def test_nothing_is_cut_off_and_the_text_stays_small(side, svg):
    rng = np.random.default_rng(side)
    figure = viz.sliding_window(rng.integers(0, 9, (side, side)), np.ones((2, 2)))
    svg(parts(figure)["svg"])
    assert len(figure.text.encode()) < (80_000 if side > 6 else 20_000)
    assert figure.width <= 640


def test_two_figures_share_nothing():
    """No ids, so that one page may hold several, also of the same numbers."""
    text = viz.sliding_window(PICTURE, KERNEL).text
    assert text == viz.sliding_window(PICTURE, KERNEL).text
    assert not re.search(r"\sid=|getElementById|#[a-z]", re.sub("#[0-9A-F]{6}", "", text))
    assert ":not([data-ready])" in text


def test_the_script_answers_to_keys_pointer_and_touch():
    script = parts(viz.sliding_window(PICTURE, KERNEL))["script"]
    for word in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "pointerdown"):
        assert word in script
    assert "</" not in script
    assert not re.search(r"fetch|import|XMLHttp|http|eval\(|innerHTML", script)


def test_a_figure_is_a_page_of_its_own(tmp_path):
    path = tmp_path / "slide.html"
    figure = viz.sliding_window(PICTURE, KERNEL, label="36 & 16 & 4")
    figure.save(path)
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>\n")
    assert "<title>36 &amp; 16 &amp; 4</title>" in page
    assert figure.text in page
    assert "//" not in re.sub(r"http://www\.w3\.org/2000/svg|// [^\n]*", "", page)
    assert repr(figure) == "HTMLFigure(332 x 258, '36 & 16 & 4')"


@pytest.mark.parametrize(
    ("picture", "kernel", "options", "message"),
    [
        (np.zeros((1, 3, 3)), KERNEL, {}, r"picture: expected \(height, width\) .*\(1, 3, 3\)"),
        (PICTURE, [1.0], {}, r"kernel: expected \(height, width\)"),
        (PICTURE, np.zeros((4, 4)), {}, "does not fit into a picture"),
        (np.zeros((13, 13)), KERNEL, {}, "169 pixels and 144 outputs are too many"),
        (PICTURE, KERNEL, {"stride": 0}, "stride: 0 is too small"),
        ([[float("inf")]], [[1.0]], {}, "NaN and infinity"),
    ],
)
def test_what_cannot_be_drawn_is_refused(picture, kernel, options, message):
    with pytest.raises(ValueError, match=message):
        viz.sliding_window(picture, kernel, **options)
    assert MOST_PIXELS == 144
