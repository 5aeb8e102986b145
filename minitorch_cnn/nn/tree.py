"""The tree of modules: what was assigned to an object is found again by walking it.

Parameters, buffers and trees are found in attributes, and in lists, tuples and dicts assigned to
them. Of each tree come first its own parameters, then its buffers, then what lies below, in order
of assignment: PyTorch's order. What is tied to a parameter is that parameter here. May import
``parameter``; what a module computes is in ``module``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from minitorch_cnn.nn.parameter import Buffer, Parameter
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tensor_alias import source_of

if TYPE_CHECKING:
    from minitorch_cnn.nn.module import Module

_Self = TypeVar("_Self", bound="Tree")


class Tree:
    """What holds parameters, buffers and further trees: the half of a module that is looked up."""

    # --- assigning ------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        computing = parametrization_of(self, name)
        if computing is not None:
            computing.right_inverse(value)
            return
        if isinstance(value, Tensor) and not isinstance(value, (Parameter, Buffer)):
            value = _in_state(self, name, value)
        elif value is None and isinstance(old := vars(self).get(name), Buffer):
            _empty_buffers(self)[name] = old.persistent
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # only for what is not found the usual way
        computing = parametrization_of(self, name)
        if computing is not None:
            return computing()
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
        )

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Assign a :class:`Buffer` of a copy of ``tensor`` (or None); assigning it does the same.

        Raises
        ------
        ValueError, TypeError
            If the name cannot be used or is taken, or ``tensor`` is no Tensor.
        """
        self._claim(name, Buffer, "buffer")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"{type(self).__name__}: buffer {name!r} is a {type(tensor).__name__}, not a "
                "Tensor; make it with mt.tensor(...)"
            )
        if tensor is None:
            _empty_buffers(self)[name] = persistent
        vars(self)[name] = None if tensor is None else Buffer(tensor, persistent)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Assign a Parameter (or None) by name; ``self.name = param`` does the same.

        Raises
        ------
        ValueError, TypeError
            If the name cannot be used or is taken, or ``param`` is no Parameter.
        """
        self._claim(name, Parameter, "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"{type(self).__name__}: parameter {name!r} is a {type(param).__name__}, not a "
                "Parameter; make it with nn.Parameter(...)"
            )
        vars(self)[name] = param

    def add_module(self, name: str, module: Module | None) -> None:
        """Assign a module (or None) by name, which may be a number such as ``"0"``.

        Raises
        ------
        ValueError, TypeError
            If the name cannot be used or is taken, or ``module`` is no Module.
        """
        self._claim(name, Tree, "module")
        if module is not None and not isinstance(module, Tree):
            what = (
                f"the class {module.__name__}"
                if isinstance(module, type)
                else f"a {type(module).__name__}"
            )
            raise TypeError(
                f"{type(self).__name__}: {name!r} is {what}, not a Module; pass an object such as "
                "nn.ReLU(), and the modules of a list as *modules"
            )
        vars(self)[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """:meth:`add_module` by its other name."""
        self.add_module(name, module)

    def _claim(self, name: Any, kind: type, what: str) -> None:
        """Refuse a name that is none, or that something else than a ``kind`` has."""
        if not isinstance(name, str):
            raise TypeError(f"{type(self).__name__}: the name {name!r} of a {what} is no str")
        if not name or "." in name:
            raise ValueError(
                f"{type(self).__name__}: {name!r} is no name for a {what}; it needs letters, no dot"
            )
        there = vars(self).get(name, kind)
        if not (there is None or isinstance(there, kind)) and hasattr(self, name):
            raise ValueError(f"{type(self).__name__}: the name {name!r} is taken; choose another")

    # --- finding --------------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Modules assigned to this one, each once, with their names."""
        seen: set[int] = set()
        for name, value in members(self):
            if isinstance(value, Tree) and id(value) not in seen:
                seen.add(id(value))
                yield name, value  # type: ignore[misc]

    def children(self) -> Iterator[Module]:
        """Modules assigned to this one, each once."""
        return (child for _, child in self.named_children())

    def named_modules(
        self, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module (named ``prefix``) and all below it, each once, with dotted names."""
        return _named(self, prefix, Tree, True, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Parameters with dotted names, in PyTorch's order.

        Parameters
        ----------
        prefix : str
            Put before every name.
        recurse : bool
            False leaves out those of modules below.
        remove_duplicate : bool
            A tied parameter once, under its first name; False gives it under every name.
        """
        return _named(self, prefix, Parameter, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once: a module's own, then those of the modules below."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Buffer]]:
        """Buffers with dotted names; arguments as for :meth:`named_parameters`."""
        return _named(self, prefix, Buffer, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Buffer]:
        """All buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module with dotted name ``target``; ``""`` is this one.

        Raises
        ------
        AttributeError
            If there is none.
        """
        return self._get(target, Tree, "module")  # type: ignore[no-any-return]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with dotted name ``target``; see :meth:`get_submodule`."""
        return self._get(target, Parameter, "parameter")  # type: ignore[no-any-return]

    def get_buffer(self, target: str) -> Buffer:
        """The buffer with dotted name ``target``; see :meth:`get_submodule`."""
        return self._get(target, Buffer, "buffer")  # type: ignore[no-any-return]

    def _get(self, target: str, kind: type, what: str) -> Any:
        found = dict(_named(self, "", kind, recurse=True, once=False))
        if target not in found:
            raise AttributeError(
                f"{type(self).__name__} has no {what} {target!r}; there are "
                f"{', '.join(map(repr, found)) or 'none'}"
            )
        return found[target]

    def apply(self: _Self, fn: Callable[[Any], object]) -> _Self:
        """Call ``fn`` on every module below and then on this one; returns this module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self


def members(tree: Tree) -> list[tuple[str, Any]]:
    """What is assigned to ``tree``: its parameters, then its buffers, then its trees."""
    found = [entry for name, value in vars(tree).items() for entry in _entries(name, value)]
    return sorted(found, key=lambda entry: _rank(entry[1]))


def _rank(value: Any) -> int:
    return 0 if isinstance(value, Parameter) else 1 if isinstance(value, Buffer) else 2


def _entries(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (Tree, Parameter, Buffer)):
        yield name, source_of(value)
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _entries(f"{name}.{position}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _entries(f"{name}.{key}", item)


def walk(
    tree: Tree, prefix: str = "", recurse: bool = True, above: tuple[int, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """Every tree and tensor from ``tree`` down, with dotted names, repeated where shared."""
    if id(tree) in above:
        raise ValueError(
            f"module {prefix or type(tree).__name__!r} contains itself; a net must be a tree"
        )
    yield prefix, tree
    for name, value in members(tree):
        path = f"{prefix}.{name}" if prefix else name
        if not isinstance(value, Tree):
            yield path, value
        elif recurse:
            yield from walk(value, path, recurse, (*above, id(tree)))


def places(holder: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, holder and key of every parameter and buffer, repeated where trees are shared."""
    holder = vars(holder) if isinstance(holder, Tree) else holder
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in list(items):
        place = f"{path}.{key}" if path else f"{key}"
        if isinstance(value, (Parameter, Buffer)):
            yield place, holder, key
        elif isinstance(value, (Tree, list, tuple, dict)):
            yield from places(value, place)


def _named(
    tree: Tree, prefix: str, kind: type, recurse: bool, once: bool
) -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    for name, value in walk(tree, prefix, recurse):
        if isinstance(value, kind) and not (once and id(value) in seen):
            seen.add(id(value))
            yield name, value


def parametrization_of(tree: Tree, name: str) -> Any:
    """The module that computes attribute ``name`` of ``tree``, if it is parametrised."""
    home = vars(tree).get("parametrizations")
    found = vars(home).get(name) if isinstance(home, Tree) else None
    return found if isinstance(found, Tree) else None


def _empty_buffers(tree: Tree) -> dict[str, bool]:
    """Names of buffers that are None at present, and whether they persist."""
    names: dict[str, bool] = vars(tree).setdefault("_buffers_to_come", {})
    return names


def _in_state(tree: Tree, name: str, tensor: Tensor) -> Tensor:
    """What is stored where a plain tensor is assigned to the name of a parameter or buffer."""
    old, path = vars(tree).get(name), f"{type(tree).__name__}.{name}"
    if isinstance(old, Parameter):
        raise TypeError(
            f"{path} is a Parameter and would no longer be learned as a plain Tensor; assign "
            "nn.Parameter(value), or overwrite it with .assign_(value)"
        )
    to_come = vars(tree).get("_buffers_to_come", {}) if old is None else {}
    if not isinstance(old, Buffer) and name not in to_come:
        return tensor
    if tensor.requires_grad:
        raise TypeError(
            f"{path} is a Buffer, which is not learned, and the new value needs a gradient; "
            "assign value.detach()"
        )
    return Buffer(tensor, old.persistent if isinstance(old, Buffer) else to_come[name])
