"""The ledger of a model: counts by hand, receptive fields against gradients, nothing disturbed."""

import json
import re
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import models, nn
from minitorch_cnn.ledger.run import output_field
from minitorch_cnn.nn import functional as F
from references.case import generator

RNG = generator("summary")


def field(model, shape):
    """Receptive field of the last layer that was called, as (size, jump, offset)."""
    called = [row for row in mt.summary(model, shape) if row.output_shape is not None]
    found = called[-1].receptive_field
    return found and (found.size, found.jump, found.offset)


def column(summary, name):
    return [getattr(row, name) for row in summary]


# --- receptive fields ---------------------------------------------------------------------------


def test_two_convolutions_and_poolings():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3), nn.MaxPool2d(2))
    assert field(net, (1, 20, 20)) == ((10, 10), (4, 4), (4.5, 4.5))


def test_vgg16_sees_212_pixels():
    """Araujo et al., table 1, has 212 for the last pooling of VGG-16."""
    layers, channels = [], 1
    for width, repeats in ((2, 2), (2, 2), (2, 3), (2, 3), (2, 3)):
        for _ in range(repeats):
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            channels = width
        layers.append(nn.MaxPool2d(2))
    size, jump, _ = field(nn.Sequential(*layers), (1, 32, 32))
    assert (size, jump) == ((212, 212), (32, 32))


def measured(model, size):
    """First and last pixel that each output sees of a line, by the gradient; None if none."""
    x = mt.ones((1, 1, size), dtype="float64", requires_grad=True)
    y = model(x)
    spans = []
    for position in range(y.shape[2]):
        (gradient,) = mt.grad([y[0, :, position].sum()], [x])
        seen = np.nonzero(gradient.numpy()[0, 0])[0]
        spans.append((int(seen[0]), int(seen[-1])) if len(seen) else None)
    return spans


def positive(model):
    for parameter in model.parameters():
        parameter.assign_(np.ones(parameter.shape))
    return model


small = st.integers(1, 3)
LINES = st.one_of(
    st.builds(
        lambda k, s, p, d: nn.Conv1d(1, 1, k, s, p, d, dtype="float64"),
        *(small, small, st.integers(0, 2), small),
    ),
    st.builds(
        lambda k, s, p, d: nn.ConvTranspose1d(1, 1, k, s, p, 0, 1, True, d, dtype="float64"),
        *(small, small, st.integers(0, 1), small),
    ),
    st.builds(lambda k, s, p: nn.AvgPool1d(k, s, min(p, k // 2)), small, small, st.integers(0, 1)),
    st.builds(nn.Upsample, scale_factor=st.integers(1, 3)),
    st.builds(nn.ZeroPad1d, st.tuples(st.integers(0, 2), st.integers(0, 2))),
    st.builds(nn.AdaptiveAvgPool1d, st.integers(1, 9)),
)


@settings(max_examples=150)
@given(st.lists(LINES, min_size=1, max_size=4), st.integers(9, 16))
def test_fields_are_those_of_the_gradient(layers, size):
    model = positive(nn.Sequential(*layers))
    try:
        spans = measured(model, size)
    except ValueError:  # the picture is too small
        return
    (line,) = output_field(model, (1, size), {"dtype": "float64"}).lines
    biggest = 0
    for position, span in enumerate(spans):
        expected = line(position)
        if expected is None:
            assert span is None
            continue
        first, last = expected
        biggest = max(biggest, last - first + 1)
        if first >= 0 and last < size:
            assert span == expected
        elif span is not None:  # at the border it may be less, and never more
            assert span[0] >= first
            assert span[1] <= last
    assert biggest <= line.size
    shown = mt.summary(model, (1, size)).rows[-1].receptive_field
    assert shown.size == (line.size,)
    assert shown.jump[0] == pytest.approx(line.advance / len(line.spans))


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.Conv2d(1, 1, (3, 1), (2, 1), padding=(1, 0)), (1, 9, 9), ((3, 1), (2, 1), (0, 0))),
        (nn.Conv2d(1, 1, 3, padding="same"), (1, 9, 9), ((3, 3), (1, 1), (0, 0))),
        (
            nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"),
            (1, 9, 9),
            ((3, 3), (1, 1), (0, 0)),
        ),
        (nn.Conv3d(1, 1, 2, dilation=2), (1, 4, 4, 4), ((3, 3, 3), (1, 1, 1), (1, 1, 1))),
        (nn.LocallyConnected2d(1, 1, 8, 3, 2), (1, 8, 8), ((3, 3), (2, 2), (1, 1))),
        (nn.ConvTranspose2d(1, 1, 4, 2, 1), (1, 4, 4), ((2, 2), (0.5, 0.5), (-0.5, -0.5))),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (1, 9, 9), ((3, 3), (2, 2), (0, 0))),
        (nn.LPPool2d(2, 3, 2), (1, 9, 9), ((3, 3), (2, 2), (1, 1))),
        (nn.PixelShuffle(2), (4, 4, 4), ((1, 1), (0.5, 0.5), (0, 0))),
        (nn.PixelUnshuffle(2), (1, 4, 4), ((2, 2), (2, 2), (0.5, 0.5))),
        (nn.ReflectionPad2d((2, 0, 1, 0)), (1, 4, 4), ((1, 1), (1, 1), (-1, -2))),
        (nn.ChannelShuffle(2), (4, 4, 4), ((1, 1), (1, 1), (0, 0))),
        (nn.BatchNorm2d(2), (2, 4, 4), ((1, 1), (1, 1), (0, 0))),
        (nn.Softmax(1), (2, 4, 4), ((1, 1), (1, 1), (0, 0))),
        (nn.Softmax(3), (2, 4, 4), ((1, 4), (1, 0), (0, 1.5))),
        (nn.PReLU(2), (2, 4, 4), ((1, 1), (1, 1), (0, 0))),
        (nn.Dense(4, 3), (2, 5, 4), ((1, 4), (1, 0), (0, 1.5))),
        (nn.Unfold(2), (1, 4, 4), None),
        (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 4, 4), None),
        (nn.Flatten(), (2, 4, 4), ((1, 1), None, None)),
    ],
    ids=lambda value: repr(value) if isinstance(value, nn.Module) else "",
)
def test_fields_of_layers(layer, shape, expected):
    assert field(layer, shape) == expected


