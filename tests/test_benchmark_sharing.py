"""The experiment on what sharing buys: what differs between its nets and views, and what not."""

import re
from dataclasses import asdict

import numpy as np
import pytest

import minitorch_cnn as mt
from benchmarks import sharing, sharing_report
from minitorch_cnn import datasets
from minitorch_cnn.data import TensorDataset
from minitorch_cnn.io import read_json


@pytest.fixture(scope="module")
def digits():
    return datasets.mnist_mini()


# --- nets -----------------------------------------------------------------------------------------

HEAD = {1: 1600 * 10 + 10, 2: 400 * 10 + 10, 10: 16 * 10 + 10}
LAYER = {
    "dense": 1600 * 784 + 1600,
    "local": 1600 * 100 + 1600,
    "conv": 16 * 100 + 16,
}


@pytest.mark.parametrize("name", sharing.NETS)
def test_weights_are_counted_from_the_net(name):
    layer = name.partition(" + ")[0]
    design = sharing.NETS[name]
    assert sharing.count_weights(design) == LAYER[layer] + HEAD[design.pool]


@pytest.mark.parametrize("name", sharing.NETS)
def test_all_nets_have_the_same_hidden_units(name):
    design = sharing.NETS[name]
    hidden = mt.zeros((2, 1, 28, 28))
    for layer in design.layer(np.random.default_rng(0)):
        hidden = layer(hidden)
    assert hidden.size == 2 * sharing.UNITS
    assert design.build(np.random.default_rng(0))(mt.zeros((2, 1, 28, 28))).shape == (2, 10)


def test_tied_and_pooled_nets_differ_from_their_neighbours_in_one_thing():
    """With the weights of ``conv`` at every position ``local`` gives the same scores."""
    pictures = mt.rand((3, 1, 28, 28), rng=np.random.default_rng(0))
    for pool in ("", " + pool", " + global pool"):
        tied = sharing.NETS["conv" + pool].build(np.random.default_rng(1))
        local = sharing.NETS["local" + pool].build(np.random.default_rng(2))
        state = tied.state_dict()
        shape = local[0].weight.shape
        state["0.weight"] = mt.broadcast_to(state["0.weight"], shape)
        state["0.bias"] = mt.broadcast_to(state["0.bias"].reshape(-1, 1, 1), local[0].bias.shape)
        local.load_state_dict(state)
        with mt.no_grad():
            ours, theirs = local(pictures).numpy(), tied(pictures).numpy()
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


# --- views ----------------------------------------------------------------------------------------


def numbered(count, seed=0):
    """Pictures whose pixels are all different, each with ink in the inner 20 x 20 only."""
    images = np.zeros((count, 1, 28, 28), np.float32)
    ink = np.random.default_rng(seed).permuted(np.tile(np.arange(1, 401), (count, 1)), axis=1)
    images[:, 0, 4:24, 4:24] = ink.reshape(count, 20, 20)
    return TensorDataset(images, np.arange(count) % 10)


def test_shifts_move_pictures_exactly_and_lose_nothing_that_fits():
    train, test = numbered(50), numbered(600, seed=1)
    given = sharing.views(train, test, seed=3, pictures=50)
    centred, shifted = given["centred"][1].arrays[0], given["shifted"][1].arrays[0]
    moves = set()
    for before, after in zip(centred[:, 0], shifted[:, 0], strict=True):
        top, left = np.argwhere(after).min(axis=0) - 4
        moves.add((int(top), int(left)))
        np.testing.assert_array_equal(after, np.roll(before, (top, left), axis=(0, 1)))
    everywhere = range(-4, 5)
    assert moves == {(down, right) for down in everywhere for right in everywhere}


def test_what_leaves_the_picture_is_gone_and_zeros_enter():
    full = TensorDataset(np.ones((40, 1, 28, 28), np.float32), np.zeros(40, np.int64))
    shifted = sharing.views(full, full, seed=0, pictures=40)["shifted"][1].arrays[0][:, 0]
    for picture in shifted:
        rows, columns = picture.any(axis=1), picture.any(axis=0)
        assert picture.sum() == rows.sum() * columns.sum()
        assert rows.sum() >= 24
        assert columns.sum() >= 24
    assert shifted.sum() < 40 * 28 * 28


def test_one_permutation_of_all_pixels_for_training_and_test_pictures():
    every = TensorDataset(
        np.arange(784, dtype=np.float32).reshape(1, 1, 28, 28).repeat(3, axis=0), np.zeros(3)
    )
    orders = []
    for seed in (0, 1):
        seen, unseen = sharing.views(every, every, seed, pictures=2)["permuted"]
        (first, second), unseen = seen.arrays[0], unseen.arrays[0][2]
        np.testing.assert_array_equal(np.sort(first, axis=None), np.arange(784))
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, unseen)
        orders.append(first.ravel())
    assert (orders[0] != np.arange(784)).mean() > 0.9
    assert (orders[0] != orders[1]).mean() > 0.9


