"""What all optimisers share: parameter groups, state, the step over all parameters.

An optimiser's own file gives one function from raw arrays of parameters and gradients to the new
arrays: ``update`` for one parameter, or ``update_all`` for many that are alike. May import
``state``, ``tensor_alias`` and what lies below them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from minitorch_cnn.backend import SEALS, SWITCHES, backend_of, get_backend, switch_device
from minitorch_cnn.creation import zeros_like
from minitorch_cnn.grad_mode import enable_grad, no_grad
from minitorch_cnn.ops.arguments import is_floating
from minitorch_cnn.optim.state import NUMBERS, State, follow, own, shown
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tensor_alias import source_of


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

    Notes
    -----
    An optimiser of one's own defines :meth:`update`, which moves one parameter:

    >>> import minitorch_cnn as mt
    >>> class Halving(mt.optim.Optimizer):
    ...     def update(self, data, gradient, state, group):
    ...         return data / 2
    >>> p = mt.nn.Parameter([4.0])
    >>> (p * p).sum().backward()
    >>> Halving([p], {"lr": 0.0, "weight_decay": 0.0, "maximize": False}).step()
    >>> p.item()
    2.0
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, State] = {}
        name = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(
                f"{name}: expected a list of parameters, got one Tensor; pass [parameter] or "
                "model.parameters()"
            )
        if not isinstance(params, Iterable) or isinstance(params, (Mapping, Set, str)):
            raise TypeError(
                f"{name}: expected parameters or groups in a fixed order, got a "
                f"{type(params).__name__}; pass a list or model.parameters()"
            )
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{name}: no parameters; was model.parameters() used up before, or "
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
        number = len(self.param_groups)
        if not isinstance(group, Mapping):
            raise TypeError(
                f"{name}: group {number} is a {type(group).__name__}; expected a dict with 'params'"
            )
        if "params" not in group:
            raise ValueError(f"{name}: group {number} has no 'params'; name its parameters")
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
            if not is_floating(tensor.data.dtype):
                raise TypeError(
                    f"{name}: parameter {position} holds {tensor.dtype}; only floating-point "
                    "tensors can be optimised"
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
                gradient = parameter._grad
                parameter._grad = None if set_to_none or gradient is None else zeros_like(gradient)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient; returns what ``closure`` returned.

        Tied parameters are moved once, with the settings of the first that is named.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients again; called first.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        met: set[int] = set()
        one_by_one = type(self).update is not Optimizer.update
        with no_grad():
            for group in self.param_groups:
                # A NumPy scalar, say of np.logspace, would cast float32 parameters to float64.
                settings = {name: _plain(value) for name, value in group.items()}
                alike: dict[Any, list[tuple[Any, State]]] = {}
                for parameter in group["params"]:
                    one = id(source_of(parameter))
                    if one in met:  # tied since to one before it; what was kept for it is of no use
                        self.state.pop(parameter, None)
                        continue
                    met.add(one)
                    if parameter._grad is not None:
                        state = self._state_of(parameter, settings)
                        kind = one if one_by_one else _kind(parameter._data, state)
                        alike.setdefault(kind, []).append((parameter, state))
                for moved in alike.values():
                    self._move(moved, settings, one_by_one)
        return loss

    def _state_of(self, parameter: Any, group: dict[str, Any]) -> State:
        """What is kept for a parameter: where that is now, and made if there is nothing yet."""
        data = parameter._data
        state = self.state.setdefault(parameter, {})
        follow(state, data)
        if not state:
            if SWITCHES:
                switch_device((data,))
            state.update(self.fresh(data, group))
        return state

    def _move(
        self, moved: list[tuple[Any, State]], group: dict[str, Any], one_by_one: bool
    ) -> None:
        arrays = [parameter._data for parameter, _ in moved]
        gradients = [parameter._grad._data for parameter, _ in moved]
        states = [state for _, state in moved]
        if SWITCHES:
            switch_device(arrays)
        if one_by_one:
            gradient = -gradients[0] if group["maximize"] else gradients[0]
            new = [self.update(arrays[0], gradient, states[0], group)]
        else:
            new = self.update_all(arrays, gradients, states, group)
        for (parameter, _), array in zip(moved, new, strict=True):
            parameter._rebind(SEALS[type(array)](array))

    def fresh(self, data: Any, group: dict[str, Any]) -> State:
        """What is kept for a parameter ``data`` before its first step."""
        return {}

    def update(self, data: Any, gradient: Any, state: State, group: dict[str, Any]) -> Any:
        """The new raw array of one parameter; ``state`` is the optimiser's to fill.

        ``gradient`` is to be descended, also where the setting ``maximize`` is True.
        """
        descending = {**group, "maximize": False}
        return self.update_all([data], [gradient], [state], descending)[0]

    def update_all(
        self,
        arrays: list[Any],
        gradients: list[Any],
        states: list[State],
        group: dict[str, Any],
    ) -> list[Any]:
        """The new raw arrays of several parameters of a group, in place of :meth:`update`.

        They are alike in backend, device, dtype, names of what is kept, and number of steps, so
        that one kernel can move them all. Where the setting ``maximize`` is True, gradients are to
        be climbed.
        """
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
            numbers[id(parameter)]: {name: shown(value) for name, value in entries.items()}
            for parameter, entries in self.state.items()
            if entries
        }
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take settings and state from :meth:`state_dict` of an equal optimiser; all or nothing.

        Raises
        ------
        ValueError, TypeError
            If it is no such state, or groups, their sizes or shapes differ; nothing has been
            changed then.
        """
        name = type(self).__name__
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise TypeError(
                f"{name}: expected what state_dict() gives, with 'state' and 'param_groups', got a "
                f"{type(state_dict).__name__}"
            )
        groups = self._loaded_groups(state_dict["param_groups"])
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        places = {
            str(number): (parameter, group)
            for number, (parameter, group) in zip(
                numbers, [(p, group) for group in groups for p in group["params"]], strict=True
            )
        }
        new: dict[Tensor, State] = {}
        for number, entries in state_dict["state"].items():
            if str(number) not in places:
                raise ValueError(f"{name}: state for parameter {number}, which no group names")
            parameter, group = places[str(number)]
            fresh = self.fresh(parameter.data, group)
            new[parameter] = {
                key: own(value, fresh.get(key), parameter, f"{name}: {key} of parameter {number}")
                for key, value in entries.items()
            }
            for key in fresh:
                if entries and key not in entries:
                    raise ValueError(f"{name}: {key} of parameter {number} is missing")
        self.state, self.param_groups = new, groups

    def _loaded_groups(self, groups: Any) -> list[dict[str, Any]]:
        """This optimiser's groups with the settings of saved ones, checked."""
        name = type(self).__name__
        for group in groups:
            lacking = [key for key in (*self.defaults, "params") if key not in group]
            if lacking:
                raise ValueError(
                    f"{name}: the state has no {', '.join(lacking)}; it is another optimiser's"
                )
        sizes = [len(group["params"]) for group in self.param_groups]
        given = [len(group["params"]) for group in groups]
        if sizes != given:
            raise ValueError(
                f"{name}: the state is for groups of {given} parameters, this optimiser has {sizes}"
            )
        merged = []
        for group, saved in zip(self.param_groups, groups, strict=True):
            settings = {key: saved[key] for key in self.defaults}
            lists = {key: tuple(v) for key, v in settings.items() if isinstance(v, list)}
            # Where a schedule set out from: it is no setting, and a later one needs it.
            origin = {key: saved[key] for key in ("initial_lr",) if key in saved}
            merged.append({**group, **settings, **lists, **origin})
            self.check(merged[-1])
        return merged

    def to(self, target: Any) -> Optimizer:
        """Move the state to a backend; returns the optimiser. Modules move their parameters."""
        home = get_backend(target)
        for entries in self.state.values():
            for name, value in entries.items():
                if not isinstance(value, NUMBERS):
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
    name = type(optimizer).__name__
    try:
        inside = bool(low <= value < high)
    except TypeError:
        raise TypeError(f"{name}: {setting}={value!r}; expected a number") from None
    if not inside:
        raise ValueError(
            f"{name}: {setting}={value} is out of range; expected {low} <= {setting} < {high}"
        )


def _plain(setting: Any) -> Any:
    """A setting with Python numbers in place of NumPy scalars and 0-d tensors."""
    if isinstance(setting, tuple):
        return tuple(map(_plain, setting))
    return setting.item() if hasattr(setting, "item") else setting


def _kind(data: Any, state: State) -> tuple[Any, ...]:
    """What parameters have in common that one call of ``update_all`` moves."""
    return backend_of(data), data.dtype, state.get("step"), frozenset(state)
