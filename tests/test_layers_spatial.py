"""Transposed convolution, columns, resizing, shuffles and padding: what holds between them.

Values against PyTorch's are stored elsewhere. Here operations are held against each other, and
what they refuse is named.
"""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_backends.testing.draw import positions
from minitorch_cnn import nn, testing
from minitorch_cnn.nn import functional as F
from minitorch_cnn.ops.conv import convolve, convolve_transpose
from op_samples_drawn import geometries


def randn(*shape: int, requires_grad: bool = False) -> Any:
    rng = np.random.default_rng(shape)
    return mt.randn(shape, rng=rng, dtype="float64", requires_grad=requires_grad)


def close(a: Any, b: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(
        a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance, strict=True
    )


# --- transposed convolution ----------------------------------------------------------------------


@given(drawn=geometries(), groups=st.integers(1, 2), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_transposed_convolution_of_any_geometry(
    backend: str, drawn: Any, groups: int, seed: int
) -> None:
    """It is the adjoint of convolution, and its body equals its kernel to second order."""
    window, sizes = drawn
    rng = np.random.default_rng(seed)
    kernel, outer = window["kernel"], (2, 2 * groups)
    places = positions(window, sizes)
    del window["kernel"]
    x = mt.tensor(rng.standard_normal((*outer, *places)), requires_grad=True)
    w = mt.tensor(rng.standard_normal((2 * groups, 1, *kernel)), requires_grad=True)
    picture = (2, groups, *sizes)

    def turned(x: Any, w: Any) -> Any:
        return convolve_transpose(x, w, shape=picture, groups=groups, **window)

    def body(x: Any, w: Any) -> Any:
        with mt.compositions():
            return turned(x, w)

    testing.check_same(turned, body, [x, w])
    testing.check_adjoint(
        lambda y: convolve(y, w.detach(), groups=groups, **window),
        lambda y: turned(y, w.detach()),
        picture,
        tuple(x.shape),
    )


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}, {"stride": 3}]
)
def test_transposed_convolution_is_the_gradient_of_convolution(options: Any, backend: str) -> None:
    x, w = randn(2, 4, 6, 7, requires_grad=True), randn(6, 4 // options.get("groups", 1), 3, 2)
    y = F.conv2d(x, w, **options)
    g = randn(*y.shape)
    (expected,) = mt.grad(y, x, g)
    layer = nn.ConvTranspose2d(6, 4, (3, 2), bias=False, **options).to("float64")
    layer.weight.assign_(w.numpy())
    close(layer(g, output_size=(6, 7)), expected)


def test_transposed_convolution_to_every_possible_size() -> None:
    """A stride of 3 makes 3 sizes; convolution has the same number of positions on all."""
    layer = nn.ConvTranspose2d(1, 1, 4, stride=3, padding=1)
    x = mt.ones((1, 1, 5, 5))
    for height in (14, 15, 16):
        y = layer(x, output_size=(height, 14))
        assert y.shape == (1, 1, height, 14)
        assert F.conv2d(y, mt.ones((1, 1, 4, 4)), stride=3, padding=1).shape == (1, 1, 5, 5)
    assert layer(x, output_size=15).shape == (1, 1, 15, 15)
    with pytest.raises(ValueError, match=r"\(17, 14\).*\(5, 5\).*\(14, 14\) to \(16, 16\)"):
        layer(x, output_size=(17, 14))
    with pytest.raises(ValueError, match=r"\(13, 14\) is out of reach"):
        layer(x, output_size=(13, 14))
    with pytest.raises(ValueError, match="output_size: expected an integer or a tuple of 2"):
        layer(x, output_size=(1, 14, 14))


def test_state_of_a_transposed_convolution() -> None:
    state = nn.ConvTranspose2d(4, 6, (3, 2), groups=2).state_dict()
    assert {name: value.shape for name, value in state.items()} == {
        "weight": (4, 3, 3, 2),
        "bias": (6,),
    }


# --- columns -------------------------------------------------------------------------------------


def test_convolution_is_a_matrix_product_with_columns(backend: str) -> None:
    x, w = randn(2, 3, 5, 6), randn(4, 3, 2, 3)
    window = {"dilation": (2, 1), "padding": (1, 2), "stride": (1, 2)}
    columns = F.unfold(x, (2, 3), **window)
    expected = F.conv2d(x, w, **window)
    close(mt.reshape(mt.reshape(w, (4, 18)) @ columns, expected.shape), expected)


@pytest.mark.parametrize(
    "window",
    [{}, {"stride": 3}, {"dilation": 2, "padding": 1}, {"padding": (2, 1), "stride": (1, 2)}],
    ids=str,
)
def test_fold_is_the_adjoint_of_unfold(window: Any, backend: str) -> None:
    columns = F.unfold(mt.ones((2, 3, 6, 5)), (3, 2), **window).shape
    testing.check_adjoint(
        lambda x: F.unfold(x, (3, 2), **window),
        lambda y: F.fold(y, (6, 5), (3, 2), **window),
        (2, 3, 6, 5),
        columns,
    )


# --- resizing ------------------------------------------------------------------------------------

MODES = ["linear", "nearest", "nearest-exact", "area"]


@pytest.mark.parametrize("mode", MODES)
def test_a_line_that_keeps_its_size_is_itself(mode: str) -> None:
    x = randn(2, 3, 7)
    close(F.interpolate(x, 7, mode=mode), x)
    close(F.interpolate(x, scale_factor=1, mode=mode), x)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest", "area"])
@pytest.mark.parametrize("size", [(9, 4), (2, 11), (1, 1)])
def test_a_constant_picture_stays_constant(mode: str, size: Any, backend: str) -> None:
    x = mt.full((1, 2, 5, 6), 1.5, dtype="float64")
    y = F.interpolate(x, size, mode=mode)
    close(y, mt.full((1, 2, *size), 1.5, dtype="float64"))


def test_area_is_average_pooling_where_windows_fit() -> None:
    x = randn(2, 2, 6, 8)
    close(F.interpolate(x, (3, 2), mode="area"), F.avg_pool2d(x, (2, 4)))


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_pictures_of_one_column_are_resized_row_by_row(mode: str, antialias: bool) -> None:
    x = randn(1, 1, 4, 3)
    both = F.interpolate(x, (7, 1), mode=mode, antialias=antialias)
    narrow = F.interpolate(x, (4, 1), mode=mode, antialias=antialias)
    wide = mt.concat([narrow, narrow], axis=3)
    close(both, F.interpolate(wide, (7, 2), mode=mode, antialias=antialias)[..., :1])


def test_infinite_entries_stay_where_they_are() -> None:
    x = mt.tensor([[[1.0, 2.0, math.inf, 3.0, 4.0]]])
    assert F.interpolate(x, 3, mode="area").tolist() == [[[1.5, math.inf, 3.5]]]
    assert F.interpolate(x, 2, mode="area").tolist() == [[[math.inf, math.inf]]]
    assert F.interpolate(x, 10)[..., 3:7].tolist() == [[[2.0, math.inf, math.inf, 3.0]]]


def test_factors_are_followed_unless_recomputed() -> None:
    x = mt.arange(5, dtype="float64").reshape((1, 1, 5))
    line = {"scale_factor": 2.5, "mode": "linear"}
    size = F.interpolate(x, 12, mode="linear")
    assert F.interpolate(x, **line).shape == size.shape
    close(F.interpolate(x, **line, recompute_scale_factor=True), size)
    assert not np.allclose(F.interpolate(x, **line).numpy(), size.numpy())


# --- sampling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("corners", [False, True])
def test_the_identity_map_samples_the_picture_itself(
    mode: str, corners: bool, backend: str
) -> None:
    x = randn(2, 3, 4, 5)
    theta = mt.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]] * 2, dtype="float64")
    grid = F.affine_grid(theta, (2, 3, 4, 5), align_corners=corners)
    close(F.grid_sample(x, grid, mode, align_corners=corners), x)


