"""Kinks, ties, zeros, infinities and numbers that are none; dtypes outside the standard."""

import math
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn.nn import functional as F

INF, NAN = math.inf, math.nan


def value_and_gradient(function: Any, at: Any) -> tuple[np.ndarray, np.ndarray]:
    """The result, and the gradient of the sum of its entries."""
    x = mt.tensor(np.array(at, np.float64), requires_grad=True)
    y = function(x)
    y.backward(mt.ones_like(y))
    return y.detach().numpy(), x.grad.numpy()


def other(*values: float) -> Any:
    return mt.tensor(np.array(values, np.float64))


# The table of docs/explanation: what the gradient is where there is none. All are PyTorch's.
KINKS: list[tuple[str, Any, Any, Any]] = [
    ("relu", mt.relu, [-1, 0, 1], [0, 0, 1]),
    ("abs", mt.abs, [-2, 0, 2], [-1, 0, 1]),
    ("sign", mt.sign, [-1, 0, 1], [0, 0, 0]),
    ("floor", mt.floor, [0, 0.5, 1], [0, 0, 0]),
    ("round", mt.round, [0.5, 1, 1.5], [0, 0, 0]),
    ("maximum-tie", lambda x: mt.maximum(x, other(1, 1, 1)), [0, 1, 2], [0, 0.5, 1]),
    ("maximum-tie-right", lambda x: mt.maximum(other(1, 1, 1), x), [0, 1, 2], [0, 0.5, 1]),
    ("maximum-number", lambda x: mt.maximum(x, 1.0), [0, 1, 2], [0, 0.5, 1]),
    ("maximum-itself", lambda x: mt.maximum(x, x), [0, 1], [1, 1]),
    ("minimum-tie", lambda x: mt.minimum(x, other(1, 1, 1)), [0, 1, 2], [1, 0.5, 0]),
    ("max-tie", mt.max, [1, 3, 3, 3], [0, 1 / 3, 1 / 3, 1 / 3]),
    ("max-tie-rows", lambda x: mt.max(x, axis=1), [[2, 2], [1, 0]], [[0.5, 0.5], [1, 0]]),
    ("max-tie-all", lambda x: mt.max(x, axis=(0, 1)), [[2, 2], [1, 2]], [[1 / 3] * 2, [0, 1 / 3]]),
    ("min-tie", mt.min, [1, 3, 1], [0.5, 0, 0.5]),
    ("clip-edges", lambda x: mt.clip(x, -1, 1), [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0]),
    ("hardtanh-edges", F.hardtanh, [-2, -1, 0, 1, 2], [0, 0, 1, 0, 0]),
    ("relu6-edges", F.relu6, [0, 3, 6], [0, 1, 0]),
    ("leaky_relu", lambda x: F.leaky_relu(x, 0.1), [-1, 0, 1], [0.1, 0.1, 1]),
    ("elu", lambda x: F.elu(x, 0.5), [0, 1], [0.5, 1]),
    ("hardsigmoid-edges", F.hardsigmoid, [-3, 0, 3], [0, 1 / 6, 0]),
    ("hardswish-edges", F.hardswish, [-3, 0, 3], [0, 0.5, 1]),
    ("softsign", F.softsign, [0], [1]),
    ("sort-ties", lambda x: mt.sort(x)[:2], [1, 1, 1], [1, 1, 0]),
    ("sort-ties-down", lambda x: mt.sort(x, descending=True)[:2], [1, 1, 1], [1, 1, 0]),
    ("max_pool-ties", lambda x: F.max_pool1d(x[None], 3, 1)[0], [1, 1, 1, 1], [1, 1, 0, 0]),
    ("l1_loss", lambda x: F.l1_loss(x, other(0, 0)), [0, 1], [0, 0.5]),
    ("huber-edges", lambda x: F.huber_loss(x, other(0, 0), delta=0.5), [0.5, -0.5], [0.25, -0.25]),
    ("remainder-edge", lambda x: x % 1.0, [1, 1.5], [1, 1]),
    ("norm-of-zeros", mt.vector_norm, [0, 0], [0, 0]),
    ("norm-of-zeros-3", lambda x: mt.vector_norm(x, ord=3), [0, 0], [0, 0]),
    ("norm-of-zeros-inf", lambda x: mt.vector_norm(x, ord=INF), [0, 0], [0, 0]),
    ("std-of-equals", mt.std, [2, 2, 2], [0, 0, 0]),
    ("std-of-one", mt.std, [2], [0]),
    ("var-of-equals", lambda x: mt.var(x, correction=1), [2, 2, 2], [0, 0, 0]),
    ("atan2-origin", lambda x: mt.atan2(x, x * 1.0), [0, 1], [0, 0]),
    ("pow-0-at-0", lambda x: x**0, [0, 2], [0, 0]),
    ("pow-1-at-0", lambda x: x**1, [0, 2], [1, 1]),
    ("pow-2-at-0", lambda x: x**2, [0, 2], [0, 4]),
    ("pow-1.5-at-0", lambda x: x**1.5, [0, 4], [0, 3]),
    ("pow-at-0", lambda x: x ** other(0, 1, 2), [0, 0, 0], [0, 1, 0]),
    ("pow-of-0", lambda x: other(0, 0, 1) ** x, [0, 2, 2], [0, 0, 0]),
    ("number-pow-of-0", lambda x: 0.0**x, [0, 2], [0, 0]),
    ("prod-no-zero", mt.prod, [2, 3, 4], [12, 8, 6]),
    ("prod-one-zero", mt.prod, [2, 0, 4], [0, 8, 0]),
    ("prod-two-zeros", mt.prod, [0, 3, 0], [0, 0, 0]),
    ("prod-only-zeros", mt.prod, [0], [1]),
    ("unique-ties", mt.unique_values, [2, 1, 2], [1, 1, 0]),
    ("cumulative_prod-two-zeros", mt.cumulative_prod, [0, 3, 0, 2], [4, 0, 0, 0]),
    ("cumulative_prod-one-zero", mt.cumulative_prod, [2, 0, 3], [1, 8, 0]),
    ("where-of-nan", lambda x: mt.where(x > 0, x, 0.0), [NAN, 2], [0, 1]),
]