def test_a_table_tells_what_its_outputs_see():
    """A convolution as a structured dense layer sees what the convolution sees."""
    table = nn.Conv2d(2, 3, (2, 3), stride=(1, 2)).connectivity((2, 6, 7))
    net = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.StructuredDense(table))
    assert field(net, (2, 12, 14)) == ((4, 6), None, None)
    net.append(nn.Dense(table.shape[0], 1))
    assert mt.summary(net, (2, 12, 14)).rows[-1].receptive_field.whole
    dense = nn.StructuredDense(nn.Connectivity.dense(36, 2))
    size, jump, _ = field(nn.Sequential(nn.Flatten(), dense), (1, 6, 6))
    assert (size, jump) == ((6, 6), (0, 0))  # as Dense: every output sees everything


def test_rows_put_back_into_pictures_stand_on_the_grid():
    conv = nn.Conv2d(2, 1, 3)
    net = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.ReLU(), nn.Unflatten(1, (2, 4, 5)), conv)
    assert field(net, (2, 8, 10)) == ((6, 6), (2, 2), (2.5, 2.5))
    loose = nn.Sequential(nn.Flatten(), nn.Unflatten(1, (2, 5, 4)), nn.Conv2d(2, 1, 3))
    assert field(loose, (2, 4, 5)) is None


@pytest.mark.parametrize(
    "layer",
    [
        nn.AdaptiveAvgPool2d(1),
        nn.AdaptiveMaxPool2d((1, 1)),
        nn.GroupNorm(1, 2),
        nn.InstanceNorm2d(2),
        nn.LayerNorm((2, 6, 6)),
        nn.BatchNorm2d(2, track_running_stats=False),
        nn.Sequential(nn.Flatten(), nn.Dense(72, 3), nn.ReLU(), nn.Unflatten(1, (3, 1, 1))),
    ],
)
def test_layers_that_see_all(layer):
    found = mt.summary(layer, (2, 6, 6)).rows[-1].receptive_field
    assert found.whole
    assert found.size == (6, 6)
    assert found.jump == (0, 0)


