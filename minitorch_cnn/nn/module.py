"""Modules: objects that hold parameters, buffers and other modules, and compute something.

A module is a plain class. Whatever is assigned to it (a Parameter, a Buffer, a Module, or a list,
tuple or dict of them) is found again by the walk in ``tree``; there is nothing to register. Here
is what a module does: calling with hooks, modes, state, moving. Holds no layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from minitorch_backends.protocol import Backend
from minitorch_cnn.backend import backend_of, destination, namespace
from minitorch_cnn.creation import raw_array, zeros_like
from minitorch_cnn.graph import HookHandle, Leaf
from minitorch_cnn.nn.hooks import ForwardHooks, Hook, register
from minitorch_cnn.nn.parameter import Buffer, Parameter
from minitorch_cnn.nn.tree import Tree, members, walk
from minitorch_cnn.ops.arguments import is_floating
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tensor_alias import join

_Self = TypeVar("_Self", bound="Module")


class DifferingNames(NamedTuple):
    """Names in which a state and a module differ: what ``load_state_dict`` returns."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module(Tree):
    """Base class of layers and nets: define ``forward``, call the object.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         self.slope = nn.Parameter([2.0])
    ...         self.offset = nn.Parameter([1.0])
    ...
    ...     def forward(self, x):
    ...         return x * self.slope + self.offset
    >>> line = Line()
    >>> line(mt.tensor([3.0])).item()
    7.0
    >>> [name for name, _ in line.named_parameters()]
    ['slope', 'offset']
    """

    training: bool = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise TypeError(f"{type(self).__name__} defines no forward(self, ...); add one")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        hooks: ForwardHooks | None = vars(self).get("_hooks")
        try:
            if hooks is None:
                return self.forward(*args, **kwargs)
            return hooks.call(self, args, kwargs)
        except (ValueError, TypeError) as error:
            _name_layer(error, self)
            raise

    # --- hooks ----------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call ``hook(module, args)`` before each ``forward``; it may return other arguments.

        Parameters
        ----------
        hook : callable
            Returns None, the one argument, or a tuple of arguments.
        prepend : bool
            Before the hooks that are there already.
        with_kwargs : bool
            Call ``hook(module, args, kwargs)``, which returns None or ``(args, kwargs)``.

        Returns
        -------
        HookHandle
            Its ``remove()`` takes the hook off; it is a context manager, too.
        """
        return register(self._forward_hooks().before, hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call ``hook(module, args, output)`` after each ``forward``; it may return another output.

        Parameters and result as for :meth:`register_forward_pre_hook`; ``with_kwargs`` calls
        ``hook(module, args, kwargs, output)``.

        >>> import minitorch_cnn as mt
        >>> layer = mt.nn.ReLU()
        >>> with layer.register_forward_hook(lambda module, args, output: output * 10):
        ...     layer(mt.tensor([-1.0, 2.0]))
        tensor([ 0., 20.])
        """
        return register(self._forward_hooks().after, hook, prepend, with_kwargs)

    def _forward_hooks(self) -> ForwardHooks:
        hooks: ForwardHooks = vars(self).setdefault("_hooks", ForwardHooks())
        return hooks

    # --- modes ----------------------------------------------------------------------------------

    def train(self: _Self, mode: bool = True) -> _Self:
        """Switch dropout, batch norm and the like to training; returns this module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: _Self) -> _Self:
        """Switch to evaluation, ``train(False)``; returns this module."""
        return self.train(False)

    def requires_grad_(self: _Self, requires_grad: bool = True) -> _Self:
        """Freeze all parameters (False) or thaw them; returns this module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set ``.grad`` of all parameters to None (or to zeros)."""
        for parameter in self.parameters():
            gradient = parameter.grad
            parameter.grad = None if set_to_none or gradient is None else zeros_like(gradient)

    # --- state ----------------------------------------------------------------------------------

    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """All parameters and persistent buffers by dotted name, without history.

        Names and layouts are PyTorch's for the same architecture. A tied parameter stands under
        each of its names as the same Tensor, by which :meth:`load_state_dict` and
        :func:`minitorch_cnn.save` know it. The tensors share memory with the module until it is
        changed. ``prefix`` is put before each name as it is, so it ends in a dot.
        """
        shown: dict[int, Tensor] = {}
        state = {}
        for name, tensor in _state(self, ""):
            if id(tensor) not in shown:
                shown[id(tensor)] = tensor.detach()
            state[prefix + name] = shown[id(tensor)]
        return state

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> DifferingNames:
        """Overwrite parameters and buffers with ``state``; all or nothing.

        Parameters
        ----------
        state : mapping of str to Tensor or array_like
            As :meth:`state_dict` gives it; dtype and backend of this module stay. Parameters for
            which it holds one and the same Tensor are tied, as :func:`minitorch_cnn.nn.tie` does
            it, if they are of one dtype and backend.
        strict : bool
            False passes over missing and unexpected names (shapes must fit in any case).

        Returns
        -------
        missing_keys, unexpected_keys : list of str
            A named tuple: what the state lacks, and what it has beyond this module.

        Raises
        ------
        ValueError
            Listing every missing and unexpected name, every shape that does not fit, and names
            that are tied here and have different values; nothing has been changed then.
        TypeError
            If ``state`` is no mapping.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"load_state_dict: expected what state_dict() or mt.load(path) gives, got a "
                f"{type(state).__name__}"
            )
        own = dict(_state(self, ""))
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        problems = []
        if strict:
            problems += [f"missing: {name} {own[name].shape}" for name in missing]
            problems += [f"unexpected: {name}" for name in unexpected]
        new: dict[str, Any] = {}
        first_names: dict[int, str] = {}
        for name in (name for name in own if name in state):
            target = own[name]
            home = backend_of(target.data)
            try:
                array = raw_array(state[name], dtype=target.dtype, backend=home, copy=True)
            except (ValueError, TypeError) as error:
                problems.append(f"no tensor: {name}: {error}")
                continue
            if tuple(array.shape) != target.shape:
                problems.append(
                    f"wrong shape: {name} is {tuple(array.shape)}, the module has {target.shape}"
                )
            new[name] = array
            first = first_names.setdefault(id(target), name)
            if not _equal(new[first], array):
                problems.append(
                    f"two values: {first} and {name} are tied in the module and differ in the "
                    "state; nn.untie(module) first gives each parameter a tensor of its own"
                )
        if problems:
            raise ValueError(
                f"load_state_dict: the state does not fit this {type(self).__name__}:\n  "
                + "\n  ".join(problems)
                + "\nLoad it into the architecture it was saved from; strict=False passes over "
                "missing and unexpected names."
            )
        for name, array in new.items():
            own[name]._rebind(array)
        _tie_as_in(state, own)
        return DifferingNames(missing, unexpected)

    def to(self: _Self, *targets: Any, device: Any = None, dtype: Any = None) -> _Self:
        """Move all parameters and buffers to a backend, or floating-point ones to a dtype.

        Changes this module and returns it; gradients move along.

        Parameters
        ----------
        *targets : str, Backend, dtype, device or Tensor
            Such as ``"cupy"``, ``"float64"``, ``mt.float64`` or ``x.device``; a Tensor stands for
            its backend and dtype.
        device, dtype : optional
            The same by keyword.
        """
        home, dtype = destination(*targets, device=device, dtype=dtype)
        if dtype is not None and dtype.kind != "f":
            raise TypeError(
                f"to: a module moves to a floating-point dtype such as mt.float32, not to {dtype}"
            )
        for _, tensor in _state(self, "", everything=True):
            _move(tensor, dtype, home)
        return self

    def float(self: _Self) -> _Self:
        """Floating-point parameters and buffers in float32, ``to("float32")``."""
        return self.to("float32")

    def double(self: _Self) -> _Self:
        """Floating-point parameters and buffers in float64, ``to("float64")``."""
        return self.to("float64")

    def half(self: _Self) -> _Self:
        """Floating-point parameters and buffers in float16, ``to("float16")``."""
        return self.to("float16")

    def __repr__(self) -> str:
        name, extra = type(self).__name__, self.extra_repr()
        lines = [f"({key}): {child!r}" for key, child in members(self) if isinstance(child, Module)]
        return written(name, [extra, *lines] if extra else lines) if lines else f"{name}({extra})"

    def extra_repr(self) -> str:
        """What stands between the parentheses of ``repr``; layers give their settings."""
        return ""


