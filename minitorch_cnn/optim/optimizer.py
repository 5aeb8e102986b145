"""What all optimisers share: parameter groups, state, the step over all parameters.

An optimiser's own file gives one function from a parameter's raw array and gradient to its new
array. May import Tensor and what lies below it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from minitorch_cnn.backend import SEALS, backend_of, get_backend
from minitorch_cnn.creation import raw_array, zeros_like
from minitorch_cnn.grad_mode import enable_grad, no_grad
from minitorch_cnn.graph import box
from minitorch_cnn.tensor import Tensor

State = dict[str, Any]


class Optimizer:
    """Base class of optimisers.

    Parameters
    ----------
    params : iterable of Parameter, or of dict
        Parameters, or groups ``{"params": ..., "lr": ...}`` with settings of their own.
    defaults : dict
        Settings for groups that do not name them.

    Attributes
    ----------
    param_groups : list of dict
        Settings may be changed between steps.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, State] = {}
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__}: expected a list of parameters, got one Tensor; pass "
                "[parameter] or model.parameters()"
            )
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__}: no parameters; was model.parameters() used up before, or "
                "has the model none?"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own.

        Raises
        ------
        TypeError, ValueError
            If something is no leaf Tensor, is there already, or a setting is unknown or out of
            range.
        """
        name = type(self).__name__
        params = group["params"]
        tensors = [params] if isinstance(params, Tensor) else list(params)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"{name}: parameter {position} is a {type(tensor).__name__}; expected a "
                    "Parameter"
                )
            if not tensor.is_leaf:
                raise ValueError(
                    f"{name}: parameter {position} was computed from other tensors; only leaves "
                    "can be optimised"
                )
            if id(tensor) in known:
                raise ValueError(f"{name}: parameter {position} is there already; name it once")
            known.add(id(tensor))
        unknown = set(group) - set(self.defaults) - {"params"}
        if unknown:
            raise ValueError(
                f"{name}: unknown settings {', '.join(sorted(unknown))}; known: "
                f"{', '.join(self.defaults)}"
            )
        new = {**self.defaults, **group, "params": tensors}
        self.check(new)
        self.param_groups.append(new)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse settings out of range; subclasses name their own."""
        require_range(self, group, "lr", 0.0, math.inf)
        require_range(self, group, "weight_decay", 0.0, math.inf)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to zeros)."""
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                parameter.grad = None if set_to_none or gradient is None else zeros_like(gradient)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient; returns what ``closure`` returned.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients again; called first.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter._grad is not None:
                        self._move(parameter, group)
        return loss

    def _move(self, parameter: Any, group: dict[str, Any]) -> None:
        data, gradient = parameter._data, parameter._grad._data
        state = self.state.setdefault(parameter, {})
        _follow(state, data)
        if group["maximize"]:
            gradient = -gradient
        new = self.update(data, gradient, state, group)
        parameter._rebind(SEALS[type(new)](new))

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        """The new raw array of one parameter; ``state`` is the optimiser's to fill."""
        raise TypeError(f"{type(self).__name__} defines no update(...); add one")

    # --- state ----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Settings and state as in PyTorch: parameters are numbered over all groups.

        Returns
        -------
        dict
            ``{"state": {number: {name: Tensor}}, "param_groups": [settings with numbers]}``.
        """
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for parameter in group["params"]:
                numbers[id(parameter)] = len(numbers)
            settings = {name: value for name, value in group.items() if name != "params"}
            groups.append({**settings, "params": [numbers[id(p)] for p in group["params"]]})
        state = {
            numbers[id(parameter)]: {name: _shown(value) for name, value in entries.items()}
            for parameter, entries in self.state.items()
            if entries
        }
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take settings and state from :meth:`state_dict` of an equal optimiser; all or nothing.

        Raises
        ------
        ValueError
            If groups, their sizes, or shapes differ; nothing has been changed then.
        """
        name = type(self).__name__
        groups = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in self.param_groups]
        given = [len(group["params"]) for group in groups]
        if sizes != given:
            raise ValueError(
                f"{name}: the state is for groups of {given} parameters, this optimiser has {sizes}"
            )
        parameters = [p for group in self.param_groups for p in group["params"]]
        numbers = [number for group in groups for number in group["params"]]
        by_number = dict(zip(numbers, parameters, strict=True))
        new: dict[Tensor, State] = {}
        for number, entries in state_dict["state"].items():
            parameter = by_number.get(int(number))
            if parameter is None:
                raise ValueError(f"{name}: state for parameter {number}, which no group names")
            new[parameter] = {
                key: int(value.item() if hasattr(value, "item") else value)
                if key == "step"
                else _own(value, parameter, f"{name}: {key} of parameter {number}")
                for key, value in entries.items()
            }
        merged = []
        for own, group in zip(self.param_groups, groups, strict=True):
            settings = {k: v for k, v in group.items() if k in self.defaults}
            settings = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
            merged.append({**own, **settings})
            self.check(merged[-1])
        self.state, self.param_groups = new, merged

    def to(self, target: Any) -> Optimizer:
        """Move the state to a backend; returns the optimiser. Modules move their parameters."""
        home = get_backend(target)
        for entries in self.state.values():
            for name, value in entries.items():
                if not isinstance(value, int):
                    entries[name] = home.asarray(backend_of(value).to_numpy(value), copy=True)
        return self

    def __repr__(self) -> str:
        groups = [
            ", ".join(f"{name}={value}" for name, value in group.items() if name != "params")
            for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(groups)})"


def require_range(
    optimizer: Optimizer, group: dict[str, Any], setting: str, low: float, high: float
) -> None:
    """Refuse a setting outside ``[low, high)``."""
    value = group[setting]
    if not low <= value < high:
        raise ValueError(
            f"{type(optimizer).__name__}: {setting}={value} is out of range; expected "
            f"{low} <= {setting} < {high}"
        )


def blend(state: State, name: str, keep: float, part: Any) -> Any:
    """``keep * state[name] + part``, put back there: in place where the array library can."""
    array = state[name]
    array *= keep
    array += part
    state[name] = array
    return array


def _follow(state: State, data: Any) -> None:
    """Bring the state to where the parameter has moved since the last step."""
    home = backend_of(data)
    for name, value in state.items():
        if not isinstance(value, int) and (
            type(value) is not type(data) or value.dtype != data.dtype
        ):
            moved = home.asarray(backend_of(value).to_numpy(value), copy=True)
            state[name] = home.xp.astype(moved, data.dtype)


def _shown(value: Any) -> Tensor:
    """A state entry as a tensor of its own (numbers of steps as PyTorch's 0-d float32)."""
    if isinstance(value, int):
        return Tensor(float(value))
    return box(raw_array(value, dtype=None, backend=backend_of(value), copy=True), None)  # type: ignore[no-any-return]


def _own(value: Any, parameter: Tensor, what: str) -> Any:
    """A state entry as this optimiser keeps it: a writeable raw array beside the parameter."""
    if tuple(value.shape) != parameter.shape:
        raise ValueError(f"{what} has shape {tuple(value.shape)}, the parameter {parameter.shape}")
    home = backend_of(parameter.data)
    array = raw_array(value, dtype=parameter.dtype, backend=home, copy=True)
    return home.asarray(array, copy=True)
