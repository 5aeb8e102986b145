"""What a training step may cost on a GPU, counted on emulated CUDA.

No time is measured here: launches, copies, waits and bytes are facts of the code, the same on every
machine. The log of LeNet's step is kept beside this file, so that a change of it is seen in review;
``python tests/cuda_emulator/run.py tests/test_cupy_budgets.py`` writes it anew.
"""

import re
from pathlib import Path

import pytest

import minitorch_cnn as mt
from cuda_emulator import emulator
from training_steps import NETS, Step, warm_step

GOLDEN = Path(__file__).parent / "golden" / "lenet_step.txt"


@pytest.fixture(scope="module", params=NETS)
def step(request: pytest.FixtureRequest) -> tuple[str, Step]:
    if not emulator.available():
        pytest.skip("needs emulated CUDA: make test-cupy")
    if emulator.modes():
        pytest.skip("counts what happens in no strict mode")
    with mt.use_backend("cupy") as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(home, "checks_at_once", False)  # as in a program
        return request.param, warm_step(NETS[request.param])


def test_the_host_neither_waits_nor_fetches(step: tuple[str, Step]) -> None:
    found = step[1].recording
    assert found["device_to_host"] == 0
    assert found.synchronisations == 0


def test_only_the_batch_goes_up_through_pinned_memory(step: tuple[str, Step]) -> None:
    found = step[1].recording
    assert found["host_to_device_pageable"] == 0
    assert found["host_to_device_bytes"] <= step[1].batch_bytes


def test_no_memory_is_asked_for_once_warm(step: tuple[str, Step]) -> None:
    found = step[1].recording
    assert found["allocations"] == 0
    assert found["pinned_allocations"] == 0
    assert found["compilations"] == 0


def test_operations_stay_in_the_budget(step: tuple[str, Step]) -> None:
    name, found = step
    assert found.operations <= NETS[name].most_operations


def test_the_log_of_a_step_is_the_one_reviewed(step: tuple[str, Step]) -> None:
    name, found = step
    if name == "LeNet":
        assert log(found) == GOLDEN.read_text().splitlines()


def log(step: Step) -> list[str]:
    """The events in order, without what depends on how CuPy cuts its work into blocks."""
    return [re.sub(r" (grid|block|shared)=\S+", "", event) for event in step.recording.events]


if __name__ == "__main__":
    with mt.use_backend("cupy"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text("\n".join(log(warm_step(NETS["LeNet"]))) + "\n")
