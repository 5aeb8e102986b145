"""What building the emulated environment checks and says; needs no emulated CUDA."""

import subprocess
import sys
from pathlib import Path

import pytest

from cuda_emulator import build, emulator

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CUDA is emulated on Linux")


@linux
@pytest.mark.parametrize("program", ["g++", "nm"])
def test_a_missing_program(program, monkeypatch):
    find = build.shutil.which
    monkeypatch.setattr(build.shutil, "which", lambda name: None if name == program else find(name))
    with pytest.raises(build.BuildError, match=r"needed and not found \(on Debian: apt install"):
        build.check_machine()


def test_another_system(monkeypatch):
    monkeypatch.setattr(build.sys, "platform", "darwin")
    with pytest.raises(build.BuildError, match="on Linux only, and this is darwin"):
        build.check_machine()


def test_a_command_that_fails_shows_what_it_said():
    with pytest.raises(build.BuildError, match="no such package"):
        build.run([sys.executable, "-c", "print('no such package'); raise SystemExit(1)"])


def test_what_is_not_complete_is_not_used(tmp_path):
    assert not build.is_complete(tmp_path / "nothing", "key")
    assert not build.is_complete(tmp_path, "key")
    (tmp_path / build.MARK).write_text("key of other sources")
    assert not build.is_complete(tmp_path, "key")
    (tmp_path / build.MARK).write_text("key")
    assert build.is_complete(tmp_path, "key")


def test_keys_follow_what_they_are_made_of(monkeypatch, tmp_path):
    environment, library = build.environment_key(), build.library_key()
    (tmp_path / "core.cpp").write_text("// another emulator")
    with monkeypatch.context() as patch:
        patch.setattr(build, "SOURCE", tmp_path)
        assert build.environment_key() == environment
        assert build.library_key() != library
    monkeypatch.setattr(build, "PACKAGES", ["cupy-cuda13x==15.0.0"])
    assert build.environment_key() != environment
    assert build.library_key() != library


def test_functions_that_are_not_emulated_return_errors():
    text = build.missing_functions("libcublas.so.13", ["cublasSdot_v2"], 15, [])
    assert 'int cublasSdot_v2(void) { return emulator_not_emulated("cublasSdot_v2", 15); }' in text


def test_options_of_run():
    run = Path(build.HERE, "run.py")
    shown = subprocess.run([sys.executable, run, "--help"], capture_output=True, text=True)
    for name in (*emulator.SETTINGS, *emulator.MODES):
        assert name in shown.stdout
    wrong = [sys.executable, run, "--set", "SPEED=9", "-c", "0"]
    refused = subprocess.run(wrong, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "expected one of THREAD_ORDER" in refused.stderr


@pytest.mark.skipif(
    emulator.available(), reason="asks what happens without emulated CUDA; it is on"
)
def test_counters_need_emulated_cuda():
    with pytest.raises(RuntimeError, match=r"start it with python tests/cuda_emulator/run\.py"):
        emulator.stats()


def test_every_mode_is_made_of_known_settings():
    assert all(set(settings) <= set(emulator.SETTINGS) for settings in emulator.MODES.values())
