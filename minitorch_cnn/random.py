"""Random tensors, all drawn on the host from one ``numpy.random.Generator``.

Drawing on the host makes a run on a GPU start from the same numbers as a run on the CPU. Every
function takes ``rng``; without it the generator that :func:`seed` sets is used. May import
``creation``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.backend import float32, int64
from minitorch_cnn.creation import AnyBackend, _finished, _shape, raw_array

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
    # The object stays, so that who holds it goes on with the new numbers.
    _generator.bit_generator.state = type(_generator.bit_generator)(value).state
    return _generator


def default_rng() -> np.random.Generator:
    """The one generator; its ``bit_generator.state`` is what a checkpoint saves."""
    return _generator


def _tensor(
    host: np.ndarray[Any, Any], dtype: Any, backend: AnyBackend, requires_grad: bool
) -> Any:
    array = raw_array(host, dtype=dtype, backend=backend, copy=False)
    return _finished(array, requires_grad)


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
    host = (rng or _generator).random(_shape(shape, "rand"))
    return _tensor(host, dtype, backend, requires_grad)


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
    host = (rng or _generator).standard_normal(_shape(shape, "randn"))
    return _tensor(host, dtype, backend, requires_grad)


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
    host = (rng or _generator).uniform(low, high, _shape((shape,), "uniform"))
    return _tensor(host, dtype, backend, requires_grad)


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
    host = (rng or _generator).normal(mean, std, _shape((shape,), "normal"))
    return _tensor(host, dtype, backend, requires_grad)


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
    if high <= low:
        raise ValueError(f"randint: no integers from {low} up to (without) {high}")
    host = (rng or _generator).integers(low, high, _shape((shape,), "randint"))
    return _tensor(host, dtype, backend, False)


def randperm(n: int, *, rng: np.random.Generator | None = None, backend: AnyBackend = None) -> Any:
    """The integers from 0 to ``n - 1`` in random order.

    >>> import minitorch_cnn as mt
    >>> sorted(mt.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    return _tensor((rng or _generator).permutation(n), int64, backend, False)


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
    host = (rng or _generator).random(_shape((shape,), "bernoulli"), dtype=np.float32)
    return _tensor(host < probability, dtype, backend, False)
