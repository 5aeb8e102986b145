"""Layers: shapes, settings, statistics, the derivation dense -> local -> conv, second order.

Values against PyTorch's are stored elsewhere; here layers are held against formulas and against
each other.
"""

import itertools
import math

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F

RNG = np.random.default_rng(0)


def host(tensor):
    return tensor.detach().numpy()


def randn(*shape, backend="numpy", requires_grad=False, seed=0):
    rng = np.random.default_rng((seed, *shape))
    return mt.randn(shape, rng=rng, dtype="float64", backend=backend, requires_grad=requires_grad)


def close(a, b, tolerance=1e-12):
    a, b = (host(t) if isinstance(t, mt.Tensor) else np.asarray(t) for t in (a, b))
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# --- shapes -------------------------------------------------------------------------------------


def positions(n, k, s, p, d):
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


GRID = [
    (k, s, p, d)
    for k, s, p, d in itertools.product((1, 2, 3), (1, 2, 3), (0, 1), (1, 2))
    if d * (k - 1) + 1 <= 5 + 2 * p
]


def test_convolution_shapes_follow_the_formula():
    for (k, s, p, d), n in itertools.product(GRID, (5, 6)):
        out = tuple(positions(size, k, s, p, d) for size in (n, n + 1))
        x = mt.ones((1, 2, n, n + 1))
        assert nn.Conv2d(2, 3, k, s, p, d)(x).shape == (1, 3, *out)
        assert nn.LocallyConnected2d(2, 3, (n, n + 1), k, s, p, d)(x).shape == (1, 3, *out)
        assert nn.Conv1d(2, 3, k, s, p, d)(x[:, :, 0]).shape == (1, 3, out[1])


def test_convolution_shapes_with_a_setting_for_each_dimension():
    layer = nn.Conv2d(1, 2, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2))
    assert layer(mt.ones((4, 1, 7, 9))).shape == (
        4,
        2,
        positions(7, 3, 2, 1, 1),
        positions(9, 2, 1, 0, 2),
    )
    cube = nn.Conv3d(1, 2, (1, 2, 3), stride=(1, 2, 1), padding=(0, 1, 1))
    assert cube(mt.ones((1, 1, 3, 4, 5))).shape == (1, 2, 3, 3, 5)


def test_pooling_shapes_follow_the_formula():
    for (k, s, p, d), n in itertools.product(GRID, (5, 6)):
        if 2 * p > k:
            continue
        out = tuple(positions(size, k, s, p, d) for size in (n, n + 1))
        x = mt.ones((1, 2, n, n + 1))
        assert nn.MaxPool2d(k, s, p, d)(x).shape == (1, 2, *out)
        if d == 1:
            assert nn.AvgPool2d(k, s, p)(x).shape == (1, 2, *out)
            assert nn.AvgPool1d(k, s, p)(x[:, :, 0]).shape == (1, 2, out[1])
    assert nn.MaxPool2d(2)(mt.ones((1, 1, 5, 5))).shape == (1, 1, 2, 2)
    assert nn.MaxPool2d(2, ceil_mode=True)(mt.ones((1, 1, 5, 5))).shape == (1, 1, 3, 3)
    assert nn.MaxPool3d((1, 2, 2))(mt.ones((1, 1, 3, 4, 4))).shape == (1, 1, 3, 2, 2)
    assert nn.AvgPool3d(2)(mt.ones((2, 3, 4, 4, 4))).shape == (2, 3, 2, 2, 2)


def test_windows_that_just_fit_and_strides_that_do_not_tile():
    assert nn.Conv2d(1, 1, 3, dilation=2)(mt.ones((1, 1, 5, 5))).shape == (1, 1, 1, 1)
    assert nn.Conv2d(1, 1, 3, stride=2)(mt.ones((1, 1, 6, 6))).shape == (1, 1, 2, 2)
    assert nn.Conv2d(1, 1, 4)(mt.ones((1, 1, 4, 4))).shape == (1, 1, 1, 1)
    assert nn.LocallyConnected2d(1, 1, 5, 3, dilation=2)(mt.ones((1, 1, 5, 5))).shape[2:] == (1, 1)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("d", [1, 2])
