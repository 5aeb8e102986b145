"""Every test of the command line runs in an empty folder, on a small set of stripes."""

import importlib.util

import pytest
from cli_files import write_digits

import minitorch_cnn as mt
from minitorch_cnn.cli import main


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    return write_digits(tmp_path_factory.mktemp("data") / "stripes")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINITORCH_BACKEND", raising=False)
    yield
    mt.use_backend("numpy")


@pytest.fixture
def train(digits):
    """Call ``train`` on the small set with small settings; options given later win."""

    def call(*words):
        small = ["--model", "mlp", "--data", str(digits), "--epochs", "3", "--batch-size", "16"]
        return main(["train", *small, "--augment", *words])

    return call


@pytest.fixture
def without_matplotlib():
    find = importlib.util.find_spec
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            importlib.util,
            "find_spec",
            lambda name, *rest: None if name == "matplotlib" else find(name, *rest),
        )
        yield patch


@pytest.fixture(scope="session")
def finished(digits, tmp_path_factory):
    """The folder of a finished run, not to be changed."""
    out = tmp_path_factory.mktemp("finished") / "run"
    words = ["--model", "mlp", "--data", str(digits), "--epochs", "3", "--batch-size", "16"]
    assert main(["train", *words, "--augment", "--lr", "0.01", "--out", str(out)]) == 0
    return out
