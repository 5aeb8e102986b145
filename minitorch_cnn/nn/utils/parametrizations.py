"""Parametrizations that nets are known by.

May import ``parametrize``, the layers and ``ops``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Buffer
from minitorch_cnn.nn.transposed_conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from minitorch_cnn.nn.utils.parametrize import register_parametrization
from minitorch_cnn.ops.arguments import axis_index
from minitorch_cnn.ops.elementwise import clip
from minitorch_cnn.ops.linalg import matmul, vecdot
from minitorch_cnn.ops.reduce import vector_norm
from minitorch_cnn.ops.shape import moveaxis, reshape
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


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    *,
    rng: np.random.Generator | None = None,
) -> Module:
    """Divide a weight by its largest singular value, so that the layer stretches nothing.

    The singular value is estimated by power iteration, which goes on by ``n_power_iterations`` at
    each look in training. A vector is divided by its length.

    Parameters
    ----------
    module : Module
    name : str
        Of the parameter, such as ``"weight"``.
    n_power_iterations : int
    eps : float
        Shortest length that is divided by.
    dim : int, optional
        The axis that is the rows of the matrix, all others being its columns: 0 by default, 1 for
        transposed convolutions.
    rng : numpy.random.Generator, optional
        Where the iteration starts; the generator of ``mt.seed`` by default.

    Returns
    -------
    Module
        ``module``; the estimated singular vectors are the buffers ``_u`` and ``_v`` of
        ``parametrizations.<name>.0``.

    Notes
    -----
    Source: T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018.

    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.Dense(2, 2, bias=False)
    >>> _ = layer.weight.assign_([[4.0, 0.0], [0.0, 1.0]])
    >>> layer = mt.nn.utils.parametrizations.spectral_norm(layer)
    >>> bool((abs(layer.weight - mt.tensor([[1.0, 0.0], [0.0, 0.25]])) < 1e-4).all())
    True
    """
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"spectral_norm: {type(module).__name__} has no tensor {name!r}")
    normed = _SpectralNorm(weight, n_power_iterations, dim, eps, rng)
    return register_parametrization(module, name, normed)


class _SpectralNorm(Module):
    def __init__(
        self,
        weight: Tensor,
        n_power_iterations: int,
        dim: int,
        eps: float,
        rng: np.random.Generator | None,
    ) -> None:
        self.n_power_iterations = count(n_power_iterations, "spectral_norm n_power_iterations")
        self.dim, self.eps = axis_index(dim, weight.ndim, "spectral_norm"), eps
        if weight.ndim > 1:
            place: dict[str, Any] = {"dtype": weight.dtype, "backend": weight.backend}
            rows, columns = self._matrix(weight.detach()).shape
            draw = random.generator(rng)
            self._u = Buffer(draw.normal(size=rows), **place)
            self._v = Buffer(draw.normal(size=columns), **place)
            self._iterate(weight, 15)  # to begin with something reasonable, as in PyTorch

    def forward(self, weight: Tensor) -> Any:
        if weight.ndim == 1:
            return self._unit(weight)
        if self.training:
            self._iterate(weight, self.n_power_iterations)
        return weight / vecdot(self._u, matmul(self._matrix(weight), self._v))

    def right_inverse(self, weight: Tensor) -> Tensor:
        return weight

    @no_grad()
    def _iterate(self, weight: Tensor, times: int) -> None:
        matrix = self._matrix(weight)
        for _ in range(times):
            self._u.assign_(self._unit(matmul(matrix, self._v)))
            self._v.assign_(self._unit(matmul(matrix.mT, self._u)))

    def _matrix(self, weight: Tensor) -> Any:
        return reshape(moveaxis(weight, self.dim, 0), (weight.shape[self.dim], -1))

    def _unit(self, vector: Any) -> Any:
        return vector / clip(vector_norm(vector), min=self.eps)