def test_same_padding_keeps_the_size(k, d):
    assert nn.Conv2d(1, 1, k, padding="same", dilation=d)(mt.ones((1, 1, 6, 7))).shape[2:] == (6, 7)
    assert nn.Conv1d(1, 1, k, padding="same", dilation=d)(mt.ones((1, 1, 6))).shape == (1, 1, 6)
    local = nn.LocallyConnected2d(1, 1, (6, 7), k, padding="same", dilation=d)
    assert local(mt.ones((1, 1, 6, 7))).shape[2:] == (6, 7)


def test_valid_padding_is_none():
    x = mt.ones((1, 1, 6, 6))
    layer = nn.Conv2d(1, 1, 3, padding="valid", stride=2, rng=np.random.default_rng(0))
    plain = nn.Conv2d(1, 1, 3, stride=2, rng=np.random.default_rng(0))
    close(layer(x), plain(x))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 3, 2),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.LocallyConnected2d(2, 3, 4, 2),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_one_picture_needs_no_batch_axis(layer):
    x = mt.randn(2, 4, 4, rng=np.random.default_rng(0))
    close(layer(x), layer(x[None])[0], tolerance=1e-6)


def test_empty_batches_pass_through():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.AvgPool2d(1),
        nn.Flatten(),
        nn.Dense(2, 3),
    )
    x = mt.zeros((0, 1, 4, 4), requires_grad=True)
    y = net(x)
    assert y.shape == (0, 3)
    y.sum().backward()
    assert x.grad.shape == x.shape
    assert net[0].weight.grad.tolist() == np.zeros((2, 1, 3, 3)).tolist()


def test_flatten():
    x = mt.ones((2, 3, 4, 5))
    assert nn.Flatten()(x).shape == (2, 60)
    assert nn.Flatten(2)(x).shape == (2, 3, 20)
    assert nn.Flatten(0, 1)(x).shape == (6, 4, 5)
    assert nn.Flatten(-2)(x).shape == (2, 3, 20)
    assert nn.Flatten(0)(mt.ones(3)).shape == (3,)
    with pytest.raises(ValueError, match=r"Flatten: an input of shape \(3,\).*batch axis"):
        nn.Flatten()(mt.ones(3))


# --- the derivation: dense -> local -> conv -----------------------------------------------------


def test_linear_is_dense():
    assert nn.Linear is nn.Dense
    layer = nn.Linear(3, 2)
    assert layer.weight.shape == (2, 3)
    assert layer.bias.shape == (2,)


def test_gradients_of_dense_weights_lie_in_memory_as_the_weights_do():
    layer = nn.Dense(5, 3)
    layer(mt.ones((4, 5))).sum().backward()
    assert layer.weight.grad.data.flags.c_contiguous


def test_a_dense_layer_keeps_the_factors_that_gradients_need():
    shapes = (4, 5), (3, 5), (3,)
    x, weight, bias = (randn(*shape, requires_grad=True) for shape in shapes)
    for inputs, kept in [
        ((x, weight, bias), [True, True, False]),
        ((x, weight.detach(), bias), [False, True, False]),
        ((x.detach(), weight, bias), [True, False, False]),
        ((x.detach(), weight.detach(), bias), [False, False, False]),
        ((x, weight), [True, True]),
    ]:
        node = F.linear(*inputs)._node
        assert [array is not None for array in node.kept] == kept


def test_dense_is_a_matrix_product(backend):
    layer = nn.Dense(3, 2, backend=backend).to("float64")
    x = randn(4, 5, 3, backend=backend)
    close(layer(x), host(x) @ host(layer.weight).T + host(layer.bias))
    no_bias = nn.Dense(3, 2, bias=False)
    assert no_bias.bias is None
    assert no_bias(mt.zeros(3)).tolist() == [0.0, 0.0]


