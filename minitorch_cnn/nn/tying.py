"""Tying parameters: several become one, and each a tensor of its own again.

Which of them is found, stepped and saved is decided by the walk in ``tree``; what a further name
for a tensor is stands in ``tensor_alias``. May import ``module`` and what lies below it.
"""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Buffer, Parameter
from minitorch_cnn.nn.tree import places
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tensor_alias import is_tied, join, part, source_of

_Tied = TypeVar("_Tied", bound="Module | Parameter")


def tie(a: Module | Parameter, b: Module | Parameter) -> None:
    """Make ``b`` another name for ``a``: one parameter from then on, with one value and gradient.

    It is counted, stepped, clipped and saved once, under the name that comes first in the module,
    and its gradient is the sum over all its uses. ``b`` takes over the entries of ``a`` and whether
    it requires a gradient; its own entries, gradient and hooks are dropped. What was tied to ``b``
    before is tied to ``a`` too.

    Parameters
    ----------
    a : Parameter or Module
        Keeps its entries.
    b : Parameter or Module
        A parameter of the same shape, dtype and backend; or, for two modules, one whose parameters
        have the same names and shapes, which are tied pair by pair. Buffers are not tied.

    Raises
    ------
    ValueError
        If shapes, dtypes, backends or names of parameters differ, or one module holds the other;
        nothing has been changed then.
    TypeError
        If these are no two parameters and no two modules.

    See Also
    --------
    untie : The way back.

    Notes
    -----
    Assigning one parameter twice (``decoder.weight = encoder.weight``) ties as well; the two places
    then hold one object. Here they hold two, so that whoever has ``b``, a list or an optimiser,
    follows; ``parameters()`` and its relatives give ``a`` for both. A copy or a pickle of a module
    is tied as the module is.

    Optimisers move a tied parameter once, with the settings and the state of the first of its names
    that they were given, even if they are older than the tie.

    A graph that was recorded before and needs the old entries of ``b`` cannot be differentiated any
    longer.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> net = nn.Sequential(nn.Dense(3, 3), nn.ReLU(), nn.Dense(3, 3))
    >>> nn.tie(net[0].weight, net[2].weight)
    >>> [name for name, _ in net.named_parameters()]
    ['0.weight', '0.bias', '2.bias']
    >>> list(net.state_dict())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """
    if isinstance(a, Parameter) and isinstance(b, Parameter):
        pairs = {"a and b": (a, b)}
    elif isinstance(a, Module) and isinstance(b, Module):
        pairs = _pairs(a, b)
    else:
        raise TypeError(
            f"tie: expected two parameters or two modules; a is {_described(a)}, b is "
            f"{_described(b)}"
        )
    _require_alike(pairs)
    for one, other in pairs.values():
        join(one, other)


def untie(x: _Tied) -> _Tied:
    """Give a parameter, or every parameter of a module, a tensor of its own again.

    Its entries are copies of what they were and it requires a gradient as before, but it has none:
    the gradient was one of all uses together.

    Parameters
    ----------
    x : Parameter or Module
        A parameter is taken out of what :func:`tie` made; those that are left stay tied to each
        other. In a module this is done to every parameter, and where one parameter was assigned
        several times, the first name keeps it and the others get copies. A layer that is used in
        two places stays one layer. What is not tied stays as it is.

    Returns
    -------
    Parameter or Module
        ``x``.

    Raises
    ------
    ValueError
        If a copy would have to be put into a tuple; nothing has been changed then.
    TypeError
        If ``x`` is neither a parameter nor a module.

    Notes
    -----
    An optimiser moves what it was given. One that was made from ``model.parameters()`` of a tied
    model knows nothing of the parameters that are new now: add them by ``add_param_group``, or make
    it anew. One that was given both names moves each of them from here on.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> net = nn.Sequential(nn.Dense(3, 3), nn.Dense(3, 3))
    >>> nn.tie(net[0], net[1])
    >>> len(list(net.parameters())), len(list(nn.untie(net).parameters()))
    (2, 4)
    """
    if isinstance(x, Parameter):
        part(x)
    elif isinstance(x, Module):
        _untie_below(x)
    else:
        raise TypeError(f"untie: expected a parameter or a module, got {_described(x)}")
    return x