def test_a_column_that_no_window_reaches_is_not_seen_behind_a_dense_layer():
    net = nn.Sequential(nn.Conv1d(1, 1, 3, 2), nn.Flatten(), nn.Dense(2, 1))
    found = mt.summary(net, (1, 6)).rows[-1].receptive_field
    assert (found.size, found.offset, found.whole) == ((5,), (2,), False)


class Residual(nn.Module):
    """A block of a residual net, with a shortcut that is convolved where it must be."""

    def __init__(self, channels, out, stride=1):
        self.conv1 = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.shortcut = nn.Conv2d(channels, out, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class Net(nn.Module):
    """Blocks, with functions between the layers."""

    def __init__(self):
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = nn.Sequential(Residual(4, 4), Residual(4, 8, 2))
        self.scale = nn.Parameter([2.0])
        self.head = nn.Dense(8, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 2)
        x = self.blocks(x) * self.scale
        return self.head(mt.mean(x, axis=(2, 3)))


def test_branches_and_functions_between_layers_are_followed():
    summary = mt.summary(Net(), (1, 32, 32))
    fields = {row.path: row.receptive_field for row in summary if row.receptive_field}
    assert fields["stem"].size == (3, 3)
    assert (fields["blocks.0.conv1"].size, fields["blocks.0.conv1"].jump) == ((8, 8), (2, 2))
    assert (fields["blocks.1.conv1"].size, fields["blocks.1.conv1"].jump) == ((16, 16), (4, 4))
    assert fields["blocks.1.shortcut"].size == (12, 12)
    assert fields["head"].whole
    model = positive(nn.Sequential(*Net().blocks)).eval()
    assert output_field(model, (4, 24, 24), {}).lines[0].size == 1 + 2 + 2 + 2 + 4
    x = mt.ones((1, 4, 24, 24), requires_grad=True)
    model(x)[0, 0, 6, 5].backward()
    rows, columns = (np.nonzero(x.grad.numpy()[0, 0].any(axis=axis))[0] for axis in (1, 0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (7, 17, 5, 15)


class Of(nn.Module):
    """A module with this forward, and layers."""

    def __init__(self, function, **layers):
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.last = nn.Identity()

    def forward(self, *inputs):
        return self.last(self.function(self, *inputs))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda m, x: mt.concat([m.three(x), m.five(x)], axis=1), ((5, 5), (1, 1), (0, 0))),
        (lambda m, x: m.three(x) * F.sigmoid(m.all(x)), ((8, 8), (0, 0), (3.5, 3.5))),
        (lambda m, x: m.three(x[:, :, 2:, ::2]), ((3, 5), (1, 2), (2, 0))),
        (lambda m, x: F.pad(m.three(x), (1, 0)), ((3, 3), (1, 1), (0, -1))),
        (lambda m, x: F.conv2d(x, m.five.weight, stride=2), ((5, 5), (2, 2), (2, 2))),
        (lambda m, x: F.avg_pool2d(x, 2), ((2, 2), (2, 2), (0.5, 0.5))),
        (lambda m, x: mt.mean(x, axis=3, keepdims=True), ((1, 8), (1, 0), (0, 3.5))),
        (lambda m, x: F.softmax(mt.flatten(x, 1), 1), ((8, 8), (0, 0), (3.5, 3.5))),
        (lambda m, x: mt.where(x > 0, m.three(x), 0.0), ((3, 3), (1, 1), (0, 0))),
        (lambda m, x: m.pool(m.three(x))[:, :, :1, :1] + m.three(x), None),
        (lambda m, x: mt.flip(x, axis=2), None),
        (lambda m, x: m.line(mt.squeeze(x, 1)), None),
        (lambda m, x: F.conv1d(mt.squeeze(x, 1), m.line.weight), None),
        (lambda m, x: m.three(x) + mt.permute_dims(x, (0, 1, 3, 2)), None),
        (lambda m, x: mt.ones((1, 1, 4, 4)), None),
    ],
)
def test_what_is_computed_between_layers(function, expected):
    layers = {"three": nn.Conv2d(1, 1, 3, padding=1), "five": nn.Conv2d(1, 1, 5, padding=2)}
    layers |= {"all": nn.AdaptiveAvgPool2d(1), "pool": nn.MaxPool2d(2), "line": nn.Conv1d(8, 1, 3)}
    assert field(Of(function, **layers), (1, 8, 8)) == expected


# --- counts -------------------------------------------------------------------------------------


