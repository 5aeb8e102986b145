"""LeNet on real digits, 50 steps on NumPy and on CuPy from one start: the same losses.

Runs on a GPU and on emulated CUDA, also in its strict modes, and is skipped where neither is there.
"""

from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import data, datasets, optim
from minitorch_cnn.backend import get_backend
from minitorch_cnn.models import lenet
from minitorch_cnn.nn import functional as F

try:
    get_backend("cupy")
except (ValueError, mt.BackendUnavailable) as unavailable:
    pytest.skip(str(unavailable), allow_module_level=True)

STEPS = 50


def losses(backend: str, make_optimizer: Any) -> list[float]:
    """Of every step, on batches that a loader brings to the backend."""
    mt.seed(0)
    with mt.use_backend(backend):
        loader = data.DataLoader(datasets.mnist_mini()[0], batch_size=16, shuffle=True, seed=0)
        net = lenet()
        optimizer = make_optimizer(net.parameters())
        found = []
        for _, (x, y) in zip(range(STEPS), loader, strict=False):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            found.append(loss.detach())
        return [loss.item() for loss in found]


@pytest.mark.parametrize(
    "make_optimizer",
    [lambda params: optim.SGD(params, lr=0.05, momentum=0.9), optim.Adam],
    ids=["sgd", "adam"],
)
def test_the_losses_of_fifty_steps_are_those_of_numpy(make_optimizer: Any) -> None:
    expected, found = (losses(name, make_optimizer) for name in ("numpy", "cupy"))
    assert len(found) == STEPS
    assert expected[-1] < 0.8 * expected[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
