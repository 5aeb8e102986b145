"""``doctor``: one line for each check, what mends it, and exit code 1 if something needed fails."""

import importlib.metadata
import json
from types import SimpleNamespace

import pytest

import minitorch_cnn as mt
from minitorch_cnn import backend as backends
from minitorch_cnn.cli import doctor as module
from minitorch_cnn.cli import main


def checks(capsys):
    """Name -> check, of the JSON that was printed."""
    return {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


@pytest.fixture
def installed(monkeypatch):
    """Pretend other versions of packages; None for one that is not installed."""

    def pretend(**versions):
        known = importlib.metadata.version

        def version(name):
            found = versions.get(name.replace("-", "_"), known)
            if found is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return known(name) if found is known else found

        monkeypatch.setattr(module, "version", version)

    return pretend


@pytest.fixture
def required(monkeypatch):
    lines = ["numpy>=2.1", "matplotlib>=3.9; extra == 'viz'", "pillow>=10.3; extra == 'viz'"]
    monkeypatch.setattr(module, "requires", lambda name: lines)


def test_a_sound_installation(capsys, monkeypatch):
    monkeypatch.setattr(backends, "_entry_points", dict)  # of backends, numpy and what is loaded
    assert main(["doctor"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for start in (
        *("ok    python: 3.", "ok    minitorch-cnn: ", "ok    numpy: 2."),
        *("ok    minitorch-cnn[viz]: ", "ok    threads: ", "ok    downloads: datasets go to "),
        *("ok    default backend: numpy; MINITORCH_BACKEND is not set", "ok    backend numpy: "),
    ):
        assert f"\n{start}" in f"\n{out}"
    assert max(map(len, out.splitlines())) <= 100


def test_json_says_whether_all_is_well(capsys):
    code = main(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is (code == 0) is True
    assert {check["status"] for check in report["checks"]} <= {"ok", "warn"}
    assert all(check.keys() == {"status", "name", "message", "fix"} for check in report["checks"])


def test_a_needed_package_that_is_too_old_fails(capsys, installed, required):
    installed(numpy="2.0.9")
    assert main(["doctor"]) == 1
    out, err = capsys.readouterr()
    assert "fail  numpy: numpy 2.0.9 is too old, 2.1 or newer is needed\n" in out
    assert '      mend it: pip install "numpy>=2.1"\n' in out
    assert err.startswith("minitorch-cnn doctor: 1 of ")
    assert err.endswith(" checks failed\n")


def test_a_needed_package_that_is_missing_fails(capsys, installed, required):
    installed(numpy=None)
    assert main(["doctor", "--json"]) == 1
    assert checks(capsys)["numpy"] == {
        "status": "fail",
        "name": "numpy",
        "message": "numpy is not installed",
        "fix": 'pip install "numpy>=2.1"',
    }


@pytest.mark.parametrize(
    ("versions", "status", "message"),
    [
        ({"matplotlib": "3.9", "pillow": "11.0"}, "ok", ": matplotlib 3.9, pillow 11.0"),
        ({"matplotlib": None, "pillow": None}, "ok", "not installed; for pictures"),
        ({"matplotlib": "4.0", "pillow": None}, "warn", ": pillow is not installed"),
        ({"matplotlib": "3.8.9", "pillow": "11.0"}, "warn", "matplotlib 3.8.9 is too old"),
    ],
)
def test_an_optional_part(capsys, installed, required, versions, status, message):
    installed(**versions)
    assert main(["doctor", "--json"]) == 0
    check = checks(capsys)["minitorch-cnn[viz]"]
    assert check["status"] == status
    assert message in check["message"]
    assert 'pip install "minitorch-cnn[viz]"' in check["message"] + check["fix"] or status == "ok"


def test_the_extras_are_those_of_the_project():
    announced = importlib.metadata.metadata("minitorch-cnn").get_all("Provides-Extra")
    assert set(module.EXTRAS) <= set(announced)


def test_sources_that_are_not_installed(capsys, installed):
    installed(minitorch_cnn=None)
    assert main(["doctor", "--json"]) == 0
    check = checks(capsys)["minitorch-cnn"]
    assert check["status"] == "warn"
    assert check["fix"].startswith("pip install --editable ")


def test_a_folder_for_downloads_that_cannot_be_written(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MINITORCH_DATA", str(tmp_path / "file"))
    assert main(["doctor", "--json"]) == 0
    check = checks(capsys)["downloads"]
    assert check["status"] == "warn"
    assert f"nothing can be written to {tmp_path / 'file'}" in check["message"]
    monkeypatch.setenv("MINITORCH_DATA", str(tmp_path / "new" / "folder"))
    assert main(["doctor", "--json"]) == 0
    assert checks(capsys)["downloads"]["status"] == "ok"
    assert not (tmp_path / "new").exists()


def test_a_default_backend_that_cannot_be_used_fails_alone(capsys, monkeypatch):
    monkeypatch.setenv("MINITORCH_BACKEND", "abacus")
    monkeypatch.setattr(backends, "_environment_read", [])
    assert main(["doctor", "--json"]) == 1
    found = checks(capsys)
    failed = [check["name"] for check in found.values() if check["status"] == "fail"]
    assert failed == ["default backend"]
    message = found["default backend"]["message"]
    assert message.startswith("MINITORCH_BACKEND is 'abacus': MINITORCH_BACKEND: unknown backend")
    assert found["backend numpy"]["status"] == "ok"


# --- backends -----------------------------------------------------------------------------------


def announce(monkeypatch, name, make):
    monkeypatch.setattr(
        backends, "_entry_points", lambda: {name: SimpleNamespace(load=lambda: make)}
    )


def test_a_backend_that_cannot_be_used_is_a_warning_with_its_fix(capsys, monkeypatch):
    def make():
        raise mt.BackendUnavailable(
            "backend 'abacus' cannot be used: no beads. To mend it: buy some, for instance red ones"
        )

    announce(monkeypatch, "abacus", make)
    assert main(["doctor", "--json"]) == 0
    assert checks(capsys)["backend abacus"] == {
        "status": "warn",
        "name": "backend abacus",
        "message": "cannot be used: no beads",
        "fix": "buy some, for instance red ones",
    }


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ValueError("stuck"), "a small training fails with ValueError: stuck"),
        ([1.0, 0.9, 0.8], "has the losses [1.0, 0.9, 0.8], on NumPy [1.0, 0.9, 0.7]"),
        ([1.0, 0.9, float("nan")], "nan], on NumPy"),
    ],
)
def test_a_backend_that_computes_wrongly_fails(capsys, monkeypatch, answer, message):
    def training(name):
        if name == "numpy":
            return [1.0, 0.9, 0.7]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "small_training", training)
    assert main(["doctor", "--json"]) == 1
    check = checks(capsys)["backend strict"]
    assert check["status"] == "fail"
    assert message in check["message"]
    assert check["fix"]
