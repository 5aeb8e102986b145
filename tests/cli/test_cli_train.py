"""Training from the command line: results, folders, progress, data that cannot be trained on."""

import csv
import functools
import json
import os
import re
import sys

import numpy as np
import pytest
from cli_files import PICTURES, PNG, RESULTS, history, stripes, weights, write_digits, write_idx
from PIL import Image
from safetensors.numpy import load_file
from tqdm import tqdm

import minitorch_cnn as mt
from minitorch_cnn.cli import main
from minitorch_cnn.data import DataLoader
from minitorch_cnn.datasets import from_arrays
from minitorch_cnn.models import MODELS
from minitorch_cnn.train import evaluate


def test_a_run_leaves_its_results_and_its_figures_are_true(finished, digits):
    assert {file.name for file in finished.iterdir()} == RESULTS
    record = json.loads((finished / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["options"]["lr"] == 0.01
    assert [row["epoch"] for row in record["history"]] == [1, 2, 3]

    model = MODELS["mlp"]()
    model.load_state_dict(mt.load(finished / "model.safetensors"))
    test_set = from_arrays(*stripes(20, 1))
    score, confusion = evaluate(model, DataLoader(test_set, 20))
    assert record["history"][-1]["test_accuracy"] == score.accuracy
    assert record["history"][-1]["test_loss"] == pytest.approx(score.loss, rel=1e-6)
    assert record["confusion"] == confusion
    assert np.sum(confusion, axis=1).tolist() == [2] * 10
    assert score.accuracy == np.trace(confusion) / 20

    rows = list(csv.reader((finished / "confusion.csv").read_text().splitlines()))
    assert rows[0] == ["label", *(f"answered {digit}" for digit in range(10))]
    assert [list(map(int, row[1:])) for row in rows[1:]] == confusion
    for name in ("learning_curve.png", "kernels.png"):
        assert (finished / name).read_bytes().startswith(PNG)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_and_predicts(train, capsys, model):
    assert train("--model", model, "--epochs", "1", "--out", "run") == 0
    out, _ = capsys.readouterr()
    count = sum(array.size for array in load_file("run/model.safetensors").values())
    assert f"{model} with {count:,} weights, 60 pictures to train and 20 to test" in out
    assert re.search(r"^epoch 1/1  train: loss [\d.]+, accuracy +[\d.]+%", out, re.MULTILINE)
    assert "label \\ answer" in out
    Image.fromarray(stripes(1, 0)[0][0]).save("digit.png")
    assert main(["predict", "run", "digit.png"]) == 0


def test_learning_reaches_the_stripes(train, tmp_path):
    assert train("--epochs", "12", "--lr", "0.01", "--no-augment", "--out", "run") == 0
    assert history(tmp_path / "run")[-1]["test_accuracy"] == 1.0


def test_the_same_seed_repeats_every_bit_and_another_does_not(train, without_matplotlib, tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert train("--seed", seed, "--out", name) == 0
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    assert history(tmp_path / "a") == history(tmp_path / "b")
    assert weights(tmp_path / "a") != weights(tmp_path / "c")


def test_folders_of_runs_are_named_and_never_overwritten(
    train, without_matplotlib, tmp_path, capsys
):
    assert train("--epochs", "1") == 0
    assert train("--epochs", "1") == 0
    assert train("--epochs", "1", "--name", "mine") == 0
    names = {folder.name for folder in (tmp_path / "runs").iterdir()}
    assert names == {"mlp-stripes", "mlp-stripes-2", "mine"}
    before = weights(tmp_path / "runs/mine")
    capsys.readouterr()
    assert train("--epochs", "1", "--name", "mine", "--seed", "5") == 2
    assert "runs/mine holds a run already; choose another --out or --name" in (
        capsys.readouterr().err.replace("\\", "/")
    )
    assert weights(tmp_path / "runs/mine") == before
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").write_text("")
    assert train("--out", "photos") == 2
    assert "photos is not empty and holds no run" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "photos").iterdir()] == ["cat.jpg"]


def test_without_matplotlib_the_pictures_are_left_out_and_come_later(
    train, without_matplotlib, tmp_path, capsys
):
    assert train("--epochs", "1", "--out", "run") == 0
    out = capsys.readouterr().out
    assert "pip install 'minitorch-cnn[viz]'" in out
    assert {file.name for file in (tmp_path / "run").iterdir()} == RESULTS - PICTURES
    without_matplotlib.undo()
    before = weights(tmp_path / "run")
    assert main(["train", "--resume", "run"]) == 0
    assert {file.name for file in (tmp_path / "run").iterdir()} == RESULTS
    assert weights(tmp_path / "run") == before


def test_a_terminal_gets_a_bar(train, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("tqdm.tqdm", functools.partial(tqdm, mininterval=0))
    assert train("--epochs", "1", "--batch-size", "1", "--out", "run") == 0
    out, err = capsys.readouterr()
    assert "epoch 1/1:" in err
    assert "loss" in err
    assert "pictures/s" in err
    assert "\r" not in out


def test_other_streams_get_lines(train, capsys, monkeypatch):
    monkeypatch.setattr("minitorch_cnn.cli.console._SECONDS_BETWEEN_LINES", 0.0)
    assert train("--epochs", "1", "--batch-size", "1", "--out", "run") == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(
        r"epoch 1/1: 20 of 60 pictures, loss \d+\.\d{4}, [\d,]+ pictures/s", lines[0]
    )


def overwrite(name, content):
    return lambda folder: (folder / name).write_bytes(content)


BAD_DATA = {
    "no files": (lambda folder: [file.unlink() for file in folder.iterdir()], "lacks"),
    "cut": (
        lambda folder: os.truncate(folder / "train-images-idx3-ubyte", 3000),
        "train-images-idx3-ubyte",
    ),
    "label of 11": (
        lambda folder: write_idx(folder / "t10k-labels-idx1-ubyte", np.full(20, 11)),
        "11",
    ),
    "too few labels": (
        lambda folder: write_idx(folder / "train-labels-idx1-ubyte", np.zeros(59)),
        "59",
    ),
    "empty": (
        lambda folder: write_idx(folder / "train-images-idx3-ubyte", np.zeros((0, 28, 28))),
        "train-images-idx3-ubyte",
    ),
    "other size": (
        lambda folder: write_idx(folder / "train-images-idx3-ubyte", np.zeros((60, 32, 32))),
        "32",
    ),
    "text": (overwrite("train-labels-idx1-ubyte", b"0, 1, 2"), "train-labels-idx1-ubyte"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_is_refused_before_anything_is_written(train, tmp_path, capsys, case):
    damage, message = BAD_DATA[case]
    folder = write_digits(tmp_path / "data")
    damage(folder)
    assert train("--data", str(folder), "--out", "run") == 1
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("place", "code", "message"),
    [
        ("file", 2, "file is a file; choose another --out"),
        ("file/run", 1, "a part of the folder's path is a file; choose another folder"),
    ],
)
def test_a_place_that_cannot_be_written(train, tmp_path, capsys, place, code, message):
    (tmp_path / "file").write_text("precious")
    assert train("--out", place) == code
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert message in err
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "precious"
