"""Optimisers, with PyTorch's names, arguments, defaults and state.

>>> import minitorch_cnn as mt
>>> model = mt.nn.Dense(2, 1)
>>> mt.optim.SGD(model.parameters(), lr=0.1)
SGD(lr=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False)
"""

from minitorch_cnn.optim.adam import Adam, AdamW
from minitorch_cnn.optim.optimizer import Optimizer
from minitorch_cnn.optim.rmsprop import RMSprop
from minitorch_cnn.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]
