"""Layers that normalise each sample by itself, without running statistics.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.arguments import at_least_zero, count
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter
from minitorch_cnn.ops.arguments import shape_tuple


def _normalized_shape(given: Any, name: str) -> tuple[int, ...]:
    shape = shape_tuple(given, f"{name} normalized_shape")
    if not shape or min(shape) < 0:
        raise ValueError(f"{name} normalized_shape: expected sizes of dimensions, got {given!r}")
    return shape


class LayerNorm(Module):
    """The last dimensions minus their mean, over their standard deviation, scaled and shifted.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Sizes of the last dimensions, which are normalised together.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether to learn a scale and a shift for each entry of ``normalized_shape``.
    bias : bool
        Whether ``elementwise_affine`` learns a shift, too.
    dtype, backend
        Of the parameters.

    Notes
    -----
    Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LayerNorm(2, eps=0.0)(mt.tensor([[1.0, 3.0], [5.0, 1.0]])).detach()
    tensor([[-1.,  1.],
            [ 1., -1.]])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        name = type(self).__name__
        self.normalized_shape = _normalized_shape(normalized_shape, name)
        self.eps = at_least_zero(eps, f"{name} eps")
        self.elementwise_affine = elementwise_affine
        ones = np.ones(self.normalized_shape, np.float32)
        place = {"dtype": dtype, "backend": backend}
        self.weight = Parameter(ones, **place) if elementwise_affine else None
        self.bias = Parameter(0 * ones, **place) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class RMSNorm(Module):
    """The last dimensions over the root of their mean square, scaled.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Sizes of the last dimensions, which are normalised together.
    eps : float, optional
        Added to the mean square; the distance from 1 to the next number of the dtype unless given.
    elementwise_affine : bool
        Whether to learn a scale for each entry of ``normalized_shape``.
    dtype, backend
        Of the parameter.

    Notes
    -----
    Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", 2019.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.RMSNorm(2)(mt.tensor([1.0, 7.0])).detach()
    tensor([0.2, 1.4])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        name = type(self).__name__
        self.normalized_shape = _normalized_shape(normalized_shape, name)
        self.eps = eps if eps is None else at_least_zero(eps, f"{name} eps")
        self.elementwise_affine = elementwise_affine
        ones = np.ones(self.normalized_shape, np.float32)
        self.weight = Parameter(ones, dtype=dtype, backend=backend) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """Each group of channels minus its mean, over its standard deviation, scaled and shifted.

    Parameters
    ----------
    num_groups : int
        How many groups of neighbouring channels; must divide ``num_channels``.
    num_channels : int
        Number of channels C of the input ``(N, C, *spatial)``.
    eps : float
        Added to the variance.
    affine : bool
        Whether to learn a scale and a shift for each channel.
    bias : bool
        Whether ``affine`` learns a shift, too.
    dtype, backend
        Of the parameters.

    Notes
    -----
    Source: Y. Wu, K. He, "Group normalization", 2018.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.GroupNorm(3, 6)(mt.randn(2, 6, 4, 4)).shape
    (2, 6, 4, 4)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        name = type(self).__name__
        self.num_groups = count(num_groups, f"{name} num_groups")
        self.num_channels = count(num_channels, f"{name} num_channels")
        if num_channels % num_groups:
            raise ValueError(
                f"{name}: num_groups {num_groups} must divide num_channels {num_channels}"
            )
        self.eps = at_least_zero(eps, f"{name} eps")
        self.affine = affine
        ones = np.ones(num_channels, np.float32)
        place = {"dtype": dtype, "backend": backend}
        self.weight = Parameter(ones, **place) if affine else None
        self.bias = Parameter(0 * ones, **place) if affine and bias else None

    def forward(self, x: Any) -> Any:
        return functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class LocalResponseNorm(Module):
    """Each channel over the response of its neighbours: ``x / (k + alpha * mean(x**2))**beta``.

    Parameters
    ----------
    size : int
        How many channels count as neighbours.
    alpha, beta, k : float

    Notes
    -----
    Source: A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep
    convolutional neural networks", 2012, section 3.3, with a mean in place of the sum.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LocalResponseNorm(2)(mt.ones((1, 3, 4, 4))).shape
    (1, 3, 4, 4)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = count(size, f"{type(self).__name__} size")
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, x: Any) -> Any:
        return functional.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