def _described(value: Any) -> str:
    """What a value is that cannot be tied, and what to do about it."""
    if isinstance(value, (Module, Parameter)) or not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    if isinstance(value, Buffer):
        return "a Buffer, which is not learned (to share it, assign it twice)"
    if value.is_leaf:
        return "a Tensor (make it learned with nn.Parameter(...))"
    return (
        "a Tensor computed from others (of a parametrised layer, tie "
        "layer.parametrizations.weight.original)"
    )


def _pairs(a: Module, b: Module) -> dict[str, tuple[Parameter, Parameter]]:
    """The parameters of two modules by name; neither may hold the other."""
    if a is b:
        raise ValueError(f"tie: a and b are the same {type(a).__name__}; tie two modules")
    for outer, inner, names in ((a, b, "b is in a"), (b, a, "a is in b")):
        for path, module in outer.named_modules():
            if module is inner:
                raise ValueError(
                    f"tie: {names}, as {path!r}; a module cannot be tied to a part of itself. Tie "
                    "the parameters that should be one"
                )
    ours = dict(a.named_parameters(remove_duplicate=False))
    theirs = dict(b.named_parameters(remove_duplicate=False))
    if set(ours) != set(theirs):
        raise ValueError(
            "tie: the names of the parameters differ: "
            f"a, a {type(a).__name__}, has {', '.join(ours) or 'none'}; "
            f"b, a {type(b).__name__}, has {', '.join(theirs) or 'none'}. "
            "Tie those that should be one, such as nn.tie(a.weight, b.weight)"
        )
    return {name: (ours[name], theirs[name]) for name in ours}


def _require_alike(pairs: dict[str, tuple[Parameter, Parameter]]) -> None:
    """Refuse pairs that cannot be one, and such as would make one of what is two in ``a``."""
    problems = [
        f"{name}: {_text(one)} and {_text(other)}"
        for name, (one, other) in pairs.items()
        if _text(one) != _text(other)
    ]
    if problems:
        raise ValueError(
            "tie: tied parameters have one shape, dtype and backend:\n  "
            + "\n  ".join(problems)
            + "\nChoose equal sizes, or move the modules they are in with .to(...)."
        )
    sources = {name: (source_of(one), source_of(other)) for name, (one, other) in pairs.items()}
    goals = {id(one): one for one, _ in sources.values()}
    for name, (one, other) in sources.items():
        if goals.setdefault(id(other), one) is not one:
            raise ValueError(
                f"tie: {name} of b is tied already, and would make one of two parameters of a; "
                "nn.untie(b) first, or tie the two in a as well"
            )


def _text(parameter: Parameter) -> str:
    return f"{parameter.shape} of {parameter.dtype} on {parameter.backend!r}"


def _untie_below(module: Module) -> None:
    order = {
        name: number
        for number, (name, _) in enumerate(module.named_parameters(remove_duplicate=False))
    }
    found = [place for place in places(module) if isinstance(place[1][place[2]], Parameter)]
    found.sort(key=lambda place: order[place[0]])
    once: dict[tuple[int, Any], tuple[str, Any, Any]] = {}
    for path, holder, key in found:  # those of a layer in two places are met twice
        once.setdefault((id(holder), key), (path, holder, key))
    kept: dict[int, Parameter] = {}
    repeated = []
    for path, holder, key in once.values():
        if id(holder[key]) in kept:
            repeated.append((holder, key))
            if isinstance(holder, tuple):
                raise ValueError(
                    f"untie: {path} stands in a tuple, which cannot be changed; keep it in a list"
                )
        kept[id(holder[key])] = holder[key]
    shared = [parameter for parameter in kept.values() if is_tied(parameter)]
    shared += [holder[key] for holder, key in repeated]
    for parameter in kept.values():
        part(parameter)
    for parameter in shared:
        parameter.grad = None
    for holder, key in repeated:
        holder[key] = copy.deepcopy(holder[key])
