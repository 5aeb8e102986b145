"""Attention: a mean of values, weighted by how well each key answers the query.

May import ``ops`` and the other function files.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.backend import canonical_dtype, namespace
from minitorch_cnn.nn.functional.dropout import dropout
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_array,
    require_float,
    require_one_backend,
    require_one_dtype,
)
from minitorch_cnn.ops.arrange import repeat
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.linalg import matmul
from minitorch_cnn.ops.norm import softmax
from minitorch_cnn.ops.precision import half
from minitorch_cnn.ops.shape import matrix_transpose


@half
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    rng: np.random.Generator | None = None,
) -> Any:
    """``softmax(query @ key.mT * scale + mask) @ value``.

    Parameters
    ----------
    query : Tensor, shape (*, L, E)
        L queries of E entries.
    key : Tensor, shape (*, S, E)
    value : Tensor, shape (*, S, Ev)
        Leading axes (batch, heads) broadcast.
    attn_mask : Tensor, shape broadcastable to (*, L, S), optional
        Booleans: True where a query may look at a key. Numbers: added to the scores. A query
        that may look at no key gets zeros.
    dropout_p : float
        Probability with which a weight is dropped; there is no training switch, pass 0.0 in
        evaluation.
    is_causal : bool
        Query i sees keys 0 to i alone; not together with ``attn_mask``.
    scale : float, optional
        ``1 / sqrt(E)`` by default.
    enable_gqa : bool
        Grouped queries: with H heads of queries, axis -3 of ``key`` and ``value`` may be a divisor
        of H; each of their heads serves several of the queries'.
    rng : numpy.random.Generator, optional
        Where the dropout mask comes from; the generator of ``mt.seed`` by default.

    Returns
    -------
    Tensor, shape (*, L, Ev)

    Raises
    ------
    ValueError
        If shapes do not fit or both kinds of mask are asked for.
    TypeError
        If dtypes or backends differ, or the mask holds integers.

    Notes
    -----
    Source: A. Vaswani et al., "Attention Is All You Need", 2017.

    >>> import minitorch_cnn as mt
    >>> q, k, v = mt.zeros((1, 2)), mt.ones((2, 2)), mt.tensor([[1.0], [3.0]])
    >>> mt.nn.functional.scaled_dot_product_attention(q, k, v)
    tensor([[2.]])
    """
    _check(query, key, value, attn_mask, is_causal)
    if enable_gqa:
        heads = _heads(query, key, value)
        key, value = (repeat(x, heads // raw(x).shape[-3], axis=-3) for x in (key, value))
    if is_causal:
        attn_mask = causal_mask(query, key)
    weights = attention_weights(query, key, attn_mask, scale)
    if dropout_p:
        weights = dropout(weights, dropout_p, rng=rng)
    return matmul(weights, value)


def attention_weights(query: Any, key: Any, mask: Any = None, scale: float | None = None) -> Any:
    """How much each query looks at each key: rows of ``(*, L, S)`` that sum to 1, or to 0."""
    if scale is None:
        scale = 1 / math.sqrt(max(raw(query).shape[-1], 1))
    scores = matmul(query * scale, matrix_transpose(key))
    if not raw(scores).shape[-1]:
        return scores
    if mask is None:
        return softmax(scores, -1)
    if canonical_dtype(raw(mask).dtype).kind == "b":
        scores = where(mask, scores, -math.inf)
    else:
        scores = scores + mask
    data = raw(scores)
    xp = namespace(data)
    # Rows that see nothing would be 0 / 0: their scores are put aside, their weights are 0.
    blind = constant(xp.all(data == -math.inf, axis=-1, keepdims=True), scores)
    return where(blind, 0.0, softmax(where(blind, 0.0, scores), -1))


def causal_mask(query: Any, key: Any) -> Any:
    """Booleans ``(L, S)``: query i may look at keys 0 to i."""
    data = raw(query)
    xp = namespace(data)
    ones = xp.ones((data.shape[-2], raw(key).shape[-2]), dtype=xp.int64, device=data.device)
    return constant(xp.tril(ones) != 0, query)


def _check(query: Any, key: Any, value: Any, mask: Any, is_causal: bool) -> None:
    name = "scaled_dot_product_attention"
    tensors = {"query": query, "key": key, "value": value}
    for tensor in tensors.values():
        require_float(tensor, name)
    require_one_dtype(name, **tensors)
    require_one_backend(name, **tensors, attn_mask=mask)
    shapes = {what: tuple(raw(tensor).shape) for what, tensor in tensors.items()}
    met = ", ".join(f"{what} {shape}" for what, shape in shapes.items())
    if min(map(len, shapes.values())) < 2:
        raise ValueError(f"{name}: {met}; expected at least 2 dimensions, (*, length, entries)")
    if shapes["query"][-1] != shapes["key"][-1] or shapes["key"][-2] != shapes["value"][-2]:
        raise ValueError(
            f"{name}: {met}; expected (*, L, E), (*, S, E) and (*, S, Ev): queries and keys of one "
            "width, as many keys as values"
        )
    if mask is None:
        return
    if is_causal:
        raise ValueError(
            f"{name}: attn_mask and is_causal=True exclude each other; put both into the mask"
        )
    dtype = canonical_dtype(raw(require_array(mask, name)).dtype)
    if dtype.kind != "b":
        if dtype.kind != "f":
            raise TypeError(
                f"{name}: attn_mask of dtype {dtype}; expected booleans (True: may look) or "
                "numbers to add, of the query's dtype"
            )
        require_one_dtype(name, query=query, attn_mask=mask)
    lengths = (shapes["query"][-2], shapes["key"][-2])
    if any(
        m not in (1, n)
        for m, n in zip(reversed(tuple(raw(mask).shape)[-2:]), reversed(lengths), strict=False)
    ):
        raise ValueError(
            f"{name}: attn_mask of shape {tuple(raw(mask).shape)} for {lengths[0]} queries and "
            f"{lengths[1]} keys; expected a shape that broadcasts to (*, {lengths[0]}, "
            f"{lengths[1]})"
        )


def _heads(query: Any, key: Any, value: Any) -> int:
    """The number of the queries' heads, which those of keys and values divide."""
    shapes = [tuple(raw(x).shape) for x in (query, key, value)]
    met = f"query {shapes[0]}, key {shapes[1]}, value {shapes[2]}"
    if min(map(len, shapes)) < 3:
        raise ValueError(
            f"scaled_dot_product_attention: enable_gqa with {met}; expected (*, heads, length, "
            "entries)"
        )
    heads: int = shapes[0][-3]
    if any(not shape[-3] or heads % shape[-3] for shape in shapes[1:]):
        raise ValueError(
            f"scaled_dot_product_attention: enable_gqa with {met}; the heads of key and value "
            f"(axis -3) must divide the query's {heads}"
        )
    return heads
