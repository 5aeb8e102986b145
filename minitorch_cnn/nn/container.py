"""Modules made of modules or parameters: sequences, lists and dicts.

May import ``module``.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, ClassVar, TypeVar

from minitorch_cnn.nn.module import Module, written
from minitorch_cnn.nn.parameter import Parameter
from minitorch_cnn.tensor import Tensor

_List = TypeVar("_List", bound="_Numbered")


class _Container(Module):
    """Attributes of one ``_kind``."""

    _kind: ClassVar[type] = Module

    def _things(self) -> dict[str, Any]:
        """What is in the container, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, self._kind)}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"{type(self).__name__} holds things and computes nothing; call what is in it, or use "
            "nn.Sequential for modules one after another"
        )

    def __len__(self) -> int:
        return len(self._things())


class _Numbered(_Container):
    """Attributes named "0", "1", ... with the protocol of a list."""

    def _put(self, things: Iterable[Any]) -> None:
        """Make ``things`` what is in the list, numbered anew."""
        new = {str(position): thing for position, thing in enumerate(things)}
        old = self._things()
        for name in old:
            del vars(self)[name]
        try:
            for name, thing in new.items():
                self._add(name, thing)
        except (TypeError, ValueError):
            for name in set(new) & set(vars(self)):
                del vars(self)[name]
            vars(self).update(old)
            raise

    def _add(self, name: str, thing: Any) -> None:
        self.add_module(name, _some(thing, name, self))

    def _name(self, index: Any) -> str:
        """The name of the thing at ``index``, which may count from the end."""
        names = list(self._things())
        try:
            return names[operator.index(index)]
        except IndexError:
            raise IndexError(
                f"{type(self).__name__}: index {index} for {len(names)} entries"
            ) from None
        except TypeError:
            raise TypeError(
                f"{type(self).__name__}: {index!r} is no index; use an integer or a slice"
            ) from None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._things().values())

    def __contains__(self, thing: object) -> bool:
        return any(thing is one for one in self)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])  # type: ignore[call-arg]
        return vars(self)[self._name(index)]

    def __setitem__(self, index: int, thing: Any) -> None:
        self._add(self._name(index), thing)

    def __delitem__(self, index: int | slice) -> None:
        things = list(self)
        if not isinstance(index, slice):
            self._name(index)
        del things[index]
        self._put(things)

    def __add__(self: _List, other: Iterable[Any]) -> _List:
        return type(self)([*self, *_several(other, self)])  # type: ignore[call-arg]

    def __iadd__(self: _List, other: Iterable[Any]) -> _List:
        return self.extend(other)

    def append(self: _List, thing: Any) -> _List:
        """Add at the end, named by the next free number; returns this one."""
        number = len(self)
        while hasattr(self, str(number)):  # as in a slice that keeps the names
            number += 1
        self._add(str(number), thing)
        return self

    def extend(self: _List, things: Iterable[Any]) -> _List:
        """Add all of ``things`` at the end; returns this one."""
        for thing in _several(things, self):
            self.append(thing)
        return self

    def insert(self: _List, index: int, thing: Any) -> _List:
        """Put ``thing`` before the one at ``index``, and number anew; returns this one."""
        things = list(self)
        things.insert(index, thing)
        self._put(things)
        return self

    def pop(self, index: int | slice = -1) -> Any:
        """Take one out (or those of a slice), number the others anew; returns it."""
        thing = self[index]
        del self[index]
        return thing


def _several(things: Any, to: Module) -> list[Any]:
    if isinstance(things, Tensor) or not isinstance(things, Iterable):
        raise TypeError(
            f"{type(to).__name__}: expected several to add, got a {type(things).__name__}; put one "
            "into a list"
        )
    return list(things)


