"""``fit`` against the loop one would write by hand, and what happens at its turns."""

import csv
import json
import math

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import data, nn, optim
from minitorch_cnn.nn import functional as F
from minitorch_cnn.train import Checkpoints, callbacks, find_learning_rate, fit, metrics

RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((60, 2)).astype(np.float32)
ABOVE = (POINTS.sum(axis=1) > 0).astype(np.int64)


def prepare(backend="numpy", lr=0.05, dropout=0.2):
    mt.seed(1)
    net = nn.Sequential(nn.Dense(2, 8), nn.ReLU(), nn.Dropout(dropout), nn.Dense(8, 2)).to(backend)
    train = data.DataLoader(
        data.TensorDataset(POINTS[:40], ABOVE[:40]), 8, shuffle=True, seed=3, backend=backend
    )
    test = data.DataLoader(data.TensorDataset(POINTS[40:], ABOVE[40:]), 7, backend=backend)
    return net, train, test, optim.Adam(net.parameters(), lr=lr)


def weights(net):
    return np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])


def test_it_is_the_loop_one_would_write(backend):
    net, train, test, opt = prepare(backend)
    schedule = optim.lr_scheduler.StepLR(opt, 2, 0.5)
    losses, tested = [], []
    for _ in range(3):
        net.train()
        total = 0.0
        for x, y in train:
            loss = F.cross_entropy(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(y)
        losses.append(total / 40)
        schedule.step()
        net.eval()
        with mt.no_grad():
            right = sum((net(x).argmax(axis=1) == y).sum().item() for x, y in test)
        tested.append(right / 20)
    by_hand = weights(net)

    net, train, test, opt = prepare(backend)
    training = fit(
        net, train, test, optimizer=opt, epochs=3, progress=False,
        scheduler=optim.lr_scheduler.StepLR(opt, 2, 0.5), metrics=[metrics.Accuracy()],
    )  # fmt: skip
    np.testing.assert_array_equal(weights(net), by_hand)
    figures = training.history
    assert [f["loss"] for f in figures] == pytest.approx(losses, rel=1e-5)
    assert [f["validation_accuracy"] for f in figures] == tested
    assert [f["lr"] for f in figures] == [0.05, 0.05, 0.025]
    assert [f["epoch"] for f in figures] == [1, 2, 3]
    assert training.step == 15
    assert set(figures[0]) == {
        *("epoch", "lr", "loss", "accuracy", "validation_loss", "validation_accuracy"),
    }


def test_accumulated_batches_are_one_large_batch():
    def trained(batch_size, accumulate):
        net, _, _, opt = prepare(dropout=0.0)
        train = data.DataLoader(data.TensorDataset(POINTS[:40], ABOVE[:40]), batch_size)
        training = fit(net, train, optimizer=opt, epochs=2, accumulate=accumulate, progress=False)
        return weights(net), training.step

    whole, parts = trained(20, 1), trained(5, 4)
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-4, atol=1e-6)
    assert parts[1] == whole[1] == 4


def test_gradients_that_wait_at_the_end_of_an_epoch_are_stepped():
    net, train, _, opt = prepare()
    assert fit(net, train, optimizer=opt, epochs=2, accumulate=3, progress=False).step == 4


def test_gradients_are_clipped():
    net, train, _, _ = prepare()
    opt = optim.SGD(net.parameters(), lr=1.0)
    before = weights(net)
    batch = [next(iter(train))]
    fit(net, batch, optimizer=opt, epochs=1, clip_norm=1e-3, progress=False)
    assert np.linalg.norm(weights(net) - before) == pytest.approx(1e-3, rel=1e-2)