def local_of(conv, sizes, backend):
    """A locally connected layer with the kernel of ``conv`` at every position."""
    local = nn.LocallyConnected2d(
        conv.in_channels,
        conv.out_channels,
        sizes,
        conv.kernel_size,
        conv.stride,
        conv.padding,
        conv.dilation,
        conv.groups,
        backend=backend,
    ).to("float64")
    local.weight.assign_(np.broadcast_to(host(conv.weight), local.weight.shape))
    local.bias.assign_(np.broadcast_to(host(conv.bias)[:, None, None], local.bias.shape))
    return local


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stride": 2},
        {"stride": (1, 3), "padding": (1, 0)},
        {"padding": 2},
        {"padding": "same"},
        {"dilation": 2, "padding": 1},
        {"groups": 2},
        {"groups": 2, "stride": 2, "padding": 1, "dilation": (2, 1)},
    ],
    ids=str,
)
def test_a_convolution_is_a_local_layer_with_tied_weights(settings, backend):
    kernel = (3, 2)
    conv = nn.Conv2d(2, 4, kernel, **settings, backend=backend).to("float64")
    local = local_of(conv, (6, 7), backend)
    x, z = (randn(2, 2, 6, 7, backend=backend, requires_grad=True) for _ in range(2))
    y, tied = conv(x), local(z)
    close(y, tied)
    g = randn(*y.shape, backend=backend, seed=1)
    y.backward(g)
    tied.backward(g)
    close(x.grad, z.grad)
    # The gradient of a tied weight is the sum over the places it is used at.
    close(conv.weight.grad, host(local.weight.grad).sum(axis=(0, 1)))
    close(conv.bias.grad, host(local.bias.grad).sum(axis=(1, 2)))


def test_one_window_over_everything_is_a_dense_layer(backend):
    conv = nn.Conv2d(2, 3, (4, 5), backend=backend).to("float64")
    dense = nn.Dense(40, 3, backend=backend).to("float64")
    dense.weight.assign_(host(conv.weight).reshape(3, 40))
    dense.bias.assign_(host(conv.bias))
    x = randn(2, 2, 4, 5, backend=backend)
    close(conv(x).reshape((2, 3)), dense(x.reshape((2, 40))))


def test_a_1x1_convolution_is_a_dense_layer_at_every_pixel():
    conv = nn.Conv2d(3, 2, 1).to("float64")
    x = randn(2, 3, 4, 5)
    dense = F.linear(mt.moveaxis(x, 1, -1), conv.weight.reshape((2, 3)), conv.bias)
    close(conv(x), mt.moveaxis(dense, -1, 1))


def test_groups_do_not_see_each_other():
    conv = nn.Conv2d(4, 6, 3, groups=2).to("float64")
    x = randn(1, 4, 5, 5)
    halves = [
        F.conv2d(
            x[:, 2 * i : 2 * i + 2], conv.weight[3 * i : 3 * i + 3], conv.bias[3 * i : 3 * i + 3]
        )
        for i in range(2)
    ]
    close(conv(x), mt.concat(halves, axis=1))


def test_convolution_by_its_definition():
    x, w = RNG.standard_normal((2, 3, 6, 5)), RNG.standard_normal((4, 3, 3, 2))
    expected = np.zeros((2, 4, 4, 4))
    for i, j in itertools.product(range(4), range(4)):
        expected[:, :, i, j] = np.einsum("ncij,ocij->no", x[:, :, i : i + 3, j : j + 2], w)
    close(F.conv2d(mt.tensor(x), mt.tensor(w)), expected)


def test_overlapping_windows_add_their_gradients():
    # Every pixel's gradient of a sum of 3x3 windows is the number of windows that see it.
    x = mt.ones((1, 1, 5, 5), requires_grad=True)
    F.conv2d(x, mt.ones((1, 1, 3, 3))).sum().backward()
    line = np.array([1, 2, 3, 2, 1])
    assert x.grad[0, 0].tolist() == np.outer(line, line).tolist()


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_modes_pad_as_numpy_does(mode, backend):
    names = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    layer = nn.Conv2d(1, 2, 3, padding=(2, 1), padding_mode=mode, backend=backend).to("float64")
    x = randn(1, 1, 5, 6, backend=backend)
    padded = np.pad(host(x), ((0, 0), (0, 0), (2, 2), (1, 1)), mode=names[mode])
    close(layer(x), F.conv2d(mt.tensor(padded, backend=backend), layer.weight, layer.bias))


# --- pooling ------------------------------------------------------------------------------------


