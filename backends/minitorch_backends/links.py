"""Products along the links of a sparse table in plain array-API code: gather, multiply, put back.

A table comes in *blocks*: outputs that look at the same inputs stand together, so each block is a
dense product at each of its positions, as in a locally connected layer. A block is three arrays of
integers, ``outputs (positions, n)``, ``inputs (positions, places)`` and the numbers of the links
between them, ``links (positions, n, places)``; every output and every link is in one block. May
import array-api-compat; used by ``portable.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from array_api_compat import array_namespace

from minitorch_backends.protocol import Array

Blocks = Sequence[tuple[Array, Array, Array]]


def link_product(x: Array, values: Array, *, blocks: Blocks) -> Array:
    """For each output, the sum over its links of value times input.

    From ``x (N, n_inputs)`` and ``values (n_links,)`` to ``(N, n_outputs)``.
    """
    xp = array_namespace(x, values)
    entries = xp.matrix_transpose(x)
    sums = []
    for outputs, inputs, links in blocks:
        products = _rows(xp, values, links) @ _rows(xp, entries, inputs)
        sums.append(xp.reshape(products, (math.prod(outputs.shape), x.shape[0])))
    return xp.matrix_transpose(_in_order(xp, sums, [outputs for outputs, _, _ in blocks]))


def link_weights(x: Array, g: Array, *, blocks: Blocks) -> Array:
    """The adjoint of :func:`link_product` in ``values``: ``g`` times ``x`` at each link's ends."""
    xp = array_namespace(x, g)
    entries, upstream = xp.matrix_transpose(x), xp.matrix_transpose(g)
    products = [
        _rows(xp, upstream, outputs) @ xp.matrix_transpose(_rows(xp, entries, inputs))
        for outputs, inputs, _ in blocks
    ]
    flat = [xp.reshape(product, (-1,)) for product in products]
    return _in_order(xp, flat, [links for _, _, links in blocks])


def _rows(xp: Any, x: Array, index: Array) -> Array:
    """Rows of ``x`` at an index of several dimensions."""
    flat = xp.take(x, xp.reshape(index, (-1,)), axis=0)
    return xp.reshape(flat, (*index.shape, *x.shape[1:]))


def _in_order(xp: Any, pieces: list[Array], numbers: list[Array]) -> Array:
    """The rows of ``pieces`` in the order of their ``numbers``, which hold every number once."""
    places = xp.argsort(xp.concat([xp.reshape(n, (-1,)) for n in numbers]))
    return xp.take(xp.concat(pieces), places, axis=0)
