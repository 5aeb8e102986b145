"""Stopping, being killed, full disks, and going on with the same bits."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from cli_files import PICTURES, RESULTS, damage_json, history, weights, write_digits

import minitorch_cnn as mt
from minitorch_cnn.cli import main
from minitorch_cnn.cli import train as train_command


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
