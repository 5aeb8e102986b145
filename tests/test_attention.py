"""Attention: masks, causality, dropout, the layer against the function, and errors."""

import math

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F


def host(tensor):
    return tensor.detach().numpy()


def randn(*shape, seed=0, **options):
    rng = np.random.default_rng((seed, *shape))
    return mt.randn(shape, rng=rng, dtype="float64", **options)


def qkv():
    return randn(2, 3, 4, seed=1), randn(2, 5, 4, seed=2), randn(2, 5, 2, seed=3)


attention = F.scaled_dot_product_attention

# --- the function -------------------------------------------------------------------------------


def test_a_query_sees_only_what_it_may(backend):
    q, k, v = qkv()
    mask = mt.tensor([[True, False, True, True, False]] * 3)
    seen = [0, 2, 3]
    np.testing.assert_allclose(
        host(attention(q, k, v, mask)), host(attention(q, k[:, seen], v[:, seen])), rtol=1e-12
    )


def test_causal_is_a_lower_triangle(backend):
    q, k, v = qkv()
    triangle = mt.tensor(np.tril(np.ones((3, 5), bool)))
    causal = attention(q, k, v, is_causal=True)
    np.testing.assert_array_equal(host(causal), host(attention(q, k, v, triangle)))
    np.testing.assert_allclose(host(causal)[:, 0], host(v)[:, 0], rtol=1e-12)


@pytest.mark.parametrize("kind", ["booleans", "numbers"])
def test_a_query_that_sees_nothing_gets_zeros_and_no_gradient(backend, kind):
    q, k, v = (x.requires_grad_() for x in qkv())
    allowed = np.array([[True] * 5, [False] * 5, [True] * 5])
    mask = mt.tensor(allowed if kind == "booleans" else np.where(allowed, 0.0, -np.inf))
    out = attention(q, k, v, mask)
    assert host(out)[:, 1].tolist() == [[0.0, 0.0]] * 2
    out.sum().backward()
    assert not host(q.grad)[:, 1].any()
    assert all(np.isfinite(host(x.grad)).all() for x in (q, k, v))


def test_large_scores_stay_finite():
    q, k, v = qkv()
    assert np.isfinite(host(attention(q * 1e4, k * 1e4, v))).all()


def test_dropout_scales_what_is_left():
    q, k, v = qkv()
    out = attention(q, k, v, dropout_p=0.4, rng=np.random.default_rng(0))
    scores = host(q) @ host(k).swapaxes(-1, -2) / 2
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    kept = (
        mt.nn.functional.dropout(mt.ones((2, 3, 5)), 0.4, rng=np.random.default_rng(0)).numpy() > 0
    )
    np.testing.assert_allclose(host(out), weights * kept / 0.6 @ host(v), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"key": mt.ones((2, 5, 3))}, ValueError, r"query \(2, 3, 4\), key \(2, 5, 3\)"),
        ({"value": mt.ones((2, 4, 2))}, ValueError, "as many keys as values"),
        ({"query": mt.ones(4)}, ValueError, "at least 2 dimensions"),
        ({"query": mt.ones((2, 3, 4), dtype="int64")}, TypeError, "floating"),
        ({"query": mt.ones((2, 3, 4), dtype="float64")}, TypeError, "dtypes differ"),
        ({"query": mt.ones((2, 3, 4), backend="strict")}, TypeError, "backends"),
        ({"attn_mask": mt.ones((3, 4))}, ValueError, r"attn_mask of shape \(3, 4\) for 3 queries"),
        ({"attn_mask": mt.ones((3, 5), dtype="int64")}, TypeError, "attn_mask of dtype int64"),
        ({"attn_mask": mt.ones((3, 5), dtype="float64")}, TypeError, "dtypes differ"),
        ({"attn_mask": mt.ones((3, 5)), "is_causal": True}, ValueError, "exclude each other"),
        ({"dropout_p": 1.5}, ValueError, r"p=1\.5"),
        ({"enable_gqa": True}, ValueError, "heads of key and value"),
    ],
)
def test_the_function_refuses(change, error, words):
    arguments = {
        "query": mt.ones((2, 3, 4)),
        "key": mt.ones((2, 5, 4)),
        "value": mt.ones((2, 5, 2)),
    }
    if "enable_gqa" in change:
        arguments |= {"key": mt.ones((3, 5, 4)), "value": mt.ones((3, 5, 4))}
    with pytest.raises(error, match=words):
        attention(**(arguments | change))


# --- the layer ----------------------------------------------------------------------------------


