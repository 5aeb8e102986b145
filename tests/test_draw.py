"""Drawings of the recorded graph: what stands in them, how they are cut, where they are written."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.viz import graph
from minitorch_cnn.viz.graph import ENDS, LONGEST_RUN, MOST_LINES, GraphDrawing

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def leaf(*shape, **options):
    return mt.ones(shape, requires_grad=True, **options)


def text(*args):
    return str(mt.draw(*args)).splitlines()


def words(*args):
    """The lines without what aligns them."""
    return [re.sub(r"  +", " ", line) for line in text(*args)]


def small_net():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Dense(8, 3))
    return net, nn.functional.cross_entropy(net(mt.ones((5, 1, 4, 4))), mt.tensor([0, 1, 2, 0, 1]))


# --- text -----------------------------------------------------------------------------------------


def test_a_net_from_the_loss_down(backend):
    with mt.use_backend(backend):
        net, loss = small_net()
    assert text(loss, net) == [
        "mean_cross_entropy  () float32",
        "linear              (5, 3) float32",
        "├─ 3.weight         (3, 8) float32",
        "├─ 3.bias           (3,) float32",
        "reshape             (5, 8) float32",
        "relu                (5, 2, 2, 2) float32",
        "conv                (5, 2, 2, 2) float32",
        "├─ 0.weight         (2, 1, 3, 3) float32",
        "├─ 0.bias           (2,) float32",
        "data                (5, 1, 4, 4) float32",
    ]


def test_names_for_leaves_data_and_computed_tensors():
    x, w = mt.ones((2, 3)), leaf(3, 4)
    hidden = x @ w
    assert words(mt.exp(hidden), {"x": x, "w": w, "hidden": hidden}) == [
        "exp (2, 4) float32",
        "hidden: matmul (2, 4) float32",
        "├─ w (3, 4) float32",
        "x (2, 3) float32",
    ]
    assert words(mt.exp(hidden))[2:] == ["├─ leaf (3, 4) float32", "data (2, 3) float32"]
    parameter = nn.Parameter([1.0])
    assert words(parameter * w)[1:] == ["├─ leaf (3, 4) float32", "parameter (1,) float32"]


def test_a_leaf_alone():
    assert text(leaf(2, dtype="float64"), {}) == ["leaf  (2,) float64"]


def test_numbers_stand_in_the_operation():
    w = leaf(2)
    assert words(2.5 * w)[0] == "multiply(2.5, ·) (2,) float32"
    assert words(1 / w)[0] == "divide(1, ·) (2,) float32"


def test_shared_operations_are_drawn_once():
    w = leaf(2)
    y = mt.exp(w)
    assert text(y * y + mt.relu(y), {"w": w}) == [
        "add       (2,) float32",
        "├─ relu   (2,) float32",
        "│  [1]",
        "multiply  (2,) float32",
        "├─ [1]",
        "[1] exp   (2,) float32",
        "w         (2,) float32",
    ]


def test_a_graph_that_doubles_at_each_step_stays_small():
    y = leaf(2)
    for _ in range(60):
        y = y + y
    assert len(text(y)) == 60 * 2 + 1
    assert mt.draw(y).dot().count("[label=") == 61


def test_blocks_with_a_way_around_do_not_creep_to_the_right():
    y = leaf(2)
    for _ in range(20):
        y = y + mt.relu(2.0 * y)
    assert max(len(line) - len(line.lstrip("│ ")) for line in text(y)) == 0


def test_data_that_is_used_twice_is_one_box():
    x, w = mt.ones(3), leaf(3)
    source = mt.draw(w * x * x).dot()
    assert source.count("data") == 1
    assert source.count(" -> ") == 4


def test_after_backward_the_graph_is_still_there():
    w = leaf(2)
    y = (w * 2.0).sum()
    y.backward()
    assert words(y) == ["sum () float32", "multiply (2,) float32", "leaf (2,) float32"]


def test_gradients_have_graphs_too():
    w = leaf(2)
    (g,) = mt.grad((w**3).sum(), w, create_graph=True)
    assert words(g, {"w": w})[-1] == "w (2,) float32"


def test_long_chains_are_drawn_by_their_ends():
    y = w = leaf(2)
    for _ in range(100_000):
        y = y * 1.0
    lines = text(y, {"w": w})
    assert len(lines) == 2 * ENDS + 2
    assert lines[ENDS] == f"... {100_000 - 2 * ENDS:,} more operations"
    assert mt.draw(y).dot().count(" -> ") == 2 * ENDS + 1


@pytest.mark.parametrize(("length", "shown"), [(LONGEST_RUN, LONGEST_RUN), (LONGEST_RUN + 1, 9)])
def test_rows_are_cut_between_what_is_no_row(length, shown):
    x = w = leaf(2)
    for _ in range(length):
        x = mt.tanh(x)
    y = x * x
    for _ in range(length):
        y = mt.sin(y)
    lines = text(mt.concat([y, w]))
    assert len(lines) == 1 + 1 + shown + 2 + shown + 1
    assert sum("more operations" in line for line in lines) == 2 * (shown == 9)


def test_long_texts_end():
    w = leaf(2)
    y = mt.concat([w * float(i) for i in range(MOST_LINES)])
    lines = text(y)
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == f"... {2 * MOST_LINES + 1 - MOST_LINES} more lines"


def test_a_drawing_keeps_no_array():
    w = leaf(2)
    drawing = mt.draw(mt.exp(w))
    assert isinstance(drawing, GraphDrawing)
    assert not [b for b in drawing._boxes if not isinstance(b.label + b.detail, str)]
    assert str(drawing) == repr(drawing)


# --- Graphviz -------------------------------------------------------------------------------------

HOSTILE = 'a"];\n<b>&\\N</table>{}|\x00\x1b\ud800é]>'


def test_dot_source():
    w = leaf(2)
    assert mt.draw(mt.exp(w), {"w": w}).dot().splitlines()[4:] == [
        '  n0 [label=<<b>w</b><br/><font point-size="9" color="#555555">(2,) float32</font>>, '
        'shape=box, style=filled, fillcolor="#FCE5C8", color="#B0741A"]',
        '  n1 [label=<exp<br/><font point-size="9" color="#555555">(2,) float32</font>>, '
        'shape=box, style="rounded,filled", fillcolor="#DCEAF7", color="#3A78B0", penwidth=2]',
        "  n0 -> n1",
        "}",
    ]


def test_names_are_escaped():
    w = leaf(2)
    source = mt.draw(w * 2.0, {HOSTILE: w}).dot()
    assert "<b>a&quot;];?&lt;b&gt;&amp;\\\\N&lt;/table&gt;{}|???é]&gt;</b>" in source
    assert len(source.splitlines()) == 8


@needs_dot
def test_svg_is_a_picture_with_every_box():
    net, loss = small_net()
    picture = ET.fromstring(mt.draw(loss, net)._repr_svg_())
    assert picture.tag.endswith("svg")
    shown = "".join(picture.itertext())
    for word in ("0.weight", "conv", "(5, 2, 2, 2) float32", "mean_cross_entropy"):
        assert word in shown


@needs_dot
def test_hostile_names_are_only_text():
    w = leaf(2)
    picture = ET.fromstring(mt.draw(w * 2.0, {HOSTILE: w}).svg())
    assert 'a"];?<b>&\\N</table>{}|???é]>' in "".join(picture.itertext())


@needs_dot
@pytest.mark.parametrize("ending", ["svg", "dot", "gv", "txt", "SVG"])
def test_save(tmp_path, ending):
    drawing = mt.draw(mt.exp(leaf(2)))
    path = tmp_path / f"graph.{ending}"
    drawing.save(path)
    expected = {"svg": drawing.svg, "txt": lambda: f"{drawing}\n"}.get(ending.lower(), drawing.dot)
    assert path.read_text(encoding="utf-8") == expected()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_save_refuses_other_endings(tmp_path):
    with pytest.raises(ValueError, match=r"graph.png.*\.svg, \.dot, \.gv, \.txt"):
        mt.draw(mt.exp(leaf(2))).save(tmp_path / "graph.png")
    assert not list(tmp_path.iterdir())


def test_without_graphviz(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = mt.draw(mt.exp(leaf(2)))
    with pytest.raises(FileNotFoundError, match="dot, which is not on the PATH; install it"):
        drawing.svg()
    with pytest.raises(FileNotFoundError):
        drawing.save(tmp_path / "graph.svg")
    assert not list(tmp_path.iterdir())
    assert drawing._repr_svg_() is None


def test_dot_that_takes_too_long_or_fails(monkeypatch):
    drawing = mt.draw(mt.exp(leaf(2)))
    monkeypatch.setattr(shutil, "which", lambda name: f"/{name}")
    errors = [
        (subprocess.TimeoutExpired("dot", 1), "took more than 60 seconds for 2 boxes"),
        (subprocess.CalledProcessError(1, "dot", stderr=b"out of paper\n"), "failed: out of paper"),
    ]
    for error, message in errors:

        def run(*args, error=error, **kwargs):
            assert args[0] == ["/dot", "-Tsvg"]
            assert kwargs["timeout"] == graph.DOT_SECONDS
            raise error

        monkeypatch.setattr(subprocess, "run", run)
        with pytest.raises(ValueError, match=message):
            drawing.svg()
        assert drawing._repr_svg_() is None


# --- mistakes -------------------------------------------------------------------------------------


def test_mistakes_in_the_call():
    w = leaf(2)
    with pytest.raises(TypeError, match="expected a Tensor, got a ndarray"):
        mt.draw(np.ones(2))
    with pytest.raises(ValueError, match=r"nothing was recorded for the tensor of shape \(2,\)"):
        mt.draw(w.detach())
    with pytest.raises(TypeError, match="names is a list; expected a Module or a mapping"):
        mt.draw(w, [w])
    with pytest.raises(TypeError, match="the name 'w' stands for a int"):
        mt.draw(w, {"w": 1})


def test_a_checkpoint_is_drawn():
    w = mt.tensor([1.0, 2.0], requires_grad=True)
    assert "checkpoint" in str(mt.draw(mt.checkpoint(lambda w: mt.exp(w * w), w).sum()))
