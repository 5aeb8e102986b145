"""The two sets of NumPy kernels: which is chosen, and what only the compiled one can get wrong.

That compiled kernels compute what the portable ones do is tested where all kernels are, in
``test_kernels.py``; ``MINITORCH_KERNELS=numba`` makes every test run with them.
"""

import importlib.util
import math
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_backends import compiled, portable
from minitorch_backends.compiled import shifts
from minitorch_backends.numpy import PLAIN_KERNELS
from minitorch_backends.protocol import BackendUnavailable
from minitorch_backends.windows import output_sizes

HAS_NUMBA = importlib.util.find_spec("numba") is not None
needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="Numba is not installed")


def kernels(monkeypatch, choice):
    monkeypatch.setenv("MINITORCH_KERNELS", choice)
    return compiled.with_compiled(PLAIN_KERNELS)


def run(code, **environment):
    """Output and error stream of Python code in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout, done.stderr


# --- the choice ---------------------------------------------------------------------------------


def test_numpy_means_plain_kernels(monkeypatch):
    assert kernels(monkeypatch, "numpy") == PLAIN_KERNELS


def test_without_numba_plain_kernels_are_used_and_asking_for_others_says_what_to_install(
    monkeypatch,
):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert kernels(monkeypatch, "auto") == PLAIN_KERNELS
    with pytest.raises(BackendUnavailable, match=r"pip install 'minitorch-cnn\[fast\]'"):
        kernels(monkeypatch, "numba")


def test_another_word_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="MINITORCH_KERNELS='fast' is none of auto, numba, numpy"):
        kernels(monkeypatch, "fast")


def test_small_arrays_and_other_dtypes_load_no_numba(monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: object())
    monkeypatch.setattr(compiled, "_compiled", lambda *names: pytest.fail(f"loaded {names}"))
    small = kernels(monkeypatch, "auto")
    np.testing.assert_array_equal(small["relu"](np.float32([-1, 2])), [0, 2])
    every = kernels(monkeypatch, "numba")
    np.testing.assert_array_equal(every["relu"](np.array([-1, 2])), [0, 2])
    mixed = every["matmul"](np.ones((2, 2), np.float32), np.ones((2, 2)))
    assert mixed.dtype == np.float64


def test_numba_that_cannot_be_loaded_leaves_plain_kernels(monkeypatch, capsys):
    def broken(name):
        raise ImportError("Numba needs NumPy 1.0 or less")

    monkeypatch.setattr(compiled, "find_spec", lambda name: object())
    monkeypatch.setattr(compiled, "import_module", broken)
    compiled._compiled.cache_clear()
    compiled._say_once.cache_clear()
    try:
        relu = kernels(monkeypatch, "numba")["relu"]
        for _ in range(2):
            np.testing.assert_array_equal(relu(np.float32([-1, 2])), [0, 2])
    finally:
        compiled._compiled.cache_clear()
    said = capsys.readouterr().err
    assert said.count("Numba cannot be used") == 1
    assert "NumPy 1.0" in said


def test_every_compiled_kernel_stands_in_for_a_portable_one():
    for _, names in compiled._MODULES.values():
        assert set(names) <= set(portable.KERNELS)


# --- layouts ------------------------------------------------------------------------------------


@st.composite
def windows(draw):
    """Sizes of a picture, and a window that has a position in it."""
    dims = draw(st.integers(1, 3))
    axes = []
    for _ in range(dims):
        size, kernel = draw(st.integers(1, 7)), draw(st.integers(1, 3))
        stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        short = dilation * (kernel - 1) + 1 - size - before - after
        axes.append((size + max(short, 0), kernel, stride, (before, after), dilation))
    return tuple(zip(*axes, strict=True))


def laid_out(layout, cells):
    """A flat picture in its planes, and room behind."""
    planes = np.zeros(layout.phases * layout.plane + layout.beyond)
    for number, cell, phase, place in layout.sources:
        at = phase * layout.plane + place
        step = layout.source_step
        planes[at : at + number] = cells[cell : cell + number * step : step]
    return planes


@given(windows())
def test_a_tap_is_a_shift(geometry):
    """What every tap meets at every position lies where the layout says."""
    sizes, kernel, stride, padding, dilation = geometry
    layout = shifts.forward(*geometry)
    picture = np.arange(1.0, 1 + math.prod(sizes))
    planes = laid_out(layout, picture)
    expected = portable.unfold(
        picture.reshape(1, 1, *sizes),
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
    ).reshape(math.prod(kernel), -1)
    positions = math.prod(output_sizes(*geometry))
    for tap, (phase, shift) in zip(layout.taps, layout.shifts, strict=True):
        found = np.empty(positions)
        for number, cell, _, place in layout.results:
            at = phase * layout.plane + shift + place
            found[cell : cell + number] = planes[at : at + number]
        np.testing.assert_array_equal(found, expected[tap])


@given(windows())
def test_layouts_of_gradients_reach_every_cell_that_a_window_meets(geometry):
    sizes, kernel, stride, padding, dilation = geometry
    reached = np.zeros(math.prod(sizes), np.int64)
    for layout in shifts.backward(*geometry):
        for number, cell, _, _ in layout.results:
            reached[cell : cell + number * layout.result_step : layout.result_step] += 1
    ones = np.ones((1, 1, *kernel, *output_sizes(*geometry)))
    window = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    met = portable.fold(ones, shape=(1, 1, *sizes), **window).reshape(-1) > 0
    assert reached.max() <= 1
    assert (reached[met] == 1).all()


# --- with Numba ---------------------------------------------------------------------------------

CONV = """
import numpy as np
import minitorch_cnn as mt
x, w = mt.ones((4, 3, 16, 16)), mt.ones((8, 3, 3, 3))
print(float(mt.nn.functional.conv2d(x, w).sum()))
"""


@needs_numba
def test_compilation_is_announced_once_and_kept(tmp_path):
    environment = {"NUMBA_CACHE_DIR": str(tmp_path), "MINITORCH_KERNELS": "auto"}
    out, said = run(CONV, **environment)
    assert said.count("compiling kernels") == 1
    again, nothing = run(CONV, **environment)
    assert nothing == ""
    assert again == out


@needs_numba
def test_importing_compiles_and_loads_nothing():
    out, said = run("import sys, minitorch_cnn; print('numba' in sys.modules)")
    assert (out, said) == ("False\n", "")


@needs_numba
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_has_plain_kernels():
    code = f"""{CONV}
