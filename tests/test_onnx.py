"""Exported models, run by onnxruntime, beside ours: every layer, and whole nets."""

import numpy as np
import onnx
import onnxruntime
import pytest

import minitorch_cnn as mt
from minitorch_cnn import models, nn
from minitorch_cnn.nn import functional as F

PICTURES = (2, 4, 6, 6)


def call(function):
    class Called(nn.Module):
        def forward(self, x):
            return function(x)

    return Called()


def own(layer, function):
    class Owner(nn.Module):
        def __init__(self):
            self.layer = layer

        def forward(self, x):
            return function(self.layer, x)

    return Owner()


LAYERS = {
    "Identity": [(nn.Identity(), PICTURES)],
    "Dense": [(nn.Dense(6, 3), (2, 6)), (nn.Dense(6, 3, bias=False), PICTURES)],
    "TiedDense": [(nn.TiedDense(6, 4, 2), (2, 6))],
    "StructuredDense": [(nn.StructuredDense(nn.Connectivity.conv(1, 2, 2, (3, 3))), (2, 9))],
    "Bilinear": [(own(nn.Bilinear(3, 3, 2), lambda layer, x: layer(x, x + 1)), (2, 3))],
    **{
        f"Conv{n}d": [
            (getattr(nn, f"Conv{n}d")(4, 6, 3), (2, 4, *(7,) * n)),
            (
                getattr(nn, f"Conv{n}d")(4, 6, 3, stride=2, padding=1, dilation=2, groups=2),
                (2, 4, *(9,) * n),
            ),
            (getattr(nn, f"Conv{n}d")(4, 2, 2, padding="same", bias=False), (2, 4, *(5,) * n)),
            (
                getattr(nn, f"Conv{n}d")(4, 2, 3, padding=1, padding_mode="reflect"),
                (2, 4, *(5,) * n),
            ),
        ]
        for n in (1, 2, 3)
    },
    **{
        f"ConvTranspose{n}d": [
            (getattr(nn, f"ConvTranspose{n}d")(4, 6, 3), (2, 4, *(4,) * n)),
            (
                getattr(nn, f"ConvTranspose{n}d")(4, 6, 3, 2, 1, output_padding=1, groups=2),
                (2, 4, *(4,) * n),
            ),
            (getattr(nn, f"ConvTranspose{n}d")(4, 6, 3, 3, dilation=2), (2, 4, *(3,) * n)),
        ]
        for n in (1, 2, 3)
    },
    **{
        f"LocallyConnected{n}d": [
            (getattr(nn, f"LocallyConnected{n}d")(4, 2, (5,) * n, 2), (2, 4, *(5,) * n)),
            (
                getattr(nn, f"LocallyConnected{n}d")(4, 2, (5,) * n, 3, 2, 1, groups=2),
                (2, 4, *(5,) * n),
            ),
        ]
        for n in (1, 2, 3)
    },
    **{
        f"{kind}Pool{n}d": [
            (getattr(nn, f"{kind}Pool{n}d")(2), (2, 4, *(6,) * n)),
            (getattr(nn, f"{kind}Pool{n}d")(3, 2, 1), (2, 4, *(7,) * n)),
            (getattr(nn, f"{kind}Pool{n}d")(3, 2, 1, ceil_mode=True), (2, 4, *(6,) * n)),
        ]
        for n in (1, 2, 3)
        for kind in ("Max", "Avg")
    },
    "LPPool1d": [(nn.LPPool1d(2, 2), (2, 4, 6))],
    "LPPool2d": [(nn.LPPool2d(2, 2), PICTURES)],
    "LPPool3d": [(nn.LPPool3d(2, 2), (2, 4, 4, 4, 4))],
    **{
        f"AdaptiveAvgPool{n}d": [
            (getattr(nn, f"AdaptiveAvgPool{n}d")(size), (2, 4, *(6,) * n)) for size in (1, 3, 4)
        ]
        for n in (1, 2, 3)
    },
    **{
        f"AdaptiveMaxPool{n}d": [
            (getattr(nn, f"AdaptiveMaxPool{n}d")(size), (2, 4, *(6,) * n)) for size in (1, 3)
        ]
        for n in (1, 2, 3)
    },
    **{
        f"BatchNorm{n}d": [(getattr(nn, f"BatchNorm{n}d")(4), (2, 4, *(5,) * n))] for n in (1, 2, 3)
    },
    **{
        f"InstanceNorm{n}d": [
            (getattr(nn, f"InstanceNorm{n}d")(4), (2, 4, *(5,) * n)),
            (getattr(nn, f"InstanceNorm{n}d")(4, affine=True), (2, 4, *(5,) * n)),
        ]
        for n in (1, 2, 3)
    },
    "LayerNorm": [(nn.LayerNorm(6), PICTURES), (nn.LayerNorm((6, 6)), PICTURES)],
    "GroupNorm": [(nn.GroupNorm(2, 4), PICTURES)],
    "RMSNorm": [(nn.RMSNorm(6), PICTURES)],
    "LocalResponseNorm": [(nn.LocalResponseNorm(2), PICTURES)],
    "Upsample": [
        (nn.Upsample(scale_factor=2), PICTURES),
        (nn.Upsample(scale_factor=2, mode="bilinear"), PICTURES),
        (nn.Upsample(size=(9, 4), mode="bicubic", align_corners=True), PICTURES),
        (nn.Upsample(size=5, mode="linear"), (2, 4, 7)),
        (nn.Upsample(size=(3, 5), mode="area"), PICTURES),
    ],
    "UpsamplingNearest2d": [(nn.UpsamplingNearest2d(scale_factor=3), PICTURES)],
    "UpsamplingBilinear2d": [(nn.UpsamplingBilinear2d(size=9), PICTURES)],
    "PixelShuffle": [(nn.PixelShuffle(2), PICTURES)],
    "PixelUnshuffle": [(nn.PixelUnshuffle(2), PICTURES)],
    "ChannelShuffle": [(nn.ChannelShuffle(2), PICTURES)],
    **{
        f"{kind}Pad{n}d": [(getattr(nn, f"{kind}Pad{n}d")(2), (2, 4, *(5,) * n))]
        for n in (1, 2, 3)
        for kind in ("Reflection", "Replication", "Circular", "Zero")
    },
    **{
        f"ConstantPad{n}d": [(getattr(nn, f"ConstantPad{n}d")(1, 0.5), (2, 4, *(5,) * n))]
        for n in (1, 2, 3)
    },
    "Flatten": [(nn.Flatten(), PICTURES)],
    "Unflatten": [(nn.Unflatten(1, (2, 2)), PICTURES)],
    "Unfold": [(nn.Unfold((3, 2), stride=2, padding=1), PICTURES)],
    "Fold": [(nn.Fold((6, 6), 2, stride=2), (2, 16, 9)), (nn.Fold((4, 4), 2), (2, 16, 9))],
    "Embedding": [(nn.Embedding(5, 3), (2, 7))],
    "MultiheadAttention": [
        (
            own(nn.MultiheadAttention(8, 2, batch_first=True), lambda m, x: m(x, x, x)[0]),
            (2, 5, 8),
        )
    ],
    "CosineSimilarity": [(own(nn.CosineSimilarity(), lambda m, x: m(x, x + 1)), (2, 5))],
    "PairwiseDistance": [(own(nn.PairwiseDistance(), lambda m, x: m(x, 2 * x)), (2, 5))],
    **{
        name: [(getattr(nn, name)(), PICTURES)]
        for name in (
            *("ReLU", "ReLU6", "LeakyReLU", "PReLU", "RReLU", "ELU", "CELU", "SELU", "GELU"),
            *("SiLU", "Mish", "Hardswish", "Hardsigmoid", "Hardtanh", "Hardshrink", "Softshrink"),
            *("Tanhshrink", "LogSigmoid", "Softsign", "Softplus", "Tanh", "Sigmoid", "Softmax2d"),
            *("Dropout", "Dropout2d", "Dropout3d", "AlphaDropout"),
            "FeatureAlphaDropout",
        )
    },
    "Dropout1d": [(nn.Dropout1d(), (2, 4, 6))],
    "Threshold": [(nn.Threshold(0.1, 0.2), PICTURES)],
    "GLU": [(nn.GLU(1), PICTURES)],
    "Softmax": [(nn.Softmax(1), PICTURES)],
    "Softmin": [(nn.Softmin(1), PICTURES)],
    "LogSoftmax": [(nn.LogSoftmax(1), PICTURES)],
}
NO_LAYERS_OF_INFERENCE = {
    *(name for name in nn.__all__ if name.endswith("Loss") or name[0].islower()),
    *("Buffer", "Connectivity", "ConvSetting", "ConvTransposeSetting", "Linear", "Parameter"),
    *("Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"),
}
REFUSED = {
    "MaxUnpool1d": "takes the indices of a pooling",
    "MaxUnpool2d": "takes the indices of a pooling",
    "MaxUnpool3d": "takes the indices of a pooling",
    "EmbeddingBag": "takes bags of indices",
}
CASES = [
    pytest.param(layer, shape, id=f"{name}-{number}")
    for name, cases in LAYERS.items()
    for number, (layer, shape) in enumerate(cases)
]


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def drawn(shape, batch, dtype=np.float32):
    rng = np.random.default_rng(batch)
    if dtype == np.int64:
        return rng.integers(0, 5, (batch, *shape[1:]))
    return rng.standard_normal((batch, *shape[1:])).astype(dtype)


