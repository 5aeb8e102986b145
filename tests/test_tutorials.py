"""The lessons of tutorials/ run from start to end; building the pages runs them in full."""

import re
import runpy
from pathlib import Path

import matplotlib
import pytest

import minitorch_cnn as mt
from minitorch_cnn import datasets
from minitorch_cnn.data import TensorDataset

TUTORIALS = Path(__file__).parents[1] / "tutorials"
LESSONS = sorted(TUTORIALS.glob("plot_*.py"))


@pytest.fixture(autouse=True)
def small_and_quiet(tmp_path, monkeypatch):
    """A few digits, no windows, and the shared generator as it was."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg", force=True)
    few = [
        TensorDataset(*(array[:count] for array in dataset.arrays))
        for dataset, count in zip(datasets.mnist_mini(), (640, 200), strict=True)
    ]
    monkeypatch.setattr(datasets, "mnist_mini", lambda: tuple(few))
    state = mt.random.default_rng().bit_generator.state
    yield
    mt.random.default_rng().bit_generator.state = state
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_runs(path):
    runpy.run_path(str(path), run_name="__main__")


def test_the_first_lesson_says_what_is_true():
    seen = runpy.run_path(str(TUTORIALS / "plot_01_first_gradient.py"), run_name="__main__")
    diagonals = [seen["entries"][:, place : place + 4].trace() for place in range(3)]
    assert diagonals == pytest.approx(seen["kernel"].grad.tolist(), rel=1e-6)
    assert 1e-7 < seen["steps"][seen["best"]] < 1e-4
    assert 10 * min(seen["around"]) < min(seen["ahead"])
    assert seen["slope"].item() == pytest.approx(1.5, abs=0.1)
    assert seen["offset"].item() == pytest.approx(-0.5, abs=0.1)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_is_readable_as_a_notebook(path):
    """Roles and directives would appear as they are in the notebook that readers download."""
    text = path.read_text(encoding="utf-8")
    prose = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert not re.findall(r":[a-z:]+:`|^# *\.\. \w|`_", prose, re.MULTILINE)
    assert text.startswith('"""\n')
