"""How kernels are compiled: two decorators, a cache on disk, a word when it takes long.

May import Numba and NumPy; knows no kernel.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numba
import numpy as np
from numba.core import event

from minitorch_backends.compiled import threads
from minitorch_backends.protocol import Array

THREADS: int = numba.config.NUMBA_NUM_THREADS
"""As many threads as Numba uses: those of the machine, or ``NUMBA_NUM_THREADS``."""

PIECE = 1 << 12
"""Entries of a long array that a thread takes at a time."""
WORTH_THREADS = 1 << 17
"""From so many entries on, a pass over an array is worth calling all threads."""

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",  # a division by zero gives inf or NaN
    "fastmath": {"contract"},  # a product and its sum are rounded once
}


def _load_threads() -> None:
    """Load GNU's threads so that they go to sleep when there is nothing to do.

    By default they look for work for many milliseconds, in which no thread of NumPy's gets to run;
    half a millisecond is longer than what comes between two kernels.
    The setting is read when they are loaded, and taken back for whatever else may read it.
    """
    before = os.environ.get("GOMP_SPINCOUNT")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    with contextlib.suppress(ImportError):  # other systems have other threads
        import_module("numba.np.ufunc.omppool")
    if before is None:
        del os.environ["GOMP_SPINCOUNT"]


_load_threads()


def compiled(function: Callable[..., Any]) -> Any:
    """Decorate a function that only compiled functions call."""
    return numba.njit(**_OPTIONS)(function)


def compiled_rounding(function: Callable[..., Any]) -> Any:
    """As :func:`compiled`, with every product rounded, so that NumPy gives the same to the bit."""
    return numba.njit(**{**_OPTIONS, "fastmath": False})(function)


def compiled_sums(function: Callable[..., Any]) -> Any:
    """As :func:`compiled`, for sums along a row, which are taken in several parts at a time."""
    return numba.njit(**{**_OPTIONS, "fastmath": {"contract", "reassoc"}})(function)


def parallel(function: Callable[..., Any]) -> Any:
    """Decorate a function whose ``prange`` all threads share, if its work is worth it.

    The work is what the decorated function is given before its own arguments: about as many
    entries as an array has over which a pass takes as long. To call a thread that sleeps takes a
    quarter of a millisecond.
    """
    run = numba.njit(parallel=True, **_OPTIONS)(function)

    @functools.wraps(function)
    def call(work: int, *arguments: Any) -> Any:
        # Not every pool of threads that Numba can use bears being called by two threads at once.
        with _LOCK:
            if work >= WORTH_THREADS:
                threads.call()
                return run(*arguments)
            allowed = numba.get_num_threads()
            numba.set_num_threads(1)
            try:
                return run(*arguments)
            finally:
                numba.set_num_threads(allowed)

    return call


_LOCK = threading.Lock()


def reading(array: Array, *shape: int) -> Array:
    """An array to read from, contiguous and of this shape.

    Numba compiles anew for arrays that must not be written to, and some of them are sealed; so none
    may be.
    """
    view = np.ascontiguousarray(array).reshape(shape)
    view.flags.writeable = False
    return view


def shares(*axes: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Work cut in equal shares, one for each thread, along the last axis that is long enough.

    An axis is its length and the least that a share may have of it. Rows are first and last of
    every axis; axes that are not cut are whole in each.
    """
    lengths = [length for length, _ in axes]
    pieces = [max(min(THREADS, length // least), 1) for length, least in axes]
    cut = max(range(len(axes)), key=lambda axis: (pieces[axis], axis))
    rows = np.array([[bound for n in lengths for bound in (0, n)]] * pieces[cut], np.int64)
    bounds = np.arange(pieces[cut] + 1) * lengths[cut] // pieces[cut]
    rows[:, 2 * cut], rows[:, 2 * cut + 1] = bounds[:-1], bounds[1:]
    return rows


class _Announcement(event.Listener):  # type: ignore[misc]
    """Says once, at the first kernel that is not in the cache, why this takes a while."""

    def __init__(self) -> None:
        self.said = False

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if not self.said and function.__module__.startswith(__package__):
            self.said = True
            print(
                "minitorch_cnn: compiling kernels; this is done once and kept on disk "
                "(MINITORCH_KERNELS=numpy does without)",
                file=sys.stderr,
            )

    def on_end(self, event: Any) -> None:
        """Nothing to say."""


event.register("numba:compile", _Announcement())