def check(model, shape, path, dtype=np.float32, tolerance=1e-5):
    """The exported model agrees with ours on batches of other sizes than the example."""
    mt.export_onnx(model, mt.tensor(drawn(shape, 2, dtype)), path)
    running = session(path)
    model.eval()
    for batch in (1, 2, 5):
        x = drawn(shape, batch, dtype)
        (found,) = running.run(None, {"input": x})
        with mt.no_grad():
            expected = model(mt.tensor(x)).numpy()
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("layer", "shape"), CASES)
def test_a_layer(layer, shape, tmp_path):
    dtype = np.int64 if isinstance(layer, nn.Embedding) else np.float32
    check(layer, shape, tmp_path / "layer.onnx", dtype)


def test_every_layer_is_exported_or_refused():
    names = {name for name in nn.__all__ if name not in ("functional", "init", "utils")}
    assert names - NO_LAYERS_OF_INFERENCE == set(LAYERS) | set(REFUSED)


# --- whole nets ---------------------------------------------------------------------------------


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x):
        return F.relu(self.second(F.relu(self.norm(self.first(x)))) + self.shortcut(x))


class UNet(nn.Module):
    def __init__(self):
        self.fine = nn.Conv2d(1, 8, 3, padding=1)
        self.coarse = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.joined = nn.Conv2d(16, 3, 1)

    def forward(self, x):
        fine = F.relu(self.fine(x))
        return self.joined(mt.concat([fine, self.up(self.coarse(fine))], axis=1))


