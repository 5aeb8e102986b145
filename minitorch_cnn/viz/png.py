"""Writing a figure to a PNG file."""

from __future__ import annotations

import io
import os
from typing import Any

from minitorch_cnn.io import atomic_write


def save_png(figure: Any, path: str | os.PathLike[str], *, dpi: int = 150) -> None:
    """Write a matplotlib figure to ``path``, atomically."""
    if not hasattr(figure, "savefig"):
        raise TypeError(
            f"save_png: expected a matplotlib figure, got a {type(figure).__name__}; figures of "
            "text are written by figure.save(path)"
        )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    with atomic_write(path) as file:
        file.write(buffer.getbuffer())
