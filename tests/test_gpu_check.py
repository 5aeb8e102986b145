"""``python -m minitorch_cnn.gpu_check``: it finds what is wrong, names it, and says what it ran on.

The checks that work for every backend run on those of the test run; the whole program runs where
there is CuPy (on a GPU or on emulated CUDA), and where there is none it must say so.
"""

import json
import math
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cuda_emulator import emulator
from minitorch_backends import portable
from minitorch_backends.protocol import BackendUnavailable
from minitorch_cnn.backend import get_backend
from minitorch_cnn.gpu_check import children, environment, program, speed, training
from minitorch_cnn.gpu_check.cases import CASES, adjoints
from minitorch_cnn.gpu_check.kernels import check_adjoints, check_kernels, relative_error
from minitorch_cnn.gpu_check.reductions import REDUCTIONS, check_reductions
from minitorch_cnn.gpu_check.report import FORMAT, Outcome, Report


@pytest.fixture
def cupy_home() -> Any:
    try:
        return get_backend("cupy")
    except (ValueError, BackendUnavailable) as unavailable:
        pytest.skip(str(unavailable))


def states(outcomes: Any) -> dict[str, str]:
    return {outcome.name: outcome.state for outcome in outcomes}


# --- kernels --------------------------------------------------------------------------------------


def test_cases_are_of_kernels() -> None:
    assert set(CASES) <= set(portable.KERNELS)
    for name, cases in CASES.items():
        assert list(cases(np.random.default_rng(0))), name


def test_kernels_reductions_and_adjoints_are_right(backend: str) -> None:
    home = get_backend(backend)
    found = states([*check_kernels(home), *check_adjoints(home), *check_reductions(home)])
    assert {name for name in found if name.startswith("kernel ")} == {
        f"kernel {name}" for name in portable.KERNELS
    }
    assert {name for name in found if name.startswith("reduction ")} == {
        f"reduction {name}" for name in REDUCTIONS
    }
    assert "adjoint conv, conv_weight" in found
    assert set(found.values()) == {"ok"}


def one_entry_off(result: Any) -> Any:
    wrong = np.array(result)
    wrong.flat[-1] += 1e-3
    return wrong


DEFECTS = {
    "one entry off": (one_entry_off, "relative error"),
    "NaN": (lambda result: result * np.nan, "relative error inf"),
    "an entry short": (lambda result: result[:-1], "relative error inf"),
    "another dtype": (lambda result: result.astype(np.float16), "is float16, expected float32"),
}


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("name", ["softmax", "conv_input", "index_add"])
def test_a_wrong_kernel_is_named(name: str, defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = get_backend("numpy")
    spoil, words = DEFECTS[defect]
    right = home.kernels[name]
    monkeypatch.setitem(
        home.kernels,
        name,
        lambda *arrays, **parameters: (
            spoil(found) if (found := right(*arrays, **parameters)).size else found
        ),
    )
    wrong = [outcome for outcome in check_kernels(home) if outcome.state != "ok"]
    assert [(outcome.state, outcome.name) for outcome in wrong] == [("fail", f"kernel {name}")]
    assert "float32" in wrong[0].detail
    assert any(words in line for line in wrong[0].figures["wrong"])


def test_a_kernel_that_raises_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arrays: Any, **parameters: Any) -> Any:
        raise RuntimeError("no such device")

    home = get_backend("numpy")
    monkeypatch.setitem(home.kernels, "fold", broken)
    found = states([*check_kernels(home), *check_adjoints(home)])
    assert {name for name, state in found.items() if state == "fail"} == {
        "kernel fold",
        "adjoint unfold, fold",
    }


def test_a_kernel_without_cases_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(portable.KERNELS, "new", portable.softmax)
    assert states(check_kernels(get_backend("numpy")))["kernel new"] == "fail"


def test_a_map_that_is_not_the_adjoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    home = get_backend("numpy")
    monkeypatch.setitem(home.kernels, "sum_pool_input", lambda g, *, shape, **_: np.ones(shape))
    wrong = [name for name, state in states(check_adjoints(home)).items() if state != "ok"]
    assert wrong == ["adjoint sum_pool, sum_pool_input"]


