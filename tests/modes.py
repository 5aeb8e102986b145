"""The modes a test may set and must set back, and the watch on them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from minitorch_cnn import anomaly, composition, replay
from minitorch_cnn import backend as backends
from minitorch_cnn.grad_mode import GRAD_ENABLED

MODES = {
    "whether gradients are recorded": GRAD_ENABLED,
    "whether compositions run instead of kernels": composition._RUN_BODIES,
    "whether anomalies are detected": anomaly._WATCH,
    "what stands in place of parameters": replay._SUBSTITUTED,
    "who notes changes": replay._JOURNALS,
    "the default backend of this context": backends._context_default,
}


@contextmanager
def no_leaks() -> Iterator[None]:
    """Fail if a mode is not set back at the end; set it back for the tests that follow."""
    values = {name: mode.get() for name, mode in MODES.items()}
    process_default = backends._process_default[0]
    yield
    leaks = []
    for name, mode in MODES.items():
        if mode.get() is not values[name]:
            leaks.append(name)
            mode.set(values[name])
    if backends._process_default[0] is not process_default:
        leaks.append("the default backend of the process")
        backends._process_default[0] = process_default
    if leaks:
        pytest.fail(f"the test leaves changed: {', '.join(leaks)}")
