"""The command line, in this process: training, resuming, predicting, and every way to go wrong."""

import csv
import errno
import functools
import importlib.util
import json
import os
import re
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file
from tqdm import tqdm

import minitorch_cnn as mt
from minitorch_cnn.cli import main
from minitorch_cnn.cli import train as train_command
from minitorch_cnn.data import DataLoader
from minitorch_cnn.datasets import from_arrays
from minitorch_cnn.models import MODELS
from minitorch_cnn.train import evaluate

PNG = b"\x89PNG\r\n\x1a\n"
PICTURES = {"learning_curve.png", "kernels.png"}
RESULTS = {
    *("run.json", "model.safetensors", "optimizer.safetensors", "confusion.csv"),
    *PICTURES,
}


def write_idx(path, array):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes())


def stripes(count, seed):
    """Pictures whose label is the place of a bright stripe, and noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = rng.integers(0, 60, (count, 28, 28))
    for image, label in zip(images, labels, strict=True):
        image[2 + 2 * label : 5 + 2 * label, 4:24] = 250
    return images.astype(np.uint8), labels.astype(np.uint8)


def write_digits(folder, train=60, test=20, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (images, labels) in (
        ("train", stripes(train, seed)),
        ("t10k", stripes(test, seed + 1)),
    ):
        write_idx(folder / f"{name}-images-idx3-ubyte", images)
        write_idx(folder / f"{name}-labels-idx1-ubyte", labels)
    return folder


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


def weights(folder):
    """The files that must be equal to the last bit."""
    return {name: (folder / name).read_bytes() for name in RESULTS if "safetensors" in name}


def history(folder):
    """The figures of every epoch, without the seconds they took."""
    record = json.loads((folder / "run.json").read_text())
    return [{k: v for k, v in row.items() if k != "seconds"} for row in record["history"]]


# --- help and usage -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", [[], ["train"], ["predict"]])
def test_help_teaches(capsys, command):
    assert main([*command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert "minitorch-cnn predict" in out or "minitorch-cnn train" in out
    assert err == ""
    assert max(map(len, out.splitlines())) <= 100


def test_no_command_shows_the_help(capsys):
    assert main([]) == 2
    assert "COMMAND" in capsys.readouterr().err


def test_the_module_runs_as_a_program():
    program = [sys.executable, "-m", "minitorch_cnn", "train", "--lr", "0"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "minitorch-cnn train: argument --lr: expected a number above 0, got '0'" in done.stderr


USAGE = {
    "unknown command": (["trian"], "invalid choice: 'trian'"),
    "unknown option": (["train", "--epoch", "3"], "unrecognized arguments: --epoch 3"),
    "unknown model": (["train", "--model", "lenett"], "invalid choice: 'lenett'"),
    "unknown data": (["train", "--data", "mnst"], "--data mnst is neither mnist-mini nor mnist"),
    "unknown backend": (["train", "--backend", "cuda"], "--backend cuda: unknown backend 'cuda'"),
    "no epochs": (["train", "--epochs", "0"], "whole number of at least 1, got '0'"),
    "half a batch": (["train", "--batch-size", "1.5"], "whole number of at least 1, got '1.5'"),
    "negative seed": (["train", "--seed", "-1"], "whole number of at least 0, got '-1'"),
    "nan": (["train", "--lr", "nan"], "number above 0, got 'nan'"),
    "infinity": (["train", "--lr", "inf"], "number above 0, got 'inf'"),
    "two places": (["train", "--out", "a", "--name", "b"], "not allowed with argument --out"),
    "path as name": (["train", "--name", "a/b"], "expected a name, not the path 'a/b'"),
    "resume nothing": (["train", "--resume", "gone"], "--resume takes the folder of a run"),
    "no picture": (["predict", "model.safetensors"], "arguments are required: IMAGE"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage_is_one_line_and_exit_code_2(tmp_path, capsys, case):
    words, message = USAGE[case]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
    assert "--help)" in err
    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_the_default_backend(train, capsys, monkeypatch):
    monkeypatch.setenv("MINITORCH_BACKEND", "abacus")
    assert train("--out", "run") == 2
    assert "--backend abacus: unknown backend 'abacus'" in capsys.readouterr().err


# --- training -----------------------------------------------------------------------------------


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


# --- stopping and going on ----------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a process that ends here."""