def test_padding_never_wins_a_maximum(backend):
    x = mt.full((1, 1, 3, 3), -5.0, backend=backend)
    assert set(np.unique(nn.MaxPool2d(2, padding=1)(x).numpy())) == {-5.0}


def test_the_first_of_equals_gets_the_gradient(backend):
    x = mt.ones((1, 1, 2, 2), backend=backend, requires_grad=True)
    nn.MaxPool2d(2)(x).sum().backward()
    assert x.grad[0, 0].tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_average_pooling_of_oblong_windows(backend):
    x = randn(1, 1, 6, 6, backend=backend, requires_grad=True)
    y = nn.AvgPool2d((3, 2))(x)
    close(y[0, 0], host(x)[0, 0].reshape(2, 3, 3, 2).mean(axis=(1, 3)))
    y.sum().backward()
    close(x.grad, np.full((1, 1, 6, 6), 1 / 6))


def test_overlapping_pooling_adds_its_gradients(backend):
    x = mt.tensor([[[[1.0, 3.0, 2.0]]]], backend=backend, requires_grad=True)
    nn.MaxPool2d((1, 2), stride=1)(x).sum().backward()
    assert x.grad.tolist() == [[[[0.0, 2.0, 0.0]]]]


def test_settings_of_a_layer_can_be_changed():
    x = mt.ones((1, 1, 4, 4))
    pool = nn.MaxPool2d(2)
    pool.stride = 1
    assert pool(x).shape == (1, 1, 3, 3)
    leaky = nn.LeakyReLU(0.1)
    leaky.negative_slope = 0.5
    assert leaky(mt.tensor([-2.0])).item() == -1.0
    assert repr(leaky) == "LeakyReLU(negative_slope=0.5)"
    drop = nn.Dropout(0.5)
    drop.p = 0.0
    assert drop(x) is x


def test_pooling_indices():
    values, indices = nn.MaxPool2d(2, return_indices=True)(
        mt.arange(16, dtype="float32").reshape((1, 1, 4, 4))
    )
    assert values[0, 0].tolist() == indices[0, 0].tolist() == [[5, 7], [13, 15]]
    assert indices.dtype == mt.int64


# --- dropout ------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_the_share_p_and_keeps_the_mean(p, backend):
    n = 200 * 200
    layer = nn.Dropout(p, rng=np.random.default_rng(0))
    x = mt.ones((200, 200), backend=backend, requires_grad=True)
    y = layer(x)
    values = host(y)
    assert set(np.unique(values)) == {0.0, np.float32(1 / (1 - p))}
    assert (values == 0).mean() == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / n))
    assert values.mean() == pytest.approx(1.0, abs=4 * math.sqrt(p / (1 - p) / n))
    y.sum().backward()
    np.testing.assert_array_equal(host(x.grad), values)
    assert y.dtype == mt.float32


def test_dropout_at_its_limits_and_in_evaluation():
    x = mt.ones(100)
    assert nn.Dropout(0.0)(x) is x
    assert nn.Dropout(1.0)(x).tolist() == [0.0] * 100
    layer = nn.Dropout(0.5).eval()
    assert layer(x) is x
    assert layer.train()(x).tolist() != x.tolist()
    poisoned = nn.Dropout(1.0)(mt.tensor([float("inf")]).clip(max=1.0))
    assert poisoned.tolist() == [0.0]


def test_dropout2d_drops_whole_channels():
    y = nn.Dropout2d(0.5, rng=np.random.default_rng(0))(mt.ones((50, 40, 3, 3))).numpy()
    flat = y.reshape(2000, 9)
    assert (flat == flat[:, :1]).all()
    assert (flat[:, 0] == 0).mean() == pytest.approx(0.5, abs=0.05)


# --- batch normalisation ------------------------------------------------------------------------


