"""Pictures of the figures: ratios of the table, and time against the roofline of the sweep.

May import Matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from matplotlib.figure import Figure

from benchmarks.compare import OURS, ratio

REFERENCE = "pytorch"
COLOURS = {"NumPy kernels": "#4c72b0", "Numba kernels": "#dd8452", REFERENCE: "#666666"}


def draw(result: Mapping[str, Any]) -> Figure:
    """The picture of what ``python -m benchmarks`` wrote, of either mode."""
    return _sweep(result["sweep"]) if "sweep" in result else _ratios(result["works"])


def _ratios(works: Mapping[str, Any]) -> Figure:
    rows = [row for row in works.values() if REFERENCE in row["seconds"]]
    figure = Figure(figsize=(8, 0.6 * len(rows) + 1.4), layout="constrained")
    axes = figure.subplots()
    for number, ours in enumerate(OURS):
        for place, row in enumerate(rows):
            middle, low, high = ratio(row["seconds"][ours], row["seconds"][REFERENCE])
            at = place + 0.36 * (number - 0.5)
            label = ours if place == 0 else None
            axes.barh(at, middle, height=0.34, color=COLOURS[ours], label=label)
            axes.plot([low, high], [at, at], color="black", linewidth=1.2)
            axes.text(max(high, middle) + 0.03, at, f"{middle:.2f}", va="center", fontsize=9)
    axes.axvline(1, color=COLOURS[REFERENCE], linestyle="--", label="PyTorch")
    axes.set_yticks(range(len(rows)), [row["title"] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("time, as a multiple of PyTorch's (less is faster); lines: quartiles")
    axes.set_xlim(0, 1.15 * axes.get_xlim()[1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def _sweep(sweep: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(9, 7), layout="constrained")
    for axes, (kind, rows) in zip(figure.subplots(2, 2).flat, sweep.items(), strict=True):
        values = [row["value"] for row in rows]
        for title in rows[0]["seconds"]:
            seconds = [1e3 * median(row["seconds"][title]) for row in rows]
            axes.plot(values, seconds, "o-", color=COLOURS[title], label=title, markersize=4)
        least = [1e3 * row["roofline"] for row in rows]
        axes.plot(values, least, ":", color="black", label="least possible (roofline)")
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(values, [str(value) for value in values])
        axes.set_title(kind, fontsize=10)
        axes.set_ylabel("ms for a training step")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False, fontsize=9)
    return figure