def test_lenet():
    summary = mt.summary(models.lenet(), (1, 28, 28))
    assert summary.total.weights == summary.total.trainable_weights == 61_706
    assert column(summary, "weights") == [156, 0, 0, 2416, 0, 0, 0, 48_120, 0, 10_164, 0, 850]
    assert column(summary, "macs") == [117_600, 0, 0, 240_000, 0, 0, 0, 48_000, 0, 10_080, 0, 840]
    assert summary.total.macs == 416_520
    assert summary.total.flops == 833_040
    assert summary.total.parameter_bytes == 4 * 61_706
    assert summary.rows[0].activation_bytes == 4 * 6 * 28 * 28
    assert summary.rows[3].links == 16 * 100 * (6 * 25 + 1)
    assert summary.rows[3].reuse == 1600 * 151 / 2416 == 100
    border = sum(min(i + 3, 5, 30 - i) for i in range(28)) ** 2
    assert summary.rows[0].links == 6 * border + 6 * 28 * 28
    assert summary.rows[2].links is None


@pytest.mark.parametrize(("hidden", "count"), [((), 2570), ((12,), 3214)])
def test_lecuns_dense_nets(hidden, count):
    """Net-1 and Net-2 of Y. LeCun, "Generalization and network design strategies", 1989."""
    sizes = (256, *hidden, 10)
    layers = [nn.Dense(n, m) for n, m in pairwise(sizes)]
    total = mt.summary(nn.Sequential(nn.Flatten(), *layers), (1, 16, 16)).total
    assert (total.links, total.weights, total.reuse) == (count, count, 1)


def test_a_layer_called_twice_counts_once():
    layer = nn.Conv2d(2, 2, 3, padding=1)
    summary = mt.summary(nn.Sequential(layer, nn.ReLU(), layer), (2, 5, 5))
    first, _, second = summary.rows
    assert (first.path, second.path) == ("0", "0")
    assert first.weights == second.weights == 38
    assert (first.new_weights, second.new_weights) == (38, 0)
    assert summary.total.weights == 38
    assert summary.total.links == 2 * first.links
    assert summary.total.reuse == 2 * first.links / 38
    assert "(38)" in str(summary)
    assert "count once" in str(summary)


def assign(net):
    net[1].weight = net[0].weight


def tie(net):
    nn.tie(net[0].weight, net[1].weight)


@pytest.mark.parametrize("tying", [assign, tie])
def test_tied_parameters_count_once(tying):
    net = nn.Sequential(nn.Dense(4, 4), nn.Dense(4, 4))
    tying(net)
    summary = mt.summary(net, (4,))
    assert column(summary, "new_weights") == [20, 4]
    assert summary.total.weights == 24 == sum(p.size for p in net.parameters())


def test_frozen_weights_count_and_are_told():
    net = nn.Sequential(nn.Dense(4, 4), nn.Dense(4, 2))
    net[0].requires_grad_(False)
    total = mt.summary(net, (4,)).total
    assert (total.weights, total.trainable_weights) == (30, 10)
    assert "20 of the weights are frozen" in str(mt.summary(net, (4,)))


def test_weights_of_no_layer_are_rows_too():
    net = Net()
    net.unused = nn.Dense(3, 3)
    summary = mt.summary(net, (1, 32, 32))
    assert [(row.path, row.type) for row in summary if row.output_shape is None] == [
        ("", "Net"),
        ("unused", "Dense"),
    ]
    assert summary.total.weights == sum(p.size for p in net.parameters())
    assert "not called" in str(summary)


