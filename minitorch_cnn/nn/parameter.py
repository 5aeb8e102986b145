"""The two kinds of tensor that are part of a module: learned, and not learned.

May import ``tensor_alias`` and what lies below it.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.tensor import Tensor
from minitorch_cnn.tensor_alias import TIE_SLOTS


class Parameter(Tensor):
    """A tensor that is learned: a leaf that requires a gradient, found by ``parameters()``.

    Parameters
    ----------
    data : array_like
        Copied.
    requires_grad : bool
        False freezes it.
    """

    __slots__ = TIE_SLOTS

    def __init__(
        self, data: Any, requires_grad: bool = True, *, dtype: Any = None, backend: Any = None
    ) -> None:
        super().__init__(data, dtype=dtype, backend=backend, requires_grad=requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def _extras(self) -> dict[str, Any]:
        return {name: x for name, x in super()._extras().items() if name not in TIE_SLOTS}

    def _refuse_in_place(self, other: Any) -> Any:
        raise TypeError(
            "a parameter is not changed by +=, -= and the like: they would only bind the name to a "
            "new tensor, and nothing would be learned. Write p.assign_(p - step)"
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = _refuse_in_place
    __ipow__ = __imatmul__ = _refuse_in_place


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