def resnet():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        Residual(8, 8, 1), Residual(8, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dense(16, 10),
    )  # fmt: skip


NETS = {
    "lenet": (models.lenet(), (2, 1, 28, 28)),
    "mlp": (models.mlp(), (2, 1, 28, 28)),
    "local": (models.local(), (2, 1, 28, 28)),
    "resnet": (resnet(), (2, 3, 16, 16)),
    "unet": (UNet(), (2, 1, 16, 16)),
}


@pytest.mark.parametrize(("net", "shape"), NETS.values(), ids=NETS)
def test_a_net(net, shape, tmp_path):
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):  # with statistics that a training would leave
            module.running_mean.assign_(mt.rand(module.running_mean.shape))
            module.running_var.assign_(mt.rand(module.running_var.shape) + 0.5)
    net.train()
    mt.export_onnx(net, mt.tensor(drawn(shape, 2)), tmp_path / "net.onnx")
    assert net.training
    check(net, shape, tmp_path / "net.onnx")


def test_float64_stays(tmp_path):
    """onnxruntime computes little but this in it."""
    net = nn.Sequential(nn.Dense(6, 5), nn.Tanh(), nn.LayerNorm(5), nn.Dense(5, 2)).to("float64")
    check(net, (2, 6), tmp_path / "net.onnx", np.float64, 1e-12)


