"""Predicting: pictures of every kind, checkpoints of every kind."""

import json
import os
import shutil

import numpy as np
import pytest
from cli_files import PNG, damage_json, stripes
from PIL import Image
from safetensors.numpy import load_file, save_file

import minitorch_cnn as mt
from minitorch_cnn.cli import main
from minitorch_cnn.models import MODELS


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
