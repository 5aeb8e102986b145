"""Pictures of the figures: ratios of the table, and time against the roofline of the sweep.

May import Matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from matplotlib.figure import Figure

from benchmarks.compare import OURS, REFERENCE, ratio
from benchmarks.works import MEMORY_TARGET

NAMES = {REFERENCE: "PyTorch"}
"""How a peer is written, where that is not its title."""
COLOURS = {"NumPy kernels": "#4c72b0", "Numba kernels": "#dd8452", REFERENCE: "#555555"}


def draw(result: Mapping[str, Any]) -> Figure:
    """The picture of what ``python -m benchmarks`` wrote, of any mode."""
    if "sweep" in result:
        return _sweep(result["sweep"])
    return _profile(result) if "rows" in result else _ratios(result)


# --- table ----------------------------------------------------------------------------------------


def _ratios(result: Mapping[str, Any]) -> Figure:
    """A bar for each work and set of kernels: times of PyTorch's, with quartiles and aims."""
    rows = [(row["title"], row["targets"], row["seconds"]) for row in result["works"].values()]
    if "memory" in result:
        rows.append(("peak memory of VGG-small", (MEMORY_TARGET,) * 2, result["memory"]))
    rows = [row for row in rows if REFERENCE in row[2]]
    figure = Figure(figsize=(8.4, 0.72 * len(rows) + 1.5), layout="constrained")
    axes = figure.subplots()
    for number, ours in enumerate(OURS):
        for place, (_, targets, figures) in enumerate(rows):
            if ours in figures:
                at = place + 0.38 * (number - 0.5)
                _bar(axes, at, ratio(figures[ours], figures[REFERENCE]), COLOURS[ours])
                aim = axes.plot(targets[number], at, "D", color="white", markeredgecolor="black")
                aim[0].set(markersize=5, zorder=4)
        axes.barh(0, 0, color=COLOURS[ours], label=f"minitorch_cnn, {ours}")
    axes.axvline(1, color=COLOURS[REFERENCE], linestyle="--", zorder=1, label="PyTorch")
    axes.plot([], [], "D", color="white", markeredgecolor="black", markersize=5, label="aim")
    axes.plot([], [], color="black", linewidth=1.4, label="quartiles of rounds")
    axes.set_yticks(range(len(rows)), [title for title, *_ in rows])
    axes.invert_yaxis()
    axes.set_xlabel("as a multiple of PyTorch's time (or memory); less is better")
    axes.set_xlim(left=0)
    _clean(axes, "x")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _bar(axes: Any, at: float, found: tuple[float, float, float], colour: str) -> None:
    middle, low, high = found
    axes.barh(at, middle, height=0.34, color=colour, zorder=2)
    axes.plot([low, high], [at, at], color="black", linewidth=1.4, zorder=3)
    words = f"{middle:.2f}  ({low:.2f}–{high:.2f})"
    beside = axes.get_yaxis_transform()  # the bars' heights, in a column right of all bars
    axes.text(1.02, at, words, transform=beside, va="center", fontsize=9)


# --- sweep ----------------------------------------------------------------------------------------


def _sweep(sweep: Mapping[str, Any]) -> Figure:
    """Time of a step, with the range of turns, over what grows; jumps are ringed."""
    figure = Figure(figsize=(9.5, 7.4), layout="constrained")
    for axes, (kind, rows) in zip(figure.subplots(2, 2).flat, sweep.items(), strict=True):
        values = [row["value"] for row in rows]
        for title in rows[0]["seconds"]:
            _line(axes, rows, title)
        least = [1e3 * row["roofline"] for row in rows]
        axes.plot(values, least, ":", color="black", label="least possible (roofline)")
        if values[-1] > 2 * len(values):  # they double; depths are counted
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.minorticks_off()
        else:
            axes.set_ylim(bottom=0)
        axes.set_xticks(values, [str(value) for value in values])
        axes.set_title(kind, fontsize=10)
        _clean(axes, "both")
    for axes in figure.axes[::2]:
        axes.set_ylabel("milliseconds for a training step")
    labelled = dict(zip(*figure.axes[0].get_legend_handles_labels()[::-1], strict=True))
    labelled["grows by more than its work"] = figure.axes[0].plot(
        [], [], "o", color="none", markeredgecolor="crimson", markersize=11
    )[0]
    figure.legend(
        labelled.values(), labelled, loc="outside lower center", ncols=5, frameon=False, fontsize=9
    )
    return figure


def _line(axes: Any, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    rows = [row for row in rows if title in row["seconds"]]
    values = [row["value"] for row in rows]
    times = [[1e3 * second for second in row["seconds"][title]] for row in rows]
    middle, colour = list(map(median, times)), COLOURS[title]
    axes.plot(
        values, middle, "o-", color=colour, markersize=4, label=NAMES.get(title, title), zorder=3
    )
    spread = [quantiles(t, n=4)[::2] if len(t) > 1 else t * 2 for t in times]
    axes.fill_between(values, *zip(*spread, strict=True), color=colour, alpha=0.2, linewidth=0)
    marked = [
        (value, time)
        for row, value, time in zip(rows, values, middle, strict=True)
        if title in row["jumps"]
    ]
    for point in marked:
        axes.plot(*point, "o", color="none", markeredgecolor="crimson", markersize=11, zorder=4)


# --- profile --------------------------------------------------------------------------------------


def _profile(result: Mapping[str, Any]) -> Figure:
    """A bar for each operation and way, the longest first."""
    rows = [row for row in result["rows"] if row["seconds"] >= 0.005 * result["watched"]]
    figure = Figure(figsize=(8, 0.3 * len(rows) + 1.2), layout="constrained")
    axes = figure.subplots()
    shades = {"forward": "#4c72b0", "back": "#dd8452", "step": "#55a868", "": "#999999"}
    for place, row in enumerate(rows):
        share = row["seconds"] / result["watched"]
        axes.barh(place, 1e3 * row["seconds"], color=shades[row["way"]])
        axes.annotate(
            f"{share:.0%}",
            (1e3 * row["seconds"], place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(range(len(rows)), [f"{row['operation']} {row['way']}" for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds of a step")
    axes.set_title(result["title"], fontsize=10)
    _clean(axes, "x")
    return figure


def _clean(axes: Any, grid: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, axis=grid, color="0.9")
    axes.set_axisbelow(True)
