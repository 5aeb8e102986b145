"""The recorded graph as a picture: text, Graphviz source, or SVG through Graphviz's ``dot``.

A drawing holds words and numbers only, so that it keeps no array of the graph alive. Names and
shapes are escaped; ``dot`` is given the source on its standard input and no file or option that
came from the data. May import ``graph``, ``io`` and ``tensor``.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minitorch_cnn.backend import NAMESPACES, canonical_dtype
from minitorch_cnn.graph import FREED, AnyNode, Leaf, Node, ancestors
from minitorch_cnn.io import atomic_write
from minitorch_cnn.nn import Module, Parameter
from minitorch_cnn.primitive import PYTHON_SCALARS
from minitorch_cnn.tensor import Tensor

LONGEST_RUN = 12
"""A longer row of operations with one input and one use each is drawn by its two ends."""

ENDS = 4
"""Operations that are drawn of each end of such a row."""

MOST_LINES = 300
"""Lines of text before a drawing says how many more there are."""

DOT_SECONDS = 60.0
"""How long ``dot`` may take."""

STYLES = {
    "leaf": 'shape=box, style=filled, fillcolor="#FCE5C8", color="#B0741A"',
    "data": 'shape=box, style=filled, fillcolor="#EEEEEE", color="#888888"',
    "operation": 'shape=box, style="rounded,filled", fillcolor="#DCEAF7", color="#3A78B0"',
    "gap": "shape=plaintext",
}
"""Graphviz attributes by kind of box: what is learned, what is given, what is computed."""


@dataclass(eq=False)
class Box:
    """One box of a drawing: a leaf, given data, an operation, or a gap in a row of them."""

    kind: str
    label: str
    detail: str
    inputs: list[Box] = field(default_factory=list)
    uses: int = 0
    depth: int = 0


class GraphDrawing:
    """A drawing of a recorded graph: prints as text, shows as SVG in notebooks.

    Made by :func:`minitorch_cnn.draw`.
    """

    def __init__(self, boxes: list[Box]) -> None:
        self._boxes = boxes  # inputs before what is computed from them

    def __str__(self) -> str:
        rows: list[tuple[str, str]] = []
        lines = _lines(self._boxes[-1])
        for left, detail in lines:
            if len(rows) == MOST_LINES:
                more = 1 + sum(1 for _ in lines)
                rows.append((f"... {more:,} more lines", ""))
                break
            rows.append((left, detail))
        width = max(len(left) for left, _ in rows)
        return "\n".join(f"{left:{width}}  {detail}".rstrip() for left, detail in rows)

    __repr__ = __str__

    def dot(self) -> str:
        """The source for Graphviz, from left to right."""
        numbers = {id(box): number for number, box in enumerate(self._boxes)}
        lines = [
            "digraph {",
            "  rankdir=LR; nodesep=0.2; ranksep=0.35; bgcolor=transparent",
            '  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, height=0.3, '
            'margin="0.12,0.05"]',
            '  edge [color="#666666", arrowsize=0.6]',
        ]
        for number, box in enumerate(self._boxes):
            last = ", penwidth=2" if number == len(self._boxes) - 1 else ""
            lines.append(f"  n{number} [label=<{_markup(box)}>, {STYLES[box.kind]}{last}]")
        lines += [
            f"  n{numbers[id(source)]} -> n{number}"
            for number, box in enumerate(self._boxes)
            for source in box.inputs
        ]
        return "\n".join([*lines, "}\n"])

    def svg(self) -> str:
        """The picture, drawn by Graphviz's program ``dot``.

        Raises
        ------
        FileNotFoundError
            If ``dot`` is not installed; says how to install it.
        ValueError
            If it takes longer than a minute or fails.
        """
        import shutil
        import subprocess

        program = shutil.which("dot")
        if program is None:
            raise FileNotFoundError(
                "draw: an SVG needs Graphviz's program dot, which is not on the PATH; install it "
                "(apt-get install graphviz, brew install graphviz, winget install graphviz), or "
                "use print(drawing) or drawing.dot()"
            )
        try:
            done = subprocess.run(
                [program, "-Tsvg"],
                input=self.dot().encode(),
                capture_output=True,
                timeout=DOT_SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired:
            raise ValueError(
                f"draw: dot took more than {DOT_SECONDS:g} seconds for {len(self._boxes):,} boxes; "
                "draw a smaller part, or use print(drawing)"
            ) from None
        except subprocess.CalledProcessError as error:
            message = error.stderr.decode(errors="replace").strip()
            raise ValueError(f"draw: dot failed: {message}") from None
        return done.stdout.decode()

    def _repr_svg_(self) -> str | None:
        """For notebooks, which show the text if there is no ``dot``."""
        try:
            return self.svg()
        except (FileNotFoundError, ValueError):
            return None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to a file, atomically; ``.svg``, ``.dot``, ``.gv`` or ``.txt``.

        Raises
        ------
        ValueError
            For another ending; as :meth:`svg`.
        OSError
            If the file cannot be written.
        """
        writers: dict[str, Callable[[], str]] = {
            ".svg": self.svg,
            ".dot": self.dot,
            ".gv": self.dot,
            ".txt": lambda: f"{self}\n",
        }
        ending = Path(path).suffix.lower()
        if ending not in writers:
            raise ValueError(
                f"draw: cannot write {os.fspath(path)!r}; name it with one of the endings "
                f"{', '.join(writers)}"
            )
        content = writers[ending]()
        with atomic_write(path) as file:
            file.write(content.encode())


