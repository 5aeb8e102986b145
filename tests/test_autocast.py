"""Mixed precision: which dtype an operation gives, its gradients, and the scale of the loss."""

import math

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import models, nn, optim
from minitorch_cnn.nn import functional as F

RNG = np.random.default_rng(0)
X = RNG.uniform(0.1, 1.0, (2, 4, 6, 6)).astype(np.float32)
ROWS = RNG.uniform(0.1, 1.0, (3, 4)).astype(np.float32)
LABELS = np.array([1, 0, 3])


def t(array):
    return mt.tensor(array)


# After PyTorch's documentation of torch.amp, "CUDA Ops that can autocast to float16 / float32".
HALF = {
    "conv2d": lambda: F.conv2d(t(X), t(X[:, :, :3, :3])),
    "conv1d": lambda: F.conv1d(t(ROWS[None]), t(ROWS[None, :, :2])),
    "conv_transpose2d": lambda: F.conv_transpose2d(t(X), t(X[0].reshape(4, 4, 3, 3))),
    "linear": lambda: F.linear(t(ROWS), t(ROWS)),
    "linear with bias": lambda: F.linear(t(ROWS), t(ROWS), t(ROWS[0, :3])),
    "matmul": lambda: t(ROWS) @ t(ROWS.T),
    "mt.matmul": lambda: mt.matmul(t(ROWS), t(ROWS.T)),
    "bilinear": lambda: F.bilinear(t(ROWS), t(ROWS), mt.ones((2, 4, 4))),
    "attention": lambda: F.scaled_dot_product_attention(t(ROWS), t(ROWS), t(ROWS)),
    "locally connected": lambda: nn.LocallyConnected2d(4, 2, (6, 6), 3)(t(X)),
}
SINGLE = {
    "softmax": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "cross_entropy": lambda x: F.cross_entropy(x, t(LABELS)),
    "nll_loss": lambda x: F.nll_loss(x, t(LABELS)),
    "mse_loss": lambda x: F.mse_loss(x, t(ROWS)),
    "l1_loss": lambda x: F.l1_loss(x, t(ROWS)),
    "smooth_l1_loss": lambda x: F.smooth_l1_loss(x, t(ROWS)),
    "kl_div": lambda x: F.kl_div(x, t(ROWS), reduction="sum"),
    "bce_with_logits": lambda x: F.binary_cross_entropy_with_logits(x, t(ROWS)),
    "layer_norm": lambda x: F.layer_norm(x, (4,), mt.ones(4), mt.zeros(4)),
    "group_norm": lambda x: F.group_norm(x, 2),
    "batch_norm": lambda x: nn.BatchNorm1d(4)(x),
    "softplus": F.softplus,
    "cosine_similarity": lambda x: F.cosine_similarity(x, t(ROWS)),
    "exp": mt.exp,
    "log": mt.log,
    "log1p": mt.log1p,
    "rsqrt": mt.rsqrt,
    "reciprocal": mt.reciprocal,
    "acos": mt.acos,
    "cosh": mt.cosh,
    "tan": mt.tan,
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(axis=0),
    "prod": mt.prod,
    "vector_norm": lambda x: mt.linalg.vector_norm(x),
}
FOLLOWING = {
    "relu": F.relu,
    "tanh": mt.tanh,
    "max_pool1d": lambda x: F.max_pool1d(x[None], 2),
    "reshape": lambda x: x.reshape((4, 3)),
    "add": lambda x: x + x,
    "times a number": lambda x: 2.5 * x,
    "concat": lambda x: mt.concat([x, x], axis=0),
    "dropout": lambda x: F.dropout(x, 0.5),
}
WIDEST = {
    "add": lambda x: x + t(ROWS),
    "concat": lambda x: mt.concat([x, t(ROWS)], axis=0),
    "stack": lambda x: mt.stack([x, t(ROWS)]),
    "prelu": lambda x: F.prelu(x, t(ROWS[0, :1])),
}


