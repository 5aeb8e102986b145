"""Help, and every way to call the command wrongly."""

import subprocess
import sys

import pytest

from minitorch_cnn.cli import main


@pytest.mark.parametrize("command", [[], ["train"], ["predict"], ["backends"], ["doctor"]])
def test_help_teaches(capsys, command):
    assert main([*command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert f"\n  {' '.join(['minitorch-cnn', *command])}" in out
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