def written(name: str, lines: list[str]) -> str:
    """A module's text: what is in it, one below the other."""
    return f"{name}(\n  " + "\n".join(lines).replace("\n", "\n  ") + "\n)" if lines else f"{name}()"


def _state(module: Module, prefix: str, everything: bool = False) -> Iterator[tuple[str, Tensor]]:
    seen: set[int] = set()
    for name, value in walk(module, prefix):
        if isinstance(value, Module):
            continue
        if everything and id(value) in seen:
            continue
        if everything or not isinstance(value, Buffer) or value.persistent:
            seen.add(id(value))
            yield name, value


def _equal(a: Any, b: Any) -> bool:
    """Whether two arrays of one dtype and backend have equal entries; NaN equals itself."""
    if a is b:
        return True
    return a.shape == b.shape and bool(namespace(a).all((a == b) | ((a != a) & (b != b))))


def _tie_as_in(state: Mapping[str, Any], own: Mapping[str, Tensor]) -> None:
    """Tie the parameters for which ``state`` holds the same tensor."""
    first_owners: dict[int, Tensor] = {}
    for name, tensor in own.items():
        value = state.get(name)
        if not (isinstance(tensor, Parameter) and isinstance(value, Tensor)):
            continue
        first = first_owners.setdefault(id(value), tensor)
        if first is not tensor and _home(first) == _home(tensor):
            join(first, tensor)


def _home(tensor: Tensor) -> tuple[Any, str]:
    return tensor.dtype, tensor.backend


def _move(tensor: Tensor, dtype: Any, home: Backend | None) -> None:
    """Give a parameter or buffer, and its gradient, another backend or floating-point dtype."""
    here = backend_of(tensor.data)
    wanted = dtype if dtype is not None and is_floating(tensor.data.dtype) else tensor.dtype
    if wanted == tensor.dtype and home in (None, here):
        return
    gradient, old = tensor.grad, tensor._node
    tensor._grad = None
    tensor._data = raw_array(tensor.data, dtype=wanted, backend=home or here, copy=False)
    if isinstance(old, Leaf):  # a new leaf: graphs recorded before belong to the old place
        new = tensor._node = Leaf(tensor, tensor.shape, tensor.data.dtype)
        new.hooks, old.overwritten = old.hooks, new.number
    if gradient is not None:
        _move(gradient, dtype, home)
        tensor._grad = gradient


def _name_layer(error: Exception, module: Module) -> None:
    """Put the path of the layer in which ``error`` arose before its message."""
    inner: tuple[Module, str, str] | None = getattr(error, "_layer", None)
    if inner is None:
        path, message = "", str(error)
    else:
        name = next((n for n, below in module.named_modules() if below is inner[0]), "")
        path = f"{name}.{inner[1]}".strip(".")
        message = inner[2]
    error._layer = (module, path, message)  # type: ignore[attr-defined]
    if path and len(error.args) == 1:
        error.args = (f"layer {path!r}: {message}",)
