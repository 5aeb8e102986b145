"""einops on tensors: ``rearrange``, ``reduce``, ``repeat``, ``pack`` and the rest, with gradients.

einops finds its backends as subclasses of its own ``AbstractBackend``, so defining the class tells
it. Every method is an operation of ours. May import everything below the package.
"""

from __future__ import annotations

from typing import Any

from einops._backends import AbstractBackend

from minitorch_cnn.creation import arange, tensor
from minitorch_cnn.ops.arguments import is_floating
from minitorch_cnn.ops.arrange import concat, stack
from minitorch_cnn.ops.linalg import einsum
from minitorch_cnn.ops.shape import broadcast_to, expand_dims, permute_dims
from minitorch_cnn.tensor import Tensor


class EinopsBackend(AbstractBackend):
    """What einops does to a tensor; einops makes the one instance when it meets the first tensor.

    Reshaping and reducing are inherited: they call the methods of the tensor.
    """

    framework_name = "minitorch_cnn"

    def is_appropriate_type(self, tensor: Any) -> bool:
        return isinstance(tensor, Tensor)

    def from_numpy(self, x: Any) -> Tensor:
        return tensor(x, requires_grad=x.dtype.kind == "f")  # type: ignore[no-any-return]

    def to_numpy(self, x: Tensor) -> Any:
        return x.detach().numpy()

    def arange(self, start: int, stop: int) -> Tensor:
        return arange(start, stop)  # type: ignore[no-any-return]

    def transpose(self, x: Tensor, axes: Any) -> Tensor:
        return permute_dims(x, axes)  # type: ignore[no-any-return]

    def stack_on_zeroth_dimension(self, tensors: list[Tensor]) -> Tensor:
        return stack(tensors)  # type: ignore[no-any-return]

    def add_axes(self, x: Tensor, n_axes: int, pos2len: dict[int, int]) -> Tensor:
        x = expand_dims(x, tuple(pos2len))
        return broadcast_to(x, [pos2len.get(i, n) for i, n in enumerate(x.shape)])  # type: ignore[no-any-return]

    def concat(self, tensors: list[Tensor], axis: int) -> Tensor:
        return concat(tensors, axis=axis)  # type: ignore[no-any-return]

    def is_float_type(self, x: Tensor) -> bool:
        return is_floating(x.dtype)

    def einsum(self, pattern: str, *x: Tensor) -> Tensor:
        return einsum(pattern, *x)  # type: ignore[no-any-return]
