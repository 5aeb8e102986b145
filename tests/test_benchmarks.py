"""The benchmarks' own arithmetic, and tiny runs of this project through their workers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import compare, profile, roofline, sweep
from benchmarks.plot import draw
from benchmarks.worker import Worker
from benchmarks.works import Work
from benchmarks.works import sweep as sweep_works
from minitorch_cnn.optim import Optimizer
from minitorch_cnn.primitive import PRIMITIVES

TINY = (("conv", 1, 2, 3, 1), ("norm", 2), ("relu",), ("pool", 2), ("flatten",), ("dense", 8, 10))
"""A net on pictures of 4×4 that has every kind of layer."""


def tiny(**changes):
    return Work("tiny", "a tiny net", "train", TINY, (1, 4, 4), 3, **changes)


@pytest.fixture
def peer():
    found = compare.start(["minitorch"], threads=1, pythons={})
    yield found["NumPy kernels"]
    for peer in found.values():
        peer.close()


def test_a_ratio_is_taken_within_rounds():
    """A machine that halves its speed in one round changes no ratio."""
    ours, theirs = [1.0, 2.0, 1.0, 1.2], [2.0, 4.0, 2.0, 2.0]
    middle, low, high = compare.ratio(ours, theirs)
    assert middle == 0.5
    assert low == 0.5
    assert 0.5 < high <= 0.6
    assert compare.ratio([3.0], [2.0]) == (1.5, 1.5, 1.5)


def test_who_computes_something_else_is_found():
    results = {"pytorch": [2.3, 2.2], "same": [2.3001, 2.2], "other": [2.3, 2.1]}
    assert compare.differing(results) == ["other"]
    assert compare.differing({"one": [math.nan]}) == ["one"]


def test_the_fastest_other_is_neither_of_those_compared():
    times = {"pytorch": [1.0], "NumPy kernels": [2.0], "a": [9.0, 3.0, 3.0], "b": [4.0, 4.0, 4.0]}
    assert compare.fastest_other(times) == "a"
    assert compare.fastest_other({"pytorch": [1.0]}) is None


def test_operations_and_bytes_of_a_step_are_those_counted_by_hand():
    flops, size = roofline.operations_and_bytes(tiny())
    conv, dense = 2 * 2 * 9 * 16, 2 * 8 * 10  # multiplications and additions
    assert flops == 3 * (2 * conv + 3 * dense)
    entries = 32 + 32 + 32 + 8 + 10
    parameters = (18 + 2) + (2 + 2) + (80 + 10)
    assert size == 4 * (4 * 3 * entries + 8 * parameters)
    assert roofline.operations_and_bytes(replace(tiny(), kind="infer")) == (
        3 * (conv + dense),
        4 * (2 * 3 * entries + parameters),
    )


def test_the_least_time_is_that_of_the_scarcer_of_the_two():
    work = tiny()
    flops, size = roofline.operations_and_bytes(work)
    assert roofline.Limits(flops, math.inf).seconds(work) == 1
    assert roofline.Limits(math.inf, size / 2).seconds(work) == 2


def test_a_jump_is_growth_beyond_that_of_the_work():
    works = [replace(tiny(), batch=batch) for batch in (100, 200, 400)]
    assert roofline.growth(works[0], works[1]) == pytest.approx(2, rel=0.1)
    times = [{"a": [1.0, 1.1, 1.0]}, {"a": [2.0, 2.2, 2.1]}, {"a": [6.0, 6.6, 6.3]}]
    assert sweep.jumps(works, times) == [[], [], ["a"]]


def test_every_row_of_the_sweep_differs_from_the_others():
    for steps in sweep_works().values():
        values, works = zip(*steps, strict=True)
        assert list(values) == sorted(set(values))
        assert len({work.name for work in works}) == len(works)
        amounts = [roofline.operations_and_bytes(work)[1] for work in works]
        assert amounts == sorted(amounts)
    assert [value for value, _ in sweep_works()["batch (LeNet)"]] == [2**n for n in range(11)]


@pytest.mark.parametrize("kind", ["train", "infer", "chain"])
def test_a_worker_of_this_project_builds_and_takes_turns(peer, kind):
    work = replace(tiny(), kind=kind, operations=4)
    (times,) = compare.take_turns({peer.title: peer}, [work], rounds=2, seconds=0)
    assert len(times["NumPy kernels"]) == 2
    assert min(times["NumPy kernels"]) > 0


def test_steps_start_from_the_weights_of_the_work_and_train_them():
    """The first loss, computed here in NumPy from the same weights and data."""
    work = Work("tiny", "", "train", (("dense", 6, 10),), (6,), 5, "adam")
    results = Worker("minitorch").prepare(vars(work))
    ((weight, bias),), (x, labels) = work.weights(), work.data()
    scores = (x @ weight.T + bias).astype(np.float64)
    loss = np.log(np.exp(scores).sum(1)) - scores[np.arange(5), labels]
    assert results[0] == pytest.approx(loss.mean(), rel=1e-6)
    assert results[0] > results[1] > results[2]


def test_a_failure_is_answered_with_its_reason(peer):
    with pytest.raises(compare.PeerError, match=r"NumPy kernels: prepare tiny failed: \w+Error: "):
        peer.ask("prepare", work={**vars(tiny()), "shape": (7,)})
    assert peer.ask("version") == peer.version  # and the worker goes on


def test_a_peer_that_is_not_installed_is_left_out_and_named(capfd):
    assert compare.start(["no_such_framework"], threads=1, pythons={}) == {}
    assert "left out: no_such_framework: version failed" in capfd.readouterr().err


def test_frameworks_that_differ_are_left_out_and_ours_are_an_error(capsys):
    class Fixed:
        def __init__(self, results):
            self.results = results

        def ask(self, do, work):
            return self.results

    right, wrong = Fixed([1.0]), Fixed([2.0])
    kept = compare.prepare({"mygrad": wrong, "pytorch": right}, tiny())
    assert kept == {"pytorch": right}
    assert "left out: mygrad: tiny: computes something else" in capsys.readouterr().err
    with pytest.raises(ValueError, match="tiny: the first results of steps are not the same"):
        compare.prepare({"NumPy kernels": wrong, "pytorch": right}, tiny())


def test_a_profile_counts_operations_both_ways_and_leaves_nothing_behind(capsys):
    before = {name: (p.compute, p.pull) for name, p in PRIMITIVES.items()}
    step = Optimizer.step
    found = profile.profile(tiny(), runs=2)
    calls = {(row["operation"], row["way"]): row["calls"] for row in found["rows"]}
    assert calls["optimiser", "step"] == 1
    assert all(calls[name, way] == 1 for name in ("conv", "relu") for way in ("forward", "back"))
    assert sum(row["seconds"] for row in found["rows"]) == pytest.approx(found["watched"])
    assert "optimiser" in capsys.readouterr().out
    assert {name: (p.compute, p.pull) for name, p in PRIMITIVES.items()} == before
    assert Optimizer.step is step


def test_pictures_show_ratios_aims_and_jumps():
    seconds = {"NumPy kernels": [2.0, 2.2, 1.8], "pytorch": [1.0, 1.0, 1.0]}
    row = {"title": "a work", "targets": [1.5, 1.2], "seconds": seconds}
    (axes,) = draw({"works": {"a": row}, "memory": {"pytorch": [3], "NumPy kernels": [6]}}).axes
    assert [text.get_text() for text in axes.texts] == [
        "2.00  (1.80–2.20)",
        "2.00  (2.00–2.00)",
    ]
    assert axes.get_yticklabels()[0].get_text() == "a work"
    assert all(0 <= bar.get_width() <= axes.get_xlim()[1] for bar in axes.patches)
    point = {"value": 1, "roofline": 0.5, "seconds": seconds, "jumps": []}
    steps = [point, {**point, "value": 2, "jumps": ["NumPy kernels"]}]
    figure = draw({"sweep": dict.fromkeys("abcd", steps)})
    rings = [line for line in figure.axes[1].lines if line.get_markersize() == 11]
    assert [ring.get_xydata().tolist() for ring in rings] == [[[2, 2000]]]
