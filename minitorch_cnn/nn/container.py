"""Modules made of modules: a sequence, and the layer that makes vectors of pictures.

May import ``module``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from minitorch_cnn.nn.module import Module
from minitorch_cnn.ops.arguments import raw
from minitorch_cnn.ops.shape import flatten


class Sequential(Module):
    """Modules called one after another.

    Parameters
    ----------
    *modules : Module
        Named "0", "1", ... ; or one ``OrderedDict``/``dict`` of named modules.

    Raises
    ------
    TypeError
        If something is no Module.

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

    def _add(self, name: str, module: Any) -> None:
        if not isinstance(module, Module):
            raise TypeError(
                f"Sequential: {name!r} is a {type(module).__name__}, not a Module; pass an object "
                "such as nn.ReLU(), not the class or a function"
            )
        vars(self)[name] = module

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; returns this one."""
        self._add(str(len(self)), module)
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
        if raw(x).ndim <= self.start_dim:
            raise ValueError(
                f"Flatten: an input of shape {tuple(raw(x).shape)} has no axis {self.start_dim}; "
                "is the batch axis missing?"
            )
        return flatten(x, self.start_dim, self.end_dim)


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
