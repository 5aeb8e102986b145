"""Nets and matrices, by what they are made of: places, colours, counts."""

import re

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, viz
from minitorch_cnn.nn import Connectivity
from minitorch_cnn.viz.net import MOST_LINKS, net_of
from minitorch_cnn.viz.svg import SVG
from minitorch_cnn.viz.weight_matrix import cells_of, pixels_of

CONV = Connectivity.conv(1, 4, kernel_size=2, input_size=(3, 3))
ROW = Connectivity.conv(1, 1, kernel_size=3, input_size=(6,))
SHAPES = {"input_shape": (3, 3), "output_shape": (4, 2, 2)}

ARTICLE = {
    "dense": (Connectivity.dense(9, 16), 144, 144, 0),
    "tied": (Connectivity.dense(9, 16).tie(4), 144, 36, 36),
    "local": (Connectivity.local(1, 4, kernel_size=2, input_size=(3, 3)), 64, 64, 0),
    "both": (CONV, 64, 16, 16),
}


# --- nets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARTICLE)
def test_the_figures_of_the_article(name, svg, colours):
    table, links, weights, coloured = ARTICLE[name]
    figure = viz.net_diagram(table, **SHAPES)
    root = svg(figure.text)
    assert root.get("aria-label") == f"9 inputs, 16 outputs, {links} links, {weights} weights"
    lines = colours(root, "stroke")
    assert sum(lines.values()) == links
    own = lines.pop("var(--weight-own,#808080)", 0)
    assert len(lines) == coloured
    assert own == (0 if coloured else links)
    assert len(figure.text) < 8_000


def test_each_link_has_the_colour_of_its_weight():
    net = net_of(CONV, **SHAPES)
    found = [(link.output, link.input, link.colour) for link in net.links]
    labels = CONV.labels()
    assert found == [(o, i, labels[o, i]) for o, i in np.argwhere(labels >= 0)]
    assert all(link.strong is None for link in net.links)


def test_a_weight_without_partner_is_grey_also_among_tied_ones():
    table = Connectivity.from_matrix_of_labels([[0, 1], [0, 2]])
    assert [link.colour for link in net_of(table).links] == [0, -1, 0, -1]


def test_rows_stand_as_in_the_figure_of_the_first_page():
    net = net_of(ROW)
    assert [x for x, _ in net.inputs] == [14, 58, 102, 146, 190, 234]
    assert [x for x, _ in net.outputs] == [58, 102, 146, 190]
    assert {y for _, y in net.outputs} == {14}
    assert {y for _, y in net.inputs} == {112}
    assert (net.width, net.height, net.planes) == (248, 126, ())


def test_pictures_lie_in_perspective_and_channels_side_by_side():
    net = net_of(CONV, **SHAPES)
    inputs, outputs = np.array(net.inputs).reshape(3, 3, 2), np.array(net.outputs)
    maps = outputs.reshape(4, 2, 2, 2)
    assert np.allclose(np.diff(inputs, axis=1), [44, 0])
    assert np.allclose(np.diff(inputs, axis=0), [-16, 24])
    assert np.allclose(np.diff(maps, axis=0), [2 * 44 + 28, 0])
    assert outputs[:, 1].max() < inputs[..., 1].min()
    assert len(net.planes) == 5
    middle = np.mean([inputs.reshape(-1, 2).mean(0)[0], outputs.mean(0)[0], net.width / 2])
    assert middle == pytest.approx(net.width / 2)


def test_wide_nets_are_scaled_down(svg):
    figure = viz.net_diagram(Connectivity.conv(1, 1, kernel_size=3, input_size=(60,)))
    svg(figure.text)
    assert figure.width == pytest.approx(900)


def test_one_output_is_drawn_strongly(svg, colours):
    net = net_of(CONV, **SHAPES, highlight=6)
    strong = [(link.output, link.input) for link in net.links if link.strong]
    assert strong == [(6, 3), (6, 4), (6, 6), (6, 7)]
    root = svg(viz.net_diagram(CONV, **SHAPES, highlight=6).text)
    paths = [path.attrib for path in root.iter() if path.get("stroke-width") == "2.6"]
    assert [re.search(r"weight-(\d)", path["style"])[1] for path in paths] == list("4567")
    assert sum(colours(root, "stroke").values()) == 64


