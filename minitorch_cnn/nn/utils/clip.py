"""Gradients made smaller before a step: by their common length, or entry by entry.

May import ``tensor_alias`` and what lies below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_cnn.creation import tensor
from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.nn.arguments import at_least_zero
from minitorch_cnn.ops.arrange import stack
from minitorch_cnn.ops.elementwise import clip
from minitorch_cnn.ops.reduce import vector_norm
from minitorch_cnn.ops.shape import astype
from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tensor_alias import source_of

Tensors = Tensor | Iterable[Tensor]


def get_total_norm(
    tensors: Tensors,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all ``tensors`` as if they were one long vector.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensor
    norm_type : float
        Infinity gives the largest entry.
    error_if_nonfinite : bool
        Refuse a norm that is infinite or no number.
    foreach : bool, optional
        Changes nothing: there is one way to work it out here.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If the norm is not finite and ``error_if_nonfinite``.

    >>> import minitorch_cnn as mt
    >>> mt.nn.utils.get_total_norm([mt.tensor([3.0]), mt.tensor([[4.0]])])
    tensor(5.)
    """
    norm_type = float(norm_type)
    norms = [vector_norm(one, ord=norm_type) for one in _list(tensors, "get_total_norm")]
    if not norms:
        return tensor(0.0)  # type: ignore[no-any-return]
    together = stack([astype(norm, norms[0].dtype) for norm in norms])
    total: Tensor = vector_norm(together, ord=norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise ValueError(
            f"get_total_norm: the norm of order {norm_type} is {total.item()}; a gradient is not "
            "finite. Look for it, or pass error_if_nonfinite=False"
        )
    return total


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients so that their common norm is at most ``max_norm``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose ``.grad`` is replaced; those without one are passed over, tied ones count once.
    max_norm : float
    norm_type, error_if_nonfinite, foreach
        As for :func:`get_total_norm`.

    Returns
    -------
    Tensor, shape ()
        The norm before.

    Notes
    -----
    Gradients are multiplied by ``min(1, max_norm / (norm + 1e-6))``. Source: R. Pascanu et al.,
    "On the difficulty of training recurrent neural networks", 2013.

    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([0.0, 0.0])
    >>> p.grad = mt.tensor([30.0, 40.0])
    >>> mt.nn.utils.clip_grad_norm_(p, max_norm=5.0)
    tensor(50.)
    >>> p.grad
    tensor([3., 4.])
    """
    owners = _with_gradients(parameters, "clip_grad_norm_")
    gradients: list[Any] = [owner.grad for owner in owners]
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    factor = clip(at_least_zero(max_norm, "clip_grad_norm_ max_norm") / (total + 1e-6), max=1.0)
    for owner, gradient in zip(owners, gradients, strict=True):
        owner.grad = gradient * astype(factor, gradient.dtype)
    return total


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit every entry of every gradient to ``[-clip_value, clip_value]``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose ``.grad`` is replaced; those without one are passed over.
    clip_value : float
    foreach : bool, optional
        Changes nothing.

    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([0.0, 0.0])
    >>> p.grad = mt.tensor([30.0, -0.5])
    >>> mt.nn.utils.clip_grad_value_([p], 1.0)
    >>> p.grad
    tensor([ 1. , -0.5])
    """
    limit = float(at_least_zero(clip_value, "clip_grad_value_ clip_value"))
    for owner in _with_gradients(parameters, "clip_grad_value_"):
        owner.grad = clip(owner.grad, -limit, limit)


def _with_gradients(parameters: Tensors, name: str) -> list[Tensor]:
    """Those that have a gradient, each once, however many of its names are given."""
    found = dict.fromkeys(map(source_of, _list(parameters, name)))
    return [parameter for parameter in found if parameter.grad is not None]


def _list(tensors: Tensors, name: str) -> list[Tensor]:
    if not isinstance(tensors, Iterable):
        raise TypeError(
            f"{name}: expected tensors, got a {type(tensors).__name__}; pass model.parameters()"
        )
    found = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for one in found:
        if not isinstance(one, Tensor):
            raise TypeError(
                f"{name}: expected tensors, got a {type(one).__name__}; pass model.parameters()"
            )
    return found
