"""Where a training is, shown on the error stream: a bar, or in a file one line an epoch.

The bar is tqdm's, which knows terminals and notebooks. Reads the loss back
only now and then, because on a GPU reading makes everything wait.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

EVERY = 20
"""Batches between two looks at the loss."""


class Progress:
    """Shows a training; to be entered before the first batch."""

    def __init__(self, training: Any, batches: Any) -> None:
        self.training = training
        self.length = len(batches) if hasattr(batches, "__len__") else None
        self.seen = 0
        self.bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def batch(self, mean_loss: Callable[[], float]) -> None:
        """One batch more; ``mean_loss()`` is that of the epoch so far."""
        if self.seen == 0:
            self.bar = _bar(self._title(), self.length)
        self.seen += 1
        if self.bar is not None:
            self.bar.update()
            if self.seen % EVERY == 0:
                self.bar.set_postfix(loss=f"{mean_loss():.4f}")

    def epoch(self) -> None:
        """One epoch more, whose figures are in the history."""
        self._close()
        self.seen = 0
        figures = {k: v for k, v in self.training.history[-1].items() if isinstance(v, float)}
        words = "  ".join(f"{name} {figure:.4g}" for name, figure in figures.items())
        # The epoch's number is one higher by now.
        title = f"epoch {self.training.epoch}/{self.training.epochs}"
        print(f"{title}  {words}", file=sys.stderr, flush=True)

    def _title(self) -> str:
        return f"epoch {self.training.epoch + 1}/{self.training.epochs}"

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def _bar(title: str, length: int | None) -> Any:
    """A bar of tqdm's that goes away when it is full; None where nobody would see it."""
    if not sys.stderr.isatty() and "ipykernel" not in sys.modules:
        return None
    from tqdm.auto import tqdm

    return tqdm(desc=title, total=length, leave=False, file=sys.stderr)
