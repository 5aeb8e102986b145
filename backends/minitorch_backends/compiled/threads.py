"""Whether compiled kernels have called their threads yet. Imports nothing."""

from __future__ import annotations

called: list[bool] = []
"""Not empty from the first call on; until then NumPy's library has the processor for itself."""
