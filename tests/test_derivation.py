"""The derivation in numbers: what each constraint leaves of a dense layer, asked of the objects.

The counts of the 3 x 3 picture with its 16 neurons, the square of the two constraints, and the
ladder of LeCun's five nets. Equality of values and gradients in general is in
``test_conversions.py``; the lesson that tells all this is run by ``test_tutorials.py``.
"""

import itertools

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import Connectivity

DENSE = Connectivity.dense(9, 16)
WINDOWS = Connectivity.local(1, 4, kernel_size=2, input_size=(3, 3))


# --- counts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "links", "weights", "rank"),
    [
        pytest.param(DENSE, 144, 144, 9, id="dense"),
        pytest.param(DENSE.tie(4), 144, 36, 4, id="tied"),
        pytest.param(DENSE.restrict(WINDOWS), 64, 64, 9, id="local"),
        pytest.param(DENSE.tie(4).restrict(WINDOWS), 64, 16, 9, id="both"),
    ],
)
def test_two_constraints_leave_so_many_links_and_weights(table, links, weights, rank):
    assert (table.links, table.weights, table.rank()) == (links, weights, rank)


def test_layers_of_the_derivation_have_the_weights_of_their_tables():
    shape = (1, 3, 3)
    layers = {
        144: nn.Dense(9, 16, bias=False),
        36: nn.TiedDense(9, 16, 4, bias=False),
        64: nn.LocallyConnected2d(1, 4, 3, 2, bias=False),
        16: nn.Conv2d(1, 4, 2, bias=False),
    }
    for weights, layer in layers.items():
        assert layer.weight.size == layer.connectivity(shape).weights == weights


@pytest.mark.parametrize(
    ("sizes", "weights"),
    [((9, 16), [144]), ((9, 90, 50), [810, 4_500]), ((32 * 32, 500), [512_000])],
)
def test_dense_layers_grow_with_the_product_of_their_sizes(sizes, weights):
    layers = [nn.Dense(*pair, bias=False) for pair in itertools.pairwise(sizes)]
    assert [layer.weight.size for layer in layers] == weights
    assert [layer.weight.nbytes for layer in layers] == [4 * count for count in weights]
    assert [layer.count_links() for layer in layers] == weights


def test_savings():
    assert 1 - DENSE.tie(4).weights / DENSE.weights == 0.75
    both = DENSE.tie(4).restrict(WINDOWS)
    assert DENSE.weights - both.weights == 128
    assert round(100 * 128 / 144, 2) == 88.89


# --- the square ---------------------------------------------------------------------------------


def test_both_ways_around_the_square_lead_to_the_convolution():
    tied_first = DENSE.tie(4).restrict(WINDOWS)
    windows_first = DENSE.restrict(WINDOWS).tie(4)
    assert tied_first == windows_first == Connectivity.conv(1, 4, 2, (3, 3))
    assert tied_first == nn.Conv2d(1, 4, 2).connectivity((1, 3, 3))
    assert DENSE.restrict(WINDOWS) == WINDOWS == tied_first.untie()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("size", "kernel", "stride"), [((4, 5), (2, 3), 1), ((5, 5), (3, 3), 2), ((7,), (3,), 2)]
)
def test_the_square_commutes_for_other_windows(channels, size, kernel, stride):
    windows = Connectivity.local(1, channels, kernel, size, stride)
    n_outputs, n_inputs = windows.shape
    dense, neurons = Connectivity.dense(n_inputs, n_outputs), n_outputs // channels
    conv = Connectivity.conv(1, channels, kernel, size, stride)
    assert dense.tie(neurons).restrict(windows) == conv
    assert dense.restrict(windows).tie(neurons) == conv


def test_sharing_alone_makes_copies():
    layer = nn.TiedDense(9, 16, 4, rng=np.random.default_rng(0))
    outputs = layer(mt.arange(9.0)).detach().numpy().reshape(4, 4)
    assert (outputs == outputs[:, :1]).all()
    assert len(np.unique(outputs)) == 4


def test_neurons_with_the_same_window_are_copies_too():
    """The counts of a convolution do not make one."""
    table = DENSE.tie(np.arange(16) % 4).restrict(WINDOWS)
    assert (table.links, table.weights, table.rank()) == (64, 16, 4)
    assert table != DENSE.tie(4).restrict(WINDOWS)


def test_a_window_as_large_as_the_picture_is_a_dense_layer():
    assert Connectivity.conv(1, 4, 3, (3, 3)) == Connectivity.dense(9, 4)


# --- by hand ------------------------------------------------------------------------------------


def test_the_window_is_a_row_of_the_matrix():
    picture = mt.tensor(np.arange(9.0), requires_grad=True)
    kernel = mt.tensor([1.0, 2.0, 3.0, 4.0], dtype=mt.float64, requires_grad=True)
    table = Connectivity.conv(1, 1, 2, (3, 3))
    outputs = table.matrix(kernel) @ picture
    assert outputs.tolist() == [27, 37, 57, 67]
    by_conv = nn.functional.conv2d(picture.reshape(1, 1, 3, 3), kernel.reshape(1, 1, 2, 2))
    assert by_conv.reshape(-1).tolist() == [27, 37, 57, 67]
    for result in (outputs, by_conv):
        of_picture, of_kernel = mt.grad(result.sum(), (picture, kernel))
        assert of_kernel.tolist() == [8, 12, 20, 24]
        assert of_picture.tolist() == [1, 3, 2, 4, 10, 6, 3, 7, 4]