@pytest.mark.parametrize("call", HALF.values(), ids=HALF)
def test_products_are_computed_in_float16(call):
    assert call().dtype == mt.float32
    with mt.autocast():
        assert call().dtype == mt.float16
        with mt.autocast(enabled=False):
            assert call().dtype == mt.float32
    assert call().dtype == mt.float32


@pytest.mark.parametrize("call", SINGLE.values(), ids=SINGLE)
def test_what_would_suffer_is_computed_in_float32(call):
    x = t(ROWS.astype(np.float16))
    with mt.no_grad():
        expected = call(t(x.numpy().astype(np.float32)))
        with mt.autocast():
            found = call(x)
    assert found.dtype == mt.float32
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5)


@pytest.mark.parametrize("call", FOLLOWING.values(), ids=FOLLOWING)
def test_the_others_take_what_comes(call):
    with mt.autocast():
        assert call(t(ROWS.astype(np.float16))).dtype == mt.float16
        assert call(t(ROWS)).dtype == mt.float32


@pytest.mark.parametrize("call", WIDEST.values(), ids=WIDEST)
def test_of_two_the_wider(call):
    with mt.autocast():
        assert call(t(ROWS.astype(np.float16))).dtype == mt.float32


def test_float64_stays():
    with mt.autocast():
        assert (t(ROWS.astype(np.float64)) @ t(ROWS.T.astype(np.float64))).dtype == mt.float64


def test_outside_mixed_dtypes_are_still_refused():
    with pytest.raises(TypeError, match="dtypes differ"):
        F.linear(t(ROWS.astype(np.float16)), t(ROWS))


# --- gradients ----------------------------------------------------------------------------------


def step_of(net, x, y, cast):
    with mt.autocast(enabled=cast):
        loss = F.cross_entropy(net(x), y)
    for p in net.parameters():
        p.grad = None
    (loss * 64).backward()
    return loss.item(), [p.grad / 64 for p in net.parameters()]


@pytest.mark.parametrize("way", ["kernels", "compositions", "checkpoint", "backward inside"])
def test_gradients_are_those_of_float32_to_rounding(way):
    mt.seed(0)
    net = models.lenet()
    x, y = mt.rand((8, 1, 28, 28)), mt.randint(0, 10, 8)
    expected_loss, expected = step_of(net, x, y, cast=False)
    if way == "compositions":
        with mt.compositions():
            loss, found = step_of(net, x, y, cast=True)
    elif way == "checkpoint":
        loss, found = step_of(nn.Sequential(*net), x, y, cast=True)
        with mt.autocast():
            scores = mt.checkpoint(net, x)
            again = F.cross_entropy(scores, y)
        for p in net.parameters():
            p.grad = None
        (again * 64).backward()
        for p, gradient in zip(net.parameters(), found, strict=True):
            np.testing.assert_array_equal((p.grad / 64).numpy(), gradient.numpy())
    elif way == "backward inside":
        with mt.autocast():
            loss, found = step_of(net, x, y, cast=True)
    else:
        loss, found = step_of(net, x, y, cast=True)
    assert loss == pytest.approx(expected_loss, rel=2e-3)
    for gradient, exact in zip(found, expected, strict=True):
        assert gradient.dtype == mt.float32
        # Where two entries of a window round to one, another gets the gradient of the maximum.
        apart = np.linalg.norm(gradient.numpy() - exact.numpy())
        assert apart < 0.05 * np.linalg.norm(exact.numpy())


def test_second_order_passes_through_the_casts():
    w = mt.tensor(ROWS, requires_grad=True)
    with mt.autocast():
        loss = ((w @ w.T).sum()) ** 2
        (first,) = mt.grad(loss, [w], create_graph=True)
        (second,) = mt.grad(first.sum(), [w])
    exact = mt.tensor(ROWS, requires_grad=True)
    (g,) = mt.grad(((exact @ exact.T).sum()) ** 2, [exact], create_graph=True)
    (expected,) = mt.grad(g.sum(), [exact])
    assert second.dtype == mt.float32
    np.testing.assert_allclose(second.numpy(), expected.numpy(), rtol=2e-2)


