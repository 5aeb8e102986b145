"""Linear kernels and their adjoints: ``<A x, y>`` is ``<x, B y>`` for all ``x`` and ``y``.

That finds what a comparison with the portable kernels cannot: a mistake that they share. May import
``cases``, ``kernels`` and ``placement``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from minitorch_backends.protocol import Array, Backend
from minitorch_backends.testing.cases import KernelCase, kernel_cases
from minitorch_backends.testing.draw import Draw, Sizes
from minitorch_backends.testing.kernels import find_kernel

Call: TypeAlias = Callable[..., Array]
"""``call(name, *inputs, **parameters)`` runs a kernel of the backend."""

Map: TypeAlias = Callable[[Array], Array]
Pair: TypeAlias = tuple[Map, Map, Sizes, Sizes]
"""A linear map, its adjoint, and the shapes between which they go."""

ROUNDING = 1e-13
"""Allowed difference over the sum of the sizes of all products."""


def check_adjoint(backend: Backend, name: str, *, count: int = 20) -> float:
    """Check that a kernel is the adjoint of its partner; returns the largest relative difference.

    Parameters
    ----------
    backend : Backend
    name : str
        Of the adjoint, a key of ``minitorch_backends.testing.ADJOINTS``, such as ``"fold"``.
    count : int
        How many cases; see :func:`kernel_cases`.

    Raises
    ------
    AssertionError
        With the smallest case in which shapes or inner products differ.

    Examples
    --------
    >>> from minitorch_backends.numpy import NumpyBackend
    >>> from minitorch_backends.testing import check_adjoint
    >>> check_adjoint(NumpyBackend(), "fold") < 1e-13
    True
    """
    return max(_difference(backend, case) for case in kernel_cases(name, count=count, dtype=float))


def _difference(backend: Backend, case: KernelCase) -> float:
    def call(name: str, *inputs: Array, **parameters: Any) -> Array:
        return find_kernel(backend, name)(*inputs, **parameters)

    inputs, parameters = case.on(backend)
    forth, back, *shapes = ADJOINTS[case.name](backend, call, inputs, parameters)
    draw = Draw(0)
    x, y = (draw.entries(*shape) for shape in shapes)
    forward, backward = (
        backend.to_numpy(function(backend.asarray(values, copy=True)))
        for function, values in ((forth, x), (back, y))
    )
    if (forward.shape, backward.shape) != (y.shape, x.shape):
        raise AssertionError(
            f"{case}: from {x.shape} to {forward.shape} and from {y.shape} to {backward.shape}; "
            f"expected {y.shape} and {x.shape}"
        )
    left, right = float(np.sum(forward * y)), float(np.sum(x * backward))
    size = max(1.0, float(np.sum(np.abs(forward * y))), float(np.sum(np.abs(x * backward))))
    if not abs(left - right) <= ROUNDING * size:
        raise AssertionError(
            f"{case} is not the adjoint of its partner: <A x, y> is {left:.15g}, <x, B y> is "
            f"{right:.15g}"
        )
    return abs(left - right) / size


# --- the pairs: from the arguments of the adjoint to both maps -----------------------------------


def _without(parameters: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key != name}


def _fold(backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]) -> Pair:
    window = _without(parameters, "shape")
    return (
        lambda x: call("unfold", x, **window),
        lambda y: call("fold", y, **parameters),
        parameters["shape"],
        inputs[0].shape,
    )


def _in_input(forward: str) -> Callable[..., Pair]:
    def pair(backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]) -> Pair:
        g, w = inputs
        window = _without(parameters, "shape")
        return (
            lambda x: call(forward, x, w, **window),
            lambda y: call(f"{forward}_input", y, w, **parameters),
            parameters["shape"],
            g.shape,
        )

    return pair


def _in_weight(forward: str) -> Callable[..., Pair]:
    def pair(backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]) -> Pair:
        x, g = inputs
        window = _without(parameters, "kernel")
        own = (g.shape[1], x.shape[1] // parameters["groups"], *parameters["kernel"])
        return (
            lambda w: call(forward, x, w, **window),
            lambda y: call(f"{forward}_weight", x, y, **parameters),
            own if forward == "conv" else (*g.shape[2:], *own),
            g.shape,
        )

    return pair


def _link_weights(
    backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]
) -> Pair:
    x, g = inputs
    n_links = sum(int(np.prod(links.shape)) for _, _, links in parameters["blocks"])
    return (
        lambda values: call("link_product", x, values, **parameters),
        lambda y: call("link_weights", x, y, **parameters),
        (n_links,),
        g.shape,
    )


def _same_arguments(forward: str, back: str) -> Callable[..., Pair]:
    """Two kernels that take the same parameters, one of them the ``shape`` of the input."""

    def pair(backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]) -> Pair:
        return (
            lambda x: call(forward, x, **parameters),
            lambda y: call(back, y, **parameters),
            parameters["shape"],
            inputs[0].shape,
        )

    return pair


def _select_back(
    backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]
) -> Pair:
    return (
        lambda x: call("select", x, key=parameters["key"]),
        lambda y: call("select_back", y, **parameters),
        parameters["shape"],
        inputs[0].shape,
    )


def _index_add(
    backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]
) -> Pair:
    (rows,) = inputs
    return (
        lambda x: backend.xp.take(x, parameters["index"], axis=0),
        lambda y: call("index_add", y, **parameters),
        (parameters["size"], *rows.shape[1:]),
        rows.shape,
    )


def _pad(backend: Backend, call: Call, inputs: list[Array], parameters: dict[str, Any]) -> Pair:
    (x,) = inputs
    widths = parameters["widths"]
    inside = tuple(slice(w[0], w[0] + n) for n, w in zip(x.shape, widths, strict=True))
    return (
        lambda y: y[inside],
        lambda x: call("pad", x, widths=widths, value=0),
        tuple(n + sum(w) for n, w in zip(x.shape, widths, strict=True)),
        x.shape,
    )


ADJOINTS: dict[str, Callable[..., Pair]] = {
    "pad": _pad,
    "fold": _fold,
    "conv_input": _in_input("conv"),
    "conv_weight": _in_weight("conv"),
    "local_input": _in_input("local"),
    "local_weight": _in_weight("local"),
    "link_weights": _link_weights,
    "place": _same_arguments("pick", "place"),
    "sum_pool_input": _same_arguments("sum_pool", "sum_pool_input"),
    "index_add": _index_add,
    "select_back": _select_back,
}
"""Name of an adjoint -> the pair that its arguments make."""
