"""The backend under ``examples/``, installed as a distribution of its own: PyTorch's CPU tensors.

Everything runs in interpreters of its own, so that PyTorch never enters this process.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "torch_backend"
NEEDED = ("torch", "hatchling")
MISSING = [name for name in NEEDED if find_spec(name) is None]

pytestmark = [
    pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the examples are not installed"),
    pytest.mark.skipif(
        bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}; run make test-torch"
    ),
]

TRAIN = """
import json
import numpy as np
import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.nn import functional as F

losses = {}
for name in ("numpy", "torch"):
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dense(8, 3, rng=rng),
    ).to("float64").to(name)
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x = mt.tensor(rng.random((4, 1, 6, 6)), backend=name)
    labels = mt.tensor([0, 1, 2, 1], backend=name)
    losses[name] = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        losses[name].append(loss.item())
    assert {p.backend for p in net.parameters()} == {name}
print(json.dumps(losses))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the example alone is installed."""
    target = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(target), str(EXAMPLE)], check=True
    )
    return target


def python(installed: Path, *arguments: str) -> str:
    paths = [str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_announced_by_its_entry_point(installed: Path) -> None:
    code = "import minitorch_cnn as mt; print('torch' in mt.backend_names())"
    assert python(installed, "-c", code).strip() == "True"
    assert python(installed, "-c", "import minitorch_cnn, sys; print('torch' in sys.modules)") == (
        "False\n"
    )


def test_it_passes_the_conformance_suite(installed: Path) -> None:
    options = ("-q", "-p", "no:cacheprovider", f"--rootdir={EXAMPLE}", "-c", os.devnull)
    report = python(installed, "-m", "pytest", *options, str(EXAMPLE / "tests"))
    assert " passed, 1 skipped" in report  # it has one device


def test_a_net_trains_as_on_numpy(installed: Path) -> None:
    losses = json.loads(python(installed, "-c", TRAIN))
    assert losses["torch"] == pytest.approx(losses["numpy"], rel=1e-10)
    assert losses["numpy"][-1] < losses["numpy"][0]