def test_a_training_goes_as_in_float32():
    def losses(cast):
        mt.seed(0)
        net = models.mlp()
        opt, scaler = optim.Adam(net.parameters(), lr=1e-3), optim.GradScaler(enabled=cast)
        x, y = mt.rand((32, 1, 28, 28)), mt.randint(0, 10, 32)
        met = []
        for _ in range(12):
            with mt.autocast(enabled=cast):
                loss = F.cross_entropy(net(x), y)
            opt.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
            met.append(loss.item())
        return met

    np.testing.assert_allclose(losses(True), losses(False), rtol=0.03)


def test_as_a_decorator_and_what_is_refused():
    @mt.autocast()
    def product(x):
        return x @ x.T

    assert product(t(ROWS)).dtype == mt.float16
    for wrong in ("bfloat16", "cuda", "float64"):
        with pytest.raises(ValueError, match=r"^autocast: "):
            mt.autocast(wrong)
    x = mt.ones((2, 2), backend="strict")
    with mt.autocast(), pytest.raises(ValueError, match="autocast: cannot cast float32 to float16"):
        mt.matmul(x, x)


# --- the scale of the loss ----------------------------------------------------------------------


def scaled_steps(scaler, gradients):
    """Steps with gradients that come of a scaled loss; which were left out, and the scales."""
    p = nn.Parameter([0.0])
    opt = optim.SGD([p], lr=1.0)
    met = []
    for gradient in gradients:
        p.grad = mt.tensor([gradient * scaler.get_scale()], dtype="float32")
        before = p.item()
        scaler.step(opt)
        scaler.update()
        met.append((before - p.item(), scaler.get_scale()))
    return met


def test_overflows_are_left_out_and_the_scale_follows():
    """As PyTorch's: halved after an overflow, doubled after so many steps without."""
    scaler = optim.GradScaler(init_scale=8.0, growth_interval=2)
    found = scaled_steps(scaler, [0.5, 0.25, math.inf, 1.0, math.nan, 2.0, 4.0])
    assert found == [(0.5, 8), (0.25, 16), (0.0, 8), (1.0, 8), (0.0, 4), (2.0, 4), (4.0, 8)]


def test_gradients_are_unscaled_once():
    p = nn.Parameter([0.0])
    opt, scaler = optim.SGD([p], lr=1.0), optim.GradScaler(init_scale=4.0)
    scaler.scale((p * 3.0).sum()).backward()
    assert p.grad.item() == 12.0
    scaler.unscale_(opt)
    assert p.grad.item() == 3.0
    with pytest.raises(ValueError, match="unscaled already"):
        scaler.unscale_(opt)
    scaler.step(opt)
    assert p.item() == -3.0


def test_a_scaler_goes_on():
    one, other = (optim.GradScaler(init_scale=8.0, growth_interval=3) for _ in range(2))
    scaled_steps(one, [1.0, math.inf, 1.0, 1.0])
    other.load_state_dict(one.state_dict())
    assert scaled_steps(one, [1.0, 1.0]) == scaled_steps(other, [1.0, 1.0])
    with pytest.raises(ValueError, match="a state holds 'scale' and 'good_steps'"):
        other.load_state_dict({})


def test_a_scaler_that_does_nothing():
    scaler = optim.GradScaler(enabled=False)
    loss = mt.ones(())
    assert scaler.scale(loss) is loss
    assert scaled_steps(scaler, [0.5]) == [(0.5, 1.0)]
    with pytest.raises(ValueError, match=r"growth_factor=1.0"):
        optim.GradScaler(growth_factor=1.0)
