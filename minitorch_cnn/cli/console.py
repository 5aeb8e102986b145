"""What a command shows while it works: a bar on a terminal, log lines elsewhere, plain tables.

Knows streams and numbers; no model, no file.
"""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

_SECONDS_BETWEEN_LINES = 15.0
_PARAGRAPH_WIDTH = 88


class Progress:
    """Progress through the pictures of one epoch, on standard error.

    A bar that vanishes at the end on a terminal; without one, a line every quarter of a minute.
    """

    def __init__(self, title: str, pictures: int) -> None:
        self._title = title
        self._pictures = pictures
        self._started = self._last_line = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                desc=self._title,
                total=self._pictures,
                unit=" pictures",
                leave=False,
                dynamic_ncols=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, pictures: int, loss: float) -> None:
        """Show that ``pictures`` are done, with their mean ``loss``."""
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            self._bar.update(pictures - self._bar.n)
            return
        now = time.monotonic()
        if now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            speed = pictures / (now - self._started)
            print(
                f"{self._title}: {pictures:,} of {self._pictures:,} pictures, "
                f"loss {loss:.4f}, {speed:,.0f} pictures/s",
                file=sys.stderr,
                flush=True,
            )


def confusion_table(confusion: Sequence[Sequence[int]]) -> str:
    r"""Lay out a confusion table: a row per label, a column per answer, the share found.

    Examples
    --------
    >>> print(confusion_table([[9, 1], [0, 8]]))
    label \ answer    0    1    found
                 0    9    1   90.0 %
                 1    .    8  100.0 %
    """
    answers = "".join(f"{answer:5}" for answer in range(len(confusion)))
    lines = [f"label \\ answer{answers}    found"]
    for label, row in enumerate(confusion):
        counts = "".join(f"{count or '.':>5}" for count in row)
        lines.append(f"{label:>14}{counts}{share(row[label], sum(row)):>9}")
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent; a dash where there is nothing to divide by."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def paragraph(text: str, hanging: int = 0) -> str:
    """``text`` in lines of at most 88 characters, all but the first indented by ``hanging``.

    Only spaces are broken, never a path or a command's word.

    Examples
    --------
    >>> print(paragraph("ok    numpy: " + 20 * "word ", hanging=6))
    ok    numpy: word word word word word word word word word word word word word word word
          word word word word word
    """
    return textwrap.fill(
        text,
        width=_PARAGRAPH_WIDTH,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