MULTIPLIERS = [
    (nn.Conv2d(4, 6, 3, 2, 1, groups=2), [(4, 7, 7)], 6 * 16 * 2 * 9),
    (nn.Conv2d(4, 4, 3, groups=4, padding="same"), [(4, 5, 5)], 4 * 25 * 9),
    (nn.ConvTranspose2d(4, 6, 3, 2, 1, groups=2), [(4, 5, 5)], 4 * 25 * 3 * 9),
    (nn.LocallyConnected2d(2, 3, 6, 3), [(2, 6, 6)], 3 * 16 * 2 * 9),
    (nn.Conv1d(2, 3, 2), [(2, 5)], 3 * 4 * 4),
    (nn.Conv3d(2, 3, 2), [(2, 3, 3, 3)], 3 * 8 * 16),
    (nn.Dense(5, 3), [(5,)], 15),
    (nn.Dense(5, 3), [(7, 5)], 7 * 15),
    (nn.Bilinear(3, 4, 5), [(3,), (4,)], 5 * (3 * 4 + 3)),
    (nn.AvgPool2d(2), [(2, 4, 4)], 0),
    (nn.BatchNorm2d(2), [(2, 4, 4)], 0),
    (nn.MultiheadAttention(8, 2, batch_first=True), [(5, 8)] * 3, 4 * 5 * 64 + 2 * 25 * 8),
    (nn.MultiheadAttention(8, 2), [(5, 8)] * 3, 5 * (4 * 64 + 2 * 8)),
    (
        nn.MultiheadAttention(8, 2, kdim=3, vdim=6, add_zero_attn=True, batch_first=True),
        [(5, 8), (4, 3), (4, 6)],
        5 * 64 * 2 + 4 * 8 * (3 + 6) + 2 * 5 * 5 * 8,
    ),
]


@pytest.mark.parametrize(("layer", "shapes", "macs"), MULTIPLIERS, ids=lambda x: repr(x)[:30])
def test_multiply_accumulates(layer, shapes, macs):
    summary = mt.summary(layer, shapes)
    (row,) = summary
    assert row.macs == summary.total.macs == macs
    assert row.flops == 2 * macs
    assert row.weights == sum(p.size for p in layer.parameters())


def test_links_of_tables():
    tied = nn.TiedDense(9, 16, 4, bias=False)
    structured = nn.StructuredDense(nn.Conv2d(1, 4, 2).connectivity((1, 3, 3)))
    for layer, links, weights in ((tied, 144, 36), (structured, 64 + 16, 16 + 16)):
        (row,) = mt.summary(layer, (9,))
        assert (row.links, row.weights) == (links, weights)
        (row,) = mt.summary(layer, (5, 9))
        assert row.links == 5 * links


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(2, 4, 3, 2, 1, groups=2), (2, 6, 5)),
        (nn.Conv2d(2, 3, 3, padding="same", padding_mode="circular"), (2, 5, 5)),
        (nn.Conv1d(2, 4, 3, dilation=2, bias=False), (2, 7)),
        (nn.LocallyConnected2d(2, 3, 5, 3, padding=1), (2, 5, 5)),
        (nn.ConvTranspose2d(2, 3, 3, 2, 1, 1), (2, 4, 4)),
        (nn.AvgPool2d(3, 2, 1, ceil_mode=True), (2, 6, 6)),
        (nn.Dense(7, 3), (7,)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_links_are_those_of_the_table(layer, shape):
    (row,) = mt.summary(layer, shape)
    bias = np.prod(row.output_shape) if getattr(layer, "bias", None) is not None else 0
    assert row.links == layer.connectivity(shape).links + bias


def test_a_transposed_convolution_of_another_size_has_no_known_links():
    layer = nn.ConvTranspose1d(1, 1, 3, stride=2, padding=1)
    net = Of(lambda m, x: m.up(x, output_size=8), up=layer)
    row, _ = mt.summary(net, (1, 4))
    assert (row.output_shape, row.links, row.macs) == ((1, 8), None, 12)


def test_attention_is_one_row():
    (row,) = mt.summary(nn.MultiheadAttention(8, 2, batch_first=True), [(5, 8)] * 3)
    assert (row.type, row.links, row.output_shape) == ("MultiheadAttention", None, (5, 8))
    assert row.activation_bytes == 4 * (5 * 8 + 5 * 5)


def test_embeddings_take_integers():
    net = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Dense(12, 2))
    with pytest.raises(TypeError, match="layer '0'"):
        mt.summary(net, (3,))
    table, _, dense = mt.summary(net, (3,), input_dtype="int64")
    assert (table.weights, table.macs, table.links, table.output_shape) == (40, 0, None, (3, 4))
    assert dense.macs == 24


def test_parametrised_layers_are_one_row():
    layer = nn.utils.parametrizations.weight_norm(nn.Dense(3, 2))
    (row,) = mt.summary(nn.Sequential(layer), (3,))
    assert row.type == "Dense"
    assert row.weights == 6 + 2 + 2