def test_views_have_the_same_digits_and_no_picture_twice(digits):
    given = sharing.views(*digits, seed=0, pictures=200)
    for seen, unseen in given.values():
        np.testing.assert_array_equal(seen.arrays[1], given["centred"][0].arrays[1])
        np.testing.assert_array_equal(unseen.arrays[1], digits[1].arrays[1])
    np.testing.assert_array_equal(given["centred"][1].arrays[0], digits[1].arrays[0])
    assert len(np.unique(given["centred"][0].arrays[0], axis=0)) == 200


def test_fewer_pictures_are_among_more_and_held_out_ones_among_none():
    marked = TensorDataset(
        np.zeros((6000, 1, 28, 28), np.float32) + np.arange(6000).reshape(-1, 1, 1, 1),
        np.zeros(6000),
    )

    def marks(dataset):
        return dataset.arrays[0][:, 0, 0, 0].astype(int).tolist()

    few, _ = sharing.views(marked, numbered(5), 7, 300)["centred"]
    many, _ = sharing.views(marked, numbered(5), 7, 1000)["centred"]
    most, held_out = sharing.views(marked, numbered(5), 7, 5000, held_out=True)["centred"]
    assert marks(few) == marks(many)[:300]
    assert sorted(marks(most) + marks(held_out)) == list(range(6000))
    assert len(held_out) == sharing.HELD_OUT
    other, _ = sharing.views(marked, numbered(5), 8, 300)["centred"]
    assert marks(other) != marks(few)


# --- what permuting pixels does -------------------------------------------------------------------


def trained_pair(name, digits):
    """The scores of a net on permuted pictures, and on plain ones with the same first weights.

    For the dense net the columns of its first weight go along with the pixels.
    """
    given = sharing.views(*digits, seed=5, pictures=40)
    order = sharing.stream(5, "permutation").permutation(784)
    recipe = sharing.Recipe(epochs=3, batch_size=20)
    scores = []
    for view in ("centred", "permuted"):
        seen, unseen = given[view]
        net = sharing.NETS[name].build(sharing.stream(5, "weights")).to("float64")
        if name == "dense" and view == "permuted":
            state = net.state_dict()
            state["1.weight"] = state["1.weight"][:, mt.asarray(order)]
            net.load_state_dict(state)
        seen = TensorDataset(seen.arrays[0].astype(np.float64), seen.arrays[1])
        sharing.fit(net, seen, recipe, seed=5)
        with mt.no_grad():
            scores.append(net(mt.asarray(unseen.arrays[0][:100].astype(np.float64))).numpy())
    return scores


def test_a_dense_net_cannot_tell_that_pixels_were_permuted(digits):
    plain, permuted = trained_pair("dense", digits)
    assert np.ptp(plain) > 1
    np.testing.assert_allclose(permuted, plain, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["local", "conv", "conv + global pool"])
def test_nets_with_windows_can(name, digits):
    plain, permuted = trained_pair(name, digits)
    assert np.abs(permuted - plain).max() > 0.1


# --- runs -----------------------------------------------------------------------------------------


