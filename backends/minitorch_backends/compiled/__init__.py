"""The second set of NumPy kernels: compiled by Numba, run by all threads.

This file says which kernels there are and when each stands in for the plain one; importing it
imports no Numba. ``jit.py`` compiles, ``vector.py`` and ``shifts.py`` are what the convolutions are
made of, the other files are kernels. May import the plain kernels in ``numpy/``, never the reverse.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from minitorch_backends.protocol import BackendUnavailable, Kernel

CHOICES = ("auto", "numba", "numpy")
LARGE = 1 << 14
"""Below so many entries a pass over an array is over before a second thread is awake."""

_MODULES: dict[str, tuple[int, tuple[str, ...]]] = {
    "conv": (1 << 8, ("conv", "conv_input", "conv_weight")),
    "matmul": (0, ("matmul",)),  # which is not compiled, and looks at both operands
    "pool": (
        1 << 10,
        ("max_pool_values", "max_pool", "place", "max_pool_input", "sum_pool", "sum_pool_input"),
    ),
    "activation": (LARGE, ("add_bias", "relu", "relu_input")),
    "optim": (LARGE, ("sgd_step", "adam_step", "rmsprop_step")),
    "norm": (LARGE, ("moments", "batch_norm", "batch_norm_backward")),
}
"""File -> from how many entries of the first argument on its kernels are worth it, and their names.

For smaller arrays Numba, which takes half a second to load, is not even imported.
"""

_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
_forked: list[bool] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked.append(True))


def with_compiled(plain: Mapping[str, Kernel]) -> dict[str, Kernel]:
    """The plain kernels, and in their place the compiled ones that this process is to use.

    Which these are says the environment variable ``MINITORCH_KERNELS``: ``numpy`` for none,
    ``numba`` for all, and ``auto``, as without it, for all that are worth it if Numba is installed.

    Raises
    ------
    ValueError
        If the variable says something else.
    BackendUnavailable
        If it says ``numba`` and Numba is not installed.
    """
    choice = os.environ.get("MINITORCH_KERNELS") or "auto"
    if choice not in CHOICES:
        raise ValueError(f"MINITORCH_KERNELS={choice!r} is none of {', '.join(CHOICES)}")
    if choice == "numpy" or (choice == "auto" and find_spec("numba") is None):
        return dict(plain)
    always = choice == "numba"
    if always and find_spec("numba") is None:
        raise BackendUnavailable(
            "MINITORCH_KERNELS='numba', but Numba is not installed: "
            "pip install 'minitorch-cnn[fast]', or unset the variable"
        )
    standins = {
        name: _standin(name, module, 0 if always else least, plain[name])
        for module, (least, names) in _MODULES.items()
        for name in names
    }
    return {**plain, **standins}


def _standin(name: str, module: str, least: int, plain: Kernel) -> Kernel:
    """The compiled kernel, and the plain one for what is small or not compiled for.

    That is: dtypes other than float32 and float64, operands of different dtypes, and all calls in a
    process that was forked, where the threads of its parent are gone.
    """

    @functools.wraps(plain)
    def chosen(*operands: Any, **params: Any) -> Any:
        first = operands[0] if isinstance(operands[0], list) else operands[:1]
        if _forked or first[0].dtype not in _FLOATS or sum(a.size for a in first) < least:
            return plain(*operands, **params)
        if any(a.dtype != first[0].dtype for operand in operands for a in _arrays(operand)):
            return plain(*operands, **params)
        return _compiled(module, name, plain)(*operands, **params)

    return chosen


def _arrays(operand: Any) -> Sequence[Any]:
    """The arrays of an operand: itself, or its entries, or none in a number."""
    if type(operand) is np.ndarray:
        return (operand,)
    return operand if isinstance(operand, list) else ()


@functools.cache
def _compiled(module: str, name: str, plain: Kernel) -> Kernel:
    """A kernel by its file and name, loading Numba on first use."""
    try:
        return import_module(f"{__name__}.{module}").KERNELS[name]  # type: ignore[no-any-return]
    except ImportError as error:
        _say_once(f"Numba cannot be used, plain NumPy kernels take over: {error}")
        return plain


@functools.cache
def _say_once(message: str) -> None:
    print(f"minitorch_cnn: {message}", file=sys.stderr)
