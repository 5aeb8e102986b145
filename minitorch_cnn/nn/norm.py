"""Normalisation layers that may keep running statistics: batch and instance normalisation.

May import ``module`` and ``functional``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.arguments import at_least_zero, count, fraction
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Buffer, Parameter
from minitorch_cnn.ops.arguments import raw, require_array
from minitorch_cnn.ops.shape import expand_dims, squeeze


class _ChannelNorm(Module):
    """A scale and a shift for each channel, and running statistics, where they are wanted."""

    input_dims: ClassVar[tuple[int, ...]]

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        bias: bool,
        dtype: Any,
        backend: Any,
    ) -> None:
        name = type(self).__name__
        self.num_features = count(num_features, f"{name} num_features")
        self.eps = at_least_zero(eps, f"{name} eps")
        self.momentum = momentum if momentum is None else fraction(momentum, f"{name} momentum")
        self.affine = affine
        self.track_running_stats = track_running_stats
        ones = np.ones(num_features, np.float32)
        place = {"dtype": dtype, "backend": backend}
        self.weight = Parameter(ones, **place) if affine else None
        self.bias = Parameter(0 * ones, **place) if affine and bias else None
        self.running_mean = Buffer(0 * ones, **place) if track_running_stats else None
        self.running_var = Buffer(ones, **place) if track_running_stats else None
        self.num_batches_tracked = (
            Buffer(0, dtype="int64", backend=backend) if track_running_stats else None
        )

    def check_dimensions(self, x: Any) -> tuple[int, ...]:
        """The shape of an input, found to have as many dimensions as this layer takes."""
        name = type(self).__name__
        shape = tuple(raw(require_array(x, name)).shape)
        if len(shape) not in self.input_dims:
            raise ValueError(
                f"{name}: expected an input of {' or '.join(map(str, self.input_dims))} "
                f"dimensions, got shape {shape}"
            )
        return shape

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ChannelNorm):
    """What batch normalisation of all dimensions shares."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, bias, dtype, backend
        )

    def forward(self, x: Any) -> Any:
        self.check_dimensions(x)
        counter = self.num_batches_tracked if self.training else None
        momentum = self.momentum
        if momentum is None:  # over all batches so far; on a GPU, to ask how many is to wait
            momentum = 0.0 if counter is None else 1 / (int(counter) + 1)
        out = functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training or self.running_mean is None,
            momentum=momentum,
            eps=self.eps,
        )
        if counter is not None:  # last, so that a batch that is refused counts for nothing
            counter.assign_(counter + 1)
        return out


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of ``(N, C)`` or ``(N, C, length)``; see :class:`BatchNorm2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.BatchNorm1d(2)(mt.tensor([[1.0, 2.0], [3.0, 2.0]])).shape
    (2, 2)
    """

    input_dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel minus its mean, over its standard deviation, scaled and shifted.

    Parameters
    ----------
    num_features : int
        Number of channels C of the input ``(N, C, height, width)``.
    eps : float
        Added to the variance.
    momentum : float or None
        How much of each batch goes into the running statistics; None averages over all batches.
    affine : bool
        Whether to learn a scale and a shift for each channel.
    track_running_stats : bool
        Whether to keep running statistics for evaluation; without, batches are always normalised
        by themselves.
    bias : bool
        Whether ``affine`` learns a shift, too.
    dtype, backend
        Of parameters and buffers.

    Notes
    -----
    Source: S. Ioffe, C. Szegedy, "Batch Normalization", 2015.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> norm = mt.nn.BatchNorm2d(3)
    >>> norm(mt.randn(2, 3, 4, 4)).shape, norm.num_batches_tracked.item()
    ((2, 3, 4, 4), 1)
    """

    input_dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of ``(N, C, depth, height, width)``; see :class:`BatchNorm2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.BatchNorm3d(1)(mt.ones((2, 1, 1, 1, 1))).shape
    (2, 1, 1, 1, 1)
    """

    input_dims = (5,)


class _InstanceNorm(_ChannelNorm):
    """What instance normalisation of all dimensions shares."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, bias, dtype, backend
        )

    def forward(self, x: Any) -> Any:
        shape = self.check_dimensions(x)
        batched = len(shape) == max(self.input_dims)
        if shape[batched] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}: num_features is {self.num_features}, but an input of "
                f"shape {shape} has {shape[batched]} channels"
            )
        out = functional.instance_norm(
            x if batched else expand_dims(x, 0),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            use_input_stats=self.training or self.running_mean is None,
            momentum=self.momentum or 0.0,
            eps=self.eps,
        )
        return out if batched else squeeze(out, 0)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of ``(N, C, length)`` or ``(C, length)``; see :class:`InstanceNorm2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.InstanceNorm1d(2)(mt.ones((3, 2, 4))).shape
    (3, 2, 4)
    """

    input_dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each picture minus its mean, over its standard deviation.

    Parameters
    ----------
    num_features : int
        Number of channels C of the input ``(N, C, height, width)`` or ``(C, height, width)``.
    eps : float
        Added to the variance.
    momentum : float or None
        How much of each batch goes into the running statistics; None leaves them as they are, as
        in PyTorch.
    affine : bool
        Whether to learn a scale and a shift for each channel.
    track_running_stats : bool
        Whether to keep running statistics and to normalise by them in evaluation.
    bias : bool
        Whether ``affine`` learns a shift, too.
    dtype, backend
        Of parameters and buffers.

    Notes
    -----
    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization: the missing ingredient
    for fast stylization", 2016.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.InstanceNorm2d(3)(mt.randn(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    input_dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of ``(N, C, depth, height, width)``; see :class:`InstanceNorm2d`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.InstanceNorm3d(1)(mt.ones((1, 2, 2, 2))).shape
    (1, 2, 2, 2)
    """

    input_dims = (4, 5)