def test_a_schedule_of_steps_and_one_that_looks():
    net, train, test, opt = prepare()
    one_cycle = optim.lr_scheduler.OneCycleLR(opt, 0.1, total_steps=10)
    fit(
        net, train, optimizer=opt, epochs=2, scheduler=one_cycle, schedule_every="step",
        progress=False,
    )  # fmt: skip
    assert one_cycle.last_epoch == 10
    plateau = optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0, threshold=1e9)
    training = fit(net, train, test, optimizer=opt, epochs=3, scheduler=plateau, progress=False)
    assert plateau.best == training.history[0]["validation_loss"]
    assert training.history[2]["lr"] == pytest.approx(training.history[0]["lr"] / 10)


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    def run(folder, epochs):
        net, train, test, opt = prepare()
        training = fit(
            net, train, test, optimizer=opt, epochs=epochs, progress=False,
            scheduler=optim.lr_scheduler.CosineAnnealingLR(opt, 5),
            checkpoints=Checkpoints(folder),
        )  # fmt: skip
        return weights(net), training

    straight, whole = run(tmp_path / "whole", 5)
    run(tmp_path / "parts", 2)
    resumed, rest = run(tmp_path / "parts", 5)
    np.testing.assert_array_equal(resumed, straight)
    assert rest.history == whole.history
    assert rest.step == whole.step == 25


def test_what_callbacks_remember_goes_on(tmp_path):
    figures = (1.0, 3.0, 2.0, 2.5, 2.0, 9.0)

    def run(folder, epochs):
        net, train, _, opt = prepare()
        stop = callbacks.EarlyStopping("figure", patience=2, mode="max")
        seen = Weights()
        training = fit(
            net, train, optimizer=opt, epochs=epochs, progress=False,
            callbacks=[Figures(*figures), stop, seen], checkpoints=Checkpoints(folder),
        )  # fmt: skip
        return weights(net), training.epoch

    straight = run(tmp_path / "whole", 6)
    run(tmp_path / "parts", 3)
    resumed = run(tmp_path / "parts", 6)
    np.testing.assert_array_equal(resumed[0], straight[0])
    assert resumed[1] == straight[1] == 5
    assert run(tmp_path / "parts", 6)[1] == 5  # it has ended, and is not begun again
    net, train, _, opt = prepare()
    with pytest.raises(ValueError, match="with 3 callbacks, got 0"):
        fit(net, train, optimizer=opt, checkpoints=Checkpoints(tmp_path / "parts"), progress=False)


def test_a_loss_that_is_not_finite_ends_it():
    net, train, _, _ = prepare()
    opt = optim.SGD(net.parameters(), lr=1e30)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="in epoch 1"):
        fit(net, train, optimizer=opt, epochs=3, progress=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no optimizer"),
        ({"accumulate": 0}, "accumulate=0"),
        ({"schedule_every": "day"}, "schedule_every='day'"),
    ],
)
def test_what_is_refused(options, words):
    net, train, _, opt = prepare()
    with pytest.raises(ValueError, match=words):
        fit(net, train, optimizer=opt if options else None, progress=False, **options)


def test_no_data():
    net, _, _, opt = prepare()
    with pytest.raises(ValueError, match="the data is empty"):
        fit(net, [], optimizer=opt, progress=False)


# --- callbacks ----------------------------------------------------------------------------------


class Figures(callbacks.Callback):
    """Puts figures into the history as if they had been measured."""

    def __init__(self, *figures):
        self.figures = figures

    def on_epoch_end(self, training):
        training.history[-1]["figure"] = self.figures[training.epoch - 1]


class Weights(callbacks.Callback):
    def __init__(self):
        self.met = []

    def on_epoch_end(self, training):
        self.met.append(weights(training.model))


def test_turns_come_in_their_order():
    met = []

    class Told(callbacks.Callback):
        pass

    for turn in ("train_begin", "epoch_begin", "batch_end", "epoch_end", "train_end"):
        setattr(Told, f"on_{turn}", lambda self, training, turn=turn: met.append(turn))
    net, train, _, opt = prepare()
    fit(net, train, optimizer=opt, epochs=2, callbacks=[Told()], progress=False)
    epoch = ["epoch_begin", *["batch_end"] * 5, "epoch_end"]
    assert met == ["train_begin", *epoch, *epoch, "train_end"]


def test_early_stopping_keeps_the_best():
    net, train, _, opt = prepare()
    seen = Weights()
    stop = callbacks.EarlyStopping("figure", patience=1, mode="max")
    training = fit(
        net, train, optimizer=opt, epochs=9, progress=False,
        callbacks=[Figures(1.0, 3.0, 2.0, math.nan, 9.0), seen, stop],
    )  # fmt: skip
    assert training.epoch == 4
    np.testing.assert_array_equal(weights(net), seen.met[1])


