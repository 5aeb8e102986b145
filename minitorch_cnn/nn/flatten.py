"""Layers that change the shape and nothing else: several axes made one, and one made several.

May import ``module``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from minitorch_cnn.nn.module import Module
from minitorch_cnn.ops.arguments import axis_index, raw, require_array
from minitorch_cnn.ops.shape import flatten, reshape


class Flatten(Module):
    """The axes from ``start_dim`` to ``end_dim`` made one: pictures become vectors.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Flatten()(mt.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        shape = tuple(raw(require_array(input, "Flatten")).shape)
        if len(shape) <= self.start_dim:
            raise ValueError(
                f"Flatten: an input of shape {shape} has no axis {self.start_dim}; "
                "is the batch axis missing?"
            )
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis made several: the reverse of :class:`Flatten`.

    Parameters
    ----------
    dim : int
        Which axis.
    unflattened_size : tuple of int
        The sizes it is made into; one of them may be -1, which is worked out.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Unflatten(1, (3, -1))(mt.ones((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = operator.index(dim)
        try:
            self.unflattened_size = tuple(map(operator.index, unflattened_size))
        except TypeError:
            raise TypeError(
                f"Unflatten: unflattened_size={unflattened_size!r}; expected a tuple of integers"
            ) from None
        if not self.unflattened_size:
            raise ValueError("Unflatten: unflattened_size is empty; expected at least one size")

    def forward(self, input: Any) -> Any:
        shape = tuple(raw(require_array(input, "Unflatten")).shape)
        axis = axis_index(self.dim, len(shape), "Unflatten")
        sizes = self.unflattened_size
        known = math.prod(size for size in sizes if size != -1)
        missing = sizes.count(-1)
        if missing == 1 and known and shape[axis] % known == 0:
            sizes = tuple(shape[axis] // known if size == -1 else size for size in sizes)
        if min(sizes) < 0 or math.prod(sizes) != shape[axis]:
            raise ValueError(
                f"Unflatten: axis {self.dim} of shape {shape} cannot be made "
                f"{self.unflattened_size}; the product must be {shape[axis]}"
            )
        return reshape(input, (*shape[:axis], *sizes, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """Gives its input back.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Identity()(mt.ones(1))
    tensor([1.])
    """

    def forward(self, input: Any) -> Any:
        return input
