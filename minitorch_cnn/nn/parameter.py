"""The two kinds of tensor that are part of a module: learned, and not learned.

May import Tensor and what lies below it.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.tensor import Tensor


class Parameter(Tensor):
    """A tensor that is learned: a leaf that requires a gradient, found by ``parameters()``.

    Parameters
    ----------
    data : array_like
        Copied.
    requires_grad : bool
        False freezes it.
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = True, *, dtype: Any = None, backend: Any = None
    ) -> None:
        super().__init__(data, dtype=dtype, backend=backend, requires_grad=requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that is part of a module's state and not learned, such as a running mean.

    Parameters
    ----------
    data : array_like
        Copied.
    persistent : bool
        Whether ``state_dict`` holds it.
    """

    __slots__ = ("persistent",)

    def __init__(
        self, data: Any, persistent: bool = True, *, dtype: Any = None, backend: Any = None
    ) -> None:
        super().__init__(data, dtype=dtype, backend=backend)
        self.persistent = persistent
