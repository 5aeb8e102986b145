"""What a sample is: one call of one public operation, with its arguments and its reference.

Arguments are drawn on the host from a generator seeded by the sample's name, so samples can be
added or moved without changing the others. References are written in NumPy alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_cnn.backend import get_backend
from references.case import Array, Draw, generator

Argument = Any  # a draw, or what is handed over as it is: a number, a shape, None


@dataclass(frozen=True)
class Sample:
    """One call of an operation.

    Attributes
    ----------
    op : str
        The public name: ``"exp"``, ``"nn.functional.relu"``, ``"Tensor.__add__"``.
    case : str
        What is special about this sample.
    call : callable
        The operation on tensors.
    arguments : sequence
        Draws become tensors, floating-point ones with gradients; everything else is handed over.
    reference : callable
        The same on NumPy arrays.
    order : int
        How many times to check the derivative; 0 for an operation without one.
    """

    op: str
    case: str
    call: Callable[..., Any]
    arguments: Sequence[Argument]
    reference: Callable[..., Any]
    order: int = 2

    @property
    def name(self) -> str:
        return f"{self.op}-{self.case}"

    @cached_property
    def host_arguments(self) -> list[Any]:
        """Arguments with float64 and integer arrays in the places of draws."""
        rng = generator(self.name)
        return [argument(rng) if callable(argument) else argument for argument in self.arguments]

    def cast(self, dtype: Any) -> list[Any]:
        """The host's arguments with floating-point arrays in another dtype."""
        return [a.astype(dtype) if is_floating(a) else a for a in self.host_arguments]

    def tensors(self, dtype: Any = mt.float64, layout: Callable[[Array], Any] = mt.tensor) -> list:
        """The arguments as tensors, those of floating-point numbers needing gradients."""
        return [
            layout(a).requires_grad_(is_floating(a)) if isinstance(a, np.ndarray) else a
            for a in self.cast(dtype)
        ]

    @property
    def differentiable(self) -> bool:
        return self.order > 0 and any(map(is_floating, self.host_arguments))


def sample(
    op: str, case: str, arguments: Any, reference: Any, order: int = 2, **options: Any
) -> Sample:
    """A sample whose operation and reference take the same options."""
    function = attrgetter(op)(mt)
    return Sample(
        op,
        case,
        lambda *tensors: function(*tensors, **options),
        arguments,
        lambda *arrays: reference(*arrays, **options),
        order,
    )


def case_of(*shapes: Sequence[int], **options: Any) -> str:
    """Shapes and options as they read in a sample's name."""
    return "-".join([sizes(*shapes), *(f"{k}={v}".replace(" ", "") for k, v in options.items())])


def is_floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def strided(array: Array) -> Any:
    """A tensor of these entries that lie neither in row-major order nor next to each other.

    Axes are reversed in memory, and every second entry counts, read from the end.
    """
    home = get_backend()
    every_second = (*(slice(None, None, 2),) * array.ndim, ...)
    wide = np.zeros(tuple(2 * n for n in reversed(array.shape)), array.dtype)
    wide[every_second] = np.flip(array).T
    memory = home.asarray(wide, copy=True)[every_second]
    axes = tuple(reversed(range(array.ndim)))
    return mt.asarray(home.xp.flip(home.xp.permute_dims(memory, axes)))


def distinct(*shape: int, low: float = -2.0, high: float = 2.0) -> Draw:
    """Numbers that keep a distance from each other, so that no two are tied."""

    def draw(rng: np.random.Generator) -> Array:
        count = int(np.prod(shape))
        steps = rng.permutation(count) + rng.uniform(0.2, 0.8, count)
        return np.asarray(low + (high - low) * steps / max(count, 1)).reshape(shape)

    return draw


def given(values: Any) -> Draw:
    return lambda rng: np.array(values)


def integers(*shape: int, low: int = -4, high: int = 5) -> Draw:
    return lambda rng: np.asarray(np.floor(low + (high - low) * rng.random(shape)), np.int64)


def booleans(*shape: int) -> Draw:
    return lambda rng: np.asarray(rng.random(shape) < 0.5)


def sizes(*shapes: Sequence[int]) -> str:
    """Shapes as they read in a sample's name: (2, 3) and () are 2x3 and 0d."""
    return ",".join("x".join(map(str, shape)) or "0d" for shape in shapes)
