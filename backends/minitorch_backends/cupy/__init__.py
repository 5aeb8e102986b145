"""The CuPy backend: arrays on NVIDIA GPUs, one backend object for each device.

CuPy is imported when the backend is made, never with this package. Whatever keeps a GPU from being
used is found then (``usable.py``), so that nothing fails half-way through a run. May import the
files beside it; knows no Tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from minitorch_backends.cupy import precision
from minitorch_backends.cupy.activation import KERNELS as ACTIVATION_KERNELS
from minitorch_backends.cupy.conv import KERNELS as CONV_KERNELS
from minitorch_backends.cupy.elementwise import KERNELS as ELEMENTWISE_KERNELS
from minitorch_backends.cupy.linalg import KERNELS as LINALG_KERNELS
from minitorch_backends.cupy.loss import KERNELS as LOSS_KERNELS
from minitorch_backends.cupy.memory import MemoryUse, allocator_with_advice, memory_use
from minitorch_backends.cupy.norm import KERNELS as NORM_KERNELS
from minitorch_backends.cupy.optim import KERNELS as OPTIM_KERNELS
from minitorch_backends.cupy.pool import KERNELS as POOL_KERNELS
from minitorch_backends.cupy.random import KERNELS as RANDOM_KERNELS
from minitorch_backends.cupy.select import KERNELS as SELECT_KERNELS
from minitorch_backends.cupy.upload import Upload, Uploader
from minitorch_backends.cupy.usable import require_usable
from minitorch_backends.protocol import Array, Kernel

MOST_UNCHECKED = 1024
"""After so many questions that were put off, the host waits and looks at their answers."""

_devices: dict[int, CupyBackend] = {}


class CupyBackend:
    """CuPy on one device; see :class:`minitorch_backends.protocol.SeveralDevices`.

    Attributes
    ----------
    number : int
        CUDA's number of the device, counted from 0; other devices than the first have it in
        their backend's name, such as ``"cupy:1"``.
    checks_at_once : bool
        True: a wrong label or index raises where it is used, as on the host, at the price of
        waiting for the device each time. False (the default): at the next way to the host.
    """

    def __init__(self, number: int = 0) -> None:
        require_usable(number)
        import array_api_compat.cupy as compat
        import cupy

        self.number = number
        self.name = f"cupy:{number}" if number else "cupy"
        self.xp: Any = compat
        self.array_types: tuple[type, ...] = (cupy.ndarray,)
        self.kernels: dict[str, Kernel] = {
            **ACTIVATION_KERNELS,
            **CONV_KERNELS,
            **POOL_KERNELS,
            **RANDOM_KERNELS,
            **SELECT_KERNELS,
            **NORM_KERNELS,
            **LOSS_KERNELS,
            **OPTIM_KERNELS,
            **ELEMENTWISE_KERNELS,
            **LINALG_KERNELS,
        }
        self.device: Any = cupy.cuda.Device(number)
        self.checks_at_once = False
        self._cupy: Any = cupy
        self._errors: list[Callable[[], Exception]] = []
        with self.device:
            self._wrong: Any = cupy.zeros(MOST_UNCHECKED, dtype=bool)
        _devices[number] = self

    def asarray(self, array: Any, *, copy: bool) -> Array:
        if type(array) in self.array_types:
            with array.device:
                if array.device == self.device:
                    return array.copy() if copy else array
                array = self._cupy.ascontiguousarray(array)  # only such pass between devices
            with self.device:
                return self._cupy.array(array)
        host = np.asarray(array)
        with self.device:
            # Through pinned memory, unwaited-for. As a vector, for CuPy makes 0.0 of a 0-d -0.0.
            vector = self._cupy.asarray(host.reshape(-1) if host.ndim == 0 else host)
            return vector.reshape(host.shape)

    @cached_property
    def _uploader(self) -> Uploader:
        return Uploader()

    def upload(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Upload:
        with self.device:
            return self._uploader.send(arrays)

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        if self._errors:
            self._check()
        return self._cupy.asnumpy(array)  # type: ignore[no-any-return]

    @staticmethod
    def seal(array: Array) -> Array:
        """Nothing to do: CuPy has no scalars of its own and no flag against writing."""
        return array

    def synchronize(self) -> None:
        self.device.synchronize()
        self._check()

    def check_later(self, wrong: Array, error: Callable[[], Exception]) -> None:
        place = self._wrong[len(self._errors)]
        if wrong.ndim:
            wrong.any(out=place)
        else:
            place[...] = wrong
        self._errors.append(error)
        if self.checks_at_once or len(self._errors) == MOST_UNCHECKED:
            self._check()

    def _check(self) -> None:
        """Raise the first error that was put off and turns out to be one."""
        errors, self._errors = self._errors, []
        wrong = self._cupy.asnumpy(self._wrong[: len(errors)])
        for error in (error for error, is_one in zip(errors, wrong, strict=True) if is_one):
            raise error()

    def on_device(self, number: int) -> CupyBackend:
        return _devices.get(number) or CupyBackend(number)

    def home_of(self, array: Array) -> CupyBackend:
        return self.on_device(array.device.id)

    @staticmethod
    def compute_on(array: Array) -> None:
        array.device.use()

    @property
    def device_name(self) -> str:
        """What the maker calls the device."""
        name: bytes = self._cupy.cuda.runtime.getDeviceProperties(self.number)["name"]
        return name.decode()

    @property
    def tensor_float32(self) -> bool:
        """Whether float32 matrix products may take TF32: factors rounded to 10 bits, sums exact.

        Several times as fast on Ampere and newer GPUs, with relative errors of about 1e-3; older
        ones take no notice. Holds for all devices of the process. Off at first, unless the
        environment variable ``CUPY_TF32`` is 1.
        """
        return precision.tensor_float32()

    @tensor_float32.setter
    def tensor_float32(self, allowed: bool) -> None:
        precision.set_tensor_float32(allowed)

    def memory(self) -> MemoryUse:
        """How much of the device's memory is used, in bytes."""
        with self.device:
            return memory_use()

    def limit_memory(self, size: int | None) -> None:
        """Take no more than ``size`` bytes of the device; ``None`` lifts the limit."""
        with self.device:
            self._cupy.get_default_memory_pool().set_limit(size=size or 0)

    def free_memory(self) -> None:
        """Give memory that is kept for the next arrays back to the device."""
        with self.device:
            self._cupy.get_default_memory_pool().free_all_blocks()
        self._cupy.get_default_pinned_memory_pool().free_all_blocks()


def backend() -> CupyBackend:
    """The backend of the first device; the entry point of the group ``minitorch_cnn.backends``."""
    found = _devices.get(0)
    if found is None:
        found = CupyBackend()
        allocator_with_advice()
    return found
