"""How layers and operations change a receptive field.

What is not known here has no field (None), except where every entry sees the same anyway: then no
layer can add to it. What is computed without gradients (integers, comparisons) counts as seeing
nothing. May import ``costs``, ``field``, ``nn`` and what lies below it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from minitorch_cnn import nn
from minitorch_cnn.graph import AnyNode, Node, ancestors
from minitorch_cnn.ledger.costs import TRANSPOSED_LAYERS
from minitorch_cnn.ledger.field import Field, Line, Span
from minitorch_cnn.nn.functional.windows import padding_pairs, per_dimension
from minitorch_cnn.nn.local import SlidingWindow
from minitorch_cnn.ops.kinds import Binary, Unary

Shape = tuple[int, ...]

NOTHING = Field((), (), ())
"""Of what does not depend on the picture, such as parameters."""

Seen = Field | None


def joined(fields: Sequence[Seen]) -> Seen:
    """What several tensors see together; None if that is not known of one of them."""
    found: Seen = NOTHING
    for field in fields:
        if field is None or found is None:
            return None
        found = field if found is NOTHING else found if field is NOTHING else found.joined(field)
    return found


# --- operations ---------------------------------------------------------------------------------


def field_of(node: AnyNode | None, known: Mapping[AnyNode, Seen]) -> Seen:
    """The field of the tensor that ``node`` made, from those of the leaves that are ``known``."""
    if node is None:
        return NOTHING
    found: dict[AnyNode, Seen] = {}
    for one in ancestors([node], ends=known.__contains__):
        if one in known:
            found[one] = known[one]
        elif isinstance(one, Node):
            parents = [NOTHING if p is None else found[p] for p in one.parents]
            found[one] = _behind_operation(one, parents)
        else:
            found[one] = NOTHING  # a parameter
    return found[node]


def _behind_operation(node: Node, parents: list[Seen]) -> Seen:
    together = joined(parents)
    if together is None or together is NOTHING or together.constant:
        return together
    if isinstance(node.primitive, (Unary, Binary)):
        return _kept(together, node.shape)
    rule = _OPERATIONS.get(node.primitive.name)
    return rule(together, node) if rule and _of_first_alone(node, parents) else None


def _of_first_alone(node: Node, parents: list[Seen]) -> bool:
    """Whether weights and other further inputs see nothing of the picture."""
    several = node.primitive.name in ("concat", "where")
    return several or all(field is NOTHING for field in parents[1:])


def _kept(field: Field, shape: Shape) -> Seen:
    """The field of entries that stay where they are."""
    if not field.grid or shape[-len(field.positions) :] == field.positions:
        return field
    return None


def _window_operation(field: Field, node: Node) -> Seen:
    window = node.params
    if not field.grid or len(window["kernel"]) != len(field.lines):
        return None
    settings = zip(
        field.lines,
        window["kernel"],
        window["stride"],
        [before for before, _ in window["padding"]],
        window.get("dilation", (1,) * len(field.lines)),
        strict=True,
    )
    step = "spread" if node.primitive.name == "conv_input" else "window"
    lines = [getattr(line, step)(*setting) for line, *setting in settings]
    return field.mapped(node.shape[-len(lines) :], lines)


def _concat_operation(field: Field, node: Node) -> Seen:
    spatial = len(node.shape) - len(field.positions)
    return _kept(field, node.shape) if field.grid and node.params["axis"] < spatial else None


def _softmax_operation(field: Field, node: Node) -> Seen:
    return _mixed(field, node.shape, (node.params["axis"],))


def _reduce_operation(field: Field, node: Node) -> Seen:
    origin, axes = node.params["origin"], node.params["axis"]
    mixed = _mixed(field, origin, axes)
    first = len(origin) - len(field.positions)
    if mixed is None or mixed.constant or not any(axis >= first for axis in axes):
        return mixed
    if not node.params["keepdims"]:
        return None
    return mixed.mapped(node.shape[first:], mixed.lines)


def _mixed(field: Field, shape: Shape, axes: Sequence[int]) -> Seen:
    """Behind what looks at all entries along some axes of a tensor of ``shape``."""
    if not field.grid:
        return field.all() if len(shape) == 2 and 1 in axes else None
    first = len(shape) - len(field.positions)
    return field.all(axis - first for axis in axes if axis >= first)


def _matmul_operation(field: Field, node: Node) -> Seen:
    return behind_dense(field, node.shape)


def _pad_operation(field: Field, node: Node) -> Seen:
    sign = 1 if node.primitive.name == "pad" else -1
    return _padded(field, [sign * before for before, _ in node.params["widths"]], node.shape)


def _padded(field: Field, before: Sequence[int], shape: Shape) -> Seen:
    if not field.grid:
        return None
    count = len(field.lines)
    lines = [line.window(1, before=n) for line, n in zip(field.lines, before[-count:], strict=True)]
    return field.mapped(shape[-count:], lines)


def _slice_operation(field: Field, node: Node) -> Seen:
    key, shape = node.params["key"], node.params["shape"]
    named = [part for part in key if part is not Ellipsis]
    if not field.grid or not all(isinstance(part, slice) for part in named):
        return None
    at = key.index(Ellipsis) if Ellipsis in key else len(key)
    whole = [slice(None)] * (len(shape) - len(named))
    parts = [*key[:at], *whole, *key[at + 1 :]]
    count = len(field.lines)
    ranges = [part.indices(size) for part, size in zip(parts, shape, strict=True)][-count:]
    if any(step < 0 for _, _, step in ranges):
        return None
    lines = [
        line.window(1, step, -start)
        for line, (start, _, step) in zip(field.lines, ranges, strict=True)
    ]
    return field.mapped(node.shape[-count:], lines)


def _reshape_operation(field: Field, node: Node) -> Seen:
    return reshaped(field, node.params["origin"], node.shape)


def reshaped(field: Field, before: Shape, after: Shape) -> Seen:
    """Behind a change of shape: on the grid still, row by row, or in any order."""
    count = len(field.positions)
    if field.grid and before[-count:] == after[-count:]:
        return field
    if field.grid and after == (before[0], math.prod(before[1:])):
        return replace(field, layout="row")
    if field.layout == "row" and (after == before or after[-count:] == field.positions):
        return replace(field, layout="row" if after == before else "grid")
    return replace(field, layout="loose")


_OPERATIONS: dict[str, Callable[[Field, Node], Seen]] = {
    **dict.fromkeys(
        ("alias", "copy", "astype", "to_backend", "where"), lambda f, n: _kept(f, n.shape)
    ),
    **dict.fromkeys(("conv", "conv_input", "max_pool", "sum_pool"), _window_operation),
    **dict.fromkeys(("sum", "mean", "max", "min"), _reduce_operation),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax_operation),
    **dict.fromkeys(("pad", "crop"), _pad_operation),
    "concat": _concat_operation,
    **dict.fromkeys(("linear", "matmul"), _matmul_operation),
    "reshape": _reshape_operation,
    "slice": _slice_operation,
}
"""What operations between layers do, by the name of the primitive."""


# --- layers -------------------------------------------------------------------------------------


def behind_dense(field: Field, shape: Shape) -> Seen:
    """Behind a dense layer with outputs of ``shape``: it looks along the last axis."""
    if not field.grid:
        return field.all() if len(shape) == 2 else None
    last = len(field.lines) - 1
    mixed = field.all((last,))
    return mixed.mapped((*field.positions[:last], shape[-1]), mixed.lines)


def behind_layer(layer: nn.Module, field: Field, before: Shape, after: Shape) -> Seen:
    """Behind a layer of the house that changes the shape from ``before`` to ``after``.

    Raises
    ------
    LookupError
        If there is no rule for such a layer: its operations tell.
    """
    rule = next((rule for kinds, rule in _LAYERS if isinstance(layer, kinds)), None)
    if rule is None:
        raise LookupError(type(layer).__name__)
    if field.constant:
        return field
    if getattr(layer, "dims", len(field.lines)) != len(field.lines):
        return None  # as where rows became channels
    return rule(layer, field, before, after)


def _windows(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    """Convolutions, locally connected layers and pooling."""
    dims = len(field.lines)
    if not field.grid:
        return None
    kernel, stride, dilation = (
        per_dimension(getattr(layer, name, 1), dims, name)
        for name in ("kernel_size", "stride", "dilation")
    )
    padding = getattr(layer, "padding", 0)
    pairs = padding_pairs(padding, kernel, stride, dilation, type(layer).__name__)
    starts = [first for first, _ in pairs]
    step = "spread" if isinstance(layer, TRANSPOSED_LAYERS) else "window"
    settings = zip(field.lines, kernel, stride, starts, dilation, strict=True)
    lines = [getattr(line, step)(*setting) for line, *setting in settings]
    return field.mapped(after[-dims:], lines)


def _adaptive(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    if not field.grid:
        return None
    counts = after[-len(field.lines) :]
    if 0 in counts:
        return None
    one = field.all(dim for dim, count in enumerate(counts) if count == 1)
    lines = [
        line if count == 1 else line.bins(size, count)
        for line, size, count in zip(one.lines, field.positions, counts, strict=True)
    ]
    return field.mapped(counts, lines)


def _pads(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    return _padded(field, layer.padding[-2::-2], after)


def _upsampling(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    dims = len(field.lines)
    factors = [new // old for new, old in zip(after[-dims:], before[-dims:], strict=True)]
    exact = all(n * f == m for n, f, m in zip(before[-dims:], factors, after[-dims:], strict=True))
    if not field.grid or not exact or layer.mode not in ("nearest", "nearest-exact"):
        return None
    return _enlarged(field, factors, after)


def _enlarged(field: Field, factors: Sequence[int], after: Shape) -> Field:
    """Every position repeated: the field of a transposed convolution without overlaps."""
    lines = [line.spread(f, f) for line, f in zip(field.lines, factors, strict=True)]
    return field.mapped(after[-len(lines) :], lines)


def _pixel_shuffle(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    flat = field.grid and len(field.lines) == 2
    return _enlarged(field, (layer.upscale_factor,) * 2, after) if flat else None


def _pixel_unshuffle(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    if not field.grid or len(field.lines) != 2:
        return None
    block = layer.downscale_factor
    return field.mapped(after[-2:], [line.window(block, block) for line in field.lines])


def _dense(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    return behind_dense(field, after)


def _structured(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    """From the table: the hull of what the linked inputs of each output see."""
    area = math.prod(field.positions)
    table = layer.connectivity()
    if field.layout != "row" or len(before) != 2 or before[1] % area or not table.links:
        return None
    outputs, starts = np.unique(table.outputs, return_index=True)
    places = np.unravel_index(table.inputs % area, field.positions)
    lines = []
    for line, place, pixels in zip(field.lines, places, field.picture, strict=True):
        ends = zip(
            np.minimum.reduceat(place, starts).tolist(),
            np.maximum.reduceat(place, starts).tolist(),
            strict=True,
        )
        spans: list[Span | None] = [None] * table.shape[0]
        for output, (first, last) in zip(outputs.tolist(), ends, strict=True):
            if (seen := line.hull(first, last)) is not None:
                spans[output] = max(seen[0], 0), min(seen[1], pixels - 1)
        everything = set(spans) == {(0, pixels - 1)}
        lines.append(Line(tuple(spans[:1] if everything else spans), 0))
    rows = (table.shape[0],) * len(lines)
    return Field(tuple(lines), rows, field.picture, layout="loose")


def _picture_norm(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    """All positions, unless running statistics are used."""
    if getattr(layer, "running_mean", None) is not None:
        return field
    return field.all() if field.grid and len(before) - 2 == len(field.lines) else None


def _layer_norm(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    axes = range(len(before) - len(layer.normalized_shape), len(before))
    return _mixed(field, before, axes)


def _reshaping(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    return reshaped(field, before, after)


def _same(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    return field


def _unknown(layer: Any, field: Field, before: Shape, after: Shape) -> Seen:
    return None


_LAYERS: tuple[tuple[tuple[type, ...], Callable[[Any, Field, Shape, Shape], Seen]], ...] = (
    ((SlidingWindow, *TRANSPOSED_LAYERS), _windows),
    ((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _windows),
    ((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _windows),
    ((nn.LPPool1d, nn.LPPool2d, nn.LPPool3d), _windows),
    ((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _adaptive),
    ((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _adaptive),
    ((nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d), _pads),
    ((nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d), _pads),
    ((nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d), _pads),
    ((nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d), _pads),
    ((nn.ReplicationPad1d, nn.ReplicationPad2d, nn.ReplicationPad3d), _pads),
    ((nn.Upsample,), _upsampling),
    ((nn.PixelShuffle,), _pixel_shuffle),
    ((nn.PixelUnshuffle,), _pixel_unshuffle),
    ((nn.Dense, nn.TiedDense), _dense),
    ((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm), _picture_norm),
    ((nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), _picture_norm),
    ((nn.LayerNorm, nn.RMSNorm), _layer_norm),
    ((nn.Flatten, nn.Unflatten), _reshaping),
    ((nn.ChannelShuffle, nn.LocalResponseNorm), _same),
    ((nn.StructuredDense,), _structured),
    ((nn.MultiheadAttention, nn.Fold, nn.Unfold), _unknown),
)
"""Rules of layers whose operations do not tell, or not on every backend."""