import os, sys
sys.stdout.flush()
child = os.fork()
if child == 0:
    print(float(mt.nn.functional.conv2d(x, w).sum()))
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    first, second = run(code, MINITORCH_KERNELS="numba", PYTHONWARNINGS="ignore")[0].split()
    assert first == second


@needs_numba
def test_results_do_not_depend_on_how_the_work_is_shared(monkeypatch):
    """Each output is summed by one thread; weight gradients are summed per thread, in order."""
    conv = importlib.import_module("minitorch_backends.compiled.conv")
    jit = importlib.import_module("minitorch_backends.compiled.jit")
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((5, 4, 9, 9)), rng.standard_normal((14, 2, 3, 3))
    window = {"stride": (2, 1), "padding": ((1, 1), (0, 2)), "dilation": (1, 2), "groups": 2}
    found = []
    for threads in (1, 2, 7):
        monkeypatch.setattr(jit, "THREADS", threads)
        monkeypatch.setattr(conv, "THREADS", threads)
        conv._plan.cache_clear()
        conv._weight_plan.cache_clear()
        out = conv.conv(x, w, **window)
        found.append(
            (
                out,
                conv.conv_input(out, w, shape=x.shape, **window),
                conv.conv_weight(x, out, kernel=(3, 3), **window),
            )
        )
    conv._plan.cache_clear()
    conv._weight_plan.cache_clear()
    for others in found[1:]:
        np.testing.assert_array_equal(others[0], found[0][0])
        np.testing.assert_array_equal(others[1], found[0][1])
        np.testing.assert_allclose(others[2], found[0][2], rtol=1e-12)


@needs_numba
@pytest.mark.parametrize("shapes", [((301, 90), (90, 70)), ((64, 10), (10, 2048))])
def test_products_of_middling_size_are_cut_when_threads_were_just_called(shapes, monkeypatch):
    """... whichever of the two is the large one."""
    matmul = importlib.import_module("minitorch_backends.compiled.matmul")
    pieces = []

    def multiply(a, b, out):
        pieces.append(a.size * b.shape[1])
        np.matmul(a, b, out=out)

    monkeypatch.setattr(matmul, "np", SimpleNamespace(matmul=multiply))
    rng = np.random.default_rng(0)
    a, b = map(rng.standard_normal, shapes)
    product = kernels(monkeypatch, "numba")["matmul"]
    matmul.threads.call()
    found = product(a, b), product(b.T, a.T)
    assert len(pieces) > 2
    assert max(pieces) <= matmul.SMALL
    np.testing.assert_allclose(found[0], a @ b, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[1], b.T @ a.T, rtol=1e-12, atol=1e-12)
    monkeypatch.setattr(matmul.threads, "RECENT", -1.0)
    pieces.clear()
    np.testing.assert_array_equal(product(a, b), a @ b)
    assert not pieces
