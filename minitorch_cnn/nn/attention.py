"""Attention with several heads: each looks with projections of its own, side by side.

May import ``module``, ``functional``, ``init`` and ``dense``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.backend import canonical_dtype, namespace
from minitorch_cnn.nn import functional, init
from minitorch_cnn.nn.arguments import count, fraction
from minitorch_cnn.nn.dense import Dense
from minitorch_cnn.nn.functional.attention import attention_weights
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter
from minitorch_cnn.ops.arguments import (
    constant,
    raw,
    require_array,
    require_float,
    require_one_backend,
)
from minitorch_cnn.ops.arrange import concat, split
from minitorch_cnn.ops.elementwise import where
from minitorch_cnn.ops.linalg import matmul
from minitorch_cnn.ops.reduce import mean
from minitorch_cnn.ops.shape import broadcast_to, expand_dims, moveaxis, reshape, squeeze


class MultiheadAttention(Module):
    """Several attentions side by side, each on a projection of its own, joined by a dense layer.

    Parameters
    ----------
    embed_dim : int
        Entries of queries and outputs; each head has ``embed_dim / num_heads``.
    num_heads : int
    dropout : float
        Probability with which a weight is dropped in training.
    bias : bool
        Whether projections have offsets.
    add_bias_kv : bool
        A learned key and value beside those given.
    add_zero_attn : bool
        A key and value of zeros beside those given.
    kdim, vdim : int, optional
        Entries of keys and values, ``embed_dim`` by default.
    batch_first : bool
        Inputs are (N, L, E) rather than (L, N, E).
    rng : numpy.random.Generator, optional
        Where initial weights and dropout masks come from; the generator of ``mt.seed`` by default.
    dtype, backend : optional
        Of the parameters.

    Attributes
    ----------
    in_proj_weight : Parameter, shape (3 * embed_dim, embed_dim), or None
        Projections of queries, keys and values, one below the other; with ``kdim`` or ``vdim``
        they are ``q_proj_weight``, ``k_proj_weight`` and ``v_proj_weight`` instead.
    in_proj_bias : Parameter, shape (3 * embed_dim,), or None
    out_proj : Dense

    Notes
    -----
    Source: A. Vaswani et al., "Attention Is All You Need", 2017.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = mt.ones((4, 5, 8))
    >>> output, weights = layer(x, x, x)
    >>> output.shape, weights.shape
    ((4, 5, 8), (4, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        name = "MultiheadAttention"
        self.embed_dim = count(embed_dim, f"{name} embed_dim")
        self.num_heads = count(num_heads, f"{name} num_heads")
        if embed_dim % num_heads:
            raise ValueError(f"{name}: num_heads={num_heads} must divide embed_dim={embed_dim}")
        self.kdim = embed_dim if kdim is None else count(kdim, f"{name} kdim")
        self.vdim = embed_dim if vdim is None else count(vdim, f"{name} vdim")
        self.dropout = fraction(dropout, f"{name} dropout")
        self.batch_first, self.add_zero_attn, self.rng = batch_first, add_zero_attn, rng
        place = {"dtype": dtype, "backend": backend}

        def drawn(*shape: int) -> Parameter:
            parameter = Parameter(np.zeros(shape, np.float32), **place)
            init.xavier_uniform_(parameter, rng=rng)
            return parameter

        self.in_proj_weight = self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = drawn(3 * embed_dim, embed_dim)
        else:
            self.q_proj_weight = drawn(embed_dim, embed_dim)
            self.k_proj_weight = drawn(embed_dim, self.kdim)
            self.v_proj_weight = drawn(embed_dim, self.vdim)
        zeros = np.zeros(3 * embed_dim, np.float32)
        self.in_proj_bias = Parameter(zeros, **place) if bias else None
        self.out_proj = Dense(embed_dim, embed_dim, bias, rng=rng, **place)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            self.bias_k, self.bias_v = (
                Parameter(np.zeros((1, 1, embed_dim), np.float32), **place) for _ in range(2)
            )
            init.xavier_normal_(self.bias_k, rng=rng)
            init.xavier_normal_(self.bias_v, rng=rng)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """Output and, if wanted, the weights with which it looked.

        Parameters
        ----------
        query : Tensor, shape (L, N, E), with ``batch_first`` (N, L, E), unbatched (L, E)
        key : Tensor, shape (S, N, kdim), and so on
        value : Tensor, shape (S, N, vdim), and so on
        key_padding_mask : Tensor, shape (N, S), unbatched (S,), optional
            Booleans: True where a key is ignored. Numbers: added to the scores.
        need_weights : bool
            Whether to return the weights.
        attn_mask : Tensor, shape (L, S) or (N * num_heads, L, S), optional
            Booleans: True where a query may *not* look at a key. Numbers: added to the scores. A
            query that may look at no key gets zeros from its heads.
        average_attn_weights : bool
            The mean of the heads' weights rather than those of each.
        is_causal : bool
            A hint that ``attn_mask`` is causal, which must be given all the same.

        Returns
        -------
        output : Tensor, shape of ``query``
        weights : Tensor, shape (N, L, S), of each head (N, num_heads, L, S), or None
            Without N if unbatched.

        Raises
        ------
        ValueError, TypeError
            If shapes or dtypes do not fit.
        """
        self._check(query, key, value)
        if is_causal and attn_mask is None:
            raise ValueError(
                "MultiheadAttention: is_causal=True is a hint on attn_mask, which is missing; pass "
                "attn_mask=mt.triu(mt.ones((L, S)), k=1).to(bool)"
            )
        batched = raw(query).ndim == 3
        if not batched:
            query, key, value = (expand_dims(x, 0) for x in (query, key, value))
        elif not self.batch_first:
            query, key, value = (moveaxis(x, 0, 1) for x in (query, key, value))
        mask = self._mask(query, key, key_padding_mask, attn_mask, batched)
        q, k, v = (self._heads(x) for x in self._project(query, key, value))
        weights = attention_weights(q, k, mask)
        if self.training and self.dropout:
            weights = functional.dropout(weights, self.dropout, rng=self.rng)
        joined = moveaxis(matmul(weights, v), 1, 2)
        output = self.out_proj(reshape(joined, raw(query).shape))
        if not batched:
            output = squeeze(output, 0)
        elif not self.batch_first:
            output = moveaxis(output, 1, 0)
        if not need_weights:
            return output, None
        if average_attn_weights:
            weights = mean(weights, axis=1)
        return output, weights if batched else squeeze(weights, 0)

    def _check(self, query: Any, key: Any, value: Any) -> None:
        name = "MultiheadAttention"
        tensors = {"query": query, "key": key, "value": value}
        shapes = {
            what: tuple(raw(require_float(tensor, name)).shape) for what, tensor in tensors.items()
        }
        met = ", ".join(f"{what} {shape}" for what, shape in shapes.items())
        if {len(shape) for shape in shapes.values()} not in ({2}, {3}):
            raise ValueError(f"{name}: {met}; expected all batched, 3 dimensions, or all unbatched")
        widths = [shape[-1] for shape in shapes.values()]
        if widths != [self.embed_dim, self.kdim, self.vdim]:
            raise ValueError(
                f"{name}: {met}; expected last sizes {self.embed_dim}, {self.kdim} and {self.vdim}"
            )
        axis = 0 if self.batch_first else 1
        batches = {shape[axis] for shape in shapes.values() if len(shape) == 3}
        length = -2 if self.batch_first or not batches else 0
        if len(batches) > 1 or shapes["key"][length] != shapes["value"][length]:
            raise ValueError(
                f"{name}: {met}; expected one batch size, and as many keys as values "
                f"(batch_first={self.batch_first})"
            )

    def _project(self, query: Any, key: Any, value: Any) -> list[Any]:
        """Queries, keys and values of all heads side by side, (N, length, embed_dim)."""
        if self.in_proj_weight is not None:
            weights = split(self.in_proj_weight, self.embed_dim)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (
            (None,) * 3 if self.in_proj_bias is None else split(self.in_proj_bias, self.embed_dim)
        )
        q, k, v = (
            functional.linear(*parts)
            for parts in zip((query, key, value), weights, biases, strict=True)
        )
        row = (raw(q).shape[0], 1, self.embed_dim)
        if self.bias_k is not None:
            k = concat([k, broadcast_to(self.bias_k, row)], axis=1)
            v = concat([v, broadcast_to(self.bias_v, row)], axis=1)
        if self.add_zero_attn:
            data = raw(q)
            zeros = namespace(data).zeros(row, dtype=data.dtype, device=data.device)
            k, v = (concat([x, constant(zeros, x)], axis=1) for x in (k, v))
        return [q, k, v]

    def _heads(self, x: Any) -> Any:
        """``x (N, length, embed_dim)`` as (N, heads, length, embed_dim / heads)."""
        count, length, width = raw(x).shape
        parts = (count, length, self.num_heads, width // self.num_heads)
        return moveaxis(reshape(x, parts), 2, 1)

    def _mask(self, query: Any, key: Any, padding: Any, mask: Any, batched: bool) -> Any:
        """Both masks as one, of numbers to add to the scores (N, heads, L, S + what is added)."""
        count, queries, _ = raw(query).shape
        keys = raw(key).shape[1]
        parts = []
        if padding is not None:
            expected = ((count, keys),) if batched else ((keys,),)
            padding = self._added(padding, query, "key_padding_mask", expected)
            parts.append(reshape(padding, (count, 1, 1, keys)))
        if mask is not None:
            each = (count * self.num_heads, queries, keys)
            mask = self._added(mask, query, "attn_mask", ((queries, keys), each))
            wide = (count, self.num_heads) if raw(mask).ndim == 3 else (1, 1)
            parts.append(reshape(mask, (*wide, queries, keys)))
        if not parts:
            return None
        both = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        more = (self.bias_k is not None) + self.add_zero_attn
        if not more:
            return both
        data = raw(both)
        zeros = namespace(data).zeros(
            (*data.shape[:-1], more), dtype=data.dtype, device=data.device
        )
        return concat([both, constant(zeros, both)], axis=-1)

    def _added(self, mask: Any, query: Any, what: str, shapes: tuple[Any, ...]) -> Any:
        """A mask, checked, as numbers that are added: -inf where booleans are True."""
        name = f"MultiheadAttention {what}"
        require_one_backend(name, query=query, **{what: require_array(mask, name)})
        data = raw(mask)
        if tuple(data.shape) not in shapes:
            raise ValueError(
                f"{name}: shape {tuple(data.shape)}; expected {' or '.join(map(str, shapes))}"
            )
        dtype = canonical_dtype(data.dtype)
        if dtype.kind == "b":
            xp = namespace(data)
            zeros = xp.zeros(data.shape, dtype=raw(query).dtype, device=data.device)
            return where(mask, -math.inf, constant(zeros, mask))
        if dtype != canonical_dtype(raw(query).dtype):
            raise TypeError(
                f"{name}: dtype {dtype}; expected booleans (True: may not look) or numbers of the "
                f"query's dtype, {canonical_dtype(raw(query).dtype)}"
            )
        return mask
