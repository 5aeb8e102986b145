"""How far a layer is from moving its output as its input moves: the meter of equivariance.

May import ``ledger``, ``nn`` and what lies below them.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from minitorch_cnn import nn
from minitorch_cnn.backend import float64
from minitorch_cnn.creation import tensor
from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.ledger.costs import DENSE_LAYERS
from minitorch_cnn.ledger.field import Field, Line
from minitorch_cnn.ledger.run import output_field, place_of
from minitorch_cnn.ledger.undisturbed import undisturbed
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.functional.windows import per_dimension
from minitorch_cnn.ops.arguments import shape_tuple
from minitorch_cnn.ops.arrange import roll
from minitorch_cnn.tensor import Tensor

Ints = tuple[int, ...]

BORDERS = ("circular", "interior")


def equivariance_error(
    layer: nn.Module,
    shift: Any,
    input_shape: Any,
    *,
    border: str = "circular",
    output_shape: Any = None,
    jump: Any = None,
    pictures: int = 4,
    rng: np.random.Generator | None = None,
) -> float:
    """How far ``layer(shifted x)`` is from ``shifted layer(x)``, as one number.

    Zero (to rounding) for a convolution with circular padding; zero padding spoils it at the
    border, a stride or pooling for shifts that are no multiple of it, and a dense or locally
    connected layer knows nothing of it.

    Parameters
    ----------
    layer : Module
        A layer or a whole model, run in evaluation mode. A dense layer (``Dense``,
        ``TiedDense``, ``StructuredDense``) gets the pictures flattened.
    shift : int or tuple of int
        By how many pixels the picture moves, along all dimensions or along each; what leaves at
        one end enters at the other.
    input_shape : tuple of int
        ``(channels, *sizes)`` of a picture, of one, two or three dimensions.
    border : {"circular", "interior"}
        Whether to compare all outputs, or only those whose receptive field meets neither padding
        nor pixels that entered at the other end.
    output_shape : tuple of int, optional
        ``(channels, *positions)`` of what a flat output stands for. Without it a flat output has
        no positions and should stay as it is: the number tells how far it is from invariant.
    jump : number or tuple of numbers, optional
        Pixels by which the input moves for one position of the output. By default that of the
        receptive field, or, where every output sees all, input size over output size.
    pictures : int
        How many random pictures to use, with normally distributed pixels.
    rng : numpy.random.Generator, optional
        Where they come from, on the host; ``numpy.random.default_rng(0)`` by default.

    Returns
    -------
    float
        ``norm(a - b) / sqrt((norm(a)**2 + norm(b)**2) / 2)``, the norms over all pictures,
        channels and compared positions, where ``a = layer(shifted x)`` and ``b`` is ``layer(x)``
        moved by ``shift / jump`` positions. It is 0 for equal outputs, about 1.41 for unrelated
        ones of mean zero, and at most 2. Where ``shift / jump`` is no integer, there is no right
        answer: the better one of both neighbours is taken.

    Raises
    ------
    ValueError
        If shapes do not fit, the jump is not known, or no output is free of the border.
    TypeError
        If ``layer`` is no Module or gives something else than one Tensor.

    Notes
    -----
    Source: T. Cohen, M. Welling, "Group equivariant convolutional networks", 2016, for the notion;
    R. Zhang, "Making convolutional networks shift-invariant again", 2019, for what strides do.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn
    >>> _ = mt.seed(0)
    >>> circular = nn.Conv2d(1, 4, 3, padding=1, padding_mode="circular")
    >>> mt.equivariance_error(circular, 2, (1, 8, 8)) < 1e-6
    True
    >>> zeros = nn.Conv2d(1, 4, 3, padding=1)
    >>> mt.equivariance_error(zeros, 2, (1, 8, 8)) > 0.1
    True
    >>> mt.equivariance_error(zeros, 2, (1, 8, 8), border="interior") < 1e-6
    True
    >>> mt.equivariance_error(nn.Dense(64, 64), 2, (1, 8, 8), output_shape=(1, 8, 8)) > 1
    True
    """
    if not isinstance(layer, nn.Module):
        raise TypeError(f"equivariance_error: expected a Module, got a {type(layer).__name__}")
    if border not in BORDERS:
        raise ValueError(
            f"equivariance_error: border {border!r} is none of {', '.join(map(repr, BORDERS))}"
        )
    shape = _picture_shape(input_shape)
    shifts = per_dimension(shift, len(shape) - 1, "equivariance_error shift")
    x = _random_pictures(layer, shape, pictures, rng)
    axes = tuple(range(2, x.ndim))
    with undisturbed(layer), no_grad():
        b = _output(layer, x, output_shape)
        a = _output(layer, roll(x, shifts, axes), output_shape)
    positions = b.shape[2:]
    if not positions and border == "circular":
        return _distance(a, b)
    field = None if isinstance(layer, DENSE_LAYERS) else output_field(layer, shape, place_of(layer))
    if len(positions) != len(axes):
        raise ValueError(
            f"equivariance_error: an output of shape {b.shape} has no {len(axes)} axes of positions"
            "; pass output_shape=(channels, *positions)"
        )
    jumps = _jumps(jump, field, shape[1:], positions)
    moved = [Fraction(pixels) / step for pixels, step in zip(shifts, jumps, strict=True)]
    return min(
        _error(a, b, steps, _Seam(border, field, shape[1:], shifts))
        for steps in product(*({math.floor(m), math.ceil(m)} for m in moved))
    )


def _picture_shape(input_shape: Any) -> Ints:
    shape = shape_tuple(input_shape, "equivariance_error: input_shape")
    if not 2 <= len(shape) <= 4 or min(shape) < 1:
        raise ValueError(
            f"equivariance_error: input_shape {shape} is no picture; expected (channels, *sizes) "
            "of one, two or three dimensions"
        )
    return shape


def _random_pictures(
    layer: nn.Module, shape: Ints, pictures: int, rng: np.random.Generator | None
) -> Tensor:
    number = count(pictures, "equivariance_error: pictures")
    generator = np.random.default_rng(0) if rng is None else rng
    if not isinstance(generator, np.random.Generator):
        raise TypeError(
            f"equivariance_error: rng is a {type(rng).__name__}; expected a numpy.random.Generator:"
            " make one with numpy.random.default_rng(seed)"
        )
    place = {"dtype": "float32", **place_of(layer)}
    drawn: Tensor = tensor(generator.standard_normal((number, *shape)), **place)
    return drawn


def _output(layer: nn.Module, x: Tensor, output_shape: Any) -> Tensor:
    if isinstance(layer, DENSE_LAYERS):
        x = x.reshape((x.shape[0], -1))
    y: Tensor = layer(x)
    if not isinstance(y, Tensor):
        raise TypeError(
            f"equivariance_error: {type(layer).__name__} gives a {type(y).__name__}; expected one "
            "Tensor: wrap it in a Module that picks one"
        )
    y = y.to(float64)  # norms are sums of many entries
    if output_shape is None:
        return y
    shape = shape_tuple(output_shape, "equivariance_error: output_shape")
    if math.prod(shape) * x.shape[0] != y.size:
        raise ValueError(
            f"equivariance_error: an output of {y.shape[1:]} is no picture of {shape}; both need "
            "as many entries"
        )
    picture: Tensor = y.reshape((x.shape[0], *shape))
    return picture


def _jumps(jump: Any, field: Field | None, sizes: Ints, positions: Ints) -> list[Fraction]:
    """Pixels for one position of the output, along each dimension."""
    if jump is not None:
        given = jump if isinstance(jump, (tuple, list)) else (jump,) * len(sizes)
        numbers = all(isinstance(j, Real) for j in given)
        found = [Fraction(j).limit_denominator(1000) for j in given] if numbers else []
        if len(found) != len(sizes) or min(found) <= 0:
            raise (ValueError if numbers else TypeError)(
                f"equivariance_error: jump {jump!r}; expected a positive number, or one for each "
                f"of {len(sizes)} dimensions"
            )
        return found
    if field is not None and field.grid and field.positions == positions:
        jumps = [line.jump for line in field.lines]
        if min(jumps) > 0:
            return jumps
    ratios = [Fraction(n, max(m, 1)) for n, m in zip(sizes, positions, strict=True)]
    if any(1 not in (ratio.numerator, ratio.denominator) for ratio in ratios):
        raise ValueError(
            f"equivariance_error: how far an output of {positions} moves with a picture of {sizes} "
            "is not known; pass jump=, the pixels for one position"
        )
    return ratios


class _Seam(NamedTuple):
    """Which outputs to compare: all, or those that see none of the border and the seam."""

    border: str
    field: Field | None
    sizes: Ints
    shifts: Ints

    def kept(self, positions: Ints, steps: Ints) -> list[np.ndarray[Any, Any]]:
        """For each dimension, 1.0 where both outputs are free of them."""
        if self.border == "circular":
            return [np.ones(n) for n in positions]
        if self.field is None or not self.field.grid or self.field.positions != positions:
            raise ValueError(
                "equivariance_error: border='interior' needs to know what the outputs see, which "
                "is not known of this model; use border='circular'"
            )
        lines = [
            np.array([self._free(line, j, n, s, size, d) for j in range(n)], dtype=float)
            for line, n, s, size, d in zip(
                self.field.lines, positions, steps, self.sizes, self.shifts, strict=True
            )
        ]
        if not all(line.any() for line in lines):
            raise ValueError(
                f"equivariance_error: after a shift of {self.shifts} no output of {positions} is "
                f"free of the border of a picture of {self.sizes}; use a larger picture or a "
                "smaller shift"
            )
        return lines

    @staticmethod
    def _free(line: Line, position: int, count: int, step: int, size: int, shift: int) -> bool:
        """Whether an output of the shifted picture, and the one it is compared with, are free."""
        if not 0 <= position - step < count:
            return False
        return all(
            span is None or (max(move, 0) <= span[0] and span[1] < size + min(move, 0))
            for span, move in ((line(position), shift), (line(position - step), -shift))
        )


def _error(a: Tensor, b: Tensor, steps: Ints, seam: _Seam) -> float:
    moved = roll(b, steps, tuple(range(2, b.ndim)))
    mask = np.ones(())
    for line in seam.kept(b.shape[2:], steps):
        mask = mask[..., None] * line
    kept = tensor(mask, dtype=b.dtype, backend=b.backend)
    return _distance(a * kept, moved * kept)


def _distance(a: Tensor, b: Tensor) -> float:
    size = ((a * a).sum() + (b * b).sum()).item() / 2
    difference = a - b
    return math.sqrt((difference * difference).sum().item() / size) if size else 0.0
