"""Arrays on their way to other libraries and back: DLPack, and ``np.asarray`` of a tensor.

A class that is mixed into Tensor, and ``from_dlpack``. What leaves takes no history along, so a
tensor that needs a gradient says so instead of losing it in silence; what NumPy shares stays
read-only, since tensors are values. May import ``creation`` and what lies below it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_backends.protocol import Backend
from minitorch_cnn.backend import backend_of, backend_of_device, get_backend
from minitorch_cnn.creation import raw_array
from minitorch_cnn.graph import Boxed, box
from minitorch_cnn.ops.arguments import is_array, raw

DEVICE_BACKENDS = {1: "numpy", 2: "cupy", 13: "cupy"}
"""Which backend holds arrays of DLPack's device types CPU, CUDA and CUDA's managed memory."""


class Exchange:
    """``__dlpack__``, ``__dlpack_device__`` and ``__array__`` of a tensor."""

    __slots__ = ()

    def __dlpack__(
        self: Any,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule of the entries; ``np.from_dlpack(x)`` and the like call it.

        Shares memory where it can. NumPy's arrays are exported as read-only; a consumer that
        speaks a DLPack before 1.0, which cannot say so, gets a copy.

        Raises
        ------
        BufferError
            If the tensor needs a gradient, or memory cannot be shared as asked.
        """
        if self._node is not None:
            raise BufferError(
                "__dlpack__: this tensor needs a gradient, which another library would lose; "
                "export x.detach()"
            )
        data = self._data
        if isinstance(data, np.ndarray) and copy is None and (max_version or (0, 0))[0] < 1:
            data = data.copy()
        asked = {
            "stream": stream,
            "max_version": max_version,
            "dl_device": dl_device,
            "copy": copy,
        }
        return data.__dlpack__(**{name: v for name, v in asked.items() if v is not None})

    def __dlpack_device__(self: Any) -> tuple[int, int]:
        """DLPack's type and number of the device that holds the entries; ``(1, 0)`` is the CPU."""
        kind, number = self._data.__dlpack_device__()
        return int(kind), int(number)

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """What ``np.asarray(x)`` gives: a read-only view, or a copy if ``dtype`` or ``copy`` asks.

        Raises
        ------
        TypeError
            If the tensor needs a gradient or lives in another backend than NumPy's.
        ValueError
            For ``copy=False`` with another dtype.
        """
        if self.backend != "numpy":
            raise TypeError(
                f"np.asarray: this tensor lives on {self.backend!r}, and nothing comes to the host "
                'unasked; use .numpy() or .to("numpy")'
            )
        if self._node is not None:
            raise TypeError(
                "np.asarray: this tensor needs a gradient, which NumPy would lose; use .detach() "
                "or .detach().numpy()"
            )
        return np.array(self.numpy(), dtype=dtype, copy=copy)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """A tensor of an array of any library that speaks DLPack, without history.

    Parameters
    ----------
    x : object with ``__dlpack__`` and ``__dlpack_device__``
        Arrays on the CPU become tensors on ``"numpy"``, those of an NVIDIA GPU on ``"cupy"``;
        tensors and arrays of a loaded backend stay there.
    device : optional
        Where the tensor shall live, as another tensor's ``.device`` gives it.
    copy : bool, optional
        True: copy. False: share memory or raise. None: share where possible. Do not write to an
        array that is shared.

    Raises
    ------
    TypeError
        If ``x`` does not speak DLPack, or holds a dtype that tensors have not.
    BufferError
        If ``x`` needs a gradient, lives on a device that no backend holds, or cannot be shared.

    >>> import numpy as np
    >>> import minitorch_cnn as mt
    >>> mt.from_dlpack(np.arange(3.0))
    tensor([0., 1., 2.], dtype=float64)
    """
    if not (hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__")):
        raise TypeError(
            f"from_dlpack: a {type(x).__name__} does not speak DLPack (it has no __dlpack__); make "
            "a tensor of its entries with mt.tensor(...)"
        )
    if isinstance(x, Boxed) and x._node is not None:
        raise BufferError("from_dlpack: this tensor needs a gradient; pass x.detach()")
    own = is_array(x)
    home = backend_of(raw(x)) if own else _holder(x)
    target = home if device is None else backend_of_device(device)
    if copy is False and target is not home:
        raise BufferError(
            f"from_dlpack: copy=False, but the array lives on {home.name!r} and shall come to "
            f"{target.name!r}; leave copy out"
        )
    array = raw(x) if own else _imported(x, home, copy)
    return box(raw_array(array, dtype=None, backend=target, copy=own and bool(copy)), None)


def _holder(x: Any) -> Backend:
    """The backend that can hold a foreign array where it is."""
    kind, number = x.__dlpack_device__()
    name = DEVICE_BACKENDS.get(int(kind))
    if name is None:
        raise BufferError(
            f"from_dlpack: the array lives on a device of DLPack's type {int(kind)} (number "
            f"{number}), which no backend holds; bring it to the CPU first"
        )
    return get_backend(name)


def _imported(x: Any, home: Backend, copy: bool | None) -> Any:
    """A foreign array as one of ``home``'s; consumers before NumPy's ``copy`` need not know it."""
    try:
        return home.xp.from_dlpack(x) if copy is None else home.xp.from_dlpack(x, copy=copy)
    except RuntimeError as error:  # NumPy's word for a dtype that it has not, such as bfloat16
        raise TypeError(f"from_dlpack: {error}; convert the array first") from None