def bn_input(kind, backend="numpy"):
    shape = {nn.BatchNorm1d: (8, 3), nn.BatchNorm2d: (4, 3, 2, 5), nn.BatchNorm3d: (2, 3, 2, 2, 3)}
    return randn(*shape[kind], backend=backend) * 3.0 + 2.0


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d])
def test_batch_norm_normalises_and_remembers(kind, backend):
    layer = kind(3, momentum=0.2, backend=backend).to("float64")
    x = bn_input(kind, backend)
    axes = (0, *range(2, x.ndim))
    y = host(layer(x))
    np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=axes), 1, atol=1e-5)
    mean, var = host(x).mean(axis=axes), host(x).var(axis=axes, ddof=1)
    np.testing.assert_allclose(host(layer.running_mean), 0.2 * mean)
    np.testing.assert_allclose(host(layer.running_var), 0.8 + 0.2 * var)
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    wide = (-1, *(1,) * (x.ndim - 2))
    expected = (host(x) - host(layer.running_mean).reshape(wide)) / np.sqrt(
        host(layer.running_var).reshape(wide) + 1e-5
    )
    np.testing.assert_allclose(host(layer(x)), expected, atol=1e-12)
    assert layer.num_batches_tracked.item() == 1


def test_batch_norm_of_sequences():
    layer = nn.BatchNorm1d(3)
    assert layer(mt.randn(4, 3, 7)).shape == (4, 3, 7)


def test_batch_norm_averages_over_all_batches_without_momentum():
    layer = nn.BatchNorm1d(2, momentum=None).to("float64")
    batches = [randn(6, 2, seed=s) for s in range(3)]
    for batch in batches:
        layer(batch)
    means = np.mean([host(b).mean(axis=0) for b in batches], axis=0)
    variances = np.mean([host(b).var(axis=0, ddof=1) for b in batches], axis=0)
    np.testing.assert_allclose(host(layer.running_mean), means)
    np.testing.assert_allclose(host(layer.running_var), variances)


def test_batch_norm_without_running_statistics_always_uses_the_batch():
    layer = nn.BatchNorm1d(2, track_running_stats=False).to("float64").eval()
    y = host(layer(randn(6, 2)))
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    assert layer.running_mean is None
    plain = nn.BatchNorm1d(2, affine=False)
    assert plain.weight is None
    assert list(plain.parameters()) == []


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 3, 1, 1), "more than 1 is needed"),
        ((2, 4, 2, 2), "4 channels"),
        ((2, 3), "expected an input of 4 dimensions"),
    ],
)
def test_a_batch_that_is_refused_leaves_no_trace(shape, words):
    layer = nn.BatchNorm2d(3)
    with pytest.raises(ValueError, match=words):
        layer(mt.ones(shape))
    assert layer.num_batches_tracked.item() == 0
    assert layer.running_mean.tolist() == [0.0, 0.0, 0.0]
    assert layer.running_var.tolist() == [1.0, 1.0, 1.0]


def test_running_statistics_do_not_enter_the_graph():
    layer = nn.BatchNorm1d(2)
    x = mt.randn(4, 2, requires_grad=True)
    layer(x)
    assert not layer.running_mean.requires_grad
    with mt.no_grad():
        layer(x)
    assert layer.num_batches_tracked.item() == 2


def test_two_forward_passes_then_both_backward():
    # Running statistics are overwritten in between; no graph needs them.
    layer = nn.BatchNorm1d(2)
    x = mt.randn(4, 2, requires_grad=True)
    first, second = layer(x), layer(x * 2)
    (first * first).sum().backward()
    (second * second).sum().backward()
    assert np.isfinite(host(x.grad)).all()


# --- second order -------------------------------------------------------------------------------


def hessian_times(function, x, v):
    """``H v`` by the engine and by central differences of first-order gradients."""
    (g,) = mt.grad(function(x), x, create_graph=True)
    (exact,) = mt.grad((g * v).sum(), x)
    step = 1e-5
    around = []
    for sign in (1, -1):
        moved = mt.tensor(host(x) + sign * step * host(v), requires_grad=True)
        around.append(host(mt.grad(function(moved), moved)[0]))
    return host(exact), (around[0] - around[1]) / (2 * step)


