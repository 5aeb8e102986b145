"""When compiled kernels last called their threads. Imports the clock only."""

from __future__ import annotations

from time import perf_counter

RECENT = 0.05
"""Seconds; a training step of the nets that this is for takes less."""
_last = [float("-inf")]


def call() -> None:
    """Say that all threads are called now."""
    _last[0] = perf_counter()


def recently_called() -> bool:
    """Whether other threads than NumPy's library has may be awake, or will be soon."""
    return perf_counter() - _last[0] < RECENT
