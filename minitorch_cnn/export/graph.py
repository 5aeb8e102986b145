"""An ONNX graph being written: values, constants, nodes, and what of it depends on the batch.

The model has run twice, with batches of different sizes: what is the same in both runs is a
constant, and a length that differs follows the batch. Imports ``trace``, NumPy and, when used,
``onnx``; which operation becomes which nodes is in ``operators``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from minitorch_cnn.backend import NAMESPACES, backend_of, canonical_dtype
from minitorch_cnn.export.trace import Operation, Trace


class NotExportable(ValueError):
    """What was traced has no counterpart in ONNX; the message names operation and layer."""


class Graph:
    """Nodes and initialisers under construction.

    Parameters
    ----------
    first, second : Trace
        Runs with batches of different sizes.
    names : dict
        Names of the model's parameters and buffers, by the identity of their arrays.
    """

    def __init__(self, first: Trace, second: Trace, names: dict[int, str]) -> None:
        self.first, self.second, self.names = first, second, names
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.values: dict[int, str] = {}
        self.following: dict[int, tuple[Any, Any]] = {}
        self.layer = ""
        self._taken: set[str] = set()

    # --- what is written --------------------------------------------------------------------------

    def add(self, kind: str, *inputs: Any, name: str = "", **attributes: Any) -> str:
        """A node; gives the name of its output. Arrays among the inputs become constants."""
        from onnx import helper

        words = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        output = self.fresh(name or f"{self.layer}.{kind}".lstrip("."))
        node = helper.make_node(kind, words, [output], name=output, **attributes)
        self.nodes.append(node)
        return output

    def constant(self, array: Any, name: str = "") -> str:
        """An initialiser; equal small ones of one name are not looked for."""
        word = self.fresh(name or f"{self.layer}.constant".lstrip("."))
        self.initializers[word] = np.ascontiguousarray(array)
        return word

    def fresh(self, name: str) -> str:
        """A name that is not taken yet."""
        word, number = name, 1
        while word in self._taken:
            number += 1
            word = f"{name}_{number}"
        self._taken.add(word)
        return word

    # --- what is read -----------------------------------------------------------------------------

    def follow(self, array: Any, again: Any, name: str) -> None:
        """An array of both runs depends on the inputs; its value has this name."""
        self.values[id(array)] = name
        self.following[id(array)] = (array, again)

    def follows(self, array: Any) -> bool:
        """Whether an array depends on the inputs."""
        return id(array) in self.following

    def index(self, one: Operation, other: Operation) -> str:
        """The indices of an operation: constants, or a value of the graph in their shape.

        Indices are checked copies of what was given, so such a value is known by being equal in
        both runs.
        """
        index, again = one.params["index"], other.params["index"]
        if same_array(index, again):
            return self.static(one, index, again)
        for value, repeated in self.following.values():
            if same_entries(value, index) and same_entries(repeated, again):
                sizes = self.sizes(one, index.shape, again.shape)
                return self.add("Reshape", self.values[id(value)], sizes)
        self.refuse(one, "its indices are computed in a way that cannot be seen")

    def input(self, one: Operation, other: Operation, position: int, like: Any = None) -> str:
        """The name of an operation's argument; constants are made of what depends on no input."""
        array = one.inputs[position]
        if type(array) not in NAMESPACES:
            return self.constant(np.array(array, like))
        if id(array) in self.values:
            return self.values[id(array)]
        return self.static(one, array, other.inputs[position])

    def static(self, one: Operation, array: Any, again: Any) -> str:
        """A constant, after a look whether it was the same in both runs."""
        if id(array) in self.values:
            return self.values[id(array)]
        if not same_array(array, again):
            self.refuse(
                one,
                "an array in it depends on the input in a way that cannot be seen; compute it with "
                "mt's own operations",
            )
        self.values[id(array)] = self.constant(_host(array), self.names.get(id(array), ""))
        return self.values[id(array)]

    def sizes(self, one: Operation, first: Sequence[int], second: Sequence[int]) -> Any:
        """A shape to give to Reshape: the one length that follows the batch is -1."""
        follows = [i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
        if len(follows) > 1:
            self.refuse(one, f"more than one length of {tuple(first)} follows the batch")
        return np.array([-1 if i in follows else n for i, n in enumerate(first)], np.int64)

    def refuse(self, operation: Operation, reason: str) -> NoReturn:
        """Say what cannot be exported, and where it is."""
        place = f" in layer {operation.layer!r}" if operation.layer else ""
        raise NotExportable(f"export_onnx: {operation.name}{place}: {reason}")


def same_array(one: Any, other: Any) -> bool:
    """Whether two arrays are equal, NaN to NaN."""
    a, b = _host(one), _host(other)
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def same_entries(one: Any, other: Any) -> bool:
    """Whether two arrays have equal entries, in shapes that may differ."""
    return same_array(one.reshape(-1), other.reshape(-1))


def same_arrays(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the arrays among parameters are equal."""
    return all(
        same_array(value, other[name]) for name, value in one.items() if type(value) in NAMESPACES
    )


def _host(array: Any) -> Any:
    return backend_of(array).to_numpy(array)


def number(one: Operation, value: float) -> Any:
    """A number in the dtype of an operation's result."""
    return np.array(value, canonical_dtype(one.output.dtype))


def integers(*values: int) -> Any:
    """Lengths or axes, as ONNX wants them."""
    return np.array(values, np.int64)


def pads(padding: Sequence[tuple[int, int]]) -> list[int]:
    """Padding as ONNX wants it: first before all axes, then behind them."""
    return [before for before, _ in padding] + [after for _, after in padding]


def onnx_dtype(array: Any) -> int:
    """ONNX's number for the dtype of an array."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(canonical_dtype(array.dtype))))
