"""The strict backend: array-api-strict on a device that is not the CPU.

It has a GPU's manners on a laptop: functions outside the array-API standard do not exist, NumPy
arrays are never accepted, and nothing comes back to the host by accident. It has no kernels of
its own, so everything runs through ``portable.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_backends.protocol import Array, BackendUnavailable


class StrictBackend:
    """array-api-strict on its ``device1``; see :class:`minitorch_backends.protocol.Backend`."""

    name = "strict"
    device_name = "device1 (pretended, on this CPU)"

    def __init__(self) -> None:
        try:
            import array_api_strict
        except ImportError as error:
            raise BackendUnavailable(
                "backend 'strict' needs the package array-api-strict, which is not installed; "
                "install it with: pip install array-api-strict"
            ) from error
        self.xp: Any = array_api_strict
        self.device = array_api_strict.Device("device1")
        self.array_types: tuple[type, ...] = (type(array_api_strict.empty(0)),)
        self.kernels: dict[str, Any] = {}

    def asarray(self, array: Any, *, copy: bool) -> Array:
        if isinstance(array, self.array_types):
            return self.xp.asarray(array, copy=True) if copy else array
        host = np.array(array, copy=True if copy else None)
        return self.xp.asarray(host, device=self.device)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        on_host = self.xp.asarray(array, device=self.xp.Device("CPU_DEVICE"))
        return np.asarray(on_host)

    def seal(self, array: Array) -> Array:
        return array

    def synchronize(self) -> None:
        """Nothing is queued."""


def backend() -> StrictBackend:
    """Make the backend; the entry point of the group ``minitorch_cnn.backends``."""
    return StrictBackend()
