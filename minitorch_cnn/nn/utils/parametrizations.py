"""Parametrizations that nets are known by.

May import ``parametrize`` and ``ops``.
"""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.utils.parametrize import register_parametrization
from minitorch_cnn.ops.arguments import axis_index
from minitorch_cnn.ops.reduce import vector_norm
from minitorch_cnn.tensor import Tensor


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn length and direction of a weight apart: ``w = g * v / |v|``.

    Parameters
    ----------
    module : Module
    name : str
        Of the parameter, such as ``"weight"``.
    dim : int or None
        Each slice along this axis has a length of its own; None (or -1, as in PyTorch): one
        length for all.

    Returns
    -------
    Module
        ``module``, whose ``g`` is ``parametrizations.<name>.original0`` and whose ``v`` is
        ``original1``.

    Notes
    -----
    Source: T. Salimans, D. Kingma, "Weight Normalization", 2016.

    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.utils.parametrizations.weight_norm(mt.nn.Dense(3, 2))
    >>> [(name, tensor.shape) for name, tensor in layer.named_parameters()][1:]
    [('parametrizations.weight.original0', (2, 1)), ('parametrizations.weight.original1', (2, 3))]
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _WeightNorm(Module):
    def __init__(self, dim: int | None) -> None:
        self.dim = dim

    def forward(self, length: Tensor, direction: Tensor) -> Any:
        return direction * (length / self._length(direction))

    def right_inverse(self, weight: Tensor) -> tuple[Any, Tensor]:
        return self._length(weight), weight

    def _length(self, tensor: Tensor) -> Any:
        if self.dim in (None, -1):
            return vector_norm(tensor)
        kept = axis_index(self.dim, tensor.ndim, "weight_norm")
        axes = tuple(axis for axis in range(tensor.ndim) if axis != kept)
        return vector_norm(tensor, axis=axes, keepdims=True)
