"""Class labels and class weights, checked: what losses over classes share.

May import ``ops``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import canonical_dtype, namespace, refuse_if
from minitorch_cnn.ops.arguments import raw, require_array, require_one_backend


def integer_labels(name: str, input: Any, target: Any) -> Any:
    """Labels beside ``input`` as a raw int64 array."""
    labels = raw(require_array(target, name))
    require_one_backend(name, input=input, target=labels)
    if canonical_dtype(labels.dtype).kind not in "iu":
        raise TypeError(
            f"{name}: labels must be integers, got dtype {labels.dtype}; convert with .to(mt.int64)"
        )
    xp = namespace(labels)
    return xp.astype(labels, xp.int64, copy=False)


def refuse_labels(name: str, labels: Any, wrong: Any, classes: int, more: str) -> None:
    """Name the first label that is ``wrong``, if there is one; ``more`` are others allowed."""
    xp = namespace(labels)

    def error() -> ValueError:
        flat, places = xp.reshape(labels, (-1,)), xp.reshape(wrong, (-1,))
        first = int(xp.argmax(xp.astype(places, xp.int64)))
        return ValueError(
            f"{name}: label {int(flat[first])} at position {first} is no class; with {classes} "
            f"scores labels go from 0 to {classes - 1}{more}"
        )

    refuse_if(wrong, error)


def require_class_weight(weight: Any, classes: int, name: str) -> None:
    """One factor for every class, or None."""
    if weight is not None and tuple(raw(require_array(weight, name)).shape) != (classes,):
        raise ValueError(
            f"{name}: a weight of shape {tuple(raw(weight).shape)} for {classes} classes; expected "
            f"one factor for each, shape ({classes},)"
        )