def draw(output: Tensor, names: Module | Mapping[str, Tensor] | None = None) -> GraphDrawing:
    """The graph that was recorded for ``output``: what it was computed from, and how.

    Parameters
    ----------
    output : Tensor
        Such as a loss; before or after ``backward``. Gradients computed under ``create_graph``
        have graphs too.
    names : Module or mapping of str to Tensor, optional
        What to call tensors in the drawing: the parameters of a module by their dotted names, or
        any tensors, leaves and computed ones, by names of your own.

    Returns
    -------
    GraphDrawing
        Prints as text: the output first, below each line what it was computed from; further inputs
        stand to the right, and what is used several times has a number and is drawn once. In
        notebooks it shows as SVG if Graphviz is installed; ``.svg()``, ``.dot()`` and
        ``.save(path)`` give it to other programs.

    Raises
    ------
    TypeError
        If ``output`` is no Tensor, or ``names`` neither a module nor names of tensors.
    ValueError
        If nothing was recorded for ``output``.

    Notes
    -----
    Inputs without gradient are drawn where the graph holds them (not after ``backward``, which
    gives them back). Long rows of operations are drawn by their ends.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> x = mt.tensor([[1.0, 2.0]])
    >>> w, b = mt.ones((2, 3), requires_grad=True), mt.zeros(3, requires_grad=True)
    >>> print(mt.draw((x @ w + b).sum(), {"x": x, "w": w, "b": b}))
    sum        () float32
    add        (1, 3) float32
    ├─ b       (3,) float32
    matmul     (1, 3) float32
    ├─ w       (2, 3) float32
    x          (1, 2) float32
    """
    if not isinstance(output, Tensor):
        raise TypeError(f"draw: expected a Tensor, got a {type(output).__name__}")
    if output._node is None:
        raise ValueError(
            f"draw: nothing was recorded for the tensor of shape {output.shape}: no input has "
            "requires_grad=True, or it was made under no_grad() or detached"
        )
    by_node, by_array = _named(names)
    boxes = _shortened(_boxes(ancestors([output._node]), by_node, by_array))
    return GraphDrawing(boxes)


def _named(names: Any) -> tuple[dict[Any, str], dict[int, str]]:
    """Names by node, and by the identity of the array for tensors without one."""
    if names is None:
        return {}, {}
    if isinstance(names, Module):
        pairs: Iterable[tuple[Any, Any]] = names.named_parameters()
    elif isinstance(names, Mapping):
        pairs = names.items()
    else:
        raise TypeError(
            f"draw: names is a {type(names).__name__}; expected a Module or a mapping of names to "
            "tensors, such as {'w': w}"
        )
    by_node: dict[Any, str] = {}
    by_array: dict[int, str] = {}
    for key, tensor in pairs:
        name = "".join(c if c.isprintable() else "?" for c in str(key))
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"draw: the name {name!r} stands for a {type(tensor).__name__}; expected a Tensor"
            )
        if tensor._node is not None:
            by_node[tensor._node] = name
        by_array[id(tensor._data)] = name
    return by_node, by_array


# --- from nodes to boxes -------------------------------------------------------------------------


def _boxes(nodes: list[AnyNode], by_node: dict[Any, str], by_array: dict[int, str]) -> list[Box]:
    """A box for each node, and for the data that nodes hold; inputs before their uses."""
    found: dict[AnyNode, Box] = {}
    data: dict[int, Box] = {}
    boxes = []
    for node in nodes:
        detail = _detail(node.shape, node.dtype)
        if isinstance(node, Leaf):
            kind = "parameter" if isinstance(node.owner(), Parameter) else "leaf"
            box = Box("leaf", by_node.get(node, kind), detail)
        else:
            name, label = by_node.get(node), _operation(node)
            box = Box("operation", f"{name}: {label}" if name else label, detail)
            for position, parent in enumerate(node.parents):
                if parent is not None:
                    box.inputs.append(found[parent])
                elif (array := _held(node, position)) is not None:
                    if id(array) not in data:
                        label = by_array.get(id(array), "data")
                        data[id(array)] = Box("data", label, _detail(array.shape, array.dtype))
                        boxes.append(data[id(array)])
                    box.inputs.append(data[id(array)])
            for source in box.inputs:
                source.uses += 1
                box.depth = max(box.depth, source.depth + 1)
        found[node] = box
        boxes.append(box)
    return boxes


