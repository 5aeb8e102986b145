"""Which colour a weight has: one for each number, told apart by every kind of colour vision.

The first eight are those of Okabe and Ito (https://jfly.uni-koeln.de/color) but for a darker
yellow, because every colour has to be seen on white and on black. Figures on a page name them by
CSS variables, so that the page may set its own. Standard library only; knows no figure.
"""

from __future__ import annotations

import functools
import math

OKABE_ITO = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7"),  # blue, vermilion, green, purple
    *("#E69F00", "#56B4E9", "#000000", "#D6C700"),  # orange, sky, black, a darker yellow
)
"""The colours of the weights 0 to 7; on a page, black is the colour of the text."""

OWN = "#808080"
"""The colour of links that have a weight of their own: tied to nothing."""

NEGATIVE, POSITIVE = OKABE_ITO[0], OKABE_ITO[1]
"""The colours of negative and positive values."""

BACKGROUND = "#FFFFFF", "var(--figure-background,Canvas)"
"""What lies behind a figure, plain and themed: the inside of what hides lines."""

_LIGHTNESS = (0.46, 0.62, 0.78, 0.54, 0.70)
_CHROMA = 0.11
_HUE_STEP = math.radians(160)


@functools.lru_cache(maxsize=128)
def colour(number: int) -> str:
    """The colour of weight ``number``, as ``#RRGGBB``.

    From the ninth on, hues are 160 degrees apart and lightness takes one of five values in turn:
    weights whose numbers are close differ in both. After 45 the colours come again.

    Examples
    --------
    >>> colour(0), colour(8), colour(8 + 45)
    ('#0072B2', '#008188', '#008188')
    """
    if number < len(OKABE_ITO):
        return OKABE_ITO[number]
    return _oklch(_LIGHTNESS[number % len(_LIGHTNESS)], _CHROMA, number % 9 * _HUE_STEP)


def variable(name: str, fallback: str) -> tuple[str, str]:
    """A colour for the attribute of an SVG element, and for its style in CSS.

    Returns
    -------
    plain : str
        For programs that know no CSS variables.
    themed : str
        The CSS variable ``--name`` if the page sets it, else as ``plain``.

    Examples
    --------
    >>> variable("weight-0", "#0072B2")
    ('#0072B2', 'var(--weight-0,#0072B2)')
    """
    return fallback, f"var(--{name},{fallback})"


def paint(number: int | None) -> tuple[str, str]:
    """The colour of weight ``number`` on a page, plain and themed; None is a weight of its own.

    Examples
    --------
    >>> paint(6)
    ('currentColor', 'var(--weight-6,currentColor)')
    """
    if number is None:
        return variable("weight-own", OWN)
    found = colour(number)
    return variable(f"weight-{number}", "currentColor" if found == "#000000" else found)


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    """From Oklab's lightness, chroma and hue (https://bottosson.github.io/posts/oklab) to sRGB."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _encoded(share)):02X}" for share in linear)


def _encoded(share: float) -> float:
    """The gamma of sRGB; what lies outside its colours is brought to the nearest edge."""
    share = min(max(share, 0.0), 1.0)
    return 12.92 * share if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
