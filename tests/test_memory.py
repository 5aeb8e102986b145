"""Memory that is kept and used again: never while an array lies in it."""

import gc
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_backends.numpy import memory


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A pool of its own, in which no array of another test lies."""
    pool = memory._Pool()
    monkeypatch.setattr(memory, "_pool", pool)
    monkeypatch.setattr(memory, "release", pool.release)


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_when_no_array_lies_in_it():
    first = memory.empty((100, 1000), np.float32)
    place = address(first)
    second = memory.empty((100, 1000), np.float32)
    assert address(second) != place
    del first
    assert address(memory.empty((101, 1000), np.float32)) == place  # of about that size


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[3:],
        lambda a: a.T,
        lambda a: a.reshape(-1)[5:7].view(np.int32),
        lambda a: memoryview(a),
        lambda a: np.from_dlpack(a),
        lambda a: [a],
    ],
    ids=["slice", "transpose", "view of a view", "memoryview", "dlpack", "list"],
)
def test_a_view_holds_its_memory(view):
    array = memory.empty((100, 1000), np.float32)
    place, held = address(array), view(array)
    del array
    gc.collect()
    assert address(memory.empty((100, 1000), np.float32)) != place
    del held
    assert address(memory.empty((100, 1000), np.float32)) == place


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=30))
def test_arrays_in_use_never_share(sizes):
    """Arrays come and go in any order; none that is alive is written through another."""
    alive = []
    for number, (thousands, dies) in enumerate(sizes):
        array = memory.empty((thousands * 1000,), np.float64)
        array[:] = number
        alive.append((number, array))
        if dies:
            alive.pop(len(alive) // 2)
        for value, other in alive:
            assert (other == value).all()


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(memory, "KEPT", 1 << 20)
    for thousands in range(100, 130):
        memory.empty((thousands * 1000,), np.uint8)
    held = [memory.empty((300_000,), np.uint8) for _ in range(8)]
    assert memory._pool.kept <= 1 << 20
    del held
    memory.release()
    assert memory._pool.kept == 0


def test_threads_have_memory_of_their_own():
    array = memory.empty((100, 1000), np.float32)
    place = address(array)
    del array
    found = []
    thread = threading.Thread(
        target=lambda: found.append(address(memory.empty((100, 1000), np.float32)))
    )
    thread.start()
    thread.join()
    assert found != [place]


def test_an_array_like_another_has_its_order():
    pictures = np.zeros((8, 32, 32, 16), np.float32).transpose(0, 3, 1, 2)
    like = memory.empty_like(pictures)
    assert like.strides == pictures.strides
    assert like.shape == pictures.shape
    assert memory.empty_like(np.zeros((2, 3))).strides == (24, 8)
