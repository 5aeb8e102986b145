"""PyTorch reads the files that `mt.save` writes, and its nets give what ours give.

Run as a module, in the folder `tests`, where PyTorch is installed::

    python -m references.read_by_pytorch            # prove it anew, and store PyTorch's outputs
    python -m references.read_by_pytorch --check    # write nothing: do they come out again?

`test_interop_files.py` compares ours with what is stored, without PyTorch.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_cnn import nn as ours

STORED = Path(__file__).with_name("read_by_pytorch.npz")
SHAPES = {"lenet": (3, 1, 28, 28), "normalised": (3, 2, 8, 8), "tied": (3, 4)}


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def normalised(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, groups=2, bias=False), nn.BatchNorm2d(6), nn.GELU(),
        nn.ConvTranspose2d(6, 4, 3, stride=2), nn.GroupNorm(2, 4), nn.PReLU(4),
        nn.AvgPool2d(2), nn.Flatten(), nn.LayerNorm(144), nn.Linear(144, 3),
    )  # fmt: skip


def tied(nn: Any) -> Any:
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
    net[2].weight = net[0].weight
    return net


BUILDERS: dict[str, Callable[[Any], Any]] = {
    "lenet": lenet,
    "normalised": normalised,
    "tied": tied,
}


def net_of_ours(name: str) -> Any:
    """A net with weights and statistics drawn from a seed."""
    mt.seed(7)
    net = BUILDERS[name](ours)
    for key, value in net.state_dict().items():
        if value.dtype == mt.float32:
            value.assign_(mt.rand(value.shape) * 0.4 + (0.1 if "var" in key else -0.2))
    return net.eval()


def pictures(name: str) -> Any:
    """What goes into a net."""
    return np.random.default_rng(3).standard_normal(SHAPES[name]).astype(np.float32)


def outputs_of_pytorch(name: str, folder: Path) -> Any:
    """What PyTorch's net gives after it has loaded our file."""
    import torch
    from safetensors.torch import load_model

    path = folder / f"{name}.safetensors"
    mt.save(net_of_ours(name), path)
    net = BUILDERS[name](torch.nn)
    missing, unexpected = load_model(net, path)
    if missing or unexpected:
        raise SystemExit(f"{name}: missing {missing}, unexpected {unexpected}")
    with torch.no_grad():
        return net.eval()(torch.tensor(pictures(name))).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description="Let PyTorch read our files.")
    parser.add_argument("--check", action="store_true", help="compare with what is stored")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {name: outputs_of_pytorch(name, Path(folder)) for name in BUILDERS}
    if options.check:
        with np.load(STORED) as stored:
            for name, outputs in found.items():
                np.testing.assert_allclose(outputs, stored[name], rtol=1e-5, atol=1e-6)
    else:
        np.savez_compressed(STORED, **found)
    print(f"PyTorch has read {len(found)} files")


if __name__ == "__main__":
    main()