def test_names_and_shapes_of_the_state_are_pytorchs():
    # What torch.nn.MultiheadAttention gives.
    def shapes(**options):
        state = nn.MultiheadAttention(4, 2, **options).state_dict()
        return {name: tensor.shape for name, tensor in state.items()}

    out = {"out_proj.weight": (4, 4), "out_proj.bias": (4,)}
    assert shapes() == {"in_proj_weight": (12, 4), "in_proj_bias": (12,), **out}
    assert shapes(bias=False) == {"in_proj_weight": (12, 4), "out_proj.weight": (4, 4)}
    other = shapes(kdim=3, vdim=5, add_bias_kv=True)
    assert other == {
        "q_proj_weight": (4, 4),
        "k_proj_weight": (4, 3),
        "v_proj_weight": (4, 5),
        "in_proj_bias": (12,),
        "bias_k": (1, 1, 4),
        "bias_v": (1, 1, 4),
        **out,
    }
    assert list(other)[-2:] == list(out)


def test_initial_weights():
    layer = nn.MultiheadAttention(40, 4, add_bias_kv=True, rng=np.random.default_rng(0))
    bound = math.sqrt(6 / (4 * 40))
    weight = host(layer.in_proj_weight)
    assert np.abs(weight).max() <= bound
    assert abs(weight.std() - bound / math.sqrt(3)) < 0.005
    assert not host(layer.in_proj_bias).any()
    assert not host(layer.out_proj.bias).any()
    assert np.abs(host(layer.out_proj.weight)).max() <= 1 / math.sqrt(40)
    assert host(layer.bias_k).std() > 0


def test_one_head_is_the_function(backend):
    layer = nn.MultiheadAttention(4, 1, bias=False, batch_first=True).to("float64")
    layer.in_proj_weight.assign_(np.concatenate([np.eye(4)] * 3))
    layer.out_proj.weight.assign_(np.eye(4))
    q, k, v = randn(2, 3, 4), randn(2, 5, 4, seed=1), randn(2, 5, 4, seed=2)
    output, weights = layer(q, k, v)
    np.testing.assert_allclose(host(output), host(attention(q, k, v)), rtol=1e-12)
    np.testing.assert_allclose(host(weights).sum(axis=-1), np.ones((2, 3)), rtol=1e-12)


def test_dropout_acts_in_training_alone():
    layer = nn.MultiheadAttention(4, 2, dropout=0.5, rng=np.random.default_rng(0))
    x = mt.ones((6, 1, 4))
    assert (host(layer(x, x, x, average_attn_weights=False)[1]) == 0).any()
    layer.eval()
    np.testing.assert_allclose(host(layer(x, x, x)[1]), np.full((1, 6, 6), 1 / 6), rtol=1e-6)


def test_keys_that_are_all_ignored_give_the_offset_alone():
    layer = nn.MultiheadAttention(4, 2, batch_first=True)
    x = mt.ones((2, 3, 4))
    padding = mt.tensor([[True] * 3, [False] * 3])
    for need_weights in (True, False):
        output, weights = layer(x, x, x, padding, need_weights)
        assert host(output)[0].tolist() == [layer.out_proj.bias.tolist()] * 3
        assert weights is None or not host(weights)[0].any()


def test_second_order():
    layer = nn.MultiheadAttention(2, 1, batch_first=True, rng=np.random.default_rng(0)).double()
    mask = mt.tensor(np.triu(np.ones((2, 2), bool), 1))
    mt.testing.check_grads(
        lambda q, k: layer(q, k, k, attn_mask=mask)[0],
        [randn(1, 2, 2, requires_grad=True), randn(1, 2, 2, seed=1, requires_grad=True)],
        order=2,
    )


LAYER = nn.MultiheadAttention(4, 2)
X = mt.ones((3, 2, 4))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.MultiheadAttention(4, 3), ValueError, "num_heads=3 must divide embed_dim=4"),
        (lambda: nn.MultiheadAttention(4, 0), ValueError, "num_heads"),
        (lambda: nn.MultiheadAttention(4, 2, dropout=2), ValueError, "dropout"),
        (lambda: LAYER(X, X, mt.ones((3, 2, 5))), ValueError, "last sizes 4, 4 and 4"),
        (lambda: LAYER(X, mt.ones((3, 4)), X), ValueError, "all batched"),
        (lambda: LAYER(X, mt.ones((3, 1, 4)), mt.ones((3, 1, 4))), ValueError, "one batch size"),
        (lambda: LAYER(X, X, mt.ones((4, 2, 4))), ValueError, "as many keys as values"),
        (lambda: LAYER(X, X, X, is_causal=True), ValueError, "attn_mask, which is missing"),
        (
            lambda: LAYER(X, X, X, attn_mask=mt.ones((2, 3))),
            ValueError,
            r"attn_mask: shape \(2, 3\); expected \(3, 3\) or \(4, 3, 3\)",
        ),
        (lambda: LAYER(X, X, X, mt.ones((3, 2))), ValueError, r"key_padding_mask: .*\(2, 3\)"),
        (
            lambda: LAYER(X, X, X, mt.ones((2, 3), dtype="int64")),
            TypeError,
            "key_padding_mask: dtype int64",
        ),
    ],
)
def test_the_layer_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()
