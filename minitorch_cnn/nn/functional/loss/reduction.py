"""What all losses share: reductions, PyTorch's older arguments for them, and checks of shapes.

May import ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.ops.arguments import raw, require_array, require_float, require_one_backend
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.reduce import mean
from minitorch_cnn.ops.reduce import sum as total


def chosen_reduction(
    name: str,
    reduction: str,
    size_average: bool | None = None,
    reduce: bool | None = None,
    more: tuple[str, ...] = (),
) -> str:
    """The reduction asked for, by its name or by the two arguments PyTorch had before.

    ``reduce=False`` is ``"none"``; otherwise ``size_average=False`` is ``"sum"`` and True
    ``"mean"``. ``more`` are the names that only this loss knows.
    """
    for argument, value in (("size_average", size_average), ("reduce", reduce)):
        if isinstance(value, str):
            raise TypeError(
                f"{name}: {argument}={value!r} is no bool; name the reduction: reduction={value!r}"
            )
    if reduce is not None or size_average is not None:
        if reduce is not None and not reduce:
            return "none"
        return "mean" if size_average is None or size_average else "sum"
    known = ("mean", "sum", "none", *more)
    if reduction not in known:
        raise ValueError(
            f"{name}: reduction {reduction!r} is none of {', '.join(map(repr, known))}"
        )
    return reduction


def reduced(losses: Any, reduction: str, weight: Any = None) -> Any:
    """Losses as they are, summed, or averaged (over the sum of ``weight`` where given).

    The mean of nothing is NaN, as in PyTorch.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return total(losses)
    if weight is not None:
        weights = total(weight)
        return total(losses) / where(weights == 0, math.nan, weights)
    return mean(losses)


def weighted(losses: Any, weight: Any, name: str) -> Any:
    """Losses times a weight that broadcasts to their shape; None leaves them as they are."""
    if weight is None:
        return losses
    require_one_backend(name, input=losses, weight=require_array(weight, name))
    own, given = tuple(raw(losses).shape), tuple(raw(weight).shape)
    pairs = zip(reversed(own), reversed(given), strict=False)
    if len(given) > len(own) or any(n not in (1, m) for m, n in pairs):
        raise ValueError(
            f"{name}: a weight of shape {given} does not broadcast to losses of shape {own}; "
            "expected one weight for each, or sizes of 1"
        )
    return losses * weight


def same_shape(name: str, **tensors: Any) -> None:
    """Refuse tensors of different shapes or backends; None is passed over."""
    given = {key: require_array(x, name) for key, x in tensors.items() if x is not None}
    require_one_backend(name, **given)
    shapes = {key: tuple(raw(x).shape) for key, x in given.items()}
    if len(set(shapes.values())) > 1:
        met = " and ".join(f"{key} of shape {shape}" for key, shape in shapes.items())
        raise ValueError(
            f"{name}: {met}; they must be equal (broadcasting here is nearly always a mistake: "
            "reshape one)"
        )


def floats_of_one_shape(name: str, **tensors: Any) -> None:
    """Refuse what holds no floating-point numbers, and different shapes or backends.

    Only a ``weight`` may be None.
    """
    for key, tensor in tensors.items():
        if tensor is not None or key != "weight":
            require_float(tensor, name)
    same_shape(name, **tensors)
