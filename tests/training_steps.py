"""Training steps whose cost on a GPU is counted: two nets, their batches, and what a step issues.

Run on emulated CUDA, it prints the table of the docs: ``python tests/cuda_emulator/run.py
tests/training_steps.py``. Used by ``test_cupy_budgets.py``.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import minitorch_cnn as mt
from cuda_emulator import emulator
from minitorch_cnn import data, nn, optim
from minitorch_cnn.models import lenet
from minitorch_cnn.nn import functional as F

BATCH = 64


def vgg_small(classes: int = 10) -> nn.Sequential:
    """Six convolutions of 3x3 with batch normalisation, in three stages, and two dense layers.

    Its first stage has 16 channels, where the usual one has 64 or 128: the number of launches
    does not depend on that, and the emulator is slow.
    """
    layers: list[nn.Module] = []
    before = 3
    for channels in (16, 32, 64):
        for _ in range(2):
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.BatchNorm2d(channels)]
            layers += [nn.ReLU()]
            before = channels
        layers += [nn.MaxPool2d(2)]
    head = [nn.Flatten(), nn.Dense(64 * 4 * 4, 128), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*layers, *head, nn.Dense(128, classes))


@dataclass(frozen=True)
class Net:
    """A net and the pictures it is trained on."""

    make: Callable[[], Any]
    picture: tuple[int, ...]
    most_operations: int
    """Launches and matrix products that a step may take."""


NETS = {
    "LeNet": Net(lenet, (1, 28, 28), 50),
    "VGG-small": Net(vgg_small, (3, 32, 32), 130),
}


@dataclass(frozen=True)
class Step:
    """What one warm training step issued, and the bytes it cannot do without."""

    recording: emulator.Recording
    batch_bytes: int
    activation_bytes: int
    """Of the results of all layers and the input."""

    @property
    def operations(self) -> int:
        return self.recording["launches"] + self.recording["gemms"]

    @property
    def moved_over_floor(self) -> float:
        """Bytes read and written, over those of a step that meets each activation just once.

        Once on the way there (written, and read by the next layer) and once, as its gradient, on
        the way back.
        """
        moved = self.recording["kernel_bytes"] + self.recording["gemm_bytes"]
        return moved / (4 * self.activation_bytes)


def warm_step(net: Net, batch_size: int = BATCH, warm: int = 3) -> Step:
    """The last of some training steps with Adam, on batches that come from a loader."""
    rng = np.random.default_rng(0)
    count = batch_size * (warm + 2)  # one more, for the loader is one ahead
    pictures = rng.random((count, *net.picture), np.float32)
    labels = rng.integers(0, 10, count)
    loader = data.DataLoader(data.TensorDataset(pictures, labels), batch_size)
    model = net.make()
    optimizer = optim.Adam(model.parameters())
    batches = iter(loader)
    for _ in range(warm):
        _train(model, optimizer, batches)
    with emulator.record() as recording:
        _train(model, optimizer, batches)
    batch_bytes = pictures[:batch_size].nbytes + labels[:batch_size].nbytes
    return Step(recording, batch_bytes, _activation_bytes(model, pictures[:batch_size]))


def _train(model: Any, optimizer: Any, batches: Iterator[Any]) -> None:
    x, y = next(batches)
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def _activation_bytes(model: Any, pictures: Any) -> int:
    """Of the input and what each layer makes of it; flattening makes nothing new."""
    sizes = [pictures.nbytes]

    def count(layer: Any, _: Any, result: Any) -> None:
        if not isinstance(layer, nn.Flatten):
            sizes.append(math.prod(result.shape) * 4)

    handles = [layer.register_forward_hook(count) for layer in model]
    with mt.no_grad():
        model(mt.tensor(pictures))
    for handle in handles:
        handle.remove()
    return sum(sizes)


def main() -> None:
    """Print a row for each net."""
    mt.use_backend("cupy")
    print("| step (batch 64, Adam) | launches | matrix products | copies up | bytes / floor |")
    print("|---|---|---|---|---|")
    for name, net in NETS.items():
        step = warm_step(net)
        found = step.recording
        print(
            f"| {name} | {found['launches']} | {found['gemms']} | {found['host_to_device']} | "
            f"{step.moved_over_floor:.1f} |"
        )


if __name__ == "__main__":
    main()