class Own(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter(np.ones((3, 3)))

    def forward(self, x):
        return x @ self.weight


def test_layers_of_ones_own():
    (row,) = mt.summary(Own(), (3,))
    assert (row.path, row.type, row.weights, row.macs, row.links) == ("", "Own", 9, None, None)
    assert "without the MACs of 1 layer: not known" in str(mt.summary(Own(), (3,)))

    class Counted(Own):
        def count_links(self, input_shape):
            return 3 * input_shape[0]

    (row,) = mt.summary(Counted(), (3,))
    assert (row.links, row.macs) == (9, 9)


def test_several_inputs():
    summary = mt.summary(Of(lambda m, x, y: x + m.two(y), two=nn.Dense(2, 3)), [(3,), (2,)])
    assert summary.input_shapes == ((3,), (2,))
    assert summary.rows[0].output_shape == (3,)


def test_windows_folded_into_the_batch_all_count():
    def halves(m, x):
        return m.conv(x.reshape((2, 1, 4, 8)))

    row, _ = mt.summary(Of(halves, conv=nn.Conv2d(1, 1, 3)), (1, 8, 8))
    assert row.macs == 2 * 2 * 6 * 9
    assert row.output_shape == (2, 1, 2, 6)
    assert row.receptive_field is None


# --- nothing is disturbed -----------------------------------------------------------------------


def state_of(model):
    arrays = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    return arrays, [module.training for module in model.modules()]


def test_all_is_as_before(backend):
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten(), nn.Dense(8, 2)
    )
    net[1].eval()
    net(mt.ones((2, 1, 4, 4))).sum().backward()
    before, modes = state_of(net)
    gradients = [p.grad for p in net.parameters()]
    drawn = mt.random.default_rng().bit_generator.state
    for shape in ((1, 4, 4), (1, 5, 5)):
        if shape == (1, 5, 5):
            with pytest.raises(ValueError, match="layer '4': linear"):
                mt.summary(net, shape)
        else:
            assert mt.summary(net, shape).rows[0].output_shape == (2, 2, 2)
        after, modes_after = state_of(net)
        assert modes_after == modes
        for name, array in before.items():
            np.testing.assert_array_equal(array, after[name])
        assert all(p.grad is g for p, g in zip(net.parameters(), gradients, strict=True))
        assert mt.random.default_rng().bit_generator.state == drawn
        assert all(not m._forward_hooks().before for m in net.modules())
        assert all(not m._forward_hooks().after for m in net.modules())


def test_layers_that_overwrite_or_draw_are_put_back():
    class Noisy(nn.Module):
        def __init__(self):
            self.calls = nn.Buffer([0.0])

        def forward(self, x):
            self.calls.assign_(self.calls + 1)
            return x + mt.randn(*x.shape)

    table = nn.Embedding(3, 2, max_norm=0.1)
    net = nn.Sequential(table, Noisy())
    weight, drawn = (
        table.weight.detach().numpy().copy(),
        mt.random.default_rng().bit_generator.state,
    )
    mt.summary(net, (2,), input_dtype="int64")
    np.testing.assert_array_equal(table.weight.detach().numpy(), weight)
    assert net[1].calls.item() == 0
    assert mt.random.default_rng().bit_generator.state == drawn


def test_dtype_and_backend_follow_the_model(backend):
    net = nn.Sequential(nn.Conv2d(1, 2, 3, dtype="float64"), nn.ReLU())
    with mt.no_grad(), mt.use_backend("numpy"):
        summary = mt.summary(net, (1, 4, 4))
    assert summary.rows[1].activation_bytes == 8 * 2 * 2 * 2
    assert summary.rows[1].receptive_field.size == (3, 3)


def test_modes_around_change_nothing():
    expected = str(mt.summary(Net(), (1, 32, 32)))
    with mt.compositions(), mt.detect_anomaly():
        layers = nn.Sequential(
            nn.Conv2d(1, 1, 3), nn.AvgPool2d(2), nn.LocallyConnected2d(1, 1, 3, 2)
        )
        assert field(layers, (1, 8, 8)) == ((6, 6), (2, 2), (2.5, 2.5))
    assert str(mt.summary(Net(), (1, 32, 32))) == expected


def test_checkpointed_parts_are_counted():
    body = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU())
    summary = mt.summary(Of(lambda m, x: mt.checkpoint(m.body, x), body=body), (1, 5, 5))
    assert column(summary, "path") == ["body.0", "body.1", "last"]
    assert summary.rows[-1].receptive_field.size == (3, 3)


