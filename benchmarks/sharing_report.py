"""What is made of the results of ``sharing``: means and spreads, paired differences, a plot.

Reads the dict that ``sharing.run`` returns, or ``sharing.json`` holds, and nothing else; the page
of the documentation is made from a stored one. Trains nothing.
"""

from __future__ import annotations

import csv
import importlib.util
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from minitorch_cnn import viz
from minitorch_cnn.io import atomic_write, write_json

CONDITIONS = (
    ("centred", "centred"),
    ("centred", "shifted"),
    ("shifted", "shifted"),
    ("permuted", "permuted"),
)
"""What a net is trained on, and what it is tested on."""

COMPARISONS = (
    ("local", "dense"),
    ("conv", "local"),
    ("local + pool", "local"),
    ("conv + pool", "conv"),
    ("conv + pool", "local + pool"),
    ("local + global pool", "local"),
    ("conv + global pool", "conv"),
    ("conv + global pool", "conv + pool"),
    ("conv + global pool", "local + global pool"),
)
"""Pairs of nets, of which the first is the second with one thing more, or pooled further."""

CLEAR = 2.0
"""A difference counts if its mean is more than this many times its standard deviation."""

COLOURS = {"dense": "#000000", "local": "#D55E00", "conv": "#0072B2"}
"""Black, vermilion and blue of Okabe and Ito, told apart by every kind of colour vision."""

MARKERS = {"": "o", "pool": "s", "global pool": "D"}


@dataclass(frozen=True)
class Row:
    """A net under one condition, over the seeds; all in per cent."""

    pictures: int
    trained: str
    tested: str
    net: str
    weights: int
    accuracy: float
    spread: float
    train_accuracy: float
    train_spread: float
    seeds: int


@dataclass(frozen=True)
class Difference:
    """What ``net`` has more than ``base``, seed by seed; in points, hundredths of the pictures."""

    pictures: int
    trained: str
    tested: str
    net: str
    base: str
    points: float
    spread: float

    @property
    def is_clear(self) -> bool:
        return abs(self.points) > CLEAR * self.spread


def summarise(results: dict[str, Any]) -> list[Row]:
    """Mean and standard deviation over the seeds: the data of the tables and of the plot."""
    return [
        Row(
            **{key: run[key] for key in ("pictures", "trained", "tested", "net")},
            weights=results["weights"][run["net"]],
            accuracy=100 * mean(run["accuracy"]),
            spread=100 * stdev(run["accuracy"]),
            train_accuracy=100 * mean(run["train_accuracy"]),
            train_spread=100 * stdev(run["train_accuracy"]),
            seeds=len(run["accuracy"]),
        )
        for run in results["runs"]
    ]


def differences(results: dict[str, Any]) -> list[Difference]:
    """The comparisons, each by pairs of nets that saw the same pictures in the same order."""
    scores = {
        (run["pictures"], run["trained"], run["tested"], run["net"]): run["accuracy"]
        for run in results["runs"]
    }
    found = []
    for count in results["settings"]["pictures"]:
        for net, base in COMPARISONS:
            for condition in CONDITIONS:
                pairs = zip(
                    scores[(count, *condition, net)],
                    scores[(count, *condition, base)],
                    strict=True,
                )
                gains = [100 * (more - less) for more, less in pairs]
                found.append(Difference(count, *condition, net, base, mean(gains), stdev(gains)))
    return found


# --- tables ---------------------------------------------------------------------------------------

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Titles of the columns, and rows of equal length."""


def accuracy_table(results: dict[str, Any], pictures: int) -> Table:
    """One row for each net: weights, and accuracy in per cent under each condition."""
    cells = {
        (row.net, row.trained, row.tested): f"{row.accuracy:.1f} ± {row.spread:.1f}"
        for row in summarise(results)
        if row.pictures == pictures
    }
    rows = [
        (net, f"{weights:,}", *(cells[(net, *condition)] for condition in CONDITIONS))
        for net, weights in results["weights"].items()
    ]
    return ("net", "weights", *map(_title, CONDITIONS)), rows


def fit_table(results: dict[str, Any], pictures: int) -> Table:
    """One row for each net: accuracy in per cent on the very pictures that it was trained on."""
    trained = list(dict.fromkeys(seen for seen, _ in CONDITIONS))
    cells = {
        (row.net, row.trained): f"{row.train_accuracy:.1f} ± {row.train_spread:.1f}"
        for row in summarise(results)
        if row.pictures == pictures
    }
    rows = [(net, *(cells[net, seen] for seen in trained)) for net in results["weights"]]
    return ("net", *trained), rows


def difference_table(results: dict[str, Any], pictures: int) -> Table:
    """One row for each comparison; differences that are not clear stand in brackets."""
    cells = {
        (found.net, found.base, found.trained, found.tested): _cell(found)
        for found in differences(results)
        if found.pictures == pictures
    }
    rows = [
        (f"{net} against {base}", *(cells[(net, base, *condition)] for condition in CONDITIONS))
        for net, base in COMPARISONS
    ]
    return ("", *map(_title, CONDITIONS)), rows


def text(results: dict[str, Any]) -> str:
    """All tables, for a terminal."""
    settings = results["settings"]
    kind = "held-out training" if settings["held_out"] else "test"
    blocks = []
    for pictures in settings["pictures"]:
        blocks += [
            f"{pictures} training pictures: accuracy on {settings['test_pictures']} {kind} "
            f"pictures in %, mean ± standard deviation over {len(settings['seeds'])} seeds\n"
            "(trained on / tested on)",
            _aligned(accuracy_table(results, pictures)),
            f"The same seed by seed, as differences in points; (...) where no more than {CLEAR:g} "
            "standard deviations",
            _aligned(difference_table(results, pictures)),
            "Accuracy on the training pictures in %",
            _aligned(fit_table(results, pictures)),
        ]
    return "\n\n".join(blocks) + "\n"


def csv_text(results: dict[str, Any]) -> str:
    """Means and spreads, one line for each net and condition."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in summarise(results):
        numbers = {
            name: f"{value:.3f}" if isinstance(value, float) else value
            for name, value in asdict(row).items()
        }
        writer.writerow(numbers)
    return file.getvalue()


