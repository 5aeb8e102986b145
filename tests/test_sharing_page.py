"""The page on what sharing buys: its stored run is of this code, and its sentences are true of it."""

import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks import sharing, sharing_report
from minitorch_cnn import datasets
from minitorch_cnn.io import read_json

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "what_sharing_buys.rst"
STORED = PAGE.parent / "data" / "sharing.json"

COUNTS = (300, 1000)

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the pages are not installed")


@pytest.fixture(scope="module")
def stored():
    return read_json(STORED)


def test_the_stored_run_is_of_these_nets_and_this_recipe(stored):
    settings = stored["settings"]
    assert settings == {
        "seeds": list(range(5)),
        "pictures": list(COUNTS),
        "test_pictures": 1000,
        "held_out": False,
        **asdict(sharing.Recipe()),
        "maps": sharing.MAPS,
        "window": sharing.WINDOW,
        "stride": sharing.STRIDE,
        "hidden_units": sharing.UNITS,
        "max_shift": sharing.MAX_SHIFT,
    }
    assert stored["weights"] == {
        name: sharing.count_weights(design) for name, design in sharing.NETS.items()
    }
    rows = sharing_report.summarise(stored)
    assert len(rows) == 2 * len(sharing.NETS) * len(sharing_report.CONDITIONS)
    assert {row.seeds for row in rows} == {5}


def test_a_stored_number_comes_out_again(stored):
    """Nearly: another processor may round otherwise."""
    seen, unseen = sharing.views(*datasets.mnist_mini(), seed=0, pictures=300)["centred"]
    net = sharing.NETS["conv"].build(sharing.stream(0, "weights"))
    sharing.fit(net, seen, sharing.Recipe(), seed=0)
    kept = next(run for run in stored["runs"] if run["net"] == "conv")
    assert (kept["pictures"], kept["trained"], kept["tested"]) == (300, "centred", "centred")
    assert sharing.accuracy(net, unseen) == pytest.approx(kept["accuracy"][0], abs=0.02)


def test_every_number_in_the_prose_is_a_result(stored):
    page = PAGE.read_text(encoding="utf-8")
    quoted = re.findall(r":sharing:`([^`]+)`", page)
    assert len(quoted) > 40
    for words in quoted:
        assert sharing_report.quote(stored, words)
    assert not re.findall(r"±\s*\d|\d ±|\d %(?! is itself)", page)


def test_the_findings_of_the_page_are_in_the_stored_run(stored):
    found = {
        (d.pictures, d.net, d.base, d.trained, d.tested): d
        for d in sharing_report.differences(stored)
    }
    rows = {
        (row.pictures, row.net, row.trained, row.tested): row
        for row in sharing_report.summarise(stored)
    }

    def gain(net, base, trained, tested):
        """-1, 0 or 1 for each number of pictures: a clear loss, nothing clear, a clear gain."""
        differences = (found[count, net, base, trained, tested] for count in COUNTS)
        return tuple(int(np.sign(d.points)) if d.is_clear else 0 for d in differences)

    for trained, tested in (("centred",) * 2, ("centred", "shifted"), ("shifted",) * 2):
        assert gain("conv", "local", trained, tested) == (0, 0)
    assert gain("local", "dense", "centred", "centred") == (1, 0)
    unseen = ("centred", "shifted")
    assert gain("local + pool", "local", *unseen) == (0, 1)
    assert gain("local + global pool", "local", *unseen) == (-1, -1)
    assert gain("conv + pool", "conv", *unseen) == (1, 1)
    assert gain("conv + global pool", "conv", *unseen) == (1, 1)
    assert gain("conv + global pool", "local + global pool", *unseen) == (1, 1)
    assert gain("conv + global pool", "conv", "centred", "centred") == (-1, -1)
    assert gain("conv + pool", "conv", "centred", "centred") == (1, 1)
    assert gain("conv + pool", "local + pool", "centred", "centred") == (0, 1)
    assert gain("conv + pool", "local + pool", "shifted", "shifted") == (1, 0)
    assert gain("conv + global pool", "local + global pool", "shifted", "shifted") == (1, 1)
    assert gain("conv + global pool", "conv + pool", "shifted", "shifted") == (0, 0)
    assert gain("local", "dense", "permuted", "permuted") == (0, 0)
    assert gain("conv", "local", "permuted", "permuted") == (-1, -1)
    assert gain("conv + global pool", "local + global pool", "permuted", "permuted") == (-1, -1)
    for count in COUNTS:
        centred = {net: rows[count, net, "centred", "centred"].accuracy for net in sharing.NETS}
        assert max(centred, key=centred.get) == "conv + pool"
        for net in sharing.NETS:
            trained = rows[count, net, "shifted", "shifted"].accuracy
            assert trained > rows[count, net, "centred", "shifted"].accuracy
    assert min(row.train_accuracy for row in rows.values()) > 98
    assert len(found) == 72
