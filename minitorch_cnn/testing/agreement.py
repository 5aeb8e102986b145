"""Two computations that must agree: a kernel and its composition, a linear map and its adjoint.

May import ``derivatives``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch_cnn.backend import float64
from minitorch_cnn.creation import tensor
from minitorch_cnn.testing.derivatives import HostArray, function_of, host, inner


def check_same(
    f: Callable[..., Any],
    g: Callable[..., Any],
    args: Any,
    order: int = 2,
    *,
    rng: np.random.Generator | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-12,
) -> None:
    """Compare two functions in value, gradient and, for order 2, gradient of the gradient.

    Parameters
    ----------
    f, g : callable
        Take ``args`` and return a Tensor or a tuple of Tensors.
    args : Tensor or sequence
        Gradients are compared in the tensors with ``requires_grad``.
    order : int
        How many times to differentiate; 0 compares values alone.
    rng : numpy.random.Generator, optional
        Where the upstream gradients come from; seeded with 0 by default.
    rtol, atol : float
        Allowed difference, relative to the entry and to the largest entry (if that is above 1).

    Raises
    ------
    AssertionError
        If shapes, dtypes or entries differ; names what, where and both numbers.
    ValueError, TypeError
        If nothing needs a gradient, or a function returns no floating-point Tensor.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import testing
    >>> x = mt.tensor([1.0, 2.0], dtype=mt.float64, requires_grad=True)
    >>> testing.check_same(lambda x: x * x, lambda x: x**2, x)
    >>> testing.check_same(lambda x: x * x, lambda x: x + x, x)
    Traceback (most recent call last):
        ...
    AssertionError: check_same: result 0 differs: at [0] one function gives 1.0, the other 2.0
    """
    rng = np.random.default_rng(0) if rng is None else rng
    one = function_of(f, args, dtype=None, name="check_same")
    other = function_of(g, args, dtype=None, name="check_same")
    _compare(one.values(), other.values(), "result {}", rtol, atol)
    for current in range(1, order + 1):
        names = one.names
        upstream = one.upstream(one.call(one.point, False), rng)
        one, other = one.gradient(upstream), other.gradient(upstream)
        what = [f"gradient of order {current} in {name}" for name in names]
        _compare(one.values(), other.values(), what, rtol, atol)


def _compare(
    one: Sequence[HostArray], other: Sequence[HostArray], what: Any, rtol: float, atol: float
) -> None:
    if len(one) != len(other):
        raise AssertionError(
            f"check_same: one function returns {len(one)} floating-point tensors, the other "
            f"{len(other)}"
        )
    for i, (a, b) in enumerate(zip(one, other, strict=True)):
        name = what.format(i) if isinstance(what, str) else what[i]
        if a.shape != b.shape or a.dtype != b.dtype:
            raise AssertionError(
                f"check_same: {name} differs: one function gives shape {a.shape}, {a.dtype}, the "
                f"other {b.shape}, {b.dtype}"
            )
        scale = float(np.max(np.abs(b), initial=1.0, where=np.isfinite(b)))
        same = np.isclose(a, b, rtol=rtol, atol=atol * scale, equal_nan=True)
        if not same.all():
            place = tuple(int(n) for n in np.argwhere(~same)[0])
            raise AssertionError(
                f"check_same: {name} differs: at {list(place)} one function gives {a[place]}, the "
                f"other {b[place]}"
            )


def check_adjoint(
    linear: Callable[[Any], Any],
    adjoint: Callable[[Any], Any],
    x_shape: Sequence[int],
    y_shape: Sequence[int],
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = float64,
    backend: Any = None,
    rtol: float | None = None,
) -> None:
    """Check that ``<linear(x), y>`` is ``<x, adjoint(y)>`` to rounding, for random ``x`` and ``y``.

    Parameters
    ----------
    linear, adjoint : callable
        From a Tensor of ``x_shape`` to one of ``y_shape``, and back.
    x_shape, y_shape : sequence of int
    rng : numpy.random.Generator, optional
        Seeded with 0 by default.
    dtype, backend
        Of ``x`` and ``y``.
    rtol : float, optional
        Allowed difference over the sum of the sizes of all products; 64 rounding errors of
        ``dtype`` by default.

    Raises
    ------
    AssertionError
        If shapes or inner products differ.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import testing
    >>> testing.check_adjoint(lambda x: mt.pad(x, (2, 1)), lambda y: y[2:-1], (3,), (6,))
    >>> testing.check_adjoint(lambda x: mt.pad(x, (2, 1)), lambda y: y[1:-2], (3,), (6,))
    Traceback (most recent call last):
        ...
    AssertionError: check_adjoint: <linear(x), y> is ... but <x, adjoint(y)> is ...
    """
    rng = np.random.default_rng(0) if rng is None else rng
    x, y = (
        tensor(rng.standard_normal(tuple(shape)), dtype=dtype, backend=backend)
        for shape in (x_shape, y_shape)
    )
    forward, back = linear(x), adjoint(y)
    for name, image, like in (("linear", forward, y), ("adjoint", back, x)):
        if image.shape != like.shape or image.dtype != like.dtype:
            raise AssertionError(
                f"check_adjoint: {name} gives shape {image.shape}, {image.dtype}; expected "
                f"{like.shape}, {like.dtype}"
            )
    left, right = inner([host(forward)], [host(y)]), inner([host(x)], [host(back)])
    size = inner([np.abs(host(forward))], [np.abs(host(y))])
    size = max(size, inner([np.abs(host(x))], [np.abs(host(back))]))
    allowed = (64 * float(np.finfo(x.dtype).eps) if rtol is None else rtol) * size
    if not abs(left - right) <= allowed:
        raise AssertionError(
            f"check_adjoint: <linear(x), y> is {left:.9g} but <x, adjoint(y)> is {right:.9g} "
            f"(difference {abs(left - right):.2e}, allowed {allowed:.2e})"
        )