class Sequential(_Numbered):
    """Modules called one after another.

    Has the protocol of a list: ``append``, ``extend``, ``insert``, ``pop``, ``del``, ``+``, ``*``,
    indices and slices.

    Parameters
    ----------
    *args : Module
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

    def __init__(self, *args: Any) -> None:
        named = (
            args[0]
            if len(args) == 1 and isinstance(args[0], dict)
            else {str(position): module for position, module in enumerate(args)}
        )
        for name, module in named.items():
            self._add(name, module)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._things().items())[index]))
        return super().__getitem__(index)

    def __add__(self, other: Iterable[Any]) -> Sequential:
        return type(self)(*self, *_several(other, self))

    def __mul__(self, times: int) -> Sequential:
        """The same modules, ``times`` over: their weights are shared."""
        if operator.index(times) < 1:
            raise ValueError(f"Sequential: {times} times over; expected at least 1")
        return type(self)(*list(self) * times)

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Sequential:
        return self.extend(list(self * times)[len(self) :])


class ModuleList(_Numbered):
    """A list of modules, named "0", "1", ... , that are called by whoever holds the list.

    A plain list of modules is walked just as well; this is PyTorch's way to write it.

    Parameters
    ----------
    modules : iterable of Module, optional

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> layers = nn.ModuleList([nn.Dense(2, 3)])
    >>> layers.append(nn.Dense(3, 1))
    ModuleList(
      (0): Dense(2, 3)
      (1): Dense(3, 1)
    )
    >>> list(layers.state_dict())
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        self.extend([] if modules is None else modules)

    def __repr__(self) -> str:
        """As of any module, where equal neighbours stand in one line, as in PyTorch."""
        runs: list[list[Any]] = []  # first, last, text
        for position, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1][1] = position
            else:
                runs.append([position, position, text])
        lines = [
            f"({first}): {text}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in runs
        ]
        return written(type(self).__name__, lines)


class ParameterList(_Numbered):
    """A list of parameters, named "0", "1", ... ; tensors become parameters.

    Parameters
    ----------
    values : iterable of Tensor, optional

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> nn.ParameterList([mt.ones((2, 3))])
    ParameterList(
      (0): Parameter containing: [float32 of size 2x3]
    )
    """

    _kind = Parameter

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        self.extend([] if values is None else values)

    def _add(self, name: str, thing: Any) -> None:
        self.register_parameter(name, _parameter(thing, name, self))

    def __repr__(self) -> str:
        return written(type(self).__name__, _sizes(self._things()))


class _Named(_Container, MutableMapping[str, Any]):
    """Attributes with the protocol of a dict."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __getitem__(self, key: str) -> Any:
        things = self._things()
        if key not in things:
            raise KeyError(
                f"{type(self).__name__} has no {key!r}; there are "
                f"{', '.join(map(repr, things)) or 'none'}"
            )
        return things[key]

    def __delitem__(self, key: str) -> None:
        self[key]
        del vars(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things())

    def __contains__(self, key: object) -> bool:
        return key in self._things()


class ModuleDict(_Named):
    """A dict of modules, walked in order of insertion; called by whoever holds it.

    Parameters
    ----------
    modules : mapping or iterable of pairs, optional
        From names to modules.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> nn.ModuleDict({"body": nn.Dense(2, 3), "act": nn.ReLU()})
    ModuleDict(
      (body): Dense(2, 3)
      (act): ReLU()
    )
    """

    def __init__(self, modules: Any = None) -> None:
        self.update({} if modules is None else modules)

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, _some(module, key, self))


class ParameterDict(_Named):
    """A dict of parameters, walked in order of insertion; tensors become parameters.

    Parameters
    ----------
    parameters : mapping or iterable of pairs, optional
        From names to tensors.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> nn.ParameterDict({"scale": mt.ones(2)})
    ParameterDict(
      (scale): Parameter containing: [float32 of size 2]
    )
    """

    _kind = Parameter

    def __init__(self, parameters: Any = None) -> None:
        self.update({} if parameters is None else parameters)

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, _parameter(value, key, self))

    def __or__(self, other: Mapping[str, Any]) -> ParameterDict:
        return type(self)({**self, **other})

    def __ior__(self, other: Mapping[str, Any]) -> ParameterDict:
        self.update(other)
        return self

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters."""
        return type(self)(self)

    def __repr__(self) -> str:
        return written(type(self).__name__, _sizes(self._things()))


def _some(module: Any, name: str, to: Module) -> Any:
    if module is None:
        raise TypeError(
            f"{type(to).__name__}: {name!r} is a NoneType, not a Module; use nn.Identity()"
        )
    return module


def _parameter(value: Any, name: str, to: Module) -> Parameter:
    if isinstance(value, Tensor):
        return value if isinstance(value, Parameter) else Parameter(value)
    raise TypeError(
        f"{type(to).__name__}: {name!r} is a {type(value).__name__}, not a Tensor; make it with "
        "mt.tensor(...)"
    )


def _sizes(things: Mapping[str, Parameter]) -> list[str]:
    return [
        f"({name}): Parameter containing: [{p.dtype} of size {'x'.join(map(str, p.shape))}]"
        for name, p in things.items()
    ]
