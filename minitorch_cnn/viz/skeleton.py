"""Which pixels an output sees: the gradient of a model's linear skeleton.

The skeleton of a model has its links and nothing else: all weights positive and alike, no
activation, no normalisation, means instead of largest entries. Its gradient at an output is the
share of the paths that each pixel takes to it. May import ``ledger``, ``nn`` and the
engine; draws nothing.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_cnn import nn
from minitorch_cnn.creation import ones
from minitorch_cnn.engine import grad
from minitorch_cnn.ledger.run import output_field, place_of
from minitorch_cnn.nn.activation.base import Activation
from minitorch_cnn.nn.window_links import Window
from minitorch_cnn.tensor import Tensor

Spans = tuple[tuple[int, int], ...]

_MAX_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_ADAPTIVE = {
    nn.AdaptiveMaxPool1d: nn.AdaptiveAvgPool1d,
    nn.AdaptiveMaxPool2d: nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool3d: nn.AdaptiveAvgPool3d,
}
_POINTWISE = (
    *(Activation, nn.PReLU, nn.Softmax2d, nn.Dropout, nn.Identity),
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.LocalResponseNorm),
)


def model_of(layers: Any, name: str) -> nn.Module:
    """One module: a model, or layers one after another."""
    if isinstance(layers, nn.Module):
        return layers
    if isinstance(layers, (list, tuple)) and all(isinstance(one, nn.Module) for one in layers):
        return nn.Sequential(*layers)
    raise TypeError(f"{name}: expected a Module or a list of layers, got a {type(layers).__name__}")


@dataclass(frozen=True)
class Field:
    """What one output sees.

    ``shares`` is what :func:`seen_pixels` returns; ``spans`` are first and last pixel of each
    dimension of the square that kernels and strides promise, or None where that is not known.
    """

    shares: np.ndarray[Any, Any]
    spans: Spans | None


def field_of(model: Any, input_shape: Iterable[int], position: Any, name: str) -> Field:
    """The field of an output; arguments as for :func:`seen_pixels`."""
    module, sizes = model_of(model, name), tuple(input_shape)
    shares, index = _followed(module, sizes, position, name)
    return Field(shares, _spans(module, sizes, index))


def seen_pixels(
    model: Any, input_shape: Iterable[int], position: Any = None
) -> np.ndarray[Any, Any]:
    """Through which share of its paths an output sees each pixel: its true receptive field.

    Every weight of a copy of the model is made positive and alike; activations, dropout and
    normalisation are left out, and max pooling looks at all of its window. The gradient of an
    output then counts paths, and a pixel is seen where it is not 0.

    Parameters
    ----------
    model : Module or list of Module
        Layers one after another, or any module that maps one tensor to one. What it computes beside
        its layers is run as it is.
    input_shape : tuple of int
        Of one sample, without the batch: ``(channels, height, width)``.
    position : int or tuple of int, optional
        Of the output: ``(row, column)`` for all channels there, or ``(channel, row, column)``. The
        middle if not given.

    Returns
    -------
    numpy.ndarray, shape (height, width)
        Shares that sum to 1, of all channels of a pixel together; ``> 0`` is the boolean map. All 0
        if the output sees nothing but padding.

    Raises
    ------
    TypeError
        If ``model`` is no module, or returns no tensor.
    ValueError
        If the output has no such position.

    Notes
    -----
    W. Luo, Y. Li, R. Urtasun, R. Zemel, "Understanding the effective receptive field in deep
    convolutional neural networks", 2016: under equal weights the shares lie like a bell.

    Examples
    --------
    Two windows of 3 reach 5 pixels, and most paths come from the middle:

    >>> import minitorch_cnn as mt
    >>> layers = [mt.nn.Conv1d(1, 1, 3), mt.nn.ReLU(), mt.nn.Conv1d(1, 1, 3)]
    >>> 9 * mt.viz.seen_pixels(layers, (1, 7), position=0)
    array([1., 2., 3., 2., 1., 0., 0.])
    """
    module = model_of(model, "seen_pixels")
    return _followed(module, tuple(input_shape), position, "seen_pixels")[0]


def _followed(
    model: nn.Module, sizes: tuple[int, ...], position: Any, name: str
) -> tuple[np.ndarray[Any, Any], tuple[Any, ...]]:
    """The shares of the pixels, and the index of the output."""
    x = ones((1, *sizes), dtype="float64", backend="numpy", requires_grad=True)
    y = _skeleton(model)(x)
    if not isinstance(y, Tensor):
        raise TypeError(f"{name}: the model returns a {type(y).__name__}, expected a Tensor")
    index = _index(position, y.shape[1:], name)
    (gradient,) = grad(y[(0, *index)].sum(), x)
    paths = np.abs(gradient.numpy()[0])
    if paths.ndim > 1:
        paths = paths.sum(axis=0)
    total = float(paths.sum())
    return paths / total if total else paths, index


def _index(position: Any, shape: tuple[int, ...], name: str) -> tuple[Any, ...]:
    """The index of an output of ``shape``; a slice of channels where a position names none."""
    if position is None:
        position = tuple(size // 2 for size in (shape[1:] or shape))
    given = tuple(position) if isinstance(position, (tuple, list)) else (position,)
    place = tuple(operator.index(number) for number in given)
    sizes = shape[max(len(shape) - len(place), 0) :]
    fits = len(place) in (len(shape), max(len(shape) - 1, 1))
    if not fits or any(not 0 <= p < size for p, size in zip(place, sizes, strict=False)):
        raise ValueError(
            f"{name}: the output of shape {shape} has no position {position}; give (row, column) "
            "or (channel, row, column), counted from 0"
        )
    return place if len(place) == len(shape) else (slice(None), *place)


# --- the skeleton ---------------------------------------------------------------------------------


def _skeleton(model: nn.Module) -> nn.Module:
    """A copy of the model with its links alone, in float64 on the host."""
    copied = copy.deepcopy(model).eval().to("numpy", dtype="float64")
    for module in copied.modules():
        if _is_pointwise(module):
            module.register_forward_hook(_passed_on)
        elif isinstance(module, _MAX_POOLS):
            module.register_forward_hook(_summed)
        elif isinstance(module, tuple(_ADAPTIVE)):
            module.register_forward_hook(_averaged)
    for parameter in copied.parameters():
        # Means of what an output sees, so that deep nets stay within range.
        fan_in = parameter.size / parameter.shape[0] if parameter.ndim > 1 else 1.0
        nn.init.constant_(parameter, 1.0 / max(fan_in, 1.0))
    return copied


def _passed_on(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
    """Instead of an activation: what it was given."""
    return args[0]


def _averaged(module: Any, args: tuple[Any, ...], output: Any) -> Any:
    """Instead of adaptive max pooling: the mean over the same bins."""
    mean = next(mean for kind, mean in _ADAPTIVE.items() if isinstance(module, kind))
    return mean(module.output_size)(args[0])


def _summed(pool: Any, args: tuple[Any, ...], output: Any) -> Any:
    """Instead of max pooling: the sum over the same windows, also those that the edge cuts off."""
    x: Tensor = args[0]
    positions = (output[0] if isinstance(output, tuple) else output).shape[2:]
    window = Window.of(
        pool.kernel_size,
        pool.stride,
        pool.padding,
        pool.dilation,
        dims=len(positions),
        name=type(pool).__name__,
    )
    kernel, stride, dilation = window.kernel, window.stride, window.dilation
    widths: list[int] = []
    for axis, (before, after) in enumerate(window.padding):
        reach = (positions[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
        there = x.shape[2 + axis] + before + after
        widths = [before, after + max(reach - there, 0), *widths]  # the last axis comes first
    weight = ones((x.shape[1], 1, *kernel), dtype=x.dtype, backend="numpy")
    slide = getattr(nn.functional, f"conv{len(kernel)}d")
    return slide(nn.functional.pad(x, widths), weight, None, stride, 0, dilation, x.shape[1])


def _spans(model: nn.Module, sizes: tuple[int, ...], index: tuple[Any, ...]) -> Spans | None:
    """First and last pixel along each dimension, beyond the edge where the window is."""
    field = output_field(model, sizes, place_of(model))
    if field is None or not (field.constant or field.grid):
        return None
    place = (0,) * len(field.lines) if field.constant else index[-len(field.lines) :]
    spans = tuple(line(position) for line, position in zip(field.lines, place, strict=True))
    known = tuple(span for span in spans if span is not None)
    return known if len(known) == len(spans) else None


def _is_pointwise(layer: nn.Module) -> bool:
    return isinstance(layer, _POINTWISE) and not isinstance(layer, nn.GLU)
