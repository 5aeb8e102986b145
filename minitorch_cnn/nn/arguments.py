"""Arguments of layers, checked when the layer is made rather than at the first picture.

Imports nothing of the house.
"""

from __future__ import annotations

import operator
from typing import Any


def count(value: Any, what: str, *, least: int = 1) -> int:
    """``value`` as an integer of at least ``least``; ``what`` names layer and argument."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what}: expected an integer, got {value!r}") from None
    if number < least:
        raise ValueError(f"{what}: expected at least {least}, got {number}")
    return number


def fraction(value: Any, what: str) -> Any:
    """``value`` itself if it is a number from 0 to 1."""
    try:
        inside = bool(0 <= value <= 1)
    except TypeError:
        raise TypeError(f"{what}: expected a number from 0 to 1, got {value!r}") from None
    if not inside:
        raise ValueError(f"{what}: {value} is not between 0 and 1")
    return value


def at_least_zero(value: Any, what: str) -> Any:
    """``value`` itself if it is a number of at least 0."""
    try:
        enough = bool(value >= 0)
    except TypeError:
        raise TypeError(f"{what}: expected a number of at least 0, got {value!r}") from None
    if not enough:
        raise ValueError(f"{what}: expected a number of at least 0, got {value}")
    return value


def check_groups(in_channels: int, out_channels: int, groups: int, name: str) -> None:
    """Refuse groups that do not divide the channels."""
    for what, value in (("in_channels", in_channels), ("out_channels", out_channels)):
        count(value, f"{name} {what}")
    count(groups, f"{name} groups")
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"{name}: groups={groups} must divide in_channels {in_channels} and out_channels "
            f"{out_channels}"
        )