def second_order_cases():
    cube = lambda y: (y * y * y).sum()  # noqa: E731
    x, w = randn(2, 2, 5, 4), randn(4, 2, 3, 3, seed=1)
    tall = randn(4, 3, 4, 2, 2, 2, seed=2)  # weights of a local layer: 3 x 4 positions
    small = randn(6, 3)
    running = (mt.tensor([0.1, 0.2, 0.3]), mt.tensor([1.0, 2.0, 3.0]))
    return {
        "conv in its input": (lambda t: cube(F.conv2d(t, w)), x),
        "conv in its weight": (lambda t: cube(F.conv2d(x, t, stride=2, padding=1)), w),
        "grouped conv": (lambda t: cube(F.conv2d(t, w[:, :1], groups=2)), x),
        "local in its input": (
            lambda t: cube(F.locally_connected2d(t, tall.reshape((4, 3, 4, 2, 2, 2)))),
            randn(2, 2, 5, 4),
        ),
        "local in its weight": (lambda t: cube(F.locally_connected2d(x, t)), tall),
        "batch norm in training": (
            lambda t: cube(F.batch_norm(t, None, None, training=True)),
            small,
        ),
        "batch norm in evaluation": (lambda t: cube(F.batch_norm(t, *running)), small),
        "average pooling": (lambda t: cube(F.avg_pool2d(t, 2, stride=1)), x),
        "max pooling": (lambda t: cube(F.max_pool2d(t, 2, stride=1)), x),
        "softmax": (lambda t: cube(F.softmax(t, 1)), small),
        "cross entropy": (
            lambda t: F.cross_entropy(t, mt.tensor([0, 1, 2, 0, 1, 2])) ** 2,
            small,
        ),
    }


@pytest.mark.parametrize("name", second_order_cases())
def test_second_order(name):
    function, x = second_order_cases()[name]
    x = mt.tensor(x, requires_grad=True)
    v = randn(*x.shape, seed=9)
    exact, differences = hessian_times(function, x, v)
    assert np.abs(exact).max() > 1e-3
    np.testing.assert_allclose(exact, differences, rtol=1e-6, atol=1e-7)


def test_gradients_of_a_weight_through_a_gradient_of_the_input():
    # A gradient penalty needs the mixed derivative through input and weight.
    x, w = randn(1, 1, 4, 4, requires_grad=True), randn(2, 1, 2, 2, seed=1, requires_grad=True)

    def penalty(weight):
        (g,) = mt.grad((F.conv2d(x, weight) ** 2).sum(), x, create_graph=True)
        return (g * g).sum()

    (exact,) = mt.grad(penalty(w), w)
    v, step = RNG.standard_normal(w.shape), 1e-5
    up, down = (
        penalty(mt.tensor(host(w) + s * step * v, requires_grad=True)).item() for s in (1, -1)
    )
    assert (host(exact) * v).sum() == pytest.approx((up - down) / (2 * step), rel=1e-7)


# --- activations and losses as modules ----------------------------------------------------------


ACTIVATIONS = {
    nn.ReLU: F.relu,
    nn.ReLU6: F.relu6,
    nn.LeakyReLU: F.leaky_relu,
    nn.ELU: F.elu,
    nn.SELU: F.selu,
    nn.GELU: F.gelu,
    nn.SiLU: F.silu,
    nn.Mish: F.mish,
    nn.Sigmoid: F.sigmoid,
    nn.LogSigmoid: F.logsigmoid,
    nn.Tanh: F.tanh,
    nn.Softplus: F.softplus,
    nn.Softsign: F.softsign,
    nn.Hardtanh: F.hardtanh,
    nn.Hardsigmoid: F.hardsigmoid,
    nn.Hardswish: F.hardswish,
}


@pytest.mark.parametrize("kind", ACTIVATIONS, ids=lambda kind: kind.__name__)
def test_activation_modules_are_the_functions(kind, backend):
    x = mt.tensor([-7.0, -1.5, 0.0, 0.5, 8.0], backend=backend)
    before = x.tolist()
    y = kind()(x)
    assert y.tolist() == ACTIVATIONS[kind](x).tolist()
    assert x.tolist() == before
    assert y.dtype == mt.float32
    assert repr(kind()).startswith(kind.__name__ + "(")


def test_softmax_modules():
    x = mt.tensor([[0.0, 1.0, 2.0], [5.0, 5.0, 5.0]])
    y = nn.Softmax(1)(x)
    np.testing.assert_allclose(y.sum(axis=1).numpy(), 1, rtol=1e-6)
    np.testing.assert_allclose(y.numpy()[0], np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum(), rtol=1e-6)
    np.testing.assert_allclose(nn.LogSoftmax(dim=1)(x).numpy(), np.log(y.numpy()), rtol=1e-5)
    assert repr(nn.Softmax(1)) == "Softmax(dim=1)"


