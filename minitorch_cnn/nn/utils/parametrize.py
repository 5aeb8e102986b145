"""Parameters that are computed from others: ``module.weight`` worked out anew at each look.

The parameters that are learned instead live in ``module.parametrizations.weight``, a
:class:`ParametrizationList`; the walk of ``nn.tree`` finds them there, and looks up there what it
finds nowhere else. The module keeps its class, so copies and pickles are those of any module. May
import ``container`` and ``module``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.nn.container import ModuleDict, ModuleList
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Buffer, Parameter
from minitorch_cnn.nn.tree import parametrization_of
from minitorch_cnn.tensor import Tensor

_cache: ContextVar[dict[ParametrizationList, Tensor] | None] = ContextVar("_cache", default=None)


class ParametrizationList(ModuleList):
    """What computes one parametrised tensor: the originals, and the modules applied to them.

    Made by :func:`register_parametrization`. The learned tensor is ``original``, or ``original0``,
    ``original1``, ... where the first module's ``right_inverse`` gives several.

    Parameters
    ----------
    modules : sequence of Module
        Applied one after another, the first to the originals.
    original : Parameter or Buffer
        What was there before.
    unsafe : bool
        Whether shape and dtype may change.
    """

    def __init__(
        self, modules: Sequence[Module], original: Parameter | Buffer, unsafe: bool = False
    ) -> None:
        if not modules:
            raise ValueError("ParametrizationList: no modules; pass at least one parametrization")
        super().__init__(modules)
        self.unsafe = unsafe
        found = _inverted(self, original, required=False)
        if isinstance(found, Tensor):
            self.names: tuple[str, ...] = ("original",)
            if found.dtype != original.dtype:
                raise ValueError(
                    f"parametrization: right_inverse gave dtype {found.dtype} for a tensor of "
                    f"{original.dtype}; they must be equal"
                )
            kept = original if found.shape == original.shape else _like(original, found)
            self.original = kept
        else:
            self.names = tuple(f"original{number}" for number in range(len(found)))
            for name, value in zip(self.names, found, strict=True):
                setattr(self, name, _like(original, value))
        if not unsafe:
            _same_kind(self._compute(), original, "applied to what right_inverse gave")
        if self.names == ("original",) and found is not original and kept is original:
            kept.assign_(found)  # the same parameter, which an optimiser may know already

    def right_inverse(self, value: Tensor) -> None:
        """Overwrite the originals so that the computed tensor becomes ``value``.

        Raises
        ------
        ValueError, TypeError
            If a parametrization has no ``right_inverse``, or ``value`` does not fit.
        """
        if not isinstance(value, Tensor):
            raise TypeError(
                f"parametrization: expected a Tensor, got a {type(value).__name__}; make it with "
                "mt.tensor(...)"
            )
        found = _inverted(self, value, required=True)
        values = [found] if isinstance(found, Tensor) else list(found)
        if len(values) != len(self.names):
            raise ValueError(
                f"parametrization: right_inverse gave {len(values)} tensors; expected "
                f"{len(self.names)}"
            )
        for name, new in zip(self.names, values, strict=True):
            old = getattr(self, name)
            if new.shape != old.shape or new.dtype != old.dtype:
                raise ValueError(
                    f"parametrization: {name} is {old.shape}, {old.dtype}; the new value gives "
                    f"{new.shape}, {new.dtype}"
                )
        for name, new in zip(self.names, values, strict=True):
            getattr(self, name).assign_(new)
        cache = _cache.get()
        if cache is not None:
            cache.pop(self, None)

    def forward(self) -> Tensor:
        cache = _cache.get()
        if cache is None:
            return self._compute()
        if self not in cache:
            cache[self] = self._compute()
        return cache[self]

    def _compute(self) -> Tensor:
        first, *others = self
        tensor = first(*(getattr(self, name) for name in self.names))
        for module in others:
            tensor = module(tensor)
        return tensor  # type: ignore[no-any-return]


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let ``parametrization`` compute ``module.<tensor_name>`` from what is learned.

    From then on ``module.weight`` (say) is ``parametrization(original)``, worked out at each look,
    and the learned tensor is ``module.parametrizations.weight.original``. Several
    parametrizations of one tensor are applied one after another.

    Parameters
    ----------
    module : Module
    tensor_name : str
        Of a parameter or buffer assigned to ``module``.
    parametrization : Module
        Its ``forward`` computes the tensor. A method ``right_inverse(tensor)``, where it has one,
        gives the original for a tensor, so that the tensor stays what it was and can be assigned
        to; it may return several tensors, which are then the arguments of ``forward``.
    unsafe : bool
        Allow a change of shape or dtype.

    Returns
    -------
    Module
        ``module``.

    Raises
    ------
    ValueError
        If there is no such tensor, or shape or dtype would change.
    TypeError
        If the parametrization is no Module or computes no Tensor.

    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return (x + x.mT) / 2
    >>> layer = nn.Dense(2, 2, bias=False)
    >>> layer.weight.assign_([[1.0, 4.0], [2.0, 3.0]]).shape
    (2, 2)
    >>> layer = nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    >>> layer.weight.tolist()
    [[1.0, 3.0], [3.0, 3.0]]
    >>> list(layer.state_dict())
    ['parametrizations.weight.original']
    """
    if not isinstance(parametrization, Module):
        raise TypeError(
            f"register_parametrization: expected a Module, got a {type(parametrization).__name__}"
        )
    parametrization.train(module.training)
    there: ParametrizationList | None = parametrization_of(module, tensor_name)
    if there is not None:
        if not unsafe:
            with no_grad():
                tensor = there._compute()
                _same_kind(parametrization(tensor), tensor, "applied to the tensor")
        there.append(parametrization)
        there.unsafe |= unsafe
        return module
    original = vars(module).get(tensor_name)
    if not isinstance(original, (Parameter, Buffer)):
        names = [name for name, _ in module.named_parameters(recurse=False)]
        raise ValueError(
            f"register_parametrization: {type(module).__name__} has no parameter or buffer "
            f"{tensor_name!r} of its own; there are {', '.join(map(repr, names)) or 'none'}"
        )
    computed = ParametrizationList([parametrization], original, unsafe)
    computed.training = module.training
    del vars(module)[tensor_name]
    if "parametrizations" not in vars(module):
        module.parametrizations = ModuleDict().train(module.training)
    module.parametrizations[tensor_name] = computed
    return module


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make ``module.<tensor_name>`` a plain parameter (or buffer) again.

    Parameters
    ----------
    module : Module
    tensor_name : str
    leave_parametrized : bool
        Keep the computed value; False gives back the original, where there is one alone.

    Returns
    -------
    Module
        ``module``.

    Raises
    ------
    ValueError
        If the tensor is not parametrised, or has several originals and none can be given back.

    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.utils.parametrizations.weight_norm(mt.nn.Dense(2, 1))
    >>> layer = mt.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    >>> list(layer.state_dict())
    ['bias', 'weight']
    """
    computed: ParametrizationList | None = parametrization_of(module, tensor_name)
    if computed is None:
        raise ValueError(
            f"remove_parametrizations: {tensor_name!r} of this {type(module).__name__} is not "
            "parametrised"
        )
    first = getattr(computed, computed.names[0])
    alone = computed.names == ("original",)
    if not (alone or leave_parametrized):
        raise ValueError(
            f"remove_parametrizations: {tensor_name!r} is computed from {len(computed.names)} "
            "tensors, none of which is the original; leave_parametrized=True keeps its value"
        )
    if leave_parametrized:
        with no_grad():
            value = computed._compute()
        if alone and (value.shape, value.dtype) == (first.shape, first.dtype):
            first.assign_(value)  # the same parameter, which an optimiser may know already
        else:
            first = _like(first, value)
    del module.parametrizations[tensor_name]
    if not module.parametrizations:
        del module.parametrizations
    vars(module)[tensor_name] = first
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether ``tensor_name`` of ``module`` (None: any of its tensors) is parametrised.

    >>> import minitorch_cnn as mt
    >>> mt.nn.utils.parametrize.is_parametrized(mt.nn.Dense(2, 1), "weight")
    False
    """
    if tensor_name is not None:
        return parametrization_of(module, tensor_name) is not None
    home = vars(module).get("parametrizations")
    return isinstance(home, ModuleDict) and len(home) > 0


