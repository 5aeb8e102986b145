"""Learning rates that change as training goes on, with PyTorch's names, arguments and values.

A schedule is told of every step (or epoch) after the optimiser has moved; it writes ``"lr"`` of the
optimiser's groups.

>>> import minitorch_cnn as mt
>>> optimizer = mt.optim.SGD([mt.nn.Parameter([1.0])], lr=0.8)
>>> schedule = mt.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
>>> for epoch in range(5):
...     optimizer.step()
...     print(schedule.get_last_lr(), end=" ")
...     schedule.step()
[0.8] [0.8] [0.4] [0.4] [0.2]
"""

from minitorch_cnn.optim.lr_scheduler.base import LRScheduler
from minitorch_cnn.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from minitorch_cnn.optim.lr_scheduler.cyclic import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    OneCycleLR,
)
from minitorch_cnn.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from minitorch_cnn.optim.lr_scheduler.plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
