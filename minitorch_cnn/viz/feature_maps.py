"""The activations of a layer as small pictures. May import ``arguments``, ``small_pictures``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch_cnn.viz.arguments import real_numbers
from minitorch_cnn.viz.small_pictures import draw_grid


def feature_maps(activations: Any, *, title: str = "", labels: Sequence[str] = ()) -> Any:
    """Draw what a layer answers to a picture: one small picture per channel, on one scale.

    Parameters
    ----------
    activations : Tensor or array of shape (channels, height, width)
        Such as ``layer(x)[0]``; the first 32 are drawn. A batch ``(N, channels, height, width)`` is
        drawn as a table, a row for each sample, up to 12 rows and 8 columns. If any activation is
        negative, zero is white, with red above and blue below; otherwise the scale goes from dark
        to light.
    title : str
    labels : sequence of str
        One per picture; numbers if not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        For arrays of other dimensions, empty ones, NaN or infinity, or too few labels.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.Conv2d(1, 4, 3)
    >>> figure = mt.viz.feature_maps(layer(mt.ones((1, 1, 8, 8)))[0])
    >>> len([axes for axes in figure.axes if axes.images])
    4
    """
    activations = real_numbers(activations, "feature_maps")
    signed = bool((activations < 0).any())
    return draw_grid(activations, signed=signed, name="feature_maps", title=title, labels=labels)
