"""How kernels are compiled and chosen: two decorators, a cache on disk, a word when it takes long.

May import Numba and NumPy; knows no kernel.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core import event

from minitorch_backends.protocol import Kernel

THREADS: int = numba.config.NUMBA_NUM_THREADS
"""As many threads as Numba uses: those of the machine, or ``NUMBA_NUM_THREADS``."""

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",  # a division by zero gives inf or NaN
    "fastmath": {"contract"},  # a product and its sum are rounded once
}
_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
_forked: list[bool] = []
os.register_at_fork(after_in_child=lambda: _forked.append(True))


def compiled(function: Callable[..., Any]) -> Any:
    """Decorate a function that only compiled functions call."""
    return numba.njit(**_OPTIONS)(function)


def parallel(function: Callable[..., Any]) -> Any:
    """Decorate a function whose ``prange`` all threads share."""
    return _one_at_a_time(numba.njit(parallel=True, **_OPTIONS)(function))


def _one_at_a_time(function: Any) -> Any:
    """Not every pool of threads that Numba can use bears being called by two threads at once."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        with _LOCK:
            return function(*arguments)

    return call


_LOCK = threading.Lock()


def instead_of(plain: Kernel) -> Callable[[Kernel], Kernel]:
    """Decorate a kernel with the plain one, which keeps what is not compiled for.

    These are dtypes other than float32 and float64, operands of two dtypes, and all calls in a
    process that was forked, where the threads of its parent are gone.
    """

    def decorate(kernel: Kernel) -> Kernel:
        @functools.wraps(kernel)
        def chosen(*arrays: Any, **params: Any) -> Any:
            dtype = arrays[0].dtype
            if _forked or dtype not in _FLOATS or any(a.dtype != dtype for a in arrays[1:]):
                return plain(*arrays, **params)
            return kernel(*arrays, **params)

        return chosen

    return decorate


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