def failing_after(function, calls, error):
    """``function`` that raises instead of its call number ``calls``."""
    count = 0

    def wrapped(*arguments, **options):
        nonlocal count
        count += 1
        if count > calls:
            raise error
        return function(*arguments, **options)

    return wrapped


@pytest.mark.parametrize("epochs_done", [0, 1, 2])
def test_ctrl_c_keeps_the_checkpoint_and_resume_ends_with_the_same_bits(
    train, finished, tmp_path, capsys, monkeypatch, epochs_done
):
    with monkeypatch.context() as interrupted:
        interrupted.setattr(
            train_command,
            "train_one_epoch",
            failing_after(train_command.train_one_epoch, epochs_done, KeyboardInterrupt()),
        )
        assert train("--lr", "0.01", "--out", "run") == 130
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "go on with: minitorch-cnn train --resume run" in err
    assert ("No epoch ended" in err) == (epochs_done == 0)
    mt.seed(99)
    assert main(["train", "--resume", "run"]) == 0
    assert weights(tmp_path / "run") == weights(finished)
    assert history(tmp_path / "run") == history(finished)
    assert {file.name for file in (tmp_path / "run").iterdir()} == RESULTS


def test_a_run_killed_at_any_file_operation_can_be_resumed(
    train, without_matplotlib, tmp_path, monkeypatch
):
    """Killed wherever a file is about to take its name or an old checkpoint to be deleted."""
    small = ("--epochs", "2", "--batch-size", "64")
    assert train(*small, "--out", "whole") == 0
    expected = weights(tmp_path / "whole")
    for name, operation in ((os, "replace"), (shutil, "rmtree")):
        code, calls = None, 0
        while code is None:
            out = tmp_path / f"{operation}-{calls}"
            with monkeypatch.context() as dying:
                function = getattr(name, operation)
                dying.setattr(name, operation, failing_after(function, calls, Killed()))
                try:
                    code = train(*small, "--out", str(out))
                except Killed:
                    calls += 1
            resumable = (out / "run.json").exists()
            again = ["--resume", str(out)] if resumable else None
            assert (main(["train", *again]) if again else train(*small, "--out", str(out))) == 0
            assert weights(out) == expected
            assert {file.name for file in out.iterdir()} == RESULTS - PICTURES
        assert calls == {"replace": 11, "rmtree": 2}[operation]


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_a_real_ctrl_c(digits, tmp_path):
    words = ["train", "--model", "mlp", "--data", str(digits), "--epochs", "100000", "--out", "run"]
    process = subprocess.Popen(
        [sys.executable, "-m", "minitorch_cnn", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("epoch"):
            break
    process.send_signal(2)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert len(err.splitlines()) == 1
    assert "stopped by Ctrl-C. The checkpoint of epoch" in err
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert len(record["history"]) == record["checkpoint"]["epoch"] >= 1


def test_a_full_disk_keeps_the_checkpoint_before(train, finished, tmp_path, capsys, monkeypatch):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as disk:
        # Files: run.json; model, optimizer, run.json of the first epoch; then the disk is full.
        # Each is followed by its folder.
        disk.setattr(os, "fsync", failing_after(os.fsync, 8 if os.name == "posix" else 4, full))
        assert train("--lr", "0.01", "--out", "run") == 1
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "the disk is full" in err
    assert "The checkpoint of epoch 1 is kept in run" in err
    assert main(["train", "--resume", "run"]) == 0
    assert weights(tmp_path / "run") == weights(finished)


def test_a_diverged_training_stops_with_the_checkpoint_kept(train, tmp_path, capsys):
    assert train("--lr", "1e30", "--out", "run") == 1
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert re.search(r"the loss became (nan|inf) by step \d+", err)
    assert "smaller learning rate" in err
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert record["status"] == "unfinished"


def test_a_run_is_not_resumed_with_other_options_or_data(train, tmp_path, capsys, digits):
    with pytest.MonkeyPatch.context() as interrupted:
        interrupted.setattr(
            train_command,
            "train_one_epoch",
            failing_after(train_command.train_one_epoch, 1, KeyboardInterrupt()),
        )
        assert train("--out", "run") == 130
    before = (tmp_path / "run/run.json").read_bytes()
    for words, code, message in (
        (["--lr", "0.5"], 2, "was started with lr 0.003, not 0.5"),
        (["--batch-size", "8"], 2, "was started with batch size 16, not 8"),
        (["--model", "lenet"], 2, "was started with model mlp, not lenet"),
        (["--no-augment"], 2, "was started with augment True, not False"),
        (["--data", str(write_digits(tmp_path / "other", seed=7))], 1, "does not hold the picture"),
        (["--out", "elsewhere"], 2, "not allowed with argument"),
    ):
        capsys.readouterr()
        assert main(["train", "--resume", "run", *words]) == code
        err = capsys.readouterr().err
        assert message in err
        assert len(err.splitlines()) == 1
        assert (tmp_path / "run/run.json").read_bytes() == before
    moved = tmp_path / "moved"
    shutil.copytree(digits, moved)
    assert main(["train", "--resume", "run", "--data", str(moved), "--lr", "0.003"]) == 0


def damage_json(run, change):
    record = json.loads((run / "run.json").read_text())
    change(record)
    (run / "run.json").write_text(json.dumps(record))


def flip_a_bit(file):
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)


DAMAGE = {
    "bit of a weight": (lambda run: flip_a_bit(run / "model.safetensors"), "SHA-256"),
    "bit of a moment": (lambda run: flip_a_bit(run / "optimizer.safetensors"), "SHA-256"),
    "no model": (lambda run: (run / "model.safetensors").unlink(), "is missing"),
    "cut run.json": (lambda run: (run / "run.json").write_text('{"format": 1,'), "damaged"),
    "list": (lambda run: (run / "run.json").write_text("[]"), "expected an object"),
    "format": (lambda run: damage_json(run, lambda r: r.update(format=2)), "format 2"),
    "options": (lambda run: damage_json(run, lambda r: r.pop("options")), "'options'"),
    "option": (lambda run: damage_json(run, lambda r: r["options"].pop("lr")), "damaged at 'lr'"),
    "model": (
        lambda run: damage_json(run, lambda r: r["options"].update(model="x")),
        "'x' is none of",
    ),
    "path trick": (
        lambda run: damage_json(run, lambda r: r["checkpoint"].update(folder="../other")),
        "no checkpoint folder",
    ),
    "checkpoint": (
        lambda run: damage_json(run, lambda r: r["checkpoint"].pop("loader")),
        "no 'loader'",
    ),
    "loader": (
        lambda run: damage_json(run, lambda r: r["checkpoint"].update(loader={"epoch": 3})),
        "'seed' and 'epoch'",
    ),
    "generator": (
        lambda run: damage_json(run, lambda r: r["checkpoint"].update(random={"a": 1})),
        "random generator",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_run_is_refused_by_resume(finished, tmp_path, capsys, case):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    damage, message = DAMAGE[case]
    damage(run)
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    assert main(["train", "--resume", str(run)]) == 1
    _, err = capsys.readouterr()
    assert message in err
    assert len(err.splitlines()) == 1
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


# --- data that cannot be trained on -------------------------------------------------------------


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


# --- predicting ---------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path):
    """Four stripes in several kinds of file, all of them showing the same pictures."""
    images, labels = stripes(4, 3)
    np.save(tmp_path / "several.npy", images)
    np.save(tmp_path / "fractions.npy", (images / 255).astype(np.float32)[:, None])
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
        Image.fromarray(255 - image).save(tmp_path / f"dark-on-light-{number}.png")
    return images, labels


def predicted(capsys, *words):
    capsys.readouterr()
    assert main(["predict", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_predictions_are_those_of_the_model(finished, pictures, capsys):
    model = MODELS["mlp"]()
    model.load_state_dict(mt.load(finished / "model.safetensors"))
    scores = model(mt.tensor((pictures[0] / 255).astype(np.float32))).detach().numpy()
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    results = predicted(capsys, finished, "several.npy")
    assert [row["image"] for row in results] == [f"several.npy[{n}]" for n in range(4)]
    found = [row["probabilities"] for row in results]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    assert [row["digit"] for row in results] == expected.argmax(axis=1).tolist()


def test_every_kind_of_file_gives_the_same_answer(finished, pictures, capsys):
    expected = [row["probabilities"] for row in predicted(capsys, finished, "several.npy")]
    for names in (
        ["fractions.npy"],
        [f"{number}.png" for number in range(4)],
        [f"dark-on-light-{number}.png" for number in range(4)],
    ):
        found = [row["probabilities"] for row in predicted(capsys, finished, *names)]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_copy_of_the_checkpoint_alone_is_enough(finished, pictures, tmp_path, capsys):
    expected = predicted(capsys, finished, "0.png")
    shutil.copy(finished / "model.safetensors", tmp_path / "copy.safetensors")
    assert predicted(capsys, "copy.safetensors", "0.png") == expected
    save_file(load_file("copy.safetensors"), "nameless.safetensors")
    assert main(["predict", "nameless.safetensors", "0.png"]) == 1
    assert "say it with --model lenet|mlp|local|conv" in capsys.readouterr().err
    assert predicted(capsys, "nameless.safetensors", "0.png", "--model", "mlp") == expected


def test_the_table_shows_a_bar_per_digit(finished, pictures, capsys):
    assert main(["predict", str(finished), "0.png", "1.png"]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert len(blocks) == 2
    first, *rows = blocks[0].splitlines()
    probabilities = [float(row.split()[1]) for row in rows]
    best = int(np.argmax(probabilities))
    assert first == f"0.png: {best} ({probabilities[best]:.1f} %)"
    assert sum(probabilities) == pytest.approx(100, abs=0.5)
    assert rows[best].count("#") == round(0.4 * probabilities[best])


def write_picture(name, content):
    def write(folder):
        (folder / name).write_bytes(content)
        return name

    return write


def write_npy(array):
    def write(folder):
        np.save(folder / "a.npy", array, allow_pickle=True)
        return "a.npy"

    return write


def write_png(array):
    def write(folder):
        Image.fromarray(array).save(folder / "a.png")
        return "a.png"

    return write


BAD_PICTURES = {
    "missing": (lambda folder: "gone.png", "no file gone.png"),
    "folder": (lambda folder: ".", ". is a folder, expected a picture"),
    "text": (write_picture("a.png", b"hello"), "a.png is not a picture"),
    "cut": (write_picture("a.png", PNG + b"\0\0\0\rIHDR"), "a.png is not a picture"),
    "blank": (write_png(np.full((50, 50), 255, np.uint8)), "nothing is drawn"),
    "nan": (write_npy(np.full((28, 28), np.nan)), "holds NaN or infinity"),
    "range": (write_npy(np.full((28, 28), 7.0)), "holds values from 7 to 7, expected 0 to 1"),
    "shape": (write_npy(np.zeros((28, 28, 3, 2))), "has shape (28, 28, 3, 2)"),
    "no pictures": (write_npy(np.zeros((0, 28, 28))), "has shape (0, 28, 28)"),
    "complex": (write_npy(np.zeros((28, 28), complex)), "has dtype complex128"),
    "objects": (write_npy(np.array([[object()]])), "not a whole .npy file"),
    "not npy": (write_picture("a.npy", b"hello"), "a.npy is not a whole .npy file"),
    "huge npy": (
        write_picture(
            "a.npy",
            b"\x93NUMPY\x01\x00\x76\x00"
            + b"{'descr': '<f8', 'fortran_order': False, 'shape': (4000000, 1000, 1000)}".ljust(117)
            + b"\n",
        ),
        "a.npy is not a whole .npy file",
    ),
}


@pytest.mark.parametrize("case", BAD_PICTURES)
def test_a_bad_picture_is_one_message(finished, tmp_path, capsys, case):
    write, message = BAD_PICTURES[case]
    assert main(["predict", str(finished), write(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


BAD_CHECKPOINTS = {
    "missing": (lambda run: run / "gone.safetensors", "no file"),
    "no run": (lambda run: run.parent, "holds no run"),
    "cut": (
        lambda run: os.truncate(run / "model.safetensors", 900) or run / "model.safetensors",
        "not a whole safetensors file",
    ),
    "other net": (
        lambda run: (
            mt.save(
                MODELS["conv"](),
                run / "model.safetensors",
                metadata={"minitorch_cnn.model": "mlp"},
            )
            or run
        ),
        "does not hold the weights of the net mlp",
    ),
    "nan": (
        lambda run: (
            mt.save(
                {
                    name: np.full_like(array, np.nan)
                    for name, array in load_file(run / "model.safetensors").items()
                },
                run / "model.safetensors",
            )
            or run
        ),
        "its weights are damaged",
    ),
    "unfinished": (
        lambda run: damage_json(run, lambda record: record.pop("checkpoint")) or run,
        "its first epoch never ended",
    ),
}


@pytest.mark.parametrize("case", BAD_CHECKPOINTS)
def test_a_bad_checkpoint_is_one_message(finished, pictures, tmp_path, capsys, case):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    damage, message = BAD_CHECKPOINTS[case]
    assert main(["predict", str(damage(run)), "0.png"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err
