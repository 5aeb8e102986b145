"""What an optimiser keeps for each parameter: arrays blended, moved, shown and taken back.

A state is a dict of raw arrays and the number of steps, an int. May import Tensor and what lies
below it.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import box
from minitorch_cnn.tensor import Tensor

State = dict[str, Any]


def blend(state: State, name: str, keep: float, part: Any) -> Any:
    """``keep * state[name] + part``, put back there: in place where the array library can."""
    array = state[name]
    array *= keep
    array += part
    state[name] = array
    return array


def follow(state: State, data: Any) -> None:
    """Bring the state to where the parameter has moved since the last step."""
    home = backend_of(data)
    for name, value in state.items():
        if not isinstance(value, int) and (
            type(value) is not type(data) or value.dtype != data.dtype
        ):
            moved = home.asarray(backend_of(value).to_numpy(value), copy=True)
            state[name] = home.xp.astype(moved, data.dtype)


def shown(value: Any) -> Tensor:
    """A state entry as a tensor of its own (numbers of steps as PyTorch's 0-d float32)."""
    if isinstance(value, int):
        return Tensor(float(value))
    return box(raw_array(value, dtype=None, backend=backend_of(value), copy=True), None)  # type: ignore[no-any-return]


def own(value: Any, key: str, parameter: Tensor, what: str) -> Any:
    """A loaded entry as it is kept: an int, or a writeable array beside the parameter."""
    home = backend_of(parameter.data)
    try:
        if key == "step":
            return int(value)
        array = raw_array(value, dtype=parameter.dtype, backend=home, copy=True)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what}: {error}") from None
    if tuple(array.shape) != parameter.shape:
        raise ValueError(f"{what} has shape {tuple(array.shape)}, the parameter {parameter.shape}")
    return home.asarray(array, copy=True)
