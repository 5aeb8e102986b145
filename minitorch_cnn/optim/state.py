"""What an optimiser keeps for each parameter: arrays stepped, moved, shown and taken back.

A state is a dict of raw arrays and of numbers: the number of steps, an int, and floats. May import
Tensor and what lies below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch_cnn.backend import backend_of, kernel
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import box
from minitorch_cnn.tensor import Tensor

State = dict[str, Any]
NUMBERS = (int, float)


def run_step(
    name: str,
    arrays: list[Any],
    gradients: list[Any],
    states: list[State],
    kept: Sequence[str | None],
    **settings: Any,
) -> list[Any]:
    """New arrays from the kernel ``name``; what it keeps is put back into the states.

    ``kept`` names the entries that it takes as lists, None stands for an empty one.
    """
    before = [[state[key] for state in states] if key else [] for key in kept]
    new, *after = kernel(name, arrays[0])(arrays, gradients, *before, **settings)
    for key, values in zip(kept, after, strict=True):
        if key:
            for state, value in zip(states, values, strict=True):
                state[key] = value
    return new  # type: ignore[no-any-return]


def follow(state: State, data: Any) -> None:
    """Bring the state to where the parameter has moved since the last step."""
    home = backend_of(data)
    for name, value in state.items():
        if not isinstance(value, NUMBERS) and (
            type(value) is not type(data) or value.dtype != data.dtype
        ):
            moved = home.asarray(backend_of(value).to_numpy(value), copy=True)
            state[name] = home.xp.astype(moved, data.dtype)


def shown(value: Any) -> Tensor:
    """A state entry as a tensor of its own; numbers as 0-d ones, of steps in PyTorch's float32."""
    if isinstance(value, NUMBERS):
        return Tensor(float(value), dtype="float32" if isinstance(value, int) else "float64")
    return box(raw_array(value, dtype=None, backend=backend_of(value), copy=True), None)  # type: ignore[no-any-return]


def own(value: Any, like: Any, parameter: Tensor, what: str) -> Any:
    """A loaded entry as it is kept: a number as ``like`` is, or an array beside the parameter."""
    home = backend_of(parameter.data)
    try:
        if isinstance(like, NUMBERS):
            return type(like)(value)
        array = raw_array(value, dtype=parameter.dtype, backend=home, copy=True)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what}: {error}") from None
    if tuple(array.shape) != parameter.shape:
        raise ValueError(f"{what} has shape {tuple(array.shape)}, the parameter {parameter.shape}")
    return home.asarray(array, copy=True)
