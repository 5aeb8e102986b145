"""Convolution as what it is: a dense product per position, with local links and tied weights.

Read from top to bottom: ``dense_per_position`` multiplies the window at each position by a matrix
of that position's own; ``locally_connected`` cuts the windows; ``convolve`` is the locally
connected product with one weight broadcast over all positions. The transposed pair that follows
turns the same table of links, so that outputs feed inputs. The kernels at the end stand in for
them, one triad of bilinear operations with free weights and one with tied weights: each of the
three is the gradient rule of the others, so that derivatives of any order stay among them. May
import ``window``, ``linalg`` and what lies below them.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch_backends.windows import output_sizes
from minitorch_cnn.backend import kernel as find_kernel
from minitorch_cnn.composition import composition
from minitorch_cnn.ops.arguments import raw
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import broadcast_to, matrix_transpose, permute_dims, reshape
from minitorch_cnn.ops.window import Ints, Pairs, add_windows, windows
from minitorch_cnn.primitive import Primitive


def dense_per_position(columns: Any, weight: Any) -> Any:
    """At each position, a matrix of its own times the window there.

    Parameters
    ----------
    columns : Tensor, shape (positions, groups, places, N)
        The entries of each window, for every picture.
    weight : Tensor, shape (positions, groups, outputs, places)

    Returns
    -------
    Tensor, shape (positions, groups, outputs, N)
    """
    return weight @ columns


def _locally_connected(x: Any, weight: Any, **window: Any) -> Any:
    kernel = tuple(raw(weight).shape[len(window["stride"]) + 2 :])
    return _local(x, weight, shape=tuple(raw(x).shape), kernel=kernel, **window)


@composition(standin=_locally_connected)
def locally_connected(
    x: Any, weight: Any, *, stride: Ints, padding: Pairs, dilation: Ints, groups: int
) -> Any:
    """Local links, free weights: every position looks at its own window with its own weights.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
    weight : Tensor, shape (*positions, O, C / groups, *kernel)

    Returns
    -------
    Tensor, shape (N, O, *positions)
    """
    dims = len(stride)
    shape = raw(weight).shape
    positions, outputs, kernel = shape[:dims], shape[dims], shape[dims + 2 :]
    count, places = math.prod(positions), math.prod(shape[dims + 1 :])
    columns = windows(x, kernel, stride, padding, dilation)
    pictures = raw(x).shape[0]
    columns = permute_dims(reshape(columns, (pictures, groups, places, count)), (3, 1, 2, 0))
    matrices = reshape(weight, (count, groups, outputs // groups, places))
    products = dense_per_position(columns, matrices)
    return reshape(permute_dims(products, (3, 1, 2, 0)), (pictures, outputs, *positions))


def _convolve(x: Any, weight: Any, bias: Any = None, **window: Any) -> Any:
    shape, kernel = tuple(raw(x).shape), tuple(raw(weight).shape[2:])
    given = (weight,) if bias is None else (weight, bias)
    return _conv(x, *given, shape=shape, kernel=kernel, **window)


@composition(standin=_convolve)
def convolve(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Ints,
    padding: Pairs,
    dilation: Ints,
    groups: int,
) -> Any:
    """Local links, tied weights: every position looks at its window with the same weights.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
    weight : Tensor, shape (O, C / groups, *kernel)
    bias : Tensor, shape (O,), optional

    Returns
    -------
    Tensor, shape (N, O, *positions)
        The cross-correlation that deep learning calls convolution.
    """
    shape = tuple(raw(weight).shape)
    positions = output_sizes(raw(x).shape[2:], shape[2:], stride, padding, dilation)
    tied = broadcast_to(weight, (*positions, *shape))
    out = locally_connected(
        x, tied, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    return out if bias is None else add_bias(out, bias)


def _locally_connected_transpose(x: Any, weight: Any, **window: Any) -> Any:
    kernel = tuple(raw(weight).shape[len(window["stride"]) + 2 :])
    return _local_input(x, weight, kernel=kernel, **window)


@composition(standin=_locally_connected_transpose)
def locally_connected_transpose(
    x: Any,
    weight: Any,
    *,
    shape: Ints,
    stride: Ints,
    padding: Pairs,
    dilation: Ints,
    groups: int,
) -> Any:
    """The table of :func:`locally_connected` turned: every link runs from its output to its input.

    At each position the transposed matrix makes a window of the entries there; where windows
    overlap they add up, and what falls into the padding is lost.

    Parameters
    ----------
    x : Tensor, shape (N, O, *positions)
    weight : Tensor, shape (*positions, O, C / groups, *kernel)
    shape : tuple of int
        ``(N, C, *spatial)``, of the result.
    """
    dims = len(stride)
    tied = raw(weight).shape
    positions, outputs, kernel = tied[:dims], tied[dims], tied[dims + 2 :]
    count, places = math.prod(positions), math.prod(tied[dims + 1 :])
    pictures = shape[0]
    entries = reshape(x, (pictures, groups, outputs // groups, count))
    matrices = reshape(weight, (count, groups, outputs // groups, places))
    columns = dense_per_position(permute_dims(entries, (3, 1, 2, 0)), matrix_transpose(matrices))
    columns = reshape(permute_dims(columns, (3, 1, 2, 0)), (*shape[:2], *kernel, *positions))
    return add_windows(columns, shape, kernel, stride, padding, dilation)


def _convolve_transpose(x: Any, weight: Any, **window: Any) -> Any:
    return _conv_input(x, weight, kernel=tuple(raw(weight).shape[2:]), **window)


@composition(standin=_convolve_transpose)
def convolve_transpose(
    x: Any,
    weight: Any,
    *,
    shape: Ints,
    stride: Ints,
    padding: Pairs,
    dilation: Ints,
    groups: int,
) -> Any:
    """The table of :func:`convolve` turned: every entry lays down the same kernel, times itself.

    Parameters
    ----------
    x : Tensor, shape (N, O, *positions)
    weight : Tensor, shape (O, C / groups, *kernel)
    shape : tuple of int
        ``(N, C, *spatial)`` of the result: a picture on which :func:`convolve`, whose adjoint this
        is, finds these positions.
    """
    tied = broadcast_to(weight, (*raw(x).shape[2:], *raw(weight).shape))
    return locally_connected_transpose(
        x,
        tied,
        shape=shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def _channel_sums(g: Any) -> Any:
    return total(g, axis=(0, *range(2, raw(g).ndim)))


_add_bias = Primitive(
    "add_bias",
    lambda x, bias: find_kernel("add_bias", x)(x, bias),
    (lambda g: g, _channel_sums),
)


@composition(standin=_add_bias)
def add_bias(x: Any, bias: Any) -> Any:
    """``x (N, O, *positions)`` plus an offset for each output channel, from ``bias (O,)``."""
    return x + reshape(bias, (-1, *(1,) * (raw(x).ndim - 2)))


# The bilinear triads: with g for outputs, <forward(x, w), g> = <x, to_input(g, w)>
# = <w, to_weight(x, g)>. The parameters name the shapes of x and of the kernel, so that all three
# can share them. Only the convolution is given a bias, which is added where the product lies.


def _kernel(name: str, *drop: str) -> Any:
    def compute(first: Any, second: Any, *bias: Any, **params: Any) -> Any:
        for unused in drop:
            params.pop(unused)
        out = find_kernel(name, first)(first, second, **params)
        for offsets in bias:
            out = find_kernel("add_bias", out)(out, offsets, in_place=True)
        return out

    return compute


def _triad(name: str) -> tuple[Primitive, Primitive, Primitive]:
    forward = Primitive(
        name,
        _kernel(name, "shape", "kernel"),
        (
            lambda g, x, w, *_, **p: to_input(g, w, **p),
            lambda g, x, w, *_, **p: to_weight(x, g, **p),
            lambda g, *_, **p: _channel_sums(g),
        ),
        keep="other",
    )
    to_input = Primitive(
        f"{name}_input",
        _kernel(f"{name}_input", "kernel"),
        (
            lambda g, u, w, **p: forward(g, w, **p),
            lambda g, u, w, **p: to_weight(g, u, **p),
        ),
        keep="other",
    )
    to_weight = Primitive(
        f"{name}_weight",
        _kernel(f"{name}_weight", "shape"),
        (
            lambda g, x, u, **p: to_input(u, g, **p),
            lambda g, x, u, **p: forward(x, g, **p),
        ),
        keep="other",
    )
    return forward, to_input, to_weight


_local, _local_input, _ = _triad("local")
_conv, _conv_input, _ = _triad("conv")