@pytest.mark.parametrize("size", [(7, 9), (3, 2)])
def test_sampling_resizes(size: tuple[int, int]) -> None:
    x = randn(1, 2, 4, 5)
    theta = mt.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], dtype="float64")
    for mode, corners in (("bilinear", False), ("bilinear", True), ("bicubic", False)):
        grid = F.affine_grid(theta, (1, 2, *size), corners)
        sampled = F.grid_sample(x, grid, mode, "border", corners)
        close(sampled, F.interpolate(x, size, mode=mode, align_corners=corners))


def test_places_that_are_no_numbers_count_as_minus_one() -> None:
    x = mt.tensor([[[[1.0, 2.0, 3.0]]]])
    grid = mt.tensor([[[[math.nan, 0.0], [math.inf, 0.0]]]])
    for mode in ("bilinear", "nearest", "bicubic"):
        y = F.grid_sample(x, grid, mode, align_corners=True)
        assert y.tolist() == [[[[1.0, 0.0]]]]


# --- shuffles ------------------------------------------------------------------------------------


def test_shuffles_have_inverses(backend: str) -> None:
    x = randn(2, 12, 4, 6)
    close(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2), x)
    close(F.pixel_shuffle(F.pixel_unshuffle(x, 2), 2), x)
    close(F.channel_shuffle(F.channel_shuffle(x, 3), 4), x)


