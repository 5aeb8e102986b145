"""The nets of the command line, each one a plain ``nn.Sequential`` for 28 x 28 grey pictures.

They are meant to be read and copied. ``lenet`` is the net to use; the other three stand side by
side for what sharing weights does: ``mlp`` links everything, ``local`` only looks through windows,
and ``conv`` looks through the same windows with one kernel for all positions.
"""

from __future__ import annotations

from collections.abc import Callable

from minitorch_cnn import nn

PICTURE_SHAPE = (1, 28, 28)
"""Channels, height and width of the pictures that the nets take."""


def lenet(classes: int = 10) -> nn.Sequential:
    """LeNet-5 (LeCun et al., 1998) with today's ReLU and max pooling: 61,706 weights.

    Takes pictures (N, 1, 28, 28), gives one score per class (N, classes).

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> lenet()(mt.zeros((2, 1, 28, 28))).shape
    (2, 10)
    """
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(400, 120),
        nn.ReLU(),
        nn.Dense(120, 84),
        nn.ReLU(),
        nn.Dense(84, classes),
    )


def mlp(classes: int = 10) -> nn.Sequential:
    """Three dense layers that know nothing of neighbouring pixels: 109,386 weights."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Dense(784, 128),
        nn.ReLU(),
        nn.Dense(128, 64),
        nn.ReLU(),
        nn.Dense(64, classes),
    )


def local(classes: int = 10) -> nn.Sequential:
    """``conv`` untied: the same windows and links, with weights of its own at every position."""
    return nn.Sequential(
        nn.LocallyConnected2d(1, 8, (28, 28), 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(8 * 12 * 12, classes),
    )


def conv(classes: int = 10) -> nn.Sequential:
    """One convolution, one pooling, one dense layer: 11,738 weights, 208 of them in the kernels."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(8 * 12 * 12, classes),
    )


MODELS: dict[str, Callable[[], nn.Sequential]] = {
    "lenet": lenet,
    "mlp": mlp,
    "local": local,
    "conv": conv,
}
"""The nets by the name that ``--model`` takes."""
