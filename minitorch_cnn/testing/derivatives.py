"""A function with the point it is looked at, and its gradient as another such function.

Taking the gradient again and again is all that checks of higher orders need. May import ``engine``,
``creation`` and what lies below them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn import engine
from minitorch_cnn.creation import tensor, zeros_like
from minitorch_cnn.grad_mode import enable_grad
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import is_floating

HostArray = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Function:
    """A function of several tensors at one point.

    Attributes
    ----------
    call : callable
        ``call(tensors, record)`` gives a list of tensors; only with ``record`` need they be
        differentiable themselves.
    point : list of Tensor
        Leaves that need gradients.
    names : list of str
        What messages call each of them.
    """

    call: Callable[[list[Any], bool], list[Any]]
    point: list[Any]
    names: list[str]

    def values(self, *, record: bool = False) -> list[HostArray]:
        """The results at the point, on the host."""
        return [host(y) for y in self.call(self.point, record)]

    def moved(self, steps: dict[int, HostArray]) -> list[HostArray]:
        """The results with ``steps`` added to the tensors at these positions."""
        moved = list(self.point)
        for position, step in steps.items():
            moved[position] = leaf(host(moved[position]) + step, self.point[position])
        return [host(y) for y in self.call(moved, False)]

    def upstream(self, outputs: list[Any], rng: np.random.Generator) -> list[Any]:
        """A random gradient at each of the results ``outputs``."""
        return [leaf(rng.standard_normal(y.shape).astype(y.dtype), y) for y in outputs]

    def gradient(self, upstream: list[Any]) -> Function:
        """The gradient for the gradients ``upstream`` at the results, as a function of both."""
        count = len(self.point)

        def call(tensors: list[Any], record: bool) -> list[Any]:
            inputs, seeds = tensors[:count], tensors[count:]
            outputs = self.call(inputs, True)
            recorded = [i for i, y in enumerate(outputs) if y.requires_grad]
            if not recorded:
                return [zeros_like(x) for x in inputs]
            gradients = engine.grad(
                [outputs[i] for i in recorded],
                inputs,
                [seeds[i] for i in recorded],
                create_graph=record,
                allow_unused=True,
            )
            pairs = zip(gradients, inputs, strict=True)
            return [zeros_like(x) if g is None else g for g, x in pairs]

        order = 1 + sum(name.startswith("upstream") for name in self.names)
        seeds = [f"upstream gradient {i} (order {order})" for i in range(len(upstream))]
        return Function(call, [*self.point, *upstream], [*self.names, *seeds])


def function_of(f: Callable[..., Any], args: Any, *, dtype: Any, name: str) -> Function:
    """``f`` as a function of those of its arguments that need gradients.

    With ``dtype`` all floating-point tensors among the arguments are cast to it first.
    """
    if not isinstance(args, (Boxed, list, tuple)):
        raise TypeError(
            f"{name}: the arguments are a {type(args).__name__}; expected a Tensor or a list of "
            "them and of what else the function takes"
        )
    everything = [args] if isinstance(args, Boxed) else list(args)
    for i, x in enumerate(everything):
        if isinstance(x, Boxed) and is_floating(x._data.dtype):
            everything[i] = _detached(x, dtype)
    checked = [i for i, x in enumerate(everything) if isinstance(x, Boxed) and x._node is not None]
    if not checked:
        raise ValueError(
            f"{name}: no argument needs a gradient; use mt.tensor(..., requires_grad=True)"
        )

    def call(tensors: list[Any], record: bool) -> list[Any]:
        filled = list(everything)
        for position, x in zip(checked, tensors, strict=True):
            filled[position] = x
        with enable_grad():
            return _floating_results(f(*filled), name)

    return Function(call, [everything[i] for i in checked], [f"argument {i}" for i in checked])


def _detached(x: Any, dtype: Any) -> Any:
    return tensor(
        x.detach(), dtype=dtype or x.dtype, backend=x.backend, requires_grad=x.requires_grad
    )


def _floating_results(result: Any, name: str) -> list[Any]:
    results = list(result) if isinstance(result, (tuple, list)) else [result]
    for i, y in enumerate(results):
        if not isinstance(y, Boxed):
            raise TypeError(
                f"{name}: result {i} of the function is a {type(y).__name__}; expected a Tensor or "
                "a tuple of Tensors"
            )
    floating = [y for y in results if is_floating(y._data.dtype)]
    if not floating:
        raise TypeError(f"{name}: no result of the function holds floating-point numbers")
    return floating


def host(x: Any) -> HostArray:
    """The entries of a tensor as a NumPy array."""
    array: HostArray = x.detach().numpy()
    return array


def leaf(array: HostArray, like: Any) -> Any:
    """A leaf beside ``like`` that needs a gradient."""
    return tensor(array, dtype=like.dtype, backend=like.backend, requires_grad=True)


def inner(first: Sequence[Any], second: Sequence[Any]) -> float:
    """Sum of the products of all entries of two lists of arrays, in float64."""
    return float(
        sum(
            np.vdot(a.astype(np.float64), b.astype(np.float64))
            for a, b in zip(first, second, strict=True)
        )
    )
