"""Every strict mode finds the defect it is for, each planted in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cuda_emulator import emulator

if not emulator.available():
    pytest.skip("needs emulated CUDA: make test-cupy", allow_module_level=True)

BLAS = f"{emulator.PREFIX}BLAS"
SEGMENTATION_FAULT, ABORT = -11, -6


def run(code, **settings):
    """Run Python code on emulated CUDA with these settings only."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(emulator.PREFIX) or name == BLAS
    }
    given = {f"{emulator.PREFIX}{name}": value for name, value in settings.items()}
    start = "import ctypes, cupy as cp, cupyx, numpy as np\n"
    return subprocess.run(
        [sys.executable, "-c", start + code],
        env={**inherited, **given},
        capture_output=True,
        text=True,
        timeout=60,
    )


def printed(code, **settings):
    done = run(code, **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def mode(name):
    return emulator.MODES[name]


# --- bounds -------------------------------------------------------------------------------------

FILL = """
fill = cp.RawKernel('''extern "C" __global__ void fill(float* x, int offset) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    x[i + offset] = 1; }''', "fill")
x = cp.zeros(1000, "f")
fill((10,), (100,), (x, np.int32(0)))
cp.cuda.Device().synchronize()
print("fits", flush=True)
fill((10,), (100,), (x, np.int32(OFFSET)))
cp.cuda.Device().synchronize()
print("done", flush=True)
"""


def test_without_a_mode_a_write_past_an_array_is_silent():
    assert printed(FILL.replace("OFFSET", "1")) == ["fits", "done"]


def test_guard_pages_end_a_write_past_an_array():
    done = run(FILL.replace("OFFSET", "1"), **mode("guard"))
    assert done.returncode == SEGMENTATION_FAULT
    assert done.stdout.split() == ["fits"]
    assert "kernel fill touched 0 bytes past the end of an array of 4000 bytes" in done.stderr


def test_guard_pages_end_a_write_before_an_array():
    done = run(FILL.replace("OFFSET", "-1"), **mode("guard-start"))
    assert done.returncode == SEGMENTATION_FAULT
    assert "kernel fill touched 4 bytes before the start of an array of 4000 bytes" in done.stderr


def test_guard_pages_see_a_write_on_the_other_side_when_the_array_is_freed():
    done = run(FILL.replace("OFFSET", "-1") + "del x", **mode("guard"))
    assert done.returncode == ABORT
    assert "wrote before the start of an array of 4000 bytes" in done.stderr


def test_guard_pages_end_a_read_of_a_freed_array():
    code = """
read = cp.RawKernel('''extern "C" __global__ void read(const float* x, float* y) {
    y[0] = x[0]; }''', "read")
x, y = cp.ones(4, "f"), cp.ones(1, "f")
pointer = x.data.ptr
del x
read((1,), (1,), (pointer, y))
"""
    assert run(code, **mode("guard")).returncode == SEGMENTATION_FAULT


# --- who touches device memory ------------------------------------------------------------------


def test_protection_ends_a_read_by_the_host():
    code = """
x = cp.ones(8, "f") + 1
print("made", flush=True)
print(ctypes.cast(x.data.ptr, ctypes.POINTER(ctypes.c_float))[0])
"""
    assert printed(code) == ["made", "2.0"]
    done = run(code, **mode("protect"))
    assert done.returncode == SEGMENTATION_FAULT
    assert done.stdout.split() == ["made"]
    assert "the host touched byte 0 of an array" in done.stderr


def test_protection_ends_a_read_of_another_device():
    code = """
read = cp.RawKernel('''extern "C" __global__ void read(const float* x, float* y) {
    y[0] = x[0]; }''', "read")
with cp.cuda.Device(1):
    there = cp.ones(4, "f")
here = cp.ones(1, "f")
read((1,), (1,), (there.data.ptr, here))
"""
    assert run(code).returncode == 0
    done = run(code, **mode("protect"))
    assert done.returncode == SEGMENTATION_FAULT
    assert re.search("kernel read touched byte 0 of an array of .* on device 1", done.stderr)


# --- memory that nobody wrote -------------------------------------------------------------------


def test_fresh_memory_is_nan():
    code = 'cp.zeros(99, "f"); print(bool(cp.isnan(cp.empty(99, "f")).all()))'
    assert printed(code, **mode("fresh")) == ["True"]
    assert printed(code, MEMORY_POOL="0", POISON="0") == ["False"]


def test_without_the_pool_bare_pointers_have_known_bytes():
    code = """
import sys; sys.path.insert(0, TESTS)
from cuda_emulator import emulator
code = 'extern "C" __global__ void touch(float* x, const double* y, int n) {}'
touch = cp.RawKernel(code, "touch")
x, y = cp.zeros(1000, "f"), cp.zeros(10)
with emulator.record() as recording:
    touch((1,), (1,), (x, y[2:], np.int32(3)))
print(recording["kernel_bytes"], recording["launches_of_unknown_bytes"])
"""
    code = code.replace("TESTS", repr(str(Path(__file__).parents[1])))
    assert printed(code) == ["0", "1"]
    assert printed(code, **mode("fresh")) == ["4064", "0"]


def test_shared_memory_is_poisoned_in_every_block():
    code = """
stale = cp.RawKernel('''extern "C" __global__ void stale(float* y) {
    __shared__ float tile[32];
    if (blockIdx.x == 0) tile[threadIdx.x] = 1;
    y[blockIdx.x * 32 + threadIdx.x] = tile[threadIdx.x]; }''', "stale")
y = cp.zeros(64, "f")
stale((2,), (32,), (y,))
print(int(cp.isnan(y).sum()))
"""
    assert printed(code) == ["32"]


# --- races --------------------------------------------------------------------------------------

NEIGHBOUR = """
race = cp.RawKernel('''extern "C" __global__ void race(float* x) {
    int t = blockIdx.x * blockDim.x + threadIdx.x;
    if (t > 0) x[t] = x[t - 1] + 1; }''', "race")
x = cp.zeros(256, "f")
race((2,), (128,), (x,))
print(int(x[-1]))
"""


def test_the_order_of_threads_shows_a_race():
    assert printed(NEIGHBOUR) == ["255"]
    assert printed(NEIGHBOUR, **mode("reverse")) == ["1"]
    assert 1 <= int(printed(NEIGHBOUR, **mode("random"))[0]) < 200
    one, other = (printed(NEIGHBOUR, THREAD_ORDER="random", SEED=seed) for seed in "12")
    assert printed(NEIGHBOUR, THREAD_ORDER="random", SEED="1") == one
    assert one != other or one[0] != "255"


EXCHANGE = """
exchange = cp.RawKernel('''extern "C" __global__ void exchange(const float* x, float* y) {
    __shared__ float tile[256];
    int t = threadIdx.x;
    tile[t] = x[t];
    BARRIER
    y[t] = tile[255 - t];
    __syncthreads(); }''', "exchange")
x, y = cp.arange(256, dtype="f"), cp.zeros(256, "f")
exchange((1,), (256,), (x, y))
print(bool((y == x[::-1]).all()))
"""


@pytest.mark.parametrize("name", [None, "reverse", "random"])
def test_a_missing_barrier_gives_a_wrong_value(name):
    settings = mode(name) if name else {}
    assert printed(EXCHANGE.replace("BARRIER", "__syncthreads();"), **settings) == ["True"]
    assert printed(EXCHANGE.replace("BARRIER", ""), **settings) == ["False"]


def test_a_barrier_that_cannot_open_is_a_launch_failure():
    code = """
stuck = cp.RawKernel('''extern "C" __global__ void stuck(float* x) {
    if (threadIdx.x < 16) __syncthreads(); else __syncwarp(); }''', "stuck")
try:
    stuck((1,), (32,), (cp.zeros(1, "f"),))
    cp.cuda.Device().synchronize()
except RuntimeError as error:
    print(type(error).__name__)
try:
    cp.cuda.Device().synchronize()
except RuntimeError as error:
    print(type(error).__name__)
"""
    done = run(code)
    assert "kernel stuck waits forever" in done.stderr
    assert len(done.stdout.split()) == 2  # and as on a GPU the error stays


# --- asynchrony ---------------------------------------------------------------------------------

REUSED = """
stream = cp.cuda.Stream(non_blocking=True)
host, device = cupyx.empty_pinned(4, "f"), cp.empty(4, "f")
cp.cuda.Device().synchronize()
host[:] = 1
device.set(host, stream=stream)
WAIT
host[:] = 2
stream.synchronize()
print(int(device[0]))
"""


def test_a_pinned_buffer_that_is_written_too_soon():
    assert printed(REUSED.replace("WAIT", "")) == ["1"]
    assert printed(REUSED.replace("WAIT", ""), **mode("lazy")) == ["2"]
    assert printed(REUSED.replace("WAIT", "stream.record().synchronize()"), **mode("lazy")) == ["1"]


def test_a_pinned_result_that_is_read_too_soon():
    code = """
stream = cp.cuda.Stream(non_blocking=True)
host, device = cupyx.empty_pinned(4, "f"), cp.ones(4, "f")
cp.cuda.Device().synchronize()
host[:] = -7
device.get(out=host, stream=stream, blocking=False)
print(int(host[0]))
stream.synchronize()
print(int(host[0]))
"""
    assert printed(code, **mode("lazy")) == ["-7", "1"]


BETWEEN = """
first, second = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream(non_blocking=True)
x, y = cp.zeros(4, "f"), cp.zeros(4, "f")
cp.cuda.Device().synchronize()
with first:
    x += 1
    EVENT
with second:
    y += x
second.synchronize()
print(int(y.get(stream=second)[0]))
"""


def test_a_stream_that_does_not_wait_for_another():
    assert printed(BETWEEN.replace("EVENT", "")) == ["1"]
    assert printed(BETWEEN.replace("EVENT", ""), **mode("lazy")) == ["0"]
    waits = BETWEEN.replace("EVENT", "second.wait_event(first.record())")
    assert printed(waits, **mode("lazy")) == ["1"]


def test_the_default_stream_waits_for_blocking_streams():
    code = """
stream = cp.cuda.Stream(non_blocking=NON_BLOCKING)
x = cp.zeros(4, "f")
cp.cuda.Device().synchronize()
with stream:
    x += 1
print(int((x + 0)[0]))
"""
    assert printed(code.replace("NON_BLOCKING", "False"), **mode("lazy")) == ["1"]
    assert printed(code.replace("NON_BLOCKING", "True"), **mode("lazy")) == ["0"]


def test_a_query_lets_time_pass():
    code = """
event = cp.cuda.Event()
x = cp.ones(4, "f") + 1
event.record()
asked = 1
while not event.done:
    asked += 1
print(asked > 1)
"""
    assert printed(code, **mode("lazy")) == ["True"]


# --- what the device is -------------------------------------------------------------------------


def test_memory_is_limited():
    code = """
try:
    cp.empty(1 << 25, "f")
except cp.cuda.memory.OutOfMemoryError:
    print("full")
print(cp.cuda.Device().mem_info[1] >> 20)
"""
    assert printed(code, MEMORY_MB="64") == ["full", "64"]


def test_compute_capability_and_number_of_devices():
    code = "print(cp.cuda.Device().compute_capability, cp.cuda.runtime.getDeviceCount())"
    assert printed(code, COMPUTE_CAPABILITY="12.0", DEVICES="3") == ["120", "3"]
    assert printed("print(cp.is_available())", DEVICES="0") == ["False"]


def test_sources_are_kept_also_of_cached_kernels(tmp_path):
    code = "cp.arange(5) * 7"
    for place in (tmp_path / "first", tmp_path / "second"):
        printed(code, KERNEL_SOURCES=str(place))
    first, second = (
        sorted(path.name for path in (tmp_path / place).iterdir()) for place in ("first", "second")
    )
    assert set(second) <= set(first)
    assert second
    source = (tmp_path / "second" / second[0]).read_text()
    assert source.startswith("// option: ")
    assert "__global__" in source


def test_a_source_that_does_not_compile_is_not_kept(tmp_path):
    code = """
wrong = cp.RawKernel('extern "C" __global__ void wrong(float* x) { x[0] = y; }', "wrong")
try:
    wrong.compile()
except Exception as error:
    print(type(error).__name__)
"""
    assert printed(code, KERNEL_SOURCES=str(tmp_path)) == ["CompileException"]
    assert not any("void wrong" in path.read_text() for path in tmp_path.glob("*"))


def test_another_version_of_cupy_is_refused():
    code = """
import cuda_emulator_start as start
start.version = lambda name: "14.3.0"
start.check_version()
"""
    done = run(code)
    assert done.returncode == 1
    assert "is made for CuPy 14.2.0 and holds 14.3.0" in done.stderr


@pytest.mark.parametrize(
    "setting", [{"GUARD_PAGES": "1"}, {"LAZY": "1"}, {"DEVICES": "two"}, {"THREAD_ORDER": "back"}]
)
def test_a_wrong_setting_ends_the_process(setting):
    done = run("cp.ones(3)", **setting)
    assert done.returncode != 0
    assert "emulated CUDA" in done.stderr
    assert "expected" in done.stderr
