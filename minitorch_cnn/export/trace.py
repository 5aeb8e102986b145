"""One run of a model as a list of operations: what was computed from what.

Watches every operation, as anomaly detection does. Knows nothing of ONNX. May import ``anomaly``
and what lies below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minitorch_cnn.anomaly import Origin, watched_by
from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.graph import Boxed


@dataclass(frozen=True)
class Operation:
    """An operation of the run.

    Attributes
    ----------
    name : str
        Of the primitive.
    inputs : tuple
        Raw arrays and Python numbers, as they came.
    params : dict
    output : array
    layer : str
        Path of the layer that called it.
    """

    name: str
    inputs: tuple[Any, ...]
    params: dict[str, Any]
    output: Any
    layer: str


class Trace:
    """The operations of a run, and what went in and came out.

    Arrays are told apart by identity; all are kept, so that no two share one.
    """

    def __init__(self, model: Any, inputs: tuple[Any, ...]) -> None:
        self.operations: list[Operation] = []
        self.inputs = [tensor._data for tensor in inputs]
        with no_grad(), watched_by(self):  # type: ignore[arg-type]
            given = model(*inputs)
        self.outputs = [tensor._data for tensor in _tensors(given)]

    def result(self, name: str, raw: Any, params: dict[str, Any], out: Any, made: Any) -> Any:
        """What an operation shows of itself."""
        self.operations.append(Operation(name, tuple(raw), params, out, Origin.here().layer))
        return out


def _tensors(outputs: Any) -> list[Any]:
    if isinstance(outputs, Boxed):
        return [outputs]
    if isinstance(outputs, (tuple, list)):
        return [tensor for output in outputs for tensor in _tensors(output)]
    raise TypeError(
        f"export_onnx: the model gives a {type(outputs).__name__}; expected a Tensor, or tuples "
        "and lists of them"
    )
