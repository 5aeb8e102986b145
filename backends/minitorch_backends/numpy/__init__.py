"""The NumPy backend: NumPy itself, which follows the array API since 2.1, and fast kernels.

``array_api_compat.numpy`` would load f2py and other rooms of NumPy that nobody here enters, which
doubles the time of ``import minitorch_cnn``; the one thing it adds, descending ``argsort``, is a
kernel in ``select.py``. May import NumPy and the kernel files beside it; knows no Tensor.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from minitorch_backends.compiled import with_compiled
from minitorch_backends.numpy.activation import KERNELS as ACTIVATION_KERNELS
from minitorch_backends.numpy.conv import KERNELS as CONV_KERNELS
from minitorch_backends.numpy.links import KERNELS as LINK_KERNELS
from minitorch_backends.numpy.local import KERNELS as LOCAL_KERNELS
from minitorch_backends.numpy.loss import KERNELS as LOSS_KERNELS
from minitorch_backends.numpy.norm import KERNELS as NORM_KERNELS
from minitorch_backends.numpy.optim import KERNELS as OPTIM_KERNELS
from minitorch_backends.numpy.pool import KERNELS as POOL_KERNELS
from minitorch_backends.numpy.random import KERNELS as RANDOM_KERNELS
from minitorch_backends.numpy.select import KERNELS as SELECT_KERNELS
from minitorch_backends.protocol import Array, Kernel

_SCALARS = tuple(
    np.dtype(name).type
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    )
)


PLAIN_KERNELS: dict[str, Kernel] = {
    **ACTIVATION_KERNELS,
    **CONV_KERNELS,
    **LINK_KERNELS,
    **LOCAL_KERNELS,
    **POOL_KERNELS,
    **NORM_KERNELS,
    **LOSS_KERNELS,
    **RANDOM_KERNELS,
    **SELECT_KERNELS,
    **OPTIM_KERNELS,
}


class NumpyBackend:
    """NumPy on the host; see :class:`minitorch_backends.protocol.Backend`."""

    name = "numpy"
    array_types: tuple[type, ...] = (np.ndarray, *_SCALARS)

    def __init__(self) -> None:
        self.xp: Any = np

    @cached_property
    def kernels(self) -> dict[str, Kernel]:
        return with_compiled(PLAIN_KERNELS)

    def asarray(self, array: Any, *, copy: bool) -> Array:
        # Without a copy a view is made, so that sealing it leaves the caller's array writeable.
        return np.array(array) if copy else np.asarray(array).view()

    def to_numpy(self, array: Array) -> np.ndarray[Any, Any]:
        return np.asarray(array)

    def seal(self, array: Array) -> Array:
        if type(array) is not np.ndarray:
            array = np.asarray(array)
        array.setflags(False)
        return array

    def synchronize(self) -> None:
        """NumPy computes at once."""


def backend() -> NumpyBackend:
    """Make the backend; the entry point of the group ``minitorch_cnn.backends``."""
    return NumpyBackend()
