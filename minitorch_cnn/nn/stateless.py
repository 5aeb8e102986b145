"""Calling a module with other parameters than its own: a module as a function of its state.

May import ``module`` and ``replay``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minitorch_cnn.backend import backend_of
from minitorch_cnn.graph import Boxed
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.tree import places
from minitorch_cnn.replay import Standing, substituted
from minitorch_cnn.tensor_alias import source_of


def functional_call(
    module: Module,
    parameters_and_buffers: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    args: Any = (),
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with tensors in place of its parameters and buffers.

    The module is as before afterwards. Buffers that the call overwrites, such as the statistics of
    batch normalisation, are written to the tensor that was passed.

    Parameters
    ----------
    module : Module
    parameters_and_buffers : dict of str to Tensor, or sequence of such dicts
        By dotted name, as ``named_parameters()`` and ``named_buffers()`` give them; what is left
        out keeps the module's own tensor.
    args : tuple, or a single argument
    kwargs : dict, optional
    tie_weights : bool
        Parameters that are one in the module stay one, whichever of their names is given. False
        replaces them under the given names alone.
    strict : bool
        Whether every parameter and buffer must be given.

    Returns
    -------
    object
        What ``module`` returns.

    Raises
    ------
    ValueError
        For names the module does not have, missing ones with ``strict``, other shapes, or two
        tensors for one tied parameter; all are listed.
    TypeError
        For values that are no tensors, or of another dtype or backend than the module's.

    Notes
    -----
    The module is changed while it runs: do not call it from two threads at once.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> line = mt.nn.Dense(1, 1)
    >>> state = {"weight": mt.tensor([[2.0]]), "bias": mt.tensor([1.0])}
    >>> mt.func.functional_call(line, state, (mt.tensor([[3.0]]),))
    tensor([[7.]])
    """
    if not isinstance(module, Module):
        raise TypeError(
            f"functional_call: expected a Module, got a {type(module).__name__}; a function can be "
            "called as it is"
        )
    own = _own(module)
    given = _merged(parameters_and_buffers)
    _check_names(module, own, given, strict)
    tensors = {name: _checked(name, own[name], value) for name, value in given.items()}
    values: list[Standing] = []
    written: list[tuple[Boxed, Any, Any]] = []
    for name, value in tensors.items():
        target = own[name]
        names = [other for other, tensor in own.items() if tensor is target]
        if len(names) > 1 and not tie_weights:
            values.append(_at_its_place(module, name, value, tensors))
            continue
        if any(tensors.get(other, value) is not value for other in names):
            raise ValueError(
                f"functional_call: {' and '.join(names)} are one tied tensor, but different ones "
                "are given; give one of them, or pass tie_weights=False"
            )
        if value is not target:
            values += [
                Standing(target, "_data", value._data),
                Standing(target, "_node", value._node),
            ]
            written.append((target, value._data, value))
    with substituted(tuple(values)):
        try:
            return module(*(args if isinstance(args, tuple) else (args,)), **(kwargs or {}))
        finally:
            for target, before, value in written:
                if target._data is not before:
                    value._rebind(target._data)


def _own(module: Module) -> dict[str, Any]:
    """All parameters and buffers, tied ones under each of their names."""
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _merged(given: Any) -> dict[str, Any]:
    dicts = given if isinstance(given, (tuple, list)) else [given]
    merged: dict[str, Any] = {}
    for part in dicts:
        if not isinstance(part, Mapping):
            raise TypeError(
                f"functional_call: expected a dict of names and tensors, got a "
                f"{type(part).__name__}; pass dict(module.named_parameters())"
            )
        twice = sorted(set(part) & set(merged))
        if twice:
            raise ValueError(f"functional_call: {', '.join(twice)} given in more than one dict")
        merged.update(part)
    return merged


def _check_names(module: Module, own: dict[str, Any], given: dict[str, Any], strict: bool) -> None:
    problems = [f"unknown: {name}{_close(name, own)}" for name in given if name not in own]
    if strict:
        reached = {id(own[name]) for name in given if name in own}
        problems += [f"missing: {name}" for name, x in own.items() if id(x) not in reached]
    problems += [
        f"wrong shape: {name} is {tuple(value._data.shape)}, the module has {own[name].shape}"
        for name, value in given.items()
        if name in own and isinstance(value, Boxed) and value._data.shape != own[name]._data.shape
    ]
    if problems:
        raise ValueError(
            f"functional_call: the tensors do not fit this {type(module).__name__}:\n  "
            + "\n  ".join(problems)
        )


def _close(name: Any, own: dict[str, Any]) -> str:
    from difflib import get_close_matches  # for a message alone

    close = get_close_matches(str(name), own, n=3)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _checked(name: str, target: Any, value: Any) -> Any:
    if not isinstance(value, Boxed):
        raise TypeError(
            f"functional_call: {name} is a {type(value).__name__}; expected a Tensor: make it with "
            "mt.tensor(...)"
        )
    here, there = backend_of(target._data), backend_of(value._data)
    if here is not there or target._data.dtype != value._data.dtype:
        raise TypeError(
            f"functional_call: {name} is {value._data.dtype} on {there.name!r}, the module's is "
            f"{target._data.dtype} on {here.name!r}; convert it, or the module, with .to(...)"
        )
    return source_of(value)


def _at_its_place(module: Module, name: str, value: Any, given: dict[str, Any]) -> Standing:
    """``value`` in the attribute, list or dict where the module keeps ``name``."""
    found = {path: (holder, key) for path, holder, key in places(module)}
    holder, key = found[name]
    if isinstance(holder, tuple):
        raise ValueError(
            f"functional_call: {name} stands in a tuple, which cannot be changed; keep it in a "
            "list to use tie_weights=False"
        )
    for path, (other, other_key) in found.items():
        if other is holder and other_key == key and given.get(path, value) is not value:
            raise ValueError(
                f"functional_call: {name} and {path} are one tensor of one shared layer, but "
                "different ones are given; give one of them"
            )
    return Standing(holder, key, value)