def test_all_kernels_with_an_adjoint_have_pairs() -> None:
    pairs = list(adjoints(np.random.default_rng(0)))
    names = {pair.name for pair in pairs} | {pair.back_name for pair in pairs}
    assert names >= {name for name in CASES if name.startswith(("conv", "local", "link"))}


def test_errors_are_relative_and_nan_must_agree() -> None:
    x = np.array([1.0, -4.0, math.nan, math.inf])
    assert relative_error(x, x) == 0
    assert relative_error(x + np.array([0, 1.0, 0, 0]), x) == pytest.approx(0.25)
    assert relative_error(np.zeros(0), np.zeros(0)) == 0
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    for other in (np.nan_to_num(x), -x, x[:3], x * math.nan):
        assert relative_error(other, x) == math.inf
    assert relative_error(np.array([1, 2]), np.array([1, 3])) == math.inf


# --- training -------------------------------------------------------------------------------------


def traced(net: str = "batch norm") -> training.Trace:
    return training.train(training.NETS[net], get_backend("numpy"), "float32", 3, 4)


@pytest.mark.parametrize("net", training.NETS)
def test_a_training_is_repeated_exactly(net: str) -> None:
    one, other = traced(net), traced(net)
    assert one.losses[0] != one.losses[-1]
    outcome = training.compare("x", one, other, 0.0)
    assert (outcome.state, len(outcome.figures["found"])) == ("ok", 3)


def test_both_nets_train_alike_on(backend: str) -> None:
    outcomes = list(training.check_training(get_backend(backend), get_backend("numpy"), 3, 4))
    assert [outcome.state for outcome in outcomes] == ["ok"] * 3, outcomes


@pytest.mark.parametrize("change", [1e-3, math.nan])
def test_the_first_step_that_differs_is_named(change: float) -> None:
    expected, found = traced(), traced()
    found.states[1]["8.weight"][3, 5] += change
    outcome = training.compare("net", expected, found, 1e-5)
    assert outcome.state == "fail"
    assert outcome.detail.startswith("step 2: loss")
    assert "of 8.weight" in outcome.detail


def test_a_loss_that_differs_is_found() -> None:
    expected, found = traced(), traced()
    found.losses[2] = math.nan
    outcome = training.compare("net", expected, found, 1e-5)
    assert (outcome.state, outcome.detail[:7]) == ("fail", "step 3:")


# --- speed ----------------------------------------------------------------------------------------


def test_the_table_says_from_which_batch_on_a_gpu_pays() -> None:
    rows = [
        {"batch": 1, "cpu_ms": 0.1, "gpu_ms": 0.5},
        {"batch": 8, "cpu_ms": 0.8, "gpu_ms": 0.5},
        {"batch": 64, "cpu_ms": 6.4, "gpu_ms": 0.6},
    ]
    outcome = speed.table_outcome("dense", rows)
    assert (outcome.state, outcome.figures["crossover"]) == ("ok", 8)
    assert "8: 0.80/0.50" in outcome.detail
    slow = speed.table_outcome("dense", rows[:1])
    assert (slow.state, slow.figures["crossover"]) == ("warn", None)


# --- the report -----------------------------------------------------------------------------------

KEYS = ["format", "exit_code", "emulated", "quick", "environment", "checks"]
CHECK_KEYS = ["state", "name", "detail", "figures"]


def read(path: Any) -> Any:
    report = json.loads(path.read_text(encoding="utf-8"))
    assert list(report) == KEYS
    assert report["format"] == FORMAT == "minitorch_cnn gpu_check 1"
    for check in report["checks"]:
        assert list(check) == CHECK_KEYS
        assert check["state"] in ("ok", "warn", "fail", "skip")
    return report


