"""How the benchmarks count and compare; no time is tested."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from benchmarks import compare
from benchmarks.peers import minitorch
from benchmarks.roofline import Limits
from benchmarks.works import WORKS, operations_and_bytes, sweep

TINY = replace(
    WORKS["lenet"],
    name="tiny",
    layers=(
        ("conv", 1, 2, 3, 1),
        ("norm", 2),
        ("relu",),
        ("pool", 2),
        ("flatten",),
        ("dense", 8, 10),
    ),
    shape=(1, 4, 4),
    batch=3,
)


def test_ratios_are_taken_within_rounds():
    """A machine that is twice as slow in one round changes no ratio."""
    assert compare.ratio([2.0, 4.0, 2.0], [1.0, 2.0, 1.0]) == (2.0, 2.0, 2.0)
    assert compare.ratio([3.0], [2.0]) == (1.5, 1.5, 1.5)


def test_peers_that_compute_something_else_are_refused():
    same = {"a": [2.0, 1.5], "b": [2.0001, 1.4999], "no loss": [None, None]}
    compare.same_losses(same)
    with pytest.raises(ValueError, match="c computes other losses than a"):
        compare.same_losses({**same, "c": [2.0, 1.6]})
    with pytest.raises(ValueError, match="c computes other losses"):
        compare.same_losses({**same, "c": [2.0, float("nan")]})


def test_operations_are_those_of_the_products():
    macs = {"conv1": 28 * 28 * 6 * 25, "conv2": 100 * 16 * 150, "dense": 48000 + 10080 + 840}
    infer, _ = operations_and_bytes(WORKS["infer-1"])
    assert infer == 2 * sum(macs.values())
    train, _ = operations_and_bytes(WORKS["lenet"])
    assert train == 64 * 2 * (3 * sum(macs.values()) - macs["conv1"])


def test_bytes_grow_with_the_batch():
    _, once = operations_and_bytes(TINY)
    _, twice = operations_and_bytes(replace(TINY, batch=6))
    assert twice == 2 * once == 4 * 4 * (2 * 16 * 3 + 2 * 4 + 10) * 6


def test_the_roofline_is_the_larger_of_two_times():
    operations, size = operations_and_bytes(TINY)
    assert Limits(operations, 2 * size).seconds(TINY) == 1
    assert Limits(2 * operations, size).seconds(TINY) == 1


def test_weights_and_data_are_the_same_each_time():
    for work in WORKS.values():
        if work.layers:
            first, second = work.weights(), work.weights()
            for a, b in zip(first, second, strict=True):
                for left, right in zip(a, b, strict=True):
                    np.testing.assert_array_equal(left, right)
    assert all(len(works) > 3 for works in sweep().values())


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_this_projects_step_learns(optimiser):
    step = minitorch.build(replace(TINY, optimiser=optimiser))
    losses = [step() for _ in range(30)]
    assert losses[-1] < losses[0]


def test_a_worker_answers_and_what_it_cannot_do_is_said():
    (peer, *others) = compare.start(["minitorch"], 1, {}).values()
    try:
        losses = peer.ask("prepare", work=asdict(TINY))
        assert len(losses) == 3
        assert all(np.isfinite(losses))
        times = peer.ask("turn", name="tiny", seconds=0.0)
        assert len(times) == 1
        assert times[0] > 0
        with pytest.raises(RuntimeError, match="NumPy kernels cannot turn"):
            peer.ask("turn", name="no such work", seconds=0.0)
    finally:
        for each in (peer, *others):
            each.close()


def test_a_peer_that_is_not_installed_is_left_out(capsys):
    assert compare.start(["no_such_peer"], 1, {}) == {}
    assert "no_such_peer cannot be started and is left out" in capsys.readouterr().err