def test_other_backends_export_the_same(tmp_path, backend):
    mt.seed(0)
    net = models.lenet().to(backend)
    mt.export_onnx(net, mt.tensor(drawn((2, 1, 28, 28), 2), backend=backend), tmp_path / "n.onnx")
    mt.seed(0)
    mt.export_onnx(models.lenet(), mt.tensor(drawn((2, 1, 28, 28), 2)), tmp_path / "o.onnx")
    assert (tmp_path / "n.onnx").read_bytes() == (tmp_path / "o.onnx").read_bytes()


def test_what_the_file_says(tmp_path):
    mt.export_onnx(
        models.lenet(), mt.ones((2, 1, 28, 28)), tmp_path / "n.onnx", input_names=["picture"],
        output_names=["scores"],
    )  # fmt: skip
    model = onnx.load(tmp_path / "n.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert (model.producer_name, model.opset_import[0].version) == ("minitorch_cnn", 18)
    (given,), (result,) = model.graph.input, model.graph.output
    assert (given.name, result.name) == ("picture", "scores")
    assert given.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert [dim.dim_value for dim in given.type.tensor_type.shape.dim[1:]] == [1, 28, 28]
    names = {one.name for one in model.graph.initializer}
    assert {name for name, _ in models.lenet().named_parameters()} <= names
    kinds = [
        node.op_type for node in model.graph.node if node.op_type not in ("Reshape", "Identity")
    ]
    dense = ["Gemm", "Relu", "Gemm", "Relu", "Gemm"]
    assert kinds == ["Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", *dense]


def test_tied_parameters_are_written_once(tmp_path):
    net = nn.Sequential(nn.Dense(4, 4), nn.ReLU(), nn.Dense(4, 4))
    net[2].weight = net[0].weight
    check(net, (2, 4), tmp_path / "n.onnx")
    names = [one.name for one in onnx.load(tmp_path / "n.onnx").graph.initializer]
    assert names.count("0.weight") == 1
    assert "2.weight" not in names


def test_several_inputs_and_outputs(tmp_path):
    class Two(nn.Module):
        def forward(self, x, y):
            return x + y, [x * y, mt.ones(3)]

    x, y = drawn((2, 3), 2), drawn((2, 3), 3)[:2]
    mt.export_onnx(Two(), (mt.tensor(x), mt.tensor(y)), tmp_path / "n.onnx", input_names=["x", "y"])
    found = session(tmp_path / "n.onnx").run(None, {"x": x, "y": y})
    for one, expected in zip(found, (x + y, x * y, np.ones(3)), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-6)


def test_a_batch_of_one_size(tmp_path):
    mt.export_onnx(
        call(lambda x: x.reshape((2, 12)).sum(axis=0)), mt.ones((2, 3, 4)), tmp_path / "n.onnx",
        dynamic_batch=False,
    )  # fmt: skip
    x = drawn((2, 3, 4), 2)
    (found,) = session(tmp_path / "n.onnx").run(None, {"input": x})
    np.testing.assert_allclose(found, x.reshape(2, 12).sum(axis=0), rtol=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: mt.log2(mt.abs(x) + 1) + mt.log10(mt.square(x) + 2) + mt.exp2(x),
        lambda x: mt.trunc(3 * x) + mt.round(x) + mt.remainder(x, 0.3) + mt.floor_divide(x, 0.3),
        lambda x: mt.where((x > 0) & ~(x >= 1), x, -x) + (x != 0).to("float32"),
        lambda x: mt.cumulative_sum(x, axis=1)[:, ::2] - mt.flip(x, axis=1)[:, 1::2],
        lambda x: x[::-1, 3:0:-1] + x[:, -1, None] * x[0, 1],
        lambda x: x.max(axis=1) + x.min(axis=1) * x.mean() + x.argmax(axis=1).to("float32"),
        lambda x: mt.take_along_axis(x, mt.argmax(x, axis=1, keepdims=True), axis=1),
        lambda x: mt.broadcast_to(x[:, None], (x.shape[0], 3, 4)).sum(axis=(0, 2), keepdims=True),
        lambda x: x @ x.T @ x,
        lambda x: mt.maximum(x, 0.1) ** 2.5 / mt.minimum(x, -0.1) + mt.logaddexp(x, 2 * x),
    ],
)
def test_operations(function, tmp_path):
    mt.export_onnx(call(function), mt.tensor(drawn((2, 4), 2)), tmp_path / "n.onnx")
    for batch in (1, 5):
        x = drawn((2, 4), batch)
        (found,) = session(tmp_path / "n.onnx").run(None, {"input": x})
        np.testing.assert_allclose(found, function(mt.tensor(x)).numpy(), rtol=1e-4, atol=1e-5)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: mt.linalg.inv(x[:2, :2]), "inv"),
        (lambda x: mt.tensor(x.numpy() * 2) + x, "add: an array in it depends on the input"),
        (lambda x: mt.tensor(x.numpy() * 2), "output: an array in it depends on the input"),
        (lambda x: x[: x.shape[0] - 1], "slice: it cuts the batch at a place"),
        (lambda x: mt.relu(x) if x.shape[0] == 2 else mt.exp(x), "takes another way"),
        (lambda x: mt.take(x, mt.argsort(x[:, 0]), axis=0), "argsort"),
        (lambda x: mt.ones((x.shape[0], 3)).sum(axis=1) + x[:, 0], "depends on the input"),
    ],
)
def test_what_cannot_be_seen_is_refused(function, words, tmp_path):
    with pytest.raises(ValueError, match=words) as caught:
        mt.export_onnx(call(function), mt.tensor(drawn((2, 4), 2)), tmp_path / "n.onnx")
    assert str(caught.value).startswith("export_onnx: ")
    assert list(tmp_path.iterdir()) == []


def test_the_layer_is_named(tmp_path):
    net = nn.Sequential(nn.Dense(4, 4), call(lambda x: mt.argsort(x, axis=1).to("float32")))
    with pytest.raises(ValueError, match="argsort in layer '1': this operation"):
        mt.export_onnx(net, mt.ones((2, 4)), tmp_path / "n.onnx")


def test_unequal_bins_of_adaptive_maxima_are_refused(tmp_path):
    with pytest.raises(ValueError, match="pick"):
        mt.export_onnx(nn.AdaptiveMaxPool1d(4), mt.rand((2, 1, 6)), tmp_path / "n.onnx")


def test_what_is_no_tensor(tmp_path):
    with pytest.raises(TypeError, match="input 0 is a ndarray; expected a Tensor"):
        mt.export_onnx(nn.Identity(), np.ones(3), tmp_path / "n.onnx")
    with pytest.raises(TypeError, match="the model gives a dict"):
        mt.export_onnx(call(lambda x: {"x": x}), mt.ones((2, 3)), tmp_path / "n.onnx")


def test_without_onnx(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'minitorch-cnn\[onnx\]'"):
        mt.export_onnx(nn.Identity(), mt.ones((2, 3)), tmp_path / "n.onnx")
