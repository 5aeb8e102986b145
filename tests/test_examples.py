"""The programs in ``examples/`` run, with a small setting; each fits a screen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SMALL = {
    "loop.py": ["--epochs", "1", "--pictures", "320"],
    "fit.py": ["--epochs", "2", "--pictures", "320", "--out", "run"],
    "resnet.py": ["--epochs", "1", "--pictures", "128"],
    "segment.py": ["--epochs", "1", "--pictures", "64"],
}


def run(name, folder, *options):
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *SMALL[name], *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("name", SMALL)
def test_it_runs(name, backend, tmp_path):
    done = run(name, tmp_path, "--backend", backend)
    assert done.returncode == 0, done.stderr
    assert any(word in done.stdout for word in ("accuracy", "mean IoU"))


def test_a_run_goes_on(tmp_path):
    first = run("fit.py", tmp_path)
    again = run("fit.py", tmp_path, "--epochs", "3")
    assert "epoch 1/" in first.stderr
    assert "epoch 3/3" in again.stderr
    assert "epoch 2/3" not in again.stderr


def test_each_fits_a_screen():
    programs = sorted(EXAMPLES.glob("*.py"))
    assert [path.name for path in programs] == sorted(SMALL)
    for path in programs:
        assert len(path.read_text().splitlines()) < 60
