"""What happened on emulated CUDA: counters, the ordered log of events, and the strict modes.

Meaningful in a process that runs in the emulated environment (``available()``); it can be imported
anywhere. Counts are taken when an operation is issued. The names of the counters:

* ``launches``, ``kernel_bytes`` (of the CuPy arrays among the arguments, each counted once, as if
  read or written whole; a bare pointer is counted to the end of its array where ``MEMORY_POOL=0``,
  else the launch is one of the ``launches_of_unknown_bytes``);
* ``gemms``, ``gemm_bytes``, ``gemm_flops``, ``random_fills``, ``sorts``, ``memsets``,
  ``memset_bytes``, ``compilations``, ``graph_launches``;
* ``host_to_device``, ``device_to_host``, ``device_to_device``, each with ``_bytes``, and the first
  two with ``_pageable``: how many of them used memory that is not pinned;
* ``device_synchronisations``, ``stream_synchronisations``, ``event_synchronisations``, and
  ``copy_synchronisations``: copies that made the host wait;
* ``allocations``, ``allocated_bytes``, ``frees``, ``pinned_allocations``: those that CuPy's memory
  pools asked CUDA for;
* ``block_barriers``, ``divergent_barriers`` (some threads had ended), ``not_emulated`` (refusals).
"""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

PREFIX = "CUDA_EMULATOR_"

MODES: dict[str, dict[str, str]] = {
    "reverse": {"THREAD_ORDER": "reverse"},
    "random": {"THREAD_ORDER": "random"},
    "guard": {"GUARD_PAGES": "end"},
    "guard-start": {"GUARD_PAGES": "start"},
    "protect": {"PROTECT_MEMORY": "1"},
    "lazy": {"LAZY_QUEUE": "1"},
    "fresh": {"MEMORY_POOL": "0"},
}
"""Strict modes by name: the settings, each an environment variable after ``CUDA_EMULATOR_``.

``reverse``, ``random``: the order of threads and blocks. ``guard``, ``guard-start``: each array
ends (starts) at a page that nobody may touch. ``protect``: device memory is closed to the host and
to other devices. ``lazy``: work runs only when something waits for it. ``fresh``: every array is
fresh memory, full of NaN.
"""

SETTINGS: dict[str, str] = {
    "THREAD_ORDER": "forward, reverse or random: the order of threads, and of blocks",
    "SEED": "for the random order (1)",
    "GUARD_PAGES": "off, end or start: the side of each array at which a closed page lies",
    "PROTECT_MEMORY": "1: device memory can be touched by its own device's operations only",
    "LAZY_QUEUE": "1: operations run only when something waits for them",
    "POISON": "0: fresh device memory and shared memory are not filled with NaN",
    "MEMORY_POOL": "0: CuPy's memory pool is off, each array is an allocation of its own",
    "COMPUTE_CAPABILITY": "such as 9.0: what the device says it is (8.0)",
    "DEVICES": "how many devices there are (2)",
    "MEMORY_MB": "the memory of each device (16384)",
    "KERNEL_SOURCES": "a folder that collects the source of every kernel",
    "VERBOSE": "1: every event is printed",
    "BLAS": "the OpenBLAS that multiplies matrices; set by the environment",
}
"""Every setting and what it does; an unknown one ends the process."""


@cache
def _library() -> ctypes.CDLL | None:
    if os.environ.get("CUDA_EMULATED") != "1":
        return None
    library = ctypes.CDLL("libcuda_emulator.so")
    for function in (library.emulator_counters, library.emulator_events):
        function.argtypes = [ctypes.c_char_p, ctypes.c_long]
        function.restype = ctypes.c_long
    return library


def available() -> bool:
    """Whether this process runs on emulated CUDA."""
    return _library() is not None


def _loaded() -> ctypes.CDLL:
    library = _library()
    if library is None:
        raise RuntimeError(
            "this process does not run on emulated CUDA; start it with "
            "python tests/cuda_emulator/run.py ..."
        )
    return library


def _text(function: Callable[[ctypes.Array[ctypes.c_char] | None, int], int]) -> str:
    size = function(None, 0)
    buffer = ctypes.create_string_buffer(size)
    function(buffer, size)
    return buffer.value.decode()


def stats() -> dict[str, int]:
    """All counters since the start or the last :func:`reset`."""
    lines = _text(_loaded().emulator_counters).splitlines()
    return {name: int(value) for name, value in (line.split() for line in lines)}


def events() -> list[str]:
    """The log of what was issued while recording was on, in order, one line each."""
    return _text(_loaded().emulator_events).splitlines()


def reset() -> None:
    """Set all counters to zero and empty the log."""
    _loaded().emulator_reset()


@dataclass
class Recording:
    """What happened in a :func:`record` block; filled when the block ends."""

    stats: dict[str, int] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> int:
        return self.stats[name]

    @property
    def synchronisations(self) -> int:
        """How often the host waited for the device, for whatever reason."""
        return sum(n for name, n in self.stats.items() if name.endswith("_synchronisations"))


@contextmanager
def record() -> Iterator[Recording]:
    """Count and log what the block issues."""
    recording = Recording()
    reset()
    _loaded().emulator_record_events(1)
    try:
        yield recording
    finally:
        _loaded().emulator_record_events(0)
        recording.stats, recording.events = stats(), events()


def modes() -> dict[str, str]:
    """The settings of this process, but for those that change nothing of what happens."""
    settings = {
        name.removeprefix(PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX)
    }
    return {name: settings[name] for name in settings if name not in ("BLAS", "KERNEL_SOURCES")}


def say_faults_to(descriptor: int) -> None:
    """Where the line goes that says which kernel touched what; stderr if nothing is said."""
    _loaded().emulator_say_faults_to(descriptor)


def describe() -> str:
    """One line about the emulated device and the strict modes, for headers and reports."""
    on = " ".join(f"{name}={value}" for name, value in sorted(modes().items()))
    return f"emulated with {on}" if on else "emulated"
