"""Checkpoints of a training: kept, found, refused, restored."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import data, nn, optim
from minitorch_cnn.train import Checkpoints
from trials import fuzz, kill

PICTURES = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)


class Training:
    """A net with everything that a training may depend on."""

    def __init__(self, backend="numpy", seed=0):
        mt.seed(seed)
        self.net = nn.Sequential(nn.Dense(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Dense(8, 2))
        self.net.to(backend)
        self.optimizer = optim.NAdam(self.net.parameters(), lr=0.01)
        self.own = np.random.default_rng(3)
        self.parts = {
            "model": self.net,
            "optimizer": self.optimizer,
            "schedule": optim.lr_scheduler.OneCycleLR(self.optimizer, 0.1, total_steps=50),
            "loader": data.DataLoader(
                data.TensorDataset(PICTURES, np.arange(12) % 2), 4, shuffle=True, backend=backend
            ),
            "noise": self.own,
        }

    def steps(self, count):
        done = 0
        while done < count:
            for x, y in self.parts["loader"]:
                noise = mt.tensor(self.own.standard_normal((len(x), 4)).astype(np.float32))
                loss = nn.functional.cross_entropy(self.net(x + 0.1 * noise.to(x.backend)), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.parts["schedule"].step()
                done += 1
                yield done
                if done == count:
                    break

    def weights(self):
        return [value.numpy() for value in self.net.state_dict().values()]


def train_to(folder, step):
    training = Training()
    for done in training.steps(step):
        Checkpoints(folder).save(done, **training.parts)
    return training


def test_resumed_is_uninterrupted_to_the_bit(tmp_path, backend):
    straight = Training(backend)
    for _ in straight.steps(11):
        pass
    first = Training(backend)
    for done in first.steps(5):
        Checkpoints(tmp_path).save(done, **first.parts)
    second = Training(backend, seed=9)
    assert Checkpoints(tmp_path).resume(**second.parts) == 5
    for _ in second.steps(6):
        pass
    for one, other in zip(second.weights(), straight.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_newest_few_and_the_best_are_kept(tmp_path):
    checkpoints, net = Checkpoints(tmp_path, keep=2), nn.Dense(2, 2)
    for step in range(6):
        checkpoints.save(step, best=step == 1, model=net)
    assert checkpoints.steps == [1, 4, 5]
    assert checkpoints.best == 1
    checkpoints.save(6, best=True, model=net)
    checkpoints.save(7, model=net)
    assert (checkpoints.steps, checkpoints.best) == ([6, 7], 6)


def test_nothing_saved_is_nothing_to_resume(tmp_path):
    checkpoints = Checkpoints(tmp_path / "new")
    assert checkpoints.resume(model=nn.Dense(1, 1)) is None
    assert (checkpoints.steps, checkpoints.best) == ([], None)
    with pytest.raises(FileNotFoundError, match="holds no checkpoint"):
        checkpoints.load()


def test_other_programs_read_the_model(tmp_path):
    from safetensors.numpy import load_file

    net = nn.Dense(3, 2)
    path = Checkpoints(tmp_path).save(1, model=net)
    np.testing.assert_array_equal(
        load_file(path / "model.safetensors")["weight"], net.weight.detach().numpy()
    )
    assert json.loads((path / "manifest.json").read_text())["step"] == 1


def test_plain_values_are_parts_that_are_read_by_hand(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(3, history=[{"loss": 0.5}], best_loss=0.25)
    states = checkpoints.load()
    assert (states["history"], states["best_loss"]) == ([{"loss": 0.5}], 0.25)
    with pytest.raises(TypeError, match=r"'history': a list cannot be loaded into"):
        checkpoints.resume(history=[])


def test_tied_parameters_are_tied_again(tmp_path):
    def tied():
        net = nn.Sequential(nn.Dense(3, 3), nn.Dense(3, 3))
        net[1].weight = net[0].weight
        return net

    net, other = tied(), tied()
    Checkpoints(tmp_path).save(1, model=net)
    Checkpoints(tmp_path).resume(model=other)
    assert other[0].weight is other[1].weight
    np.testing.assert_array_equal(other[0].weight.detach().numpy(), net[0].weight.detach().numpy())


# --- damage -------------------------------------------------------------------------------------


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("file", ["model.safetensors", "schedule.safetensors", "manifest.json"])
@pytest.mark.parametrize("damage", [cut, flip, os.remove])
def test_of_a_damaged_checkpoint_nothing_is_used(tmp_path, file, damage):
    train_to(tmp_path, 3)
    damage(tmp_path / "step-00000003" / file)
    training = Training(seed=5)
    with pytest.raises(ValueError, match="step-00000003"):
        Checkpoints(tmp_path).resume(strict=True, **training.parts)
    with pytest.warns(UserWarning, match="going on to an older checkpoint"):
        assert Checkpoints(tmp_path).resume(**training.parts) == 2
    expected = train_to(tmp_path / "other", 2)
    for one, other in zip(training.weights(), expected.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_if_none_is_whole_nothing_is_begun_anew(tmp_path):
    train_to(tmp_path, 1)
    flip(tmp_path / "step-00000001" / "model.safetensors")
    training = Training()
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(ValueError, match=r"none of .*\[1\] is whole"),
    ):
        Checkpoints(tmp_path).resume(**training.parts)


def test_a_part_that_does_not_fit_changes_no_other(tmp_path):
    train_to(tmp_path, 2)
    training = Training(seed=5)
    training.parts["optimizer"] = optim.Adagrad(training.net.parameters())
    before, drawn = training.weights(), mt.random.default_rng().bit_generator.state
    with pytest.raises(ValueError, match=r"optimizer.safetensors does not fit: Adagrad"):
        Checkpoints(tmp_path).resume(**training.parts)
    for one, other in zip(training.weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert mt.random.default_rng().bit_generator.state == drawn


def signed(manifest):
    """A manifest that was changed by somebody who knows how it is signed."""
    from minitorch_cnn.train.checkpoints import _digest

    manifest.pop("sha256", None)
    return json.dumps({**manifest, "sha256": _digest(manifest)})


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(parts={"../../model": m["parts"]["model"]}),
        lambda m: m.update(parts=[]),
        lambda m: m.update(format=2),
        lambda m: m.update(step=7),
        lambda m: m["parts"]["model"].update(sha256=None),
        lambda m: m["parts"]["model"].update(flat="yes"),
    ],
)
def test_a_hostile_manifest_is_refused(tmp_path, change):
    path = Checkpoints(tmp_path).save(1, model=nn.Dense(2, 2)) / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(signed(manifest))
    with pytest.raises(ValueError, match=r"manifest.json"):
        Checkpoints(tmp_path).load()


def test_a_failed_save_leaves_what_was_there(tmp_path):
    checkpoints, net = Checkpoints(tmp_path), nn.Dense(2, 2)
    checkpoints.save(1, model=net)
    with pytest.raises(TypeError, match="expected tensors"):
        checkpoints.save(2, model=net, wrong=object())
    assert checkpoints.steps == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_what_a_killed_process_left_is_removed_by_the_next_save(tmp_path):
    (tmp_path / ".step-00000004.new").mkdir()
    (tmp_path / ".step-00000002.old").mkdir()
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.steps == []
    checkpoints.save(5, model=nn.Dense(1, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000005"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: Checkpoints(c.folder, keep=0), "keep=0; expected 1 or more"),
        (lambda c: c.save(-1), "step=-1"),
        (lambda c: c.save(1.5), "step=1.5"),
        (lambda c: c.save(1, generator=3), "the name of mt.random's generator"),
        (lambda c: (c.save(1, model=nn.Dense(1, 1)), c.resume(net=nn.Dense(1, 1))), "has no net"),
    ],
)
def test_what_is_refused(tmp_path, call, words):
    with pytest.raises(ValueError, match=words):
        call(Checkpoints(tmp_path))


def test_a_best_that_is_no_checkpoint(tmp_path):
    (tmp_path / "best.json").write_text('{"step": 4}')
    with pytest.raises(ValueError, match=r"best.json is damaged"):
        _ = Checkpoints(tmp_path).best


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to fork")
def test_a_training_that_is_killed_goes_on(capsys):
    kill.main(["--trials", "3"])
    assert capsys.readouterr().out.startswith("3 trainings killed")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")
def test_damaged_files_are_read_or_refused(capsys):
    fuzz.main(["--files", "140", "--seed", "1"])
    assert "140 damaged files, none crashed or hung" in capsys.readouterr().out