@pytest.mark.parametrize(
    ("function", "at", "gradient"), [k[1:] for k in KINKS], ids=[k[0] for k in KINKS]
)
def test_gradient_at_kinks(function: Any, at: Any, gradient: Any, backend: str) -> None:
    np.testing.assert_allclose(value_and_gradient(function, at)[1], gradient, rtol=1e-15)


# No warning may be given on the way: they are errors here.
EXTREMES: list[tuple[str, Any, Any, Any, Any]] = [
    ("sigmoid", mt.sigmoid, [-1e4, 1e4], [0, 1], [0, 0]),
    ("tanh", mt.tanh, [-1e4, 1e4], [-1, 1], [0, 0]),
    ("softplus", F.softplus, [-1e4, 1e4], [0, 1e4], [0, 1]),
    ("logsigmoid", F.logsigmoid, [-1e4, 1e4], [-1e4, 0], [1, 0]),
    ("elu", F.elu, [-1e4, 1e4], [-1, 1e4], [0, 1]),
    ("silu", F.silu, [-1e4, 1e4], [0, 1e4], [0, 1]),
    ("mish", F.mish, [-1e4, 1e4], [0, 1e4], [0, 1]),
    ("gelu", F.gelu, [-1e4, 1e4], [0, 1e4], [0, 1]),
    ("gelu-tanh", lambda x: F.gelu(x, "tanh"), [-1e2, 1e2], [0, 1e2], [0, 1]),
    ("erf", mt.erf, [-INF, -30, 30, INF], [-1, -1, 1, 1], [0, 0, 0, 0]),
    ("logaddexp", lambda x: mt.logaddexp(x, other(0, 0)), [-1e4, 1e4], [0, 1e4], [0, 1]),
    ("softmax", lambda x: F.softmax(x, 0), [1e4, 0, -INF], [1, 0, 0], [0, 0, 0]),
    ("log_softmax", lambda x: F.log_softmax(x, 0)[:2], [1e4, 0, -INF], [0, -1e4], [-1, 1, 0]),
    ("logsumexp", mt.logsumexp, [1e4, 1e4], 1e4 + math.log(2), [0.5, 0.5]),
    ("logsumexp-some-inf", mt.logsumexp, [-INF, 1], 1, [0, 1]),
    ("logsumexp-all-inf", mt.logsumexp, [-INF, -INF], -INF, [0, 0]),
    (
        "logsumexp-rows",
        lambda x: mt.logsumexp(x, axis=1, keepdims=True),
        [[-INF, -INF], [0, -INF]],
        [[-INF], [0]],
        [[0, 0], [1, 0]],
    ),
    ("exp-of-minus-inf", mt.exp, [-INF, 0], [0, 1], [0, 1]),
    (
        "cross_entropy",
        lambda x: F.cross_entropy(x, mt.tensor([0, 1]), reduction="none"),
        [[1e4, 0], [1e4, 0]],
        [0, 1e4],
        [[0, 0], [1, -1]],
    ),
    (
        "cross_entropy-minus-inf",
        lambda x: F.cross_entropy(x, mt.tensor([0])),
        [[0, -INF, 0]],
        math.log(2),
        [[-0.5, 0, 0.5]],
    ),
    (
        "cross_entropy-ignored-inf",
        lambda x: F.cross_entropy(x, mt.tensor([0, -100])),
        [[0, -INF], [-INF, 0]],
        0,
        [[0, 0], [0, 0]],
    ),
    (
        "binary_cross_entropy_with_logits",
        lambda x: F.binary_cross_entropy_with_logits(x, other(0, 1, 1), reduction="sum"),
        [1e4, -1e4, 1e4],
        2e4,
        [1, -1, 0],
    ),
    ("max-of-nan", mt.max, [1, NAN, 0], NAN, [0, 1, 0]),
    (
        "max_pool-of-nan",
        lambda x: F.max_pool1d(x[None], 2)[0],
        [1, NAN, 0, 2],
        [NAN, 2],
        [0, 1, 0, 1],
    ),
    ("clip-of-infinities", lambda x: mt.clip(x, -1, 1), [-INF, INF], [-1, 1], [0, 0]),
    (
        "hypot-of-large",
        lambda x: mt.hypot(x, other(0, 3e200)),
        [3e200, 4e200],
        [3e200, 5e200],
        [1, 0.8],
    ),
]