def test_hooks_of_the_user_run_too():
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU())
    seen = []
    with net[0].register_forward_hook(lambda m, a, y: seen.append(y.shape)):
        mt.summary(net, (1, 4, 4))
    assert seen == [(1, 1, 2, 2)]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mt.summary(F.relu, (1,)), TypeError, "expected a Module"),
        (lambda: mt.summary(nn.ReLU(), (1, 0)), ValueError, "no entries"),
        (lambda: mt.summary(nn.ReLU(), (1, 2.5)), TypeError, "input_shape"),
        (lambda: mt.summary(nn.ReLU(), (2,), input_dtype=["int64"] * 2), ValueError, "as many"),
        (lambda: mt.summary(nn.Sequential(nn.Conv2d(1, 1, 3)), (1, 2, 2)), ValueError, "layer '0'"),
    ],
)
def test_mistakes(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_it_takes_little_more_than_the_forward_pass():
    layers, channels = [], 3
    for width, repeats in ((16, 2), (16, 2), (16, 3)):
        for _ in range(repeats):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    net = nn.Sequential(*layers)
    x = mt.zeros((1, 3, 224, 224))

    def seconds(function):
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    with mt.no_grad():
        forward = min(seconds(lambda: net(x)) for _ in range(2))
    assert seconds(lambda: mt.summary(net, (3, 224, 224))) < 4 * forward + 0.5


# --- how it looks -------------------------------------------------------------------------------


def test_the_table_is_aligned_and_fits_a_page():
    text = str(mt.summary(models.lenet(), (1, 28, 28)))
    lines = text.split("\n")
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == [
        *("layer", "shape", "links", "weights", "reuse", "MACs", "FLOPs"),
        *("output", "params", "field", "jump", "offset"),
    ]
    end = lines[0].index("weights") + len("weights")
    assert [line[:end].split()[-1] for line in lines[2:5]] == ["156", "-", "-"]
    assert lines[-1].startswith("total")
    assert repr(mt.summary(models.lenet(), (1, 28, 28))) == text


def test_the_dict_is_json():
    summary = mt.summary(models.lenet(), (1, 28, 28))
    numbers = json.loads(json.dumps(summary.to_dict()))
    assert numbers["input_shapes"] == [[1, 28, 28]]
    assert numbers["total"]["flops"] == summary.total.flops
    first = numbers["layers"][0]
    assert first["path"] == "0"
    assert first["output_shape"] == [6, 28, 28]
    assert first["receptive_field"] == {
        "size": [5, 5],
        "jump": [1, 1],
        "offset": [0, 0],
        "whole": False,
    }


def test_html_is_escaped_and_asks_no_other_host():
    net = nn.Sequential({"<b>&": nn.ReLU()})
    text = mt.summary(net, (1, 4, 4))._repr_html_()
    assert "&lt;b&gt;&amp; ReLU" in text
    assert "<b>" not in text
    assert not re.search("https?:|<script|<link|<img", text)
    assert text.count("<tr>") == 3


def test_large_numbers_of_bytes():
    from minitorch_cnn.ledger.table import _bytes

    shown = [_bytes(n) for n in (0, 8, 999, 1000, 9_940, 9_960, 99_600, 999_499, 999_500, 10**16)]
    assert shown[:5] == ["-", "8 B", "999 B", "1 kB", "9.9 kB"]
    assert shown[5:] == ["10 kB", "100 kB", "999 kB", "1.0 MB", "10000 TB"]


def test_a_dense_table_sees_all_of_the_picture() -> None:
    table = nn.Connectivity.dense(16, 8)
    for before in ([], [nn.Conv2d(1, 1, 3, padding=1)]):
        model = nn.Sequential(*before, nn.Flatten(), nn.StructuredDense(table))
        field = mt.summary(model, (1, 4, 4)).rows[-1].receptive_field
        assert (field.size, field.whole) == ((4, 4), True)


def test_errors_of_the_model_say_what_it_was_run_on() -> None:
    with pytest.raises(ValueError, match=r"run on \(1, 5, 1, 28, 28\): .* without the batch"):
        mt.summary(nn.Conv2d(1, 2, 3), (5, 1, 28, 28))
