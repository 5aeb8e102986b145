"""Scoring, summaries, and options from a file."""

import json

import numpy as np
import onnxruntime
import pytest

import minitorch_cnn as mt
from minitorch_cnn import models
from minitorch_cnn.cli import main


def test_the_score_is_that_of_the_last_epoch(finished, digits, capsys):
    record = json.loads((finished / "run.json").read_text())
    capsys.readouterr()
    assert main(["evaluate", str(finished), "--data", str(digits), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    last = record["history"][-1]
    assert found["accuracy"] == last["test_accuracy"]
    assert found["loss"] == pytest.approx(last["test_loss"])
    assert found["confusion"] == record["confusion"]


def test_the_score_as_a_table(finished, digits, capsys):
    words = ["--data", str(digits), "--batch-size", "7", "--backend", "strict"]
    assert main(["evaluate", str(finished / "model.safetensors"), *words]) == 0
    out = capsys.readouterr().out
    assert "pictures: loss" in out
    assert "accuracy" in out


def test_what_evaluate_refuses(finished, capsys):
    assert main(["evaluate", "nowhere.safetensors"]) == 1
    assert "no file nowhere.safetensors" in capsys.readouterr().err
    assert main(["evaluate", str(finished), "--data", "nowhere"]) == 2
    assert main(["evaluate", str(finished), "--backend", "nonsense"]) == 2
    assert "--backend nonsense" in capsys.readouterr().err


def test_a_summary_by_name_or_checkpoint(finished, capsys):
    capsys.readouterr()
    assert main(["summary", "mlp"]) == 0
    by_name = capsys.readouterr().out
    assert by_name == f"{mt.summary(models.mlp(), (1, 28, 28))}\n"
    assert main(["summary", str(finished)]) == 0
    assert capsys.readouterr().out == by_name
    assert main(["summary", "nowhere"]) == 1


def test_an_exported_net_gives_the_same_scores(finished, tmp_path, capsys):
    capsys.readouterr()
    assert main(["export", str(finished), "net.onnx"]) == 0
    assert capsys.readouterr().out.startswith("net.onnx: pictures (batch, 1, 28, 28) to scores")
    net = models.mlp()
    net.load_state_dict(mt.load(finished / "model.safetensors"))
    pictures = np.random.default_rng(0).random((3, 1, 28, 28), dtype=np.float32)
    session = onnxruntime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(["scores"], {"pictures": pictures})
    with mt.no_grad():
        expected = net(mt.tensor(pictures)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert main(["export", str(finished), "net.txt"]) == 2
    assert "should be called net.onnx" in capsys.readouterr().err


def test_options_from_a_file_and_those_given_besides(digits, tmp_path, capsys):
    (tmp_path / "run.toml").write_text(
        f'model = "mlp"\ndata = "{digits}"\nepochs = 2\nbatch_size = 16\nlr = 0.01\n'
        'augment = true\nout = "there"\n'
    )
    assert main(["train", "--config", "run.toml", "--epochs", "1", "--no-augment"]) == 0
    options = json.loads((tmp_path / "there" / "run.json").read_text())["options"]
    expected = {"model": "mlp", "epochs": 1, "batch_size": 16, "lr": 0.01, "augment": False}
    assert {name: options[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("epochs = ", "is no TOML file"),
        ("epoch = 3", "'epoch' is no option; there are augment, backend, batch-size"),
        ("epochs = [3]", "epochs is a list; expected text, a number, true or false"),
        ("[train]\nepochs = 3", "'train' is no option"),
        ("epochs = 0", "expected a whole number of at least 1"),
        ("lr = nan", "expected a number above 0"),
        ("epochs = true", "expected one argument"),
        ('config = "other.toml"', "'config' is no option"),
    ],
)
def test_files_that_are_refused(content, words, tmp_path, capsys):
    (tmp_path / "run.toml").write_text(content)
    assert main(["train", "--config", "run.toml"]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert "minitorch-cnn train --help" in err
    assert list(tmp_path.iterdir()) == [tmp_path / "run.toml"]


def test_a_file_that_there_is_not(capsys):
    assert main(["train", "--config", "none.toml"]) == 2
    assert "--config none.toml: No such file" in capsys.readouterr().err
