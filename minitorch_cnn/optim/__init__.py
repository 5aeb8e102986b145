"""Optimisers, with PyTorch's names, arguments, defaults and state.

>>> import minitorch_cnn as mt
>>> model = mt.nn.Dense(2, 1)
>>> mt.optim.SGD(model.parameters(), lr=0.1)
SGD(lr=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False)
"""

from minitorch_cnn.optim import lr_scheduler
from minitorch_cnn.optim.adadelta import Adadelta
from minitorch_cnn.optim.adagrad import Adagrad
from minitorch_cnn.optim.adam import Adam, AdamW
from minitorch_cnn.optim.adamax import Adamax
from minitorch_cnn.optim.average import ExponentialMovingAverage
from minitorch_cnn.optim.grad_scaler import GradScaler
from minitorch_cnn.optim.lion import Lion
from minitorch_cnn.optim.muon import Muon
from minitorch_cnn.optim.nadam import NAdam
from minitorch_cnn.optim.optimizer import Optimizer
from minitorch_cnn.optim.radam import RAdam
from minitorch_cnn.optim.rmsprop import RMSprop
from minitorch_cnn.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ExponentialMovingAverage",
    "GradScaler",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "lr_scheduler",
]
