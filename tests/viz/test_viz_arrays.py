"""Kernels, feature maps and receptive fields, by the data of their figures."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import models, nn, viz
from minitorch_cnn.viz.skeleton import field_of


def images(figure):
    return [image for axes in figure.axes for image in axes.images]


# --- small pictures ------------------------------------------------------------------------------


def test_kernels_share_one_scale_around_zero():
    weight = np.random.default_rng(0).standard_normal((10, 5, 5))
    shown = images(viz.kernels(weight))
    assert np.allclose([image.get_array() for image in shown], weight)
    limit = np.abs(weight).max()
    assert {(image.norm.vmin, image.norm.vmax) for image in shown} == {(-limit, limit)}


def test_a_row_of_kernels_is_broken_and_cut():
    figure = viz.kernels(np.ones((40, 3, 3)), labels=[f"k{n}" for n in range(40)])
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == [f"k{n}" for n in range(32)]
    assert figure.axes[0].get_gridspec().ncols == 8


def test_kernels_of_a_layer_are_a_table(backend):
    layer = nn.Conv2d(3, 2, 5)
    figure = viz.kernels(layer.weight)
    shown = images(figure)
    assert np.allclose(
        [i.get_array() for i in shown], layer.weight.detach().numpy().reshape(6, 5, 5)
    )
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == ["0, 0", "0, 1", "0, 2", "1, 0", "1, 1", "1, 2"]
    assert figure.axes[0].get_gridspec().ncols == 3


def test_kernels_of_one_channel_are_a_row():
    weight = np.arange(8.0).reshape(2, 1, 2, 2)
    assert np.array_equal(images(viz.kernels(weight))[1].get_array(), weight[1, 0])
    titles = [axes.get_title() for axes in viz.kernels(weight).axes if axes.images]
    assert titles == ["0", "1"]


def test_large_tables_are_cut():
    assert len(images(viz.kernels(np.ones((20, 30, 3, 3))))) == 12 * 8


def test_feature_maps_have_a_scale_of_their_own_kind():
    rng = np.random.default_rng(0)
    after_relu = rng.random((4, 6, 6))
    shown = images(viz.feature_maps(mt.tensor(after_relu)))
    assert np.allclose([image.get_array() for image in shown], after_relu)
    assert (shown[0].norm.vmin, shown[0].norm.vmax) == (after_relu.min(), after_relu.max())
    signed = images(viz.feature_maps(after_relu - 0.25))
    assert signed[0].norm.vmin == -signed[0].norm.vmax
    assert shown[0].get_cmap().name != signed[0].get_cmap().name


def test_feature_maps_of_a_batch_are_a_table():
    figure = viz.feature_maps(np.zeros((2, 3, 4, 4)), title="7")
    assert figure.axes[0].get_gridspec().ncols == 3
    assert len(images(figure)) == 6
    assert figure.get_suptitle() == "7"


@pytest.mark.parametrize("draw", [viz.kernels, viz.feature_maps])
def test_other_arrays_are_refused(draw):
    with pytest.raises(ValueError, match=rf"{draw.__name__}: expected pictures .* got \(3, 3\)"):
        draw(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"none of them empty, got \(0, 3, 3\)"):
        draw(np.zeros((0, 3, 3)))
    with pytest.raises(ValueError, match="1 labels for 2 pictures"):
        draw(np.zeros((2, 3, 3)), labels=["a"])
    with pytest.raises(ValueError, match="NaN and infinity"):
        draw(np.full((2, 3, 3), np.nan))


# --- receptive fields ----------------------------------------------------------------------------

LENET = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh()]


def reached(layers, size, place):
    """The pixels along one dimension that a place sees, by following the windows down."""
    places = {place}
    sizes = [size]
    for kernel, stride, padding, dilation in layers:
        sizes.append((sizes[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    for (kernel, stride, padding, dilation), below in zip(layers[::-1], sizes[-2::-1], strict=True):
        starts = [p * stride - padding for p in places]
        places = {start + dilation * k for start in starts for k in range(kernel)}
        places = {p for p in places if 0 <= p < below}
    return sorted(places)


@pytest.mark.parametrize(
    "settings",
    [
        [(3, 1, 0, 1), (3, 1, 0, 1)],
        [(3, 2, 1, 1), (3, 2, 1, 1)],
        [(3, 1, 2, 2), (2, 2, 0, 1), (3, 1, 1, 1)],
        [(3, 1, 0, 3), (3, 1, 0, 3)],
    ],
)
def test_the_seen_pixels_are_those_that_windows_reach(settings):
    layers = []
    for number, (kernel, stride, padding, dilation) in enumerate(settings):
        if number % 2 and padding <= kernel // 2:
            layers.append(nn.MaxPool1d(kernel, stride, padding, dilation))
        else:
            layers.append(nn.Conv1d(1, 1, kernel, stride, padding, dilation))
        layers.append(nn.ReLU())
    positions = nn.Sequential(*layers)(mt.zeros((1, 1, 20))).shape[-1]
    for place in range(positions):
        seen = np.flatnonzero(viz.seen_pixels(layers, (1, 20), place))
        assert seen.tolist() == reached(settings, 20, place)
        ((first, last),) = field_of(layers, (1, 20), place, "test").spans
        assert first <= seen.min()
        assert last >= seen.max()
        if first >= 0 and last < 20:
            assert (first, last) == (seen.min(), seen.max())


def test_shares_are_those_of_the_paths():
    shares = viz.seen_pixels([nn.Conv2d(1, 3, 3), nn.GELU(), nn.Conv2d(3, 2, 3)], (1, 9, 9), (1, 2))
    bell = np.array([1, 2, 3, 2, 1]) / 9
    expected = np.zeros((9, 9))
    expected[1:6, 2:7] = np.outer(bell, bell)
    assert np.allclose(shares, expected, rtol=1e-12, atol=0)


def test_the_field_of_lenet():
    figure = viz.receptive_field(LENET, (1, 28, 28), position=(3, 3))
    left, right, *_ = figure.axes
    assert (left.get_title(), right.get_title()) == ("14 × 14", "196")
    (image,) = right.images
    assert np.count_nonzero(image.get_array().filled(0)) == 196
    box = left.patches[0]
    assert (box.get_x(), box.get_y()) == (3.5, 3.5)
    assert (box.get_width(), box.get_height()) == (14, 14)


def test_the_square_may_reach_into_the_padding():
    field = field_of(LENET, (1, 28, 28), (0, 9), "test")
    assert field.spans == ((-2, 11), (16, 29))
    assert np.count_nonzero(field.shares) == 12 * 12


def test_a_field_with_gaps():
    layers = [nn.Conv2d(1, 1, 3, dilation=3), nn.Conv2d(1, 1, 3, dilation=3)]
    figure = viz.receptive_field(layers, (1, 15, 15))
    assert [axes.get_title() for axes in figure.axes[:2]] == ["13 × 13", "25"]


def test_channels_of_groups_see_their_own():
    layer = nn.Conv1d(2, 2, 3, groups=2)
    both = nn.Conv1d(2, 1, 1)
    assert np.count_nonzero(viz.seen_pixels([layer], (2, 5), (0, 1))) == 3
    assert np.count_nonzero(viz.seen_pixels([layer, nn.ReLU(), both], (2, 5), (1,))) == 3


def test_dense_layers_see_everything():
    figure = viz.receptive_field(models.lenet(), (1, 28, 28))
    assert [axes.get_title() for axes in figure.axes[:2]] == ["28 × 28", "784"]
    assert field_of(models.lenet(), (1, 28, 28), 3, "test").spans == ((0, 27), (0, 27))


def test_a_field_that_is_not_known_has_no_square():
    class Sorted(nn.Module):
        def forward(self, x):
            return mt.sort(x, axis=-1)

    figure = viz.receptive_field([nn.Conv1d(1, 1, 3), Sorted()], (1, 7), 2)
    assert [axes.get_title() for axes in figure.axes if axes.images] == ["3"]
    assert field_of([nn.Conv1d(1, 1, 3), Sorted()], (1, 7), 2, "test").spans is None


def test_structured_layers_see_what_their_table_says():
    table = nn.Connectivity.from_matrix_of_labels([[0, -1, 0, -1], [-1, 1, -1, 1]])
    layer = nn.StructuredDense(table)
    assert viz.seen_pixels(layer, (4,), 0).tolist() == [0.5, 0, 0.5, 0]


class Branches(nn.Module):
    """Layers in a list, one of them twice, functions in between, and a way around."""

    def __init__(self):
        pool = nn.MaxPool1d(2)
        self.blocks = [nn.Conv1d(1, 2, 3, padding=1), pool, nn.BatchNorm1d(2), nn.Hardshrink(9.0)]
        self.blocks.append(pool)
        self.gate = nn.GLU(dim=1)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.gate(mt.relu(x) + x)


def test_any_module_is_followed_and_stays_as_it_was():
    model = Branches()
    before = [parameter.tolist() for parameter in model.parameters()]
    shares = viz.seen_pixels(model, (1, 12), 1)
    assert np.allclose(12 * shares, [0, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0, 0])
    assert [parameter.tolist() for parameter in model.parameters()] == before
    assert model.training
    titles = [axes.get_title() for axes in viz.receptive_field(model, (1, 12), 1).axes[:2]]
    assert titles == ["1 × 6", "6"]


def test_windows_that_the_edge_cuts_off_and_adaptive_bins():
    pool = nn.MaxPool1d(3, stride=2, ceil_mode=True)
    assert np.flatnonzero(viz.seen_pixels(pool, (1, 6), 2)).tolist() == [4, 5]
    found = nn.MaxPool1d(2, return_indices=True)
    assert np.flatnonzero(viz.seen_pixels(found, (1, 6), 2)).tolist() == [4, 5]
    bins = nn.AdaptiveMaxPool1d(2)
    assert viz.seen_pixels(bins, (1, 6), 1).tolist() == pytest.approx(
        [0, 0, 0, 1 / 3, 1 / 3, 1 / 3]
    )


def test_models_on_other_backends_are_followed(backend):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Dense(8, 2))
    assert viz.seen_pixels(model, (1, 6, 6), 1).sum() == pytest.approx(1)


def test_an_output_over_padding_sees_nothing():
    assert not viz.seen_pixels([nn.Conv1d(1, 1, 1, padding=1)], (1, 3), 0).any()
    assert viz.receptive_field([nn.Conv2d(1, 1, 1, padding=1)], (1, 3, 3), (0, 0)).axes


@pytest.mark.parametrize("position", [(0, 0, 0, 0), (9, 9), -1, (2, 0, 0)])
def test_positions_that_are_none(position):
    with pytest.raises(ValueError, match=r"output of shape \(2, 4, 4\) has no position"):
        viz.seen_pixels(nn.Conv2d(1, 2, 3), (1, 6, 6), position)


class Both(nn.Module):
    """Returns two tensors."""

    def forward(self, x):
        return x, x


def test_other_models_are_refused():
    with pytest.raises(TypeError, match="expected a Module or a list of layers, got a function"):
        viz.receptive_field(lambda x: x, (1, 6, 6))
    with pytest.raises(TypeError, match="the model returns a tuple"):
        viz.seen_pixels(Both(), (1, 6))
    with pytest.raises(ValueError, match="3 dimensions have no flat picture"):
        viz.receptive_field(nn.Conv3d(1, 1, 2), (1, 3, 3, 3))
