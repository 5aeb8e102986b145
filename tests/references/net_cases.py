"""Cases of whole nets: ResNet-18, U-Net and MobileNetV2, each written once against shared names.

Sources of the architectures: K. He et al., "Deep Residual Learning", 2016 (with the 3x3 stem that
pictures of CIFAR's size use); O. Ronneberger et al., "U-Net", 2015 (with batch normalisation and
padded convolutions); M. Sandler et al., "MobileNetV2", 2018.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import Array, Case, Framework, Results, drawn_state, labels, load_state, uniform

ENTRIES = 8
"""How many entries of every gradient are stored as they are, besides its sums."""


@dataclass(frozen=True)
class NetCase:
    """A net from drawn weights on one drawn batch, in training and then in evaluation mode.

    Recorded are the loss, the output and the input's gradient of both, and of every parameter's
    gradient four sums (plain, squared, and two weighted at random) and some entries: the gradients
    themselves would take tens of megabytes.
    """

    name: str
    build: Callable[[Framework], Any]
    picture: tuple[int, ...]
    target: tuple[int, ...] = ()
    classes: int = 10
    batch_size: int = 2

    def run(self, framework: Framework) -> Results:
        rng = np.random.default_rng(self.batch_size)
        model = framework.float64(self.build(framework))
        load_state(framework, model, drawn_state(model, rng))
        x = uniform(self.batch_size, *self.picture)(rng)
        y = labels(self.classes, self.batch_size, *self.target)(rng)
        results: Results = {}
        for mode in ("train", "eval"):
            model.train(mode == "train")
            model.zero_grad()
            picture = framework.tensor(x, requires_grad=True)
            scores = model(picture)
            loss = framework.functional.cross_entropy(scores, framework.tensor(y))
            loss.backward()
            results[f"{mode}.loss"] = framework.numpy(loss)
            results[f"{mode}.output"] = framework.numpy(scores)
            results[f"{mode}.input.grad"] = framework.numpy(picture.grad)
            for key, parameter in model.named_parameters():
                gradient = framework.numpy(parameter.grad)
                results[f"{mode}.{key}.grad"] = summary(gradient, rng)
        return results


def summary(gradient: Array, rng: np.random.Generator) -> Array:
    """Four sums over an array, and entries at even distances."""
    flat = gradient.reshape(-1)
    weighted = [flat @ (2 * rng.random(flat.size) - 1) for _ in range(2)]
    entries = flat[:: max(1, flat.size // ENTRIES)][:ENTRIES]
    return np.array([flat.sum(), flat @ flat, *weighted, *entries])


def resnet18(framework: Framework) -> Any:
    """ResNet-18 for pictures of 32x32: 11,173,962 weights."""
    nn = framework.nn

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.relu = nn.ReLU(inplace=True)
            self.shortcut = (
                nn.Identity()
                if stride == 1 and inputs == outputs
                else nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )
            )

        def forward(self, x: Any) -> Any:
            out = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(out)) + self.shortcut(x))

    blocks, inputs = [], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, 10),
    )


def unet(framework: Framework) -> Any:
    """A U-Net of three levels: one way up by transposed convolution, one by interpolation."""
    nn = framework.nn

    def double(inputs: int, outputs: int) -> Any:
        layers: list[Any] = []
        for channels in (inputs, outputs):
            layers += [
                nn.Conv2d(channels, outputs, 3, padding=1, padding_mode="reflect", bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.1),
            ]
        return nn.Sequential(*layers)

    class UNet(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.ModuleList([double(2, 8), double(8, 16)])
            self.pool = nn.MaxPool2d(2, ceil_mode=True)
            self.bottom = double(16, 32)
            self.up = nn.ModuleList(
                [
                    nn.ConvTranspose2d(32, 16, 2, stride=2),
                    nn.Sequential(
                        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
                        nn.Conv2d(16, 8, 1),
                    ),
                ]
            )
            self.merge = nn.ModuleList([double(32, 16), double(16, 8)])
            self.head = nn.Conv2d(8, 4, 1)

        def forward(self, x: Any) -> Any:
            skips = []
            for block in self.down:
                x = block(x)
                skips.append(x)
                x = self.pool(x)
            x = self.bottom(x)
            for up, merge in zip(self.up, self.merge, strict=True):
                x, skip = up(x), skips.pop()
                x = x[..., : skip.shape[2], : skip.shape[3]]  # an odd size was rounded up
                x = merge(framework.concat([skip, x], 1))
            return self.head(x)

    return UNet()


def mobilenet(framework: Framework) -> Any:
    """A small MobileNetV2: inverted residuals around depthwise convolutions."""
    nn = framework.nn

    def convolution(inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> list[Any]:
        padding = kernel // 2
        return [
            nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(inplace=True),
        ]

    class InvertedResidual(nn.Module):  # type: ignore[misc]
        def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
            super().__init__()
            inner = inputs * expansion
            self.adds = stride == 1 and inputs == outputs
            self.layers = nn.Sequential(
                *convolution(inputs, inner, 1, 1, 1),
                *convolution(inner, inner, 3, stride, inner),
                nn.Conv2d(inner, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

        def forward(self, x: Any) -> Any:
            return x + self.layers(x) if self.adds else self.layers(x)

    settings = [(8, 12, 2, 3), (12, 12, 1, 4), (12, 20, 2, 4), (20, 20, 1, 4)]
    return nn.Sequential(
        *convolution(3, 8, 3, 2, 1),
        *(InvertedResidual(*setting) for setting in settings),
        *convolution(20, 48, 1, 1, 1),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(),
        nn.Dropout(0.0),
        nn.Linear(48, 10),
    )


CASES: list[Case] = [
    NetCase("resnet18", resnet18, (3, 32, 32)),
    NetCase("unet", unet, (2, 14, 18), target=(14, 18), classes=4),
    NetCase("mobilenet", mobilenet, (3, 32, 32)),
]