LOSSES = {
    nn.MSELoss: F.mse_loss,
    nn.L1Loss: F.l1_loss,
    nn.SmoothL1Loss: F.smooth_l1_loss,
    nn.HuberLoss: F.huber_loss,
    nn.KLDivLoss: F.kl_div,
    nn.BCELoss: F.binary_cross_entropy,
    nn.BCEWithLogitsLoss: F.binary_cross_entropy_with_logits,
}


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_loss_modules_are_the_functions(kind, reduction):
    x, y = mt.tensor([[0.2, 0.9], [0.5, 0.4]]), mt.tensor([[0.3, 0.7], [0.1, 0.8]])
    loss = kind(reduction=reduction)(x, y)
    assert loss.tolist() == LOSSES[kind](x, y, reduction=reduction).tolist()
    assert loss.shape == ((2, 2) if reduction == "none" else ())


def test_class_weights_move_with_the_loss():
    scores, labels = mt.tensor([[1.0, 2.0], [0.5, 0.1]]), mt.tensor([0, 1])
    weights = mt.tensor([1.0, 3.0])
    loss = nn.CrossEntropyLoss(weight=weights, label_smoothing=0.1)
    expected = F.cross_entropy(scores, labels, weights, label_smoothing=0.1)
    assert loss(scores, labels).item() == expected.item()
    assert list(loss.state_dict()) == ["weight"]
    assert list(loss.parameters()) == []
    moved = loss.to("strict")(scores.to("strict"), labels.to("strict"))
    assert moved.item() == pytest.approx(expected.item())


# --- dtypes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_net_keeps_its_dtype(dtype, backend):
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.BatchNorm2d(2),
        nn.GELU(),
        nn.LocallyConnected2d(2, 2, 4, 3),
        nn.Dropout(0.5),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dense(2, 3),
    ).to(dtype)
    net.to(backend)
    x = mt.ones((2, 1, 4, 4), dtype=dtype, backend=backend, requires_grad=True)
    loss = F.cross_entropy(net(x), mt.tensor([0, 2], backend=backend))
    loss.backward()
    assert loss.dtype == dtype
    assert x.grad.dtype == dtype
    assert {p.grad.dtype.name for p in net.parameters()} == {dtype}
    assert {b.dtype.name for b in net.buffers()} == {dtype, "int64"}


def test_identity():
    x = mt.ones(2)
    assert nn.Identity()(x) is x


