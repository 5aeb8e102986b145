"""Handing a model on to other programs, as ONNX.

``trace`` watches a run, ``operators`` says which nodes an operation becomes, ``graph`` holds what
is being written; this file joins them. Needs ``onnx``, which is imported when something is
exported.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from minitorch_cnn.backend import NAMESPACES
from minitorch_cnn.export.graph import Graph, NotExportable, onnx_dtype, same_arrays
from minitorch_cnn.export.operators import OPERATORS, OPSET
from minitorch_cnn.export.trace import Operation, Trace
from minitorch_cnn.graph import Boxed
from minitorch_cnn.io import atomic_write
from minitorch_cnn.ops.arguments import is_floating
from minitorch_cnn.ops.arrange import concat, flip

__all__ = ["export_onnx"]

BATCH = "batch"
IR_VERSION = 8
"""Of the file format: the one of ONNX's opset 18, which older programs read as well."""


def export_onnx(
    model: Any,
    example: Any,
    path: str | os.PathLike[str],
    *,
    input_names: Sequence[str] = ("input",),
    output_names: Sequence[str] = ("output",),
    dynamic_batch: bool = True,
) -> None:
    """Write a model as ONNX, for programs that run it without this library.

    The model is run on the example in evaluation mode and its operations are written down, so any
    model can be exported whose forward pass is made of ours. What Python decides on the way, such
    as an ``if`` on a value, is fixed as it was for the example.

    Parameters
    ----------
    model : Module
        Left in the mode it is in.
    example : Tensor or tuple of Tensor
        Inputs with the batch first: shapes and dtypes count, and it must be possible to run the
        model on them.
    path : str or path-like
        The ``*.onnx`` file to write; it appears whole or not at all.
    input_names, output_names : sequence of str
        One for each input and output; missing ones are numbered.
    dynamic_batch : bool, default True
        Let the exported model take batches of any size.

    Raises
    ------
    ValueError
        If an operation has no counterpart, or depends on the size of the batch in a way that cannot
        be written down; the message names it and its layer.
    TypeError
        If the example is not made of Tensors.
    ImportError
        If ``onnx`` is not installed.

    Notes
    -----
    Opset 18. Parameters keep the names of ``state_dict()``, and tied ones are written once; what is
    computed from parameters alone is computed now.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.export_onnx(mt.nn.Dense(2, 3), mt.ones((1, 2)), "dense.onnx")  # doctest: +SKIP
    """
    try:
        import onnx
    except ImportError:
        raise ImportError("export_onnx needs onnx: pip install 'minitorch-cnn[onnx]'") from None
    inputs = example if isinstance(example, tuple) else (example,)
    for position, tensor in enumerate(inputs):
        if not isinstance(tensor, Boxed):
            raise TypeError(
                f"export_onnx: input {position} is a {type(tensor).__name__}; expected a Tensor: "
                "make it with mt.tensor(...)"
            )
    mode = model.training
    model.eval()
    try:
        first = Trace(model, inputs)
        second = Trace(model, tuple(_another(one, dynamic_batch) for one in inputs))
    finally:
        model.train(mode)
    graph = _written(model, first, second, list(input_names))
    content = _file(graph, first, second, list(input_names), list(output_names))
    onnx.checker.check_model(content, full_check=True)
    with atomic_write(path) as file:
        file.write(content.SerializeToString())


def _another(example: Any, larger: bool) -> Any:
    """Other numbers than the example's, so that what hangs on them shows; one item more."""
    changed = example * 0.75 if is_floating(example.dtype) else flip(example, axis=0)
    return concat([changed, changed[:1]], axis=0) if larger else changed


def _written(model: Any, first: Trace, second: Trace, input_names: list[str]) -> Graph:
    names = {id(tensor._data): name for name, tensor in reversed(list(model.state_dict().items()))}
    for name, tensor in reversed(list(model.named_parameters())):
        names[id(tensor._data)] = name
    graph = Graph(first, second, names)
    for position, (array, again) in enumerate(zip(first.inputs, second.inputs, strict=True)):
        graph.follow(array, again, graph.fresh(_numbered(input_names, position, "input")))
    if [one.name for one in first.operations] != [two.name for two in second.operations]:
        raise NotExportable(
            "export_onnx: the model takes another way for a batch of another size; pass "
            "dynamic_batch=False"
        )
    for one, other in zip(first.operations, second.operations, strict=True):
        if any(map(graph.follows, one.inputs)) or not same_arrays(one.params, other.params):
            _write(graph, one, other)  # the others' results are constants
    return graph


def _write(graph: Graph, one: Operation, other: Operation) -> None:
    if one.name not in OPERATORS:
        graph.refuse(one, "this operation has no counterpart in ONNX, or none that is known here")
    graph.layer = one.layer
    dtypes = [a.dtype for a in one.inputs if type(a) in NAMESPACES]
    like = one.output.dtype if one.name == "where" else dtypes[-1]
    like = np.dtype(str(like).rpartition(".")[2])
    inputs = [graph.input(one, other, position, like) for position in range(len(one.inputs))]
    graph.follow(one.output, other.output, OPERATORS[one.name](graph, one, other, inputs))


def _file(
    graph: Graph, first: Trace, second: Trace, input_names: list[str], output_names: list[str]
) -> Any:
    from onnx import helper, numpy_helper

    outputs = []
    for position, (array, again) in enumerate(zip(first.outputs, second.outputs, strict=True)):
        graph.layer = ""
        whole = Operation("output", (array,), {}, array, "")
        value = graph.static(whole, array, again)
        name = graph.add("Identity", value, name=_numbered(output_names, position, "output"))
        outputs.append(helper.make_tensor_value_info(name, onnx_dtype(array), _shape(array, again)))
    inputs = [
        helper.make_tensor_value_info(graph.values[id(a)], onnx_dtype(a), _shape(a, again))
        for a, again in zip(first.inputs, second.inputs, strict=True)
    ]
    constants = [numpy_helper.from_array(a, name) for name, a in graph.initializers.items()]
    body = helper.make_graph(graph.nodes, "minitorch_cnn", inputs, outputs, constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    model.producer_name = "minitorch_cnn"
    try:
        model.producer_version = version("minitorch-cnn")
    except PackageNotFoundError:
        model.producer_version = ""
    return model


def _shape(array: Any, again: Any) -> list[Any]:
    """Lengths, with a name for the one that follows the batch."""
    columns = enumerate(zip(array.shape, again.shape, strict=True))
    return [n if n == m else BATCH if axis == 0 else None for axis, (n, m) in columns]


def _numbered(names: list[str], position: int, word: str) -> str:
    return names[position] if position < len(names) else f"{word}_{position + 1}"
