"""Class labels and class weights, checked: what losses over classes share.

May import ``ops``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.backend import backend_of, canonical_dtype, kernel, namespace, refuse_if
from minitorch_cnn.graph import Boxed
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
    own = not isinstance(target, Boxed)  # a graph keeps labels, and an array may be written to
    return xp.astype(labels, xp.int64, copy=own)


def refuse_labels(name: str, labels: Any, classes: int, ignored: int, more: str) -> None:
    """Name the first label that is no class and not ``ignored``; ``more`` says what else may be."""

    def error() -> ValueError:
        flat = backend_of(labels).to_numpy(labels).ravel()
        wrong = ((flat < 0) | (flat >= classes)) & (flat != ignored)
        first = int(wrong.argmax())
        return ValueError(
            f"{name}: label {flat[first]} at position {first} is no class; with {classes} "
            f"scores labels go from 0 to {classes - 1}{more}"
        )

    find = kernel("any_wrong_label", labels)
    refuse_if(find(labels, classes=classes, ignored=ignored), error)


def require_class_weight(weight: Any, classes: int, name: str) -> None:
    """One factor for every class, or None."""
    if weight is not None and tuple(raw(require_array(weight, name)).shape) != (classes,):
        raise ValueError(
            f"{name}: a weight of shape {tuple(raw(weight).shape)} for {classes} classes; expected "
            f"one factor for each, shape ({classes},)"
        )
