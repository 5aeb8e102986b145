"""Emulated CUDA counts what it is asked for, and refuses what it cannot do."""

import numpy as np
import pytest

from cuda_emulator import emulator

if not emulator.available():
    pytest.skip("needs emulated CUDA: make test-cupy", allow_module_level=True)

import cupy as cp
from cupy import cublas

plain = pytest.mark.skipif(bool(emulator.modes()), reason="counts what happens in no strict mode")

# --- counters -----------------------------------------------------------------------------------


def test_launches_and_bytes():
    x, out = cp.ones((10, 20), "f"), cp.empty((10, 20), "f")
    cp.add(x, x, out=out)
    with emulator.record() as recording:
        cp.add(x, x, out=out)
    assert recording["launches"] == 1
    assert recording["launches_of_unknown_bytes"] == 0
    assert recording["kernel_bytes"] == 3 * 800
    assert recording.synchronisations == 0
    (event,) = recording.events
    assert event.startswith("launch cupy_add__float32_float32_float32 grid=")


@plain
def test_a_bare_pointer_has_unknown_bytes():
    nothing = cp.RawKernel('extern "C" __global__ void nothing(float* x) {}', "nothing")
    x = cp.ones(1, "f")
    with emulator.record() as recording:
        nothing((1,), (1,), (x,))
    assert recording["launches_of_unknown_bytes"] == 1
    assert recording["kernel_bytes"] == 0


def test_products_are_counted():
    a, b = cp.ones((5, 7), "f"), cp.ones((7, 3), "f")
    with emulator.record() as recording:
        a @ b
    assert recording["gemms"] == 1
    assert recording["launches"] == 0
    assert recording["gemm_flops"] == 2 * 5 * 7 * 3
    assert recording["gemm_bytes"] == 4 * (5 * 7 + 7 * 3 + 5 * 3)
    with emulator.record() as recording:  # transposed views cost no copy, sliced ones do
        b.T @ a.T
    assert recording["gemms"] == 1
    assert recording["launches"] == 0
    a[:, ::2]
    with emulator.record() as recording:
        a[:, ::2] @ b[::2]
    assert recording["gemms"] == 1
    assert recording["launches"] >= 1


def test_copies_and_synchronisations():
    host = np.ones(100, "f")
    device = cp.empty(100, "f")
    with emulator.record() as recording:
        device.set(host)
    assert recording["host_to_device"] == recording["host_to_device_pageable"] == 1
    assert recording["host_to_device_bytes"] == 400
    with emulator.record() as recording:
        device.get()
    assert recording["device_to_host_bytes"] == 400
    assert recording.synchronisations >= 1
    with emulator.record() as recording:
        float(device[0])
    assert recording["device_to_host"] == 1
    assert recording.synchronisations >= 1
    with emulator.record() as recording:
        device[:50] = device[50:]
        device.fill(0)
    assert recording["device_to_host"] == recording.synchronisations == 0
    with emulator.record() as recording:
        cp.cuda.Device().synchronize()
        cp.cuda.get_current_stream().synchronize()
        cp.cuda.Event().synchronize()
    assert recording["device_synchronisations"] == recording["stream_synchronisations"] == 1
    assert recording["event_synchronisations"] == 1


def test_a_mask_synchronises():
    x = cp.ones((8, 8), "f")
    mask = x > 0
    x[mask]
    with emulator.record() as recording:
        x[mask]
    assert recording["device_to_host"] == 1
    assert recording.synchronisations >= 1
    cp.where(mask, x, 0)
    with emulator.record() as recording:
        cp.where(mask, x, 0)
    assert recording["device_to_host"] == recording.synchronisations == 0


def test_reset():
    cp.ones(3)
    emulator.reset()
    assert set(emulator.stats().values()) == {0}
    assert emulator.events() == []


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("random.Generator", lambda: cp.random.default_rng(0)),
        ("choice", lambda: cp.random.choice(5, 3, replace=False)),
        ("CUSOLVER", lambda: cp.linalg.svd(cp.eye(3))),
        ("CUFFT", lambda: cp.fft.fft(cp.ones(4))),
        ("NotSupported", lambda: cp.cuda.malloc_managed(8)),
        ("not support malloc_async", lambda: cp.cuda.malloc_async(8)),
        ("NOT_SUPPORTED", lambda: cublas.nrm2(cp.ones(3))),
    ],
)
def test_what_is_not_emulated_raises(what, call, capfd):
    with pytest.raises(Exception, match=what):
        call()


def test_a_real_cubin_is_refused():
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="INVALID_IMAGE"):
        cp.cuda.function.Module().load(b"\x7fELF" + bytes(100))


def test_the_device_says_what_it_is():
    assert b"Emulated" in cp.cuda.runtime.getDeviceProperties(0)["name"]
    assert cp.cuda.Device().compute_capability == "80"
    assert emulator.describe().startswith("emulated")
