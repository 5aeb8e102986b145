"""Which operations are public, and what running one does: primitives met, kernels used.

Read by the tests of the registry and by the table of operations in the documentation; needs
nothing but the package and the samples.
"""

import types
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import minitorch_cnn as mt
from minitorch_cnn import backend as backends
from minitorch_cnn import linalg
from minitorch_cnn.graph import AnyNode, Leaf
from minitorch_cnn.nn import functional
from minitorch_cnn.primitive import Primitive
from minitorch_cnn.tensor_methods import ArrayMethods
from minitorch_cnn.tensor_operators import Operators
from op_samples import SAMPLES
from op_samples_base import Sample

NO_OPERATIONS = {"__setitem__", "__hash__"}  # refuses; of the object, not of its entries
OWN_METHODS = ["T", "mT", "to", "astype", "clone", "__iter__"]


def is_operation(value: Any) -> bool:
    return isinstance(value, Primitive) or (
        isinstance(value, types.FunctionType) and value.__module__.startswith("minitorch_cnn.ops.")
    )


ARRAY_FUNCTIONS = {name: value for name, value in vars(mt).items() if is_operation(value)}
METHODS = {
    name: value
    for name, value in vars(ArrayMethods).items()
    if isinstance(value, (Primitive, types.FunctionType))
}
PUBLIC = {
    *ARRAY_FUNCTIONS,
    *(f"linalg.{name}" for name in linalg.__all__ if name not in (*vars(mt), "SlogdetResult")),
    *(f"nn.functional.{name}" for name in functional.__all__),
    *(
        f"Tensor.{name}"
        for name, value in vars(Operators).items()
        if isinstance(value, types.FunctionType) and name not in NO_OPERATIONS
    ),
    *(f"Tensor.{name}" for name, value in METHODS.items() if not is_operation(value)),
    *(f"Tensor.{name}" for name in OWN_METHODS),
} - {"Tensor.half"}  # float16 is not in the standard: see test_ops_special.py


@dataclass
class Findings:
    """What the samples of one operation showed.

    Attributes
    ----------
    order : int
        The highest order of derivative that is checked; 0 where there is none.
    primitives, kernels : set of str
        Names of the primitives recorded and of the kernels looked up, there and back.
    """

    order: int = 0
    primitives: set[str] = field(default_factory=set)
    kernels: set[str] = field(default_factory=set)


@cache
def findings() -> dict[str, Findings]:
    """Every sample run there and back on NumPy, by public name."""
    found: dict[str, Findings] = {name: Findings() for name in sorted(PUBLIC)}
    for sample in SAMPLES:
        entry = found[sample.op]
        # Without the extra [test] there is no strict backend, to which one sample moves a tensor.
        with watched_kernels(entry.kernels), suppress(mt.BackendUnavailable):
            outputs = [y for y in _tensors(sample.call(*sample.tensors())) if y.requires_grad]
            entry.primitives |= {node.primitive.name for node in recorded(outputs)}
            if outputs and sample.differentiable:
                entry.order = max(entry.order, sample.order)
                _gradients(sample)
    return found


def _gradients(sample: Sample) -> None:
    tensors = sample.tensors()
    outputs = [y for y in _tensors(sample.call(*tensors)) if y.requires_grad]
    inputs = [x for x in tensors if isinstance(x, mt.Tensor) and x.requires_grad]
    mt.grad(outputs, inputs, [mt.ones_like(y) for y in outputs], allow_unused=True)


class watched_kernels:
    """Add the names of kernels that are looked up in the block to ``names``."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def __enter__(self) -> None:
        backends._kernels.clear()  # the cache of look-ups: what is in it afterwards was used

    def __exit__(self, *error: object) -> None:
        self.names |= {name for name, _ in backends._kernels}


def recorded(outputs: list[Any]) -> Iterator[Any]:
    """Every node that ``outputs`` were computed by."""
    waiting: list[AnyNode] = [y._node for y in outputs]
    seen: set[AnyNode] = set(waiting)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Leaf):
            continue
        yield node
        new = {parent for parent in node.parents if parent is not None} - seen
        seen |= new
        waiting += new


def _tensors(value: Any) -> list[Any]:
    several = value if isinstance(value, (tuple, list)) else [value]
    return [y for y in several if isinstance(y, mt.Tensor)]