def test_shuffles_take_integers() -> None:
    x = mt.reshape(mt.arange(8), (1, 4, 1, 2))
    assert F.pixel_shuffle(x, 2).dtype == mt.int64
    assert F.channel_shuffle(x, 2).dtype == mt.int64


# --- padding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_of_integers(mode: str, backend: str) -> None:
    widths = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    x = np.arange(6).reshape(2, 3)
    y = F.pad(mt.tensor(x), (2, 1), mode=mode)
    assert y.dtype == mt.int64
    np.testing.assert_array_equal(y.numpy(), np.pad(x, ((0, 0), (2, 1)), mode=widths))


def test_everything_may_be_cropped() -> None:
    x = mt.ones((1, 2, 3))
    for mode in ("constant", "reflect", "replicate", "circular"):
        assert F.pad(x, (-2, -1), mode=mode).shape == (1, 2, 0)


# --- layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (
            nn.ConvTranspose2d(1, 2, 3),
            "ConvTranspose2d(1, 2, kernel_size=(3, 3), stride=(1, 1))",
        ),
        (
            nn.ConvTranspose1d(2, 4, 3, 2, 1, 1, 2, False, 3),
            "ConvTranspose1d(2, 4, kernel_size=(3,), stride=(2,), padding=(1,), dilation=(3,), "
            "output_padding=(1,), groups=2, bias=False)",
        ),
        (nn.Unfold(2), "Unfold(kernel_size=2, dilation=1, padding=0, stride=1)"),
        (
            nn.Fold(3, (1, 2)),
            "Fold(output_size=3, kernel_size=(1, 2), dilation=1, padding=0, stride=1)",
        ),
        (nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"),
        (nn.PixelUnshuffle(2), "PixelUnshuffle(downscale_factor=2)"),
        (nn.ChannelShuffle(2), "ChannelShuffle(groups=2)"),
        (nn.Upsample(scale_factor=2), "Upsample(scale_factor=2.0, mode='nearest')"),
        (nn.Upsample((2, 3), mode="area"), "Upsample(size=(2, 3), mode='area')"),
        (nn.UpsamplingBilinear2d(4), "UpsamplingBilinear2d(size=4, mode='bilinear')"),
        (
            nn.UpsamplingNearest2d(scale_factor=(1, 2)),
            "UpsamplingNearest2d(scale_factor=(1.0, 2.0), mode='nearest')",
        ),
        (nn.ConstantPad1d(2, 1.5), "ConstantPad1d(padding=(2, 2), value=1.5)"),
        (nn.ZeroPad2d((1, 2, 3, 4)), "ZeroPad2d((1, 2, 3, 4))"),
        (nn.ReflectionPad3d(1), "ReflectionPad3d((1, 1, 1, 1, 1, 1))"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_repr(layer: Any, text: str) -> None:
    assert repr(layer) == text


PICTURE = mt.ones((1, 2, 4, 4))
KERNEL = mt.ones((2, 3, 2, 2))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: F.conv_transpose2d(PICTURE, mt.ones((3, 2, 2, 2))),
            ValueError,
            r"conv_transpose2d: an input of 2 channels .* \(3, 2, 2, 2\) .*expected 3 input",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, groups=3),
            ValueError,
            "and 3 groups; .*groups divides",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, mt.ones((2, 3, 2))),
            ValueError,
            r"weight of 4 dimensions \(in, out / groups, \*kernel\)",
        ),
        (
            lambda: F.conv_transpose2d(mt.ones((4, 4)), KERNEL),
            ValueError,
            r"expected an input of 4 dimensions .*\(4, 4\)",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, mt.ones(2)),
            ValueError,
            r"a bias of shape \(2,\) for 3 output channels",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, [1.0]),
            TypeError,
            "conv_transpose2d: expected a Tensor, got a list",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, stride=2, output_padding=2),
            ValueError,
            r"output_padding \(2, 2\) must be smaller than stride \(2, 2\) or dilation \(1, 1\)",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, output_padding=-1),
            ValueError,
            "output_padding: -1 is too small",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, padding=3),
            ValueError,
            r"\(4, 4\) entries .* padding \(3, 3\) leave a picture of size \(-1, -1\)",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, padding="same"),
            TypeError,
            "conv_transpose2d padding: .*'same'",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE.to("int64"), KERNEL),
            TypeError,
            "conv_transpose2d: expected floating-point numbers, got dtype int64",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE.to("float64"), KERNEL),
            TypeError,
            "conv_transpose2d: dtypes differ",
        ),
        (
            lambda: F.conv_transpose2d(PICTURE, KERNEL, mt.ones(3, backend="strict")),
            TypeError,
            r"conv_transpose2d: .*input on 'numpy', .*bias on 'strict'.*\.to\('numpy'\)",
        ),
        (
            lambda: F.grid_sample(PICTURE, mt.ones((1, 1, 1, 2), backend="strict")),
            TypeError,
            "grid_sample: .*grid on 'strict'",
        ),
        (lambda: nn.ConvTranspose2d(3, 4, 3, groups=2), ValueError, "ConvTranspose2d: groups=2"),
        (
            lambda: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
            ValueError,
            "padding_mode 'reflect'.*'zeros'",
        ),
        (lambda: nn.ConvTranspose2d(3, 4, 3, stride=0), ValueError, "stride: 0 is too small"),
        (
            lambda: nn.ConvTranspose2d(3, 4, 3, output_padding=1),
            ValueError,
            r"ConvTranspose2d: output_padding \(1, 1\) must be smaller",
        ),
        (
            lambda: nn.ConvTranspose1d(1, 1, 2)([1.0], output_size=3),
            TypeError,
            "ConvTranspose1d: expected a Tensor, got a list",
        ),
        (lambda: F.conv2d(PICTURE, mt.ones((1, 2, 0, 2))), ValueError, r"window of \(0, 2\)"),
        (lambda: F.conv2d(PICTURE, mt.ones((1, 2, 2, 2)), [0.0]), TypeError, "conv2d: .*a list"),
        (lambda: F.conv2d(PICTURE, mt.ones((1, 2, 2, 2)), None, 1, "SAME"), ValueError, "'SAME'"),
        (lambda: F.unfold(PICTURE, 5), ValueError, r"unfold: a window of \(5, 5\).*\(4, 4\)"),
        (lambda: F.unfold(mt.ones((1, 2, 3, 4, 4)), 2), ValueError, r"unfold.*\(1, 2, 3, 4, 4\)"),
        (lambda: F.unfold(PICTURE.to("int64"), 2), TypeError, "unfold: .*int64"),
        (
            lambda: F.fold(mt.ones((1, 8, 5)), 3, 2),
            ValueError,
            r"fold: an input of shape \(1, 8, 5\) .*\(2, 2\) positions .*\(3, 3\); .* 4, 4\)",
        ),
        (lambda: F.fold(mt.ones((1, 7, 4)), 3, 2), ValueError, r"expected \(N, C \* 4, 4\)"),
        (lambda: F.fold(mt.ones((1, 8, 4)), 3, 4), ValueError, r"fold: a window of \(4, 4\)"),
        (lambda: nn.Fold(0, 2), ValueError, "Fold output_size: 0 is too small"),
        (lambda: nn.Unfold(2, stride=0), ValueError, "Unfold stride: 0 is too small"),
        (lambda: F.pixel_shuffle(PICTURE, 2), ValueError, "pixel_shuffle: 2 channels .* 4"),
        (lambda: F.pixel_shuffle(PICTURE, 0), ValueError, "pixel_shuffle upscale_factor: .*0"),
        (lambda: F.pixel_shuffle(PICTURE, 1.5), TypeError, "upscale_factor: .*integer, got 1.5"),
        (lambda: F.pixel_shuffle(mt.ones((4, 4)), 2), ValueError, r"pixel_shuffle: .*\(4, 4\)"),
        (
            lambda: F.pixel_unshuffle(PICTURE, 3),
            ValueError,
            "pixel_unshuffle: downscale_factor 3 must divide height 4 and width 4",
        ),
        (lambda: F.channel_shuffle(PICTURE, 3), ValueError, "groups 3 must divide the 2 channels"),
        (lambda: F.channel_shuffle(mt.ones((2, 2)), 2), ValueError, r"channel_shuffle: .*\(2, 2\)"),
        (lambda: nn.PixelShuffle(0), ValueError, "PixelShuffle upscale_factor: .*0"),
        (lambda: F.interpolate(PICTURE), ValueError, "either size or scale_factor"),
        (lambda: F.interpolate(PICTURE, 2, 2), ValueError, "and not both"),
        (lambda: F.interpolate(PICTURE, 2, mode="cubic"), ValueError, "'cubic'.*'bicubic'"),
        (
            lambda: F.interpolate(PICTURE, 2, mode="linear"),
            ValueError,
            r"'linear' expects an input of 3 dimensions .*\(1, 2, 4, 4\).*'bilinear'",
        ),
        (lambda: F.interpolate(mt.ones((2, 2)), 2), ValueError, r"3 or 4 or 5 dim.*\(2, 2\)"),
        (
            lambda: F.interpolate(PICTURE, 2, align_corners=False),
            ValueError,
            "align_corners is not for mode 'nearest'",
        ),
        (
            lambda: F.interpolate(PICTURE, 2, antialias=True),
            ValueError,
            "antialias=True is for 'bilinear', 'bicubic', 'lanczos', not for mode 'nearest'",
        ),
        (lambda: F.interpolate(PICTURE, 2, mode="lanczos"), ValueError, "needs antialias=True"),
        (
            lambda: F.interpolate(PICTURE, 2, recompute_scale_factor=True),
            ValueError,
            "recompute_scale_factor=True goes with scale_factor",
        ),
        (lambda: F.interpolate(PICTURE, (2, 2, 2)), ValueError, "interpolate size: .*tuple of 2"),
        (lambda: F.interpolate(PICTURE, 2.5), TypeError, "interpolate size: .*2.5"),
        (lambda: F.interpolate(PICTURE, 0), ValueError, "interpolate size: 0 is too small"),
        (
            lambda: F.interpolate(PICTURE, scale_factor=0.1),
            ValueError,
            r"from an input of shape \(1, 2, 4, 4\) to the size \(0, 0\)",
        ),
        (lambda: F.interpolate(PICTURE, None, -1), ValueError, "one positive scale_factor .*-1"),
        (lambda: F.interpolate(PICTURE, None, (1, 2, 3)), ValueError, r"tuple of 2, got \(1, 2, 3"),
        (lambda: F.interpolate(PICTURE, None, "2"), TypeError, "scale_factor must be .*'2'"),
        (lambda: F.interpolate(PICTURE.to("int64"), 2), TypeError, "interpolate: .*int64"),
        (lambda: nn.Upsample(), ValueError, "Upsample: pass either size or scale_factor"),
        (lambda: nn.UpsamplingNearest2d(2, 2), ValueError, "UpsamplingNearest2d: .*not both"),
        (
            lambda: F.grid_sample(PICTURE, mt.ones((1, 2, 3))),
            ValueError,
            r"grid_sample: a grid of shape \(1, 2, 3\) for an input of shape \(1, 2, 4, 4\)",
        ),
        (
            lambda: F.grid_sample(PICTURE, mt.ones((2, 1, 1, 2))),
            ValueError,
            "2 grids for 1 pictures",
        ),
        (
            lambda: F.grid_sample(mt.ones((1, 1, 0, 2)), mt.ones((1, 1, 1, 2))),
            ValueError,
            "no pixels to sample",
        ),
        (
            lambda: F.grid_sample(PICTURE, mt.ones((1, 1, 1, 2)), "linear"),
            ValueError,
            "mode 'linear' is none of 'bilinear', 'nearest', 'bicubic'",
        ),
        (
            lambda: F.grid_sample(mt.ones((1, 1, 2, 2, 2)), mt.ones((1, 1, 1, 1, 3)), "bicubic"),
            ValueError,
            "'bicubic' is none of 'bilinear', 'nearest' for an input of 5 dimensions",
        ),
        (
            lambda: F.grid_sample(PICTURE, mt.ones((1, 1, 1, 2)), padding_mode="wrap"),
            ValueError,
            "padding_mode 'wrap'.*'reflection'",
        ),
        (
            lambda: F.grid_sample(PICTURE, mt.ones((1, 1, 1, 2), dtype="float64")),
            TypeError,
            "grid_sample: dtypes differ",
        ),
        (
            lambda: F.affine_grid(mt.ones((1, 2, 3)), (2, 1, 4, 4)),
            ValueError,
            r"affine_grid: theta of shape \(1, 2, 3\) for the size \(2, 1, 4, 4\)",
        ),
        (
            lambda: F.affine_grid(mt.ones((1, 2, 3)), (1, 1, 0, 4)),
            ValueError,
            "must be at least 1",
        ),
        (lambda: F.pad(PICTURE, (1, 1, 1)), ValueError, "pad: 3 widths for a tensor of 4"),
        (lambda: F.pad(PICTURE, (1,) * 10), ValueError, "pad: 10 widths"),
        (lambda: F.pad(PICTURE, (1.0, 1)), TypeError, r"pad: .*\(1.0, 1\)"),
        (lambda: F.pad(PICTURE, (-3, -2)), ValueError, "pad: .*crop more"),
        (lambda: F.pad(PICTURE, (1, 1), "reflect", 2.0), ValueError, "value=2.0 .*'reflect'"),
        (lambda: F.pad(PICTURE, (4, 0), "reflect"), ValueError, "up to 3 .* size 4.* 4 before"),
        (lambda: F.pad(PICTURE, (-4, -1), "reflect"), ValueError, "widths -4 and -1 .*size 4"),
        (lambda: F.pad(mt.ones((1, 0)), (1, 0), "replicate"), ValueError, "axis of size 0"),
        (lambda: F.pad(PICTURE, (5, 0), "circular"), ValueError, "up to 4 .* 5 before"),
        (lambda: F.pad(PICTURE, (-2, 3), "circular"), ValueError, "up to 2 entries, those left"),
        (lambda: nn.ZeroPad2d((1, 1)), ValueError, r"ZeroPad2d padding: .*tuple of 4, got \(1, 1"),
        (lambda: nn.ReflectionPad1d(0.5), TypeError, "ReflectionPad1d padding: .*2, got 0.5"),
        (lambda: F.pad(PICTURE, 1), TypeError, "pad: expected a sequence of integers.*got 1"),
        (lambda: nn.ReflectionPad1d(1)(PICTURE), ValueError, r"ReflectionPad1d: .*\(1, 2, 4, 4\)"),
        (lambda: nn.CircularPad2d(1)([1.0]), TypeError, "CircularPad2d: expected a Tensor"),
    ],
)
def test_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