@contextmanager
def cached() -> Iterator[None]:
    """Inside this context each parametrised tensor is computed once, at the first look.

    For layers that are used many times in one step, such as those of a recurrent net. Leave it
    before the optimiser's step: an overwritten original is not noticed.

    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.utils.parametrizations.weight_norm(mt.nn.Dense(2, 1))
    >>> with mt.nn.utils.parametrize.cached():
    ...     layer.weight is layer.weight
    True
    """
    if _cache.get() is not None:  # the outer context holds on
        yield
        return
    token = _cache.set({})
    try:
        yield
    finally:
        _cache.reset(token)


def _inverted(modules: ParametrizationList, tensor: Tensor, required: bool) -> Any:
    """The originals that give ``tensor``: one, or several from the first module."""
    value: Any = tensor
    with no_grad():
        for module in reversed(list(modules)):
            inverse = getattr(module, "right_inverse", None)
            if inverse is not None:
                value = inverse(value)
            elif required:
                raise ValueError(
                    f"parametrization: {type(module).__name__} has no right_inverse, so a value "
                    "cannot be assigned; define one, or overwrite the original"
                )
    several = value if isinstance(value, (tuple, list)) else (value,)
    for one in several:
        if not isinstance(one, Tensor):
            raise TypeError(
                f"parametrization: right_inverse gave a {type(one).__name__}; expected a Tensor or "
                "a tuple of them"
            )
    return value


def _like(original: Parameter | Buffer, value: Tensor) -> Parameter | Buffer:
    """``value`` as a parameter (frozen or not) or buffer, as ``original`` is one."""
    home = {"dtype": value.dtype, "backend": value.backend}
    if isinstance(original, Buffer):
        return Buffer(value.detach(), original.persistent, **home)
    return Parameter(value.detach(), original.requires_grad, **home)


def _same_kind(computed: Any, original: Tensor, when: str) -> None:
    if not isinstance(computed, Tensor):
        raise TypeError(f"parametrization: it gave a {type(computed).__name__}; expected a Tensor")
    if (computed.shape, computed.dtype) != (original.shape, original.dtype):
        raise ValueError(
            f"parametrization: {when} it gave {computed.shape}, {computed.dtype}; the tensor has "
            f"{original.shape}, {original.dtype}. Pass unsafe=True if that is meant"
        )
