"""Modules made of modules: a sequence, and the layer that makes vectors of pictures.

May import ``module``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from minitorch_cnn.nn.module import Module
from minitorch_cnn.ops.arguments import raw, require_array
from minitorch_cnn.ops.shape import flatten


class Sequential(Module):
    """Modules called one after another.

    Parameters
    ----------
    *modules : Module
        Named "0", "1", ... ; or one ``OrderedDict``/``dict`` of named modules.

    Raises
    ------
    TypeError, ValueError
        If something is no Module, or a name cannot be used.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> net = nn.Sequential(nn.Flatten(), nn.Dense(4, 2))
    >>> net(mt.ones((3, 2, 2))).shape, len(net)
    ((3, 2), 2)
    """

    def __init__(self, *modules: Any) -> None:
        named = (
            modules[0]
            if len(modules) == 1 and isinstance(modules[0], (dict, OrderedDict))
            else {str(position): module for position, module in enumerate(modules)}
        )
        for name, module in named.items():
            self._add(name, module)

    def _add(self, name: Any, module: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"Sequential: the name {name!r} of a module is no str")
        if not name or "." in name:
            raise ValueError(
                f"Sequential: {name!r} is no name for a module; it needs letters, no dot"
            )
        if hasattr(self, name):
            raise ValueError(f"Sequential: the name {name!r} is taken; choose another")
        if not isinstance(module, Module):
            what = (
                f"the class {module.__name__}"
                if isinstance(module, type)
                else (f"a {type(module).__name__}")
            )
            raise TypeError(
                f"Sequential: {name!r} is {what}, not a Module; pass an object such as nn.ReLU(), "
                "and the modules of a list as *modules"
            )
        vars(self)[name] = module

    def append(self, module: Module) -> Sequential:
        """Add a module at the end, named by the next free number; returns this one."""
        number = len(self)
        while hasattr(self, str(number)):  # as in a slice, which keeps the names
            number += 1
        self._add(str(number), module)
        return self

    def forward(self, x: Any) -> Any:
        for module in self.children():
            x = module(x)
        return x

    def __len__(self) -> int:
        return len(list(self.children()))

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int | slice) -> Any:
        modules = list(self.named_children())
        if isinstance(index, slice):
            return type(self)(dict(modules[index]))
        return modules[index][1]


class Flatten(Module):
    """The axes from ``start_dim`` to ``end_dim`` made one: pictures become vectors.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Flatten()(mt.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        shape = tuple(raw(require_array(x, "Flatten")).shape)
        if len(shape) <= self.start_dim:
            raise ValueError(
                f"Flatten: an input of shape {shape} has no axis {self.start_dim}; "
                "is the batch axis missing?"
            )
        return flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """Gives its input back.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Identity()(mt.ones(1))
    tensor([1.])
    """

    def forward(self, x: Any) -> Any:
        return x
