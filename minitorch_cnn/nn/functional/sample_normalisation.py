"""Normalisation of each sample by itself: what it gives does not depend on the rest of the batch.

Layer, group and instance normalisation are one operation, "minus the mean, over the standard
deviation", over different parts of a sample; ``ops.norm.standardise`` is that operation. May import
``normalisation``, ``windows`` and ``ops``.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_cnn.backend import namespace
from minitorch_cnn.nn.functional.normalisation import (
    batch_norm,
    blend_moments,
    check_channels,
    scale_and_shift,
)
from minitorch_cnn.nn.functional.windows import per_dimension
from minitorch_cnn.ops.analytic import rsqrt
from minitorch_cnn.ops.arguments import (
    axis_tuple,
    raw,
    require_float,
    require_one_backend,
    require_one_dtype,
    shape_tuple,
)
from minitorch_cnn.ops.elementwise import clip
from minitorch_cnn.ops.norm import moments, standardise
from minitorch_cnn.ops.pool import sum_pool
from minitorch_cnn.ops.precision import single
from minitorch_cnn.ops.reduce import mean, vector_norm
from minitorch_cnn.ops.shape import reshape


def _last_axes(name: str, input: Any, normalized_shape: Any, **parameters: Any) -> tuple[int, ...]:
    """The axes that ``normalized_shape`` stands for, once everything is found to fit."""
    shape = tuple(raw(require_float(input, name)).shape)
    part = shape_tuple(normalized_shape, f"{name} normalized_shape")
    if not part or shape[-len(part) :] != part:
        raise ValueError(
            f"{name}: normalized_shape {part} must be the end of the input's shape {shape}"
        )
    for key, values in parameters.items():
        if values is not None and tuple(values.shape) != part:
            raise ValueError(
                f"{name}: {key} has shape {tuple(values.shape)}; expected normalized_shape {part}"
            )
    require_one_backend(name, input=input, **parameters)
    require_one_dtype(name, input=input, **parameters)
    return tuple(range(len(shape) - len(part), len(shape)))


@single
def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Minus the mean, over the standard deviation, of the last dimensions.

    Parameters
    ----------
    input : Tensor, shape (..., *normalized_shape)
    normalized_shape : int or tuple of int
        Sizes of the last dimensions, which are normalised together.
    weight, bias : Tensor, shape ``normalized_shape``, optional
        Scale and shift of every entry.
    eps : float
        Added to the (biased) variance.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``normalized_shape`` is not the end of the input's shape.

    Notes
    -----
    Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.layer_norm(mt.tensor([[1.0, 3.0], [5.0, 1.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.],
            [ 1., -1.]])
    """
    axes = _last_axes("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    out = standardise(input, math.prod(raw(input).shape[: axes[0]]), eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@single
def rms_norm(
    input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    """The last dimensions over the root of their mean square.

    Parameters
    ----------
    input : Tensor, shape (..., *normalized_shape)
    normalized_shape : int or tuple of int
        Sizes of the last dimensions, which are normalised together.
    weight : Tensor, shape ``normalized_shape``, optional
        Scale of every entry.
    eps : float, optional
        Added to the mean square; the distance from 1 to the next number of the dtype unless given.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If ``normalized_shape`` is not the end of the input's shape.

    Notes
    -----
    Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", 2019.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.rms_norm(mt.tensor([1.0, 7.0]), (2,))
    tensor([0.2, 1.4])
    """
    axes = _last_axes("rms_norm", input, normalized_shape, weight=weight)
    data = raw(input)
    if eps is None:
        eps = float(namespace(data).finfo(data.dtype).eps)
    if math.prod(data.shape):
        input = input * rsqrt(mean(input * input, axis=axes, keepdims=True) + eps)
    return input if weight is None else input * weight


@single
def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Minus the mean, over the standard deviation, of each group of channels of each sample.

    Parameters
    ----------
    input : Tensor, shape (N, C, *spatial)
    num_groups : int
        How many groups of neighbouring channels; must divide C.
    weight, bias : Tensor, shape (C,), optional
        Scale and shift of every channel.
    eps : float
        Added to the (biased) variance.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If the groups do not divide the channels, or the only sample has one entry in each.

    Notes
    -----
    Source: Y. Wu, K. He, "Group normalization", 2018.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.group_norm(mt.tensor([[1.0, 3.0, 5.0, 1.0]]), 2, eps=0.0)
    tensor([[-1.,  1.,  1., -1.]])
    """
    shape = tuple(raw(require_float(input, "group_norm")).shape)
    if len(shape) < 2:
        raise ValueError(f"group_norm: expected an input (N, C, *spatial), got shape {shape}")
    (groups,) = per_dimension(num_groups, 1, "group_norm num_groups", least=1)
    if shape[1] % groups:
        raise ValueError(
            f"group_norm: num_groups {groups} must divide the {shape[1]} channels of an input "
            f"of shape {shape}"
        )
    _check_affine("group_norm", input, weight, bias)
    if math.prod(shape) == groups:
        raise ValueError(
            f"group_norm: one entry in each of the {groups} groups of an input of shape "
            f"{shape}; more than 1 is needed for a variance: use fewer groups"
        )
    return scale_and_shift(standardise(input, shape[0] * groups, eps), weight, bias)


def _check_affine(name: str, input: Any, weight: Any, bias: Any) -> None:
    check_channels(name, raw(input).shape[1], weight=weight, bias=bias)
    require_one_backend(name, input=input, weight=weight, bias=bias)
    require_one_dtype(name, input=input, weight=weight, bias=bias)


@single
def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Minus the mean, over the standard deviation, of each channel of each sample.

    Parameters
    ----------
    input : Tensor, shape (N, C, *spatial)
    running_mean, running_var : Tensor, shape (C,), optional
        Overwritten with ``(1 - momentum) * old + momentum * new``, where ``new`` is the mean over
        the samples (of variances over count - 1).
    weight, bias : Tensor, shape (C,), optional
        Scale and shift of every channel.
    use_input_stats : bool
        False: normalise by the running statistics, which then stay as they are.
    momentum : float
        How much of the samples goes into the running statistics.
    eps : float
        Added to the (biased) variance.

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If channels differ, channels have one entry, or running statistics are missing.

    Notes
    -----
    Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization: the missing ingredient
    for fast stylization", 2016.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.instance_norm(mt.tensor([[[1.0, 3.0], [5.0, 1.0]]]), eps=0.0)
    tensor([[[-1.,  1.],
             [ 1., -1.]]])
    """
    data = raw(require_float(input, "instance_norm"))
    shape = tuple(data.shape)
    given = (running_mean is not None, running_var is not None)
    if len(set(given)) > 1 or not (use_input_stats or all(given)):
        raise ValueError(
            "instance_norm: running_mean and running_var go together, and without use_input_stats "
            "both are needed"
        )
    entries = math.prod(shape[2:])
    if len(shape) < 2 or (use_input_stats and entries == 1):
        raise ValueError(
            "instance_norm: expected an input (N, C, *spatial) with more than 1 entry for each "
            f"channel, got shape {shape}"
        )
    _check_affine("instance_norm", input, weight, bias)
    running = {"running_mean": running_mean, "running_var": running_var}
    check_channels("instance_norm", shape[1], **running)
    require_one_backend("instance_norm", input=input, **running)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, eps=eps)
    rows = shape[0] * shape[1]
    if running_mean is not None and math.prod(shape):
        statistics = moments(reshape(data, (1, rows, entries)))
        means, variances = (mean(reshape(values, shape[:2]), axis=0) for values in statistics)
        blend_moments(running_mean, running_var, means, variances, momentum, entries)
    return scale_and_shift(standardise(input, rows, eps), weight, bias)


@single
def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """``x / (k + alpha * (mean of x**2 over neighbouring channels))**beta``.

    Parameters
    ----------
    input : Tensor, shape (N, C, *spatial)
        With at least one spatial dimension.
    size : int
        How many channels count as neighbours: ``size // 2`` before, the channel itself, and the
        rest after it. Channels beyond the first and last count as zero.
    alpha, beta, k : float

    Returns
    -------
    Tensor, shape of ``input``

    Raises
    ------
    ValueError
        If there is no spatial dimension, or ``size`` is less than 1.

    Notes
    -----
    Source: A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep
    convolutional neural networks", 2012, section 3.3, with a mean in place of the sum.

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.local_response_norm(mt.ones((1, 2, 1)), 2, alpha=2.0, beta=1.0)
    tensor([[[0.5   ],
             [0.3333]]])
    """
    shape = tuple(raw(require_float(input, "local_response_norm")).shape)
    if len(shape) < 3:
        raise ValueError(
            "local_response_norm: expected an input (N, C, *spatial) with a spatial dimension, got "
            f"shape {shape}"
        )
    (size,) = per_dimension(size, 1, "local_response_norm size", least=1)
    if 0 in shape:
        return input
    columns = reshape(input * input, (shape[0], 1, shape[1], math.prod(shape[2:])))
    around = ((size // 2, (size - 1) // 2), (0, 0))
    sums = sum_pool(columns, kernel=(size, 1), stride=(1, 1), padding=around)
    return input / (reshape(sums, shape) * (alpha / size) + k) ** beta


@single
def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """``x / max(norm(x), eps)``: vectors along ``dim`` brought to length 1.

    Parameters
    ----------
    input : Tensor
    p : float
        Of the norm ``sum(|x|**p)**(1/p)``; infinity for the largest entry.
    dim : int or tuple of int
        Along which the vectors lie.
    eps : float
        Shorter vectors are divided by this instead of by their length.

    Returns
    -------
    Tensor, shape of ``input``

    >>> import minitorch_cnn as mt
    >>> mt.nn.functional.normalize(mt.tensor([[3.0, 4.0]]))
    tensor([[0.6, 0.8]])
    """
    axes = axis_tuple(dim, raw(require_float(input, "normalize")).ndim, "normalize")
    return input / clip(vector_norm(input, axis=axes, keepdims=True, ord=p), min=eps)