def _detail(shape: Iterable[int], dtype: Any) -> str:
    if dtype is None:  # a checkpoint, which has no one result
        return ""
    return f"{tuple(shape)} {canonical_dtype(dtype).name}"


def _operation(node: Node) -> str:
    """The name, with the numbers it was called with, such as ``multiply(·, 2.0)``."""
    values = [_kept(node, position) for position in range(len(node.parents))]
    if not any(type(value) in PYTHON_SCALARS for value in values):
        return node.primitive.name
    shown = [f"{v:.6g}" if type(v) in PYTHON_SCALARS else "·" for v in values]
    return f"{node.primitive.name}({', '.join(shown)})"


def _held(node: Node, position: int) -> Any:
    """The array of an input that needs no gradient, if the node holds it."""
    value = _kept(node, position)
    return value if type(value) in NAMESPACES else None


def _kept(node: Node, position: int) -> Any:
    """An input that needs no gradient, if the node holds it."""
    holds = node.kept is not FREED and node.primitive.keep in ("inputs", "first", "other")
    return node.kept[position] if holds and node.parents[position] is None else None


def _shortened(boxes: list[Box]) -> list[Box]:
    """The boxes with a gap in the middle of each long row of operations."""
    seen: set[int] = set()
    gaps: dict[int, Box] = {}
    for box in reversed(boxes):
        row = [] if id(box) in seen else _row(box)
        seen |= set(map(id, row))
        if len(row) > LONGEST_RUN:
            above, inner, below = row[ENDS - 1], row[ENDS:-ENDS], row[-ENDS]
            label = f"... {len(inner):,} more operations"
            gap = Box("gap", label, "", [below], 1, inner[0].depth)
            above.inputs = [gap if source is inner[0] else source for source in above.inputs]
            gaps[id(inner[0])] = gap
    waiting = [boxes[-1]]
    shown = {id(boxes[-1])}
    while waiting:
        for source in waiting.pop().inputs:
            if id(source) not in shown:
                shown.add(id(source))
                waiting.append(source)
    replaced = [gaps.get(id(box), box) for box in boxes]
    return [box for box in replaced if id(box) in shown]


def _row(end: Box) -> list[Box]:
    """``end`` and the operations below it, as long as each has one input and one use."""
    row: list[Box] = []
    box: Box | None = end
    while box is not None and box.kind == "operation" and (box is end or box.uses == 1):
        sources = [source for source in box.inputs if source.kind != "data"]
        if len(sources) != 1:
            break
        row.append(box)
        box = sources[0]
    return row


# --- how boxes are shown -------------------------------------------------------------------------


def _lines(output: Box) -> Iterator[tuple[str, str]]:
    """Lines of text: each box in front, its shape behind.

    Below a box stands its deepest input, at the same indent; further inputs branch off to the
    right. An operation that is used several times is drawn where it is met last; before, its number
    stands for it.
    """
    met: dict[int, int] = {}
    numbers: dict[int, int] = {}
    waiting = [("", "", output)]
    while waiting:
        indent, branch, box = waiting.pop()
        label = box.label
        if box.uses > 1 and box.kind == "operation":
            met[id(box)] = met.get(id(box), 0) + 1
            number = numbers.setdefault(id(box), len(numbers) + 1)
            if met[id(box)] < box.uses:
                yield f"{indent}{branch}[{number}]", ""
                continue
            label = f"[{number}] {label}"
        yield f"{indent}{branch}{label}", box.detail
        if not box.inputs:
            continue
        deepest = max(range(len(box.inputs)), key=lambda i: box.inputs[i].depth)
        indent += "│  " if branch else ""
        waiting.append((indent, "", box.inputs[deepest]))
        others = [source for i, source in enumerate(box.inputs) if i != deepest]
        waiting += [(indent, "├─ ", source) for source in reversed(others)]


def _markup(box: Box) -> str:
    """A label in Graphviz's HTML: the name, and below it shape and dtype in small letters."""
    lines = [f"<b>{_escaped(box.label)}</b>" if box.kind == "leaf" else _escaped(box.label)]
    if box.detail:
        lines.append(f'<font point-size="9" color="#555555">{_escaped(box.detail)}</font>')
    return "<br/>".join(lines)


def _escaped(text: str) -> str:
    """As content of a Graphviz label, where one backslash and N stand for the name of the box."""
    return html.escape(text).replace("\\", "\\\\") or " "