def test_the_best_model_is_written(tmp_path):
    net, train, _, opt = prepare()
    seen, path = Weights(), tmp_path / "best.safetensors"
    fit(
        net, train, optimizer=opt, epochs=4, progress=False,
        callbacks=[Figures(3.0, 1.0, 2.0, 1.0), seen, callbacks.BestModel(path, "figure")],
    )  # fmt: skip
    net.load_state_dict(mt.load(path))
    np.testing.assert_array_equal(weights(net), seen.met[1])


def test_a_figure_that_there_is_not():
    net, train, _, opt = prepare()
    with pytest.raises(ValueError, match=r"no figure 'validation_loss'; there are epoch, lr, loss"):
        fit(net, train, optimizer=opt, progress=False, callbacks=[callbacks.EarlyStopping()])
    with pytest.raises(ValueError, match="mode='up'"):
        callbacks.EarlyStopping(mode="up")


def test_figures_are_written(tmp_path):
    net, train, test, opt = prepare()
    training = fit(
        net, train, test, optimizer=opt, epochs=2, progress=False,
        metrics=[metrics.ConfusionMatrix(2)],
        callbacks=[
            callbacks.CSVLogger(tmp_path / "log.csv"),
            callbacks.JSONLinesLogger(tmp_path / "log.jsonl"),
            callbacks.TensorBoardLogger(tmp_path / "board"),
        ],
    )  # fmt: skip
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == training.history
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [f["loss"] for f in training.history]
    assert [path.stat().st_size > 100 for path in (tmp_path / "board").iterdir()] == [True]


def test_the_loss_is_drawn():
    net, train, test, opt = prepare()
    plot = callbacks.LivePlot()
    fit(net, train, test, optimizer=opt, epochs=3, progress=False, callbacks=[plot])
    (axes,) = plot.figure.axes
    assert [len(line.get_xdata()) for line in axes.get_lines()] == [3, 3]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "loss",
        "validation loss",
    ]


# --- progress and the learning rate finder ------------------------------------------------------


def test_without_a_terminal_an_epoch_is_a_line(capsys):
    net, train, _, opt = prepare()
    training = fit(net, train, optimizer=opt, epochs=2)
    out, err = capsys.readouterr()
    assert out == ""
    loss = training.history[0]["loss"]
    assert err.splitlines()[0] == f"epoch 1/2  lr 0.05  loss {loss:.4g}"
    assert len(err.splitlines()) == 2


def test_in_a_terminal_there_is_a_bar(capsys, monkeypatch):
    net, train, _, opt = prepare()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    fit(net, train, optimizer=opt, epochs=1)
    err = capsys.readouterr().err
    assert "epoch 1/1:" in err
    assert "/5 [" in err
    assert err.splitlines()[-1].startswith("epoch 1/1  lr")


def test_rates_are_tried_and_everything_is_given_back():
    net, train, _, opt = prepare()
    fit(net, train, optimizer=opt, epochs=1, progress=False)
    before = weights(net), train.state_dict(), mt.random.default_rng().bit_generator.state
    state = opt.state_dict()
    found = find_learning_rate(net, train, optimizer=opt, steps=60)
    np.testing.assert_array_equal(weights(net), before[0])
    assert (train.state_dict(), mt.random.default_rng().bit_generator.state) == before[1:]
    assert opt.param_groups[0]["lr"] == 0.05
    for number, entries in opt.state_dict()["state"].items():
        for name, value in entries.items():
            np.testing.assert_array_equal(value.numpy(), state["state"][number][name].numpy())
    assert all(p.grad is None for p in net.parameters())
    assert found.rates[0] == 1e-6
    assert found.rates[1] / found.rates[0] == pytest.approx(1e7 ** (1 / 59))
    assert 1e-4 < found.suggestion < 10
    axes = found.plot()
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize(
    "options",
    [{"optimizer": None}, {"lowest": 0.0}, {"lowest": 2.0, "highest": 1.0}, {"steps": 2}],
)
def test_ranges_that_are_refused(options):
    net, train, _, opt = prepare()
    with pytest.raises(ValueError, match=r"find_learning_rate: optimizer=.*3 steps or more"):
        find_learning_rate(net, train, **{"optimizer": opt, **options})
