"""How a tensor is shown: as text in a terminal and as a table in a notebook.

May import ``backend``; formats through NumPy on the host.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn.backend import backend_of, canonical_dtype
from minitorch_cnn.graph import Leaf, Node

DEFAULT_DTYPES = ("float32", "bool")
NOTEBOOK_ROWS = 12


def _facts(tensor: Any) -> list[str]:
    """Where it lives and where it comes from, as ``name=value``, if that is worth a word."""
    facts = []
    backend = backend_of(tensor._data).name
    if backend != "numpy":
        facts.append(f"backend={backend!r}")
    if isinstance(tensor._node, Leaf):
        facts.append("requires_grad=True")
    elif isinstance(tensor._node, Node):
        facts.append(f"made_by={tensor._node.primitive.name}")
    return facts


def tensor_text(tensor: Any) -> str:
    """The entries and what else matters, such as ``tensor([1., 2.], requires_grad=True)``."""
    host = backend_of(tensor._data).to_numpy(tensor._data)
    numbers = np.array2string(host, separator=", ", prefix="tensor(", threshold=200, edgeitems=3)
    if host.size == 0:
        numbers = f"[], shape={host.shape}"
    dtype = canonical_dtype(tensor._data.dtype).name
    kind = [] if dtype in DEFAULT_DTYPES else [f"dtype={dtype}"]
    return f"tensor({', '.join([numbers, *kind, *_facts(tensor)])})"


def tensor_html(tensor: Any) -> str:
    """A small table for vectors and matrices, else the text; for notebooks."""
    import html  # for notebooks alone

    host = backend_of(tensor._data).to_numpy(tensor._data)
    facts = ", ".join([f"shape {host.shape}", canonical_dtype(host.dtype).name, *_facts(tensor)])
    if host.ndim not in (1, 2) or max(host.shape, default=0) > NOTEBOOK_ROWS or host.size == 0:
        return f"<pre>{html.escape(tensor_text(tensor))}</pre>"
    form = "{:.4g}" if host.dtype.kind == "f" else "{}"
    rows = "".join(
        "<tr>" + "".join(f"<td>{form.format(v)}</td>" for v in row) + "</tr>"
        for row in np.atleast_2d(host)
    )
    return f"<table>{rows}</table><small>Tensor, {html.escape(facts)}</small>"
