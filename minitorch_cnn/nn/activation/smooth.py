"""Curved activation layers.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.activation.base import Activation


class ELU(Activation):
    """``x`` for positive entries, ``alpha * (exp(x) - 1)`` for the others.

    See :func:`functional.elu`. Input and output are of any one shape.

    Parameters
    ----------
    alpha : float
        Minus the limit far below 0.
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.ELU()(mt.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """

    function = staticmethod(functional.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class SELU(Activation):
    """:class:`ELU` with the constants that keep mean 0 and variance 1.

    See :func:`functional.selu`. Input and output are of any one shape.

    Parameters
    ----------
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.SELU()(mt.tensor([0.0, 1.0]))
    tensor([0.      , 1.0507])
    """

    function = staticmethod(functional.selu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class CELU(Activation):
    """``x`` for positive entries, ``alpha * (exp(x / alpha) - 1)`` for the others.

    See :func:`functional.celu`. Input and output are of any one shape.

    Parameters
    ----------
    alpha : float
        Not 0.
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.CELU(0.5)(mt.tensor([-1.0, 2.0]))
    tensor([-0.4323,  2.    ])
    """

    function = staticmethod(functional.celu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class GELU(Activation):
    """``x`` times the normal distribution function at ``x``.

    See :func:`functional.gelu`. Input and output are of any one shape.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        Whether to take the formula with tanh.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.GELU()(mt.tensor([0.0, 1.0]))
    tensor([0.        , 0.8413])
    """

    function = staticmethod(functional.gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)


class SiLU(Activation):
    """``x * sigmoid(x)``, also called swish.

    See :func:`functional.silu`. Input and output are of any one shape.

    Parameters
    ----------
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.SiLU()(mt.tensor([0.0, 1.0]))
    tensor([0.      , 0.7311])
    """

    function = staticmethod(functional.silu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Mish(Activation):
    """``x * tanh(softplus(x))``.

    See :func:`functional.mish`. Input and output are of any one shape.

    Parameters
    ----------
    inplace : bool
        Accepted; tensors are values, so nothing is overwritten.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Mish()(mt.tensor([0.0, 1.0]))
    tensor([0.       , 0.8651])
    """

    function = staticmethod(functional.mish)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Sigmoid(Activation):
    """``1 / (1 + exp(-x))``.

    See :func:`functional.sigmoid`. Input and output are of any one shape.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Sigmoid()(mt.tensor([0.0, -1000.0]))
    tensor([0.5, 0. ])
    """

    function = staticmethod(functional.sigmoid)

    def __init__(self) -> None:
        super().__init__()


class LogSigmoid(Activation):
    """``log(sigmoid(x))``.

    See :func:`functional.logsigmoid`. Input and output are of any one shape.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.LogSigmoid()(mt.tensor([0.0, -100.0]))
    tensor([  -0.6931, -100.       ])
    """

    function = staticmethod(functional.logsigmoid)

    def __init__(self) -> None:
        super().__init__()


class Tanh(Activation):
    """Hyperbolic tangent.

    See :func:`functional.tanh`. Input and output are of any one shape.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Tanh()(mt.tensor([0.0, 1.0]))
    tensor([0.       , 0.7616])
    """

    function = staticmethod(functional.tanh)

    def __init__(self) -> None:
        super().__init__()


class Tanhshrink(Activation):
    """``x - tanh(x)``.

    See :func:`functional.tanhshrink`. Input and output are of any one shape.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Tanhshrink()(mt.tensor([0.0, 2.0]))
    tensor([0.      , 1.0360])
    """

    function = staticmethod(functional.tanhshrink)

    def __init__(self) -> None:
        super().__init__()


class Softplus(Activation):
    """``log(1 + exp(beta * x)) / beta``; ``x`` where ``beta * x`` is above ``threshold``.

    See :func:`functional.softplus`. Input and output are of any one shape.

    Parameters
    ----------
    beta : float
        Not 0.
    threshold : float
        From where on the curve counts as a straight line.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Softplus()(mt.tensor([0.0, 100.0]))
    tensor([  0.6931, 100.       ])
    """

    function = staticmethod(functional.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softsign(Activation):
    """``x / (1 + |x|)``.

    See :func:`functional.softsign`. Input and output are of any one shape.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.Softsign()(mt.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.5,  0. ,  0.5])
    """

    function = staticmethod(functional.softsign)

    def __init__(self) -> None:
        super().__init__()


class GLU(Activation):
    """``a * sigmoid(b)``, where ``a`` and ``b`` are the halves of the input along ``dim``.

    See :func:`functional.glu`. The output is half as long along ``dim`` as the input.

    Parameters
    ----------
    dim : int
        The dimension along which to cut.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.nn.GLU()(mt.tensor([4.0, 0.0]))
    tensor([2.])
    """

    function = staticmethod(functional.glu)
    any_shape = False  # needs an axis

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)