@pytest.mark.parametrize(
    ("function", "at", "value", "gradient"), [e[1:] for e in EXTREMES], ids=[e[0] for e in EXTREMES]
)
def test_extreme_entries(function: Any, at: Any, value: Any, gradient: Any, backend: str) -> None:
    found = value_and_gradient(function, at)
    np.testing.assert_allclose(found[0], value, rtol=1e-14, atol=1e-300)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-14, atol=1e-40)


@pytest.mark.parametrize("dtype", [mt.float32, mt.float64], ids=str)
def test_float32_extremes_do_not_overflow(dtype: Any, backend: str) -> None:
    x = mt.tensor([-200.0, -90.0, 90.0, 200.0], dtype=dtype, requires_grad=True)
    for function in (mt.sigmoid, mt.tanh, F.softplus, F.logsigmoid, F.elu, F.selu, F.silu, F.mish):
        assert np.isfinite(function(x).detach().numpy()).all()
    for function in (lambda x: F.softmax(x, 0), mt.logsumexp):
        (gradient,) = mt.grad(mt.sum(function(x)), x)
        assert np.isfinite(gradient.numpy()).all()


def test_values_at_zero(backend: str) -> None:
    zero = mt.zeros(1)
    assert (zero**0).tolist() == [1.0]
    assert (0.0**zero).tolist() == [1.0]
    assert (zero**zero).tolist() == [1.0]
    assert mt.prod(mt.zeros((2, 0)), axis=1).tolist() == [1.0, 1.0]
    assert mt.sum(mt.zeros((2, 0)), axis=1).tolist() == [0.0, 0.0]


def test_nan_gradient_stays_where_it_is(backend: str) -> None:
    _, gradient = value_and_gradient(lambda x: mt.sum(x * other(1, NAN, 2)), [1, 2, 3])
    np.testing.assert_array_equal(gradient, [1, NAN, 2])


def test_float16_on_numpy() -> None:
    x = mt.tensor([0.5, -1.25], requires_grad=True)
    y = x.half() * 2
    assert y.dtype == mt.float16
    y.sum().backward()
    assert x.grad.dtype == mt.float32
    assert (y.detach().tolist(), x.grad.tolist()) == ([1.0, -2.5], [2.0, 2.0])


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ((2, 2), {"kernel_size": 2, "padding": 1, "dilation": 3, "stride": 1}),
        ((1, 5), {"kernel_size": (2, 1), "padding": (1, 0), "dilation": (2, 1), "stride": 1}),
    ],
)
def test_pooling_windows_of_padding_alone_are_refused(
    size: Any, options: Any, backend: str
) -> None:
    with pytest.raises(ValueError, match=r"max_pool2d: .* meets padding alone; pad"):
        F.max_pool2d(mt.ones((1, 1, *size)), **options)
