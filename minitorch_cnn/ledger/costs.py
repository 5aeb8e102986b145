"""What a layer costs: its links and its multiply-accumulates, from shapes alone.

Never lists the links of a table. May import ``nn``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from minitorch_cnn import nn
from minitorch_cnn.nn.local import SlidingWindow

Shape = tuple[int, ...]
Shapes = Sequence[Shape]

DENSE_LAYERS = (nn.Dense, nn.TiedDense, nn.StructuredDense)
"""Layers of vectors, along the last axis."""

TRANSPOSED_LAYERS = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def links_of(layer: nn.Module, inputs: Shapes, outputs: Shapes) -> int | None:
    """Links in one call, with one per output that has a bias; None without a table."""
    count = _table_links(layer, inputs, outputs)
    if count is None:
        return None
    return count + (math.prod(outputs[0]) if getattr(layer, "bias", None) is not None else 0)


def macs_of(layer: nn.Module, inputs: Shapes, outputs: Shapes) -> int | None:
    """Multiply-accumulates in one call; None if they are not known."""
    rule = next((rule for kinds, rule in _MACS if isinstance(layer, kinds)), None)
    if rule is not None and inputs and outputs:
        return rule(layer, inputs, outputs)
    count = _table_links(layer, inputs, outputs)
    ours = type(layer).__module__.startswith("minitorch_cnn.")
    return 0 if count is None and ours else count


def _table_links(layer: Any, inputs: Shapes, outputs: Shapes) -> int | None:
    """Links of the layer's table, times how often it is applied in the call."""
    if not hasattr(layer, "count_links") or not inputs or not _usual(layer, inputs, outputs):
        return None
    times, shape = _per_picture(layer, inputs[0])
    return times * int(layer.count_links(shape))


def _usual(layer: Any, inputs: Shapes, outputs: Shapes) -> bool:
    """False for a transposed convolution that was asked for another ``output_size``."""
    if not isinstance(layer, TRANSPOSED_LAYERS):
        return True
    names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
    settings = {name: getattr(layer, name) for name in names}
    usual: Shape = nn.conv_transpose_output_size(inputs[0][-layer.dims :], **settings)
    return outputs[0][-layer.dims :] == usual


def _per_picture(layer: Any, shape: Shape) -> tuple[int, Shape]:
    """How many pictures an input of ``shape`` holds, and the shape of one."""
    if isinstance(layer, DENSE_LAYERS):
        return math.prod(shape[:-1]), shape[-1:]
    if len(shape) == getattr(layer, "dims", len(shape)) + 1:  # unbatched
        return 1, shape
    return shape[0], shape[1:]


def _windows(layer: Any, inputs: Shapes, outputs: Shapes) -> int:
    """Every output has a full window, also where it sticks out over the border."""
    places: int = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
    return math.prod(outputs[0]) * places


def _transposed_windows(layer: Any, inputs: Shapes, outputs: Shapes) -> int:
    """Every input lays down a full window, also where it is cropped."""
    places: int = layer.out_channels // layer.groups * math.prod(layer.kernel_size)
    return math.prod(inputs[0]) * places


def _bilinear(layer: Any, inputs: Shapes, outputs: Shapes) -> int:
    """A matrix times one vector, then the other vector."""
    products: int = layer.in1_features * (layer.in2_features + 1)
    return math.prod(outputs[0]) * products


def _attention(layer: Any, inputs: Shapes, outputs: Shapes) -> int:
    """Four projections, the scores, and the sums of values that they weigh."""
    query, key = inputs[0], inputs[1]
    batch, length = (0, 1) if layer.batch_first else (1, 0)
    pictures = query[batch] if len(query) == 3 else 1
    queries, keys = (shape[length] if len(shape) == 3 else shape[0] for shape in (query, key))
    width: int = layer.embed_dim
    projections: int = queries * 2 * width + keys * (layer.kdim + layer.vdim)
    attended: int = keys + (layer.bias_k is not None) + layer.add_zero_attn
    return pictures * width * (projections + 2 * queries * attended)


def _none(layer: Any, inputs: Shapes, outputs: Shapes) -> int:
    return 0


_MACS: tuple[tuple[tuple[type, ...], Callable[[Any, Shapes, Shapes], int]], ...] = (
    ((SlidingWindow,), _windows),
    (TRANSPOSED_LAYERS, _transposed_windows),
    ((nn.Bilinear,), _bilinear),
    ((nn.MultiheadAttention,), _attention),
    # They add, and divide by a number.
    ((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _none),
)
"""Layers that do not multiply once for each of their links."""
