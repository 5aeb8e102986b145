"""Figures as text: elements of SVG and HTML, and the objects that notebooks and pages show.

A figure is self-contained: it names no other file and no other host. Lines and letters take the
colour of the text around them; other colours are CSS variables with a fallback. Whatever came
from data is escaped here. May import ``io`` and ``palette``; knows no table and no array.
"""

from __future__ import annotations

import html
import os
from abc import ABC, abstractmethod
from pathlib import Path

from minitorch_cnn.io import atomic_write

Point = tuple[float, float]
Attributes = dict[str, str | float | None]

FONT = "system-ui, sans-serif"


class _Figure(ABC):
    """Text, a size in pixels and a label; written to files of one ending."""

    ending = ""

    def __init__(self, text: str, width: float, height: float, label: str) -> None:
        self.text, self.width, self.height, self.label = text, width, height, label

    def _repr_html_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.width:g} x {self.height:g}, {self.label!r})"

    @abstractmethod
    def _file(self) -> str:
        """The text as a file of its own."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the figure to a file, atomically.

        Raises
        ------
        ValueError
            If the name has another ending.
        OSError
            If the file cannot be written.
        """
        if Path(path).suffix.lower() != self.ending:
            raise ValueError(
                f"{type(self).__name__}.save: cannot write {os.fspath(path)!r}; name it with the "
                f"ending {self.ending}"
            )
        with atomic_write(path) as file:
            file.write(self._file().encode())


class SVG(_Figure):
    """A picture that is text: shows in notebooks and on pages, needs no other program.

    Made by the functions of ``viz``.

    Attributes
    ----------
    text : str
        The element ``<svg>``, to be put into a page.
    width, height : float
        In pixels.
    label : str
        What is drawn, in numbers; screen readers say it.

    Examples
    --------
    >>> from minitorch_cnn.viz.svg import SVG, element
    >>> SVG.of([element("circle", cx=5, cy=5, r=4)], 10, 10, "1 circle")
    SVG(10 x 10, '1 circle')
    """

    ending = ".svg"

    @classmethod
    def of(cls, elements: list[str], width: float, height: float, label: str) -> SVG:
        """The figure that holds ``elements``."""
        text = element(
            "svg",
            *elements,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {number(width)} {number(height)}",
            width=width,
            height=height,
            role="img",
            aria_label=label,
            font_family=FONT,
            style="max-width:100%;height:auto",
        )
        return cls(text, width, height, label)

    def _file(self) -> str:
        # On a page, lines have the colour of its text; alone, that which is read on its ground.
        alone = "<style>:root{color-scheme:light dark}</style>"
        opening, bracket, rest = self.text.partition(">")
        return f"{opening}{bracket}{alone}{rest}\n"


class HTMLFigure(_Figure):
    """A picture that answers to keys and touch: shows in notebooks and on pages.

    Made by :func:`sliding_window`.

    Attributes
    ----------
    text : str
        One element ``<div>`` with its style and script, to be put into a page.
    width, height : float
        In pixels.
    label : str
        What is drawn, in numbers; screen readers say it.
    """

    ending = ".html"

    def _file(self) -> str:
        return (
            '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{html.escape(self.label)}</title>"
            "<style>:root{color-scheme:light dark}</style></head>"
            f"<body>{self.text}</body></html>\n"
        )


# --- elements -------------------------------------------------------------------------------------


def element(name: str, *children: str, **attributes: str | float | None) -> str:
    """One element of SVG or HTML; its attributes are escaped, its children are elements already.

    Underscores in names of attributes are hyphens; None leaves an attribute out.

    Examples
    --------
    >>> element("text", words("a < b"), x=1.5, text_anchor="middle")
    '<text x="1.5" text-anchor="middle">a &lt; b</text>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(children)
    return f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>"


def words(text: object) -> str:
    """Text between elements."""
    return html.escape(str(text), quote=False)


def number(value: float) -> str:
    """A length in pixels, to a hundredth.

    Examples
    --------
    >>> number(12.0), number(1 / 3)
    ('12', '0.33')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _value(value: str | float) -> str:
    return html.escape(value) if isinstance(value, str) else number(value)


def painted(kind: str, colour: tuple[str, str]) -> Attributes:
    """Attributes that give ``fill`` or ``stroke`` a colour, plain and themed.

    Examples
    --------
    >>> painted("fill", ("#0072B2", "var(--weight-0,#0072B2)"))
    {'fill': '#0072B2', 'style': 'fill:var(--weight-0,#0072B2)'}
    """
    plain, themed = colour
    return {kind: plain} if plain == themed else {kind: plain, "style": f"{kind}:{themed}"}


def squares(corners: list[Point], side: float) -> str:
    """The data of a path: one square at each upper left corner.

    Examples
    --------
    >>> squares([(0, 0), (10, 0)], 8)
    'M0 0h8v8h-8zM10 0h8v8h-8z'
    """
    shape = f"h{number(side)}v{number(side)}h-{number(side)}z"
    return "".join(f"M{number(x)} {number(y)}{shape}" for x, y in corners)


def segments(ends: list[tuple[Point, Point]]) -> str:
    """The data of a path: one line between each pair of points.

    Examples
    --------
    >>> segments([((0, 0), (10, 5))])
    'M0 0L10 5'
    """
    return "".join(f"M{number(a)} {number(b)}L{number(c)} {number(d)}" for (a, b), (c, d) in ends)
