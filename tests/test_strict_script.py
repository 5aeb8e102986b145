"""``MINITORCH_BACKEND=strict python script.py``: would this script run on a GPU?"""

import os
import subprocess
import sys

import pytest

TRAINING = """
import minitorch_cnn as mt
from minitorch_cnn import nn, optim
import numpy as np

net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dense(18, 3))
optimizer = optim.SGD(net.parameters(), lr=0.1)
pictures, labels = np.ones((4, 1, 8, 8), np.float32), np.array([0, 1, 2, 0])
for step in range(2):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(mt.tensor(pictures)), mt.tensor(labels))
    loss.backward()
    optimizer.step()
{more}
print(loss.backend)
"""


def run(tmp_path, more=""):
    (tmp_path / "script.py").write_text(TRAINING.format(more=more))
    return subprocess.run(
        [sys.executable, "-W", "error", tmp_path / "script.py"],
        env={
            **os.environ,
            "MINITORCH_BACKEND": "strict",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_script_that_is_ready_for_a_gpu(tmp_path):
    done = run(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "strict\n", "")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ("loss + np.ones(1, np.float32)", "argument 1 of shape (1,) on 'numpy'"),
        ("net(mt.tensor(pictures, backend='numpy'))", "arguments live on different backends"),
        ("np.asarray(loss.detach())", "nothing comes to the host unasked; use .numpy()"),
        ("np.exp(loss)", "does not support ufuncs"),
    ],
)
def test_what_would_fail_on_a_gpu_fails_here_with_the_line(tmp_path, mistake, message):
    done = run(tmp_path, mistake)
    assert done.returncode == 1
    assert mistake in done.stderr
    assert done.stderr.splitlines()[-1].startswith("TypeError: ")
    assert message in done.stderr.splitlines()[-1]
