"""The lessons of tutorials/ run from start to end; building the pages runs them in full."""

import contextlib
import io
import re
import runpy
from pathlib import Path

import matplotlib
import pytest

import minitorch_cnn as mt
from minitorch_cnn import datasets
from minitorch_cnn.data import TensorDataset

TUTORIALS = Path(__file__).parents[1] / "tutorials"
NUMBERED = sorted(TUTORIALS.glob("plot_*.py"))
DERIVATION = TUTORIALS / "derivation.py"
LESSONS = [*NUMBERED, DERIVATION]


@contextlib.contextmanager
def quiet(folder):
    """An empty folder, no windows, and the shared generator as it was."""
    matplotlib.use("agg", force=True)
    state = mt.random.default_rng().bit_generator.state
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        mt.random.default_rng().bit_generator.state = state
        matplotlib.pyplot.close("all")


@pytest.fixture
def few_digits(tmp_path, monkeypatch):
    few = [
        TensorDataset(*(array[:count] for array in dataset.arrays))
        for dataset, count in zip(datasets.mnist_mini(), (640, 200), strict=True)
    ]
    monkeypatch.setattr(datasets, "mnist_mini", lambda: tuple(few))
    with quiet(tmp_path):
        yield


@pytest.mark.usefixtures("few_digits")
@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_lesson_runs(path):
    runpy.run_path(str(path), run_name="__main__")


@pytest.mark.usefixtures("few_digits")
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


# --- the derivation: every number in its text is printed by its code ------------------------------


@pytest.fixture(scope="module")
def derivation(tmp_path_factory):
    """What the lesson prints, and the names that it leaves; with all digits, as on the page."""
    printed = io.StringIO()
    with quiet(tmp_path_factory.mktemp("derivation")), contextlib.redirect_stdout(printed):
        names = runpy.run_path(str(DERIVATION), run_name="__main__")
    return printed.getvalue(), names


@pytest.mark.parametrize(
    "line",
    [
        "dense: Connectivity(9 inputs, 16 outputs: 144 links, 144 weights)",
        "9 -> 90 -> 50: 810 + 4,500 = 5,310 weights",
        "32 x 32 -> 500: 512,000 weights",
        "which are 2,048,000 bytes in float32",
        "tied: Connectivity(9 inputs, 16 outputs: 144 links, 36 weights)",
        "108 of 144 weights are saved, 75%",
        "local: Connectivity(9 inputs, 16 outputs: 64 links, 64 weights)",
        "both: Connectivity(9 inputs, 16 outputs: 64 links, 16 weights)",
        "128 of 144 weights are saved, 88.89%",
        "dense 144 144 1 9",
        "tied 144 36 4 4",
        "local 64 64 1 9",
        "both 64 16 4 9",
        "tie first == windows first: True",
        "ours == the table of a convolution: True",
        "row 0: 1 x 0 + 2 x 1 + 3 x 3 + 4 x 4 = 27",
        "by conv2d: [27.0, 37.0, 57.0, 67.0]",
        "weight 3: 4 + 5 + 7 + 8 = 24",
        "by conv2d: [8.0, 12.0, 20.0, 24.0]",
        "exactly the same kernel: True",
        "Net-1: 2570 links, 2570 weights, reuse 1.0",
        "Net-2: 3214 links, 3214 weights, reuse 1.0",
        "Net-3: 1226 links, 1226 weights, reuse 1.0",
        "Net-4: 2266 links, 1132 weights, reuse 2.0",
        "Net-5: 5194 links, 1060 weights, reuse 4.9",
    ],
)
def test_the_derivation_prints(derivation, line):
    printed, _ = derivation
    assert line in [" ".join(each.split()) for each in printed.splitlines()]


def test_the_derivation_states_no_number_that_it_does_not_print(derivation):
    printed, _ = derivation
    lines = DERIVATION.read_text(encoding="utf-8").split('"""', 2)
    prose = lines[1] + "\n".join(line for line in lines[2].splitlines() if line[:1] == "#")
    prose = prose.partition("**To try**")[0]
    years_and_sections = {"1989", "11.7"}
    assert numbers(prose) - numbers(printed) == years_and_sections


def numbers(text):
    """All numbers of a text, without commas between thousands."""
    return {found.replace(",", "") for found in re.findall(r"\d+(?:[.,]\d+)*", text)}


def test_the_derivation_prints_no_no(derivation):
    """Where it asks whether two things are equal, they are; but for the one that is to fail."""
    printed, _ = derivation
    answers = re.findall(r"^.*\bFalse\b.*$", printed, re.MULTILINE)
    assert answers == ["the same table as before: False"]


def test_the_derivation_says_of_the_five_nets_what_came_out(derivation):
    _, names = derivation
    learned = {name: of_net[:, 0] for name, of_net in names["results"].items()}
    tested = {name: of_net[:, 1] for name, of_net in names["results"].items()}
    assert min(each.mean() for each in learned.values()) > 0.95
    for worse in ("Net-3", "Net-4"):
        assert tested["Net-1"].mean() > tested[worse].mean()
    ahead = tested["Net-5"] - tested["Net-1"]
    assert abs(ahead.mean()) < 2 * ahead.std(ddof=1)