def quote(results: dict[str, Any], words: str) -> str:
    """A number of the results for a sentence, so that no prose holds one of its own.

    ``words`` are ``pictures; net; trained; tested`` for an accuracy,
    ``pictures; net; base; trained; tested`` for a difference, ``weights; net`` for a net's weights,
    or the name of a setting; of the seeds it is their number that is told.
    """
    pictures, *names = (word.strip() for word in words.split(";"))
    if not names and pictures in results["settings"]:
        value = results["settings"][pictures]
        return str(len(value)) if pictures == "seeds" else f"{value:,}"
    if len(names) == 1 and pictures == "weights" and names[0] in results["weights"]:
        return f"{results['weights'][names[0]]:,}"
    if len(names) == 3:
        net, *condition = names
        for row in summarise(results):
            if (row.pictures, row.net, row.trained, row.tested) == (int(pictures), net, *condition):
                return f"{row.accuracy:.1f} ± {row.spread:.1f} %"
    if len(names) == 4:
        for found in differences(results):
            pair = (found.net, found.base, found.trained, found.tested)
            if (found.pictures, *pair) == (int(pictures), *names):
                return f"{found.points:+.1f} ± {found.spread:.1f} points".replace("-", "−")
    raise ValueError(
        f"{words!r} is no result: expected pictures; net; [base;] trained; tested, or "
        "weights; net, or a setting"
    )


def _title(condition: tuple[str, str]) -> str:
    return " / ".join(condition)


def _cell(found: Difference) -> str:
    cell = f"{found.points:+.1f} ± {found.spread:.1f}".replace("-", "−")
    return cell if found.is_clear else f"({cell})"


def _aligned(table: Table) -> str:
    titles, rows = table
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    lines = []
    for first, *others in (titles, *rows):
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(["", first.ljust(widths[0]), *cells]))
    return "\n".join(lines)


# --- plot -----------------------------------------------------------------------------------------


def plot(results: dict[str, Any]) -> Any:
    """Accuracy against weights, a panel for each condition and number of pictures.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    counts = results["settings"]["pictures"]
    figure = Figure(figsize=(9, 2.5 * len(counts) + 1.2), layout="constrained")
    grid = figure.subplots(len(counts), len(CONDITIONS), sharex=True, sharey=True, squeeze=False)
    for count, line in zip(counts, grid, strict=True):
        line[0].set_ylabel(f"{count} training pictures\naccuracy in %")
        for (trained, tested), axes in zip(CONDITIONS, line, strict=True):
            for row in summarise(results):
                if (row.pictures, row.trained, row.tested) == (count, trained, tested):
                    layer, _, pool = row.net.partition(" + ")
                    axes.errorbar(
                        row.weights,
                        row.accuracy,
                        row.spread,
                        color=COLOURS[layer],
                        marker=MARKERS[pool],
                        # Nets of nearly as many weights: the small mark lies in the large one.
                        markerfacecolor="white" if pool else COLOURS[layer],
                        markersize=8 if pool else 5,
                        zorder=2 if pool else 3,
                        linestyle="none",
                        capsize=3,
                        label=row.net,
                    )
            _style(axes)
    for (trained, tested), axes in zip(CONDITIONS, grid[0], strict=True):
        axes.set_title(f"trained {trained}\ntested {tested}", fontsize=10)
    for axes in grid[-1]:
        axes.set_xlabel("weights of the net")
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _style(axes: Any) -> None:
    axes.set_xscale("log")
    axes.margins(x=0.12)
    axes.set_ylim(0, 100)
    axes.grid(True, color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


# --- files ----------------------------------------------------------------------------------------


def write(results: dict[str, Any], folder: Path) -> list[str]:
    """Write ``sharing.json``, ``.csv`` and ``.png``; returns lines to tell the user."""
    write_json(results, folder / "sharing.json")
    with atomic_write(folder / "sharing.csv") as file:
        file.write(csv_text(results).encode())
    if importlib.util.find_spec("matplotlib") is None:
        return [
            f"{folder} holds sharing.json and sharing.csv. The plot was left out, because "
            "matplotlib is not installed: pip install 'minitorch-cnn[viz]'"
        ]
    viz.save_png(plot(results), folder / "sharing.png")
    return [f"{folder} holds sharing.json, sharing.csv and sharing.png."]
