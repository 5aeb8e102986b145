"""Pictures as grids of cells with a number in each. May import ``svg``; knows no table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.viz.svg import Attributes, Point, element, segments, words


def grid(corner: Point, sizes: tuple[int, ...], side: float, opacity: float = 0.45) -> str:
    """The lines around the cells of a picture."""
    (rows, columns), (x, y) = sizes, corner
    right, below = x + columns * side, y + rows * side
    across = [((x, y + row * side), (right, y + row * side)) for row in range(rows + 1)]
    down = [((x + c * side, y), (x + c * side, below)) for c in range(columns + 1)]
    line: Attributes = {"fill": "none", "stroke": "currentColor", "stroke_opacity": opacity}
    return element("path", d=segments(across + down), **line)


def numbers(corner: Point, values: np.ndarray[Any, Any], side: float) -> str:
    """A number in each cell, small enough to fit."""
    texts = [[short(value, digits=2) for value in row] for row in values.tolist()]
    longest = max(len(text) for row in texts for text in row)
    size = max(min(0.42 * side, 1.6 * side / longest), 5.0)
    letters = [
        element(
            "text",
            words(text),
            x=corner[0] + (column + 0.5) * side,
            y=corner[1] + (row + 0.5) * side + 0.35 * size,
        )
        for row, line in enumerate(texts)
        for column, text in enumerate(line)
    ]
    middle: Attributes = {"text_anchor": "middle", "pointer_events": "none"}
    return element("g", *letters, font_size=size, fill="currentColor", **middle)


def outline(corner: Point, width: float, height: float, **attributes: str) -> str:
    """A strong frame around something that moves."""
    place: Attributes = {"x": corner[0], "y": corner[1], "width": width, "height": height}
    line: Attributes = {"fill": "none", "stroke": "currentColor", "stroke_width": 2.5}
    return element("rect", **place, **line, pointer_events="none", **attributes)


def short(value: float, digits: int = 3) -> str:
    """A number as figures have it: integers whole, others to so many digits.

    Examples
    --------
    >>> short(57.0), short(-0.3333), short(123456.0)
    ('57', '−0.333', '123456')
    """
    whole = math.isclose(value, round(value), abs_tol=1e-12) and abs(value) < 1e9
    text = str(round(value)) if whole else f"{value:.{digits}g}"
    return text.replace("-", "−")