@pytest.mark.parametrize("highlight", [-1, 16])
def test_only_outputs_are_highlighted(highlight):
    with pytest.raises(ValueError, match="is no output; they are 0 to 15"):
        viz.net_diagram(CONV, highlight=highlight)


def test_too_many_links_are_refused():
    large = Connectivity.dense(50, 50)
    with pytest.raises(ValueError, match=r"2,500 links .* \(at most 2,000 .*weight_matrix"):
        viz.net_diagram(large)
    assert large.links > MOST_LINKS


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 2), r"input_shape \(2, 2\) holds 4 units, but the table has 9"),
        ((1, 1, 3, 3), r"has 4 sizes; .* channels of rows are \(channels, 1, width\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        viz.net_diagram(CONV, input_shape=shape)


@pytest.mark.parametrize("draw", [viz.net_diagram, viz.weight_matrix, viz.plot])
def test_only_tables_are_drawn(draw):
    with pytest.raises(TypeError, match=r"got a Conv2d; pass layer\.connectivity\(input_shape\)"):
        draw(nn.Conv2d(1, 4, 2))
    with pytest.raises(TypeError, match=r"got a list; make one with .*from_matrix_of_labels"):
        draw([[0, 1]])


def test_tables_without_links_or_units_are_drawn(svg):
    for table in (Connectivity.dense(3, 0), Connectivity.from_matrix_of_labels([[-1, -1]])):
        svg(viz.net_diagram(table).text)
        svg(viz.weight_matrix(table).text)


# --- matrices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARTICLE)
def test_tied_entries_have_one_colour(name, svg, colours):
    table, links, _, coloured = ARTICLE[name]
    root = svg(viz.weight_matrix(table).text)
    cells = colours(root, "fill")
    assert sum(cells.values()) == links
    own = cells.pop("var(--weight-own,#808080)", 0)
    assert (len(cells), own) == (coloured, 0 if coloured else links)
    empty = [path for path in root.iter() if path.get("fill-opacity") == "0.1"]
    assert empty[0].get("d", "").count("M") == 144 - links


def path_of(root, weight):
    (path,) = [p for p in root.iter() if f"--weight-{weight}," in p.get("style", "")]
    return path.get("d")


def test_lines_and_squares_stand_where_the_data_say(svg):
    table = Connectivity.conv(1, 1, kernel_size=2, input_size=(3,))
    net, matrix = svg(viz.net_diagram(table).text), svg(viz.weight_matrix(table).text)
    assert path_of(net, 1) == "M58 112L36 14M102 112L80 14"
    assert path_of(matrix, 0) == "M2 2h20v20h-20zM24 24h20v20h-20z"
    assert path_of(matrix, 1) == "M24 2h20v20h-20zM46 24h20v20h-20z"


def test_cells_are_those_of_the_labels():
    cells = cells_of(CONV)
    matrix = np.full(cells.shape, -1)
    matrix[cells.rows, cells.columns] = cells.colours
    assert np.array_equal(matrix, CONV.labels())


def test_the_colours_of_net_and_matrix_agree(colours, svg):
    lines = colours(svg(viz.net_diagram(CONV).text), "stroke")
    assert lines == colours(svg(viz.weight_matrix(CONV).text), "fill")


def test_entries_are_shaded_by_value(svg, backend):
    theta = mt.tensor([[0.5, -1.0, 0.0]], requires_grad=True)
    cells = cells_of(ROW, theta)
    assert cells.values.tolist() == [0.5, -1.0, 0.0] * 4
    root = svg(viz.weight_matrix(ROW, theta).text)
    shades = [
        (path.get("style"), path.get("fill-opacity"), path.get("d").count("M"))
        for path in root.iter()
        if path.get("style") and path.get("d")
    ]
    assert shades == [
        ("fill:var(--figure-background,Canvas)", None, 12),
        ("fill:var(--negative,#0072B2)", "1", 4),
        ("fill:var(--positive,#D55E00)", "0.5", 4),
    ]
    texts = [text.text for text in root.iter() if text.tag.endswith("text")]
    assert texts == ["−1", "1"]


def test_weights_that_are_all_zero_are_blank(svg):
    root = svg(viz.weight_matrix(ROW, np.zeros(3)).text)
    assert not [
        path for path in root.iter() if "positive" in path.get("style", "") and path.get("d")
    ]


def test_theta_has_an_entry_for_each_weight():
    with pytest.raises(ValueError, match="theta has 2 entries, but the table has 3 weights"):
        viz.weight_matrix(ROW, [1.0, 2.0])
    with pytest.raises(ValueError, match="NaN and infinity have no colour"):
        viz.weight_matrix(ROW, [1.0, 2.0, float("nan")])
    with pytest.raises(TypeError, match="expected real numbers, got dtype complex"):
        viz.weight_matrix(ROW, np.ones(3, complex))


def test_parallel_links_have_no_cell_of_their_own():
    table = Connectivity([0, 0], [0, 0], [0, 1], (1, 1))
    viz.net_diagram(table)
    with pytest.raises(ValueError, match="several links run between the same two units"):
        viz.weight_matrix(table)


def test_matrices_of_small_cells_stay_small(svg):
    figure = viz.weight_matrix(Connectivity.conv(1, 1, kernel_size=3, input_size=(10, 10)))
    svg(figure.text)
    assert len(figure.text) < 25_000


def test_large_matrices_are_pixels():
    table = Connectivity.conv(1, 1, kernel_size=3, input_size=(12, 12), padding=1)
    figure = viz.weight_matrix(table)
    (image,) = figure.axes[0].images
    assert np.array_equal(image.get_array(), pixels_of(cells_of(table)))
    picture = pixels_of(cells_of(table))
    assert np.allclose(picture[0, 0], np.array([0xE6, 0x9F, 0x00]) / 255)  # the middle, weight 4
    assert np.allclose(picture[0, 2], 1)
    by_value = viz.weight_matrix(table, np.arange(9) - 4.0)
    (image,) = by_value.axes[0].images
    assert image.norm.vmin == -4
    assert image.norm.vmax == 4
    assert np.ma.filled(image.get_array(), np.nan)[0, 1] == 1
    assert np.isnan(np.ma.filled(image.get_array(), np.nan)[0, 2])


def test_long_matrices_are_pixels():
    assert viz.weight_matrix(Connectivity.dense(301, 1)).axes[0].images
    assert isinstance(viz.weight_matrix(Connectivity.dense(300, 1)), SVG)


# --- either --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "options", "function"),
    [
        (ROW, {}, viz.net_diagram),
        (CONV, {}, viz.net_diagram),
        (CONV, {"kind": "matrix"}, viz.weight_matrix),
        (ROW, {"theta": [1.0, 2.0, 3.0]}, viz.weight_matrix),
        (Connectivity.dense(20, 20), {}, viz.weight_matrix),
        (Connectivity.dense(20, 20), {"kind": "net"}, viz.net_diagram),
        (Connectivity.dense(20, 20), {"highlight": 3}, viz.net_diagram),
        (Connectivity.conv(1, 1, 1, (60,)), {}, viz.weight_matrix),
    ],
)
def test_plot_chooses_by_size(table, options, function):
    figure = table.plot(**options)
    given = {name: value for name, value in options.items() if name != "kind"}
    assert isinstance(figure, SVG)
    assert figure.text == function(table, **given).text


def test_plot_knows_two_kinds():
    with pytest.raises(ValueError, match="kind 'graph' is none of 'net', 'matrix'"):
        CONV.plot("graph")


def test_labels_may_be_replaced(svg):
    for figure in (CONV.plot(label="9 → 16"), CONV.plot("matrix", label="9 → 16")):
        assert svg(figure.text).get("aria-label") == "9 → 16"
