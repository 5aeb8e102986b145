"""Sums, means and largest entries of a backend against NumPy's, along each axis and in all.

CuPy has several ways to reduce an array and chooses by shape, layout and ``CUPY_ACCELERATORS``; the
arrays here are of several of each. Works for any backend. May import ``kernels`` and ``report``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch_backends.protocol import Backend
from minitorch_cnn.gpu_check.cases import HostArray
from minitorch_cnn.gpu_check.kernels import TOLERANCES, relative_error
from minitorch_cnn.gpu_check.report import Outcome

REDUCTIONS: dict[str, Callable[[Any, Any, int | None], Any]] = {
    "sum": lambda xp, x, axis: xp.sum(x, axis=axis),
    "mean": lambda xp, x, axis: xp.mean(x, axis=axis),
    "var": lambda xp, x, axis: xp.var(x, axis=axis),
    "max": lambda xp, x, axis: xp.max(x, axis=axis),
    "argmin": lambda xp, x, axis: xp.argmin(x, axis=axis),
    "any": lambda xp, x, axis: xp.any(x > 2.5, axis=axis),
}


def _arrays(rng: np.random.Generator) -> dict[str, HostArray]:
    return {
        "long rows": rng.standard_normal((7, 30_000)),
        "long columns": rng.standard_normal((3000, 5)),
        "pictures": rng.standard_normal((4, 6, 15, 17)),
    }


def check_reductions(home: Backend) -> Iterator[Outcome]:
    """One outcome for each reduction, in both dtypes."""
    arrays = _arrays(np.random.default_rng(0))
    for name, reduce in REDUCTIONS.items():
        figures: dict[str, Any] = dict.fromkeys(TOLERANCES, 0.0)
        wrong: list[str] = []
        for dtype, tolerance in TOLERANCES.items():
            for label, array in arrays.items():
                x = array.astype(dtype)
                for axis in (None, *range(x.ndim)):
                    error = _error_of(reduce, x, axis, home)
                    figures[dtype] = max(figures[dtype], error)
                    if not error <= tolerance:
                        wrong.append(f"{label}, {axis=}, {dtype}: relative error {error:.1e}")
        errors = ", ".join(f"{dtype} {figures[dtype]:.1e}" for dtype in TOLERANCES)
        yield Outcome(
            "fail" if wrong else "ok",
            f"reduction {name}",
            wrong[0] if wrong else f"relative error {errors}",
            {**figures, "wrong": wrong} if wrong else figures,
        )


def _error_of(
    reduce: Callable[[Any, Any, int | None], Any], x: HostArray, axis: int | None, home: Backend
) -> float:
    """The larger error of the array as it is and of a view with its axes the other way round."""
    expected = np.asarray(reduce(np, x.astype(np.float64), axis))
    there = home.asarray(x, copy=True)
    error = relative_error(home.to_numpy(reduce(home.xp, there, axis)), expected)
    if x.ndim != 2 or axis is None:
        return error
    turned = home.to_numpy(reduce(home.xp, home.xp.matrix_transpose(there), 1 - axis))
    return max(error, relative_error(turned, expected))
