"""Loss and error over the epochs of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

TRAIN_COLOUR = "#0072B2"
TEST_COLOUR = "#D55E00"
"""Blue and vermilion of Okabe and Ito, told apart by every kind of colour vision."""


def learning_curve(history: Sequence[dict[str, Any]]) -> Any:
    """Draw loss and error of training and test over the epochs.

    Both axes are logarithmic upwards, because what matters late in a training is a loss of 0.03
    against one of 0.06, which a linear axis would flatten.

    Parameters
    ----------
    history : sequence of dict
        One per epoch, with ``epoch``, ``train_loss``, ``train_accuracy``, ``test_loss`` and
        ``test_accuracy``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    loss_axes, error_axes = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    for name, colour, marker in (("train", TRAIN_COLOUR, "o"), ("test", TEST_COLOUR, "s")):
        style = {"color": colour, "marker": marker, "markersize": 4, "label": name}
        loss_axes.plot(epochs, [row[f"{name}_loss"] for row in history], **style)
        errors = [100 * (1 - row[f"{name}_accuracy"]) for row in history]
        error_axes.plot(epochs, [error if error > 0 else None for error in errors], **style)
    last = history[-1]
    loss_axes.set_title("Cross-entropy loss")
    error_axes.set_title(f"Error, at the end {100 * (1 - last['test_accuracy']):.2f} % on test")
    error_axes.set_ylabel("wrong answers in %")
    loss_axes.set_ylabel("mean loss per picture")
    for axes in (loss_axes, error_axes):
        _style(axes)
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    return figure


def _style(axes: Any) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch")
    axes.grid(True, color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
