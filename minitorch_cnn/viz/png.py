"""Writing a figure to a PNG file."""

from __future__ import annotations

import io
import os
from typing import Any

from minitorch_cnn.io import atomic_write


def save_png(figure: Any, path: str | os.PathLike[str], *, dpi: int = 150) -> None:
    """Write a matplotlib figure to ``path``, atomically."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    with atomic_write(path) as file:
        file.write(buffer.getbuffer())
