"""Initial weights, drawn on the host from one generator, with PyTorch's formulas and defaults.

May import ``random`` and Tensor; every function overwrites the tensor it is given and returns it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.tensor import Tensor


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Links into and out of one unit for a weight ``(out, in, *kernel)``.

    >>> fans((16, 3, 5, 5))
    (75, 400)
    """
    if len(shape) < 2:
        raise ValueError(
            f"initialiser: a weight of shape {shape} has no fan-in and fan-out; expected "
            "(out, in, *kernel). Use uniform_ or normal_ for vectors"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity, as in PyTorch.

    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    convolutions = (f"conv{kind}{d}d" for kind in ("", "_transpose") for d in (1, 2, 3))
    gains = dict.fromkeys(("linear", "sigmoid", *convolutions), 1.0)
    gains |= {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: unknown nonlinearity {nonlinearity!r}; known: "
            f"{', '.join(sorted([*gains, 'leaky_relu']))}"
        )
    return gains[nonlinearity]


def _require_tensor(tensor: Any, name: str) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: expected a Parameter to overwrite, got a {type(tensor).__name__}")


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, *, rng: np.random.Generator | None = None
) -> Tensor:
    """Numbers spread evenly over [a, b)."""
    _require_tensor(tensor, "uniform_")
    if not a <= b:
        raise ValueError(f"uniform_: [{a}, {b}) is no interval; expected a <= b")
    return tensor.assign_(random.generator(rng).uniform(a, b, tensor.shape))


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, rng: np.random.Generator | None = None
) -> Tensor:
    """Numbers of the normal distribution."""
    _require_tensor(tensor, "normal_")
    if not std >= 0:
        raise ValueError(f"normal_: the standard deviation {std} must not be negative")
    return tensor.assign_(random.generator(rng).normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every entry ``val``."""
    _require_tensor(tensor, "constant_")
    return tensor.assign_(np.full(tensor.shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Every entry 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Every entry 1."""
    return constant_(tensor, 1.0)


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, *, rng: np.random.Generator | None = None
) -> Tensor:
    """Uniform with variance ``2 gain**2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6 / sum(fans(tensor.shape)))
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(
    tensor: Tensor, gain: float = 1.0, *, rng: np.random.Generator | None = None
) -> Tensor:
    """Normal with variance ``2 gain**2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor.shape))), rng=rng)


def _kaiming_std(shape: tuple[int, ...], a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode {mode!r} is neither 'fan_in' nor 'fan_out'")
    fan = fans(shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Uniform with variance ``gain**2 / fan`` (He et al., 2015)."""
    bound = math.sqrt(3) * _kaiming_std(tensor.shape, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Normal with variance ``gain**2 / fan`` (He et al., 2015)."""
    return normal_(tensor, 0.0, _kaiming_std(tensor.shape, a, mode, nonlinearity), rng=rng)


def default_bound(fan_in: int) -> float:
    """PyTorch's default for weights and biases of dense and convolutional layers.

    Uniform over ``±1 / sqrt(fan_in)``, which is Kaiming's rule with ``a = sqrt(5)``.

    >>> default_bound(25)
    0.2
    """
    return 1 / math.sqrt(fan_in) if fan_in else 0.0


_PIECE = 1 << 16


def default_uniform(
    shape: tuple[int, ...], fan_in: int, rng: np.random.Generator | None
) -> np.ndarray[Any, Any]:
    """Host numbers for a new weight or bias by PyTorch's default."""
    bound, generator = default_bound(fan_in), random.generator(rng)
    numbers = np.empty(math.prod(shape), np.float32)
    # Drawn in float64, a piece at a time, so that a large weight never exists in both dtypes. The
    # numbers are those of generator.uniform, in three quarters of its time.
    for start in range(0, numbers.size, _PIECE):
        piece = numbers[start : start + _PIECE]
        drawn = generator.random(piece.size)
        drawn *= 2 * bound
        drawn -= bound
        piece[:] = drawn
    return numbers.reshape(shape)
