"""Activation layers made of straight lines.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.activation.base import Activation
from minitorch_cnn.nn.arguments import count
from minitorch_cnn.nn.module import Module
from minitorch_cnn.nn.parameter import Parameter


class ReLU(Activation):
    """``max(x, 0)``; the slope at 0 is 0.

    See :func:`functional.relu`. Input and output are of any one shape.

    Parameters
    ----------
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReLU(inplace=True)(mt.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    function = staticmethod(functional.relu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class ReLU6(Activation):
    """``min(max(x, 0), 6)``; the slope at both edges is 0.

    See :func:`functional.relu6`. Input and output are of any one shape.

    Parameters
    ----------
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ReLU6()(mt.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """

    function = staticmethod(functional.relu6)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class LeakyReLU(Activation):
    """``x`` for positive entries, ``negative_slope * x`` for the others.

    See :func:`functional.leaky_relu`. Input and output are of any one shape.

    Parameters
    ----------
    negative_slope : float
        Also the slope at 0.
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LeakyReLU(0.1)(mt.tensor([-1.0, 2.0]))
    tensor([-0.1,  2. ])
    """

    function = staticmethod(functional.leaky_relu)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope, inplace=inplace)


class PReLU(Module):
    """``x`` for positive entries, ``weight * x`` for the others: a slope that is learned.

    See :func:`functional.prelu`. Input and output are of one shape, ``(N, num_parameters, ...)`` or
    any for a single slope.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels.
    init : float
        Every slope at first.
    dtype, backend
        Of the parameter.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.PReLU()(mt.tensor([-1.0, 2.0])).tolist()
    [-0.25, 2.0]
    """

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        *,
        dtype: Any = None,
        backend: Any = None,
    ) -> None:
        self.num_parameters = count(num_parameters, "PReLU num_parameters")
        self.init = init
        slopes = np.full(num_parameters, init, np.float32)
        self.weight = Parameter(slopes, dtype=dtype, backend=backend)

    def forward(self, x: Any) -> Any:
        return functional.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Activation):
    """:class:`LeakyReLU` with a slope drawn for each entry while training.

    See :func:`functional.rrelu`. Input and output are of any one shape. In evaluation the slope is
    the middle of the interval.

    Parameters
    ----------
    lower, upper : float
        Slopes are drawn evenly between them.
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.
    rng : numpy.random.Generator, optional
        Where slopes come from; the generator of ``mt.seed`` by default.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.RReLU(0.25, 0.75).eval()(mt.tensor([-8.0, 2.0]))
    tensor([-4.,  2.])
    """

    function = staticmethod(functional.rrelu)

    def __init__(
        self,
        lower: float = 1.0 / 8,
        upper: float = 1.0 / 3,
        inplace: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.rng = rng
        super().__init__(lower=lower, upper=upper, inplace=inplace)

    def forward(self, x: Any) -> Any:
        return functional.rrelu(x, **self.settings(), training=self.training, rng=self.rng)


class Threshold(Activation):
    """``x`` where it exceeds ``threshold``, ``value`` elsewhere.

    See :func:`functional.threshold`. Input and output are of any one shape.

    Parameters
    ----------
    threshold, value : float
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Threshold(1.0, -7.0)(mt.tensor([0.5, 2.0]))
    tensor([-7.,  2.])
    """

    function = staticmethod(functional.threshold)

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold=threshold, value=value, inplace=inplace)


class Hardtanh(Activation):
    """``x`` limited to an interval; the slope at its edges is 0.

    See :func:`functional.hardtanh`. Input and output are of any one shape.

    Parameters
    ----------
    min_val, max_val : float
        The interval.
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.
    min_value, max_value : float, optional
        Older names, which win over ``min_val`` and ``max_val``.

    Raises
    ------
    ValueError
        If ``min_val`` is not below ``max_val``.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Hardtanh()(mt.tensor([-2.0, 0.5, 2.0]))
    tensor([-1. ,  0.5,  1. ])
    """

    function = staticmethod(functional.hardtanh)

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        low = min_val if min_value is None else min_value
        high = max_val if max_value is None else max_value
        if not low < high:
            raise ValueError(
                f"Hardtanh: min_val={low} is not below max_val={high}; expected an interval, such "
                "as from -1 to 1"
            )
        super().__init__(min_val=low, max_val=high, inplace=inplace)


class Hardsigmoid(Activation):
    """``x / 6 + 1 / 2`` limited to [0, 1]; the slope at both edges is 0.

    See :func:`functional.hardsigmoid`. Input and output are of any one shape.

    Parameters
    ----------
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Hardsigmoid()(mt.tensor([-3.0, 0.0, 3.0]))
    tensor([0. , 0.5, 1. ])
    """

    function = staticmethod(functional.hardsigmoid)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Hardswish(Activation):
    """``x * hardsigmoid(x)``.

    See :func:`functional.hardswish`. Input and output are of any one shape.

    Parameters
    ----------
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Hardswish()(mt.tensor([-3.0, 0.0, 3.0]))
    tensor([-0.,  0.,  3.])
    """

    function = staticmethod(functional.hardswish)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Hardshrink(Activation):
    """0 where ``|x| <= lambd``, ``x`` elsewhere.

    See :func:`functional.hardshrink`. Input and output are of any one shape.

    Parameters
    ----------
    lambd : float
        PyTorch's spelling, as ``lambda`` is a word of Python.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Hardshrink()(mt.tensor([-1.0, 0.5, 2.0]))
    tensor([-1.,  0.,  2.])
    """

    function = staticmethod(functional.hardshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)


class Softshrink(Activation):
    """``x`` moved towards 0 by ``lambd``, and 0 where ``|x| <= lambd``.

    See :func:`functional.softshrink`. Input and output are of any one shape.

    Parameters
    ----------
    lambd : float
        At least 0.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Softshrink()(mt.tensor([-1.0, 0.5, 2.0]))
    tensor([-0.5,  0. ,  1.5])
    """

    function = staticmethod(functional.softshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)