def test_the_quick_run_can_be_repeated_bit_for_bit(digits, tmp_path, capsys):
    before = mt.random.default_rng().bit_generator.state
    out = tmp_path / "new" / "folder"
    assert sharing.main(["--quick", "--pictures", "30", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    again = sharing.run(
        *digits, seeds=range(2), pictures=[30], recipe=sharing.Recipe(epochs=2), held_out=False
    )
    assert read_json(out / "sharing.json") == again
    assert sharing_report.text(again) in printed
    assert (out / "sharing.csv").read_text() == sharing_report.csv_text(again)
    assert (out / "sharing.png").read_bytes().startswith(b"\x89PNG")
    assert mt.random.default_rng().bit_generator.state == before
    assert {len(run["accuracy"]) for run in again["runs"]} == {2}
    assert len(again["runs"]) == len(sharing.NETS) * len(sharing_report.CONDITIONS)


def test_a_net_learns_and_is_scored_by_its_right_answers(digits):
    seen, _ = sharing.views(*digits, seed=0, pictures=100)["centred"]
    net = sharing.NETS["conv"].build(sharing.stream(0, "weights"))
    untrained = sharing.accuracy(net, seen)
    sharing.fit(net, seen, sharing.Recipe(epochs=20), seed=0)
    images, labels = (mt.asarray(array) for array in seen.arrays)
    right = (net(images).argmax(axis=1) == labels).sum().item()
    assert sharing.accuracy(net, seen) == right / 100 == 1.0
    assert untrained < 0.5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seeds", "1"], "a spread needs 2 seeds or more"),
        (["--epochs", "0"], "expected 1 or more"),
        (["--pictures", "300", "6001"], "--pictures 6001: expected 1 to 6000"),
        (["--pictures", "5001", "--held-out"], "expected 1 to 5000"),
        (["--pictures", "30", "30"], "expected each number once"),
        (["--learning-rate", "0"], "expected a positive number"),
        (["--data", "nowhere"], "--data nowhere: the folder nowhere lacks"),
    ],
)
def test_mistakes_on_the_command_line(words, message, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        sharing.main([*words, "--out", str(tmp_path / "out")])
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(SystemExit, match="2"):
        sharing.main(["--quick", "--out", str(tmp_path / "file" / "out")])
    assert "a part of the folder's path is a file" in capsys.readouterr().err


def test_help_names_every_option_and_its_default(capsys):
    with pytest.raises(SystemExit, match="0"):
        sharing.main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    for words in ("--seeds", "default: 5", "default: 300 1000", "default: 60", "default: 0.01"):
        assert words in told


# --- the report -----------------------------------------------------------------------------------


def made_up():
    """Results of two seeds whose means and spreads can be worked out in the head."""
    names = list(sharing.NETS)
    runs = [
        {
            "pictures": 10,
            "net": net,
            "trained": trained,
            "tested": tested,
            "accuracy": [0.5 + 0.01 * number, 0.7 + 0.02 * number],
            "train_accuracy": [1.0, 0.9],
        }
        for number, net in enumerate(names)
        for trained, tested in sharing_report.CONDITIONS
    ]
    settings = {"seeds": [0, 1], "pictures": [10], "test_pictures": 1000, "held_out": False}
    weights = {net: 10 ** (number + 1) for number, net in enumerate(names)}
    return {"settings": settings, "weights": weights, "runs": runs}


def test_means_and_spreads():
    rows = sharing_report.summarise(made_up())
    assert len(rows) == 28
    row = next(row for row in rows if (row.net, row.tested) == ("conv", "permuted"))
    assert asdict(row) == {
        "pictures": 10,
        "trained": "permuted",
        "tested": "permuted",
        "net": "conv",
        "weights": 1000,
        "accuracy": pytest.approx(63.0),  # of 52 and 74
        "spread": pytest.approx(22 / np.sqrt(2)),
        "train_accuracy": pytest.approx(95.0),
        "train_spread": pytest.approx(10 / np.sqrt(2)),
        "seeds": 2,
    }


def test_differences_are_taken_seed_by_seed():
    found = {(d.net, d.base, d.tested): d for d in sharing_report.differences(made_up())}
    assert len(found) == len(sharing_report.COMPARISONS) * 3  # shifted is tested twice
    conv = found["conv", "local", "centred"]  # 52 - 51 and 74 - 72
    assert (conv.points, conv.spread) == (pytest.approx(1.5), pytest.approx(1 / np.sqrt(2)))
    assert conv.is_clear
    flat = sharing_report.Difference(1, "", "", "", "", points=-2.0, spread=1.0)
    assert not flat.is_clear


def test_what_is_printed():
    printed = sharing_report.text(made_up())
    assert re.search(r"conv +1,000 +63\.0 ± 15\.6 +63\.0 ± 15\.6", printed)
    assert re.search(r"conv against local +\+1\.5 ± 0\.7", printed)
    assert re.search(r"conv \+ pool against local \+ pool +\+1\.5 ± 0\.7", printed)
    lines = sharing_report.csv_text(made_up()).splitlines()
    assert len(lines) == 1 + 28
    assert lines[1] == "10,centred,centred,dense,10,60.000,14.142,95.000,7.071,2"


def test_numbers_for_sentences():
    results = made_up()
    assert sharing_report.quote(results, "10; conv; centred; shifted") == "63.0 ± 15.6 %"
    told = sharing_report.quote(results, "10; local; dense; centred; centred")
    assert told == "+1.5 ± 0.7 points"
    assert sharing_report.quote(results, "seeds") == "2"
    assert sharing_report.quote(results, "test_pictures") == "1,000"
    assert sharing_report.quote(results, "weights; local + pool") == "10,000"
    for wrong in ("11; conv; centred; shifted", "10; dense; local; centred; centred", "size", ""):
        with pytest.raises(ValueError, match="is no result"):
            sharing_report.quote(results, wrong)


def test_the_plot_shows_the_summary():
    results = made_up()
    figure = sharing_report.plot(results)
    drawn = set()
    for axes, condition in zip(figure.axes, sharing_report.CONDITIONS, strict=True):
        assert axes.get_xscale() == "log"
        assert axes.get_title() == "trained {}\ntested {}".format(*condition)
        for bars in axes.containers:
            (x,), (y,) = bars.lines[0].get_data()
            (low, high) = bars.lines[2][0].get_segments()[0][:, 1]
            drawn.add((bars.get_label(), *condition, x, round(y, 9), round((high - low) / 2, 9)))
    assert drawn == {
        (
            row.net,
            row.trained,
            row.tested,
            row.weights,
            round(row.accuracy, 9),
            round(row.spread, 9),
        )
        for row in sharing_report.summarise(results)
    }
    looks = {(line.get_color(), line.get_marker()) for line in _points(figure.axes[0])}
    assert len(looks) == len(sharing.NETS)


def _points(axes):
    return [bars.lines[0] for bars in axes.containers]
