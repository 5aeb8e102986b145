"""``--config``: options of a training from a TOML file.

Turns the file into words of the command line, which are then read, checked and overridden like any.
Standard library only.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from minitorch_cnn.cli.errors import UsageError


def words_of(path: str, options: frozenset[str]) -> list[str]:
    """The options of a file, as they would stand on the command line.

    Parameters
    ----------
    path : str
    options : frozenset of str
        Names that may be in it, as ``"batch-size"``; underscores will do as well.

    Raises
    ------
    UsageError
        If there is no such file, it is no TOML, or something in it is no option.
    """
    try:
        content = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"--config {path} is no TOML file: {error}") from None
    words = []
    for key, value in content.items():
        name = key.replace("_", "-")
        if name not in options:
            raise UsageError(
                f"--config {path}: {key!r} is no option; there are {', '.join(sorted(options))}"
            )
        words += _words(path, name, value)
    return words


def _words(path: str, name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if not isinstance(value, (str, int, float)):
        raise UsageError(
            f"--config {path}: {name} is a {type(value).__name__}; expected text, a number, true "
            "or false"
        )
    return [f"--{name}={value}"]