def test_the_report_is_there_from_the_start(tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "r.json"
    report = Report(path, quick=True)
    assert read(path)["exit_code"] is None
    report.add(Outcome("warn", "speed", "slow", {"rows": [math.nan, {"a": math.inf}], "n": 1}))
    assert read(path)["checks"] == [
        {
            "state": "warn",
            "name": "speed",
            "detail": "slow",
            "figures": {"rows": ["nan", {"a": "inf"}], "n": 1},
        }
    ]
    report.emulated = True
    report.add(Outcome("fail", "kernel x", "wrong"))
    assert report.finish(1) == read(path)["exit_code"] == 1
    assert read(path)["emulated"] is read(path)["quick"] is True
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("[warn] speed ")
    assert second.startswith("[FAIL] kernel x ")
    assert "emulated: wrong" in second
    assert report.summary() == "0 ok, 1 warnings, 1 failed, 0 skipped"


# --- the environment ------------------------------------------------------------------------------


def test_the_environment_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUPY_TF32", "1")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    found = environment.facts()
    assert found["packages"]["numpy"] == np.__version__
    assert found["variables"]["CUPY_TF32"] == "1"
    assert "SECRET_TOKEN" not in found["variables"]
    assert states(environment.check_packages(found))["CUPY_TF32=1"] == "warn"


def test_two_packages_of_cupy_are_a_failure() -> None:
    found = environment.facts() | {"variables": {}}
    found["packages"] = {"numpy": "2.4", "cupy-cuda12x": "14.0", "cupy-cuda13x": "14.2"}
    outcomes = list(environment.check_packages(found))
    assert [outcome.state for outcome in outcomes] == ["ok", "fail"]
    assert "cupy-cuda12x and cupy-cuda13x" in outcomes[1].detail
    del found["packages"]["cupy-cuda12x"]
    assert [outcome.state for outcome in environment.check_packages(found)] == ["ok"]


# --- the program ----------------------------------------------------------------------------------


def run_program(code: str, *options: Any, **variables: str) -> Any:
    start = "import sys\nfrom minitorch_cnn.gpu_check import program\n"
    end = "\nsys.exit(program.main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", start + code + end, *map(str, options)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_without_cupy_it_says_so(tmp_path: Any) -> None:
    path = tmp_path / "report.json"
    done = run_program("sys.modules['cupy'] = None", "--out", path)
    assert (done.returncode, done.stderr) == (2, "")
    assert "CuPy is not installed. To mend it: pip install" in done.stdout
    report = read(path)
    assert report["exit_code"] == 2
    assert "CuPy is not installed" in report["checks"][-1]["detail"]
    assert report["environment"]["python"].count(".") == 2


def test_as_a_module_it_has_help() -> None:
    command = [sys.executable, "-m", "minitorch_cnn.gpu_check", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "exit codes: 0 all is well, 1 something is wrong, 2 no GPU" in done.stdout


def test_a_report_that_cannot_be_written_is_known_at_once(tmp_path: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit) as stop:
        program.main(["--out", str(tmp_path / "no folder" / "r.json")])
    assert stop.value.code == 2
    assert "no folder" in capsys.readouterr().err


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The program on a pretended GPU; the dict is its sections."""
    home = SimpleNamespace(device_name="Some GPU")
    device = {"name": "Some GPU", "compute_capability": "9.0", "memory_bytes": 2**33}
    device |= {"driver": 13020, "runtime": 13000, "nvrtc": "13.0", "cublas": 130000}
    sections: dict[str, Any] = {}
    monkeypatch.setattr(program, "_home", lambda fresh_memory: home)
    monkeypatch.setattr(environment, "device_facts", lambda home: device)
    monkeypatch.setattr(program, "SECTIONS", sections)
    return sections


def said(state: Any, name: str = "something") -> Any:
    return lambda settings: [Outcome(state, name, "so it is")]


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("warn", 0), ("skip", 0), ("fail", 1)])
def test_the_exit_code(pretended: Any, state: str, code: int, tmp_path: Any, capsys: Any) -> None:
    pretended["a"], pretended["sanitizer"] = said(state), said("fail", "not asked for")
    path = tmp_path / "r.json"
    assert program.main(["--out", str(path)]) == read(path)["exit_code"] == code
    out = capsys.readouterr().out
    assert "Some GPU, compute capability 9.0, 8.0 GiB, CUDA 13.2 in the driver, 13.0 in" in out
    assert "emulated" not in out
    assert "not asked for" not in out
    assert program.main(["--out", str(path), "--sanitizer"]) == 1


def test_a_section_that_breaks_off_is_a_failure(pretended: Any, tmp_path: Any) -> None:
    def broken(settings: Any) -> Any:
        yield Outcome("ok", "first", "fine")
        raise RuntimeError("an illegal address")

    pretended["a"], pretended["b"] = broken, said("ok", "last")
    path = tmp_path / "r.json"
    assert program.main(["--out", str(path)]) == 1
    first, wrong, last = read(path)["checks"][-3:]
    assert (first["state"], last["state"]) == ("ok", "ok")
    assert (wrong["state"], wrong["name"]) == ("fail", "a")
    assert wrong["detail"] == "RuntimeError: an illegal address"
    assert "test_gpu_check.py" in wrong["figures"]["traceback"]


def test_ctrl_c_keeps_what_was_found(pretended: Any, tmp_path: Any, capsys: Any) -> None:
    def stopped(settings: Any) -> Any:
        yield Outcome("ok", "first", "fine")
        raise KeyboardInterrupt

    pretended["a"] = stopped
    assert program.main(["--out", str(tmp_path / "r.json")]) == 130
    assert read(tmp_path / "r.json")["checks"][-1]["name"] == "first"
    assert "holds what was found" in capsys.readouterr().err


# --- in other processes ---------------------------------------------------------------------------


def test_a_child_is_the_program_itself(tmp_path: Any) -> None:
    (tmp_path / "cupy.py").write_text("raise ImportError('broken on purpose')")
    found = os.environ.get("PYTHONPATH", "")
    variables = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{found}", "CUPY_ACCELERATORS": "cub"}
    code, report, output = children.run_only("kernels", variables)
    assert code == report["exit_code"] == 2
    assert report["environment"]["variables"]["CUPY_ACCELERATORS"] == "cub"
    assert "broken on purpose" in output


def test_a_child_that_dies_is_named() -> None:
    before = [sys.executable, "-c", "print('cannot start'); raise SystemExit(3)"]
    with pytest.raises(children.ChildFailed, match="cannot start"):
        children.run_only("kernels", before=before)


REDUCED = {"checks": [{"state": "ok", "name": "reduction sum", "detail": "fine", "figures": {}}]}


def test_accelerators_are_tried_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"checks": [{**REDUCED["checks"][0], "state": "fail", "detail": "rows: error 1"}]}
    answers = {"": (0, REDUCED, ""), "cub": (1, wrong, "")}
    monkeypatch.setattr(
        children, "run_only", lambda section, variables: answers[variables["CUPY_ACCELERATORS"]]
    )
    off, on = children.check_accelerators(emulated=False)
    assert (off.state, on.state) == ("ok", "fail")
    assert on.detail == "reduction sum: rows: error 1"
    answers["cub"] = (2, {"checks": []}, "x\nno GPU\n")
    _, on = children.check_accelerators(emulated=False)
    assert (on.state, on.detail) == ("fail", "no GPU")
    _, on = children.check_accelerators(emulated=True)
    assert on.state == "skip"


def test_tf32_is_for_gpus_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    product = {"state": "ok", "name": "matrix product, TF32", "detail": "9 TFLOP/s", "figures": {}}
    monkeypatch.setattr(children, "run_only", lambda *_: (0, {"checks": [product]}, ""))
    assert [o.state for o in children.check_tf32("7.5", emulated=False)] == ["skip"]
    assert [o.state for o in children.check_tf32("10.0", emulated=True)] == ["skip"]
    (found,) = children.check_tf32("10.0", emulated=False)
    assert found == Outcome("ok", "matrix product, TF32", "9 TFLOP/s", {})
    monkeypatch.setattr(children, "run_only", lambda *_: (1, {"checks": []}, "broken"))
    (found,) = children.check_tf32("8.0", emulated=False)
    assert (found.state, found.detail) == ("fail", "broken")


def test_the_sanitizer_is_run_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv("CUDA_PATH", raising=False)
    skipped = list(children.check_sanitizer())
    assert [outcome.state for outcome in skipped] == ["skip", "skip"]
    assert "not found" in skipped[0].detail

    folder = tmp_path / "bin"
    folder.mkdir()
    program_file = folder / "compute-sanitizer"
    program_file.write_text("#!/bin/sh\n")
    program_file.chmod(0o755)
    monkeypatch.setenv("CUDA_PATH", str(tmp_path))
    calls = []

    def pretend(*arguments: Any, **named: Any) -> Any:
        calls.append((arguments, named))
        tool = named["before"][2]
        said = f"[ok  ] ...\n========= ERROR SUMMARY: {'1 error' if tool == 'racecheck' else 0}"
        checks = {"checks": [{"name": "kernel conv"}, {"name": "versions"}]}
        return (86 if tool == "racecheck" else 0), checks, said

    monkeypatch.setattr(children, "run_only", pretend)
    clean, races = children.check_sanitizer()
    assert (clean.state, clean.detail) == ("ok", "no errors in 1 kernels")
    assert (races.state, races.detail) == ("fail", "========= ERROR SUMMARY: 1 error")
    assert calls[0][0] == ("kernels", None, "--fresh-memory")
    common = ["--error-exitcode", "86"]
    assert [call[1]["before"] for call in calls] == [
        [str(program_file), "--tool", "memcheck", *common, "--report-api-errors", "no"],
        [str(program_file), "--tool", "racecheck", *common],
    ]


# --- on a GPU, or on emulated CUDA ----------------------------------------------------------------


@pytest.mark.timeout(400)
def test_the_whole_program(cupy_home: Any, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "report.json"
    code = program.main(["--quick", "--out", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert code == 0, "\n".join(lines)
    report = read(path)
    found = states(SimpleNamespace(**check) for check in report["checks"])
    assert found["device"] == found["kernel conv"] == found["memory bandwidth"] == "ok"
    assert found["a warm step takes no new memory"] == found["CUPY_ACCELERATORS off"] == "ok"
    assert report["environment"]["device"]["name"] == cupy_home.device_name
    assert report["emulated"] is environment.is_emulated(cupy_home)
    assert report["quick"]
    if report["emulated"]:
        on_device = [line for line in lines if line.startswith("[") and "versions" not in line]
        assert all("emulated: " in line for line in on_device)
        assert lines[-1].startswith("This was emulated CUDA")
        assert not {"GB/s", "TFLOP/s", "ms"} & set(" ".join(lines).split())


def test_a_planted_wrong_kernel(
    cupy_home: Any, tmp_path: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = cupy_home.kernels["sum_pool"]
    two = {name: portable.KERNELS[name] for name in ("sum_pool", "softmax")}
    monkeypatch.setattr(portable, "KERNELS", two)
    monkeypatch.setitem(cupy_home.kernels, "sum_pool", lambda *a, **k: right(*a, **k) * 1.001)
    path = tmp_path / "report.json"
    assert program.main(["--only", "kernels", "--out", str(path)]) == 1
    assert "[FAIL] kernel sum_pool" in capsys.readouterr().out
    wrong = [check["name"] for check in read(path)["checks"] if check["state"] == "fail"]
    assert wrong == ["kernel sum_pool"]


WAITING = """
from minitorch_cnn.gpu_check import steps
right = steps.lenet_step
steps.lenet_step = lambda *arguments: lambda step=right(*arguments): step().item()
"""


@pytest.mark.skipif(not emulator.available(), reason="needs the lazy queue of emulated CUDA")
@pytest.mark.parametrize(("code", "exit_code"), [("", 0), (WAITING, 1)], ids=["right", "waiting"])
def test_a_step_that_waits_is_found(code: str, exit_code: int, tmp_path: Any) -> None:
    options = ("--only", "steps", "--out", tmp_path / "r.json")
    done = run_program(code, *options, CUDA_EMULATOR_LAZY_QUEUE="1")
    assert done.returncode == exit_code, done.stdout + done.stderr
    mark = "[FAIL]" if exit_code else "[ok  ]"
    assert f"{mark} the host does not wait in a step" in done.stdout


POOL = """
import atexit, cupy
atexit.register(lambda: print("pool:", cupy.get_default_memory_pool().total_bytes()))
"""


@pytest.mark.usefixtures("cupy_home")
@pytest.mark.parametrize("fresh", [False, True])
def test_fresh_memory_is_not_of_the_pool(fresh: bool, tmp_path: Any) -> None:
    options = ["--only", "bandwidth", *(["--fresh-memory"] if fresh else [])]
    done = run_program(POOL, *options, "--out", tmp_path / "r.json")
    assert done.returncode == 0, done.stdout + done.stderr
    pool = int(done.stdout.rpartition("pool:")[2])
    assert (pool < speed.COPIED_BYTES_EMULATED) is fresh