def test_the_gradient_of_a_weight_is_the_sum_over_its_links():
    table = Connectivity.conv(1, 1, 2, (3, 3))
    free = mt.tensor(table.matrix(mt.ones(4)).detach(), requires_grad=True)
    (free @ mt.arange(9.0)).sum().backward()
    entries = free.grad.numpy()[table.outputs, table.inputs]
    assert np.bincount(table.numbers, entries).tolist() == [8, 12, 20, 24]


# --- the ladder ---------------------------------------------------------------------------------


def links_and_weights(net):
    """A bias is a link to an input that is always 1."""
    links, x = 0, mt.zeros((1, 1, 16, 16))
    for layer in net:
        y = layer(x)
        if isinstance(layer, nn.Dense | nn.StructuredDense | nn.LocallyConnected2d):
            table = layer.connectivity(x.shape[1:])
            assert layer.count_links(x.shape[1:]) == table.links
            links += table.links + table.shape[0]
        x = y
    assert x.shape == (1, 10)
    return links, sum(parameter.size for parameter in net.parameters())


def background(before, after):
    """Windows at the border look at a background of -1, through links that are counted."""
    return nn.ConstantPad2d((before, after, before, after), -1.0)


def shared(in_maps, out_maps, window, size):
    """A shared kernel, and a bias for each neuron."""
    table = Connectivity.conv(in_maps, out_maps, window, (size, size), stride=2)
    side = (size - window) // 2 + 1
    return nn.Flatten(), nn.StructuredDense(table), nn.Unflatten(1, (out_maps, side, side))


def local(maps, size, window):
    return nn.LocallyConnected2d(maps, 1, size, window, stride=2)


@pytest.mark.parametrize(
    ("layers", "links", "weights"),
    [
        pytest.param(lambda: [nn.Flatten(), nn.Dense(256, 10)], 2570, 2570, id="Net-1"),
        pytest.param(
            lambda: [nn.Flatten(), nn.Dense(256, 12), nn.Tanh(), nn.Dense(12, 10)],
            *(3214, 3214),
            id="Net-2",
        ),
        pytest.param(
            lambda: [
                *(background(0, 1), local(1, 17, 3), nn.Tanh()),
                *(background(1, 2), local(1, 11, 5), nn.Tanh()),
                *(nn.Flatten(), nn.Dense(16, 10)),
            ],
            *(1226, 1226),
            id="Net-3",
        ),
        pytest.param(
            lambda: [
                *(background(0, 1), *shared(1, 2, 3, 17), nn.Tanh()),
                *(background(1, 2), local(2, 11, 5), nn.Tanh()),
                *(nn.Flatten(), nn.Dense(16, 10)),
            ],
            *(2266, 1132),
            id="Net-4",
        ),
        pytest.param(
            lambda: [
                *(background(0, 1), *shared(1, 2, 3, 17), nn.Tanh()),
                *(background(1, 2), *shared(2, 4, 5, 11), nn.Tanh()),
                *(nn.Flatten(), nn.Dense(64, 10)),
            ],
            *(5194, 1060),
            id="Net-5",
        ),
    ],
)
def test_ladder_of_1989(layers, links, weights):
    assert links_and_weights(nn.Sequential(*layers())) == (links, weights)


def test_ladder_by_hand():
    """The same sums from the text of the paper: units times links of each, and kernels."""
    first, second = 8 * 8, 4 * 4
    assert 256 * 10 + 10 == 2570
    assert (256 * 12 + 12) + (12 * 10 + 10) == 3214
    assert first * (9 + 1) + second * (25 + 1) + (16 * 10 + 10) == 1226
    two_maps = 2 * 9 + 2 * first
    assert 2 * first * (9 + 1) + second * (50 + 1) + 170 == 2266
    assert two_maps + second * (50 + 1) + 170 == 1132
    assert 2 * first * (9 + 1) + 4 * second * (50 + 1) + (64 * 10 + 10) == 5194
    assert two_maps + 4 * (50 + second) + 650 == 1060


@pytest.mark.parametrize("maps", [1, 2])
def test_a_shared_kernel_with_a_bias_for_each_neuron_is_a_convolution_but_for_the_bias(maps):
    table = Connectivity.conv(1, maps, 3, (17, 17), stride=2)
    dense = nn.StructuredDense(table, rng=np.random.default_rng(0))
    conv = nn.Conv2d(1, maps, 3, stride=2, bias=False)
    conv.weight.assign_(dense.weight.detach().reshape(conv.weight.shape))
    x = mt.tensor(np.random.default_rng(1).normal(size=(2, 1, 17, 17)), dtype=mt.float32)
    expected = conv(x).flatten(1) + dense.bias
    assert dense.bias.shape == (maps * 64,)
    np.testing.assert_allclose(
        dense(x.flatten(1)).detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=1e-5
    )
