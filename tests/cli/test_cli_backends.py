"""``backends``: what can compute here, and one clear reason for each that cannot."""

import json
from types import SimpleNamespace

import pytest

import minitorch_cnn as mt
from minitorch_cnn import backend as backends
from minitorch_cnn.cli import main


@pytest.fixture
def announce(monkeypatch):
    """Announce more backends, each by a function that makes it or fails to."""

    def announced(**makers):
        points = {
            name: SimpleNamespace(load=lambda make=make: make) for name, make in makers.items()
        }
        known = backends._entry_points()
        monkeypatch.setattr(backends, "_entry_points", lambda: known | points)

    return announced


def fails(error):
    def make():
        raise error

    return make


def test_the_table_names_device_library_and_kernels(capsys):
    assert main(["backends"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    headings = ["backend", "usable", "device", "library", "kernels:", "own", "portable"]
    assert out.splitlines()[0].split() == headings
    assert "numpy *   yes" in lines["numpy"]
    assert f"numpy {__import__('numpy').__version__}" in lines["numpy"]
    assert "device1 (pretended, on this CPU)" in lines["strict"]
    assert lines["strict"].split()[-2] == "0"


def test_json_holds_the_same(capsys):
    assert main(["backends", "--json"]) == 0
    states = {state["name"]: state for state in json.loads(capsys.readouterr().out)}
    assert states["numpy"]["default"]
    assert not states["strict"]["default"]
    kernels = {state["own_kernels"] + state["portable_kernels"] for state in states.values()}
    assert len(kernels - {0}) == 1
    assert states["numpy"]["own_kernels"] > states["strict"]["own_kernels"] == 0


def test_a_backend_that_cannot_be_used_is_a_paragraph_and_no_error(capsys, announce):
    cause = "backend 'abacus' cannot be used: " + "beads are missing " * 9
    announce(abacus=fails(mt.BackendUnavailable(cause + ". To mend it: buy some")))
    assert main(["backends"]) == 0
    out = capsys.readouterr().out
    assert "\nabacus    no\n" in out
    paragraph = out.split("\n\n")[1]
    assert " ".join(paragraph.split()) == cause + ". To mend it: buy some"
    assert max(map(len, paragraph.splitlines())) <= 88


def test_a_broken_package_of_somebody_else_hides_no_other(capsys, announce):
    announce(abacus=fails(ZeroDivisionError("beads")))
    assert main(["backends"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "numpy * yes" in out
    assert "making it fails with ZeroDivisionError: beads. To mend it: update or remove" in out


@pytest.mark.parametrize("named", ["strict", "abacus"])
def test_the_star_is_at_the_default(capsys, monkeypatch, named):
    monkeypatch.setenv("MINITORCH_BACKEND", named)
    monkeypatch.setattr(backends, "_environment_read", [])
    assert main(["backends"]) == 0
    monkeypatch.delenv("MINITORCH_BACKEND")
    assert ("strict *" in capsys.readouterr().out) is (named == "strict")
