"""What the checks found: a line on the screen for each, and one JSON file for all.

Knows nothing of what is checked. May import ``io``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from minitorch_cnn import io

State = Literal["ok", "warn", "fail", "skip"]

LABELS: dict[State, str] = {"ok": "[ok  ]", "warn": "[warn]", "fail": "[FAIL]", "skip": "[skip]"}
FORMAT = "minitorch_cnn gpu_check 1"
"""The number changes when a key of the file gets another meaning or goes away."""


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    ``figures`` are the numbers behind ``detail``, for the file: plain values and lists of them.
    """

    state: State
    name: str
    detail: str
    figures: Mapping[str, Any] = field(default_factory=dict)


class Report:
    """Outcomes in order; every one is printed when it is added, and the file is kept up to date.

    Parameters
    ----------
    path : Path
        Where the JSON file goes. A check that kills the process leaves what was found before.
    quick : bool
        Whether small sizes were asked for.
    """

    def __init__(self, path: Path, *, quick: bool) -> None:
        self.path = path
        self.quick = quick
        """Whether sizes are small: asked for, or because the device is emulated."""
        self.emulated = False
        """Whether the device is emulated; the lines say so then."""
        self.environment: dict[str, Any] = {}
        self.outcomes: list[Outcome] = []
        self.exit_code: int | None = None
        """None until the end, so in the file, too, if the process was stopped."""
        self.write()

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        mark = "emulated: " if self.emulated else ""
        print(f"{LABELS[outcome.state]} {outcome.name:<38} {mark}{outcome.detail}", flush=True)
        self.write()

    def count(self, state: State) -> int:
        return sum(outcome.state == state for outcome in self.outcomes)

    def summary(self) -> str:
        counts = (f"{self.count(state)} {word}" for state, word in _WORDS.items())
        return ", ".join(counts)

    def finish(self, exit_code: int) -> int:
        self.exit_code = exit_code
        self.write()
        return exit_code

    def write(self) -> None:
        io.write_json(
            {
                "format": FORMAT,
                "exit_code": self.exit_code,
                "emulated": self.emulated,
                "quick": self.quick,
                "environment": self.environment,
                "checks": [
                    {
                        "state": outcome.state,
                        "name": outcome.name,
                        "detail": outcome.detail,
                        "figures": _plain(outcome.figures),
                    }
                    for outcome in self.outcomes
                ],
            },
            self.path,
        )


_WORDS: dict[State, str] = {"ok": "ok", "warn": "warnings", "fail": "failed", "skip": "skipped"}


def _plain(value: Any) -> Any:
    """``value`` as JSON can hold it: numbers that are not finite as words."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
