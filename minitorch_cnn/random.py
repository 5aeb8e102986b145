"""Random tensors, all drawn on the host from one ``numpy.random.Generator``.

Drawing on the host makes a run on a GPU start from the same numbers as a run on the CPU. Every
function takes ``rng``; without it the generator that :func:`seed` sets is used. May import
``creation`` and ``replay``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.backend import as_dtype, float32, int64
from minitorch_cnn.creation import AnyBackend, finished, raw_array, shape_of
from minitorch_cnn.replay import note_change

_generator = np.random.default_rng()


def seed(value: int) -> np.random.Generator:
    """Start the one generator anew from ``value``; returns it.

    >>> import minitorch_cnn as mt
    >>> _ = mt.seed(0)
    >>> a = mt.rand(2)
    >>> _ = mt.seed(0)
    >>> bool((a == mt.rand(2)).all())
    True
    """
    number = _integer(value, "seed")
    if number < 0:
        raise ValueError(f"seed: {value} is negative; pass an integer of 0 or more")
    note_change(_generator.bit_generator, "state")
    # The object stays, so that who holds it goes on with the new numbers.
    _generator.bit_generator.state = type(_generator.bit_generator)(number).state
    return _generator


def default_rng() -> np.random.Generator:
    """The one generator; its ``bit_generator.state`` is what a checkpoint saves."""
    return generator(None)


def generator(rng: np.random.Generator | None) -> np.random.Generator:
    """``rng`` itself, or for None the one generator; anything else is a TypeError."""
    rng = _generator if rng is None else rng
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng is a {type(rng).__name__}; expected a numpy.random.Generator: make one with "
            "numpy.random.default_rng(seed)"
        )
    note_change(rng.bit_generator, "state")  # who asks is about to draw
    return rng


def _integer(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: {value!r} is no integer; pass one, such as 0") from None


def _tensor(host: Any, dtype: Any, backend: AnyBackend, requires_grad: bool = False) -> Any:
    array = raw_array(host, dtype=dtype, backend=backend, copy=False)
    return finished(array, requires_grad)


def _floating(dtype: Any, name: str) -> np.dtype[Any]:
    found = as_dtype(dtype)
    if found.kind != "f":
        raise TypeError(
            f"{name}: dtype {found} is not a floating-point one, such as mt.float32; for integers "
            "use mt.randint"
        )
    return found


def rand(
    *shape: Any,
    rng: np.random.Generator | None = None,
    dtype: Any = float32,
    backend: AnyBackend = None,
    requires_grad: bool = False,
) -> Any:
    """Numbers spread evenly over [0, 1); the shape as a tuple or as several integers.

    >>> import minitorch_cnn as mt
    >>> mt.rand(2, 3).shape
    (2, 3)
    """
    host = generator(rng).random(shape_of(shape, "rand"))
    return _tensor(host, _floating(dtype, "rand"), backend, requires_grad)


def randn(
    *shape: Any,
    rng: np.random.Generator | None = None,
    dtype: Any = float32,
    backend: AnyBackend = None,
    requires_grad: bool = False,
) -> Any:
    """Numbers of the standard normal distribution; the shape as a tuple or as integers.

    >>> import minitorch_cnn as mt
    >>> mt.randn(4).shape
    (4,)
    """
    host = generator(rng).standard_normal(shape_of(shape, "randn"))
    return _tensor(host, _floating(dtype, "randn"), backend, requires_grad)


def uniform(
    low: float,
    high: float,
    shape: int | Sequence[int],
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = float32,
    backend: AnyBackend = None,
    requires_grad: bool = False,
) -> Any:
    """Numbers spread evenly over [low, high).

    >>> import minitorch_cnn as mt
    >>> bool((mt.uniform(2.0, 3.0, 100) >= 2).all())
    True
    """
    if not 0 <= high - low < math.inf:
        raise ValueError(f"uniform: [{low}, {high}) is no finite interval; expected low <= high")
    host = generator(rng).uniform(low, high, shape_of((shape,), "uniform"))
    return _tensor(host, _floating(dtype, "uniform"), backend, requires_grad)


def normal(
    mean: float,
    std: float,
    shape: int | Sequence[int],
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = float32,
    backend: AnyBackend = None,
    requires_grad: bool = False,
) -> Any:
    """Numbers of the normal distribution with ``mean`` and standard deviation ``std``.

    >>> import minitorch_cnn as mt
    >>> mt.normal(0.0, 2.0, (2, 2)).shape
    (2, 2)
    """
    if not std >= 0:
        raise ValueError(f"normal: the standard deviation {std} must not be negative")
    host = generator(rng).normal(mean, std, shape_of((shape,), "normal"))
    return _tensor(host, _floating(dtype, "normal"), backend, requires_grad)


def randint(
    low: int,
    high: int,
    shape: int | Sequence[int],
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = int64,
    backend: AnyBackend = None,
) -> Any:
    """Integers from ``low`` up to but without ``high``.

    >>> import minitorch_cnn as mt
    >>> set(mt.randint(3, 5, 50).tolist())
    {3, 4}
    """
    low, high = _integer(low, "randint"), _integer(high, "randint")
    if high <= low:
        raise ValueError(f"randint: no integers from {low} up to (without) {high}")
    wanted = as_dtype(dtype)
    if wanted.kind in "iu" and not np.iinfo(wanted).min <= low < high <= np.iinfo(wanted).max + 1:
        raise ValueError(
            f"randint: integers from {low} to {high - 1} do not fit {wanted}; pass a wider dtype"
        )
    host = generator(rng).integers(low, high, shape_of((shape,), "randint"))
    return _tensor(host, wanted, backend)


def randperm(n: int, *, rng: np.random.Generator | None = None, backend: AnyBackend = None) -> Any:
    """The integers from 0 to ``n - 1`` in random order.

    >>> import minitorch_cnn as mt
    >>> sorted(mt.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    count = _integer(n, "randperm")
    if count < 0:
        raise ValueError(f"randperm: {n} is negative; pass how many integers to shuffle")
    return _tensor(generator(rng).permutation(count), int64, backend)


def bernoulli(
    probability: float,
    shape: int | Sequence[int],
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = float32,
    backend: AnyBackend = None,
) -> Any:
    """1 with ``probability``, else 0.

    >>> import minitorch_cnn as mt
    >>> mt.bernoulli(1.0, 3)
    tensor([1., 1., 1.])
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"bernoulli: probability {probability} is not between 0 and 1")
    # float32 numbers take half the time and decide as well.
    host = generator(rng).random(shape_of((shape,), "bernoulli"), dtype=np.float32)
    return _tensor(host < probability, dtype, backend)