# --- settings that cannot be --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: nn.Dense(-1, 2), ValueError, "Dense in_features: expected at least 0, got -1"),
        (lambda: nn.Dense(2.5, 2), TypeError, "Dense in_features: expected an integer, got 2.5"),
        (lambda: nn.Dense(2, "a"), TypeError, "Dense out_features: expected an integer, got 'a'"),
        (lambda: nn.Conv2d(0, 2, 3), ValueError, "Conv2d in_channels: expected at least 1, got 0"),
        (lambda: nn.Conv2d(1.0, 2, 3), TypeError, "Conv2d in_channels: .*integer, got 1.0"),
        (lambda: nn.Conv2d(1, None, 3), TypeError, "Conv2d out_channels: .*None"),
        (lambda: nn.Conv1d(1, 2, 0), ValueError, "Conv1d kernel_size: 0 is too small"),
        (lambda: nn.Conv3d(1, 2, 3, stride=0), ValueError, "Conv3d stride: 0 is too small"),
        (lambda: nn.Conv2d(1, 2, 3, dilation=0), ValueError, "Conv2d dilation: 0 is too small"),
        (lambda: nn.Conv2d(1, 2, 3, padding=-1), ValueError, "Conv2d padding: -1 is too small"),
        (lambda: nn.Conv2d(1, 2, 2.5), TypeError, "Conv2d kernel_size: expected an integer .*2.5"),
        (lambda: nn.Conv2d(1, 2, (3, 3, 3)), ValueError, r"Conv2d kernel_size: .*tuple of 2"),
        (lambda: nn.Conv2d(1, 2, 3, padding="full"), ValueError, "'full'.*'same'"),
        (lambda: nn.Conv2d(1, 2, 3, 2, "same"), ValueError, r"'same'.*stride 1.*\(2, 2\)"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "groups=2 must divide in_channels 3"),
        (lambda: nn.Conv2d(4, 3, 3, groups=2), ValueError, "groups=2 .* out_channels 3"),
        (lambda: nn.Conv2d(4, 4, 3, groups=0), ValueError, "Conv2d groups: expected at least 1"),
        (lambda: nn.Conv2d(4, 4, 3, groups=1.0), TypeError, "Conv2d groups: .*integer, got 1.0"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="wrap"), ValueError, "'wrap'.*'circular'"),
        (lambda: nn.LocallyConnected2d(1, 2, 3, 5), ValueError, r"\(5, 5\).*\(3, 3\)"),
        (lambda: nn.LocallyConnected2d(1, 2, 0, 1), ValueError, "input_size: 0 is too small"),
        (lambda: nn.LocallyConnected2d(3, 2, 5, 3, groups=2), ValueError, "groups=2"),
        (lambda: nn.MaxPool2d(0), ValueError, "MaxPool2d kernel_size: 0 is too small"),
        (lambda: nn.MaxPool2d("a"), TypeError, "MaxPool2d kernel_size: .*'a'"),
        (lambda: nn.AvgPool1d(2, stride=0), ValueError, "AvgPool1d stride: 0 is too small"),
        (lambda: nn.AvgPool2d((2, 2, 2)), ValueError, "AvgPool2d kernel_size: .*tuple of 2"),
        (lambda: nn.MaxPool3d(2, dilation=0), ValueError, "MaxPool3d dilation: 0 is too small"),
        (lambda: nn.BatchNorm2d(0), ValueError, "BatchNorm2d num_features: expected at least 1"),
        (lambda: nn.BatchNorm1d(2.5), TypeError, "BatchNorm1d num_features: .*2.5"),
        (lambda: nn.BatchNorm1d(2, eps=-1), ValueError, "BatchNorm1d eps: .*-1"),
        (lambda: nn.BatchNorm1d(2, momentum=3), ValueError, "BatchNorm1d momentum: 3"),
        (lambda: nn.Dropout(-0.1), ValueError, "Dropout p: -0.1"),
        (lambda: nn.Dropout(float("nan")), ValueError, "Dropout p: nan"),
        (lambda: nn.Dropout2d("a"), TypeError, "Dropout2d p: .*'a'"),
        (lambda: nn.Dense(1, 1, dtype="int64"), TypeError, "int64"),
        (lambda: nn.Dense(1, 1, rng=0), TypeError, "numpy.random.default_rng"),
    ],
)
def test_settings_that_are_refused(build, error, words):
    with pytest.raises(error, match=words):
        build()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Dense(2, 3, bias=False), "Dense(2, 3, bias=False)"),
        (nn.Conv2d(1, 2, 3), "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))"),
        (
            nn.Conv2d(2, 2, 3, 2, (1, 0), (1, 2), 2, False, "reflect"),
            "Conv2d(2, 2, kernel_size=(3, 3), stride=(2, 2), padding=(1, 0), dilation=(1, 2), "
            "groups=2, bias=False, padding_mode='reflect')",
        ),
        (
            nn.Conv1d(1, 1, 3, padding="same"),
            "Conv1d(1, 1, kernel_size=(3,), stride=(1,), padding='same')",
        ),
        (
            nn.LocallyConnected2d(2, 4, 6, 3, padding=1, dilation=2, groups=2, bias=False),
            "LocallyConnected2d(2, 4, input_size=(6, 6), kernel_size=(3, 3), stride=(1, 1), "
            "padding=(1, 1), dilation=(2, 2), groups=2, bias=False)",
        ),
        (nn.MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2, padding=0)"),
        (
            nn.BatchNorm2d(3),
            "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
        ),
        (nn.Dropout(0.25), "Dropout(p=0.25, inplace=False)"),
        (nn.GELU("tanh"), "GELU(approximate='tanh')"),
        (nn.MSELoss(reduction="sum"), "MSELoss(reduction='sum')"),
        (nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_repr(layer, text):
    assert repr(layer) == text
