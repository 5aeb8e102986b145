"""The claim of the project, as properties: convolution = local with equal weights = dense matrix.

In outputs, in gradients of inputs and in gradients of weights, where that of a tied weight is the
sum over its links; over channels, kernels, strides, paddings, dilations and groups, in one, two and
three dimensions, in float64.
"""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import nn, testing
from minitorch_cnn.nn import Connectivity

CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
AVERAGE = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}
MODES = ("zeros", "reflect", "replicate", "circular")


def host(values: Any) -> np.ndarray:
    return values.detach().numpy() if isinstance(values, mt.Tensor) else np.asarray(values)


def close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(host(one), host(other), rtol=1e-12, atol=1e-12)


@st.composite
def windows(draw: Any, dims: int | None = None) -> tuple[int, dict[str, Any], tuple[int, ...]]:
    """Dimensions, arguments of a convolution, and the shape of a picture it fits on."""
    dims = dims or draw(st.integers(1, 3))

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(dims))

    groups = draw(st.integers(1, 2))
    arguments = {
        "in_channels": groups * draw(st.integers(1, 2)),
        "out_channels": groups * draw(st.integers(1, 2)),
        "kernel_size": each(1, 3),
        "stride": each(1, 3),
        "padding": each(0, 2),
        "dilation": each(1, 2),
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    sizes = each(1, 7 if dims < 3 else 5)
    spans = [
        n + 2 * p - d * (k - 1)
        for n, p, d, k in zip(
            sizes,
            *(arguments[key] for key in ("padding", "dilation", "kernel_size")),
            strict=True,
        )
    ]
    assume(min(spans) >= 1)
    return dims, arguments, (arguments["in_channels"], *sizes)


def run(layer: Any, x: np.ndarray, upstream: np.ndarray, flat: bool) -> tuple[Any, Any]:
    """Output and gradient of the input of a layer, flattened but for the batch."""
    given = mt.tensor(x.reshape(len(x), -1) if flat else x, requires_grad=True)
    y = layer(given).flatten(1)
    y.backward(mt.tensor(upstream.reshape(y.shape)))
    return y.detach().numpy(), given.grad.numpy().reshape(len(x), -1)


def agree(layer: Any, shape: tuple[int, ...], seed: int) -> None:
    """The layer, its local and its dense form: all values and gradients are the same."""
    rng = np.random.default_rng(seed)
    table = layer.connectivity(shape)
    assert layer.count_links(shape) == table.links
    assert layer.table_shape(shape) == table.shape
    assert layer.theta(shape).size == table.weights
    x = rng.standard_normal((2, *shape))
    upstream = rng.standard_normal((2, table.shape[0]))
    out, into = run(layer, x, upstream, flat=False)
    dense = layer.as_dense(shape, dtype="float64")
    close(dense.weight.detach(), table.matrix(layer.theta(shape).detach()))
    dense_out, dense_into = run(dense, x, upstream, flat=True)
    local = layer.as_local(shape, dtype="float64")
    local_out, local_into = run(local, x, upstream, flat=isinstance(local, nn.StructuredDense))
    for found in (dense_out, local_out):
        close(found, out)
    for found in (dense_into, local_into):
        close(found, into)
    if getattr(layer, "weight", None) is None:
        return
    tied = sums_over_links(table, entries(table, dense.weight.grad))
    close(tied, layer.weight.grad.numpy().ravel())
    local_table = local.connectivity(shape)
    per_link = local_table.spread(local.weight.grad.reshape((-1,)))
    close(sums_over_links(table, per_link), layer.weight.grad.numpy().ravel())
    if layer.bias is not None:
        summed = dense.bias.grad.numpy().reshape(layer.bias.size, -1).sum(1)
        close(summed, layer.bias.grad.numpy().ravel())


def entries(table: Connectivity, matrix: Any) -> np.ndarray:
    return matrix.numpy()[table.outputs, table.inputs]


def sums_over_links(table: Connectivity, values: Any) -> np.ndarray:
    return np.bincount(table.numbers, weights=host(values), minlength=table.weights)


@given(drawn=windows(), seed=st.integers(0, 99))
@settings(max_examples=150)
def test_convolution_is_local_with_equal_weights_is_a_dense_matrix(
    backend: str, drawn: Any, seed: int
) -> None:
    dims, arguments, shape = drawn
    rng = np.random.default_rng(seed)
    conv = CONV[dims](**arguments, dtype="float64", rng=rng)
    agree(conv, shape, seed)


@given(drawn=windows(), seed=st.integers(0, 99))
def test_round_trips_are_exact(backend: str, drawn: Any, seed: int) -> None:
    dims, arguments, shape = drawn
    conv = CONV[dims](**arguments, rng=np.random.default_rng(seed))
    tied = conv.as_local(shape).tie()
    other = CONV[dims](**arguments, rng=np.random.default_rng(seed + 1))
    used = np.isin(np.arange(conv.weight.size), conv.connectivity(shape).numbers)
    untouched = host(other.weight).copy()
    projected = other.project(conv.as_dense(shape))
    assert projected is other
    for found in (tied, projected):
        np.testing.assert_array_equal(
            host(found.weight).ravel()[used], host(conv.weight).ravel()[used]
        )
        if conv.bias is not None:
            np.testing.assert_array_equal(host(found.bias), host(conv.bias))
    np.testing.assert_array_equal(host(projected.weight).ravel()[~used], untouched.ravel()[~used])
    x = mt.tensor(np.random.default_rng(seed).standard_normal((1, *shape)), dtype="float32")
    np.testing.assert_array_equal(host(tied(x)), host(conv(x)))


@given(drawn=windows(), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_transposed_convolution_is_the_table_turned(backend: str, drawn: Any, seed: int) -> None:
    dims, arguments, shape = drawn
    rng = np.random.default_rng(seed)
    conv = CONV[dims](**arguments, dtype="float64", rng=rng)
    positions = conv.output_shape(shape)
    turned = dict(arguments, in_channels=shape[0], out_channels=positions[0])
    turned["in_channels"], turned["out_channels"] = positions[0], shape[0]
    window = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    least = [
        (n - 1) * s - 2 * p + d * (k - 1) + 1
        for n, k, s, p, d in zip(positions[1:], *window, strict=True)
    ]
    extra = tuple(n - a for n, a in zip(shape[1:], least, strict=True))
    assume(all(e < max(s, d) for e, s, d in zip(extra, conv.stride, conv.dilation, strict=True)))
    layer = TRANSPOSED[dims](**turned, output_padding=extra, dtype="float64", rng=rng)
    assert layer.connectivity(positions) == conv.connectivity(shape).transpose()
    agree(layer, positions, seed)


@pytest.mark.parametrize("padding_mode", MODES)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_every_padding_mode(backend: str, dims: int, padding_mode: str) -> None:
    settings_of = {"padding": 1, "dilation": 1, "groups": 2, "padding_mode": padding_mode}
    conv = CONV[dims](2, 4, 3, 2, **settings_of, dtype="float64", rng=np.random.default_rng(0))
    shape = (2, 5, 4, 3)[: dims + 1]
    table = conv.connectivity(shape)
    x = np.random.default_rng(1).standard_normal((2, *shape))
    upstream = np.ones((2, table.shape[0]))
    out, into = run(conv, x, upstream, flat=False)
    for form in (conv.as_dense(shape), nn.StructuredDense(table, bias=False, dtype="float64")):
        if isinstance(form, nn.StructuredDense):
            form.weight, form.bias = conv.weight, nn.Parameter(conv.output_bias(shape).detach())
        found, found_into = run(form, x, upstream, flat=True)
        close(found, out)
        close(found_into, into)
    local = conv.as_local(shape)
    found, found_into = run(local, x, upstream, flat=False)
    close(found, out)
    close(found_into, into)
    np.testing.assert_array_equal(host(local.tie().weight), host(conv.weight))


@given(
    data=st.data(),
    dims=st.integers(1, 3),
    ceil_mode=st.booleans(),
    count_include_pad=st.booleans(),
    channels=st.integers(1, 3),
)
def test_average_pooling_is_a_table_with_fixed_weights(
    backend: str, data: Any, dims: int, ceil_mode: bool, count_include_pad: bool, channels: int
) -> None:
    kernel = tuple(data.draw(st.integers(1, 3)) for _ in range(dims))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    sizes = tuple(data.draw(st.integers(k, 6)) for k in kernel)
    layer = AVERAGE[dims](
        kernel,
        data.draw(st.integers(1, 3)),
        padding,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
    )
    agree(layer, (channels, *sizes), 0)


def test_average_pooling_with_a_divisor_of_its_own(backend: str) -> None:
    layer = nn.AvgPool2d(2, divisor_override=3)
    assert layer.theta((1, 4, 4)).tolist() == [1 / 3]
    agree(layer, (2, 5, 4), 0)


@pytest.mark.parametrize("bias", [True, False])
def test_dense_and_tied_dense(backend: str, bias: bool) -> None:
    rng = np.random.default_rng(0)
    for layer in (
        nn.Dense(6, 4, bias, dtype="float64", rng=rng),
        nn.TiedDense(6, 4, 2, bias, dtype="float64", rng=rng),
        nn.StructuredDense(Connectivity.dense(6, 4).tie(4), bias, dtype="float64", rng=rng),
    ):
        agree(layer, (6,), 0)
    with pytest.raises(ValueError, match=r"StructuredDense: .*\(7,\).* takes 6"):
        layer.connectivity((7,))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_local_layers_of_their_own(backend: str, dims: int) -> None:
    """Free weights at all positions, also over padding, and an offset for each output."""
    sizes = (5, 4, 3)[:dims]
    kind = {1: nn.LocallyConnected1d, 2: nn.LocallyConnected2d, 3: nn.LocallyConnected3d}[dims]
    layer = kind(2, 4, sizes, 2, 2, 1, groups=2, dtype="float64", rng=np.random.default_rng(0))
    agree(layer, (2, *sizes), 0)
    table = layer.connectivity()
    assert table == CONV[dims](2, 4, 2, 2, 1, groups=2).connectivity((2, *sizes)).untie()
    assert table.weights == layer.weight.size >= table.links
    tied = layer.tie()
    kernel_numbers = tied.connectivity((2, *sizes)).numbers
    for number in range(tied.weight.size):
        links = host(layer.weight).ravel()[table.numbers[kernel_numbers == number]]
        close(host(tied.weight).ravel()[number], links.mean())
    close(tied.bias, host(layer.bias).reshape(4, -1).mean(1))


def test_projection_is_the_nearest_kernel(backend: str) -> None:
    """No other kernel's matrix is nearer: the gradient of the distance is zero there."""
    dense = nn.Dense(9, 16, bias=False, dtype="float64", rng=np.random.default_rng(0))
    conv = nn.Conv2d(1, 4, 2, bias=False, dtype="float64").project(dense, (1, 3, 3))
    matrix = conv.connectivity((1, 3, 3)).matrix(conv.weight)
    ((matrix - dense.weight.detach()) ** 2).sum().backward()
    close(conv.weight.grad, np.zeros(conv.weight.shape))
    again = nn.Conv2d(1, 4, 2, bias=False, dtype="float64").project(conv.as_dense((1, 3, 3)))
    np.testing.assert_array_equal(host(again.weight), host(conv.weight))


def test_projection_of_tied_and_structured_layers(backend: str) -> None:
    conv = nn.Conv2d(1, 2, 2, dtype="float64", rng=np.random.default_rng(0))
    structured = nn.StructuredDense(conv.connectivity((1, 3, 4)).tie(6), dtype="float64")
    structured.weight, structured.bias = conv.weight, nn.Parameter(conv.output_bias((1, 3, 4)))
    found = nn.Conv2d(1, 2, 2, dtype="float64").project(structured, (1, 3, 4))
    np.testing.assert_array_equal(host(found.weight), host(conv.weight))
    tied = nn.TiedDense(12, 12, 6, bias=False, dtype="float64")
    as_dense = nn.Conv2d(1, 2, 2, dtype="float64").project(tied.as_dense((1, 3, 4)))
    found.project(tied, (1, 3, 4))
    close(found.weight, as_dense.weight)
    assert found.bias.tolist() == [0.0, 0.0]


def test_numbers_of_the_shared_generator_are_not_used() -> None:
    mt.seed(0)
    conv = nn.Conv2d(1, 2, 2)
    before = mt.random.default_rng().bit_generator.state
    local = conv.as_local((1, 4, 4))
    local.tie(), conv.as_dense((1, 4, 4)), local.as_dense(), local.as_local()
    assert mt.random.default_rng().bit_generator.state == before


def test_conversions_keep_dtype_and_can_change_it(backend: str) -> None:
    conv = nn.Conv2d(1, 2, 2, dtype="float64")
    shape = (1, 3, 3)
    for layer in (conv.as_dense(shape), conv.as_local(shape), conv.as_local(shape).tie()):
        assert {p.dtype for p in layer.parameters()} == {mt.float64}
        assert {p.backend for p in layer.parameters()} == {backend}
        assert all(p.requires_grad and p.grad is None for p in layer.parameters())
    assert conv.as_dense(shape, dtype="float32").weight.dtype == mt.float32
    assert conv.as_local(shape, dtype="float32").weight.dtype == mt.float32
    assert nn.AvgPool2d(2).as_dense((1, 4, 4)).weight.dtype == mt.float32


ERRORS = {
    "cropped away": (
        lambda: nn.ConvTranspose2d(4, 1, 2, padding=3).connectivity((4, 1, 1)),
        ["ConvTranspose2d", "(-4, -4)", "crops"],
    ),
    "no shape": (
        lambda: nn.Conv2d(1, 2, 2).connectivity(),
        ["Conv2d", "input_shape=(1, height, width)", "None"],
    ),
    "no channels": (lambda: nn.Conv2d(3, 4, 2).connectivity((3, 3)), ["(3, height, width)"]),
    "as many positions": (
        lambda: nn.LocallyConnected2d(1, 1, 28, 5, 2, 2)(mt.ones((1, 1, 27, 27))),
        ["LocallyConnected2d", "(1, 1, 27, 27)", "(1, 28, 28)"],
    ),
    "channels": (lambda: nn.Conv2d(1, 2, 2).as_dense((3, 4, 4)), ["Conv2d", "3 channels", "1"]),
    "axes": (lambda: nn.Conv2d(1, 2, 2).as_local((1, 1, 4, 4)), ["Conv2d", "(1, 1, 4, 4)"]),
    "too small": (lambda: nn.Conv2d(1, 2, 5).connectivity((1, 4, 4)), ["Conv2d", "does not fit"]),
    "other size": (
        lambda: nn.LocallyConnected2d(1, 1, 4, 2).connectivity((1, 5, 5)),
        ["LocallyConnected2d", "(1, 5, 5)", "(4, 4)"],
    ),
    "average": (lambda: nn.AvgPool2d(2).connectivity((4, 4)), ["AvgPool2d", "(4, 4)", "channels"]),
    "flat": (lambda: nn.Dense(9, 4).as_dense((1, 2, 2)), ["Dense", "4 entries", "takes 9"]),
    "groups": (lambda: nn.TiedDense(9, 16, 5), ["TiedDense", "16", "groups of 5", "divide"]),
    "unknown picture": (
        lambda: nn.Conv2d(1, 4, 2).project(nn.Dense(9, 16)),
        ["Conv2d.project", "Dense", "input_shape=(channels, *sizes)"],
    ),
    "other outputs": (
        lambda: nn.Conv2d(1, 4, 2).project(nn.Dense(9, 12), (1, 3, 3)),
        ["Conv2d.project", "9 inputs and 12 outputs", "16", "(1, 3, 3)"],
    ),
    "no bias": (
        lambda: nn.Conv2d(1, 4, 2, bias=False).project(nn.Dense(9, 16), (1, 3, 3)),
        ["Conv2d.project", "bias"],
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_mistakes_are_explained(case: str) -> None:
    call, words = ERRORS[case]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are checked below
        call()
    for word in words:
        assert word in str(caught.value), (word, str(caught.value))


def test_only_layers_with_a_table_are_projected() -> None:
    with pytest.raises(TypeError, match=r"Conv2d\.project: .* got a ReLU"):
        nn.Conv2d(1, 4, 2).project(nn.ReLU())
    with pytest.raises(TypeError, match="StructuredDense: expected a Connectivity, got a int"):
        nn.StructuredDense(3)


def test_a_padded_transposed_layer_can_reach_beyond_its_windows(backend: str) -> None:
    """``output_padding`` larger than the stride: outputs at the end that no link reaches."""
    layer = nn.ConvTranspose1d(
        1, 1, 2, 1, 0, output_padding=1, dilation=3, dtype="float64", rng=np.random.default_rng(0)
    )
    assert math.prod(layer.connectivity((1, 4)).shape) == 4 * 8
    agree(layer, (1, 4), 0)


@given(drawn=windows(), seed=st.integers(0, 99))
def test_both_ways_of_a_structured_layer_are_equal(backend: str, drawn: Any, seed: int) -> None:
    """With a matrix, and along the links: values and gradients, to second order."""
    dims, arguments, shape = drawn
    rng = np.random.default_rng(seed)
    table = CONV[dims](**arguments).connectivity(shape)
    layer = nn.StructuredDense(table, arguments["bias"], dtype="float64", rng=rng)
    x = mt.tensor(rng.standard_normal((2, math.prod(shape))), requires_grad=True)
    parameters = list(layer.parameters())

    def along_links(x: Any, *_: Any) -> Any:
        return layer._along_links(x)

    def by_matrix(x: Any, *_: Any) -> Any:
        return nn.functional.linear(x, table.matrix(layer.weight), layer.bias)

    testing.check_same(along_links, by_matrix, [x, *parameters])
    with mt.compositions():
        testing.check_same(along_links, by_matrix, [x, *parameters])


def test_a_large_structured_layer_makes_no_matrix() -> None:
    """A table of 100,000 x 100,000 whose matrix would take 40 GB."""
    n = 100_000
    place = np.arange(n)
    neighbours = Connectivity(
        np.repeat(place, 2), np.stack([place, (place + 1) % n], 1).ravel(), [0, 1] * n, (n, n)
    )
    layer = nn.StructuredDense(neighbours, bias=False)
    layer.weight.assign_([1.0, -1.0])
    x = mt.tensor(place.astype(np.float32)[None], requires_grad=True)
    y = layer(x)
    assert y.tolist()[0][:3] == [-1.0, -1.0, -1.0]
    assert y.tolist()[0][-1] == n - 1
    y.sum().backward()
    assert layer.weight.grad.tolist() == pytest.approx([place.sum()] * 2, rel=1e-4)
    with pytest.raises(ValueError, match=r"StructuredDense: .*\(1, 3\).* 100000 inputs"):
        layer(mt.ones((1, 3)))
